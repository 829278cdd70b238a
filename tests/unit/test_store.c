/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "base/fs.h"
#include "base/hash.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "store/pages.h"
#include "store_fixture.h"

static void test_life(void **state)
{
	struct store_build b = {.queued = 7}, got = {0};
	char t[] = "host", p[] = "it's; drop table build", up[] = "u1", pack[] = "p1";
	char author[] = "Ünal <\x1b[31m>", subject[] = "say \"hi\"\nand more";
	struct result r = {.status = STATUS_FAILED, .cause = CAUSE_BUILD, .cause_line = 12};
	struct result steps = {0};
	struct package_vec arts = VEC_INIT;
	int64_t id = 0, again = 0;
	bool is_new = false;

	(void)state;
	b.target = t;
	b.project = p;
	b.upstream_sha = up;
	b.packaging_sha = pack;
	b.author = author;
	b.subject = subject;
	b.commit_time = 1700000000;
	OK(store_build_add(st, &b, &id, &is_new, err));
	assert_true(is_new);
	OK(store_build_add(st, &b, &again, &is_new, err));
	assert_false(is_new);
	assert_int_equal(id, again);
	b.rebuild = 1;
	OK(store_build_add(st, &b, &again, &is_new, err));
	assert_true(is_new);

	OK(store_build_start(st, id, err));
	OK(store_build_get(st, id, &got, err));
	assert_int_equal(got.state, BUILD_RUNNING);
	assert_string_equal(got.author, author);
	assert_string_equal(got.subject, subject);
	assert_null(got.message);
	store_build_release(&got);

	r.cause_message = xstrdup("hello.c:3: error");
	r.version = xstrdup("1.0");
	r.release = xstrdup("2");
	r.name = xstrdup("hello");
	r.epoch = 3;
	r.date = 99;
	*vec_push(&r.steps) = (struct build_step){xstrdup("source"), 0.5, 0};
	*vec_push(&r.steps) = (struct build_step){xstrdup("build"), 1.5, 4};
	add_artifact(&r, "hello-3:1.0-2.x86_64", "x");
	OK(store_build_finish(st, id, &r, err));
	OK(store_build_get(st, id, &got, err));
	assert_int_equal(got.state, BUILD_FAILED);
	assert_string_equal(got.cause, "build");
	assert_string_equal(got.evr, "3:1.0-2");
	assert_string_equal(got.nvr, "hello-1.0-2");
	assert_int_equal(got.cause_line, 12);
	assert_int_equal(got.date, 99);
	assert_true(got.seconds == 2.0);
	assert_false(got.published);
	store_build_release(&got);
	OK(store_build_steps(st, id, &steps, err));
	assert_int_equal(steps.steps.n, 2);
	assert_string_equal(steps.steps.v[1].name, "build");
	assert_int_equal(steps.steps.v[1].exit, 4);
	OK(store_build_artifacts(st, id, &arts, err));
	assert_int_equal(arts.n, 1);
	assert_string_equal(arts.v[0].nevra, "hello-3:1.0-2.x86_64");
	assert_int_equal(arts.v[0].epoch, 3);

	OK(store_build_requeue(st, id, "recheck", err));
	OK(store_build_get(st, id, &got, err));
	assert_int_equal(got.state, BUILD_QUEUED);
	assert_null(got.cause);
	assert_int_equal(got.date, 99);
	assert_string_equal(got.trigger, "recheck");
	store_build_release(&got);
	/* a second outcome takes the place of the first */
	OK(store_build_finish(st, id, &r, err));
	result_release(&steps);
	OK(store_build_steps(st, id, &steps, err));
	assert_int_equal(steps.steps.n, 2);
	result_release(&steps);
	result_release(&r);
	vec_free(&arts, package_release);
}

static void test_missing(void **state)
{
	auto_err struct err e = ERR_INIT;
	struct store_build got;
	struct result r = {0};

	(void)state;
	assert_int_equal(store_build_get(st, 12, &got, &e), -ERR_NOT_FOUND);
	assert_string_equal(e.msg, "there is no build 12");
	assert_int_equal(store_build_start(st, 12, &e), -ERR_NOT_FOUND);
	assert_int_equal(store_build_finish(st, 12, &r, &e), -ERR_NOT_FOUND);
	assert_int_equal(store_build_published(st, 12, "x", &e), -ERR_NOT_FOUND);
	assert_int_equal(store_build_requeue(st, 12, NULL, &e), -ERR_NOT_FOUND);
	assert_int_equal(store_last_published(st, "t", "p", &got, &e), -ERR_NOT_FOUND);
}

static void expect_published(const char *target, const char *list)
{
	auto_strbuf struct strbuf s = STRBUF_INIT;
	struct package_vec v = VEC_INIT;

	OK(store_published_packages(st, target, &v, err));
	vec_foreach (&v, p)
		sb_addf(&s, "%s ", p->nevra);
	assert_string_equal(sb_str(&s), list);
	vec_free(&v, package_release);
}

static void test_published(void **state)
{
	int64_t a1 = add("t", "a", "1"), a2 = add("t", "a", "2"), b1 = add("t", "b", "1");
	int64_t other = add("o", "a", "1");
	struct store_builds last = VEC_INIT;
	struct package_vec files = VEC_INIT;
	auto_free char *sha = NULL, *none = NULL;
	char want[SHA256_HEX];

	(void)state;
	expect_published("t", "");
	publish(a1, "a-1-1.noarch", "A1");
	publish(b1, "b-1-1.noarch", "B1");
	publish(other, "a-1-1.noarch", "other");
	expect_published("t", "a-1-1.noarch b-1-1.noarch ");
	/* a failed build keeps the last good package */
	finish(a2, STATUS_FAILED, "a-2-1.noarch", "A2");
	expect_published("t", "a-1-1.noarch b-1-1.noarch ");
	publish(a2, "a-2-1.noarch", "A2");
	expect_published("t", "a-2-1.noarch b-1-1.noarch ");
	/* what is published later counts, even of an older commit */
	publish(a1, "a-1-1.noarch", "A1");
	expect_published("t", "a-1-1.noarch b-1-1.noarch ");
	expect_published("o", "a-1-1.noarch ");

	/* a recheck with another outcome does not change what lies in the pool */
	finish(a1, STATUS_FAILED, "a-1-1.noarch", "changed");
	expect_published("t", "a-1-1.noarch b-1-1.noarch ");
	OK(store_nevra_sha(st, "t", "a-1-1.noarch", &sha, err));
	sha256_buf("A1", 2, want);
	assert_string_equal(sha, want);
	OK(store_nevra_sha(st, "t", "a-9-1.noarch", &none, err));
	assert_null(none);

	OK(store_published_files(st, "t", "a", &files, err));
	assert_int_equal(files.n, 2);
	assert_string_equal(files.v[0].nevra, "b-1-1.noarch");
	assert_int_equal(files.v[1].kind, PACKAGE_SOURCE);
	OK(store_published_files(st, "t", NULL, &files, err));
	assert_int_equal(files.n, 6);
	OK(store_last_builds(st, "t", &last, err));
	assert_int_equal(last.n, 2);
	assert_int_equal(last.v[0].id, a2); /* the newest commit, not the newest try */
	assert_int_equal(last.v[0].state, BUILD_SUCCESS);
	vec_free(&last, store_build_release);
	OK(store_build_requeue(st, a2, "recheck", err));
	OK(store_newest_builds(st, "t", &last, err));
	assert_int_equal(last.n, 2);
	assert_int_equal(last.v[0].id, a2);
	assert_int_equal(last.v[0].state, BUILD_QUEUED); /* nothing is hidden */
	vec_free(&last, store_build_release);
	OK(store_published_builds(st, "t", &last, err));
	assert_int_equal(last.n, 2);
	assert_int_equal(last.v[0].id, a1);
	assert_true(last.v[0].published);
	vec_free(&last, store_build_release);
	vec_free(&files, package_release);
}

static void test_lists(void **state)
{
	struct store_filter f = {.state = -1};
	struct store_builds v = VEC_INIT;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 6; i++) {
		char sha[8];

		snprintf(sha, sizeof sha, "%d", i);
		add(i % 2 ? "odd" : "even", i < 3 ? "p" : "q", sha);
	}
	OK(store_builds(st, &f, &v, err));
	assert_int_equal(v.n, 6);
	assert_int_equal(v.v[0].id, 6);
	vec_free(&v, store_build_release);
	f.target = "odd";
	f.oldest_first = true;
	f.limit = 2;
	OK(store_builds(st, &f, &v, err));
	assert_int_equal(v.n, 2);
	assert_int_equal(v.v[0].id, 2);
	assert_int_equal(v.v[1].id, 4);
	vec_free(&v, store_build_release);
	OK(store_build_start(st, 4, err));
	f = (struct store_filter){.state = BUILD_RUNNING, .project = "q"};
	OK(store_builds(st, &f, &v, err));
	assert_int_equal(v.n, 1);
	vec_free(&v, store_build_release);
	f = (struct store_filter){.state = -1, .published = true};
	OK(store_builds(st, &f, &v, err));
	assert_int_equal(v.n, 0);
	OK(store_requeue_running(st, &n, err));
	assert_int_equal(n, 1);
	OK(store_requeue_running(st, &n, err));
	assert_int_equal(n, 0);
}

static void test_untry(void **state)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	struct store_attempts tries = VEC_INIT;
	int64_t id = add("t", "p", "aaaa");

	(void)state;
	OK(store_build_start(st, id, err));
	OK(store_build_untry(st, id, err));
	OK(store_build_untry(st, id, err)); /* it does not run any more */
	OK(store_build_get(st, id, &b, err));
	assert_int_equal(b.state, BUILD_QUEUED);
	assert_int_equal(b.attempt, 0);
	OK(store_build_attempts(st, id, &tries, err));
	assert_int_equal(tries.n, 0);
}

static void test_seen_and_requests(void **state)
{
	auto_free char *up = NULL, *pack = NULL, *refs = NULL;
	struct store_requests v = VEC_INIT;

	(void)state;
	OK(store_seen_get(st, "t", "p", &up, &pack, err));
	assert_string_equal(up, "");
	assert_string_equal(pack, "");
	OK(store_seen_set(st, "t", "p", "old", "old", err));
	OK(store_seen_set(st, "t", "p", "u", "v", err));
	free(TAKE(up));
	free(TAKE(pack));
	OK(store_seen_get(st, "t", "p", &up, &pack, err));
	assert_string_equal(up, "u");
	assert_string_equal(pack, "v");
	OK(store_remote_set(st, "https://x", "refs", err));
	OK(store_remote_get(st, "https://x", &refs, err));
	assert_string_equal(refs, "refs");

	OK(store_requests(st, &v, err));
	assert_int_equal(v.n, 0);
	OK(store_request_add(st, "recheck", "p", err));
	OK(store_request_add(st, "stop", NULL, err));
	OK(store_requests(st, &v, err));
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[0].verb, "recheck");
	assert_null(v.v[1].arg);
	OK(store_request_done(st, v.v[0].id, err));
	vec_free(&v, store_request_release);
	v = (struct store_requests)VEC_INIT;
	OK(store_requests(st, &v, err));
	assert_int_equal(v.n, 1);
	assert_string_equal(v.v[0].verb, "stop");
	OK(store_request_done(st, v.v[0].id, err));
	vec_free(&v, store_request_release);
}

static void test_transactions(void **state)
{
	struct store_filter f = {.state = -1};
	struct store_builds v = VEC_INIT;
	auto_err struct err e = ERR_INIT;
	struct result r = {0};

	(void)state;
	OK(store_begin(st, err));
	add("t", "p", "1");
	store_rollback(st);
	OK(store_begin(st, err));
	add("t", "p", "2");
	/* a call that fails takes back only its own changes */
	assert_int_equal(store_build_finish(st, 99, &r, &e), -ERR_NOT_FOUND);
	OK(store_commit(st, err));
	OK(store_builds(st, &f, &v, err));
	assert_int_equal(v.n, 1);
	assert_string_equal(v.v[0].upstream_sha, "2");
	vec_free(&v, store_build_release);
}

/* Another process that dies between two statements of one transaction leaves nothing of it. */
static void test_killed(void **state)
{
	struct store_filter f = {.state = -1};
	struct store_builds v = VEC_INIT;
	int status;
	pid_t pid;

	(void)state;
	store_close(st);
	st = NULL;
	pid = fork();
	if (!pid) {
		if (store_open(tmp, false, &st, NULL) < 0)
			_exit(1);
		add("t", "p", "whole");
		if (store_begin(st, NULL) < 0)
			_exit(1);
		add("t", "p", "half");
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	OK(store_open(tmp, false, &st, err));
	OK(store_builds(st, &f, &v, err));
	assert_int_equal(v.n, 1);
	assert_string_equal(v.v[0].upstream_sha, "whole");
	vec_free(&v, store_build_release);
}

static void test_read_only(void **state)
{
	CLEANUP(store_closep) struct store *ro = NULL;
	struct store_filter f = {.state = -1};
	struct store_builds v = VEC_INIT;
	auto_err struct err e = ERR_INIT;
	auto_free char *nowhere = path_join(tmp, "nowhere");

	(void)state;
	assert_int_equal(store_open(nowhere, true, &ro, &e), -ERR_NOT_FOUND);
	assert_false(fs_exists(nowhere));
	add("t", "p", "1");
	OK(store_begin(st, err)); /* the writer is in the middle of something */
	add("t", "p", "2");
	OK(store_open(tmp, true, &ro, err));
	OK(store_builds(ro, &f, &v, err));
	assert_int_equal(v.n, 1);
	vec_free(&v, store_build_release);
	assert_int_equal(store_seen_set(ro, "t", "p", "u", "v", &e), -ERR_DENIED);
	OK(store_commit(st, err));
	OK(store_builds(ro, &f, &v, err));
	assert_int_equal(v.n, 2);
	vec_free(&v, store_build_release);
}

/* A reader that may write neither the directory nor the file; as root another user is taken. */
/* Who can read a file can lock it, and keep writers out. */
static void test_others(void **state)
{
	static const char *const names[] = {"", "-wal", "-shm"};

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNTOF(names); i++) {
			auto_free char *path = xasprintf("%s%s", db_path, names[i]);
			struct stat s;

			assert_int_equal(stat(path, &s), 0);
			assert_int_equal(s.st_mode & 07, 0);
			/* as files of earlier versions were */
			assert_int_equal(chmod(path, 0644), 0);
		}
		store_close(st);
		OK(store_open(tmp, false, &st, err));
	}
	add("t", "p", "aa");
}

static void test_read_only_directory(void **state)
{
	struct store_filter f = {.state = -1};
	struct store_builds v = VEC_INIT;
	int status;
	pid_t pid;

	(void)state;
	add("t", "p", "1");
	store_close(st);
	st = NULL;
	assert_int_equal(chmod(tmp, 0555), 0);
	pid = fork();
	if (!pid) {
		struct store *ro = NULL;

		if (getuid() == 0 && setuid(65534) < 0)
			_exit(1);
		if (store_open(tmp, true, &ro, NULL) < 0)
			_exit(2);
		if (store_builds(ro, &f, &v, NULL) < 0 || v.n != 1)
			_exit(3);
		store_close(ro);
		vec_free(&v, store_build_release);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(chmod(tmp, 0755), 0);
	assert_int_equal(status, 0);
}

/* Opening fails with the code and text, read-only and not, and the file stays as it is. */
static void expect_refused(enum err_code code, const char *text)
{
	for (int ro = 0; ro < 2; ro++) {
		auto_err struct err e = ERR_INIT;
		struct store *x = NULL;
		char before[SHA256_HEX], after[SHA256_HEX];

		OK(sha256_file(db_path, before, err));
		assert_int_equal(store_open(tmp, ro, &x, &e), -(int)code);
		assert_non_null(strstr(e.msg, text));
		OK(sha256_file(db_path, after, err));
		assert_string_equal(before, after);
	}
}

static void alter(const char *sql)
{
	sqlite3 *sq = NULL;

	store_close(st);
	st = NULL;
	assert_int_equal(sqlite3_open(db_path, &sq), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sq, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sq);
}

static void test_newer(void **state)
{
	(void)state;
	alter("pragma user_version = 77; create table future (x)");
	expect_refused(ERR_CORRUPT, "has schema 77, this program knows 2");
}

static void test_foreign(void **state)
{
	(void)state;
	alter("pragma application_id = 5");
	expect_refused(ERR_CORRUPT, "of another program");
}

static void test_corrupt(void **state)
{
	char junk[8192];

	(void)state;
	store_close(st);
	st = NULL;
	memset(junk, 'x', sizeof junk);
	OK(fs_write(db_path, junk, sizeof junk, 0644, err));
	expect_refused(ERR_CORRUPT, "is damaged");
}

static void test_truncated(void **state)
{
	(void)state;
	store_close(st);
	st = NULL;
	assert_int_equal(truncate(db_path, 6000), 0);
	expect_refused(ERR_CORRUPT, "is damaged");
}

/* A damaged page inside is said when it is read, not hidden. */
static void test_corrupt_page(void **state)
{
	auto_err struct err e = ERR_INIT;
	struct store_filter f = {.state = -1};
	struct store_builds v = VEC_INIT;
	char junk[4096];
	struct stat sb;
	int fd, r;

	(void)state;
	add("t", "p", "1");
	store_close(st);
	st = NULL;
	fd = open(db_path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &sb), 0);
	memset(junk, 0xee, sizeof junk);
	for (off_t at = 4096; at < sb.st_size; at += 4096)
		assert_int_equal(pwrite(fd, junk, sizeof junk, at), 4096);
	close(fd);
	r = store_open(tmp, false, &st, &e);
	if (r >= 0)
		r = store_builds(st, &f, &v, &e);
	assert_int_equal(r, -ERR_CORRUPT);
	assert_int_equal(err_exit_status(&e), 1);
	vec_free(&v, store_build_release);
}

static void ask_for_pages(int64_t id)
{
	struct store_builds v = VEC_INIT;
	struct store_waiting_vec waiting = VEC_INIT;
	int64_t n = 0;

	OK(store_ended(st, "t", 9, &v, err));
	OK(store_ended_since(st, "t", 1, &n, err));
	OK(store_waiting(st, "t", &waiting, err));
	OK(store_builds_after(st, "t", 0, 9, &v, err));
	OK(store_builds_count(st, "t", &n, err));
	assert_int_equal(n, 1);
	assert_int_equal(v.v[0].id, id);
	assert_int_equal(waiting.n, 1);
	vec_free(&v, store_build_release);
	vec_free(&waiting, store_waiting_release);
}

/* One of each question and change, so that its statement is prepared. */
static void ask_everything(int64_t id)
{
	struct store_build b = {0}, got = {0};
	struct store_attempts tries = VEC_INIT;
	struct store_standings standings = VEC_INIT;
	struct store_standing standing = {0};
	struct store_dep_rows rows = VEC_INIT;
	auto_strv struct strv deps = STRV_INIT, held = STRV_INIT;
	double seconds;

	finish(id, STATUS_SUCCESS, "p-1-1.noarch", "x");
	finish(id, STATUS_FAILED, NULL, NULL);
	finish(id, STATUS_SUCCESS, NULL, NULL);
	OK(store_build_get(st, id, &b, err));
	assert_int_equal(store_success_before(st, &b, &got, NULL), -ERR_NOT_FOUND);
	OK(store_estimate(st, "t", "none", &seconds, err));
	OK(store_build_attempts(st, id, &tries, err));
	OK(store_standings(st, "t", &standings, err));
	OK(store_standing(st, "t", b.project, &standing, err));
	strv_add(&deps, "a");
	OK(store_deps_set(st, "t", "p", DEP_REQUIRES, &deps, err));
	OK(store_deps(st, "t", NULL, &rows, err));
	OK(store_deps(st, "t", "p", &rows, err));
	OK(store_hold(st, "p", true, err));
	OK(store_hold(st, "p", false, err));
	OK(store_held(st, &held, err));
	OK(store_build_requeue(st, id, "recheck", err));
	OK(store_build_set_detail(st, id, "who", 0, err));
	OK(store_build_set_waits(st, id, "x", err));
	OK(store_build_set_blamed(st, id, "x", err));
	OK(store_build_set_not_before(st, id, 1, err));
	OK(store_build_set_priority(st, id, 1, err));
	OK(store_build_set_pinned(st, id, true, err));
	OK(store_requeue_running(st, NULL, err));
	OK(store_build_cancel(st, id, NULL, err));
	OK(store_build_delete(st, id, err));
	store_build_release(&b);
	store_standing_release(&standing);
	vec_free(&tries, store_attempt_release);
	vec_free(&standings, store_standing_release);
	vec_free(&rows, store_dep_row_release);
}

/* No statement about builds reads a whole table. */
static void test_plans(void **state)
{
	static const char *const tables[] = {"build", "b", "package", "k", "artifact", "step",
		"attempt", "standing", "s", "dep", "o"};
	struct store_filter f = {.target = "t", .project = "p", .state = -1, .limit = 1};
	struct store_builds v = VEC_INIT;
	struct package_vec packages = VEC_INIT;
	auto_free char *sha = NULL;

	(void)state;
	for (int i = 0; i < 2; i++, f.project = NULL)
		OK(store_builds(st, &f, &v, err));
	f = (struct store_filter){.state = BUILD_QUEUED, .oldest_first = true};
	OK(store_builds(st, &f, &v, err));
	OK(store_last_builds(st, "t", &v, err));
	OK(store_published_builds(st, "t", &v, err));
	OK(store_published_packages(st, "t", &packages, err));
	OK(store_published_files(st, "t", "p", &packages, err));
	OK(store_nevra_sha(st, "t", "n", &sha, err));
	ask_everything(add("t", "x", "1"));
	ask_for_pages(add("t", "y", "1"));
	for (size_t i = 0; i < st->db->kept.n; i++) {
		auto_free char *sql = xasprintf("explain query plan %s", st->db->kept.v[i].sql);
		sqlite3_stmt *q = NULL;

		if (str_starts(st->db->kept.v[i].sql, "pragma"))
			continue;
		assert_int_equal(sqlite3_prepare_v2(st->db->sq, sql, -1, &q, NULL), SQLITE_OK);
		while (sqlite3_step(q) == SQLITE_ROW) {
			const char *plan = (const char *)sqlite3_column_text(q, 3);

			if (strstr(plan, "TEMP B-TREE FOR ORDER BY"))
				fail_msg("%s: %s", plan, st->db->kept.v[i].sql);
			for (size_t k = 0; k < COUNTOF(tables); k++) {
				size_t n = strlen(tables[k]);

				if (str_starts(plan, "SCAN ") && str_starts(plan + 5, tables[k]) &&
					(!plan[5 + n] || plan[5 + n] == ' '))
					fail_msg("%s: %s", plan, st->db->kept.v[i].sql);
			}
		}
		sqlite3_finalize(q);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_life), T(test_missing), T(test_published),
		T(test_lists), T(test_untry), T(test_seen_and_requests), T(test_transactions),
		T(test_killed), T(test_read_only), T(test_read_only_directory), T(test_others),
		T(test_newer), T(test_foreign), T(test_corrupt), T(test_truncated),
		T(test_corrupt_page), T(test_plans)};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
