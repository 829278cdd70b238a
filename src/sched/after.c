/* SPDX-License-Identifier: GPL-3.0-or-later */
/* after.c - what follows an outcome: the record in one transaction with all that hangs on it, then
 * where the project stands, the order, the pages. */
#include "base/log.h"
#include "base/time.h"
#include "sched/internal.h"

int after_open(struct sched *s, struct err *err)
{
	vec_foreach (&s->goals, g) {
		int r;

		graph_free((*g)->graph);
		(*g)->graph = NULL;
		if ((r = graph_load(s->cfg, (*g)->name, s->store, &(*g)->graph, err)) < 0)
			return r;
	}
	return tell_open(s, err);
}

void after_close(struct sched *s)
{
	tell_close(s);
}

/* A failure for want of something whose own project failed is explained by that. */
static const char *blame(const struct worker *w)
{
	const struct goal *g = goal_find(w->s, w->lane->target);
	const struct strv *needs;

	if (w->res->status != STATUS_FAILED || w->res->cause != CAUSE_DEPENDENCY || !g ||
		!g->graph || !(needs = graph_needs(g->graph, w->lane->project)))
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
	const char *whom;
	int r = store_build_finish(st, id, w->res, err);

	if (r >= 0 && published)
		r = store_build_published(st, id, w->repo, err);
	if (r >= 0 && (whom = blame(w)))
		r = store_build_set_blamed(st, id, whom, err);
	if (r >= 0 && w->res->status == STATUS_RETRY)
		r = store_build_set_not_before(
			st, id, time_now() + (int64_t)retry_delay(w->item.tries), err);
	return r;
}

/* Where the lane stands now. */
static int stand(struct worker *w, struct err *err)
{
	CLEANUP(store_standing_release) struct store_standing st = {0};
	struct lane *l = w->lane;
	int r = store_standing(w->s->store, l->target, l->project, &st, err);

	if (r == -ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	l->state = st.state;
	l->last = st.last;
	l->last_success = st.last_success;
	return 0;
}

int after_record(struct worker *w, bool published, struct err *err)
{
	CLEANUP(store_standing_release) struct store_standing before = {0};
	struct store *st = w->s->store;
	int r = store_begin(st, err);

	if (r < 0)
		return r;
	(void)store_standing(st, w->lane->target, w->lane->project, &before, NULL);
	if ((r = record(w, published, err)) < 0 || (r = tell_outcome(w, &before, err)) < 0 ||
		(r = store_commit(st, err)) < 0) {
		store_rollback(st);
		return r;
	}
	goal_find(w->s, w->lane->target)->queue_changed = true;
	return stand(w, err);
}

int after_outcome(struct worker *w, struct err *err)
{
	(void)err;
	tell_look(w->s);
	return 0;
}

int after_cancel(struct sched *s, int64_t id, const char *target, struct err *err)
{
	struct goal *g = goal_find(s, target);

	(void)id;
	(void)err;
	if (g)
		g->queue_changed = true;
	return 0;
}

int after_probe(struct worker *w, struct err *err)
{
	struct goal *g = goal_find(w->s, w->lane->target);
	const struct result *res = w->res;
	int r;

	if (!g || !g->graph || res->status != STATUS_SUCCESS)
		return 0;
	graph_set(g->graph, w->lane->project, &res->build_requires, &res->provides, NULL);
	if ((r = store_deps_set(w->s->store, w->lane->target, w->lane->project, DEP_BUILD_REQUIRES,
		     &res->build_requires, err)) < 0)
		return r;
	return store_deps_set(
		w->s->store, w->lane->target, w->lane->project, DEP_PROVIDES, &res->provides, err);
}

void after_trouble(struct sched *s, const char *what)
{
	tell_trouble(s, what);
}

void after_pass(struct sched *s)
{
	tell_last(s);
}
