/* SPDX-License-Identifier: GPL-3.0-or-later */
/* show.c - pages in the supervisor's loop: a build's when it ends, those of the queue at most once
 * a second. Trouble with them holds nothing back and is said once. */
#include "base/fs.h"
#include "base/log.h"
#include "base/time.h"
#include "sched/internal.h"
#include "sched/pages.h"

#define PAGES_MS      1000
#define WAITS_AT_ONCE 20 /* pages of projects that wait, written each second */
#define TICK_MS       (600 * UINT64_C(1000))
#define SLICE_MS      25 /* of pages written anew, and as long for others */

/* They are made up for when the disk is well again. */
static void trouble(struct sched *s, struct err *e)
{
	auto_err struct err disk = ERR_INIT;

	s->pages_behind = true;
	if (s->daemon && sched_disk(s, &disk) < 0) {
		if (!s->stalled)
			(void)sched_stall(s, &disk, NULL);
	} else if (!str_eq_null(s->pages_why, e->msg)) {
		log_warn("pages: %s", e->msg);
		str_set(&s->pages_why, e->msg);
	}
	err_clear(e);
}

static void soon(struct sched *s)
{
	if (s->report && s->daemon && (!s->pages.at || s->pages.at > loop_now(s->loop) + PAGES_MS))
		loop_in(s->loop, &s->pages, PAGES_MS);
}

void queue_changed(struct sched *s, const char *target)
{
	struct goal *g = goal_find(s, target);

	if (g)
		g->queue_changed = true;
	soon(s);
}

void waits_changed(struct sched *s, const struct lane *l)
{
	struct goal *g = goal_find(s, l->target);

	queue_changed(s, l->target);
	if (g && s->report && !strv_has(&g->waits_changed, l->project))
		strv_add(&g->waits_changed, l->project);
}

void reach_changed(struct sched *s, const struct project *p)
{
	vec_foreach (&s->goals, i) {
		struct goal *g = *i;
		const struct lane *l = lane_find(s, g->name, p->conf->project);

		if (!l || !l->conf)
			continue;
		g->reach_changed = true;
		if (!strv_has(&g->waits_changed, l->project))
			strv_add(&g->waits_changed, l->project);
	}
	soon(s);
}

/* Of very many that wait for one each has its turn. True: some are left. */
static bool write_waits(struct sched *s, size_t most)
{
	bool left = false;

	vec_foreach (&s->goals, g) {
		auto_err struct err e = ERR_INIT;

		if (report_waits(s->report, (*g)->name, &(*g)->waits_changed, most, &e) < 0)
			trouble(s, &e);
		left |= (*g)->waits_changed.n > 0;
	}
	return left;
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

/* Who cannot be looked at: into the store, from which the pages have it. */
static void write_reach(struct sched *s)
{
	auto_err struct err e = ERR_INIT;

	if (trouble_keep(s, &e) < 0) {
		trouble(s, &e);
		return;
	}
	vec_foreach (&s->goals, g) {
		if ((*g)->reach_changed && report_status(s->report, (*g)->name, &e) < 0)
			trouble(s, &e);
		(*g)->reach_changed = false;
	}
}

static int on_pages(void *ctx, struct err *err UNUSED)
{
	struct sched *s = ctx;
	auto_err struct err e = ERR_INIT;
	bool left = false;

	if (!s->stalled) {
		write_reach(s);
		write_queues(s);
		left = write_waits(s, WAITS_AT_ONCE) || s->trouble_changed;
	}
	if (!s->stalled && report_tick(s->report, time_now(), &e) < 0)
		trouble(s, &e);
	loop_in(s->loop, &s->pages, left ? PAGES_MS : TICK_MS);
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

/* Builds, signals, the watchdog go on meanwhile. */
static int on_anew(void *ctx, struct err *err UNUSED)
{
	struct sched *s = ctx;
	auto_err struct err e = ERR_INIT;
	int r = report_step(s->report, SLICE_MS, &e);

	if (r < 0)
		trouble(s, &e);
	else if (r > 0)
		loop_in(s->loop, &s->anew, SLICE_MS);
	return 0;
}

static void write_anew(struct sched *s)
{
	auto_err struct err e = ERR_INIT;

	s->pages_behind = false;
	if (report_begin(s->report, &e) < 0) {
		trouble(s, &e);
		return;
	}
	s->anew.fn = on_anew;
	s->anew.ctx = s;
	loop_in(s->loop, &s->anew, 0);
}

void show_again(struct sched *s)
{
	soon(s);
	if (s->report && s->daemon && s->pages_behind)
		write_anew(s);
}

int show_open(struct sched *s, struct err *err)
{
	int r;

	if (s->opts->dry_run)
		return 0;
	if ((r = pages_open(s->cfg, s->store, &s->report, err)) < 0)
		return r;
	if (!s->daemon)
		return 0;
	write_anew(s);
	s->pages.fn = on_pages;
	s->pages.ctx = s;
	loop_in(s->loop, &s->pages, PAGES_MS);
	return 0;
}

void show_close(struct sched *s)
{
	if (s->report) {
		loop_forget(s->loop, &s->pages);
		loop_forget(s->loop, &s->anew);
	}
	report_close(TAKE(s->report));
	free(TAKE(s->pages_why));
}

void show_pass(struct sched *s)
{
	auto_err struct err e = ERR_INIT;
	bool changed = false;

	vec_foreach (&s->goals, g)
		changed |= (*g)->queue_changed || (*g)->reach_changed;
	if (!s->report || (!changed && !s->trouble_changed))
		return;
	write_reach(s);
	write_queues(s);
	(void)write_waits(s, SIZE_MAX);
	/* a single pass writes the pages of what changed; what is common to all comes once */
	if (!s->daemon && !report_fresh(s->report) && report_start(s->report, &e) < 0)
		trouble(s, &e);
}
