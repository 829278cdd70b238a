/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logs of old builds are packed, here and where they are served; others are left alone. */
#include "base/base.h"
#include "base/time.h"
#include "repo/logs.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <zlib.h>

#include <cmocka.h>

#define OK(call)                                                                                   \
	do {                                                                                       \
		auto_err struct err e_ = ERR_INIT;                                                 \
		struct err *err = &e_;                                                             \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, e_.msg);                                         \
	} while (0)

#define SHA    "1111111111222222222233333333334444444444"
#define COMMIT "repos/t/11/11/" SHA "_11111111"
#define BIG    200000

static char *tmp;

static int setup(void **state)
{
	(void)state;
	return scratch_make("logs", &tmp);
}

static int teardown(void **state)
{
	(void)state;
	return scratch_remove(&tmp);
}

static char *at(const char *rel)
{
	return path_join(tmp, rel);
}

static void put(const char *rel, size_t n)
{
	auto_free char *path = at(rel), *dir = path_dir(path), *text = xmalloc(n + 1);

	for (size_t i = 0; i < n; i++)
		text[i] = "configure: checking\n"[i % 20];
	OK(fs_mkdirs(dir, 0755, err));
	OK(fs_write(path, text, n, 0600, err));
}

static void put_job(const char *rel, int64_t ended)
{
	static const char job[] = "{\"project\": \"p\", \"rebuild\": 0, \"target\": {\"name\": "
				  "\"t\"}, \"packaging\": {\"sha\": \"" SHA "\"}}";
	auto_free char *dir = at(rel), *path = path_join(dir, "job.json");
	auto_free char *result = path_join(dir, "result.json");
	struct timespec times[2] = {{.tv_sec = ended}, {.tv_sec = ended}};

	OK(fs_write(path, job, strlen(job), 0644, err));
	OK(fs_write(result, "{}", 2, 0644, err));
	assert_int_equal(utimensat(AT_FDCWD, result, times, 0), 0);
}

static void expect_packed(const char *rel)
{
	auto_free char *path = at(rel), *gz = xasprintf("%s.gz", path), *buf = xmalloc(BIG + 1);
	gzFile f = gzopen(gz, "re");

	assert_false(fs_exists(path));
	assert_non_null(f);
	assert_int_equal(gzread(f, buf, BIG + 1), BIG);
	assert_memory_equal(buf, "configure: checking\nconfigure", 29);
	assert_int_equal(gzclose(f), Z_OK);
}

static void test_compress(void **state)
{
	auto_free char *log = NULL, *dir = NULL, *link_to = NULL, *page = NULL, *found = NULL;
	struct stat a, b;
	uint64_t saved = 0;
	size_t n = 0;

	(void)state;
	put("builds/7/build.log", BIG);
	put("builds/7/root.log", 100);
	put("builds/7/attempt-1/build.log", BIG);
	put("builds/8/build.log", BIG);
	put("builds/9/build.log", BIG);
	put("builds/.gc-3/build.log", BIG);
	put_job("builds/7", 1000);
	put_job("builds/8", 5000);
	put(COMMIT "/other.log", BIG);
	put("repos/t/builds/7/x", 1);
	log = at("builds/7/build.log");
	dir = at(COMMIT);
	link_to = path_join(dir, "build.log");
	page = at("repos/t/builds/7/build.log");
	assert_int_equal(link(log, link_to), 0);
	assert_int_equal(link(log, page), 0);

	OK(repo_logs_compress(tmp, 5000, 0, &n, &saved, err));
	assert_int_equal(n, 2);
	assert_true(saved > BIG);
	expect_packed("builds/7/build.log");
	expect_packed("builds/7/attempt-1/build.log");
	expect_packed(COMMIT "/build.log");
	expect_packed("repos/t/builds/7/build.log");
	put("builds/x", 1);
	str_set(&log, NULL);
	log = at("builds/7/build.log.gz");
	str_set(&link_to, NULL);
	link_to = at(COMMIT "/build.log.gz");
	assert_int_equal(stat(log, &a), 0);
	assert_int_equal(stat(link_to, &b), 0);
	assert_true(a.st_ino == b.st_ino);
	assert_int_equal(a.st_mode & 0777, 0644);
	/* too small, too young, not over, being removed */
	for (size_t i = 0; i < 5; i++) {
		static const char *const there[] = {"builds/7/root.log", "builds/8/build.log",
			"builds/9/build.log", "builds/.gc-3/build.log", COMMIT "/other.log"};
		auto_free char *path = at(there[i]);

		assert_true(fs_exists(path));
	}
	OK(repo_logs_compress(tmp, 5000, 0, &n, &saved, err));
	assert_int_equal(n, 0);
	str_set(&dir, NULL);
	dir = at("builds/7");
	OK(repo_log_path(dir, "build.log", &found, err));
	assert_string_equal(found, log);
	assert_int_equal(repo_log_path(dir, "nothing.log", &found, NULL), -ERR_NOT_FOUND);
}

/* Killed between packing and removing: both are there, the next run ends it. */
static void test_cut_off(void **state)
{
	auto_free char *rest = NULL;
	uint64_t saved = 0;
	size_t n = 0;

	(void)state;
	put("builds/7/build.log", BIG);
	put("builds/7/build.log.gz", 50);
	put("builds/7/.build.log.gz.new", 50);
	put_job("builds/7", 1000);
	OK(repo_logs_compress(tmp, 5000, 1, &n, &saved, err));
	assert_int_equal(n, 1);
	expect_packed("builds/7/build.log");
	rest = at("builds/7/.build.log.gz.new");
	assert_false(fs_exists(rest));
}

static void test_many(void **state)
{
	uint64_t saved = 0;
	size_t n = 0;

	(void)state;
	OK(repo_logs_compress(tmp, 5000, 0, &n, &saved, err));
	assert_int_equal(n, 0);
	for (int i = 1; i < 5; i++) {
		auto_free char *dir = xasprintf("builds/%d", i);
		auto_free char *log = xasprintf("%s/build.log", dir);

		put(log, BIG);
		put_job(dir, 1000);
	}
	OK(repo_logs_compress(tmp, 5000, 3, &n, &saved, err));
	assert_int_equal(n, 3);
	OK(repo_logs_compress(tmp, 5000, 3, &n, &saved, err));
	assert_int_equal(n, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_compress), T(test_cut_off), T(test_many)};

	return cmocka_run_group_tests_name("repo_logs", tests, NULL, NULL);
}
