/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan.c - a pass played through on paper. */
#include "sched/plan.h"
#include "base/map.h"

/* One build to come. */
struct step {
	struct sched_planned p;
	int64_t place, priority; /* of the queue; higher first */
	bool asked;              /* by a person: waits for no failure */
};

/* The builds of one project on one target, in their order. */
struct track {
	const char *target, *project; /* of the configuration */
	VEC(struct step) steps;
	size_t next; /* steps before are in the plan */
	bool held;
	bool failed; /* its last build did, and nothing good is there that would do */
	bool maybe;
	struct graph *graph;
	struct track **before; /* those it waits for, NULL-terminated */
};

struct plan {
	const struct config *cfg;
	struct store *st;
	const struct sched_opts *opts;
	VEC(struct track) tracks;
	struct hmap index;           /* "target/project" */
	struct graph *const *graphs; /* of each target */
	struct sched_plan *out;
};

void plan_commit_release(struct plan_commit *c)
{
	free(c->target);
	free(c->project);
	free(c->upstream_sha);
	free(c->packaging_sha);
	free(c->subject);
}

void sched_planned_release(struct sched_planned *p)
{
	free(p->target);
	free(p->project);
	free(p->upstream_sha);
	free(p->packaging_sha);
	free(p->subject);
	free(p->reason);
	free(p->waits);
	strv_release(&p->after);
}

static void track_release(struct track *t)
{
	for (size_t i = t->next; i < t->steps.n; i++)
		sched_planned_release(&t->steps.v[i].p);
	vec_release(&t->steps);
	free(t->before);
}

static void plan_release(struct plan *p)
{
	vec_free(&p->tracks, track_release);
	hmap_release(&p->index);
}

static struct track *track_find(struct plan *p, const char *target, const char *project)
{
	auto_free char *key = xasprintf("%s/%s", target, project);
	size_t i;

	return hmap_get(&p->index, key, &i) ? &p->tracks.v[i] : NULL;
}

static bool is_wanted(const struct plan *p, const struct config_project *c)
{
	const struct strv *only = p->opts->projects;

	return !only || !only->n || strv_has(only, c->project) || strv_has(only, c->name);
}

static void make_tracks(struct plan *p)
{
	vec_foreach (&p->cfg->targets, t) {
		vec_foreach (&p->cfg->projects, c) {
			auto_free char *key = xasprintf("%s/%s", (*t)->name, c->project);
			struct track *track;

			if (c->targets.n && !strv_has(&c->targets, (*t)->name))
				continue;
			hmap_set(&p->index, key, p->tracks.n);
			track = vec_push(&p->tracks);
			track->target = (*t)->name;
			track->project = c->project;
		}
	}
}

/* ---- what is known ---- */

static void load_order(struct plan *p, struct strv *ret_cycles)
{
	for (size_t i = 0; i < p->cfg->targets.n; i++) {
		const char *target = p->cfg->targets.v[i]->name;
		struct graph *g = p->graphs[i];
		auto_strv struct strv cycles = STRV_INIT;

		graph_cycles(g, &cycles);
		strv_foreach (&cycles, c)
			strv_addf(ret_cycles, "%s: %s", target, *c);
		vec_foreach (&p->cfg->projects, c) {
			struct track *track = track_find(p, target, c->project);
			const struct strv *before = graph_before(g, c->project);
			size_t n = 0;

			if (!track)
				continue;
			track->graph = g;
			track->before = xcalloc(before->n + 1, sizeof *track->before);
			strv_foreach (before, b) {
				struct track *o = track_find(p, target, *b);

				if (o && is_wanted(p, config_project(p->cfg, *b)))
					track->before[n++] = o;
			}
		}
	}
}

static int load_standings(struct plan *p, struct err *err)
{
	struct store_standings all = VEC_INIT;
	auto_strv struct strv held = STRV_INIT;
	int r = store_standings(p->st, NULL, &all, err);

	vec_foreach (&all, s) {
		struct track *t = track_find(p, s->target, s->project);

		if (t)
			t->failed =
				s->state == BUILD_FAILED && !(p->cfg->last_good && s->last_success);
	}
	vec_free(&all, store_standing_release);
	if (r < 0 || (r = store_held(p->st, &held, err)) < 0)
		return r;
	vec_foreach (&p->tracks, t)
		t->held = strv_has(&held, "") || strv_has(&held, t->project);
	return 0;
}

static struct step *add_step(struct plan *p, const char *target, const char *project)
{
	const struct config_project *c = config_project(p->cfg, project);
	struct track *t = track_find(p, target, project);
	struct step *s;

	if (!t || !c || !is_wanted(p, c))
		return NULL;
	s = vec_push(&t->steps);
	s->p.target = xstrdup(target);
	s->p.project = xstrdup(project);
	(void)store_estimate(p->st, target, project, &s->p.estimate, NULL);
	return s;
}

static char *queued_reason(const struct store_build *b)
{
	const char *what = b->state == BUILD_RUNNING ? "running"
			   : b->state == BUILD_RETRY ? "retry"
						     : "queued";

	if (str_eq_null(b->trigger, "commit") || !b->trigger)
		return xstrdup(what);
	return xasprintf(
		"%s, %s%s%s", what, b->trigger, b->detail ? ": " : "", b->detail ? b->detail : "");
}

static int load_queue(struct plan *p, enum store_state state, struct err *err)
{
	struct store_filter f = {.state = (int)state, .oldest_first = true};
	struct store_builds all = VEC_INIT;
	int r = store_builds(p->st, &f, &all, err);

	vec_foreach (&all, b) {
		struct step *s = add_step(p, b->target, b->project);

		if (!s)
			continue;
		s->place = state == BUILD_RUNNING ? b->id - INT64_MAX / 2 : b->id;
		s->priority = b->priority;
		s->asked = str_eq_null(b->trigger, "recheck") ||
			   (p->opts->projects && p->opts->projects->n);
		s->p.upstream_sha = xstrdup_null(b->upstream_sha);
		s->p.packaging_sha = xstrdup_null(b->packaging_sha);
		s->p.subject = xstrdup_null(b->subject);
		s->p.reason = queued_reason(b);
	}
	vec_free(&all, store_build_release);
	return r;
}

static int by_place(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

static int load_steps(struct plan *p, const struct plan_commits *found, struct err *err)
{
	int64_t place = INT64_MAX / 2;
	int r;

	if ((r = load_queue(p, BUILD_RUNNING, err)) < 0 ||
		(r = load_queue(p, BUILD_QUEUED, err)) < 0 ||
		(r = load_queue(p, BUILD_RETRY, err)) < 0)
		return r;
	vec_foreach (found, c) {
		const struct config_project *conf = config_project(p->cfg, c->project);
		struct step *s = add_step(p, c->target, c->project);

		if (!s)
			continue;
		s->place = place++;
		s->priority = conf->priority;
		s->asked = p->opts->projects && p->opts->projects->n;
		s->p.upstream_sha = xstrdup_null(c->upstream_sha);
		s->p.packaging_sha = xstrdup_null(c->packaging_sha);
		s->p.subject = xstrdup_null(c->subject);
		s->p.reason = xstrdup("new commit");
	}
	vec_foreach (&p->tracks, t)
		if (t->steps.n)
			qsort(t->steps.v, t->steps.n, sizeof *t->steps.v, by_place);
	return 0;
}

/* ---- the pass ---- */

static bool is_left(const struct track *t)
{
	return t->next < t->steps.n;
}

/* Whom the next build of the track waits for; NULL: it could begin. */
static const struct track *blocker(const struct track *t)
{
	for (struct track *const *b = t->before; b && *b; b++) {
		if (is_left(*b) && !(*b)->held)
			return *b;
		if ((*b)->failed && ((*b)->held || !(*b)->steps.n) && !t->steps.v[t->next].asked &&
			!graph_in_cycle(t->graph, t->project, (*b)->project))
			return *b;
	}
	return NULL;
}

static int64_t priority(const struct track *t)
{
	int64_t most = INT64_MIN;

	for (size_t i = t->next; i < t->steps.n; i++)
		if (t->steps.v[i].priority > most)
			most = t->steps.v[i].priority;
	return most;
}

static bool goes_first(const struct track *a, const struct track *b)
{
	int64_t x = priority(a), y = priority(b);

	if (x != y)
		return x > y;
	if (a->next != b->next)
		return a->next < b->next;
	return a->steps.v[a->next].place < b->steps.v[b->next].place;
}

static void emit(struct plan *p, struct track *t, const char *waits)
{
	struct sched_planned *s = vec_push(p->out);

	*s = t->steps.v[t->next++].p;
	for (struct track *const *b = t->before; b && *b; b++)
		if ((*b)->steps.n)
			strv_add(&s->after, (*b)->project);
	if (waits)
		s->waits = xstrdup(waits);
	if (t->held) {
		auto_free char *reason = s->reason;

		s->reason = xasprintf("%s, on hold", reason);
	}
}

static struct track *pick(struct plan *p)
{
	struct track *best = NULL;

	vec_foreach (&p->tracks, t)
		if (is_left(t) && !t->held && !blocker(t) && (!best || goes_first(t, best)))
			best = t;
	return best;
}

/* Whose failure is at the bottom of it. The order has no cycles. */
static const char *root_blocker(const struct track *t)
{
	const struct track *b = t;

	while (is_left(b) && !b->held && blocker(b))
		b = blocker(b);
	return b == t ? NULL : b->project;
}

/* What could not begin: dependencies first all the same. */
static void emit_waiting(struct plan *p)
{
	size_t n = p->tracks.n;
	auto_free const char **waits = xcalloc(n + 1, sizeof *waits);

	for (size_t i = 0; i < n; i++)
		if (is_left(&p->tracks.v[i]))
			waits[i] = root_blocker(&p->tracks.v[i]);
	for (bool any = true; any;) {
		any = false;
		for (size_t i = 0; i < n; i++) {
			struct track *t = &p->tracks.v[i];
			bool first = is_left(t);

			for (struct track *const *b = t->before; b && *b; b++)
				first &= !is_left(*b);
			while (first && is_left(t)) {
				emit(p, t, waits[i]);
				any = true;
			}
		}
	}
}

/* ---- what may follow ---- */

static int add_maybe(struct plan *p, struct track *t, const struct track *cause, const char *reason,
	struct err *err)
{
	CLEANUP(store_build_release) struct store_build last = {0};
	auto_err struct err e = ERR_INIT;
	struct sched_planned *s;
	int r = store_last_published(p->st, t->target, t->project, &last, &e);

	if (r == -ERR_NOT_FOUND)
		return 0;
	if (r < 0)
		return err_move(err, &e);
	t->maybe = true;
	s = vec_push(p->out);
	s->target = xstrdup(t->target);
	s->project = xstrdup(t->project);
	s->upstream_sha = xstrdup_null(last.upstream_sha);
	s->packaging_sha = xstrdup_null(last.packaging_sha);
	s->subject = xstrdup_null(last.subject);
	s->reason = xasprintf("rebuild: %s", reason);
	s->maybe = true;
	strv_add(&s->after, cause->project);
	return store_estimate(p->st, t->target, t->project, &s->estimate, err);
}

/* Rebuilds may have followers themselves: the list grows while it is walked. */
static int followers(struct plan *p, struct err *err)
{
	for (size_t i = 0; i < p->out->n; i++) {
		const char *target = p->out->v[i].target, *project = p->out->v[i].project;
		struct track *cause = track_find(p, target, project);
		struct graph_dependents d = VEC_INIT;
		int r = 0;

		for (size_t k = 0; k < p->cfg->targets.n; k++)
			if (str_eq(p->cfg->targets.v[k]->name, target))
				graph_may_affect(p->graphs[k], project, &d);
		vec_foreach (&d, dep) {
			struct track *t = track_find(p, target, dep->project);

			if (r >= 0 && t && t != cause && !t->steps.n && !t->maybe)
				r = add_maybe(p, t, cause, dep->reason, err);
		}
		vec_free(&d, graph_dependent_release);
		if (r < 0)
			return r;
	}
	return 0;
}

int plan_make(
	const struct plan_of *of, struct sched_plan *ret, struct strv *ret_cycles, struct err *err)
{
	CLEANUP(plan_release)
	struct plan p = {.cfg = of->cfg, .st = of->st, .opts = of->opts, .graphs = of->graphs};
	struct sched_plan out = VEC_INIT;
	auto_strv struct strv cycles = STRV_INIT;
	struct track *t;
	int r;

	p.out = &out;
	make_tracks(&p);
	load_order(&p, &cycles);
	if ((r = load_standings(&p, err)) < 0 || (r = load_steps(&p, of->found, err)) < 0)
		return r;
	while ((t = pick(&p)))
		emit(&p, t, NULL);
	emit_waiting(&p);
	if ((r = followers(&p, err)) < 0) {
		vec_free(&out, sched_planned_release);
		return r;
	}
	ret->v = out.v;
	ret->n = out.n;
	ret->cap = out.cap;
	strv_copy(ret_cycles, &cycles);
	return 0;
}
