/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pick.c - which build begins next. Of one project on one target the commits go in their order, one
 * at a time; between projects: priority, then who had the fewest since it came in, then the
 * oldest. A build waits for queued and running builds of projects it needs, and for those that
 * failed.
 */
#include "base/log.h"
#include "sched/internal.h"

#define FETCH_PATIENCE_MS (60 * UINT64_C(1000)) /* with those that answer and send nothing */
#define SUPERSEDED_LOOK   100                   /* builds of a project that were published last */

/* Until when a project that is looked at is waited for by others. */
static uint64_t patience(const struct project *p)
{
	return p->asked + (p->moved ? FETCH_PATIENCE_MS : PATIENCE_MS);
}

/* Whether the look at it that goes on may still tell soon what it needs: a remote that does not
 * answer, or a fetch that takes long, is not waited for by strangers. */
static bool is_expected(const struct sched *s, const struct lane *l)
{
	const struct project *p = poll_project(s, l->project);

	return p && p->busy && loop_now(s->loop) < patience(p);
}

/* One pass has the time to do it in order; a service goes on with what there is. */
static bool lane_is_polled(const struct sched *s, const struct lane *l)
{
	const struct project *p = poll_project(s, l->project);

	return p && p->busy && (!s->daemon || loop_now(s->loop) < patience(p));
}

static bool is_wanted(const struct sched *s, const struct lane *l)
{
	return l->conf && sched_wants(s, l->conf);
}

/* The first that may be tried: after one that is to be tried again, the project's later commits
 * wait once. */
static struct item *next_item(const struct sched *s, struct lane *l)
{
	uint64_t now = loop_now(s->loop);

	vec_foreach (&l->queue, it) {
		if (it->at <= now)
			return it;
		if (it->tries <= 1)
			return NULL;
	}
	return NULL;
}

/* ---- the order ---- */

static bool has_failed(const struct sched *s, const struct lane *l)
{
	return l->last && l->state == BUILD_FAILED && !(s->cfg->last_good && l->last_success);
}

static void look(struct sched *s, struct lane *l);

/* What `l` has to wait for in a project it needs. */
static void look_at_need(struct sched *s, struct lane *l, struct lane *need, bool asked)
{
	if (!is_wanted(s, need))
		return;
	if (need->worker) {
		l->waits = true;
		return;
	}
	/* whom it waits for stays as it is while that one is looked at */
	l->waits |= lane_is_polled(s, need);
	if (need->queue.n && !need->held && !s->hold_all) {
		look(s, need);
		l->waits |= !(asked && need->blocker);
		if (need->blocker && !l->blocker && !asked)
			l->blocker = need->blocker;
		return;
	}
	if (!asked && has_failed(s, need) &&
		!graph_in_cycle(goal_find(s, l->target)->graph, l->project, need->project)) {
		l->waits = true;
		if (!l->blocker)
			l->blocker = need;
	}
}

/* Sets waits and blocker; once in each look at all of them. */
static void look(struct sched *s, struct lane *l)
{
	const struct goal *g = goal_find(s, l->target);
	const struct item *it = next_item(s, l);
	const struct strv *needs;
	bool asked = (it && it->asked) || (s->opts->projects && s->opts->projects->n);

	if (l->round == s->round)
		return;
	l->round = s->round;
	l->waits = false;
	l->blocker = NULL;
	if (!g || !g->graph || !(needs = graph_before(g->graph, l->project)))
		return;
	for (size_t i = 0; i < needs->n; i++) {
		struct lane *need = lane_find(s, l->target, needs->v[i]);

		if (need && need != l)
			look_at_need(s, l, need, asked);
	}
}

/* Written when it changes only; said once for a build and the one it waits for. */
static int say_waits(struct sched *s, struct lane *l, const struct item *it, struct err *err)
{
	const struct lane *b = l->blocker;
	int r;

	if (l->said_id == it->id && l->said_for == (b ? b->last : 0))
		return 0;
	if ((b || l->said_id == it->id) &&
		(r = store_build_set_waits(s->store, it->id, b ? b->project : NULL, err)) < 0)
		return r;
	l->said_id = it->id;
	l->said_for = b ? b->last : 0;
	if (b)
		log_info("%s waits for %s, whose build %lld failed", l->project, b->project,
			(long long)b->last);
	waits_changed(s, l);
	return 0;
}

/* ---- probes ---- */

bool pick_knows(const struct sched *s, const struct lane *l)
{
	const struct goal *g = goal_find(s, l->target);

	return !g || !g->graph || g->projects < 2 || graph_knows(g->graph, l->project);
}

static bool knows(const struct sched *s, const struct lane *l)
{
	return l->probed || pick_knows(s, l);
}

static bool find_unknown(const struct sched *s, const char *target)
{
	vec_foreach (&s->lanes, l)
		if (str_eq((*l)->target, target) && is_wanted(s, *l) &&
			((!knows(s, *l) && ((*l)->queue.n || is_expected(s, *l))) ||
				((*l)->worker && (*l)->worker->probe)))
			return true;
	return false;
}

/* Somebody on the target may turn out to be needed by a project that nobody knows anything of.
 * Asked for every project that was never built, answered once in a look. */
static bool unknown_on(const struct sched *s, const char *target)
{
	struct goal *g = goal_find(s, target);

	if (g->round != s->round) {
		g->round = s->round;
		g->unknown = find_unknown(s, target);
	}
	return g->unknown;
}

/* ---- who ---- */

struct candidate {
	struct lane *lane;
	struct item item;
	int64_t priority;
	bool probe;
};

static int64_t lane_priority(const struct lane *l)
{
	int64_t p = INT64_MIN;

	vec_foreach (&l->queue, it)
		if (it->priority > p)
			p = it->priority;
	return p;
}

static int by_turn(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	if (a->probe != b->probe)
		return a->probe ? -1 : 1;
	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	if (a->lane->served != b->lane->served)
		return a->lane->served < b->lane->served ? -1 : 1;
	return a->item.id < b->item.id ? -1 : a->item.id > b->item.id;
}

/* Its own lint of an earlier try still writes into the directory. */
static bool lints(const struct sched *s, int64_t id)
{
	vec_foreach (&s->workers, w)
		if ((*w)->build.id == id)
			return true;
	return false;
}

static void warn_gone(struct lane *l)
{
	if (!l->warned)
		log_warn("build %lld: %s on %s is no longer configured, it stays queued",
			(long long)l->queue.v[0].id, l->project, l->target);
	l->warned = true;
}

VEC_TYPE(candidates, struct candidate);

/* --head-only: what an earlier pass has queued and not begun counts as older, too. */
static int keep_head(struct sched *s, struct lane *l, struct err *err)
{
	int64_t newest = 0;

	vec_foreach (&l->queue, it)
		if (it->fresh)
			newest = it->id;
	return commits_drop_older(s, l, newest, err);
}

static int consider(struct sched *s, struct lane *l, struct candidates *to, struct err *err)
{
	struct item *it;
	bool probe;
	int r;

	if (!l->conf) {
		warn_gone(l);
		return 0;
	}
	if (!is_wanted(s, l))
		return 0;
	hmap_set(&s->touched, l->project, 0);
	if (s->opts->head_only) {
		/* a newer one may be about to come */
		if (is_expected(s, l))
			return 0;
		if ((r = keep_head(s, l, err)) < 0)
			return r;
	}
	if (l->worker || l->held || s->hold_all || !(it = next_item(s, l)) || lints(s, it->id))
		return 0;
	probe = !knows(s, l);
	if (!probe) {
		look(s, l);
		if ((r = say_waits(s, l, it, err)) < 0)
			return r;
		if (l->waits || (!l->last && unknown_on(s, l->target)))
			return 0;
	}
	*vec_push(to) = (struct candidate){l, *it, lane_priority(l), probe};
	return 0;
}

bool pick_has_room(const struct sched *s)
{
	unsigned jobs = s->opts->jobs ? s->opts->jobs : s->cfg->jobs;

	if (jobs < 1)
		jobs = 1;
	return !s->stalled && child_building(s) < jobs && child_linting(s) <= jobs;
}

/* A later commit of the project is published: an older one must not take its place. Rebuilds have
 * later numbers than the commits they are of. *ret: that build, 0 none. */
static int superseded_by(
	struct sched *s, const struct lane *l, int64_t id, int64_t *ret, struct err *err)
{
	struct store_filter f = {
		.target = l->target, .project = l->project, .state = -1, .published = true};
	struct store_builds all = VEC_INIT;
	int r;

	f.limit = SUPERSEDED_LOOK;
	r = store_builds(s->store, &f, &all, err);
	*ret = 0;
	vec_foreach (&all, b)
		if (b->id > id && !b->rebuild && !*ret)
			*ret = b->id;
	vec_free(&all, store_build_release);
	return r;
}

static int supersede(struct sched *s, struct lane *l, int64_t id, int64_t by, struct err *err)
{
	auto_free char *who = xasprintf("build %lld of a newer commit", (long long)by);
	int r = store_build_cancel(s->store, id, who, err);

	if (r < 0)
		return r;
	lane_remove(l, id);
	s->dirty = true;
	log_info("%s: build %lld on %s is not tried again: build %lld of a newer commit is "
		 "published",
		l->project, (long long)id, l->target, (long long)by);
	return after_cancel(s, id, l->target, err);
}

static int begin(struct sched *s, const struct candidate *c, struct err *err)
{
	int64_t by = 0;
	int r;

	if (c->probe)
		return work_probe(s, c->lane, &c->item, err);
	if (c->item.tries && !c->item.rebuild &&
		(r = superseded_by(s, c->lane, c->item.id, &by, err)) < 0)
		return r;
	return by ? supersede(s, c->lane, c->item.id, by, err)
		  : work_start(s, c->lane, &c->item, err);
}

/*
 * Turns are counted among those that could go on: who comes in, from idleness or from waiting for
 * somebody, begins as the one with the fewest. Otherwise who worked much while a newcomer was idle
 * would wait for all of its commits.
 */
static void level(struct sched *s, const struct candidates *all)
{
	uint64_t least = UINT64_MAX;

	vec_foreach (&s->lanes, l)
		(*l)->in |= (*l)->worker ? LANE_NOW : 0;
	vec_foreach (all, c)
		c->lane->in |= LANE_NOW;
	vec_foreach (&s->lanes, l)
		if ((*l)->in == (LANE_BEFORE | LANE_NOW) && (*l)->served < least)
			least = (*l)->served;
	vec_foreach (&s->lanes, l) {
		if ((*l)->in == LANE_NOW)
			(*l)->served = least == UINT64_MAX ? 0 : least;
		(*l)->in = (*l)->in & LANE_NOW ? LANE_BEFORE : 0;
	}
}

static int start_best(struct sched *s, struct err *err)
{
	struct candidates all = VEC_INIT;
	int r = 0;

	cycles_say(s);
	s->round++;
	for (size_t i = 0; i < s->lanes.n && r >= 0; i++)
		if (s->lanes.v[i]->queue.n)
			r = consider(s, s->lanes.v[i], &all, err);
	if (r >= 0 && all.n && pick_has_room(s))
		r = sched_room(s, err);
	if (r >= 0)
		level(s, &all);
	if (all.n)
		qsort(all.v, all.n, sizeof *all.v, by_turn);
	for (size_t i = 0; i < all.n && r >= 0 && pick_has_room(s); i++)
		r = begin(s, &all.v[i], err);
	vec_release(&all);
	return r;
}

/* When the next try of a build is due, or a remote is not waited for any more. */
static void set_retry(struct sched *s)
{
	uint64_t now = loop_now(s->loop), next = UINT64_MAX;

	vec_foreach (&s->lanes, l)
		vec_foreach (&(*l)->queue, it)
			if (it->at > now && it->at < next)
				next = it->at;
	vec_foreach (&s->projects, p)
		if ((*p)->busy && patience(*p) > now && patience(*p) < next)
			next = patience(*p);
	if (next == UINT64_MAX)
		loop_off(&s->retry);
	else
		loop_in(s->loop, &s->retry, next - now);
}

int pick_start(struct sched *s, struct err *err)
{
	auto_err struct err e = ERR_INIT;

	while (s->dirty) {
		s->dirty = false;
		if (s->stalled || s->opts->dry_run)
			return 0;
		if (start_best(s, &e) < 0)
			return sched_stall(s, &e, err);
	}
	set_retry(s);
	return 0;
}

bool pick_idle(const struct sched *s)
{
	return !s->dirty && !s->once_more && !child_building(s) && !poll_busy(s);
}
