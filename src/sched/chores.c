/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chores.c - what roots and downloads take, by `cache` of the configuration; in a helper, for trees
 * are large. That it fails spoils no build. */
#include "base/fs.h"
#include "base/log.h"
#include "base/time.h"
#include "root/root.h"
#include "sched/internal.h"

#define CHORES_MS (3600 * UINT64_C(1000))

static int housekeep(void *ctx, int out)
{
	const struct sched *s = ctx;
	const struct config_cache *c = &s->cfg->cache;
	auto_free char *roots = path_join(s->cfg->data, "roots");
	auto_free char *cache = path_join(s->cfg->data, "cache");
	int64_t since = c->unused ? time_now() - (int64_t)c->unused : 0;
	auto_err struct err e = ERR_INIT;
	uint64_t bytes;
	size_t n = 0;

	if (root_gc(roots, since, c->roots, false, &n, &bytes, &e) < 0 ||
		root_cache_gc(cache, since, false, &bytes, &e) < 0)
		(void)dprintf(out, "warn removing what is not used any more: %s\n", e.msg);
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

void chores_timer(struct sched *s)
{
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
