/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same packages made twice, each with one thing changed, compared. */
#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/proc.h"
#include "format/rpm/rpm.h"
#include "format/rpm/rpm_diff.h"
#include "rpm_quick.h"
#include "scratch.h"

#define F "/usr/share/d/f"
#define G "/usr/share/d/g"
#define LONG                                                                                       \
	"0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 " \
	"%{side} 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789"

/* Package p<n>: its tags; on each side how its files are made and which; "where what: a | b" of
 * what is found (of contents and times without the values). */
static const struct {
	const char *tags, *make_a, *make_b, *files_a, *files_b, *expected;
} table[] = {
	{"", "echo x >f", "echo x >f", "f", "f", ""},
	{"", "echo x >f", "echo y >f", "f", "f", F " content"},
	{"", "echo x >f", "echo yy >f", "f", "f", F " content; " F " size: 2 | 3"},
	{"", "echo x >f", "echo x >f; chmod 600 f", "f", "f", F " mode: 100644 | 100600"},
	{"", "ln -s x f", "ln -s y f", "f", "f", F " link target: x | y"},
	{"", "touch f; touch -d @1600000000 f", "touch f; touch -d @1600000001 f", "f", "f",
		F " time"},
	{"", "touch f g", "touch f", "f g", "f", G " file: there | -"},
	{"", "touch f", "touch f g", "f", "f g", G " file: - | there"},
	{"", "touch f", "touch f", "%attr(-,a,root)f", "%attr(-,b,root)f",
		F " owner: a:root | b:root"},
	{"", "touch f", "touch f", "f", "%verify()f", "Fileverifyflags: 4294967295 | 0"},
	{"", "touch f", "touch f", "f", "%ghost()f", F " content; " F " flags: 0 | 0x40"},
	{"", "touch f", "touch f", "f", "%caps(cap_kill=ep)f",
		"Requires: - | rpmlib(FileCaps) <= 4.6.1-1; " F " capabilities:  | cap_kill=ep"},
	{"Group: of %{side}", "", "", "", "", "Group: of a | of b"},
	{"Requires: both, only-%{side} > 1", "", "", "", "", "Requires: only-a > 1 | only-b > 1"},
	{"Provides: x = %{?more}1", "", "", "", "", "Provides: x = 1 | x = 21"},
	{"%{?more:Conflicts: x}", "", "", "", "", "Conflicts: - | x"},
	{"Packager: " LONG, "", "", "", "",
		"Packager: ...6789 0123456789 a 0123456789 0123456789 0123456789 0123456789 "
		"01... | ...6789 0123456789 b 0123456789 0123456789 0123456789 0123456789 01..."},
};

static char *top; /* scratch directory: a/, b/ */

static void add_package(struct strbuf *sb, size_t i, bool b)
{
	auto_strv struct strv files = STRV_INIT;

	strv_split(&files, b ? table[i].files_b : table[i].files_a, " ");
	sb_addf(sb,
		"%%package -n p%zu\nSummary: s\n%s\n%%description -n p%zu\nd\n%%files -n p%zu\n", i,
		table[i].tags, i, i);
	strv_foreach (&files, f) {
		const char *name = strrchr(*f, ')');

		name = name ? name + 1 : *f;
		if (str_starts(*f, "%ghost"))
			sb_add(sb, "%ghost");
		else
			sb_addf(sb, "%.*s", (int)(name - *f), *f);
		sb_addf(sb, " /p%zu/%s\n", i, name);
	}
}

static void build(bool b)
{
	auto_strbuf struct strbuf sb = STRBUF_INIT;
	auto_free char *path = xasprintf("%s/t.spec", top);
	auto_free char *topdir = xasprintf("_topdir %s/%c", top, b ? 'b' : 'a');
	auto_free char *db = xasprintf("_dbpath %s/db", top), *home = xasprintf("HOME=%s", top);
	const char *side = b ? "side b" : "side a", *more = b ? "more 2" : "less 1";
	const char *argv[] = {"rpmbuild", "-bb", "--nodeps", "--quiet", RPM_QUICK, "--define",
		topdir, "--define", db, "--define", "_buildhost h", "--define",
		"use_source_date_epoch_as_buildtime 1", "--define",
		"clamp_mtime_to_source_date_epoch 1", "--define",
		"_unpackaged_files_terminate_build 0", "--define", side, "--define", more, path,
		NULL};
	const char *env[] = {
		"PATH=/usr/bin:/bin", home, "LANG=C.UTF-8", "SOURCE_DATE_EPOCH=1650000000", NULL};
	struct proc_opts o = {.argv = argv, .env = env, .timeout = 60};
	struct err err = ERR_INIT;

	sb_add(&sb, "Name: t\nVersion: 1\nRelease: 1\nSummary: s\nLicense: MIT\n"
		    "BuildArch: noarch\n%description\nd\n%install\numask 022\n");
	for (size_t i = 0; i < COUNTOF(table); i++)
		sb_addf(&sb, "mkdir -p %%{buildroot}/p%zu; cd %%{buildroot}/p%zu\n%s\n", i, i,
			b ? table[i].make_b : table[i].make_a);
	for (size_t i = 0; i < COUNTOF(table); i++)
		add_package(&sb, i, b);
	if (fs_write(path, sb.s, sb.n, 0644, &err) < 0 || proc_check(&o, NULL, ERR_BUILD, &err) < 0)
		fail_msg("%s", err.msg);
}

static int setup(void **state)
{
	(void)state;
	struct err err = ERR_INIT;

	if (scratch_make("rpm-diff", &top) < 0 || rpm_init(&err) < 0)
		fail_msg("%s", err.msg);
	build(false);
	build(true);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return scratch_remove(&top);
}

static char *package(char side, size_t i)
{
	return xasprintf("%s/%c/RPMS/noarch/p%zu-1-1.noarch.rpm", top, side, i);
}

static char *compare(const char *a, const char *b, size_t i)
{
	auto_free char *dir = xasprintf("/p%zu/", i);
	struct rpm_differences d = VEC_INIT;
	struct strbuf sb = STRBUF_INIT;
	struct err err = ERR_INIT;

	if (rpm_diff(a, b, &d, &err) < 0)
		fail_msg("%s", err.msg);
	vec_foreach (&d, it) {
		auto_free char *where = str_replace(it->where, dir, "/usr/share/d/");
		const char *what = it->what ?: "";

		sb_addf(&sb, "%s%s%s%s", sb.n ? "; " : "", where, *what ? " " : "", what);
		if (!str_eq(what, "content") && !str_eq(what, "time"))
			sb_addf(&sb, ": %s | %s", it->a ?: "-", it->b ?: "-");
	}
	rpm_differences_release(&d);
	return sb_take(&sb);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(table); i++) {
		auto_free char *a = package('a', i), *b = package('b', i);
		auto_free char *got = compare(a, b, i), *self = compare(a, a, i);

		if (!str_eq(got, table[i].expected))
			fail_msg("p%zu: got \"%s\", expected \"%s\"", i, got, table[i].expected);
		assert_string_equal(self, "");
	}
}

/* Bytes that no header speaks of. */
static void test_payload(void **state)
{
	(void)state;
	auto_free char *a = package('a', 0), *b = path_join(top, "changed.rpm"), *data = NULL;
	struct err err = ERR_INIT;
	size_t n;

	if (fs_read(a, 1 << 20, &data, &n, &err) < 0)
		fail_msg("%s", err.msg);
	data[n - 1] ^= 1;
	if (fs_write(b, data, n, 0644, &err) < 0)
		fail_msg("%s", err.msg);
	auto_free char *got = compare(a, b, 0);
	assert_string_equal(got, "");
}

static void test_no_package(void **state)
{
	(void)state;
	auto_free char *a = package('a', 0), *spec = path_join(top, "t.spec");
	auto_free char *none = path_join(top, "none");
	struct rpm_differences d = VEC_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(rpm_diff(a, spec, &d, &err), -ERR_BUILD);
	err_clear(&err);
	assert_int_equal(rpm_diff(none, a, &d, &err), -ERR_NOT_FOUND);
	err_clear(&err);
	assert_int_equal(d.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_no_package),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
