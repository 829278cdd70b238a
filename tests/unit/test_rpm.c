/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm packages made by rpmbuild from tests/data/specs, read and resolved by format/. */
#include "base/base.h"
#include "base/fs.h"
#include "base/proc.h"
#include "format/format.h"
#include "format/rpm/rpm.h"
#include <cmocka.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

static char *top; /* scratch directory: RPMS/, SRPMS/, db/ */

/* Make a package of dep.spec; defines end with NULL ("n x", "v 1", ...). Returns the file. */
static char *make(const char *dir, const char *nvra, ...)
{
	auto_strv struct strv argv = STRV_INIT;
	auto_free char *spec = xasprintf("%s/tests/data/specs/dep.spec", getenv("PACKMILL_SOURCE"));
	const char *def;
	va_list ap;

	strv_addl(&argv, "rpmbuild", "-ba", "--nodeps", "--quiet", "--define", NULL);
	strv_addf(&argv, "_topdir %s", top);
	strv_addl(&argv, "--define", NULL);
	strv_addf(&argv, "_dbpath %s/none", top);
	va_start(ap, nvra);
	while ((def = va_arg(ap, const char *)))
		strv_addl(&argv, "--define", def, NULL);
	va_end(ap);
	strv_add(&argv, spec);
	struct proc_opts o = {.argv = (const char *const *)argv.v, .timeout = 60};
	struct err err = ERR_INIT;
	if (proc_check(&o, NULL, ERR_BUILD, &err) < 0)
		fail_msg("%s", err.msg);
	return xasprintf("%s/%s/%s.rpm", top, dir, nvra);
}

static const char binary[] = "RPMS/noarch", source[] = "SRPMS";

static int setup(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	const char *tmp = getenv("TMPDIR");
	auto_free char *prefix = path_join(tmp ? tmp : "/tmp", "packmill-rpm.");

	if (fs_tmpdir(prefix, &top, &err) < 0 || rpm_init(&err) < 0)
		fail_msg("%s", err.msg);
	/* the root's database: nothing but `base` in it */
	auto_free char *base =
		make(binary, "base-1-1.noarch", "n base", "v 1", "offers libc.so.6()(64bit)", NULL);
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
	if (!getenv("KEEP_TMP"))
		fs_remove_tree(top, NULL);
	free(top);
	return 0;
}

/* Resolve and return "file file | who wants what (near); ..." with base names, sorted. */
static char *resolve(const struct strv *install, const struct strv *candidates)
{
	auto_free char *db = path_join(top, "db");
	auto_strv struct strv files = STRV_INIT, names = STRV_INIT;
	struct rpm_problems problems = VEC_INIT;
	struct err err = ERR_INIT;
	auto_strbuf struct strbuf out = STRBUF_INIT;

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

static void check(char *install, const char *candidates, const char *expected)
{
	auto_strv struct strv in = STRV_INIT, all = STRV_INIT, names = STRV_INIT;

	strv_take(&in, install);
	strv_split(&names, candidates, " ");
	strv_foreach (&names, n)
		strv_addf(&all, "%s/%s/%s-1.noarch.rpm", top, binary, *n);
	auto_free char *got = resolve(&in, &all);
	assert_string_equal(got, expected);
}

static void make_candidates(void)
{
	free(make(binary, "b-1-1.noarch", "n b", "v 1", NULL));
	free(make(binary, "b-2-1.noarch", "n b", "v 2", "wants d", NULL));
	free(make(binary, "b-10-1.noarch", "n b", "v 10", NULL));
	free(make(binary, "d-1-1.noarch", "n d", "v 1", "offers virtual(x) = 3", NULL));
	free(make(binary, "e-1-1.noarch", "n e", "v 1", "file theirs", "hates d", NULL));
	free(make(binary, "f-1-1.noarch", "n f", "v 1", "offers virtual(x) = 4", NULL));
	free(make(binary, "g-1-1.noarch", "n g", "v 1", "wants nobody-has-this", NULL));
}

static void test_resolve(void **state)
{
	static const char all[] = "b-1 b-2 b-10 d-1 e-1 f-1 g-1";
	static const struct {
		const char *wants, *candidates, *expected;
	} table[] = {
		/* the root has it */
		{"base", all, "a-1"},
		{"libc.so.6()(64bit)", all, "a-1"},
		{"/usr/share/dep/base", "", "a-1"},
		{"base >= 2", all, "a-1 | a-1-1.noarch: base >= 2: base = 1-1"},
		/* a published package has it: the highest that fits, and what it needs */
		{"b", all, "a-1 b-10"},
		{"b < 10", all, "a-1 b-2 d-1"},
		{"b = 1", all, "a-1 b-1"},
		{"b > 10", all, "a-1 | a-1-1.noarch: b > 10: b = 1-1"},
		{"virtual(x)", all, "a-1 d-1"},
		{"virtual(x) >= 4", all, "a-1 f-1"},
		{"/usr/share/dep/theirs", all, "a-1 e-1"},
		{"/usr/share/dep/their", all, "a-1 | a-1-1.noarch: /usr/share/dep/their: -"},
		/* rich */
		{"(nope or d)", all, "a-1 d-1"},
		{"(base or d)", all, "a-1"},
		{"(b and d)", all, "a-1 b-10 d-1"},
		{"(d if base)", all, "a-1 d-1"},
		{"(d if nope)", all, "a-1"},
		{"(virtual(x) >= 4 with f)", all, "a-1 f-1"},
		/* nobody has it */
		{"bse", all, "a-1 | a-1-1.noarch: bse: base"},
		{"g", all, "a-1 g-1 | g-1-1.noarch: nobody-has-this: -"},
		{"d, e", all, "a-1 d-1 e-1 | -: d conflicts with e-1-1.noarch: -"},
	};

	(void)state;
	make_candidates();
	for (size_t i = 0; i < COUNTOF(table); i++) {
		auto_free char *wants = xasprintf("wants %s", table[i].wants);
		char *a = make(binary, "a-1-1.noarch", "n a", "v 1", wants, NULL);

		check(a, table[i].candidates, table[i].expected);
	}
}

static void test_source_package(void **state)
{
	auto_strv struct strv reqs = STRV_INIT;
	struct err err = ERR_INIT;

	(void)state;
	char *s = make(source, "s-1-1.src", "n s", "v 1", "wants nope",
		"buildwants gcc-ada pkgconfig(zlib) >= 1.2 (base or d) b < 10", NULL);
	if (rpm_build_requires(s, &reqs, &err) < 0)
		fail_msg("%s", err.msg);
	auto_free char *got = strv_join(&reqs, "; ");
	assert_string_equal(got, "(base or d); b < 10; gcc-ada; pkgconfig(zlib) >= 1.2");
	make_candidates();
	/* its BuildRequires count, its Requires do not, and it is itself not to be installed */
	check(s, "b-1 d-1", "b-1 | s-1-1.src: gcc-ada: - | s-1-1.src: pkgconfig(zlib) >= 1.2: -");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_source_package),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
