/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Edits of specs: what rpm reads afterwards, and that nothing else changed. */
#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/proc.h"
#include "scratch.h"
#include "source/spec.h"

static char *top;

/* What every spec needs; appended to the cases below. */
#define TAIL                                                                                       \
	"License: MIT\n%description\nVersion: is a word here, Release: too\nSource0: as well\n"    \
	"%files\n"
#define HEAD "Name: t\nSummary: s\n"

/* Each is edited to version 9.9, release 8%{?dist}; rpm must then say 9.9 and 8.x, and all other
 * lines stay. NULL: refused. */
static const struct {
	const char *what, *spec;
	const char *changed; /* lines that differ afterwards, joined by | */
} cases[] = {
	{"plain", HEAD "Version: 1.0\nRelease: 1%{?dist}\n" TAIL,
		"-Version: 1.0|-Release: 1%{?dist}|+Version: 9.9|+Release: 8%{?dist}"},
	{"blanks and case", HEAD "version \t: \t 1.0  \nRELEASE:1\n" TAIL,
		"-version \t: \t 1.0  |-RELEASE:1|+version \t: \t 9.9|+RELEASE: 8%{?dist}"},
	{"epoch stays", "Epoch: 3\n" HEAD "Version: 1\nRelease: 1\n" TAIL,
		"-Version: 1|-Release: 1|+Version: 9.9|+Release: 8%{?dist}"},
	{"conditional: all branches",
		HEAD "%if 0%{?nope}\nVersion: 1\n%else\nVersion: 2\n%endif\nRelease: 1\n" TAIL,
		"-Version: 1|+Version: 9.9|-Version: 2|+Version: 9.9|-Release: 1|+Release: "
		"8%{?dist}"},
	{"conditional over two lines",
		HEAD "%if 0 || \\\n  1\nVersion: 2\n%endif\nRelease: 1\n" TAIL,
		"-Version: 2|+Version: 9.9|-Release: 1|+Release: 8%{?dist}"},
	{"macro body with a backslash",
		"%global text a \\\nVersion: 5 \\\nRelease: 6\n" HEAD
		"Version: 1\nRelease: 1\n" TAIL,
		"-Version: 1|-Release: 1|+Version: 9.9|+Release: 8%{?dist}"},
	{"macro body in braces",
		"%define text %{expand:\nVersion: 5\n}\n" HEAD "Version: 1\nRelease: 1\n" TAIL,
		"-Version: 1|-Release: 1|+Version: 9.9|+Release: 8%{?dist}"},
	{"lua",
		"%{lua:\n-- comment\nlocal t = [[\nVersion: 5\n]]\n}\n" HEAD
		"Version: 1\nRelease: 1\n" TAIL,
		"-Version: 1|-Release: 1|+Version: 9.9|+Release: 8%{?dist}"},
	{"shell", "%global x %(\necho\n)\n" HEAD "Version: 1\nRelease: 1\n" TAIL,
		"-Version: 1|-Release: 1|+Version: 9.9|+Release: 8%{?dist}"},
	{"expression", "URL: %[\n1 ]\n" HEAD "Version: 1\nRelease: 1\n" TAIL,
		"-Version: 1|-Release: 1|+Version: 9.9|+Release: 8%{?dist}"},
	{"comment with an open brace",
		"# %{x \\\n#Version: 4\n" HEAD "Version: 1\nRelease: 1\n# }\n" TAIL,
		"-Version: 1|-Release: 1|+Version: 9.9|+Release: 8%{?dist}"},
	{"backslash at the end of a tag", "Name: t\nSummary: s \\\nVersion: 1\nRelease: 1\n" TAIL,
		"-Version: 1|-Release: 1|+Version: 9.9|+Release: 8%{?dist}"},
	{"value over several lines", HEAD "Version: %{lua:\nprint(\"7\")\n}\nRelease: 1\n" TAIL,
		"-Version: %{lua:|-print(\"7\")|-}|-Release: 1|+Version: 9.9|+Release: 8%{?dist}"},
	{"carriage returns", "Name: t\r\nSummary: s\r\nVersion: 1\r\nRelease: 1\r\n" TAIL,
		"-Version: 1\r|-Release: 1\r|+Version: 9.9\r|+Release: 8%{?dist}\r"},
	{"not UTF-8", "# \xe9\xff\n" HEAD "Version: 1\nRelease: 1\n" TAIL,
		"-Version: 1|-Release: 1|+Version: 9.9|+Release: 8%{?dist}"},
	{"subpackage keeps its own",
		HEAD "Version: 1\nRelease: 1\nLicense: MIT\n%description\nd\n%package x\n"
		     "Version: 4\nRelease: 5\nSummary: x\n%description x\nd\n%files\n",
		"-Version: 1|-Release: 1|+Version: 9.9|+Release: 8%{?dist}"},
	{"tilde and caret", HEAD "Version: 1~rc1^git1\nRelease: 0.1\n" TAIL,
		"-Version: 1~rc1^git1|-Release: 0.1|+Version: 9.9|+Release: 8%{?dist}"},
	{"escaped percent", HEAD "URL: http://x/%%{\nVersion: 1\nRelease: 1\n" TAIL,
		"-Version: 1|-Release: 1|+Version: 9.9|+Release: 8%{?dist}"},
	{"no newline at the end", HEAD "License: MIT\n%description\nd\n%files\n%changelog", NULL},
};

static char *apply(const char *text, const struct spec_edit *e, char **ret_diff)
{
	struct err err = ERR_INIT;
	char *out = NULL;

	if (spec_apply(text, "t.spec", e, &out, ret_diff, &err) < 0) {
		*ret_diff = err.msg;
		return NULL;
	}
	return out;
}

/* The changed lines of a diff, joined by |. */
static char *changed(const char *diff)
{
	auto_strv struct strv lines = STRV_INIT, kept = STRV_INIT;

	strv_lines(&lines, diff);
	for (size_t i = 2; i < lines.n; i++) {
		if (*lines.v[i] == '-' || *lines.v[i] == '+')
			strv_add(&kept, lines.v[i]);
	}
	return strv_join(&kept, "|");
}

/* "version release" as rpm itself reads the spec. */
static char *ask_rpm(const char *text)
{
	auto_free char *path = path_join(top, "t.spec");
	struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;
	const char *argv[] = {"rpmspec", "-q", "--srpm", "--qf", "%{version} %{release}",
		"--define", "dist .x", path, NULL};
	struct proc_opts o = {.argv = argv, .timeout = 30};

	if (fs_write(path, text, strlen(text), 0644, &err) < 0 ||
		proc_check(&o, &out, ERR_SOURCE, &err) < 0)
		fail_msg("%s\n%s", err.msg, text);
	return sb_take(&out);
}

/* patch(1) makes the same from the diff. */
static void check_patch(const char *text, const char *diff, const char *edited)
{
	auto_free char *orig = path_join(top, "p.spec"), *got = NULL;
	auto_free char *patch = path_join(top, "p.diff");
	struct err err = ERR_INIT;
	const char *argv[] = {"patch", "--binary", "-s", orig, patch, NULL};
	struct proc_opts o = {.argv = argv, .timeout = 30};

	if (fs_write(orig, text, strlen(text), 0644, &err) < 0 ||
		fs_write(patch, diff, strlen(diff), 0644, &err) < 0 ||
		proc_check(&o, NULL, ERR_BUG, &err) < 0 ||
		fs_read(orig, 1 << 20, &got, NULL, &err) < 0)
		fail_msg("%s\n%s", err.msg, diff);
	assert_string_equal(got, edited);
}

static void test_cases(void **state)
{
	const struct spec_edit e = {.version = "9.9", .release = "8%{?dist}"};

	(void)state;
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		auto_free char *diff = NULL, *edited = apply(cases[i].spec, &e, &diff);

		if (!cases[i].changed) {
			assert_null(edited);
			continue;
		}
		if (!edited)
			fail_msg("%s: %s", cases[i].what, diff);
		auto_free char *lines = changed(diff), *rpm = ask_rpm(edited);
		if (!str_eq(lines, cases[i].changed) || !str_eq(rpm, "9.9 8.x"))
			fail_msg("%s: rpm reads '%s', changed: %s", cases[i].what, rpm, lines);
		check_patch(cases[i].spec, diff, edited);
		/* again: nothing more to do */
		auto_free char *none = NULL, *same = apply(edited, &e, &none);
		assert_string_equal(same, edited);
		assert_string_equal(none, "");
	}
}

static void test_globals(void **state)
{
	static const struct {
		const char *spec, *expected;
	} table[] = {
		{"Name: t\nVersion: 1\nRelease: 1\n",
			"%global dlrn 1\n%global upstream_version 2.0.dev3\nName: t\nVersion: "
			"2\nRelease: 1\n"},
		{"%{!?upstream_version: %global upstream_version %{version}}\nVersion: "
		 "1\nRelease: 1\n",
			"%global dlrn 1\n%global upstream_version 2.0.dev3\n%{!?upstream_version: "
			"%global upstream_version %{version}}\nVersion: 2\nRelease: 1\n"},
		{"Name: t\n%global  upstream_version 1\n%define dlrn 0\nVersion: 1\nRelease: 1\n",
			"Name: t\n%global upstream_version 2.0.dev3\n%global dlrn 1\nVersion: "
			"2\nRelease: 1\n"},
		{"%if 0\n%global upstream_version 1\n%endif\n%global dlrn 1\nVersion: 1\nRelease: "
		 "1\n",
			"%global upstream_version 2.0.dev3\n%if 0\n%global upstream_version "
			"2.0.dev3\n%endif\n%global dlrn 1\nVersion: 2\nRelease: 1\n"},
		{"Version: 1\r\nRelease: 1\r\n",
			"%global dlrn 1\r\n%global upstream_version 2.0.dev3\r\nVersion: "
			"2\r\nRelease: 1\r\n"},
		{"Version: 1\nRelease: 1\n%description\n%global dlrn 0\n",
			"%global dlrn 1\n%global upstream_version 2.0.dev3\nVersion: 2\nRelease: "
			"1\n%description\n%global dlrn 0\n"},
	};
	const struct spec_edit e = {.version = "2", .upstream_version = "2.0.dev3", .dlrn = true};

	(void)state;
	for (size_t i = 0; i < COUNTOF(table); i++) {
		auto_free char *diff = NULL, *got = apply(table[i].spec, &e, &diff);

		assert_non_null(got);
		assert_string_equal(got, table[i].expected);
		check_patch(table[i].spec, diff, got);
		auto_free char *none = NULL, *same = apply(got, &e, &none);
		assert_string_equal(same, got);
	}
}

static void test_source0(void **state)
{
	static const struct {
		const char *spec, *tag, *expected; /* expected: lines changed */
	} table[] = {
		{"Source0: a\n", "a", "-Source0: a|+Source0: new"},
		{"Source: a\nSource: b\n", "a", "-Source: a|+Source: new"},
		{"source00 : a\n", "a", "-source00 : a|+source00 : new"},
		{"Source1: a\nSource: b\nSource0: c\n", "c", "-Source0: c|+Source0: new"},
		{"%if 1\nSource: a\n%else\nSource: b\n%endif\nSource: c\n", "a",
			"-Source: a|+Source: new|-Source: b|+Source: new"},
		{"Source5: a\nSource: b\n", NULL, NULL},
		{"Sources: a\nSource0x: b\n", NULL, NULL},
		{"%sourcelist\n\nhttp://x/a.tar.gz\nb\n", "http://x/a.tar.gz", NULL},
		{"# Source0: a\n %define y Source0: b\n", NULL, NULL},
	};
	const struct spec_edit e = {.source0 = "new"};

	(void)state;
	for (size_t i = 0; i < COUNTOF(table); i++) {
		auto_free char *text = xasprintf("Version: 1\nRelease: 1\n%s", table[i].spec);
		auto_free char *tag = spec_tag(text, "Source0"), *diff = NULL;
		auto_free char *got = apply(text, &e, &diff);

		if (!str_eq_null(tag, table[i].tag))
			fail_msg("%s: Source0 is %s", table[i].spec, tag);
		if (!table[i].expected) {
			assert_null(got);
			assert_string_equal(diff, "t.spec has no Source0 in its preamble");
			continue;
		}
		auto_free char *lines = changed(diff);
		assert_string_equal(lines, table[i].expected);
	}
}

static void test_changelog(void **state)
{
	const struct spec_edit e = {.cut_changelog = true};
	auto_free char *diff = NULL;
	auto_free char *got =
		apply("Version: 1\nRelease: 1\n%if 1\n%changelog\n* one\n- two\n%endif\n"
		      "%files\nx\n",
			&e, &diff);

	(void)state;
	assert_string_equal(got, "Version: 1\nRelease: 1\n%if 1\n%changelog\n%endif\n%files\nx\n");
}

static void test_refused(void **state)
{
	static const struct {
		struct spec_edit edit;
		const char *spec, *expected;
	} table[] = {
		{{.version = "1-2"}, "Version: 1\nRelease: 1\n",
			"t.spec: Version '1-2' has a '-', which rpm does not allow"},
		{{.release = "1 2"}, "Version: 1\nRelease: 1\n",
			"t.spec: Release '1 2' has a ' ', which rpm does not allow"},
		{{.version = "1%(id)"}, "Version: 1\nRelease: 1\n",
			"t.spec: Version '1%(id)' has a '%', which rpm does not allow"},
		{{.version = "1\nRelease: 2"}, "Version: 1\nRelease: 1\n",
			"t.spec: Version has a control character"},
		{{.version = ""}, "Version: 1\nRelease: 1\n", "t.spec: Version is empty"},
		{{.release = "1%{?dist"}, "Version: 1\nRelease: 1\n",
			"t.spec: Release '1%{?dist' has an open '{'"},
		{{.upstream_version = "1%{lua:x}"}, "Version: 1\nRelease: 1\n",
			"t.spec: upstream_version has a character no version has"},
		{{.upstream_version = "1 2"}, "Version: 1\nRelease: 1\n",
			"t.spec: upstream_version has a character no version has"},
		{{.source0 = "a\nb"}, "Version: 1\nRelease: 1\nSource0: a\n",
			"t.spec: Source0 must be one line"},
		{{.version = "1"}, "Release: 1\n", "t.spec has no Version in its preamble"},
		{{.version = "1"}, "Version: 1\n%description\nRelease: 1\n",
			"t.spec has no Release in its preamble"},
		{{.version = "1"}, " Version: 1\nRelease: 1\n",
			"t.spec has no Version in its preamble"},
		{{.version = "1"}, "", "t.spec has no Version in its preamble"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(table); i++) {
		auto_free char *why = NULL, *got = apply(table[i].spec, &table[i].edit, &why);

		assert_null(got);
		assert_string_equal(why, table[i].expected);
	}
}

static void test_setup_dir(void **state)
{
	static const struct {
		const char *prep, *expected;
	} raw[] = {
		{"%setup -q\n", "t-1"},
		{"%setup -q -n foo-1\n", "foo-1"},
		{"%setup -qn 'foo-1'\n", "foo-1"},
		{"%setup -nfoo/src\n", "foo"},
		{"%setup -c -n foo\n", ""},
		{"%setup -T -D -a 1 -n x\n%setup -n y\n", "y"},
		{"%setup -T -b 0 -n y\n", "y"},
		{"%autosetup -p1 -n z -S git\n", "z"},
		{"tar xf foo\n", "t-1"},
		{"", "t-1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(raw); i++) {
		auto_free char *text = xasprintf(
			"Name: t\nVersion: 1\nSource0: http://x/y.tar.gz\n%%description\n%%setup "
			"-n no\n%%prep\n%s%%build\n%%setup -n no\n",
			raw[i].prep);
		auto_free char *got = spec_setup_dir(text);

		if (!str_eq(got, raw[i].expected))
			fail_msg("%s: %s", raw[i].prep, got);
	}
	assert_null(spec_setup_dir("Name: x\n"));
}

/* The same from what this machine's rpmspec makes of it. */
static void test_setup_dir_expanded(void **state)
{
	static const char *const table[][2] = {
		{"%setup -q", "t-1"},
		{"%setup -q -n foo-%{version}", "foo-1"},
		{"%autosetup -p1 -n %{name}", "t"},
		{"%setup -q -c -n foo", ""},
		{"%setup -q -D -n foo/src", "foo"},
		{"%setup -q -T -D -a 1 -n x\n%setup -q -n y", "y"},
		{"echo %{SOURCE0}\ntar xf %{SOURCE0}\ncd foo", "foo"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(table); i++) {
		auto_free char *text = xasprintf(HEAD
			"Version: 1\nRelease: 1\nSource0: http://x/%%{name}.tar.gz#/up-%%{version}"
			".tar.gz\nSource1: b.tar\nLicense: MIT\n%%description\nd\n%%prep\n%s\n"
			"%%build\ncd no\n",
			table[i][0]);
		auto_free char *path = path_join(top, "s.spec");
		auto_strbuf struct strbuf out = STRBUF_INIT;
		struct err err = ERR_INIT;
		const char *argv[] = {"rpmspec", "-P", path, NULL};
		struct proc_opts o = {.argv = argv, .timeout = 30};

		if (fs_write(path, text, strlen(text), 0644, &err) < 0 ||
			proc_check(&o, &out, ERR_SOURCE, &err) < 0)
			fail_msg("%s", err.msg);
		auto_free char *got = spec_setup_dir(out.s), *src = spec_tag(out.s, "Source0");
		if (!str_eq(got, table[i][1]))
			fail_msg("%s: '%s' from\n%s", table[i][0], got, out.s);
		assert_string_equal(src, "http://x/t.tar.gz#/up-1.tar.gz");
	}
}

static int setup(void **state)
{

	(void)state;
	return scratch_make("spec", &top);
}

static int teardown(void **state)
{
	(void)state;
	return scratch_remove(&top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_globals),
		cmocka_unit_test(test_source0),
		cmocka_unit_test(test_changelog),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_setup_dir),
		cmocka_unit_test(test_setup_dir_expanded),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
