/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * graph_affected.c - who must be built again because a project provides something else now, and
 * who may try again because it provides more. Only what packages that are published provide counts
 * here; what the target's repositories have is not known, so that a name of theirs decides nothing.
 */
#include "base/base.h"
#include "format/rpm/rpm_dep.h"
#include "sched/graph_internal.h"

void graph_dependent_release(struct graph_dependent *d)
{
	free(d->project);
	free(d->reason);
}

/* One question to the graph: what project `self` had and has now, next to the others. */
struct question {
	struct graph *g;
	size_t self;
	struct gdeps now;
	bool after; /* ask for what it provides now, else for what it had */
};

static void question_init(struct question *q, struct graph *g, size_t self, const struct strv *now)
{
	*q = (struct question){.g = g, .self = self};
	graph_parse(g, now, &q->now);
}

static void question_release(struct question *q)
{
	gdeps_release(&q->now);
}

static bool provided_now(const struct question *q, size_t name, unsigned op, const char *evr)
{
	for (size_t i = graph_first(&q->now, name); i < q->now.n && q->now.v[i].name == name; i++)
		if (rpm_dep_overlap(op, evr, q->now.v[i].op, q->now.v[i].evr))
			return true;
	return false;
}

static bool counts(const struct question *q, const struct gprovider *p, bool self)
{
	return (p->project == q->self) == self && q->g->projects.v[p->project].published;
}

static bool provided_by(
	const struct question *q, size_t name, unsigned op, const char *evr, bool self)
{
	const struct gname *n = &q->g->names.v[name];

	for (size_t i = 0; i < n->provided.n; i++) {
		const struct gprovider *p = &n->provided.v[i];

		if (counts(q, p, self) && rpm_dep_overlap(op, evr, p->op, p->evr))
			return true;
	}
	return false;
}

/* Whether anybody of ours provides the name, in whatever version, before or after. */
static bool is_ours(const struct question *q, size_t name)
{
	const struct gname *n = &q->g->names.v[name];
	size_t at;

	for (size_t i = 0; i < n->provided.n; i++)
		if (q->g->projects.v[n->provided.v[i].project].published)
			return true;
	at = graph_first(&q->now, name);
	return at < q->now.n && q->now.v[at].name == name;
}

static enum rpm_truth ask_leaf(void *ctx, const struct rpm_dep *d)
{
	const struct question *q = ctx;
	size_t name;

	if (!hmap_get(&q->g->name_ids, d->name, &name))
		return RPM_OPEN;
	if (q->after ? provided_now(q, name, d->op, d->evr)
		     : provided_by(q, name, d->op, d->evr, true))
		return RPM_TRUE;
	if (provided_by(q, name, d->op, d->evr, false))
		return RPM_TRUE;
	return is_ours(q, name) ? RPM_FALSE : RPM_OPEN;
}

static bool is_lost(struct question *q, const char *dep)
{
	q->after = false;
	if (rpm_dep_eval(dep, ask_leaf, q) != RPM_TRUE)
		return false;
	q->after = true;
	return rpm_dep_eval(dep, ask_leaf, q) == RPM_FALSE;
}

/* Exactly this stands among the new provides, so that nobody can miss it. */
static bool is_kept(const struct question *q, const struct gdep *d)
{
	for (size_t i = graph_first(&q->now, d->name); i < q->now.n && q->now.v[i].name == d->name;
		i++)
		if (q->now.v[i].op == d->op && str_eq_null(q->now.v[i].evr, d->evr))
			return true;
	return false;
}

/* Projects whose packages require a name of which `self` gave something up; suspects[project]. */
static void find_suspects(const struct question *q, bool *suspects)
{
	vec_foreach (&q->g->projects.v[q->self].provides, d) {
		const struct gids *req = &q->g->names.v[d->name].required;

		if (!req->n || is_kept(q, d))
			continue;
		for (size_t i = 0; i < req->n; i++)
			suspects[req->v[i]] = true;
	}
}

/* Why project i must be rebuilt, NULL when it need not; the caller's. */
static char *reason(struct question *q, size_t i, bool suspect, bool changed)
{
	const struct gproject *p = &q->g->projects.v[i];
	const char *name = q->g->projects.v[q->self].name;

	if (suspect) {
		strv_foreach (&p->requires, d)
			if (is_lost(q, *d))
				return xasprintf("%s of %s is gone", *d, name);
	}
	if (changed && p->on_change && gids_has(&p->needs, q->self))
		return xasprintf("%s changed", name);
	return NULL;
}

int graph_affected(struct graph *g, const char *project, const struct strv *new_provides,
	bool changed, struct graph_dependents *ret, struct err *err)
{
	CLEANUP(question_release) struct question q = {0};
	auto_free bool *suspects = NULL;
	size_t self;

	if (!hmap_get(&g->by_name, project, &self))
		return err_set(err, ERR_NOT_FOUND, "no project '%s' in the order", project);
	(void)graph_order(g); /* the needs are up to date */
	question_init(&q, g, self, new_provides);
	suspects = xcalloc(g->projects.n, sizeof *suspects);
	if (g->projects.v[self].published)
		find_suspects(&q, suspects);
	for (size_t i = 0; i < g->projects.n; i++) {
		char *why = i == self || !g->projects.v[i].published
				    ? NULL
				    : reason(&q, i, suspects[i], changed);

		if (why)
			*vec_push(ret) = (struct graph_dependent){
				.project = xstrdup(g->projects.v[i].name), .reason = why};
	}
	return 0;
}

/* Sonames and exact versions are what a new build may take away; plain names stay. */
static bool may_go(const char *dep)
{
	return strstr(dep, ".so") || strstr(dep, " = ") || strstr(dep, "pkgconfig(");
}

void graph_may_affect(struct graph *g, const char *project, struct graph_dependents *ret)
{
	CLEANUP(question_release) struct question q = {0};
	auto_strv struct strv nothing = STRV_INIT;
	auto_free bool *suspects = NULL;
	size_t self;

	if (!hmap_get(&g->by_name, project, &self))
		return;
	(void)graph_order(g);
	question_init(&q, g, self, &nothing);
	suspects = xcalloc(g->projects.n, sizeof *suspects);
	if (g->projects.v[self].published)
		find_suspects(&q, suspects);
	for (size_t i = 0; i < g->projects.n; i++) {
		const struct gproject *p = &g->projects.v[i];
		char *why = NULL;

		if (i == self || !p->published)
			continue;
		strv_foreach (&p->requires, d)
			if (!why && suspects[i] && may_go(*d) && is_lost(&q, *d))
				why = xasprintf("%s of %s may change", *d, project);
		if (!why && p->on_change && gids_has(&p->needs, self))
			why = xasprintf("%s may change", project);
		if (why)
			*vec_push(ret) = (struct graph_dependent){
				.project = xstrdup(p->name), .reason = why};
	}
}

/* Whether d is what the project wants for a build and `self` did not have. */
static bool serves(const struct question *q, const struct gproject *p, const struct gdep *d)
{
	const struct gdeps *want = &p->build_requires;

	for (size_t i = graph_first(want, d->name); i < want->n && want->v[i].name == d->name;
		i++) {
		const struct gdep *b = &want->v[i];

		if (rpm_dep_overlap(b->op, b->evr, d->op, d->evr) &&
			!provided_by(q, b->name, b->op, b->evr, true))
			return true;
	}
	return false;
}

void graph_newly_served(
	struct graph *g, const char *project, const struct strv *new_provides, struct strv *ret)
{
	CLEANUP(question_release) struct question q = {0};
	auto_free bool *served = NULL;
	size_t self;

	if (!hmap_get(&g->by_name, project, &self))
		return;
	question_init(&q, g, self, new_provides);
	served = xcalloc(g->projects.n, sizeof *served);
	vec_foreach (&q.now, d) {
		const struct gids *wanted = &g->names.v[d->name].wanted;

		for (size_t i = 0; i < wanted->n; i++) {
			const struct gproject *p = &g->projects.v[wanted->v[i]];

			if (served[wanted->v[i]] || wanted->v[i] == self)
				continue;
			served[wanted->v[i]] = serves(&q, p, d);
		}
	}
	for (size_t i = 0; i < g->projects.n; i++)
		if (served[i])
			strv_add(ret, g->projects.v[i].name);
}

void graph_wanted_paths(const struct graph *g, struct strv *ret)
{
	vec_foreach (&g->names, n)
		if (n->text[0] == '/' && n->wanted.n)
			strv_add(ret, n->text);
}
