/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs, results, packages and locks survive their JSON form; what is not whole is refused. */
#include "base/err.h"
#include "model/job.h"
#include "model/lock.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
	const char *nevra, *name, *version, *release, *arch;
	int64_t epoch;
	bool ok;
} nevras[] = {
	{"hello-2.10-1.el9.x86_64", "hello", "2.10", "1.el9", "x86_64", 0, true},
	{"python3-a-b-3:1.0~rc1-0.1.noarch", "python3-a-b", "1.0~rc1", "0.1", "noarch", 3, true},
	{"x-1-1.src", "x", "1", "1", "src", 0, true},
	{"hello-2.10", NULL, NULL, NULL, NULL, 0, false},
	{"-1-1.x", NULL, NULL, NULL, NULL, 0, false},
	{"a--1.x", NULL, NULL, NULL, NULL, 0, false},
	{"nodash", NULL, NULL, NULL, NULL, 0, false},
	{"", NULL, NULL, NULL, NULL, 0, false},
};

static void splits_nevra(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(nevras); i++) {
		struct package p = {0};

		print_message("%s\n", nevras[i].nevra);
		assert_int_equal(package_set_nevra(&p, nevras[i].nevra), nevras[i].ok);
		if (nevras[i].ok) {
			assert_string_equal(p.name, nevras[i].name);
			assert_string_equal(p.version, nevras[i].version);
			assert_string_equal(p.release, nevras[i].release);
			assert_string_equal(p.arch, nevras[i].arch);
			assert_int_equal(p.epoch, nevras[i].epoch);
		}
		package_release(&p);
	}
}

static const char job_text[] =
	"{\"schema\": 1, \"layout\": \"two-git\", \"project\": \"hello\", \"queued\": 5,"
	" \"upstream\": {\"url\": \"u\", \"sha\": \"aa\"}, \"packaging\": {\"url\": \"p\"},"
	" \"target\": {\"name\": \"host\", \"format\": \"rpm\", \"arch\": \"x86_64\","
	"  \"dist\": \"\", \"host\": true, \"macros\": {\"_vendor\": \"x\"}},"
	" \"limits\": {\"memory\": 7, \"cpus\": 1.5}, \"published\": [\"/a.rpm\"],"
	" \"output\": \"/o\", \"allow_lower\": true}";

static void job_round_trip(void **state)
{
	auto_err struct err err = ERR_INIT;
	auto_json json_t *j = NULL, *again = NULL;
	CLEANUP(job_freep) struct job *job = NULL, *copy = NULL;

	(void)state;
	assert_true(json_parse(job_text, strlen(job_text), "test", &j, &err) >= 0);
	assert_true(job_from_json(j, &job, &err) >= 0);
	assert_int_equal(job->layout, LAYOUT_TWO_GIT);
	assert_string_equal(job->upstream.sha, "aa");
	assert_null(job->packaging.sha);
	assert_true(job->target->host);
	assert_string_equal(job->target->macros.v[0].value, "x");
	assert_int_equal(job->limits.memory, 7);
	assert_true(job->allow_lower);
	again = job_to_json(job);
	assert_true(job_from_json(again, &copy, &err) >= 0);
	assert_string_equal(copy->published.v[0], "/a.rpm");
	assert_string_equal(copy->project, "hello");
	assert_true(copy->limits.cpus > 1.4 && copy->limits.cpus < 1.6);
}

static const char *const bad_results[] = {
	"{}",
	"{\"schema\": 2, \"status\": \"success\"}",
	"{\"schema\": 1, \"status\": \"fine\"}",
	"{\"schema\": 1, \"status\": \"failed\", \"cause\": {\"kind\": \"weather\"}}",
	"{\"schema\": 1, \"status\": \"success\", \"artifacts\": [{\"file\": \"x\"}]}",
	"{\"schema\": 1, \"status\": \"success\", \"content\": \"abc\"}",
	"{\"schema\": 1, \"status\": \"failed\", \"content\": \"Z\"}",
};

static void refuses_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(bad_results); i++) {
		auto_err struct err err = ERR_INIT;
		auto_json json_t *j = NULL;
		struct result *res = NULL;

		assert_true(json_parse(bad_results[i], strlen(bad_results[i]), "t", &j, &err) >= 0);
		assert_int_equal(result_from_json(j, &res, &err), -ERR_CORRUPT);
		assert_null(res);
	}
}

static void result_round_trip(void **state)
{
	auto_err struct err err = ERR_INIT;
	CLEANUP(result_release) struct result res = {0};
	CLEANUP(result_freep) struct result *copy = NULL;
	auto_json json_t *j = NULL;
	struct package *p;

	(void)state;
	res.status = STATUS_FAILED;
	res.cause = CAUSE_LIMITS;
	str_set(&res.cause_step, "build");
	str_set(&res.cause_message, "time limit of 4 s reached");
	res.cause_line = 12;
	str_set(&res.upstream.url, "u");
	p = vec_push(&res.artifacts);
	assert_true(package_set_nevra(p, "x-1-1.src"));
	str_set(&p->file, "x-1-1.src.rpm");
	memset(p->sha256, 'a', SHA256_HEX - 1);
	p->kind = PACKAGE_SOURCE;
	strv_addl(&res.build_requires, "gcc", "(a or b)", NULL);
	strv_add(&res.provides, "x = 1-1");
	strv_add(&res.requires, "libc.so.6()(64bit)");
	res.content = xstrdup("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	j = result_to_json(&res);
	assert_true(json_is_null(json_object_get(j, "packaging")));
	assert_true(result_from_json(j, &copy, &err) >= 0);
	assert_int_equal(copy->cause, CAUSE_LIMITS);
	assert_string_equal(copy->cause_message, "time limit of 4 s reached");
	assert_int_equal(copy->cause_line, 12);
	assert_int_equal(copy->artifacts.v[0].kind, PACKAGE_SOURCE);
	assert_string_equal(copy->build_requires.v[1], "(a or b)");
	assert_string_equal(copy->provides.v[0], "x = 1-1");
	assert_string_equal(copy->requires.v[0], "libc.so.6()(64bit)");
	assert_string_equal(copy->content, res.content);
}

/* A lock with one package in `base`, its members as given. */
#define SUM "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LOCK_OF(package)                                                                           \
	"{\"schema\": 1, \"target\": \"t\", \"arch\": \"x86_64\", \"base\": [" package "], "       \
	"\"build\": []}"
static const struct {
	const char *text, *msg; /* NULL: fine */
} locks[] = {
	{LOCK_OF(""), NULL},
	{LOCK_OF("{\"nevra\": \"a-1-1.x86_64\", \"repo\": \"base\", \"checksum\": \"" SUM
		 "\", \"location\": \"Packages/a.rpm\"}"),
		NULL},
	{LOCK_OF("{\"nevra\": \"libc6-2.36-9.amd64\", \"repo\": \"host\"}"), NULL},
	{LOCK_OF("{\"nevra\": \"a-1-1.x86_64\", \"repo\": \"own\", \"checksum\": \"" SUM
		 "\", \"location\": \"/srv/a.rpm\"}"),
		NULL},
	{"[]", "no lock of schema 1"},
	{"{\"schema\": 2}", "no lock of schema 1"},
	{"{\"schema\": 1, \"target\": \"../x\", \"arch\": \"x86_64\"}",
		"lacks its target or architecture"},
	{"{\"schema\": 1, \"target\": \"t\", \"arch\": \"x86_64\"}",
		"'base' is no list of packages"},
	{LOCK_OF("{}"), "package 1 of 'base' () has no NEVRA"},
	{LOCK_OF("{\"nevra\": \"../a-1-1.x86_64\", \"repo\": \"base\"}"),
		"package 1 of 'base' (../a-1-1.x86_64) has no NEVRA"},
	{LOCK_OF("{\"nevra\": \"a-1-1.x86_64\", \"repo\": \"-x\"}"),
		"package 1 of 'base' (a-1-1.x86_64) has no repository"},
	{LOCK_OF("{\"nevra\": \"a-1-1.x86_64\", \"repo\": \"base\", \"checksum\": \"../../x\"}"),
		"package 1 of 'base' (a-1-1.x86_64) has no checksum"},
	{LOCK_OF("{\"nevra\": \"a-1-1.x86_64\", \"repo\": \"base\", \"checksum\": \"" SUM
		 "\", \"location\": \"x/../../a.rpm\"}"),
		"package 1 of 'base' (a-1-1.x86_64) has no fit location"},
	{LOCK_OF("{\"nevra\": \"a-1-1.x86_64\", \"repo\": \"base\", \"checksum\": \"" SUM
		 "\", \"location\": \"/etc/passwd\"}"),
		"package 1 of 'base' (a-1-1.x86_64) has no fit location"},
};

static const struct {
	const char *location, *fault; /* NULL: fine */
} locations[] = {
	{"Packages/a/a-1:2-3.x86_64.rpm", NULL},
	{"a-1:2-3.x86_64.rpm", NULL},
	{"...", NULL},
	{"a/..b", NULL},
	{"", "is empty or too long"},
	{"/a", "is an absolute path"},
	{"https://x/a", "is a URL of its own"},
	{"a/b://c", "is a URL of its own"},
	{"x:/a", "is a URL of its own"},
	{"File:a", "is a URL of its own"},
	{"..", "leaves the repository"},
	{"../a", "leaves the repository"},
	{"a/../b", "leaves the repository"},
	{"a/..", "leaves the repository"},
	{"a\\b", "is no path of a file"},
	{"a/", "is no path of a file"},
	{"a\tb", "has control characters"},
	{"a\x7f", "has control characters"},
};

static void location_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(locations); i++) {
		const char *fault = lock_location_fault(locations[i].location);

		print_message("%s\n", locations[i].location);
		assert_true(str_eq_null(fault, locations[i].fault));
	}
}

static void lock_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(locks); i++) {
		CLEANUP(lock_freep) struct lock *l = NULL, *again = NULL;
		auto_err struct err err = ERR_INIT;
		auto_json json_t *j = json_loads(locks[i].text, 0, NULL), *copy = NULL;
		int r = lock_from_json(j, &l, &err);

		print_message("%s\n", locks[i].text);
		assert_non_null(j);
		if (locks[i].msg) {
			assert_int_equal(r, -ERR_CORRUPT);
			assert_string_equal(err.msg, locks[i].msg);
			continue;
		}
		assert_int_equal(r, 0);
		copy = lock_to_json(l);
		assert_int_equal(lock_from_json(copy, &again, &err), 0);
		assert_int_equal(again->base.n, l->base.n);
		if (l->base.n)
			assert_string_equal(again->base.v[0].nevra, l->base.v[0].nevra);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_nevra),
		cmocka_unit_test(job_round_trip),
		cmocka_unit_test(refuses_results),
		cmocka_unit_test(result_round_trip),
		cmocka_unit_test(location_rows),
		cmocka_unit_test(lock_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
