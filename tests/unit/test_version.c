/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of tests/data/version, and the rules around them. */
#include "base/base.h"
#include "base/fs.h"
#include "base/proc.h"
#include "version/version.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SHA  "a5f0e3c1234567890123456789012345678901ab"
#define DATE 1420170295 /* 20150102034455 */

static char *read_table(const char *name)
{
	const char *src = getenv("PACKMILL_SOURCE");
	auto_free char *path = xasprintf("%s/tests/data/version/%s", src ? src : "../..", name);
	auto_err struct err e = ERR_INIT;
	char *text = NULL;

	if (fs_read(path, 1 << 20, &text, NULL, &e) < 0)
		fail_msg("%s", e.msg);
	return text;
}

static void split(struct strv *ret, const char *line)
{
	for (;;) {
		size_t n = strcspn(line, "\t");

		strv_addn(ret, line, n);
		if (!line[n])
			return;
		line += n + 1;
	}
}

static void each_row(const char *name, size_t fields, void (*check)(char *const *f))
{
	auto_free char *text = read_table(name);
	auto_strv struct strv lines = STRV_INIT;
	size_t rows = 0;

	strv_lines(&lines, text);
	strv_foreach (&lines, line) {
		auto_strv struct strv f = STRV_INIT;

		if (**line == '#' || !**line)
			continue;
		split(&f, *line);
		if (f.n != fields)
			fail_msg("%s: '%s' has %zu fields", name, *line, f.n);
		check(f.v);
		rows++;
	}
	assert_true(rows > 2);
}

static const char *or_null(const char *s)
{
	return str_eq(s, "-") ? NULL : s;
}

static int64_t number(const char *s)
{
	char *end;
	long long v = strtoll(s, &end, 10);

	if (!*s || *end)
		fail_msg("'%s' is no number", s);
	return v;
}

static void compute(
	const char *policy, const char *numbering, const struct version_facts *f, struct version *v)
{
	auto_err struct err e = ERR_INIT;

	if (version_compute(policy, numbering, f, v, &e) < 0)
		fail_msg("%s: %s", f->tag ? f->tag : "no tag", e.msg);
}

static void check_dlrn_tag(char *const *f)
{
	struct version_facts facts = {
		.tag = or_null(f[0]), .commits = number(f[1]), .sha = SHA, .date = DATE};
	CLEANUP(version_release) struct version v = {0};

	compute("dlrn", NULL, &facts, &v);
	if (!str_eq(v.version, f[2]))
		fail_msg("tag %s + %s: %s, not %s", f[0], f[1], v.version, f[2]);
	assert_string_equal(v.release, "0.20150102034455.a5f0e3c%{?dist}");
	assert_true(v.edits);
}

static void check_dlrn_declared(char *const *f)
{
	struct version_facts facts = {
		.tag = "v3.1.0", .commits = 2, .sha = SHA, .date = DATE, .declared = f[0]};
	CLEANUP(version_release) struct version v = {0};

	compute("dlrn", NULL, &facts, &v);
	if (!str_eq(v.version, f[1]) || !str_eq(v.upstream, f[2]))
		fail_msg("declared %s: %s (%s)", f[0], v.version, v.upstream);
	assert_string_equal(v.release, "0.20150102034455.a5f0e3c%{?dist}");
}

static void check_dlrn_release(char *const *f)
{
	struct version_facts facts = {.tag = "1.0",
		.sha = SHA,
		.date = DATE,
		.minor = number(f[1]),
		.rebuild = number(f[2])};
	CLEANUP(version_release) struct version v = {0};

	compute("dlrn", or_null(f[0]), &facts, &v);
	assert_string_equal(v.release, f[3]);
}

static void check_describe(char *const *f)
{
	struct version_facts facts = {
		.tag = or_null(f[0]), .commits = number(f[1]), .sha = SHA, .date = DATE};
	CLEANUP(version_release) struct version v = {0}, again = {0}, placeholder = {0};

	compute("describe", NULL, &facts, &v);
	if (!str_eq(v.version, f[2]))
		fail_msg("tag %s + %s: %s, not %s", f[0], f[1], v.version, f[2]);
	assert_string_equal(v.release, "1%{?dist}");
	facts.spec_release = "4%{?dist}";
	facts.rebuild = 2;
	compute("describe", NULL, &facts, &again);
	assert_string_equal(again.release, "4.2%{?dist}");
	facts.spec_release = "@release@";
	compute("describe", NULL, &facts, &placeholder);
	assert_string_equal(placeholder.release, "1.2%{?dist}");
}

static void check_keep(char *const *f)
{
	struct version_facts facts = {
		.spec_version = f[0], .spec_release = f[1], .rebuild = number(f[2])};
	CLEANUP(version_release) struct version v = {0};

	compute("keep", NULL, &facts, &v);
	assert_string_equal(v.version, f[3]);
	assert_string_equal(v.release, f[4]);
	assert_int_equal(v.edits, str_eq(f[5], "yes"));
}

static void check_date(char *const *f)
{
	assert_int_equal(
		version_date(number(f[0]), number(f[1]), number(f[2]), number(f[3])), number(f[4]));
}

static void test_tables(void **state)
{
	(void)state;
	each_row("dlrn-tag.tsv", 3, check_dlrn_tag);
	each_row("dlrn-declared.tsv", 3, check_dlrn_declared);
	each_row("dlrn-release.tsv", 4, check_dlrn_release);
	each_row("describe.tsv", 3, check_describe);
	each_row("keep.tsv", 6, check_keep);
	each_row("date.tsv", 5, check_date);
}

static void test_tags_that_count(void **state)
{
	static const char *const yes[] = {"1", "v1", "V2.0", "r3", "R4-rc1", "2015.1", "1.0-empty"};
	static const char *const no[] = {"", "v", "vv1", "x1", "private-1.0", "1.0-em", "1.0-eom",
		"v1-eol", "release-1", "-1", "rc1"};

	(void)state;
	for (size_t i = 0; i < COUNTOF(yes); i++)
		if (!version_tag_counts(yes[i]))
			fail_msg("%s must count", yes[i]);
	for (size_t i = 0; i < COUNTOF(no); i++)
		if (version_tag_counts(no[i]))
			fail_msg("%s must not count", no[i]);
}

static void fails(const char *policy, const char *numbering, const struct version_facts *f,
	enum err_code code, const char *text)
{
	auto_err struct err e = ERR_INIT;
	struct version v = {0};

	assert_int_equal(version_compute(policy, numbering, f, &v, &e), -(int)code);
	assert_non_null(strstr(e.msg, text));
	assert_null(v.version);
	assert_int_equal(v.explain.n, 0);
}

static void test_errors(void **state)
{
	struct version_facts none = {0}, some = {.tag = "v1", .sha = SHA}, rebuilt = {.rebuild = 1};
	auto_free char *nines = xcalloc(1, 200);
	struct version_facts longer = {.tag = nines, .sha = SHA};

	(void)state;
	memset(nines, '9', 199);
	fails("dlm", NULL, &some, ERR_CONFIG, "dlrn");
	fails("dlrn", "0.date.hsh", &some, ERR_CONFIG, "did you mean 0.date.hash");
	fails("dlrn", NULL, &none, ERR_SOURCE, "git commit");
	fails("describe", NULL, &none, ERR_SOURCE, "git commit");
	fails("keep", NULL, &rebuilt, ERR_SOURCE, "Release");
	fails("dlrn", NULL, &longer, ERR_SOURCE, "longer than");
}

static void test_explain(void **state)
{
	struct version_facts f = {
		.tag = "v1.1.0", .commits = 1, .sha = SHA, .date = DATE, .branch = "ma\x1bin"};
	CLEANUP(version_release) struct version v = {0};
	auto_free char *text = NULL;

	(void)state;
	compute("dlrn", "0.1.date.hash", &f, &v);
	text = strv_join(&v.explain, "\n");
	assert_string_equal(text, "policy: dlrn\n"
				  "tag: v1.1.0\n"
				  "commits: 1\n"
				  "sha: " SHA "\n"
				  "date: 20150102034455\n"
				  "branch: ma?in\n"
				  "rule: commits after the tag: last number + 1\n"
				  "version: 1.1.1\n"
				  "release: 0.1.20150102034455.a5f0e3c%{?dist}");
}

/* What describe makes must sort as history goes: asked of rpm itself. */
static void test_order(void **state)
{
	auto_free char *text = read_table("order.tsv"), *lua = NULL;
	auto_strv struct strv lines = STRV_INIT;
	auto_strbuf struct strbuf script = STRBUF_INIT, out = STRBUF_INIT;
	auto_err struct err e = ERR_INIT;
	const char *argv[] = {"rpm", "--eval", NULL, NULL};
	struct proc_opts o = {.argv = argv, .timeout = 20};
	const char *last = NULL;
	size_t n = 0;

	(void)state;
	if (!proc_which("rpm", NULL)) {
		if (getenv("CI"))
			fail_msg("rpm is not installed");
		skip();
	}
	strv_lines(&lines, text);
	sb_add(&script, "%{lua:");
	strv_foreach (&lines, l) {
		if (**l == '#')
			continue;
		if (last) {
			sb_addf(&script, "print(rpm.vercmp('%s','%s')) ", last, *l);
			n++;
		}
		last = *l;
	}
	sb_add(&script, "}");
	argv[2] = script.s;
	if (proc_check(&o, &out, ERR_SYS, &e) < 0)
		fail_msg("%s", e.msg);
	lua = str_trim(sb_str(&out));
	assert_true(n > 5);
	for (size_t i = 0; i < n; i++)
		if (strncmp(lua + i * 2, "-1", 2) != 0)
			fail_msg("line %zu of order.tsv does not sort before the next", i + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_tags_that_count),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
