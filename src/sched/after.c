/* SPDX-License-Identifier: GPL-3.0-or-later */
/* after.c - what follows an outcome: the record, in one transaction with all that hangs on it, then
 * where the project stands and what is queued because of it. */
#include "base/log.h"
#include "base/time.h"
#include "sched/internal.h"
#include "sched/rebuild.h"

static int load_graph(struct sched *s, struct goal *g, struct err *err)
{
	graph_free(TAKE(g->graph));
	return graph_load(s->cfg, g->name, s->store, &g->graph, err);
}

static bool is_configured(const struct sched *s, const char *target)
{
	vec_foreach (&s->cfg->targets, t)
		if (str_eq((*t)->name, target))
			return true;
	return false;
}

int after_open(struct sched *s, struct err *err)
{
	int r;

	vec_foreach (&s->goals, g) {
		graph_free(TAKE((*g)->graph));
		if (is_configured(s, (*g)->name) && (r = load_graph(s, *g, err)) < 0)
			return r;
	}
	if ((r = show_open(s, err)) < 0)
		return r;
	return tell_open(s, err);
}

void after_close(struct sched *s)
{
	tell_close(s);
	show_close(s);
}

/* A failure for want of something whose own project failed is explained by that. */
static const char *blame(const struct worker *w, const struct goal *g)
{
	const struct strv *needs;

	if (w->res->status != STATUS_FAILED || w->res->cause != CAUSE_DEPENDENCY || !g->graph ||
		!(needs = graph_needs(g->graph, w->lane->project)))
		return NULL;
	for (size_t i = 0; i < needs->n; i++) {
		const struct lane *l = lane_find(w->s, w->lane->target, needs->v[i]);

		if (l && l->last && l->state == BUILD_FAILED)
			return l->project;
	}
	return NULL;
}

static int record(struct worker *w, bool published, struct err *err)
{
	struct store *st = w->s->store;
	int64_t id = w->build.id;
	int r = store_build_finish(st, id, w->res, err);

	if (r >= 0 && published)
		r = store_build_published(st, id, w->repo, err);
	if (r >= 0 && w->res->status == STATUS_RETRY)
		r = store_build_set_not_before(
			st, id, time_now() + (int64_t)retry_delay(w->item.tries), err);
	return r;
}

/* What it lacked may have been published while it looked for it. */
static bool came_too_early(const struct worker *w, const struct goal *g)
{
	return w->res->status == STATUS_FAILED && w->res->cause == CAUSE_DEPENDENCY &&
	       g->published != w->published;
}

/* ret_before: where the project stood; ret_queued: how many builds it set off. */
static int consequences(
	struct worker *w, const struct store_standing *before, size_t *ret_queued, struct err *err)
{
	CLEANUP(store_build_release) struct store_build row = {0};
	struct goal *g = goal_find(w->s, w->lane->target);
	const char *whom;
	int r = store_build_get(w->s->store, w->build.id, &row, err);

	if (r >= 0 && g->graph && w->res->status != STATUS_RETRY)
		r = rebuild_after(w->s, g->graph, &row, w->res, ret_queued, err);
	if (r >= 0 && came_too_early(w, g)) {
		++*ret_queued;
		return store_build_requeue(w->s->store, w->build.id, "dependency", err);
	}
	if (r >= 0 && (whom = blame(w, g)))
		r = store_build_set_blamed(w->s->store, w->build.id, whom, err);
	return r < 0 ? r : tell_outcome(w, before, err);
}

static int stand_of(struct worker *w, struct store_standing *ret, struct err *err)
{
	auto_err struct err e = ERR_INIT;
	int r = store_standing(w->s->store, w->lane->target, w->lane->project, ret, &e);

	return r == -ERR_NOT_FOUND ? 0 : r < 0 ? err_move(err, &e) : 0;
}

static int record_all(struct worker *w, bool published, size_t *ret_queued, struct err *err)
{
	CLEANUP(store_standing_release) struct store_standing before = {0};
	int r = stand_of(w, &before, err);

	if (r < 0 || (r = record(w, published, err)) < 0 ||
		(r = consequences(w, &before, ret_queued, err)) < 0)
		return r;
	return store_commit(w->s->store, err);
}

/* Rebuilds of older commits may have been given up for this one. */
static int follow_lane(struct sched *s, struct lane *l, struct err *err)
{
	for (size_t i = l->queue.n; i-- > 0;) {
		CLEANUP(store_build_release) struct store_build b = {0};
		int64_t id = l->queue.v[i].id;
		int r = l->queue.v[i].rebuild ? store_build_get(s->store, id, &b, err) : 0;

		if (r < 0)
			return r;
		if (b.id && b.state != BUILD_QUEUED && b.state != BUILD_RETRY)
			lane_remove(l, id);
	}
	return 0;
}

/* Memory follows the store. */
static int stand(struct worker *w, struct err *err)
{
	CLEANUP(store_standing_release) struct store_standing st = {0};
	struct lane *l = w->lane;
	int r = stand_of(w, &st, err);

	if (r < 0)
		return r;
	l->state = st.state;
	l->last = st.last;
	l->last_success = st.last_success;
	if ((r = follow_lane(w->s, l, err)) < 0)
		return r;
	/* new builds and old ones that are tried again */
	return w->set_off ? lanes_add_rows(w->s, 0, err) : 0;
}

static int record_once(struct worker *w, bool published, struct err *err)
{
	struct sched *s = w->s;
	struct goal *g = goal_find(s, w->lane->target);
	size_t queued = 0;
	int r = store_begin(s->store, err);

	if (r < 0)
		return r;
	if ((r = record_all(w, published, &queued, err)) < 0) {
		store_rollback(s->store);
		/* the graph has learned what the store has not */
		if (g->graph)
			(void)load_graph(s, g, NULL);
		return r;
	}
	g->published += published;
	w->recorded = true;
	w->set_off = queued;
	return 0;
}

int after_record(struct worker *w, bool published, struct err *err)
{
	int r = w->recorded ? 0 : record_once(w, published, err);

	if (r < 0)
		return r;
	queue_changed(w->s, w->lane->target);
	return stand(w, err);
}

int after_outcome(struct worker *w, struct err *err)
{
	(void)err;
	show_build(w->s, w->build.id);
	tell_look(w->s);
	return 0;
}

int after_cancel(struct sched *s, int64_t id, const char *target, struct err *err)
{
	(void)err;
	queue_changed(s, target);
	show_build(s, id);
	return 0;
}

int after_probe(struct worker *w, struct err *err)
{
	struct goal *g = goal_find(w->s, w->lane->target);
	auto_err struct err e = ERR_INIT;

	if (w->s->opts->dry_run && w->res->status != STATUS_SUCCESS)
		plan_probe_failed(w);
	if (!g->graph || rebuild_declared(w->s, g->graph, w->lane->target, w->lane->project, w->res,
				 &e) >= 0)
		return 0;
	return sched_stall(w->s, &e, err);
}
