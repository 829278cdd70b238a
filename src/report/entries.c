/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The queue, played through: so many workers, each build as long as such builds were, one of a
 * project on a target at a time, by the scheduler's rule among projects (priority, least served,
 * oldest). It is a guess, made in a time that depends on the queue alone.
 */
#include "report/entries.h"
#include <math.h>

#define NEVER   INFINITY
#define OVERDUE 5.0 /* a running build that takes longer than estimated ends in so many seconds */
#define ASK     (-1.0)
#define UNKNOWN 60.0 /* how long a build of which nothing is known is taken to be */

/* The waiting builds of one project on one target, in order. */
struct lane {
	const struct store_waiting *next, *end;
	double free_at; /* seconds from now when its running one is over */
	size_t served;
	bool held;
	struct lane *waits_for;                /* of `looked_up`; NULL: nothing of it is queued */
	const struct store_waiting *looked_up; /* for which build that was asked */
};

struct play {
	struct report *r;
	const struct store_waiting_vec *all;
	VEC(struct lane) lanes;
	struct hmap by_name; /* "target project" into lanes */
	double *workers;     /* when each is free */
	size_t n_workers;
	struct entries *out;
};

static char *lane_name(const char *target, const char *project)
{
	return xasprintf("%s %s", target, project);
}

/* ---- how long ---- */

static int estimate(
	struct report *r, const char *target, const char *project, double *ret, struct err *err)
{
	auto_free char *name = lane_name(target, project);
	size_t i;
	int rc;

	if (!hmap_get(&r->estimate_of, name, &i)) {
		i = r->estimates.n;
		(void)hmap_set(&r->estimate_of, name, i);
		*vec_push(&r->estimates) = ASK;
	}
	if (r->estimates.v[i] < 0) {
		rc = store_estimate(r->st, target, project, &r->estimates.v[i], err);
		if (rc < 0)
			return rc;
	}
	*ret = r->estimates.v[i];
	return 0;
}

void entries_ask_again(struct report *r, const char *target, const char *project)
{
	auto_free char *name = lane_name(target, project);
	size_t i;

	if (hmap_get(&r->estimate_of, name, &i))
		r->estimates.v[i] = ASK;
}

/* ---- play ---- */

static void emit(
	struct play *p, const struct store_waiting *w, double start, double seconds, bool held)
{
	*vec_push(p->out) = (struct entry){.id = w->id,
		.start = start,
		.estimate = seconds,
		.held = held,
		.state = w->state,
		.target = w->target};
}

static int begin_running(
	struct play *p, const struct store_waiting *w, struct lane *l, int64_t now, struct err *err)
{
	double gone = (double)(now - w->started), seconds = 0, left;
	size_t first = 0;
	int rc = estimate(p->r, w->target, w->project, &seconds, err);

	if (rc < 0)
		return rc;
	left = (seconds > 0 ? seconds : UNKNOWN) - gone;
	l->free_at = left > OVERDUE ? left : OVERDUE;
	l->served++;
	for (size_t i = 1; i < p->n_workers; i++)
		if (p->workers[i] < p->workers[first])
			first = i;
	p->workers[first] = l->free_at;
	emit(p, w, gone > 0 ? -gone : 0, seconds, false);
	return 0;
}

static struct lane *lane_of(struct play *p, const char *target, const char *project)
{
	auto_free char *name = lane_name(target, project);
	size_t i;

	return hmap_get(&p->by_name, name, &i) ? &p->lanes.v[i] : NULL;
}

static int make_lanes(struct play *p, const struct strv *held, int64_t now, struct err *err)
{
	const struct store_waiting *w = p->all->v, *end = w ? w + p->all->n : w;
	bool all_held = strv_has(held, "");

	while (w < end) {
		auto_free char *name = lane_name(w->target, w->project);
		struct lane *l = vec_push(&p->lanes);
		const struct store_waiting *first = w;

		(void)hmap_set(&p->by_name, name, p->lanes.n - 1);
		l->held = all_held || strv_has(held, w->project);
		while (w < end && str_eq(w->project, first->project) &&
			str_eq(w->target, first->target))
			w++;
		l->next = first;
		l->end = w;
		for (const struct store_waiting *i = first; i < w; i++) {
			int rc = i->state == BUILD_RUNNING ? begin_running(p, i, l, now, err) : 0;

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static void skip_running(struct lane *l)
{
	while (l->next < l->end && l->next->state == BUILD_RUNNING)
		l->next++;
}

/* When the lane's next build may begin, as far as it depends on others than the workers. */
static double ready_at(struct play *p, struct lane *l, int64_t now)
{
	const struct store_waiting *w;
	double at = l->free_at;

	skip_running(l);
	if (l->next >= l->end || l->held)
		return NEVER;
	w = l->next;
	if (w->not_before > now && (double)(w->not_before - now) > at)
		at = (double)(w->not_before - now);
	if (w->waits && !str_eq(w->waits, w->project)) {
		struct lane *other;

		if (l->looked_up != w) {
			l->looked_up = w;
			l->waits_for = lane_of(p, w->target, w->waits);
		}
		other = l->waits_for;
		if (!other)
			return NEVER; /* nothing of it is under way: it failed */
		skip_running(other);
		if (other->next < other->end)
			return NEVER; /* asked again when that one is through */
		if (other->free_at > at)
			at = other->free_at;
	}
	return at;
}

static bool comes_before(const struct lane *a, const struct lane *b)
{
	if (a->next->priority != b->next->priority)
		return a->next->priority > b->next->priority;
	if (a->served != b->served)
		return a->served < b->served;
	return a->next->id < b->next->id;
}

/* One build begins: the first worker that is free takes the best lane that is ready by then, else
 * waits for the one that is ready first. False: nothing can begin any more. */
static int step(struct play *p, int64_t now, struct err *err)
{
	struct lane *best = NULL;
	size_t worker = 0;
	double best_at = NEVER, start, seconds = 0;
	int rc;

	for (size_t i = 1; i < p->n_workers; i++)
		if (p->workers[i] < p->workers[worker])
			worker = i;
	vec_foreach (&p->lanes, l) {
		double at = ready_at(p, l, now);

		if (isinf(at))
			continue;
		if (at < p->workers[worker])
			at = p->workers[worker];
		if (!best || at < best_at || (!(at > best_at) && comes_before(l, best))) {
			best = l;
			best_at = at;
		}
	}
	if (!best)
		return 0;
	start = best_at;
	if ((rc = estimate(p->r, best->next->target, best->next->project, &seconds, err)) < 0)
		return rc;
	emit(p, best->next, start, seconds, false);
	best->free_at = p->workers[worker] = start + (seconds > 0 ? seconds : UNKNOWN);
	best->served++;
	best->next++;
	return 1;
}

/* Something of it can begin without anybody's doing, only later than was played. */
static bool goes_on(struct play *p, struct lane *l, int64_t now)
{
	if (!isinf(ready_at(p, l, now)))
		return true;
	return l->next < l->end && !l->held && l->waits_for && l->looked_up == l->next &&
	       l->waits_for->next < l->waits_for->end && !l->waits_for->held;
}

/* What is left: later, or when a person does something. */
static int emit_rest(struct play *p, bool cut, int64_t now, struct err *err)
{
	vec_foreach (&p->lanes, l) {
		double start = cut && goes_on(p, l, now) ? INFINITY : NAN;

		for (; l->next < l->end; l->next++) {
			double seconds = 0;
			int rc;

			if (l->next->state == BUILD_RUNNING)
				continue;
			rc = estimate(p->r, l->next->target, l->next->project, &seconds, err);
			if (rc < 0)
				return rc;
			emit(p, l->next, start, seconds, l->held);
		}
	}
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (isnan(x->start) || isnan(y->start))
		return !!isnan(x->start) == !!isnan(y->start)
			       ? (x->id > y->id) - (x->id < y->id)
			       : !!isnan(x->start) - !!isnan(y->start);
	if ((x->state == BUILD_RUNNING) != (y->state == BUILD_RUNNING))
		return (y->state == BUILD_RUNNING) - (x->state == BUILD_RUNNING);
	if (x->start < y->start || x->start > y->start)
		return x->start < y->start ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

int entries_play(struct report *r, const struct store_waiting_vec *all, const struct strv *held,
	int64_t now, struct entries *ret, struct err *err)
{
	struct play p = {.r = r, .all = all, .out = ret};
	bool more = true;
	int rc;

	p.n_workers = r->conf.jobs ? r->conf.jobs : 1;
	p.workers = xcalloc(p.n_workers, sizeof *p.workers);
	rc = make_lanes(&p, held, now, err);
	for (size_t i = 0; rc >= 0 && more && i < ENTRIES_PLAYED; i++) {
		rc = step(&p, now, err);
		more = rc > 0;
	}
	if (rc >= 0)
		rc = emit_rest(&p, more, now, err);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof *ret->v, by_start);
	vec_release(&p.lanes);
	hmap_release(&p.by_name);
	free(p.workers);
	return rc < 0 ? rc : 0;
}

int entries_waiting(struct report *r, struct store_waiting_vec *ret, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < r->conf.targets->n; i++)
		rc = store_waiting(r->st, r->conf.targets->v[i], ret, err);
	return rc;
}

/* ---- whole builds, for others ---- */

void report_entry_release(struct report_entry *e)
{
	store_build_release(&e->build);
}

int report_entries(struct report *r, const char *target, int64_t now, struct report_entries *ret,
	struct err *err)
{
	struct store_waiting_vec all = VEC_INIT;
	struct entries order = VEC_INIT;
	auto_strv struct strv held = STRV_INIT;
	int rc = store_held(r->st, &held, err);

	if (rc >= 0)
		rc = entries_waiting(r, &all, err);
	if (rc >= 0)
		rc = entries_play(r, &all, &held, now, &order, err);
	for (size_t i = 0; rc >= 0 && i < order.n; i++) {
		const struct entry *o = &order.v[i];
		struct report_entry e = {
			.estimate = o->estimate, .start = o->start, .held = o->held};

		rc = store_build_get(r->st, o->id, &e.build, err);
		if (rc < 0)
			break;
		if (target && !str_eq(target, e.build.target))
			store_build_release(&e.build);
		else
			*vec_push(ret) = e;
	}
	vec_free(&all, store_waiting_release);
	vec_release(&order);
	return rc;
}
