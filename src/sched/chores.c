/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chores.c - housekeeping. Hourly, in a helper, for trees are large: roots and downloads by `cache`
 * of the configuration, logs packed. Daily, in slices between other things, for it changes the
 * store: the history by `keep`. That any of it fails spoils no build.
 */
#include "base/fs.h"
#include "base/log.h"
#include "base/time.h"
#include "repo/gc.h"
#include "repo/logs.h"
#include "root/root.h"
#include "sched/internal.h"

#define CHORES_MS (3600 * UINT64_C(1000))
#define GC_MS     (24 * CHORES_MS)
#define SLICE_MS  50 /* of the history; then others have their turn */
#define PAUSE_MS  50
#define PACK_AGE  86400 /* seconds: logs of younger builds are still looked at */
#define PACK_MAX  1000  /* builds in one go */

static int housekeep(void *ctx, int out)
{
	const struct sched *s = ctx;
	const struct config_cache *c = &s->cfg->cache;
	auto_free char *roots = path_join(s->cfg->data, "roots");
	auto_free char *cache = path_join(s->cfg->data, "cache");
	int64_t since = c->unused ? time_now() - (int64_t)c->unused : 0;
	auto_err struct err e = ERR_INIT;
	uint64_t bytes;
	size_t n = 0, packed = 0;

	if (root_gc(roots, since, c->roots, false, &n, &bytes, &e) < 0 ||
		root_cache_gc(cache, since, false, &bytes, &e) < 0)
		(void)dprintf(out, "warn removing what is not used any more: %s\n", e.msg);
	if (s->daemon && repo_logs_compress(s->cfg->data, time_now() - PACK_AGE, PACK_MAX, &packed,
				 &bytes, &e) < 0)
		(void)dprintf(out, "warn packing logs: %s\n", e.msg);
	if (n)
		(void)dprintf(out, "info removed %zu unused root%s\n", n, n == 1 ? "" : "s");
	return 0;
}

static int on_line(struct sched *s, void *ctx, const char *line, struct err *err)
{
	(void)s;
	(void)ctx;
	(void)err;
	if (str_starts(line, "warn "))
		log_warn("%s", line + 5);
	else if (str_starts(line, "info "))
		log_info("%s", line + 5);
	return 0;
}

static int start(struct sched *s, struct err *err)
{
	return helper_start(s, "chores", housekeep, s, on_line, NULL, err);
}

static int on_chores(void *ctx, struct err *err)
{
	struct sched *s = ctx;
	auto_err struct err e = ERR_INIT;

	(void)err;
	loop_in(s->loop, &s->chores, CHORES_MS);
	if (!helper_runs(s, "chores") && start(s, &e) < 0)
		log_warn("housekeeping: %s", e.msg);
	return 0;
}

/* ---- the history ---- */

static void forgotten(void *ctx, const struct repo_gc_item *i)
{
	struct sched *s = ctx;

	if (s->report)
		(void)report_forget(s->report, &i->build, NULL);
}

static void gc_end(struct sched *s)
{
	struct repo_gc_sums sums = repo_gc_sums(s->gc);
	char size[32];

	size_format(sums.bytes, size, sizeof size);
	if (sums.builds || sums.packages)
		log_info("removed %zu old builds, %zu repositories, %zu packages (%s)", sums.builds,
			sums.repositories, sums.packages, size);
	gc_close(s);
}

static int on_slice(void *ctx, struct err *err UNUSED)
{
	struct sched *s = ctx;
	auto_err struct err e = ERR_INIT;
	int r;

	if (!s->gc)
		return gc_start(s), 0;
	if (s->stalled) {
		loop_in(s->loop, &s->slice, CHORES_MS);
		return 0;
	}
	if ((r = repo_gc_step(s->gc, SLICE_MS, &e)) > 0) {
		loop_in(s->loop, &s->slice, PAUSE_MS);
		return 0;
	}
	if (r < 0)
		log_warn("removing old builds: %s", e.msg);
	gc_end(s);
	return 0;
}

/* The next one is a day after the end of this. */
void gc_close(struct sched *s)
{
	if (s->gc)
		repo_gc_free(TAKE(s->gc));
	if (s->slice.fn)
		loop_in(s->loop, &s->slice, GC_MS);
}

void gc_start(struct sched *s)
{
	const struct config_keep *k = &s->cfg->keep;
	struct repo_gc_policy p = {
		.age = k->age, .count = k->count, .newest = k->newest, .now = time_now()};
	auto_err struct err e = ERR_INIT;

	if (s->gc)
		return;
	s->slice.fn = on_slice;
	s->slice.ctx = s;
	loop_in(s->loop, &s->slice, k->age || k->count ? PAUSE_MS : GC_MS);
	if (!k->age && !k->count)
		return;
	if (repo_gc_plan(s->cfg->data, s->store, &p, false, &s->gc, &e) < 0) {
		log_warn("removing old builds: %s", e.msg);
		loop_in(s->loop, &s->slice, GC_MS);
		return;
	}
	repo_gc_on_delete(s->gc, forgotten, s);
}

void chores_timer(struct sched *s)
{
	s->slice.fn = on_slice;
	s->slice.ctx = s;
	/* soon, but not before what a restart is for */
	loop_in(s->loop, &s->slice, CHORES_MS / 4);
	s->chores.fn = on_chores;
	s->chores.ctx = s;
	loop_in(s->loop, &s->chores, CHORES_MS);
}

void chores_now(struct sched *s)
{
	auto_err struct err e = ERR_INIT;

	if (start(s, &e) < 0)
		log_warn("housekeeping: %s", e.msg);
	while (helper_runs(s, "chores") && loop_step(s->loop, &e) >= 0)
		;
}
