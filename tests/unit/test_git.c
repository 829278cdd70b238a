/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The main path: mirror, resolve, new commits, describe, archive, export. */
#include "base/hash.h"
#include "git_repo.h"

static const char *const tool[] = {"one", "two", "three"};

/* main: one (v1.0), two, three; branch dev from two. */
static void make_up(void)
{
	auto_strbuf struct strbuf s = STRBUF_INIT;

	for (size_t i = 0; i < COUNTOF(tool); i++) {
		add_commit(&s, "main", tool[i], 1700000000 + (int64_t)i * 100);
		if (i == 0)
			add_tag(&s, "v1.0", "main");
		if (i == 1)
			sb_add(&s, "reset refs/heads/dev\nfrom refs/heads/main\n\n");
	}
	import(up, s.s);
}

static char *rev(const char *name)
{
	return GIT(up, "rev-parse", name);
}

static void test_mirror_and_resolve(void **state)
{
	auto_free char *head = NULL, *dev = NULL, *tag = NULL, *part = NULL;
	char sha[GIT_SHA] = "";

	(void)state;
	make_up();
	head = rev("main");
	dev = rev("dev");
	tag = rev("v1.0");
	OK(git_mirror(g, up, m_dir, e));
	OK(git_resolve(g, m_dir, NULL, sha, e));
	assert_string_equal(sha, head);
	OK(git_resolve(g, m_dir, "dev", sha, e));
	assert_string_equal(sha, dev);
	OK(git_resolve(g, m_dir, "v1.0", sha, e));
	assert_string_equal(sha, tag);
	OK(git_resolve(g, m_dir, tag, sha, e));
	assert_string_equal(sha, tag);
	part = xstrndup(dev, 10);
	OK(git_resolve(g, m_dir, part, sha, e));
	assert_string_equal(sha, dev);
	FAILS(git_resolve(g, m_dir, "mian", sha, e), ERR_SOURCE, "did you mean: main");
	FAILS(git_resolve(g, m_dir, "zzzzzz", sha, e), ERR_SOURCE, "there are: dev, main, v1.0");
}

static void test_update(void **state)
{
	auto_free char *head = NULL;
	char sha[GIT_SHA] = "";

	(void)state;
	make_up();
	OK(git_mirror(g, up, m_dir, e));
	/* a branch goes, and one comes whose name needs the place of the old one; a tag moves */
	RUN(GIT(up, "branch", "-D", "dev"));
	RUN(GIT(up, "branch", "dev/new", "main"));
	RUN(GIT(up, "tag", "-f", "v1.0", "main"));
	head = rev("main");
	OK(git_mirror(g, up, m_dir, e));
	OK(git_resolve(g, m_dir, "v1.0", sha, e));
	assert_string_equal(sha, head);
	OK(git_resolve(g, m_dir, "dev/new", sha, e));
	FAILS(git_resolve(g, m_dir, "dev", sha, e), ERR_SOURCE, "did you mean: dev/new");
}

static void test_new_commits(void **state)
{
	auto_free char *one = NULL, *two = NULL, *three = NULL;
	auto_strv struct strv all = STRV_INIT, first = STRV_INIT, none = STRV_INIT,
			      back = STRV_INIT, lost = STRV_INIT;
	bool rewritten = true;

	(void)state;
	make_up();
	one = rev("main~2");
	two = rev("main~1");
	three = rev("main");
	OK(git_mirror(g, up, m_dir, e));
	OK(git_new_commits(g, m_dir, one, three, &all, &rewritten, e));
	assert_int_equal(all.n, 2);
	assert_string_equal(all.v[0], two);
	assert_string_equal(all.v[1], three);
	assert_false(rewritten);
	OK(git_new_commits(g, m_dir, "", three, &first, &rewritten, e));
	assert_int_equal(first.n, 1);
	assert_string_equal(first.v[0], three);
	assert_false(rewritten);
	OK(git_new_commits(g, m_dir, three, three, &none, &rewritten, e));
	assert_int_equal(none.n, 0);
	assert_false(rewritten);
	/* the branch was set back, and a hash that the repository never had */
	OK(git_new_commits(g, m_dir, three, one, &back, &rewritten, e));
	assert_true(rewritten);
	assert_int_equal(back.n, 1);
	assert_string_equal(back.v[0], one);
	OK(git_new_commits(
		g, m_dir, "1234567890123456789012345678901234567890", three, &lost, &rewritten, e));
	assert_true(rewritten);
	assert_int_equal(lost.n, 1);
	FAILS(git_new_commits(g, m_dir, one, "1234567890123456789012345678901234567890", &lost,
		      &rewritten, e),
		ERR_SOURCE, "bad object");
}

static void test_relations(void **state)
{
	auto_free char *one = NULL, *two = NULL, *three = NULL, *side = NULL, *lone = NULL;
	struct git_changes changes = VEC_INIT;
	auto_strbuf struct strbuf s = STRBUF_INIT;
	char base[GIT_SHA] = "";

	(void)state;
	make_up();
	add_commit(&s, "lone", "nobody's", 1700000900);
	sb_add(&s, "reset refs/heads/side\nfrom refs/heads/dev\n\n");
	add_commit(&s, "side", "1\n2\n3\n", 1700001000);
	import(up, s.s);
	one = rev("main~2");
	two = rev("main~1");
	three = rev("main");
	side = rev("side");
	lone = rev("lone");
	OK(git_mirror(g, up, m_dir, e));
	OK(git_merge_base(g, m_dir, one, three, base, e));
	assert_string_equal(base, one);
	OK(git_merge_base(g, m_dir, three, one, base, e));
	assert_string_equal(base, one);
	OK(git_merge_base(g, m_dir, three, side, base, e));
	assert_string_equal(base, two);
	OK(git_merge_base(g, m_dir, three, lone, base, e));
	assert_string_equal(base, "");
	FAILS(git_merge_base(g, m_dir, three, "1234567890123456789012345678901234567890", base, e),
		ERR_SOURCE, "1234567890");
	OK(git_changes(g, m_dir, side, &changes, e));
	assert_int_equal(changes.n, 1);
	assert_string_equal(changes.v[0].path, "f");
	assert_int_equal(changes.v[0].added, 3);
	assert_int_equal(changes.v[0].removed, 1);
	/* a first commit has everything */
	OK(git_changes(g, m_dir, one, &changes, e));
	assert_int_equal(changes.n, 2);
	vec_free(&changes, git_change_release);
}

/* A merge counts once: its second parent's commits are not in the list. */
static void test_first_parent(void **state)
{
	auto_free char *base = NULL, *side = NULL, *merge = NULL;
	auto_strv struct strv a = STRV_INIT, b = STRV_INIT;
	auto_strbuf struct strbuf s = STRBUF_INIT;
	bool rewritten = true;

	(void)state;
	add_commit(&s, "main", "base", 1700000000);
	sb_add(&s, "reset refs/heads/side\nfrom refs/heads/main\n\n");
	add_commit(&s, "side", "side", 1700000100);
	add_commit(&s, "main", "main", 1600000000); /* older than what it follows */
	sb_add(&s, "commit refs/heads/main\ncommitter C <c@example.org> 1700000300 +0000\n"
		   "data 5\nmerge\nmerge refs/heads/side\n\n");
	import(up, s.s);
	base = rev("main~2");
	side = rev("side");
	merge = rev("main");
	OK(git_mirror(g, up, m_dir, e));
	OK(git_new_commits(g, m_dir, base, merge, &a, &rewritten, e));
	assert_int_equal(a.n, 2);
	assert_string_equal(a.v[1], merge);
	assert_false(rewritten);
	/* last is on the second parent's side: an ancestor all the same */
	OK(git_new_commits(g, m_dir, side, merge, &b, &rewritten, e));
	assert_int_equal(b.n, 2);
	assert_false(rewritten);
}

static void test_commit_info(void **state)
{
	auto_free char *head = NULL;
	struct git_commit c = {0};

	(void)state;
	make_up();
	head = rev("main");
	OK(git_mirror(g, up, m_dir, e));
	OK(git_commit_info(g, m_dir, head, &c, e));
	assert_string_equal(c.sha, head);
	assert_string_equal(c.author_name, "A U Thor");
	assert_string_equal(c.author_email, "a@example.org");
	assert_string_equal(c.subject, "three");
	assert_int_equal(c.author_time, 1700000200);
	assert_int_equal(c.commit_time, 1700000200);
	git_commit_release(&c);
}

static void expect_tag(const char *sha, bool (*accept)(const char *), const char *tag, int64_t n)
{
	auto_free char *got = NULL;
	int64_t commits = -1;

	OK(git_describe(g, m_dir, sha, accept, &got, &commits, e));
	if (tag)
		assert_string_equal(got, tag);
	else
		assert_null(got);
	assert_int_equal(commits, n);
}

static bool only_v(const char *tag)
{
	return *tag == 'v';
}

static bool never(const char *tag)
{
	(void)tag;
	return false;
}

static void test_describe(void **state)
{
	auto_free char *one = NULL, *three = NULL;

	(void)state;
	make_up();
	one = rev("main~2");
	three = rev("main");
	RUN(GIT(up, "tag", "x9", "main~1"));
	OK(git_mirror(g, up, m_dir, e));
	expect_tag(three, NULL, "x9", 1);
	expect_tag(three, only_v, "v1.0", 2);
	expect_tag(one, only_v, "v1.0", 0);
	expect_tag(three, never, NULL, 3);
}

/* Two tags on one commit: the higher version, whatever their kind and date. */
static void test_describe_two_tags(void **state)
{
	static const char *const pairs[][2] = {{"v1.9", "v1.10"}, {"v2.0.0.0rc1", "v2.0.0"},
		{"v2.0rc1", "v2.0"}, {"v1.0", "v1.0.1"}, {"v1.0rc1", "v1.0rc2"}};
	auto_free char *head = NULL;

	(void)state;
	make_up();
	head = rev("main");
	RUN(GIT(up, "tag", "-d", "v1.0"));
	for (size_t i = 0; i < COUNTOF(pairs); i++) {
		RUN(GIT(up, "tag", pairs[i][0], "main"));
		RUN(GIT(up, "tag", "-a", "-m", "t", pairs[i][1], "main"));
		OK(git_mirror(g, up, m_dir, e));
		expect_tag(head, NULL, pairs[i][1], 0);
		RUN(GIT(up, "tag", "-d", pairs[i][0], pairs[i][1]));
	}
}

static void hash_of(const char *path, char hex[SHA256_HEX])
{
	OK(sha256_file(path, hex, e));
}

static void test_archive_is_stable(void **state)
{
	static const char *const kinds[] = {
		".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"};
	auto_free char *head = NULL, *list = NULL, *zip = in_tmp("x.zip"),
		       *missing = in_tmp("no/x.tar");

	(void)state;
	make_up();
	head = rev("main");
	OK(git_mirror(g, up, m_dir, e));
	for (size_t i = 0; i < COUNTOF(kinds); i++) {
		auto_free char *a = xasprintf("%s/a%s", tmp, kinds[i]);
		auto_free char *b = xasprintf("%s/b%s", tmp, kinds[i]);
		char ha[SHA256_HEX], hb[SHA256_HEX];

		OK(git_archive(g, m_dir, head, "hello-1.0/", a, e));
		if (i == 0) /* what refs there are must not matter */
			RUN(GIT(m_dir, "tag", "later", head));
		OK(git_archive(g, m_dir, head, "hello-1.0/", b, e));
		hash_of(a, ha);
		hash_of(b, hb);
		assert_string_equal(ha, hb);
		free(list);
		list = sh(tmp, NULL, (const char *[]){"tar", "tf", a, NULL});
		assert_string_equal(list, "hello-1.0/\nhello-1.0/f");
	}
	FAILS(git_archive(g, m_dir, head, "", zip, e), ERR_SOURCE, "no kind of tarball");
	assert_false(fs_exists(zip));
	FAILS(git_archive(g, m_dir, head, "", missing, e), ERR_NOT_FOUND, "x.tar");
}

static void test_export_and_tree(void **state)
{
	auto_free char *head = NULL, *out = in_tmp("out"), *file = in_tmp("out/sub/deep/run");
	auto_free char *sub = in_tmp("sub"), *in_sub = in_tmp("sub/deep/run"), *text = NULL;
	auto_free char *names = NULL;
	auto_strv struct strv list = STRV_INIT, none = STRV_INIT;
	struct stat st;

	(void)state;
	import(up, "commit refs/heads/main\ncommitter C <c@example.org> 1700000300 +0000\n"
		   "data 1\nx\nM 100755 inline sub/deep/run\ndata 3\nrun\n"
		   "M 120000 inline link\ndata 12\nsub/deep/run\n"
		   "M 100644 inline empty\ndata 0\n\n");
	head = rev("main");
	OK(git_mirror(g, up, m_dir, e));
	OK(git_export(g, m_dir, head, "", out, e));
	text = get(file);
	assert_string_equal(text, "run");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(st.st_mtime, 1700000300);
	OK(git_export(g, m_dir, head, "./sub/", sub, e));
	assert_true(fs_exists(in_sub));
	OK(git_ls_tree(g, m_dir, head, "", &list, e));
	names = strv_join(&list, " ");
	assert_string_equal(names, "empty link sub/");
	FAILS(git_export(g, m_dir, head, "nope", in_sub, e), ERR_SOURCE, "no directory 'nope'");
	FAILS(git_ls_tree(g, m_dir, head, "nope", &none, e), ERR_SOURCE, "no directory 'nope'");
	FAILS(git_ls_tree(g, m_dir, head, "../x", &none, e), ERR_CONFIG, "out of the repository");
}

static void test_ls_remote(void **state)
{
	auto_free char *head = NULL, *want = NULL, *gone = in_tmp("gone");
	auto_strv struct strv lines = STRV_INIT;

	(void)state;
	make_up();
	head = rev("main");
	RUN(GIT(up, "update-ref", "refs/pull/1/head", "main"));
	OK(git_ls_remote(g, up, &lines, e));
	want = xasprintf("%s HEAD", head);
	assert_string_equal(lines.v[0], want);
	assert_int_equal(lines.n, 4); /* HEAD, main, dev, v1.0 */
	FAILS(git_ls_remote(g, gone, &lines, e), ERR_CONFIG, "not named in the configuration");
}

#define T(f) cmocka_unit_test_setup_teardown(f, git_setup, git_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_mirror_and_resolve),
		T(test_update),
		T(test_new_commits),
		T(test_relations),
		T(test_first_parent),
		T(test_commit_info),
		T(test_describe),
		T(test_describe_two_tags),
		T(test_archive_is_stable),
		T(test_export_and_tree),
		T(test_ls_remote),
	};

	return cmocka_run_group_tests_name("git", tests, NULL, NULL);
}
