/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a build is tried again, and what a clock that was set does to that. */
#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/time.h"
#include "sched/internal.h"

static void delays(void **state)
{
	static const uint64_t want[] = {60, 240, 960, 3600, 3600};

	(void)state;
	for (size_t i = 0; i < COUNTOF(want); i++)
		assert_int_equal(retry_delay((int64_t)i), want[i]);
	assert_int_equal(retry_delay(-1), 60);
	assert_int_equal(retry_delay(INT64_MAX), 3600);
}

/* What is left of the delay of a row that a supervisor finds at its start, in seconds. */
static int64_t left(bool daemon, enum store_state st, int64_t not_before)
{
	struct sched s = {.daemon = daemon};
	char target[] = "t", project[] = "p", trigger[] = "commit";
	struct store_build b = {.id = 7,
		.target = target,
		.project = project,
		.trigger = trigger,
		.state = st,
		.not_before = not_before,
		.retries = 2};
	struct item it;
	uint64_t now;

	s.loop = loop_new(NULL);
	now = loop_now(s.loop);
	lane_add_row(&s, &b);
	lane_add_row(&s, &b); /* once */
	assert_int_equal(s.lanes.n, 1);
	assert_int_equal(s.lanes.v[0]->queue.n, 1);
	it = s.lanes.v[0]->queue.v[0];
	assert_int_equal(it.tries, 2);
	lanes_close(&s);
	loop_free(s.loop);
	return it.at > now ? (int64_t)(it.at - now + 999) / 1000 : 0;
}

/* The longest delay, and what the machine took for itself since it was asked for. */
static void assert_most(int64_t wait)
{
	assert_in_range(wait, RETRY_MOST, RETRY_MOST + 60);
}

static void clocks(void **state)
{
	const int64_t now = time_now(), year = 31536000;

	(void)state;
	assert_in_range(left(true, BUILD_RETRY, now + 240), 200, 241);
	/* set back: never more than the longest delay; set forward: at once */
	assert_most(left(true, BUILD_RETRY, now + year));
	assert_most(left(true, BUILD_RETRY, INT64_MAX));
	assert_int_equal(left(true, BUILD_RETRY, now - year), 0);
	assert_int_equal(left(true, BUILD_RETRY, 0), 0);
	assert_int_equal(left(true, BUILD_RETRY, INT64_MIN), 0);
	assert_int_equal(left(true, BUILD_QUEUED, now + year), 0);
	/* one pass tries at once */
	assert_int_equal(left(false, BUILD_RETRY, now + year), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(delays), cmocka_unit_test(clocks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
