/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm packages made by rpmbuild, read and resolved by format/. */
#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/proc.h"
#include "format/format.h"
#include "format/rpm/rpm.h"
#include "rpm_quick.h"
#include "scratch.h"
#include <signal.h>

static char *top; /* scratch directory: RPMS/, SRPMS/, db/ */

/* What the packages a1, a2, ... want, of which published packages, and what comes of it. */
static const struct {
	const char *wants, *candidates, *expected;
} table[] = {
#define ALL "b-1 b-2 b-10 d-1 e-1 f-1 g-1"
	/* the root has it */
	{"base", ALL, "A"},
	{"libc.so.6()(64bit)", ALL, "A"},
	{"/usr/share/dep/base", "", "A"},
	{"base >= 2", ALL, "A | A: base >= 2: base = 1-1"},
	/* a published package has it: the highest that fits, and what it needs */
	{"b", ALL, "A b-10"},
	{"b < 10", ALL, "A b-2 d-1"},
	{"b = 1", ALL, "A b-1"},
	{"b > 10", ALL, "A | A: b > 10: b = 1-1"},
	{"virtual(x)", ALL, "A d-1"},
	{"virtual(x) >= 4", ALL, "A f-1"},
	{"/usr/share/dep/theirs", ALL, "A e-1"},
	{"/usr/share/dep/their", ALL, "A | A: /usr/share/dep/their: -"},
	/* rich */
	{"(nope or d)", ALL, "A d-1"},
	{"(base or d)", ALL, "A"},
	{"(b and d)", ALL, "A b-10 d-1"},
	{"(d if base)", ALL, "A d-1"},
	{"(d if nope)", ALL, "A"},
	{"(d if (nope or base))", ALL, "A d-1"},
	{"(nope if nope2 else d)", ALL, "A d-1"},
	{"(virtual(x) >= 4 with f)", ALL, "A f-1"},
	/* nobody has it */
	{"bse", ALL, "A | A: bse: base"},
	{"g", ALL, "A g-1 | g-1-1.noarch: nobody-has-this: -"},
	{"d, e", ALL, "A d-1 e-1 | -: d conflicts with e-1-1.noarch: -"},
	{"b", "", "A | A: b: -"},
	/* epochs count */
	{"h > 5", "h-1", "A h-1"},
	{"h = 1", "h-1", "A | A: h = 1: h = 2:1-1"},
};

static void add_package(struct strbuf *sb, const char *name, const char *version, const char *tags)
{
	sb_addf(sb, "%%package -n %s\nSummary: s\n", name);
	if (version)
		sb_addf(sb, "Version: %s\n", version);
	sb_addf(sb, "%s\n%%description -n %s\nd\n%%files -n %s\n/usr/share/dep/%s\n", tags, name,
		name, name);
}

/* One rpmbuild makes them all; b in its other versions needs two more. */
static void build(const char *name, const char *version, const char *tags, bool with_all)
{
	auto_strbuf struct strbuf sb = STRBUF_INIT;
	auto_free char *path = xasprintf("%s/%s.spec", top, name);
	auto_free char *topdir = xasprintf("_topdir %s", top);
	auto_free char *db = xasprintf("_dbpath %s/none", top);
	auto_free char *sourcedir = xasprintf("_sourcedir %s", top);
	auto_free char *patch = xasprintf("%s/%s.patch", top, name);
	struct err err = ERR_INIT;

	sb_addf(&sb,
		"Name: %s\nVersion: %s\nRelease: 1\nSummary: s\nLicense: MIT\nBuildArch: noarch\n"
		"%s\n%%description\nd\n%%install\nmkdir -p %%{buildroot}/usr/share/dep\n"
		"cd %%{buildroot}/usr/share/dep\ntouch %s b d e theirs f g h $(seq -f a%%.0f 0 "
		"60)\n"
		"%%files\n/usr/share/dep/%s\n",
		name, version, tags, name, name);
	if (with_all) {
		add_package(&sb, "b", "2", "Requires: d");
		add_package(&sb, "d", "1", "Provides: virtual(x) = 3");
		add_package(&sb, "e", "1", "Conflicts: d");
		sb_add(&sb, "/usr/share/dep/theirs\n");
		add_package(&sb, "f", "1", "Provides: virtual(x) = 4");
		add_package(&sb, "g", "1", "Requires: nobody-has-this");
		add_package(&sb, "h", "1", "Epoch: 2");
	}
	for (size_t i = 0; with_all && i < COUNTOF(table); i++) {
		auto_free char *a = xasprintf("a%zu", i);
		auto_free char *wants = xasprintf("Requires: %s", table[i].wants);

		add_package(&sb, a, NULL, wants);
	}
	const char *argv[] = {"rpmbuild", with_all ? "-bb" : "-ba", "--nodeps", "--quiet",
		RPM_QUICK, "--define", topdir, "--define", db, "--define", sourcedir, "--define",
		"_unpackaged_files_terminate_build 0", path, NULL};
	struct proc_opts o = {.argv = argv, .timeout = 60};
	if (fs_write(path, sb.s, sb.n, 0644, &err) < 0 ||
		fs_write(patch, "a patch\n", 8, 0644, &err) < 0 ||
		proc_check(&o, NULL, ERR_BUILD, &err) < 0)
		fail_msg("%s", err.msg);
}

static char *package(const char *nv)
{
	return xasprintf("%s/RPMS/noarch/%s-1.noarch.rpm", top, nv);
}

static int setup(void **state)
{
	(void)state;
	struct err err = ERR_INIT;

	if (scratch_make("rpm", &top) < 0 || rpm_init(&err) < 0)
		fail_msg("%s", err.msg);
	build("base", "1", "Provides: libc.so.6()(64bit)", true);
	build("b", "1", "", false);
	build("b", "10", "", false);
	build("s", "1",
		"Source: s.patch\nRequires: nope\nBuildConflicts: enemy < 3\nBuildRequires: "
		"gcc-ada pkgconfig(zlib) >= 1.2 "
		"(base or d) b < 10",
		false);
	/* the root's database: nothing but `base` in it */
	auto_free char *base = package("base-1");
	auto_free char *db = xasprintf("_dbpath %s/db", top);
	const char *argv[] = {"rpm", "-i", "--justdb", "--nodeps", "--define", db, base, NULL};
	struct proc_opts o = {.argv = argv, .timeout = 60};
	if (proc_check(&o, NULL, ERR_SYS, &err) < 0)
		fail_msg("%s", err.msg);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return scratch_remove(&top);
}

/* Resolve and return "file file | who: what: near | ..." with short names, sorted. */
static char *resolve(const struct strv *install, const struct strv *candidates)
{
	auto_free char *db = path_join(top, "db");
	auto_strv struct strv files = STRV_INIT, names = STRV_INIT;
	struct rpm_problems problems = VEC_INIT;
	struct err err = ERR_INIT;
	struct strbuf out = STRBUF_INIT;

	if (rpm_resolve(db, install, candidates, &files, &problems, &err) < 0)
		fail_msg("%s", err.msg);
	strv_foreach (&files, f)
		strv_addn(&names, path_base(*f), strlen(path_base(*f)) - strlen("-1.noarch.rpm"));
	strv_sort(&names);
	auto_free char *list = strv_join(&names, " ");
	sb_add(&out, list);
	vec_foreach (&problems, p)
		sb_addf(&out, " | %s: %s: %s", p->who ? p->who : "-", p->what,
			p->near ? p->near : "-");
	vec_free(&problems, rpm_problem_release);
	return sb_take(&out);
}

static char *resolve_names(char *install, const char *candidates)
{
	auto_strv struct strv in = STRV_INIT, all = STRV_INIT, names = STRV_INIT;

	strv_take(&in, install);
	strv_split(&names, candidates, " ");
	strv_foreach (&names, n)
		strv_take(&all, package(*n));
	return resolve(&in, &all);
}

static void test_resolve(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(table); i++) {
		auto_free char *nv = xasprintf("a%zu-1", i), *nevra = xasprintf("%s-1.noarch", nv);
		auto_free char *long_got = resolve_names(package(nv), table[i].candidates);
		auto_free char *mid_got = str_replace(long_got, nevra, "A");
		auto_free char *got = str_replace(mid_got, nv, "A");

		if (!str_eq(got, table[i].expected))
			fail_msg("%s: got \"%s\", expected \"%s\"", table[i].wants, got,
				table[i].expected);
	}
}

static void ours(int sig)
{
	(void)sig;
}

/* librpm sets handlers of its own while a database is open; after us they are as they were. */
static void test_signals(void **state)
{
	static const int all[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT};
	sigset_t mask;

	(void)state;
	for (size_t i = 0; i < COUNTOF(all); i++)
		(void)signal(all[i], ours);
	free(resolve_names(package("a1-1"), "b-1"));
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
	for (size_t i = 0; i < COUNTOF(all); i++) {
		if (signal(all[i], SIG_DFL) != ours || sigismember(&mask, all[i]))
			fail_msg("signal %d is not as it was", all[i]);
	}
}

static void test_source_package(void **state)
{
	auto_strv struct strv reqs = STRV_INIT;
	auto_free char *s = xasprintf("%s/SRPMS/s-1-1.src.rpm", top);
	struct err err = ERR_INIT;

	(void)state;
	if (rpm_build_requires(s, &reqs, &err) < 0)
		fail_msg("%s", err.msg);
	auto_free char *list = strv_join(&reqs, "; ");
	assert_string_equal(list, "(base or d); b < 10; gcc-ada; pkgconfig(zlib) >= 1.2");
	auto_strv struct strv against = STRV_INIT;
	assert_int_equal(rpm_build_conflicts(s, &against, NULL), 0);
	auto_free char *conflicts = strv_join(&against, "; ");
	assert_string_equal(conflicts, "enemy < 3");
	/* its BuildRequires count, its Requires do not, and it is itself not to be installed */
	auto_free char *got = resolve_names(xstrdup(s), "b-1 b-10 d-1");
	assert_string_equal(
		got, "b-1 | s-1-1.src: gcc-ada: - | s-1-1.src: pkgconfig(zlib) >= 1.2: -");
}

static void test_unpack(void **state)
{
	auto_free char *s = xasprintf("%s/SRPMS/s-1-1.src.rpm", top), *dir = path_join(top, "un");
	auto_free char *spec = NULL, *got = NULL, *want = NULL, *junk = path_join(top, "junk");
	auto_free char *in = path_join(dir, "SPECS/s.spec"), *from = path_join(top, "s.spec");
	auto_free char *patch = path_join(dir, "SOURCES/s.patch"), *base = package("base-1");
	struct err err = ERR_INIT;

	(void)state;
	if (rpm_unpack_source(s, dir, &spec, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(spec, "s.spec");
	assert_true(fs_read(in, 1 << 20, &got, NULL, NULL) >= 0);
	assert_true(fs_read(from, 1 << 20, &want, NULL, NULL) >= 0);
	assert_string_equal(got, want);
	assert_true(fs_exists(patch));
	/* nothing is written over, nothing else is unpacked */
	assert_true(rpm_unpack_source(s, dir, &spec, NULL) < 0);
	assert_int_equal(rpm_unpack_source(base, junk, &spec, NULL), -ERR_SOURCE);
	assert_true(rpm_unpack_source(from, junk, &spec, NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_source_package),
		cmocka_unit_test(test_unpack),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
