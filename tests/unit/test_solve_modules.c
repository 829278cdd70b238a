/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Module streams: which packages are seen, which are taken, what is said of those that are not. */
#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/proc.h"
#include "scratch.h"
#include "solve/solve.h"
#include "solve_repo.h"

static char *top;

/* number 99, with modules */
static const char app[] = "nodejs-1:18.1-1.x86_64 R:npm\n"
			  "nodejs-1:18.2-1.x86_64 R:npm\n"
			  "nodejs-1:20.1-1.x86_64 R:npm\n"
			  "npm-9-1.noarch\n"
			  "npm-10-1.noarch\n"
			  "perl-4:5.30-1.x86_64\n"
			  "perl-4:5.32-1.x86_64\n"
			  "perl-DBI-1-1.30.x86_64 R:perl\n"
			  "perl-DBI-1-1.32.x86_64 R:perl\n"
			  "php-7-1.x86_64\n"
			  "idm-1-1.noarch R:pki\n"
			  "pki-1-1.noarch\n"
			  "old-1-1.noarch\n"
			  "needy-1-1.noarch\n"
			  "plain-1-1.noarch\n";
/* number 99, without */
static const char base[] = "nodejs-1:99-1.x86_64\n"
			   "npm-99-1.noarch\n"
			   "php-8-1.x86_64\n"
			   "pki-9-1.noarch\n"
			   "needy-9-1.noarch\n";

#define DOC(module, stream, version, context, rest)                                                \
	"---\ndocument: modulemd\nversion: 2\ndata:\n  name: " module "\n  stream: " stream        \
	"\n  version: " version "\n  context: " context "\n  arch: x86_64\n  summary: >-\n    "    \
	"A text\n  license:\n    module: [MIT]\n" rest "...\n"
#define RPMS(list) "  artifacts:\n    rpms:\n" list
#define NEEDS(list)                                                                                \
	"  dependencies:\n  - buildrequires:\n      platform: [el9]\n    requires:\n" list
#define DEFAULT(module, stream)                                                                    \
	"---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: " module                   \
	"\n  stream: " stream "\n  profiles:\n    \"1\": [common]\n...\n"

static const char modules[] = DOC("nodejs", "\"18\"", "1", "aa",
	NEEDS("      platform: [el9]\n") RPMS("    - nodejs-1:18.1-1.src\n    - "
					      "nodejs-1:18.1-1.x86_64\n    - "
					      "npm-0:9-1.noarch\n")) DOC("nodejs", "18", "2", "aa",
	RPMS("    - nodejs-1:18.2-1.x86_64\n    - npm-0:9-1.noarch\n")) DOC("nodejs", "20", "1",
	"bb", RPMS("    - nodejs-1:20.1-1.x86_64\n    - npm-0:10-1.noarch\n")) DOC("perl", "'5.30'",
	"1", "cc", RPMS("    - perl-4:5.30-1.x86_64\n")) DOC("perl", "'5.32'", "1", "cc",
	RPMS("    - perl-4:5.32-1.x86_64\n")) DEFAULT("perl", "'5.32'") DOC("perl-DBI", "1", "1",
	"d30",
	NEEDS("      perl: ['5.30']\n") RPMS("    - perl-DBI-0:1-1.30.x86_64\n")) DOC("perl-DBI",
	"1", "1", "d32", NEEDS("      perl: ['5.32']\n") RPMS("    - perl-DBI-0:1-1.32.x86_64\n"))
	DEFAULT("perl-DBI", "1") DOC("idm", "DL1", "1", "ee",
		NEEDS("      pki: []\n") RPMS("    - idm-0:1-1.noarch\n")) DOC("pki", "10", "1",
		"ff", RPMS("    - pki-0:1-1.noarch\n")) DOC("needy", "1", "1", "gg",
		NEEDS("      nodejs: [18, 20]\n") RPMS(
			"    - needy-0:1-1.noarch\n")) DEFAULT("needy", "1") DOC("wrong", "1", "1",
		"gg", NEEDS("      nothing: [x]\n")) "---\ndocument: modulemd\nversion: 1\ndata:\n "
						     " name: php\n  stream: 7\n  dependencies:\n"
						     "    requires:\n      nodejs: 18\n  "
						     "artifacts:\n    rpms: [php-0:7-1.x86_64]\n"
						     "---\ndocument: modulemd-obsoletes\nversion: "
						     "1\ndata: {module: old, stream: 1}\n"
						     "--- [a, list]\n--- text\n";

static const struct {
	const char *enable, *install, *expected;
} table[] = {
	/* neither default nor enabled: others are taken */
	{"", "nodejs", "nodejs-1:99-1.x86_64"},
	{"", "nodejs = 1:20.1",
		"nothing provides nodejs = 1:20.1, which the request wants; nodejs-1:20.1-1.x86_64 "
		"is of module nodejs:20, which is not enabled (modules: [nodejs:20])"},
	{"", "plain", "plain-1-1.noarch"},
	{"", "old", "old-1-1.noarch"},
	/* the stream's best, and nothing of that name from elsewhere */
	{"nodejs:18", "nodejs", "nodejs-1:18.2-1.x86_64 npm-9-1.noarch"},
	{"nodejs:20", "nodejs", "nodejs-1:20.1-1.x86_64 npm-10-1.noarch"},
	{"nodejs:18", "nodejs-18.1-1", "nodejs-1:18.1-1.x86_64 npm-9-1.noarch"},
	{"nodejs:18", "nodejs >= 1:99",
		"nothing provides nodejs >= 1:99, which the request wants; nodejs-1:99-1.x86_64 of "
		"'base' is hidden by module nodejs:18"},
	{"nodejs:18", "npm = 10",
		"nothing provides npm = 10, which the request wants; npm-10-1.noarch is of module "
		"nodejs:20, and nodejs:18 is enabled (modules: [nodejs:20])"},
	/* defaults, and what fits them */
	{"", "perl", "perl-4:5.32-1.x86_64"},
	{"", "perl-DBI", "perl-4:5.32-1.x86_64 perl-DBI-1-1.32.x86_64"},
	{"perl:5.30", "perl-DBI", "perl-4:5.30-1.x86_64 perl-DBI-1-1.30.x86_64"},
	{"perl:5.30", "perl-DBI = 1-1.32",
		"nothing provides perl-DBI = 1-1.32, which the request wants; "
		"perl-DBI-1-1.32.x86_64 is of module perl-DBI:1, made for streams of other modules "
		"than are enabled"},
	/* what they need: the only stream, the enabled one, or a choice somebody must make */
	{"idm:DL1", "idm", "idm-1-1.noarch pki-1-1.noarch"},
	{"", "pki", "pki-9-1.noarch"},
	{"", "needy", "needy-9-1.noarch"},
	{"nodejs:20", "needy", "needy-1-1.noarch"},
	{"needy:1", "needy",
		"modules: needy:1 requires nodejs:18 or 20, and none is enabled; there is "
		"nodejs:18, nodejs:20"},
	{"wrong:1", "plain", "modules: wrong:1 requires nothing:x, which no repository has"},
	{"php:7 nodejs:20", "php", "modules: php:7 requires nodejs:18, and enabled is 20"},
	{"php:7 nodejs:18", "php", "php-7-1.x86_64"},
	{"php:7", "php nodejs", "nodejs-1:18.2-1.x86_64 npm-9-1.noarch php-7-1.x86_64"},
	/* mistakes */
	{"nodejs:21", "plain",
		"modules: no repository has nodejs:21; there is nodejs:18, nodejs:20"},
	{"nodesj:18", "plain",
		"modules: no repository has nodesj:18; near is nodejs:18, nodejs:20"},
	{"quite-other:1", "plain", "modules: no repository has quite-other:1"},
	{"nodejs:18 nodejs:20", "plain",
		"modules: nodejs:18 and nodejs:20 are streams of one module, and one of them can "
		"be enabled"},
};

static int add(struct solve *s, const char *id, int priority, const char *yaml, struct err *err)
{
	auto_free char *p = xasprintf("%s/%s-primary.xml", top, id);

	return solve_add_repo(s,
		&(struct solve_repo){.id = id, .priority = priority, .primary = p, .modules = yaml},
		err);
}

static char *solve_text(struct solve *s, const char *install)
{
	struct solve_request q = {0};
	struct solve_result r = {0};
	struct strbuf b = STRBUF_INIT;

	strv_split(&q.install, install, strpbrk(install, "<>=") ? ";" : " ");
	assert_true(solve_run(s, &q, NULL, &r, NULL) >= 0);
	assert_int_equal(r.needs_files.n, 0);
	vec_foreach (&r.packages, p)
		sb_addf(&b, "%s%s", b.n ? " " : "", p->nevra);
	vec_foreach (&r.problems, p)
		sb_addf(&b, "%s%s", b.n ? "\n" : "", p->text);
	solve_result_release(&r);
	solve_request_release(&q);
	return sb_take(&b);
}

static struct solve *open_solve(const char *enable)
{
	auto_strv struct strv list = STRV_INIT;
	struct solve_conf conf = {.arch = "x86_64", .modules = &list};
	struct solve *s = NULL;

	strv_split(&list, enable, " ");
	assert_int_equal(solve_new(&conf, &s, NULL), 0);
	return s;
}

static char *yaml_file(const char *name, const char *text)
{
	char *path = path_join(top, name);

	assert_int_equal(fs_write(path, text, strlen(text), 0644, NULL), 0);
	return path;
}

static void test_table(void **state)
{
	auto_free char *yaml = yaml_file("modules.yaml", modules);
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < COUNTOF(table); i++) {
		CLEANUP(solve_freep) struct solve *s = open_solve(table[i].enable);
		struct err err = ERR_INIT;

		if (add(s, "app", 99, yaml, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(add(s, "base", 99, NULL, NULL), 0);
		auto_free char *got = solve_text(s, table[i].install);
		if (!str_eq(got, table[i].expected)) {
			print_error("%zu [%s] '%s':\n  got  %s\n  want %s\n", i, table[i].enable,
				table[i].install, got, table[i].expected);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void test_no_modules(void **state)
{
	CLEANUP(solve_freep) struct solve *s = open_solve("nodejs:18");

	(void)state;
	assert_int_equal(add(s, "base", 99, NULL, NULL), 0);
	auto_free char *got = solve_text(s, "php");
	assert_string_equal(got, "modules: no repository has nodejs:18, nor any other module");
}

/* Defaults of two repositories: the lower number, the newer, else none. */
static void test_defaults(void **state)
{
	static const struct {
		int priority;
		const char *other, *expected;
	} t[] = {{99, DEFAULT("perl", "'5.30'"), "nothing provides perl"},
		{99, DEFAULT("perl", "'5.32'"), "perl-4:5.32-1.x86_64"},
		{10, DEFAULT("perl", "'5.30'"), "perl-4:5.30-1.x86_64"},
		{200, DEFAULT("perl", "'5.30'"), "perl-4:5.32-1.x86_64"},
		{99,
			"document: modulemd-defaults\nversion: 1\ndata: {module: perl, modified: "
			"2, stream: '5.30'}\n",
			"perl-4:5.30-1.x86_64"},
		{10, "document: modulemd-defaults\nversion: 1\ndata: {module: perl}\n",
			"nothing provides perl"}};
	auto_free char *yaml = yaml_file("modules.yaml", modules);

	(void)state;
	for (size_t i = 0; i < COUNTOF(t); i++) {
		CLEANUP(solve_freep) struct solve *s = open_solve("");
		auto_free char *other = yaml_file("other.yaml", t[i].other);

		assert_int_equal(add(s, "app", 99, yaml, NULL), 0);
		assert_int_equal(add(s, "base", t[i].priority, other, NULL), 0);
		auto_free char *got = solve_text(s, "perl");
		if (!str_starts(got, t[i].expected))
			fail_msg("%zu: %s", i, got);
	}
}

static void compress(const char *program, const char *from, const char *to)
{
	const char *const argv[] = {
		"sh", "-c", "\"$0\" -q -c <\"$1\" >\"$2\"", program, from, to, NULL};
	struct proc_opts opts = {.argv = argv};
	struct proc_result res = {0};

	assert_true(proc_run(&opts, NULL, NULL, &res, NULL) >= 0 && !res.exit);
}

/* Any compression; and what a repository said is forgotten with it. */
static void test_files(void **state)
{
	static const char *const programs[] = {"gzip", "xz", "bzip2", "zstd"};
	auto_free char *yaml = yaml_file("modules.yaml", modules), *to = path_join(top, "packed");
	CLEANUP(solve_freep) struct solve *s = open_solve("nodejs:20");

	(void)state;
	for (size_t i = 0; i < COUNTOF(programs); i++) {
		assert_int_equal(add(s, "app", 99, NULL, NULL), 0);
		auto_free char *without = solve_text(s, "plain");
		assert_true(str_starts(without, "modules: no repository has nodejs:20"));
		compress(programs[i], yaml, to);
		assert_int_equal(add(s, "app", 99, to, NULL), 0);
		auto_free char *got = solve_text(s, "nodejs");
		assert_string_equal(got, "nodejs-1:20.1-1.x86_64 npm-10-1.noarch");
	}
}

/* What was built here is seen whatever the streams are. */
static void test_hotfix(void **state)
{
	auto_free char *yaml = yaml_file("modules.yaml", modules);
	auto_free char *p = xasprintf("%s/base-primary.xml", top);
	struct solve_repo own = {.id = "own", .priority = 0, .primary = p, .hotfix = true};
	CLEANUP(solve_freep) struct solve *s = open_solve("nodejs:20");

	(void)state;
	assert_int_equal(add(s, "app", 99, yaml, NULL), 0);
	assert_int_equal(solve_add_repo(s, &own, NULL), 0);
	auto_free char *got = solve_text(s, "nodejs");
	assert_string_equal(got, "nodejs-1:99-1.x86_64");
}

static void test_hostile(void **state)
{
	static const char *const bad[][2] = {{"a: [", "repository 'app': modules metadata: line "},
		{"document: modulemd\nversion: 2\ndata: {name: x}\n",
			"modules metadata has a module without a fit name and stream (line "},
		{"document: modulemd\nversion: 2\ndata: {name: x, stream: 'a b'}\n",
			"modules metadata has a module without a fit name and stream (line "},
		{"a: &x [1]\nb: *x\n", "modules metadata has an alias (line 2)"},
		{"? [a]\n: b\n", "modules metadata has a key that is no text (line 1)"},
		{"a: \"\\0\"\n", "modules metadata has a NUL character"},
		{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
			"modules metadata has absurd nesting"},
		{"\x1f\x8b nothing packed", "modules metadata"},
		{"\x28\xb5\x2f\xfd\x41", "cannot decompress"}};

	(void)state;
	for (size_t i = 0; i < COUNTOF(bad); i++) {
		CLEANUP(solve_freep) struct solve *s = open_solve("");
		auto_free char *yaml = yaml_file("bad.yaml", bad[i][0]);
		auto_err struct err err = ERR_INIT;

		assert_int_equal(add(s, "app", 99, yaml, &err), -(int)ERR_SOURCE);
		if (!strstr(err.msg, bad[i][1]))
			fail_msg("%zu: %s", i, err.msg);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_modules), cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_files), cmocka_unit_test(test_hotfix),
		cmocka_unit_test(test_hostile)};

	assert(scratch_make("modules", &top) == 0);
	write_repo(top, "app", app);
	write_repo(top, "base", base);
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	(void)scratch_remove(&top);
	return r;
}
