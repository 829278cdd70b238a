/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Odd and broken repositories: one clear line each, and nothing half-made. */
#include "git_repo.h"

#define COMMIT "commit refs/heads/main\ncommitter C <c@example.org> 1700000000 +0000\ndata 0\n\n"

static char *head(void)
{
	return GIT(up, "rev-parse", "HEAD");
}

static void test_empty(void **state)
{
	auto_strv struct strv lines = STRV_INIT;
	auto_strbuf struct strbuf s = STRBUF_INIT;
	char sha[GIT_SHA];

	(void)state;
	RUN(GIT(NULL, "init", "-q", "--bare", "-b", "main", up));
	OK(git_ls_remote(g, up, &lines, e));
	assert_int_equal(lines.n, 0);
	OK(git_mirror(g, up, m_dir, e));
	FAILS(git_resolve(g, m_dir, NULL, sha, e), ERR_SOURCE, "repository is empty");
	FAILS(git_resolve(g, m_dir, "main", sha, e), ERR_SOURCE, "repository is empty");
	/* its first commit comes */
	add_commit(&s, "main", "one", 1700000000);
	import(up, s.s);
	OK(git_mirror(g, up, m_dir, e));
	OK(git_resolve(g, m_dir, NULL, sha, e));
	/* and it is emptied again */
	RUN(GIT(up, "update-ref", "-d", "refs/heads/main"));
	OK(git_mirror(g, up, m_dir, e));
	FAILS(git_resolve(g, m_dir, NULL, sha, e), ERR_SOURCE, "repository is empty");
}

static void test_head(void **state)
{
	auto_free char *sha = NULL;
	char got[GIT_SHA];

	(void)state;
	import(up, COMMIT);
	sha = head();
	/* detached */
	RUN(GIT(up, "update-ref", "--no-deref", "HEAD", sha));
	OK(git_mirror(g, up, m_dir, e));
	OK(git_resolve(g, m_dir, NULL, got, e));
	assert_string_equal(got, sha);
	/* the default branch was renamed, HEAD was not */
	RUN(GIT(up, "symbolic-ref", "HEAD", "refs/heads/gone"));
	OK(git_mirror(g, up, m_dir, e));
	FAILS(git_resolve(g, m_dir, NULL, got, e), ERR_SOURCE, "name one: main");
}

static void test_no_repository(void **state)
{
	auto_strv struct strv lines = STRV_INIT;

	(void)state;
	FAILS(git_ls_remote(g, up, &lines, e), ERR_SOURCE, "no such directory");
	FAILS(git_mirror(g, up, m_dir, e), ERR_SOURCE, "no such directory");
	put(up, "a file");
	FAILS(git_ls_remote(g, up, &lines, e), ERR_SOURCE, "no such directory");
	assert_int_equal(unlink(up), 0);
	assert_int_equal(mkdir(up, 0755), 0);
	FAILS(git_ls_remote(g, up, &lines, e), ERR_SOURCE, "is no git repository");
	FAILS(git_mirror(g, up, m_dir, e), ERR_SOURCE, "is no git repository");
	put_in(up, "HEAD", "nonsense\n");
	put_in(up, "objects/x", "");
	FAILS(git_ls_remote(g, up, &lines, e), ERR_SOURCE, "not a git repository");
	FAILS(git_mirror(g, up, m_dir, e), ERR_SOURCE, up);
	assert_false(fs_exists(m_dir));
}

static void test_shallow(void **state)
{
	auto_free char *full = in_tmp("full"), *url = xasprintf("file://%s", full);
	auto_strbuf struct strbuf s = STRBUF_INIT;

	(void)state;
	add_commit(&s, "main", "one", 1700000000);
	add_commit(&s, "main", "two", 1700000001);
	import(full, s.s);
	RUN(GIT(NULL, "clone", "-q", "--bare", "--depth=1", url, up));
	FAILS(git_mirror(g, up, m_dir, e), ERR_SOURCE, "shallow clone");
	assert_false(fs_exists(m_dir));
}

/* A repository with a working tree, and a second working tree of it. */
static void test_working_trees(void **state)
{
	auto_free char *main_tree = in_tmp("tree"), *sha = NULL;
	auto_strv struct strv lines = STRV_INIT;
	char got[GIT_SHA];

	(void)state;
	RUN(GIT(NULL, "init", "-q", "-b", "main", main_tree));
	RUN(GIT(main_tree, "commit", "-q", "--allow-empty", "-m", "x"));
	RUN(GIT(main_tree, "worktree", "add", "-q", "-b", "other", up));
	sha = head();
	OK(git_ls_remote(g, up, &lines, e));
	assert_int_equal(lines.n, 3);
	OK(git_mirror(g, up, m_dir, e));
	OK(git_resolve(g, m_dir, "other", got, e));
	assert_string_equal(got, sha);
}

static void test_force_push(void **state)
{
	auto_free char *old = NULL, *new = NULL;
	auto_strbuf struct strbuf s = STRBUF_INIT;
	auto_strv struct strv shas = STRV_INIT;
	bool rewritten = false;

	(void)state;
	add_commit(&s, "main", "one", 1700000000);
	add_commit(&s, "main", "two", 1700000001);
	import(up, s.s);
	old = head();
	OK(git_mirror(g, up, m_dir, e));
	sb_truncate(&s, 0);
	add_commit(&s, "main", "one", 1700000000);
	add_commit(&s, "main", "another", 1700000002);
	import(up, s.s);
	new = head();
	OK(git_mirror(g, up, m_dir, e));
	OK(git_new_commits(g, m_dir, old, new, &shas, &rewritten, e));
	assert_true(rewritten);
	assert_int_equal(shas.n, 1);
	assert_string_equal(shas.v[0], new);
}

/* The raw commit object `text`, with the empty tree in it, as branch main. */
static char *raw_commit(const char *rest)
{
	auto_free char *tree = NULL, *text = NULL;
	char *sha;

	if (!fs_exists(up))
		RUN(GIT(NULL, "init", "-q", "--bare", "-b", "main", up));
	tree = sh(up, "", (const char *[]){"git", "mktree", NULL});
	text = xasprintf("tree %s\n%s", tree, rest);
	sha = sh(up, text,
		(const char *[]){"git", "hash-object", "-t", "commit", "-w", "--stdin",
			"--literally", NULL});
	put_in(up, "refs/heads/main", sha);
	return sha;
}

static void test_not_utf8(void **state)
{
	struct git_commit c = {0};
	auto_free char *latin1 = NULL, *bad = NULL;

	(void)state;
	latin1 = raw_commit("author J\xf6rg <j@example.org> 1 +0000\n"
			    "committer C <c@e> 2 +0000\nencoding ISO-8859-1\n\nGr\xfc\xdf"
			    "e\n");
	OK(git_mirror(g, up, m_dir, e));
	OK(git_commit_info(g, m_dir, latin1, &c, e));
	assert_string_equal(c.author_name, "Jörg");
	assert_string_equal(c.subject, "Grüße");
	git_commit_release(&c);
	bad = raw_commit("author J\xf6rg\xff <j@e> 1 +0000\ncommitter C <c@e> 2 +0000\n\n\x80x\n");
	OK(git_mirror(g, up, m_dir, e));
	OK(git_commit_info(g, m_dir, bad, &c, e));
	assert_string_equal(c.author_name, "J\xef\xbf\xbdrg\xef\xbf\xbd");
	assert_string_equal(c.subject, "\xef\xbf\xbdx");
	git_commit_release(&c);
}

static void test_odd_dates(void **state)
{
	static const struct {
		const char *date;
		int64_t want;
	} rows[] = {{"0 +0000", 0}, {"1 +0000", 1}, {"4291747200 +0000", 4291747200},
		{"4294967296 +0000", 4294967296}, {"-100 +0000", 0},
		{"99999999999999999999999 +0000", INT64_C(1) << 33}, {"", 0}, {"yesterday", 0},
		{"1700000000 +9999", 1700000000}};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_free char *text = xasprintf("author A <a@e> %s\ncommitter C <c@e> %s\n\nx\n",
			rows[i].date, rows[i].date);
		auto_free char *sha = raw_commit(text), *tar = in_tmp("x.tar");
		auto_free char *dir = xasprintf("%s/out%zu", tmp, i);
		struct git_commit c = {0};

		OK(git_mirror(g, up, m_dir, e));
		OK(git_commit_info(g, m_dir, sha, &c, e));
		if (c.author_time != rows[i].want || c.commit_time != rows[i].want)
			fail_msg("'%s': %lld, %lld", rows[i].date, (long long)c.author_time,
				(long long)c.commit_time);
		git_commit_release(&c);
		OK(git_archive(g, m_dir, sha, "p/", tar, e));
		OK(git_export(g, m_dir, sha, "", dir, e));
	}
}

static void test_big_message(void **state)
{
	auto_strbuf struct strbuf s = STRBUF_INIT;
	auto_free char *sha = NULL;
	struct git_commit c = {0};

	(void)state;
	sb_add(&s, "author A <a@e> 1 +0000\ncommitter C <c@e> 2 +0000\n\n");
	while (s.n < 1 << 20)
		sb_add(&s, "ab\xc3\xa9 cdef ");
	sb_add(&s, "\n\nand more\n");
	sha = raw_commit(s.s);
	OK(git_mirror(g, up, m_dir, e));
	OK(git_commit_info(g, m_dir, sha, &c, e));
	assert_true(strlen(c.subject) <= 500 && strlen(c.subject) > 490);
	git_commit_release(&c);
}

static void test_file_names(void **state)
{
	static const char *const names[] = {"\\377\\200", "new\\nline", "tab\\there",
		"\\346\\274\\242", " leading", "-dash", "%(id)"};
	auto_strbuf struct strbuf s = STRBUF_INIT, longer = STRBUF_INIT;
	auto_free char *sha = NULL, *dir = in_tmp("out"), *a = in_tmp("a.tar"), *deep = NULL;
	auto_free char *out = NULL;
	auto_strv struct strv list = STRV_INIT;

	(void)state;
	sb_add(&s, COMMIT);
	for (size_t i = 0; i < COUNTOF(names); i++) {
		auto_free char *quoted = xasprintf("\"%s\"", names[i]);

		add_file(&s, "100644", quoted, "x");
	}
	for (int i = 0; i < 30; i++)
		sb_add(&longer, "d\xc3\xa9"
				"eper/");
	sb_add(&longer, "file");
	add_file(&s, "100644", longer.s, "deep");
	import(up, s.s);
	sha = head();
	OK(git_mirror(g, up, m_dir, e));
	OK(git_export(g, m_dir, sha, "", dir, e));
	OK(fs_list(dir, &list, e));
	assert_int_equal(list.n, COUNTOF(names) + 1);
	assert_true(strv_has(&list, "\377\200") && strv_has(&list, "new\nline"));
	deep = path_join(dir, longer.s);
	out = get(deep);
	assert_string_equal(out, "deep");
	strv_release(&list);
	OK(git_ls_tree(g, m_dir, sha, "", &list, e));
	assert_int_equal(list.n, COUNTOF(names) + 1);
	OK(git_archive(g, m_dir, sha, "p/", a, e));
}

static void test_sha256(void **state)
{
	auto_free char *sha = NULL, *tar = in_tmp("x.tar"), *dir = in_tmp("out"), *tag = NULL;
	auto_strv struct strv lines = STRV_INIT, shas = STRV_INIT;
	char got[GIT_SHA];
	int64_t n;

	(void)state;
	RUN(GIT(NULL, "init", "-q", "--bare", "-b", "main", "--object-format=sha256", up));
	import(up, COMMIT);
	RUN(GIT(up, "tag", "v1", "main"));
	sha = head();
	assert_int_equal(strlen(sha), 64);
	OK(git_ls_remote(g, up, &lines, e));
	assert_int_equal(lines.n, 3);
	OK(git_mirror(g, up, m_dir, e));
	OK(git_mirror(g, up, m_dir, e));
	OK(git_resolve(g, m_dir, "main", got, e));
	assert_string_equal(got, sha);
	OK(git_new_commits(g, m_dir, "", sha, &shas, NULL, e));
	OK(git_describe(g, m_dir, sha, NULL, &tag, &n, e));
	assert_string_equal(tag, "v1");
	OK(git_archive(g, m_dir, sha, "", tar, e));
	OK(git_export(g, m_dir, sha, "", dir, e));
}

/* What a killed git or a full disk leaves behind is put right by the next update. */
static void test_damaged_mirror(void **state)
{
	static const char *const locks[] = {"packed-refs.lock", "refs/heads/main.lock",
		"shallow.lock", "HEAD.lock", "refs/packmill/head.lock",
		"objects/info/commit-graphs/commit-graph-chain.lock",
		"objects/info/commit-graph.lock"};
	static const char half[] = "objects/pack/tmp_pack_half",
			  fresh[] = "objects/pack/tmp_pack_x";
	static const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	auto_free char *half_path = path_join(m_dir, half), *fresh_path = path_join(m_dir, fresh);
	auto_strbuf struct strbuf s = STRBUF_INIT;
	auto_free char *new = NULL, *left = xasprintf("%s.new.%d", m_dir, 999999999);
	auto_free char *objects = path_join(m_dir, "objects"), *conf = path_join(m_dir, "config");
	auto_free char *dir = path_dir(m_dir);
	auto_strv struct strv names = STRV_INIT;
	char got[GIT_SHA];

	(void)state;
	put_in(left, "HEAD", "x");
	add_commit(&s, "main", "one", 1700000000);
	import(up, s.s);
	OK(git_mirror(g, up, m_dir, e));
	assert_false(fs_exists(left));
	for (size_t i = 0; i < COUNTOF(locks); i++)
		put_in(m_dir, locks[i], "");
	put_in(m_dir, half, "");
	put_in(m_dir, fresh, "");
	assert_int_equal(utimensat(AT_FDCWD, half_path, old, 0), 0);
	put_in(left, "HEAD", "x");
	add_commit(&s, "main", "two", 1700000001);
	import(up, s.s);
	new = head();
	OK(git_mirror(g, up, m_dir, e));
	assert_false(fs_exists(left));
	assert_false(fs_exists(half_path));
	assert_true(fs_exists(fresh_path));
	OK(git_resolve(g, m_dir, "main", got, e));
	assert_string_equal(got, new);
	/* all objects gone */
	OK(fs_remove_tree(objects, e));
	assert_int_equal(mkdir(objects, 0755), 0);
	OK(git_mirror(g, up, m_dir, e));
	OK(git_resolve(g, m_dir, "main", got, e));
	assert_string_equal(got, new);
	/* no repository any more */
	put(conf, "[core\n");
	OK(git_mirror(g, up, m_dir, e));
	OK(fs_remove_tree(objects, e));
	OK(git_mirror(g, up, m_dir, e));
	OK(git_resolve(g, m_dir, "main", got, e));
	OK(fs_list(dir, &names, e));
	assert_int_equal(names.n, 1);
}

/* Many fetches leave many packs; they are put together, and nothing gets lost. */
static void test_repack(void **state)
{
	auto_strbuf struct strbuf s = STRBUF_INIT;
	auto_free char *dir = path_join(m_dir, "objects/pack"), *old = NULL, *pack = NULL,
		       *idx = NULL;
	auto_strv struct strv names = STRV_INIT;
	struct git_commit c = {0};

	(void)state;
	add_commit(&s, "main", "one", 1700000000);
	import(up, s.s);
	old = head();
	OK(git_mirror(g, up, m_dir, e));
	import(up, COMMIT); /* "one" is not in the history any more */
	RUN(GIT(m_dir, "repack", "-q", "-a", "-d"));
	OK(fs_list(dir, &names, e));
	strv_foreach (&names, n) {
		auto_free char *path = path_join(dir, *n);

		if (str_ends(*n, ".pack"))
			pack = TAKE(path);
		else if (str_ends(*n, ".idx"))
			idx = TAKE(path);
	}
	for (int i = 0; i < 51; i++) {
		auto_free char *p = xasprintf("%s/pack-%040d.pack", dir, i);
		auto_free char *x = xasprintf("%s/pack-%040d.idx", dir, i);

		assert_int_equal(link(pack, p) | link(idx, x), 0);
	}
	OK(git_mirror(g, up, m_dir, e));
	OK(git_mirror(g, up, m_dir, e));
	strv_release(&names);
	OK(fs_list(dir, &names, e));
	assert_true(names.n < 10);
	OK(git_commit_info(g, m_dir, old, &c, e));
	assert_string_equal(c.subject, "one");
	git_commit_release(&c);
}

/* A tag object that claims another name, a tag of a tag, a tag of a file. */
static void test_odd_tags(void **state)
{
	auto_strbuf struct strbuf s = STRBUF_INIT;
	auto_free char *sha = NULL, *blob = NULL, *liar = NULL, *text = NULL, *tag = NULL;
	int64_t n;

	(void)state;
	add_commit(&s, "main", "one", 1700000000);
	import(up, s.s);
	sha = head();
	blob = sh(up, "x", (const char *[]){"git", "hash-object", "-w", "--stdin", NULL});
	RUN(GIT(up, "tag", "v7", blob));
	text = xasprintf("object %s\ntype commit\ntag v9.9\ntagger A <a@e> 1 +0000\n\nx\n", sha);
	liar = sh(up, text, (const char *[]){"git", "mktag", NULL});
	RUN(GIT(up, "update-ref", "refs/tags/v1.0", liar));
	add_commit(&s, "main", "two", 1700000001);
	import(up, s.s);
	free(sha);
	sha = head();
	OK(git_mirror(g, up, m_dir, e));
	OK(git_describe(g, m_dir, sha, NULL, &tag, &n, e));
	assert_string_equal(tag, "v1.0");
	assert_int_equal(n, 1);
	RUN(GIT(up, "-c", "advice.nestedTag=false", "tag", "-a", "-m", "x", "v1.1", "v1.0"));
	OK(git_mirror(g, up, m_dir, e));
	free(tag);
	OK(git_describe(g, m_dir, sha, NULL, &tag, &n, e));
	assert_string_equal(tag, "v1.1");
	assert_int_equal(n, 1);
}

/* Two lines of history, each with a tag: the one with fewer commits since. */
static void test_describe_merge(void **state)
{
	auto_strbuf struct strbuf s = STRBUF_INIT;
	auto_free char *sha = NULL, *tag = NULL;
	int64_t n;

	(void)state;
	add_commit(&s, "main", "base", 1700000000);
	sb_add(&s, "reset refs/heads/stable\nfrom refs/heads/main\n\n");
	add_tag(&s, "v1.0", "main");
	add_commit(&s, "main", "m1", 1700000010);
	add_tag(&s, "v2.0", "main");
	add_commit(&s, "main", "m2", 1700000020);
	add_commit(&s, "stable", "s1", 1900000000); /* its clock is far ahead */
	add_tag(&s, "v1.0.1", "stable");
	add_commit(&s, "stable", "s2", 1900000001);
	add_commit(&s, "stable", "s3", 1900000002);
	sb_add(&s, "commit refs/heads/main\ncommitter C <c@e> 1700000100 +0000\ndata 5\nmerge\n"
		   "merge refs/heads/stable\n\n");
	import(up, s.s);
	sha = head();
	OK(git_mirror(g, up, m_dir, e));
	OK(git_describe(g, m_dir, sha, NULL, &tag, &n, e));
	/* since v2.0: m2, s1, s2, s3, merge; since v1.0.1: m1, m2, s2, s3, merge: the higher */
	assert_string_equal(tag, "v2.0");
	assert_int_equal(n, 5);
}

#define T(f) cmocka_unit_test_setup_teardown(f, git_setup, git_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_empty),
		T(test_head),
		T(test_no_repository),
		T(test_shallow),
		T(test_working_trees),
		T(test_force_push),
		T(test_not_utf8),
		T(test_odd_dates),
		T(test_big_message),
		T(test_file_names),
		T(test_sha256),
		T(test_damaged_mirror),
		T(test_repack),
		T(test_odd_tags),
		T(test_describe_merge),
	};

	return cmocka_run_group_tests_name("git_input", tests, NULL, NULL);
}
