/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order in which commits are tried: how many it takes, what comes first, what skips do. */
#include "base/base.h"
#include "sched/bisect.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct course {
	size_t tried, cheap;
	struct bisect_step end;
	enum bisect_end how;
};

/* Commits as letters: . unknown, c cheap, S and s (cheap) would be skipped; all from `bad` on are
 * bad. */
static struct course run(const char *line, size_t bad)
{
	struct bisect_commits c = {0};
	struct course k = {0};

	for (const char *p = line; *p; p++)
		*vec_push(&c) = (struct bisect_commit){.cheap = *p == 'c' || *p == 's'};
	c.v[c.n - 1].verdict = BISECT_BAD;
	while ((k.how = bisect_next(&c, &k.end)) == BISECT_GO_ON) {
		size_t i = k.end.next;

		assert_true(i >= k.end.first && i < k.end.last);
		assert_int_equal(c.v[i].verdict, BISECT_UNKNOWN);
		assert_true(k.end.left > 0);
		c.v[i].verdict = line[i] == 'S' || line[i] == 's' ? BISECT_SKIP
				 : i >= bad                       ? BISECT_BAD
								  : BISECT_GOOD;
		k.tried++;
		k.cheap += c.v[i].cheap;
	}
	vec_release(&c);
	return k;
}

static void test_every_place(void **state)
{
	char line[65];
	unsigned bits = 0;

	(void)state;
	for (size_t n = 1; n <= 64; n++) {
		memset(line, '.', n);
		line[n] = '\0';
		while (((size_t)1 << bits) < n)
			bits++;
		for (size_t bad = 0; bad < n; bad++) {
			struct course k = run(line, bad);

			assert_int_equal(k.how, BISECT_FOUND);
			assert_int_equal(k.end.first, bad);
			assert_true(k.tried <= bits);
		}
	}
}

/* Builds that exist are all asked before one is made, and one is made only between two of them. */
static void test_cheap_first(void **state)
{
	(void)state;
	for (size_t bad = 0; bad < 32; bad++) {
		struct course k = run("...c...c...c...c...c...c...c...c", bad);

		assert_int_equal(k.how, BISECT_FOUND);
		assert_int_equal(k.end.first, bad);
		assert_true(k.cheap <= 3);
		assert_true(k.tried - k.cheap <= 2);
	}
	assert_int_equal(run("cccccccccccccccc", 5).tried, run("................", 5).tried);
}

static void test_skips(void **state)
{
	struct course k;

	(void)state;
	k = run("..SS..", 2);
	assert_int_equal(k.how, BISECT_BLURRED);
	assert_int_equal(k.end.first, 2);
	assert_int_equal(k.end.last, 4);
	/* a skipped one that does not matter */
	k = run("..S.....", 6);
	assert_int_equal(k.how, BISECT_FOUND);
	assert_int_equal(k.end.first, 6);
	/* nothing can be tried: all are candidates */
	k = run("SSSSSSS", 0);
	assert_int_equal(k.how, BISECT_BLURRED);
	assert_int_equal(k.tried, 6);
	assert_int_equal(k.end.first, 0);
	assert_int_equal(k.end.last, 6);
	/* a long run of them in the middle is left after a few */
	k = run("............SSSSSSSSSSSSSSSSSSSS............................", 50);
	assert_int_equal(k.how, BISECT_FOUND);
	assert_int_equal(k.end.first, 50);
	assert_true(k.tried < 14);
}

static void test_one(void **state)
{
	struct course k;

	(void)state;
	k = run(".", 0);
	assert_int_equal(k.how, BISECT_FOUND);
	assert_int_equal(k.tried, 0);
	assert_int_equal(k.end.first, 0);
}

static void test_estimate(void **state)
{
	struct bisect_commits c = {0};
	struct bisect_step s;

	(void)state;
	for (int i = 0; i < 100; i++)
		*vec_push(&c) = (struct bisect_commit){0};
	c.v[99].verdict = BISECT_BAD;
	assert_int_equal(bisect_next(&c, &s), BISECT_GO_ON);
	assert_int_equal(s.left, 7);
	assert_int_equal(s.next, 49);
	vec_release(&c);
}

static void test_names(void **state)
{
	enum bisect_verdict v;

	(void)state;
	assert_true(bisect_verdict_parse("skip", &v));
	assert_int_equal(v, BISECT_SKIP);
	assert_string_equal(bisect_verdict_name(BISECT_BAD), "bad");
	assert_false(bisect_verdict_parse("", &v));
	assert_false(bisect_verdict_parse(NULL, &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_place),
		cmocka_unit_test(test_cheap_first),
		cmocka_unit_test(test_skips),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_estimate),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
