/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layouts staged from real git repositories and directories; rpmspec runs through a runner that
 * only replaces /in (these specs are our own). */
#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/proc.h"
#include "format/rpm/rpm.h"
#include "scratch.h"
#include "source/layout.h"
#include "source/source.h"

static char *top;
static struct git *git;
static struct target target;

#define SPEC                                                                                       \
	"Name: hello\nVersion: 1.0\nRelease: 1%{?dist}\nSummary: s\nLicense: MIT\n"                \
	"Source0: http://x/%{name}-%{version}.tar.gz\nPatch0: a.patch\n%description\nd\n%prep\n"   \
	"%setup -q\n%files\n"

static void run(const char *cwd, ...)
{
	auto_strv struct strv argv = STRV_INIT;
	static const char *const env[] = {"PATH=/usr/bin:/bin", "HOME=/nonexistent",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@x",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@x",
		"GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000", NULL};
	struct err err = ERR_INIT;
	const char *arg;
	va_list ap;

	va_start(ap, cwd);
	while ((arg = va_arg(ap, const char *)))
		strv_add(&argv, arg);
	va_end(ap);
	struct proc_opts o = {.argv = (const char *const *)argv.v, .cwd = cwd, .env = env};
	if (proc_check(&o, NULL, ERR_BUG, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Files given as name, text pairs up to NULL in a new directory. */
static char *tree(const char *name, ...)
{
	char *dir = path_join(top, name);
	const char *file, *text;
	struct err err = ERR_INIT;
	va_list ap;

	assert_int_equal(fs_mkdirs(dir, 0755, NULL), 0);
	va_start(ap, name);
	while ((file = va_arg(ap, const char *))) {
		auto_free char *path = path_join(dir, file), *parent = path_dir(path);

		text = va_arg(ap, const char *);
		if (fs_mkdirs(parent, 0755, &err) < 0 ||
			fs_write(path, text, strlen(text), 0644, &err) < 0)
			fail_msg("%s", err.msg);
	}
	va_end(ap);
	return dir;
}

/* Commit all of it (tag may be NULL) and mirror it. */
static void commit(const char *dir, const char *tag, struct job_git *ret)
{
	char sha[GIT_SHA];
	struct err err = ERR_INIT;

	run(dir, "git", "init", "-q", ".", NULL);
	run(dir, "git", "add", "-A", NULL);
	run(dir, "git", "commit", "-q", "-m", "all", NULL);
	if (tag)
		run(dir, "git", "tag", tag, NULL);
	ret->url = xstrdup(dir);
	ret->mirror = xasprintf("%s.git", dir);
	if (git_mirror(git, dir, ret->mirror, &err) < 0 ||
		git_resolve(git, ret->mirror, NULL, sha, &err) < 0)
		fail_msg("%s", err.msg);
	ret->sha = xstrdup(sha);
}

static int run_here(struct runner *r, const struct runner_cmd *cmd, struct strbuf *out,
	struct runner_result *ret, struct err *err)
{
	auto_strv struct strv argv = STRV_INIT;
	struct proc_result res = {0};

	(*(int *)r->ctx)++;
	for (size_t i = 0; cmd->argv[i]; i++)
		strv_take(&argv, i == 2 ? xstrdup(cmd->argv[i])
					: str_replace(cmd->argv[i], cmd->bind_dst, cmd->bind_src));
	struct proc_opts o = {.argv = (const char *const *)argv.v, .timeout = 30};
	int rc = proc_run(&o, out, NULL, &res, err);
	ret->exit = res.exit;
	return rc;
}

static int runs;
static struct runner runner = {.run = run_here, .ctx = &runs};

static struct job job_two_git(char *upstream, char *packaging)
{
	struct job j = {.layout = LAYOUT_TWO_GIT, .target = &target};

	commit(upstream, "v1.1", &j.upstream);
	commit(packaging, NULL, &j.packaging);
	free(upstream);
	free(packaging);
	return j;
}

static void job_done(struct job *j)
{
	j->target = NULL;
	job_release(j);
}

static char *stage_dir(void)
{
	static int n;

	return xasprintf("%s/stage%d", top, n++);
}

static struct source staged(const struct job *j)
{
	auto_free char *dir = stage_dir();
	struct source s = {0};
	struct err err = ERR_INIT;

	if (source_stage(git, j, dir, &s, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

/* Names in a directory of the stage, joined by blanks. */
static char *names(const struct source *s, const char *sub)
{
	auto_free char *dir = path_join(s->dir, sub);
	auto_strv struct strv v = STRV_INIT;

	(void)fs_list(dir, &v, NULL);
	return strv_join(&v, " ");
}

static void check_names(const struct source *s, const char *sub, const char *expected)
{
	auto_free char *got = names(s, sub);

	assert_string_equal(got, expected);
}

/* What a tarball has in it, sorted, joined by blanks. */
static char *members(const struct source *s, const char *tarball)
{
	auto_free char *path = xasprintf("%s/SOURCES/%s", s->dir, tarball);
	const char *argv[] = {"tar", "tf", path, NULL};
	struct proc_opts o = {.argv = argv};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	auto_strv struct strv v = STRV_INIT;
	struct err err = ERR_INIT;

	if (proc_check(&o, &out, ERR_BUG, &err) < 0)
		fail_msg("%s", err.msg);
	strv_lines(&v, out.s);
	strv_sort(&v);
	return strv_join(&v, " ");
}

static void test_two_git(void **state)
{
	struct job j = job_two_git(tree("u1", "src/a.c", "int a;\n", "README", "r\n", NULL),
		tree("p1", "hello.spec", SPEC, "a.patch", "p\n", "old.src.rpm", "x", ".gitignore",
			"x\n", "sub/no", "x", NULL));
	struct source s = staged(&j);
	auto_strv struct strv defines = STRV_INIT;
	auto_free char *diff = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_string_equal(s.spec, "hello.spec");
	assert_string_equal(s.spec_version, "1.0");
	assert_string_equal(s.spec_release, "1%{?dist}");
	assert_null(s.upstream); /* nothing there to ask */
	assert_string_equal(s.up_commit.sha, j.upstream.sha);
	assert_int_equal(s.pack_commit.commit_time, 1700000000);
	check_names(&s, "SPECS", "hello.spec");
	check_names(&s, "SOURCES", ".gitignore a.patch");
	check_names(&s, "", "SOURCES SPECS");

	assert_true(source_describe(git, &j, NULL, &s, &err) >= 0);
	assert_string_equal(s.tag, "v1.1");
	assert_int_equal(s.commits, 0);

	if (source_apply(&s, &j, "1.1", "0.1%{?dist}", "1.1.dev1", &diff, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(diff,
		"--- a/hello.spec\n+++ b/hello.spec\n@@ -1,6 +1,8 @@\n+%global dlrn 1\n"
		"+%global upstream_version 1.1.dev1\n Name: hello\n-Version: 1.0\n"
		"-Release: 1%{?dist}\n+Version: 1.1\n+Release: 0.1%{?dist}\n Summary: s\n"
		" License: MIT\n Source0: http://x/%{name}-%{version}.tar.gz\n");
	strv_add(&defines, "dist .el7");
	if (source_pack(git, &runner, &j, &s, &defines, &err) < 0)
		fail_msg("%s", err.msg);
	check_names(&s, "SOURCES", ".gitignore a.patch hello-1.1.tar.gz");
	auto_free char *list = members(&s, "hello-1.1.tar.gz");
	assert_string_equal(list, "hello-1.1/ hello-1.1/README hello-1.1/src/ hello-1.1/src/a.c");
	source_release(&s);
	job_done(&j);
}

/* Each spec of the packaging repository and what packing it says or makes. */
static void test_pack(void **state)
{
	static const struct {
		const char *source0, *prep,
			*expected; /* first member of the tarball, or the error */
	} table[] = {
		{"x.tar", "%setup -q -n foo", "x.tar: foo/ foo/f"},
		{"http://h/a?b=#/y.tgz", "%autosetup", "y.tgz: hello-1.0/ hello-1.0/f"},
		{"%{name}.tar.xz", "%setup -q -c", "hello.tar.xz: f"},
		{NULL, "", "p.spec has no Source0: nothing names the upstream tarball"},
		{"x.zip", "",
			"p.spec: Source0 'x.zip' is no tarball (.tar, .tar.gz, .tgz, .tar.bz2, "
			".tar.xz, .tar.zst)"},
		{"%{nope}-1.tar.gz", "",
			"p.spec: Source0 '%{nope}-1.tar.gz' has the macro %{nope}, which is not "
			"defined here"},
		{"x.tar.gz", "%setup -q -n %{nope}",
			"p.spec: %setup -n '%{nope}' has the macro %{nope}, which is not defined "
			"here"},
		{"http://h/", "", "p.spec: Source0 'http://h/' names no file"},
		{"x.tar.gz", "%include %{SOURCE9}\n",
			"p.spec: Unable to open %{SOURCE9}: No such "
			"file or directory"},
		{"x.tar.gz", "%if what\n%endif\n",
			"p.spec: bare words are no longer supported, "
			"please use \"...\":  what"},
	};
	auto_strv struct strv defines = STRV_INIT;
	struct job j = job_two_git(tree("u2", "f", "f\n", NULL), tree("p2", "p.spec", "x\n", NULL));

	(void)state;
	for (size_t i = 0; i < COUNTOF(table); i++) {
		auto_free char *dir = stage_dir(), *got = NULL, *list = NULL;
		auto_free char *spec = xasprintf(
			"Name: hello\nVersion: 1.0\nRelease: 1\nSummary: s\nLicense: x\n%s%s\n"
			"%%description\nd\n%%prep\n%s\n%%files\n",
			table[i].source0 ? "Source0: " : "",
			table[i].source0 ? table[i].source0 : "", table[i].prep);
		auto_free char *specs = path_join(dir, "SPECS"), *srcs = path_join(dir, "SOURCES");
		auto_free char *path = path_join(specs, "p.spec");
		struct source s = {.dir = TAKE(dir), .spec = xstrdup("p.spec")};
		auto_err struct err err = ERR_INIT;

		if (fs_mkdirs(specs, 0755, &err) < 0 || fs_mkdirs(srcs, 0755, &err) < 0 ||
			fs_write(path, spec, strlen(spec), 0644, &err) < 0)
			fail_msg("%s", err.msg);
		if (source_pack(git, &runner, &j, &s, &defines, &err) < 0) {
			got = xstrdup(err.msg);
			assert_int_equal(err.code, ERR_SOURCE);
		} else {
			auto_free char *file = names(&s, "SOURCES");
			list = members(&s, file);
			got = xasprintf("%s: %s", file, list);
		}
		assert_string_equal(got, table[i].expected);
		source_release(&s);
	}
	job_done(&j);
}

static void test_source0_rewritten(void **state)
{
	static const char *const table[][2] = {
		{"hello-1.0.tar.gz", "hello-%{version}.tar.gz"},
		{"http://x/1.0/hello-1.0.tar.gz", "http://x/1.0/hello-%{version}.tar.gz"},
		{"hello-1.0.1.tar.gz", NULL},
		{"hello-11.0.tar.gz", NULL},
		{"%{name}-%{version}.tar.gz", NULL},
		{"hello.zip", "%{name}-%{version}.tar.gz"},
	};
	struct job j = {.layout = LAYOUT_TWO_GIT, .target = &target};

	(void)state;
	for (size_t i = 0; i < COUNTOF(table); i++) {
		auto_free char *dir = stage_dir(), *diff = NULL, *rel = NULL;
		auto_free char *spec = xasprintf(
			"Version: 1.0\nSummary: s\nLicense: x\nURL: u\nSource0: %s\nRelease: 1\n",
			table[i][0]);
		auto_free char *line = xasprintf("+Source0: %s\n", table[i][1] ? table[i][1] : "");
		struct source s = {.dir = xstrdup(dir), .spec = xstrdup("p.spec")};

		rel = xasprintf("%s/SPECS/p.spec", path_base(dir));
		free(tree(".", rel, spec, NULL));
		s.spec_version = xstrdup("1.0");
		assert_true(source_apply(&s, &j, "2.0", "2", "2.0", &diff, NULL) >= 0);
		if (!strstr(diff, line) != !table[i][1])
			fail_msg("%s: %s", table[i][0], diff);
		source_release(&s);
	}
}

/* What staging a directory says (errors) or leaves ("spec: sources"). */
static char *stage_dir_of(char *dir, const char *spec)
{
	auto_free char *to = stage_dir(), *sources = NULL;
	struct job j = {.layout = LAYOUT_STANDARD, .target = &target, .dir = dir};
	struct source s = {0};
	auto_err struct err err = ERR_INIT;
	char *ret;

	j.spec = xstrdup_null(spec);
	if (source_stage(git, &j, to, &s, &err) < 0) {
		assert_int_equal(err.code, ERR_SOURCE);
		job_done(&j);
		return TAKE(err.msg);
	}
	sources = names(&s, "SOURCES");
	ret = xasprintf("%s: %s", s.spec, sources);
	source_release(&s);
	job_done(&j);
	return ret;
}

static void check_dir(char *dir, const char *spec, const char *expected)
{
	auto_free char *got = stage_dir_of(dir, spec);

	assert_string_equal(got, expected);
}

static void test_directories(void **state)
{
	(void)state;
	check_dir(tree("d1", "a.spec", SPEC, "a-1.tar.gz", "x", "b.patch", "x", NULL), NULL,
		"a.spec: a-1.tar.gz b.patch");
	check_dir(tree("d2", "b.patch", "x", NULL), NULL,
		"no spec: neither at the top nor in SPECS/, rpm/SPECS/ or <build "
		"target>/rpm/SPECS/");
	check_dir(tree("d3", "a.spec", SPEC, "b.spec", SPEC, NULL), NULL,
		"several specs: a.spec, b.spec (say which one with 'spec')");
	check_dir(tree("d3", NULL), "b.spec", "b.spec: a.spec");
	check_dir(
		tree("d3", NULL), "c.spec", "spec 'c.spec' is not there (there is a.spec, b.spec)");
	check_dir(tree("d4", "centos7/rpm/SPECS/a.spec", SPEC, "centos7/rpm/SOURCES/x.patch", "x",
			  "centos6/rpm/SPECS/b.spec", SPEC, "fedora/rpm/SPECS/c.spec", SPEC, NULL),
		NULL, "a.spec: x.patch");
	check_dir(tree("d4", NULL), "fedora/rpm/SPECS/c.spec", "c.spec: ");
	check_dir(
		tree("d5", "centos6/rpm/SPECS/b.spec", SPEC, "fedora/rpm/SPECS/c.spec", SPEC, NULL),
		NULL,
		"none of the build targets centos6, fedora is that of target 'centos-7-x86_64'");
	check_dir(tree("d6", "suse/rpm/SPECS/b.spec", SPEC, "suse/rpm/SOURCES/s", "s", NULL), NULL,
		"b.spec: s");
	check_dir(tree("d7", "SPECS/b.spec", SPEC, "SOURCES/s", "s", NULL), NULL, "b.spec: s");
	check_dir(tree("d8", "rpm/SPECS/b.spec", SPEC, NULL), NULL, "b.spec: ");
	check_dir(tree("d9", "a b.spec", SPEC, NULL), NULL, "'a b.spec' is no fit name for a spec");

	/* links: inside the tree they are followed, out of it never */
	auto_free char *in = tree("l1", "a.spec", SPEC, "real/x", "x", NULL);
	auto_free char *link = path_join(in, "y.patch");
	assert_int_equal(symlink("real/x", link), 0);
	check_dir(xstrdup(in), NULL, "a.spec: y.patch");
	auto_free char *out = tree("l2", "a.spec", SPEC, NULL);
	auto_free char *bad = path_join(out, "y.patch");
	assert_int_equal(symlink("/etc/passwd", bad), 0);
	check_dir(xstrdup(out), NULL,
		"'y.patch' is a link that leaves the packaging tree or leads nowhere");
	auto_free char *fifo_dir = tree("l3", "a.spec", SPEC, NULL);
	auto_free char *fifo = path_join(fifo_dir, "p");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	check_dir(xstrdup(fifo_dir), NULL, "'p' is no regular file");
}

static void test_choose(void **state)
{
	static const struct {
		const char *name, *dist, *dirs, *expected;
	} table[] = {
		{"centos-7-x86_64", ".el7", "centos6 centos7 fedora", "centos7"},
		{"centos-stream-9-x86_64", ".el9", "centos7 centos9", "centos9"},
		{"centos-stream-9-x86_64", ".el9", "el7 el9", "el9"},
		{"fedora-40-x86_64", ".fc40", "centos7 fedora", "fedora"},
		{"fedora-40-x86_64", ".fc40", "fedora4 fedora3", NULL},
		{"fedora-40-x86_64", ".fc40", "fedora fedora40", "fedora40"},
		{"host", "", "centos7 host", "host"},
		{"host", "", "centos7 centos6", NULL},
		{"host", "", "centos7", "centos7"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(table); i++) {
		struct target t = {0};
		auto_strv struct strv dirs = STRV_INIT;
		const char *got;

		t.name = xstrdup(table[i].name);
		t.dist = xstrdup(table[i].dist);
		strv_split(&dirs, table[i].dirs, " ");
		got = layout_choose(&dirs, &t);
		if (!str_eq_null(got, table[i].expected))
			fail_msg("%s among %s: %s", table[i].name, table[i].dirs, got);
		free(t.name);
		free(t.dist);
	}
}

static char *declared(char *dir)
{
	struct source s = {.upstream = dir};
	char *ret;

	assert_true(source_ask_version(&runner, &s, NULL) >= 0);
	ret = xstrdup(s.declared ? s.declared : "-");
	source_release(&s);
	return ret;
}

static void check_declared(char *dir, int calls, const char *expected)
{
	int before = runs;
	auto_free char *got = declared(dir);

	assert_string_equal(got, expected);
	assert_int_equal(runs - before, calls);
}

static void test_declared(void **state)
{
	(void)state;
	check_declared(tree("v1", "pyproject.toml",
			       "[tool.x]\nversion = \"9\"\n[project]\nname = \"x\"\nversion = "
			       "\"1.2.dev3\" # now\n",
			       NULL),
		0, "1.2.dev3");
	check_declared(
		tree("v2", "metadata.json", "{\"name\": \"a-b\", \"version\": \"5.3.1\"}", NULL), 0,
		"5.3.1");
	check_declared(tree("v3", "metadata.json", "{\"version\": 5", NULL), 0, "-");
	check_declared(
		tree("v4", "setup.py",
			"print('running 1')\nprint('warning: none')\nprint('3.1.4')\n", NULL),
		1, "3.1.4");
	check_declared(tree("v5", "setup.py", "raise SystemExit(1)\n", "setup.cfg",
			       "[metadata]\nname = x\nversion = 2015.1\n", NULL),
		1, "2015.1");
	check_declared(tree("v6", "setup.py", "open('made', 'w').write('x')\nprint('1.0')\n", NULL),
		1, "1.0");
	auto_free char *made = xasprintf("%s/v6/made", top);
	assert_false(fs_exists(made));
	check_declared(tree("v7", "setup.py", "print('0.0.0')\n", NULL), 1, "-");
	check_declared(
		tree("v8", "setup.py", "print('1.0 $(id)')\nprint('../../x1')\n", NULL), 1, "-");
	check_declared(tree("v9", "README", "x", NULL), 0, "-");
	check_declared(NULL, 0, "-");
	auto_free char *dir = tree("v10", NULL);
	auto_free char *link = path_join(dir, "metadata.json");
	assert_int_equal(symlink("../v2/metadata.json", link), 0);
	check_declared(TAKE(dir), 0, "-");
}

static int setup(void **state)
{
	auto_free char *conf = NULL;
	auto_strv struct strv local = STRV_INIT;
	struct err err = ERR_INIT;

	(void)state;
	if (scratch_make("source", &top) < 0 || rpm_init(&err) < 0)
		fail_msg("%s", err.msg);
	target.name = xstrdup("centos-7-x86_64");
	target.dist = xstrdup(".el7");
	conf = path_join(top, "git-conf");
	strv_addf(&local, "%s/u1", top);
	strv_addf(&local, "%s/p1", top);
	strv_addf(&local, "%s/u2", top);
	strv_addf(&local, "%s/p2", top);
	if (fs_mkdirs(conf, 0700, &err) < 0 || git_open(conf, &local, &git, &err) < 0)
		fail_msg("%s", err.msg);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	git_free(git);
	target_release(&target);
	return scratch_remove(&top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_git),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_source0_rewritten),
		cmocka_unit_test(test_directories),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_declared),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
