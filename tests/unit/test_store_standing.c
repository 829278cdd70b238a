/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where projects stand, kept up outcome by outcome, and what their history says. */
#include "base/base.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

#include "store_fixture.h"

static void expect(const char *project, const char *want)
{
	auto_free char *got = NULL;
	struct store_standing s = {0};

	OK(store_standing(st, "t", project, &s, err));
	got = xasprintf("%s %lld good %lld bad %lld, %lld:%lld", store_state_name(s.state),
		(long long)s.last, (long long)s.last_success, (long long)s.first_failure,
		(long long)s.n_success, (long long)s.n_failed);
	assert_string_equal(got, want);
	assert_true(!s.last_success == !s.last_success_time);
	assert_true(!s.first_failure == !s.first_failure_time);
	store_standing_release(&s);
}

static void test_standing(void **state)
{
	auto_err struct err e = ERR_INIT;
	struct store_standings v = VEC_INIT;
	struct store_standing s;
	int64_t b[7];

	(void)state;
	for (size_t i = 1; i < COUNTOF(b); i++) {
		char sha[4];

		snprintf(sha, sizeof sha, "%zu", i);
		b[i] = add("t", "p", sha);
	}
	assert_int_equal(store_standing(st, "t", "p", &s, &e), -ERR_NOT_FOUND);
	finish(b[1], STATUS_RETRY, NULL, NULL);
	assert_int_equal(store_standing(st, "t", "p", &s, &e), -ERR_NOT_FOUND);
	finish(b[1], STATUS_FAILED, NULL, NULL);
	expect("p", "failed 1 good 0 bad 1, 0:1");
	finish(b[2], STATUS_SUCCESS, NULL, NULL);
	expect("p", "success 2 good 2 bad 0, 1:1");
	finish(b[3], STATUS_FAILED, NULL, NULL);
	finish(b[4], STATUS_FAILED, NULL, NULL);
	expect("p", "failed 4 good 2 bad 3, 1:3");
	/* the middle one succeeds now: the failure began after it */
	finish(b[3], STATUS_SUCCESS, NULL, NULL);
	expect("p", "failed 4 good 3 bad 4, 2:3");
	/* an old one fails now: nothing that stands changes */
	finish(b[2], STATUS_FAILED, NULL, NULL);
	expect("p", "failed 4 good 3 bad 4, 2:4");
	/* the last success fails now: none before it is good either */
	finish(b[3], STATUS_FAILED, NULL, NULL);
	expect("p", "failed 4 good 0 bad 1, 2:5");
	finish(b[1], STATUS_SUCCESS, NULL, NULL);
	expect("p", "failed 4 good 1 bad 2, 3:5");
	finish(b[4], STATUS_SUCCESS, NULL, NULL);
	expect("p", "success 4 good 4 bad 0, 4:5");
	OK(store_build_requeue(st, b[4], "recheck", err));
	expect("p", "success 4 good 4 bad 0, 4:5");
	OK(store_build_cancel(st, b[4], NULL, err));
	expect("p", "success 4 good 4 bad 0, 4:5");
	finish(b[4], STATUS_FAILED, NULL, NULL);
	expect("p", "failed 4 good 1 bad 2, 4:6");

	finish(add("o", "p", "1"), STATUS_SUCCESS, NULL, NULL);
	OK(store_standings(st, NULL, &v, err));
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[0].target, "o");
	vec_free(&v, store_standing_release);
	OK(store_standings(st, "t", &v, err));
	assert_int_equal(v.n, 1);
	vec_free(&v, store_standing_release);
	assert_int_equal(store_standing(st, "x", "p", &s, &e), -ERR_NOT_FOUND);
}

/* The last one is queued again when an older one, the first failure, succeeds. */
static void test_standing_with_last_queued(void **state)
{
	int64_t a = add("t", "p", "1"), b = add("t", "p", "2");

	(void)state;
	finish(a, STATUS_FAILED, NULL, NULL);
	finish(b, STATUS_FAILED, NULL, NULL);
	OK(store_build_requeue(st, b, "recheck", err));
	finish(a, STATUS_SUCCESS, NULL, NULL);
	expect("p", "failed 2 good 1 bad 2, 1:2");
	finish(b, STATUS_SUCCESS, NULL, NULL);
	expect("p", "success 2 good 2 bad 0, 2:2");
}

/* Outcomes in any order come to what the rows say when all is over: whatever has succeeded, each
 * build succeeds and fails from there. In each of the 32 cases the next of the ten that was not yet
 * tried is taken; that leads through all of them. */
static void test_standing_any_order(void **state)
{
	static const char sql[] =
		"select s.state = (select state from build where id = l) and s.last = l and "
		"s.last_success = g and s.first_failure = coalesce((select min(id) from build "
		"where state = 3 and id > g), 0) from standing s, (select max(id) as l, "
		"coalesce(max(case when state = 2 then id end), 0) as g from build "
		"where state in (2, 3))";
	enum { N = 5, CASES = 1 << N };
	int64_t b[N];
	unsigned good = 0, tried[CASES] = {0};

	(void)state;
	OK(store_begin(st, err));
	for (size_t i = 0; i < N; i++) {
		char sha[4];

		snprintf(sha, sizeof sha, "%zu", i);
		b[i] = add("t", "p", sha);
	}
	for (int i = 0; i < 408; i++) {
		auto_query sqlite3_stmt *q = NULL;

		unsigned next = tried[good]++ % (N * 2), k = next / 2;

		finish(b[k], next % 2 ? STATUS_SUCCESS : STATUS_FAILED, NULL, NULL);
		good = next % 2 ? good | 1U << k : good & ~(1U << k);
		OK(db_query(st->db, sql, &q, err));
		assert_int_equal(db_step(st->db, q, NULL), 1);
		if (!sqlite3_column_int(q, 0))
			fail_msg("standing and builds differ after outcome %d", i);
	}
	for (size_t i = 0; i < CASES; i++)
		assert_true(tried[i] >= N * 2);
	OK(store_commit(st, err));
}

static void count_problem(void *ctx, const char *what, bool repaired)
{
	size_t *n = ctx;

	(void)what;
	n[repaired]++;
}

/* What the standing says is compared with the builds; a build that is queued again proves nothing.
 */
static void test_check(void **state)
{
	static const char *const damage[] = {"delete from standing",
		"update standing set last = 1, state = 3", "update standing set state = 3",
		"update standing set last_success = 1", "update standing set last_success = 2",
		"update standing set first_failure = 3", "update standing set n_failed = 0"};
	int64_t a = add("t", "p", "1"), b = add("t", "p", "2"), c = add("t", "p", "3");
	size_t n[2] = {0};

	(void)state;
	OK(store_check(st, false, count_problem, n, err));
	finish(a, STATUS_SUCCESS, NULL, NULL);
	finish(b, STATUS_FAILED, NULL, NULL);
	finish(c, STATUS_SUCCESS, NULL, NULL);
	OK(store_check(st, false, count_problem, n, err));
	OK(store_build_requeue(st, c, "recheck", err));
	OK(store_check(st, true, count_problem, n, err));
	assert_int_equal(n[0] + n[1], 0);
	expect("p", "success 3 good 3 bad 0, 2:1");
	finish(c, STATUS_SUCCESS, NULL, NULL);
	for (size_t i = 0; i < COUNTOF(damage); i++) {
		OK(db_exec(st->db, damage[i], err));
		n[0] = n[1] = 0;
		OK(store_check(st, false, count_problem, n, err));
		if (n[0] != 1)
			fail_msg("not found: %s", damage[i]);
		OK(store_check(st, true, count_problem, n, err));
		OK(store_check(st, false, count_problem, n, err));
		assert_int_equal(n[0], 1);
		assert_int_equal(n[1], 1);
	}
	/* what gc took is not missed */
	OK(store_build_delete(st, b, err));
	n[0] = n[1] = 0;
	OK(store_check(st, true, count_problem, n, err));
	assert_int_equal(n[0] + n[1], 0);
	finish(a, STATUS_FAILED, NULL, NULL);
	OK(store_check(st, true, count_problem, n, err));
	assert_int_equal(n[0] + n[1], 0);
}

static void test_success_before(void **state)
{
	int64_t a = add("t", "p", "1"), other = add("t", "q", "1"), b = add("t", "p", "2");
	struct store_build of = {.target = (char[]){"t"}, .project = (char[]){"p"}, .id = b};
	struct store_build got = {0};
	auto_err struct err e = ERR_INIT;

	(void)state;
	finish(other, STATUS_SUCCESS, NULL, NULL);
	finish(b, STATUS_SUCCESS, NULL, NULL);
	assert_int_equal(store_success_before(st, &of, &got, &e), -ERR_NOT_FOUND);
	finish(a, STATUS_SUCCESS, NULL, NULL);
	OK(store_success_before(st, &of, &got, err));
	assert_int_equal(got.id, a);
	store_build_release(&got);
}

static void take(const char *project, const char *sha, enum build_status status, double seconds)
{
	struct result r = {.status = status};
	int64_t id = add("t", project, sha);

	*vec_push(&r.steps) = (struct build_step){xstrdup("build"), seconds, 0};
	OK(store_build_start(st, id, err));
	OK(store_build_finish(st, id, &r, err));
	result_release(&r);
}

static void expect_estimate(const char *project, double want)
{
	double got = -1;

	OK(store_estimate(st, "t", project, &got, err));
	assert_true(got == want);
}

static void test_estimate(void **state)
{
	(void)state;
	expect_estimate("p", 0);
	take("q", "1", STATUS_FAILED, 7);
	expect_estimate("q", 7);
	expect_estimate("p", 0);
	take("q", "2", STATUS_SUCCESS, 100);
	expect_estimate("q", 100);
	expect_estimate("p", 100);
	take("p", "1", STATUS_SUCCESS, 1);
	take("p", "2", STATUS_SUCCESS, 3);
	expect_estimate("p", 2);
	take("p", "3", STATUS_SUCCESS, 50);
	take("p", "4", STATUS_FAILED, 1000);
	expect_estimate("p", 3);
	/* long ago does not count */
	for (int i = 10; i < 30; i++) {
		char sha[4];

		snprintf(sha, sizeof sha, "%d", i);
		take("p", sha, STATUS_SUCCESS, 60);
	}
	expect_estimate("p", 60);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_standing), T(test_standing_with_last_queued),
		T(test_standing_any_order), T(test_check), T(test_success_before),
		T(test_estimate)};

	return cmocka_run_group_tests_name("store_standing", tests, NULL, NULL);
}
