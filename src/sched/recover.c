/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recover.c - what a supervisor that was killed left. A try begins with an empty directory, so a
 * result.json in it is of that try: a build that was finished but not recorded is recorded now; the
 * others go back into the queue, each once.
 */
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "build/build.h"
#include "sched/internal.h"

#define SWEEP_LAST 200 /* builds of a state whose scratch is looked for */

static struct result *left_result(const struct sched *s, int64_t id)
{
	auto_free char *dir = xasprintf("%s/builds/%lld", s->cfg->data, (long long)id);
	auto_free char *path = path_join(dir, "result.json");
	CLEANUP(result_freep) struct result *res = NULL;
	auto_json json_t *j = NULL;

	if (json_read(path, &j, NULL) < 0 || result_from_json(j, &res, NULL) < 0 ||
		!work_whole(dir, res))
		return NULL;
	return TAKE(res);
}

static int adopt(struct sched *s, const struct store_build *b, struct result *res, struct err *err)
{
	struct item it = {.id = b->id, .priority = b->priority, .tries = b->retries};
	struct lane *l = lane_find(s, b->target, b->project);
	struct worker *w = worker_new(s, l, &it, err);

	if (!w) {
		result_free(res);
		return -(int)(err->code ? err->code : ERR_BUG);
	}
	(void)build_sweep(w->dir, NULL);
	w->res = res;
	w->lints = true;
	l->worker = w;
	log_info("%s: build %lld was finished before, it is taken over", l->project,
		(long long)b->id);
	return work_finish(w, err);
}

/* Lint goes on after the record: that of the last builds may have been killed in it. */
static void sweep_recorded(const struct sched *s, enum store_state state)
{
	struct store_filter f = {.state = (int)state, .limit = SWEEP_LAST};
	struct store_builds last = VEC_INIT;

	(void)store_builds(s->store, &f, &last, NULL);
	vec_foreach (&last, b) {
		auto_free char *dir = xasprintf("%s/builds/%lld", s->cfg->data, (long long)b->id);

		(void)build_sweep(dir, NULL);
	}
	vec_free(&last, store_build_release);
}

int recover(struct sched *s, struct err *err)
{
	struct store_filter f = {.state = BUILD_RUNNING, .oldest_first = true};
	struct store_builds running = VEC_INIT;
	size_t n = 0;
	int r = store_builds(s->store, &f, &running, err);

	for (size_t i = 0; r >= 0 && i < running.n; i++) {
		const struct store_build *b = &running.v[i];
		const struct lane *l = lane_find(s, b->target, b->project);
		struct result *res = l && l->conf ? left_result(s, b->id) : NULL;

		if (res)
			r = adopt(s, b, res, err);
	}
	vec_free(&running, store_build_release);
	/* those that could not be recorded still count as running: next time */
	if (r < 0 || s->stalled)
		return r < 0 ? r : 0;
	if ((r = store_requeue_running(s->store, &n, err)) < 0)
		return r;
	if (n)
		log_info("%zu interrupted build%s queued again", n, n == 1 ? " is" : "s are");
	sweep_recorded(s, BUILD_SUCCESS);
	sweep_recorded(s, BUILD_FAILED);
	s->recovered = true;
	return n ? lanes_add_rows(s, 0, err) : 0;
}
