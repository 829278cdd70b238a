/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tries, cancelling, deleting, waiting, dependencies, holds, and a database of schema 1. */
#include "base/base.h"
#include "base/time.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

#include "store_fixture.h"

static struct store_build get(int64_t id)
{
	struct store_build b = {0};

	OK(store_build_get(st, id, &b, err));
	return b;
}

static int64_t count(const char *sql)
{
	sqlite3_stmt *q = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(st->db->sq, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return n;
}

static void test_columns(void **state)
{
	char t[] = "t", p[] = "p", sha[] = "1", detail[] = "libfoo.so.1 of foo is gone";
	struct store_build b = {.target = t,
		.project = p,
		.upstream_sha = sha,
		.detail = detail,
		.by = 12,
		.priority = -3};
	char content[] = "abc";
	struct result res = {.status = STATUS_SUCCESS, .content = content};
	int64_t id = 0;

	(void)state;
	OK(store_build_add(st, &b, &id, NULL, err));
	b = get(id);
	assert_string_equal(b.detail, detail);
	assert_int_equal(b.by, 12);
	assert_int_equal(b.priority, -3);
	assert_int_equal(b.attempt, 0);
	assert_null(b.waits);
	assert_null(b.content);
	store_build_release(&b);

	OK(store_build_set_waits(st, id, "foo", err));
	OK(store_build_set_priority(st, id, 9, err));
	OK(store_build_set_pinned(st, id, true, err));
	b = get(id);
	assert_string_equal(b.waits, "foo");
	assert_int_equal(b.priority, 9);
	assert_true(b.pinned);
	store_build_release(&b);

	OK(store_build_start(st, id, err));
	OK(store_build_finish(st, id, &res, err));
	b = get(id);
	assert_null(b.waits);
	assert_string_equal(b.content, "abc");
	assert_true(b.pinned);
	store_build_release(&b);

	/* what a person asks for is a new reason; going on with the same is not */
	OK(store_build_requeue(st, id, NULL, err));
	b = get(id);
	assert_string_equal(b.detail, detail);
	store_build_release(&b);
	OK(store_build_requeue(st, id, "recheck", err));
	OK(store_build_set_detail(st, id, "alice", 0, err));
	b = get(id);
	assert_string_equal(b.detail, "alice");
	assert_int_equal(b.by, 0);
	assert_string_equal(b.content, "abc");
	store_build_release(&b);
}

static void test_attempts(void **state)
{
	struct store_attempts v = VEC_INIT;
	struct store_build b;
	int64_t id = add("t", "p", "1");
	size_t n = 0;

	(void)state;
	OK(store_build_attempts(st, id, &v, err));
	assert_int_equal(v.n, 0);
	finish(id, STATUS_RETRY, NULL, NULL);
	OK(store_build_set_not_before(st, id, 5000, err));
	b = get(id);
	assert_int_equal(b.state, BUILD_RETRY);
	assert_int_equal(b.not_before, 5000);
	assert_int_equal(b.retries, 1);
	store_build_release(&b);

	/* a try cut off by a crash */
	OK(store_build_start(st, id, err));
	b = get(id);
	assert_int_equal(b.attempt, 2);
	assert_int_equal(b.not_before, 0);
	store_build_release(&b);
	OK(store_requeue_running(st, &n, err));
	assert_int_equal(n, 1);
	b = get(id);
	assert_int_equal(b.state, BUILD_QUEUED);
	assert_int_equal(b.attempt, 2);
	assert_int_equal(b.retries, 1);
	store_build_release(&b);

	finish(id, STATUS_RETRY, NULL, NULL);
	finish(id, STATUS_FAILED, NULL, NULL);
	b = get(id);
	assert_int_equal(b.attempt, 4);
	assert_int_equal(b.retries, 2);
	store_build_release(&b);
	OK(store_build_attempts(st, id, &v, err));
	assert_int_equal(v.n, 4);
	assert_int_equal(v.v[0].n, 1);
	assert_int_equal(v.v[0].state, BUILD_RETRY);
	assert_int_equal(v.v[1].state, BUILD_RETRY);
	assert_string_equal(v.v[1].message, "interrupted");
	assert_string_equal(v.v[1].cause, "infrastructure");
	assert_true(v.v[1].started > 0 && v.v[1].finished >= v.v[1].started);
	assert_int_equal(v.v[3].state, BUILD_FAILED);
	vec_free(&v, store_attempt_release);

	OK(store_build_requeue(st, id, "recheck", err));
	b = get(id);
	assert_int_equal(b.attempt, 4);
	assert_int_equal(b.retries, 0);
	store_build_release(&b);
}

/* The end of a try whose beginning was not recorded. */
static void test_finish_unstarted(void **state)
{
	struct result res = {.status = STATUS_FAILED, .cause_message = xstrdup("no such ref")};
	struct store_attempts v = VEC_INIT;
	int64_t id = add("t", "p", "1");
	struct store_build b;

	(void)state;
	for (int i = 0; i < 2; i++) {
		OK(store_build_requeue(st, id, NULL, err));
		OK(store_build_finish(st, id, &res, err));
	}
	OK(store_build_attempts(st, id, &v, err));
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[1].message, "no such ref");
	vec_free(&v, store_attempt_release);
	b = get(id);
	assert_int_equal(b.attempt, 2);
	assert_true(b.started > 0);
	store_build_release(&b);
	result_release(&res);
}

static void test_cancel(void **state)
{
	struct store_attempts v = VEC_INIT;
	struct store_standing s;
	auto_err struct err e = ERR_INIT;
	int64_t queued = add("t", "p", "1"), running = add("t", "p", "2"),
		done = add("t", "p", "3");
	struct store_build b;

	(void)state;
	OK(store_build_set_waits(st, queued, "foo", err));
	OK(store_build_cancel(st, queued, "alice", err));
	b = get(queued);
	assert_int_equal(b.state, BUILD_CANCELLED);
	assert_string_equal(b.message, "cancelled by alice");
	assert_null(b.waits);
	store_build_release(&b);
	OK(store_build_attempts(st, queued, &v, err));
	assert_int_equal(v.n, 0);

	OK(store_build_start(st, running, err));
	OK(store_build_cancel(st, running, NULL, err));
	OK(store_build_attempts(st, running, &v, err));
	assert_int_equal(v.n, 1);
	assert_int_equal(v.v[0].state, BUILD_CANCELLED);
	vec_free(&v, store_attempt_release);
	assert_int_equal(store_standing(st, "t", "p", &s, &e), -ERR_NOT_FOUND);
	err_clear(&e);

	finish(done, STATUS_FAILED, NULL, NULL);
	assert_int_equal(store_build_cancel(st, done, NULL, &e), -ERR_CONFLICT);
	assert_string_equal(e.msg, "build 3 is over: failed");
	err_clear(&e);
	assert_int_equal(store_build_cancel(st, queued, NULL, &e), -ERR_CONFLICT);
	assert_int_equal(store_build_cancel(st, 77, NULL, &e), -ERR_NOT_FOUND);
	finish(done, STATUS_RETRY, NULL, NULL);
	OK(store_build_cancel(st, done, NULL, err));
}

static void test_delete(void **state)
{
	int64_t a = add("t", "p", "1"), b = add("t", "p", "2"), c = add("t", "p", "3");
	auto_err struct err e = ERR_INIT;
	struct store_standing s = {0};
	struct store_build got;

	(void)state;
	publish(a, "p-1-1.noarch", "A");
	finish(b, STATUS_FAILED, "p-2-1.noarch", "B");
	OK(store_build_start(st, c, err));
	assert_int_equal(store_build_delete(st, c, &e), -ERR_CONFLICT);
	OK(store_build_delete(st, a, err));
	OK(store_build_delete(st, b, err));
	assert_int_equal(store_build_get(st, a, &got, &e), -ERR_NOT_FOUND);
	assert_int_equal(store_build_delete(st, a, &e), -ERR_NOT_FOUND);
	assert_int_equal(count("select count(*) from package"), 0);
	assert_int_equal(count("select count(*) from artifact"), 0);
	assert_int_equal(count("select count(*) from attempt"), 0);
	OK(store_standing(st, "t", "p", &s, err));
	assert_int_equal(s.last, b);
	assert_int_equal(s.last_success, a);
	store_standing_release(&s);
}

static void test_unchanged_is_not_written(void **state)
{
	auto_strv struct strv deps = STRV_INIT;
	int64_t id = add("t", "p", "1");
	auto_err struct err e = ERR_INIT;
	int before;

	(void)state;
	strv_addl(&deps, "b >= 1", "a", "b >= 1", NULL);
	OK(store_build_set_waits(st, id, "x", err));
	OK(store_build_set_blamed(st, id, "y", err));
	OK(store_deps_set(st, "t", "p", DEP_REQUIRES, &deps, err));
	before = sqlite3_total_changes(st->db->sq);
	OK(store_build_set_waits(st, id, "x", err));
	OK(store_build_set_blamed(st, id, "y", err));
	OK(store_deps_set(st, "t", "p", DEP_REQUIRES, &deps, err));
	assert_int_equal(sqlite3_total_changes(st->db->sq), before);
	OK(store_build_set_waits(st, id, NULL, err));
	assert_int_equal(sqlite3_total_changes(st->db->sq), before + 1);
	assert_int_equal(store_build_set_waits(st, 9, NULL, &e), -ERR_NOT_FOUND);
	assert_int_equal(store_build_set_blamed(st, 9, "x", &e), -ERR_NOT_FOUND);
	assert_int_equal(store_build_set_pinned(st, 9, true, &e), -ERR_NOT_FOUND);
	assert_int_equal(store_build_set_detail(st, 9, "x", 0, &e), -ERR_NOT_FOUND);
}

static void expect_deps(const char *target, const char *project, const char *want)
{
	struct store_dep_rows v = VEC_INIT;
	auto_strbuf struct strbuf s = STRBUF_INIT;

	OK(store_deps(st, target, project, &v, err));
	vec_foreach (&v, d)
		sb_addf(&s, "%s/%d/%s ", d->project, (int)d->kind, d->dep);
	assert_string_equal(sb_str(&s), want);
	vec_free(&v, store_dep_row_release);
}

static void test_deps(void **state)
{
	auto_strv struct strv deps = STRV_INIT, one = STRV_INIT, none = STRV_INIT;

	(void)state;
	strv_addl(&deps, "libfoo.so.1()(64bit)", "(a or b)", NULL);
	strv_addl(&one, "x", NULL);
	OK(store_deps_set(st, "t", "q", DEP_PROVIDES, &one, err));
	OK(store_deps_set(st, "t", "p", DEP_BUILD_REQUIRES, &deps, err));
	OK(store_deps_set(st, "t", "p", DEP_PROVIDES, &one, err));
	OK(store_deps_set(st, "o", "p", DEP_PROVIDES, &deps, err));
	expect_deps("t", NULL, "p/0/(a or b) p/0/libfoo.so.1()(64bit) p/1/x q/1/x ");
	expect_deps("t", "p", "p/0/(a or b) p/0/libfoo.so.1()(64bit) p/1/x ");
	OK(store_deps_set(st, "t", "p", DEP_BUILD_REQUIRES, &one, err));
	expect_deps("t", "p", "p/0/x p/1/x ");
	OK(store_deps_set(st, "t", "p", DEP_BUILD_REQUIRES, &none, err));
	expect_deps("t", NULL, "p/1/x q/1/x ");
	expect_deps("o", "q", "");
}

static void test_hold(void **state)
{
	auto_strv struct strv v = STRV_INIT;
	auto_free char *s = NULL;

	(void)state;
	OK(store_hold(st, "q", true, err));
	OK(store_hold(st, "", true, err));
	OK(store_hold(st, "", true, err));
	OK(store_hold(st, "gone", false, err));
	OK(store_hold(st, "p", true, err));
	OK(store_hold(st, "q", false, err));
	OK(store_held(st, &v, err));
	s = strv_join(&v, ",");
	assert_string_equal(s, ",p");
}

static char *unreachable(const char *project)
{
	struct store_unreachables v = VEC_INIT;
	struct strbuf s = STRBUF_INIT;

	OK(store_unreachable(st, project, &v, err));
	vec_foreach (&v, u)
		sb_addf(&s, "%s %lld %s;", u->project, (long long)u->since, u->text);
	vec_free(&v, store_unreachable_release);
	return sb_take(&s);
}

static void test_unreachable(void **state)
{
	auto_free char *all = NULL, *one = NULL, *none = NULL, *left = NULL;

	(void)state;
	OK(store_unreachable_set(st, "q", 20, "no route", err));
	OK(store_unreachable_set(st, "p", 10, "gone", err));
	OK(store_unreachable_set(st, "q", 30, "another reason", err));
	all = unreachable(NULL);
	assert_string_equal(all, "p 10 gone;q 20 another reason;");
	one = unreachable("q");
	assert_string_equal(one, "q 20 another reason;");
	none = unreachable("r");
	assert_string_equal(none, "");
	OK(store_unreachable_clear(st, "q", err));
	OK(store_unreachable_clear(st, "r", err));
	left = unreachable(NULL);
	assert_string_equal(left, "p 10 gone;");
}

/* A database as the first release left it. */
static void test_migrate(void **state)
{
	static const char *const rows =
		"insert into project values ('t','good'),('t','bad'),('t','never'),('t','new'),"
		"('t','back');"
		"insert into build (id,target,project,upstream_sha,packaging_sha,rebuild,state,"
		"queued,started,finished,seconds,message,published) values"
		" (1,'t','good','1','',0,3,1,10,11,1,'m',0),(2,'t','good','2','',0,2,1,20,21,2,"
		"null,1),"
		" (3,'t','bad','1','',0,2,1,30,31,3,null,1),(4,'t','bad','2','',0,3,1,40,41,4,'x',"
		"0),"
		" (5,'t','bad','3','',0,3,1,50,51,5,'y',0),(6,'t','bad','4','',0,0,1,null,null,"
		"null,"
		"null,0),"
		" (7,'t','never','1','',0,3,1,70,71,7,'z',0),(8,'t','never','2','',0,4,1,80,81,8,'"
		"n',"
		"0),"
		" (9,'t','new','1','',0,0,1,null,null,null,null,0),(10,'t','new','2','',0,1,1,100,"
		"null,null,null,0);"
		"insert into step values (2,0,'build',1.5,0);";
	struct db_schema old = store_schema;
	struct store_standings v = VEC_INIT;
	struct store_attempts tries = VEC_INIT;
	auto_strbuf struct strbuf s = STRBUF_INIT;
	struct store_build b;
	struct db *db = NULL;

	(void)state;
	store_close(st);
	st = NULL;
	assert_int_equal(unlink(db_path), 0);
	old.n = 1;
	OK(db_open(db_path, &old, 0, &db, err));
	OK(db_exec(db, rows, err));
	db_close(db);

	OK(store_open(tmp, false, &st, err));
	OK(store_standings(st, NULL, &v, err));
	vec_foreach (&v, w)
		sb_addf(&s, "%s %s last %lld good %lld@%lld bad %lld@%lld %lld:%lld\n", w->project,
			store_state_name(w->state), (long long)w->last, (long long)w->last_success,
			(long long)w->last_success_time, (long long)w->first_failure,
			(long long)w->first_failure_time, (long long)w->n_success,
			(long long)w->n_failed);
	assert_string_equal(sb_str(&s), "bad failed last 5 good 3@31 bad 4@41 1:2\n"
					"good success last 2 good 2@21 bad 0@0 1:1\n"
					"never failed last 7 good 0@0 bad 7@71 0:1\n");
	vec_free(&v, store_standing_release);
	b = get(8);
	assert_int_equal(b.attempt, 1);
	assert_int_equal(b.retries, 0);
	store_build_release(&b);
	b = get(9);
	assert_int_equal(b.attempt, 0);
	store_build_release(&b);
	OK(store_build_attempts(st, 4, &tries, err));
	assert_int_equal(tries.n, 1);
	assert_string_equal(tries.v[0].message, "x");
	assert_int_equal(tries.v[0].started, 40);
	vec_free(&tries, store_attempt_release);
	/* the next try of what ran when the old program died */
	OK(store_requeue_running(st, NULL, err));
	finish(10, STATUS_SUCCESS, NULL, NULL);
	b = get(10);
	assert_int_equal(b.attempt, 2);
	store_build_release(&b);
	assert_int_equal(count("select count(*) from pragma_foreign_key_check"), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_columns), T(test_attempts),
		T(test_finish_unstarted), T(test_cancel), T(test_delete),
		T(test_unchanged_is_not_written), T(test_deps), T(test_hold), T(test_unreachable),
		T(test_migrate)};

	return cmocka_run_group_tests_name("store_change", tests, NULL, NULL);
}
