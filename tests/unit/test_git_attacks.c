/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a repository or a configuration may try on whoever reads it. */
#include "git_repo.h"

#define COMMIT "commit refs/heads/main\ncommitter C <c@e> 1 +0000\ndata 0\n\n"

#define EVIL_CONFIG                                                                                \
	"[core]\n\tbare = false\n\tworktree = .\n\tfsmonitor = \"touch %1$s; false\"\n"            \
	"\thooksPath = %2$s\n\tsshCommand = touch %1$s\n\tpager = touch %1$s\n"                    \
	"[filter \"evil\"]\n\tsmudge = touch %1$s\n\tclean = touch %1$s\n\tprocess = touch %1$s\n" \
	"[uploadpack]\n\tpackObjectsHook = touch %1$s\n"                                           \
	"[tar \"tar\"]\n\tcommand = touch %1$s\n[gpg]\n\tprogram = touch\n"                        \
	"[url \"ext::touch %1$s\"]\n\tinsteadOf = /\n[alias]\n\tlog = !touch %1$s\n"

static char *marker; /* exists when something of the other side was run */

static int setup(void **state)
{
	int r = git_setup(state);

	marker = r < 0 ? NULL : in_tmp("marker");
	return r;
}

static int teardown(void **state)
{
	free(marker);
	return git_teardown(state);
}

static void not_run(const char *what)
{
	if (fs_exists(marker))
		fail_msg("%s was run", what);
}

static char *head(void)
{
	return GIT(up, "rev-parse", "HEAD");
}

/* Every question that is asked of a mirror. */
static void ask_all(const char *sha)
{
	auto_free char *dir = in_tmp("exported"), *tar = in_tmp("x.tar.gz"), *tag = NULL;
	auto_strv struct strv names = STRV_INIT, shas = STRV_INIT, refs = STRV_INIT;
	struct git_commit c = {0};
	char again[GIT_SHA];
	int64_t n;

	OK(git_mirror(g, up, m_dir, e));
	OK(git_mirror(g, up, m_dir, e));
	OK(git_ls_remote(g, up, &refs, e));
	OK(git_resolve(g, m_dir, NULL, again, e));
	assert_string_equal(again, sha);
	OK(git_new_commits(g, m_dir, "", sha, &shas, NULL, e));
	OK(git_commit_info(g, m_dir, sha, &c, e));
	git_commit_release(&c);
	OK(git_describe(g, m_dir, sha, NULL, &tag, &n, e));
	OK(git_archive(g, m_dir, sha, "p/", tar, e));
	OK(fs_remove_tree(dir, e));
	OK(git_export(g, m_dir, sha, "", dir, e));
	OK(git_ls_tree(g, m_dir, sha, "", &names, e));
}

static void test_urls(void **state)
{
	static const char *const bad[] = {"", "--upload-pack=touch x", "-u./x", "-x:y",
		"ssh://-oProxyCommand=x", "ssh://-oProxyCommand=x/y", "ssh://u@-oProxyCommand=x/y",
		"-oProxyCommand=x:y", "u@-oProxyCommand=x:y", "host:-x", "[-x]:y/\n",
		"ext::sh -c x", "fd::17", "EXT::x", "ext+x::y", "file://host/etc", "ftp://host/x",
		"http:///x", "https://:80/x", "git+ssh://host/x", "https://host/x\r",
		"https://host/\x1b[0m", "host:", "ssh://@/x", "javascript:x\ny", "https://"};
	static const char *const good[] = {"https://host/x.git", "http://host:8080/x",
		"ssh://git@host:22/x", "git://host/x", "git@host:x/y.git", "host:x", "[::1]:x",
		"https://user:pw@host/x", "/a/b", "./a", "../a", "a/b:c", "file:///a/b", "a"};

	(void)state;
	for (size_t i = 0; i < COUNTOF(bad); i++) {
		auto_strv struct strv lines = STRV_INIT;
		auto_err struct err err = ERR_INIT;

		if (git_check_url(bad[i], &err) != -ERR_CONFIG)
			fail_msg("'%s' was taken", bad[i]);
		FAILS(git_ls_remote(g, bad[i], &lines, e), ERR_CONFIG, "git url");
		FAILS(git_mirror(g, bad[i], m_dir, e), ERR_CONFIG, "git url");
		assert_false(fs_exists(m_dir));
	}
	for (size_t i = 0; i < COUNTOF(good); i++)
		OK(git_check_url(good[i], e));
	/* a password is never quoted */
	FAILS(git_check_url("ftp://user:secret@host/x", e), ERR_CONFIG, "ftp://user:***@host/x");
}

static void test_local_paths(void **state)
{
	static const char *const urls[] = {
		"file:///etc", "/etc", "/", "file://localhost/etc", ".."};
	auto_strv struct strv lines = STRV_INIT;
	auto_free char *link = in_tmp("link"), *inside = in_tmp("up/objects"), *url = NULL;

	(void)state;
	import(up, COMMIT);
	for (size_t i = 0; i < COUNTOF(urls); i++)
		FAILS(git_ls_remote(g, urls[i], &lines, e), ERR_CONFIG, "not named");
	FAILS(git_mirror(g, inside, m_dir, e), ERR_CONFIG, "not named");
	/* the same directory by other names is the same directory */
	assert_int_equal(symlink("up", link), 0);
	url = xasprintf("file://%s", up);
	OK(git_ls_remote(g, link, &lines, e));
	OK(git_ls_remote(g, url, &lines, e));
	OK(git_mirror(g, url, m_dir, e));
}

static void test_refs(void **state)
{
	static const char *const bad[] = {"", "--output=pwn", "-x", "a..b", "a b", "a~1", "a^",
		"a:b", "@{-1}", "@", "a\nb", "a.lock", "a/.b", "/a", "a/", "a//b", "a*", "a.",
		"HEAD@{1}", ":/x", "a\\b", "a[b"};
	auto_free char *sha = NULL, *pwn = in_tmp("pwn"), *tag = NULL;
	char got[GIT_SHA];
	int64_t n;

	(void)state;
	import(up, COMMIT);
	sha = head();
	put_in(up, "refs/tags/--output=pwn", sha);
	put_in(up, "refs/heads/-x", sha);
	ask_all(sha);
	for (size_t i = 0; i < COUNTOF(bad); i++)
		FAILS(git_resolve(g, m_dir, bad[i], got, e), ERR_CONFIG, "no branch, tag or hash");
	OK(git_describe(g, m_dir, sha, NULL, &tag, &n, e));
	assert_string_equal(tag, "--output=pwn");
	assert_false(fs_exists(pwn));
	/* where hashes are asked for, nothing else passes */
	FAILS(git_archive(g, m_dir, "--output=x", "", pwn, e), ERR_BUG, "no full git hash");
	FAILS(git_export(g, m_dir, "main", "", pwn, e), ERR_BUG, "no full git hash");
	FAILS(git_new_commits(g, m_dir, "--all", sha, NULL, NULL, e), ERR_BUG, "no full git hash");
	assert_false(fs_exists(pwn));
}

/* Configuration and hooks of the repository that is read, and of the mirror. */
static void test_config_of_source(void **state)
{
	static const char *const hooks[] = {"post-update", "reference-transaction", "pre-receive",
		"post-checkout", "fsmonitor-watchman", "pre-auto-gc", "post-merge"};
	auto_free char *dir = in_tmp("hooks"), *conf = xasprintf(EVIL_CONFIG, marker, dir);
	auto_free char *hook = xasprintf("#!/bin/sh\ntouch %s\n", marker), *sha = NULL;
	auto_free char *conf_path = in_tmp("up/config"), *file = in_tmp("exported/f");
	auto_strbuf struct strbuf s = STRBUF_INIT;

	(void)state;
	sb_add(&s, COMMIT);
	add_file(&s, "100644", ".gitattributes", "* filter=evil\n");
	add_file(&s, "100644", "f", "x\n");
	import(up, s.s);
	sha = head();
	for (size_t i = 0; i < COUNTOF(hooks); i++) {
		auto_free char *a = path_join(dir, hooks[i]);
		auto_free char *b = xasprintf("%s/hooks/%s", up, hooks[i]);

		put(a, hook);
		put(b, hook);
		assert_int_equal(chmod(a, 0755) | chmod(b, 0755), 0);
	}
	put(conf_path, conf);
	ask_all(sha);
	not_run("configuration of the source");
	/* hooks that got into the mirror itself */
	for (size_t i = 0; i < COUNTOF(hooks); i++) {
		auto_free char *a = xasprintf("%s/hooks/%s", m_dir, hooks[i]);

		put(a, hook);
		assert_int_equal(chmod(a, 0755), 0);
	}
	RUN(GIT(tmp, "--git-dir", "m/up.git", "update-ref", "refs/heads/gone", sha));
	assert_true(fs_exists(marker)); /* they do work */
	assert_int_equal(unlink(marker), 0);
	ask_all(sha);
	not_run("a hook in the mirror");
	free(sha);
	sha = get(file);
	assert_string_equal(sha, "x\n");
}

/* A bare repository as ordinary files of the tree: entering it must not run its fsmonitor. */
static void test_embedded_bare_repository(void **state)
{
	auto_free char *conf = xasprintf(EVIL_CONFIG, marker, "/dev/null"), *sha = NULL;
	auto_free char *inside = in_tmp("exported/evil"), *before = realpath(".", NULL);
	auto_strbuf struct strbuf s = STRBUF_INIT;

	(void)state;
	sb_add(&s, COMMIT);
	add_file(&s, "100644", "evil/config", conf);
	add_file(&s, "100644", "evil/HEAD", "ref: refs/heads/main\n");
	add_file(&s, "100644", "evil/objects/x", "");
	add_file(&s, "100644", "evil/refs/x", "");
	import(up, s.s);
	sha = head();
	ask_all(sha);
	assert_int_equal(chdir(inside), 0);
	ask_all(sha);
	assert_int_equal(chdir(before), 0);
	not_run("core.fsmonitor of the embedded repository");
}

static void test_submodules(void **state)
{
	auto_free char *sha = NULL, *dir = in_tmp("exported/sub"), *mod = in_tmp("exported/cr");
	auto_strbuf struct strbuf s = STRBUF_INIT;
	auto_strv struct strv inside = STRV_INIT;

	(void)state;
	sb_add(&s, COMMIT "M 160000 1234567890123456789012345678901234567890 sub\n"
			  "M 160000 1234567890123456789012345678901234567890 \"cr\\r\"\n");
	add_file(&s, "100644", ".gitmodules",
		"[submodule \"sub\"]\n\tpath = sub\n\turl = -u./x\n"
		"[submodule \"cr\"]\n\tpath = \"cr\\r\"\n\turl = ext::touch%20m\n");
	import(up, s.s);
	sha = head();
	ask_all(sha);
	assert_true(fs_is_dir(dir));
	assert_false(fs_exists(mod)); /* its name ends with a carriage return */
	OK(fs_list(dir, &inside, e));
	assert_int_equal(inside.n, 0);
}

/* Nothing of our environment reaches git. */
static void test_environment(void **state)
{
	static const char *const names[] = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE",
		"GIT_OBJECT_DIRECTORY", "GIT_EXEC_PATH", "GIT_SSH", "GIT_SSH_COMMAND",
		"GIT_PROXY_COMMAND", "GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_NAMESPACE",
		"GIT_CONFIG_PARAMETERS", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_TEMPLATE_DIR"};
	auto_free char *conf = xasprintf(EVIL_CONFIG, marker, tmp), *file = in_tmp(".gitconfig");
	auto_free char *home = xstrdup(getenv("HOME") ? getenv("HOME") : "/"), *sha = NULL;

	(void)state;
	import(up, COMMIT);
	sha = head();
	put(file, conf);
	for (size_t i = 0; i < COUNTOF(names); i++)
		assert_int_equal(setenv(names[i], "/nonexistent", 1), 0);
	assert_int_equal(setenv("GIT_CONFIG_COUNT", "1", 1), 0);
	assert_int_equal(setenv("GIT_CONFIG_KEY_0", "core.bare", 1), 0);
	assert_int_equal(setenv("GIT_CONFIG_VALUE_0", "nonsense", 1), 0);
	assert_int_equal(setenv("HOME", tmp, 1), 0);
	ask_all(sha);
	for (size_t i = 0; i < COUNTOF(names); i++)
		assert_int_equal(unsetenv(names[i]), 0);
	assert_int_equal(unsetenv("GIT_CONFIG_COUNT"), 0);
	assert_int_equal(setenv("HOME", home, 1), 0);
	not_run("our user's configuration");
}

/* A commit that was force-pushed away stays what it was, once it was seen. */
static void test_moved_ref(void **state)
{
	auto_free char *sha = NULL, *tar = in_tmp("x.tar"), *text = NULL;
	char now[GIT_SHA];

	(void)state;
	import(up, COMMIT "M 100644 inline f\ndata 3\nold\n");
	sha = head();
	OK(git_mirror(g, up, m_dir, e));
	import(up, "commit refs/heads/main\ncommitter C <c@e> 2 +0000\ndata 0\n\n"
		   "M 100644 inline f\ndata 3\nnew\n");
	OK(git_mirror(g, up, m_dir, e));
	OK(git_resolve(g, m_dir, "main", now, e));
	assert_string_not_equal(now, sha);
	OK(git_archive(g, m_dir, sha, "", tar, e));
	text = sh(tmp, NULL, (const char *[]){"tar", "xOf", tar, "f", NULL});
	assert_string_equal(text, "old");
}

/* A commit of the tree that mktree made. */
static char *commit_tree(const char *listing)
{
	auto_free char *tree = sh(up, listing, (const char *[]){"git", "mktree", NULL});
	char *sha = GIT(up, "commit-tree", "-m", "x", tree);

	RUN(GIT(up, "update-ref", "refs/heads/main", sha));
	return sha;
}

static void test_names_in_trees(void **state)
{
	static const char *const names[] = {"..", ".", ".git", ".GIT"};
	auto_free char *blob = NULL, *dir = in_tmp("exported"), *tree = NULL, *both = NULL,
		       *sha = NULL;
	auto_free char *out = in_tmp("outside"), *leak = in_tmp("outside/f"), *one = NULL;

	(void)state;
	RUN(GIT(NULL, "init", "-q", "--bare", "-b", "main", up));
	blob = sh(up, out, (const char *[]){"git", "hash-object", "-w", "--stdin", NULL});
	for (size_t i = 0; i < COUNTOF(names); i++) {
		auto_free char *list = xasprintf("100644 blob %s\t%s\n", blob, names[i]);
		auto_free char *bad = commit_tree(list);

		OK(git_mirror(g, up, m_dir, e));
		FAILS(git_export(g, m_dir, bad, "", dir, e), ERR_SOURCE, "the tree holds the name");
		assert_false(fs_exists(dir));
	}
	/* a link and a directory of one name: the file must not go through the link */
	assert_int_equal(mkdir(out, 0755), 0);
	one = xasprintf("100644 blob %s\tf\n", blob);
	tree = sh(up, one, (const char *[]){"git", "mktree", NULL});
	both = xasprintf("120000 blob %s\td\n040000 tree %s\td\n", blob, tree);
	sha = commit_tree(both);
	OK(git_mirror(g, up, m_dir, e));
	(void)git_export(g, m_dir, sha, "", dir, NULL);
	assert_false(fs_exists(leak));
}

static void test_links(void **state)
{
	static const struct {
		const char *path, *target;
		bool kept;
	} links[] = {{"a", "f", true}, {"d/b", "../f", true}, {"d/c", "./../d/b", true},
		{"abs", "/etc/passwd", false}, {"d/up", "../../x", false},
		{"d/e/up", "../../..", false}, {"d/e/top", "../..", true},
		{"trick", "d/e/top/../x", false}, {"dotdot", "..", false},
		{"dev", "/dev/null", false}};
	auto_strbuf struct strbuf s = STRBUF_INIT;
	auto_free char *sha = NULL, *dir = in_tmp("exported");
	int left = 0, want = 0;

	(void)state;
	sb_add(&s, COMMIT "M 100644 inline f\ndata 1\nx\n");
	for (size_t i = 0; i < COUNTOF(links); i++)
		add_file(&s, "120000", links[i].path, links[i].target);
	import(up, s.s);
	sha = head();
	OK(git_mirror(g, up, m_dir, e));
	OK(left = git_export(g, m_dir, sha, "", dir, e));
	for (size_t i = 0; i < COUNTOF(links); i++) {
		auto_free char *path = path_join(dir, links[i].path);
		struct stat st;

		if ((lstat(path, &st) == 0) != links[i].kept)
			fail_msg("link %s -> %s", links[i].path, links[i].target);
		want += !links[i].kept;
	}
	assert_int_equal(left, want);
	FAILS(git_archive(g, m_dir, sha, "../x/", dir, e), ERR_CONFIG, "out of the repository");
}

/* export-subst must not bring in what is not the commit's. */
static void test_export_subst(void **state)
{
	auto_free char *sha = NULL, *tar = in_tmp("x.tar"), *text = NULL, *want = NULL;
	auto_strbuf struct strbuf s = STRBUF_INIT;

	(void)state;
	sb_add(&s, COMMIT);
	add_file(&s, "100644", ".gitattributes", "f export-subst\nx export-ignore\n");
	add_file(&s, "100644", "x", "");
	add_file(&s, "100644", "f", "$Format:%H|%D|%(describe)|%G?|%ar|%cd|%aN$");
	import(up, s.s);
	RUN(GIT(up, "tag", "v1"));
	sha = head();
	OK(git_mirror(g, up, m_dir, e));
	OK(git_archive(g, m_dir, sha, "", tar, e));
	text = sh(tmp, NULL, (const char *[]){"tar", "xOf", tar, "f", NULL});
	want = xasprintf("%s|||N|32 years ago|Thu Jan 1 00:00:01 1970 +0000|C", sha);
	assert_string_equal(text, want);
	free(text);
	text = sh(tmp, NULL, (const char *[]){"tar", "tf", tar, NULL});
	assert_string_equal(text, ".gitattributes\nf");
}

/* As root, git refuses the repository of another user, unless its path is named. */
static void test_foreign_owner(void **state)
{
	auto_free char *sha = NULL;
	auto_strv struct strv local = STRV_INIT;

	(void)state;
	if (geteuid() != 0)
		skip();
	free(up);
	up = in_tmp("we\"ird \\ na%me;#[x]");
	git_free(g);
	g = NULL;
	strv_add(&local, up);
	OK(git_open(tmp, &local, &g, e));
	import(up, COMMIT);
	sha = head();
	RUN(sh(NULL, NULL, (const char *[]){"chown", "-R", "12345:12345", up, NULL}));
	ask_all(sha);
}

/* A repository of another user that leads to one which only we may read. */
static void test_foreign_redirect(void **state)
{
	static const char *const tricks[] = {"echo gitdir: ../up >$0/.git", "ln -s ../up $0/.git",
		"git init -q $0; echo $PWD/up/objects >$0/.git/objects/info/alternates",
		"git init -q $0; echo ../../up >$0/.git/commondir",
		"git init -q $0; rm -r $0/.git/refs; ln -s ../../up/refs $0/.git/refs",
		"git init -q $0; cd $0/.git/objects; rm -r pack; ln -s ../../../up/objects/pack"};

	(void)state;
	if (geteuid() != 0)
		skip();
	import(up, COMMIT);
	for (size_t i = 0; i < COUNTOF(tricks); i++) {
		auto_free char *name = xasprintf("theirs%zu", i), *theirs = in_tmp(name);
		auto_strv struct strv local = STRV_INIT, refs = STRV_INIT;

		assert_int_equal(mkdir(theirs, 0755), 0);
		RUN(sh(tmp, NULL, (const char *[]){"sh", "-c", tricks[i], name, NULL}));
		RUN(sh(NULL, NULL, (const char *[]){"chown", "-hR", "12345:12345", theirs, NULL}));
		git_free(g);
		g = NULL;
		strv_add(&local, theirs);
		OK(git_open(tmp, &local, &g, e));
		FAILS(git_ls_remote(g, theirs, &refs, e), ERR_DENIED, "another user");
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_urls),
		T(test_local_paths),
		T(test_refs),
		T(test_config_of_source),
		T(test_embedded_bare_repository),
		T(test_submodules),
		T(test_environment),
		T(test_moved_ref),
		T(test_names_in_trees),
		T(test_links),
		T(test_export_subst),
		T(test_foreign_owner),
		T(test_foreign_redirect),
	};

	return cmocka_run_group_tests_name("git_attacks", tests, NULL, NULL);
}
