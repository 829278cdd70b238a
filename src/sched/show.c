/* SPDX-License-Identifier: GPL-3.0-or-later */
/* show.c - pages in the supervisor's loop: a build's when it ends, those of the queue at most once
 * a second. Trouble with them holds nothing back and is said once. */
#include "base/fs.h"
#include "base/log.h"
#include "base/time.h"
#include "sched/internal.h"
#include "sched/pages.h"

#define PAGES_MS 1000
#define TICK_MS  (600 * UINT64_C(1000))

static void trouble(struct sched *s, struct err *e)
{
	if (!str_eq_null(s->pages_why, e->msg)) {
		log_warn("pages: %s", e->msg);
		str_set(&s->pages_why, e->msg);
	}
	err_clear(e);
}

void queue_changed(struct sched *s, const char *target)
{
	struct goal *g = goal_find(s, target);

	if (g)
		g->queue_changed = true;
	if (s->report && s->daemon && (!s->pages.at || s->pages.at > loop_now(s->loop) + PAGES_MS))
		loop_in(s->loop, &s->pages, PAGES_MS);
}

static void write_queues(struct sched *s)
{
	vec_foreach (&s->goals, g) {
		auto_err struct err e = ERR_INIT;

		if ((*g)->queue_changed && report_queue(s->report, (*g)->name, &e) < 0)
			trouble(s, &e);
		(*g)->queue_changed = false;
	}
}

static int on_pages(void *ctx, struct err *err UNUSED)
{
	struct sched *s = ctx;
	auto_err struct err e = ERR_INIT;

	if (!s->stalled)
		write_queues(s);
	if (!s->stalled && report_tick(s->report, time_now(), &e) < 0)
		trouble(s, &e);
	loop_in(s->loop, &s->pages, TICK_MS);
	return 0;
}

void show_build(struct sched *s, int64_t id)
{
	auto_err struct err e = ERR_INIT;

	if (s->report && report_build(s->report, id, &e) < 0)
		trouble(s, &e);
}

void show_lint(struct sched *s, int64_t id)
{
	auto_err struct err e = ERR_INIT;

	if (s->report && report_page(s->report, id, &e) < 0)
		trouble(s, &e);
}

int show_open(struct sched *s, struct err *err)
{
	auto_err struct err e = ERR_INIT;
	int r;

	if (s->opts->dry_run)
		return 0;
	if ((r = pages_open(s->cfg, s->store, &s->report, err)) < 0)
		return r;
	if (!s->daemon)
		return 0;
	if (report_start(s->report, &e) < 0)
		trouble(s, &e);
	s->pages.fn = on_pages;
	s->pages.ctx = s;
	loop_in(s->loop, &s->pages, PAGES_MS);
	return 0;
}

void show_close(struct sched *s)
{
	if (s->report)
		loop_forget(s->loop, &s->pages);
	report_close(TAKE(s->report));
	free(TAKE(s->pages_why));
}

void show_pass(struct sched *s)
{
	auto_err struct err e = ERR_INIT;
	bool changed = false;

	vec_foreach (&s->goals, g)
		changed |= (*g)->queue_changed;
	if (!s->report || !changed)
		return;
	write_queues(s);
	/* a single pass writes the pages of what changed; what is common to all comes once */
	if (!s->daemon && !report_fresh(s->report) && report_start(s->report, &e) < 0)
		trouble(s, &e);
}
