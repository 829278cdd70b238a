/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * graph.c - what is known of each project and who needs whom. A name knows who provides, requires
 * and wants it, so that a change of one project touches only those that have to do with it.
 */
#include "base/base.h"
#include "format/rpm/rpm_dep.h"
#include "sched/graph_internal.h"

void gids_add(struct gids *v, size_t id)
{
	*vec_push(v) = id;
}

static int by_id(const void *a, const void *b)
{
	size_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static void gids_sort(struct gids *v)
{
	size_t n = 0;

	if (!v->n)
		return;
	qsort(v->v, v->n, sizeof *v->v, by_id);
	for (size_t i = 0; i < v->n; i++)
		if (!n || v->v[n - 1] != v->v[i])
			v->v[n++] = v->v[i];
	v->n = n;
}

bool gids_has(const struct gids *v, size_t id)
{
	return v->n && bsearch(&id, v->v, v->n, sizeof *v->v, by_id);
}

static void gids_drop(struct gids *v, size_t id)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		if (v->v[i] != id)
			v->v[n++] = v->v[i];
	v->n = n;
}

/* Lists are filled project by project: what was added last tells whether it is there. */
static void gids_add_once(struct gids *v, size_t id)
{
	if (!v->n || v->v[v->n - 1] != id)
		gids_add(v, id);
}

static void project_release(struct gproject *p)
{
	gdeps_release(&p->build_requires);
	gdeps_release(&p->provides);
	strv_release(&p->requires);
	vec_release(&p->required);
	vec_release(&p->needs);
	vec_release(&p->before);
	strv_release(&p->needs_names);
	strv_release(&p->before_names);
}

void graph_free(struct graph *g)
{
	if (!g)
		return;
	vec_free(&g->projects, project_release);
	vec_free(&g->names, gname_release);
	hmap_release(&g->by_name);
	hmap_release(&g->name_ids);
	strv_release(&g->order);
	strv_release(&g->cycles);
	strv_release(&g->none);
	free(g);
}

static void mark_stale(struct graph *g, const struct gids *projects)
{
	for (size_t i = 0; i < projects->n; i++)
		g->projects.v[projects->v[i]].stale = true;
	g->stale |= projects->n > 0;
}

static void set_build_requires(struct graph *g, size_t i, const struct strv *deps)
{
	struct gproject *p = &g->projects.v[i];

	vec_foreach (&p->build_requires, d)
		gids_drop(&g->names.v[d->name].wanted, i);
	gdeps_release(&p->build_requires);
	graph_parse(g, deps, &p->build_requires);
	vec_foreach (&p->build_requires, d)
		gids_add_once(&g->names.v[d->name].wanted, i);
	p->knows_build_requires = p->stale = g->stale = true;
}

static void forget_provider(struct gname *n, size_t project)
{
	size_t k = 0;

	for (size_t i = 0; i < n->provided.n; i++)
		if (n->provided.v[i].project != project)
			n->provided.v[k++] = n->provided.v[i];
	n->provided.n = k;
}

static void set_provides(struct graph *g, size_t i, const struct strv *deps)
{
	struct gproject *p = &g->projects.v[i];

	vec_foreach (&p->provides, d) {
		struct gname *n = &g->names.v[d->name];

		forget_provider(n, i);
		mark_stale(g, &n->wanted);
	}
	gdeps_release(&p->provides);
	graph_parse(g, deps, &p->provides);
	vec_foreach (&p->provides, d) {
		struct gname *n = &g->names.v[d->name];

		*vec_push(&n->provided) =
			(struct gprovider){.project = i, .op = d->op, .evr = d->evr};
		mark_stale(g, &n->wanted);
	}
}

static void set_requires(struct graph *g, size_t i, const struct strv *deps)
{
	struct gproject *p = &g->projects.v[i];
	struct gdeps leaves = VEC_INIT;

	for (size_t k = 0; k < p->required.n; k++)
		gids_drop(&g->names.v[p->required.v[k]].required, i);
	vec_release(&p->required);
	strv_release(&p->requires);
	strv_copy(&p->requires, deps);
	graph_parse(g, deps, &leaves);
	vec_foreach (&leaves, d)
		gids_add(&p->required, d->name);
	gids_sort(&p->required);
	for (size_t k = 0; k < p->required.n; k++)
		gids_add(&g->names.v[p->required.v[k]].required, i);
	gdeps_release(&leaves);
}

void graph_set(struct graph *g, const char *project, const struct strv *build_requires,
	const struct strv *provides, const struct strv *requires)
{
	size_t i;

	if (!hmap_get(&g->by_name, project, &i))
		return;
	if (build_requires)
		set_build_requires(g, i, build_requires);
	if (provides) {
		set_provides(g, i, provides);
		g->projects.v[i].knows_provides = true;
	}
	if (requires) {
		set_requires(g, i, requires);
		g->projects.v[i].published = true;
	}
	graph_forget_names(g);
}

bool graph_knows(const struct graph *g, const char *project)
{
	const struct gproject *p;
	size_t i;

	if (!hmap_get(&g->by_name, project, &i))
		return false;
	p = &g->projects.v[i];
	return p->knows_build_requires && p->knows_provides;
}

struct graph *graph_new(const struct config *cfg, const char *target)
{
	struct graph *g = xcalloc(1, sizeof *g);

	vec_foreach (&cfg->projects, c) {
		auto_strv struct strv guess = STRV_INIT;
		struct gproject *p;

		if (c->targets.n && !strv_has(&c->targets, target))
			continue;
		if (!hmap_set(&g->by_name, c->project, g->projects.n))
			continue;
		p = vec_push(&g->projects);
		p->name = c->project;
		p->on_change = c->rebuild_on_change;
		strv_add(&guess, c->name);
		set_provides(g, g->projects.n - 1, &guess);
	}
	g->unordered = true;
	return g;
}

/* Rows come by project and kind: one run of them becomes one list, whose strings stay theirs. */
static void load_rows(struct graph *g, const struct store_dep_rows *rows)
{
	auto_free char **text = xcalloc(rows->n + 1, sizeof *text);

	for (size_t i = 0; i < rows->n; i++)
		text[i] = rows->v[i].dep;
	for (size_t i = 0, n; i < rows->n; i += n) {
		const struct store_dep_row *first = &rows->v[i];
		struct strv deps = {.v = text + i};

		for (n = 1; i + n < rows->n && rows->v[i + n].kind == first->kind &&
			    str_eq(rows->v[i + n].project, first->project);
			n++)
			;
		deps.n = n;
		graph_set(g, first->project, first->kind == DEP_BUILD_REQUIRES ? &deps : NULL,
			first->kind == DEP_PROVIDES ? &deps : NULL,
			first->kind == DEP_REQUIRES ? &deps : NULL);
	}
}

/* Empty lists leave no rows: what a package provides is never empty, and is learned together with
 * the others. */
static void load_published(struct graph *g, const struct store_builds *builds)
{
	size_t i;

	vec_foreach (builds, b)
		if (hmap_get(&g->by_name, b->project, &i))
			g->projects.v[i].published = true;
	vec_foreach (&g->projects, p)
		p->knows_build_requires |= p->knows_provides;
}

int graph_load(const struct config *cfg, const char *target, struct store *st, struct graph **ret,
	struct err *err)
{
	CLEANUP(graph_freep) struct graph *g = graph_new(cfg, target);
	struct store_dep_rows rows = VEC_INIT;
	struct store_builds published = VEC_INIT;
	int r = store_deps(st, target, NULL, &rows, err);

	if (r >= 0 && (r = store_published_builds(st, target, &published, err)) >= 0) {
		load_rows(g, &rows);
		load_published(g, &published);
	}
	vec_free(&rows, store_dep_row_release);
	vec_free(&published, store_build_release);
	if (r < 0)
		return r;
	*ret = TAKE(g);
	return 0;
}

/*
 * Who serves a BuildRequires of project i: itself (then nobody else is needed), else those whose
 * versions fit. Where none fits, everybody that has the name: the version that is asked for may be
 * the one that is about to be built.
 */
static void find_providers(const struct graph *g, size_t i, const struct gdep *d, struct gids *ret)
{
	const struct gname *n = &g->names.v[d->name];
	size_t before = ret->n;

	for (size_t k = 0; k < n->provided.n; k++) {
		const struct gprovider *p = &n->provided.v[k];

		if (!rpm_dep_overlap(d->op, d->evr, p->op, p->evr))
			continue;
		if (p->project == i) {
			ret->n = before;
			return;
		}
		gids_add_once(ret, p->project);
	}
	if (ret->n > before)
		return;
	for (size_t k = 0; k < n->provided.n; k++)
		if (n->provided.v[k].project != i)
			gids_add_once(ret, n->provided.v[k].project);
}

static bool same_ids(const struct gids *a, const struct gids *b)
{
	return a->n == b->n && (!a->n || memcmp(a->v, b->v, a->n * sizeof *a->v) == 0);
}

static void names_of(const struct graph *g, const struct gids *ids, struct strv *ret)
{
	strv_release(ret);
	for (size_t i = 0; i < ids->n; i++)
		strv_add(ret, g->projects.v[ids->v[i]].name);
}

static void refresh_one(struct graph *g, size_t i)
{
	struct gproject *p = &g->projects.v[i];
	struct gids needs = VEC_INIT;

	vec_foreach (&p->build_requires, d)
		find_providers(g, i, d, &needs);
	gids_sort(&needs);
	p->stale = false;
	if (same_ids(&needs, &p->needs)) {
		vec_release(&needs);
		return;
	}
	vec_release(&p->needs);
	p->needs.v = needs.v;
	p->needs.n = needs.n;
	p->needs.cap = needs.cap;
	names_of(g, &p->needs, &p->needs_names);
	g->unordered = true;
}

static void refresh(struct graph *g)
{
	for (size_t i = 0; g->stale && i < g->projects.n; i++)
		if (g->projects.v[i].stale)
			refresh_one(g, i);
	g->stale = false;
	if (!g->unordered)
		return;
	graph_sort(g);
	vec_foreach (&g->projects, p)
		names_of(g, &p->before, &p->before_names);
	g->unordered = false;
}

const struct strv *graph_needs(struct graph *g, const char *project)
{
	size_t i;

	refresh(g);
	return hmap_get(&g->by_name, project, &i) ? &g->projects.v[i].needs_names : &g->none;
}

const struct strv *graph_before(struct graph *g, const char *project)
{
	size_t i;

	refresh(g);
	return hmap_get(&g->by_name, project, &i) ? &g->projects.v[i].before_names : &g->none;
}

bool graph_in_cycle(struct graph *g, const char *a, const char *b)
{
	size_t i, k;

	refresh(g);
	return hmap_get(&g->by_name, a, &i) && hmap_get(&g->by_name, b, &k) && i != k &&
	       g->projects.v[i].component == g->projects.v[k].component;
}

const struct strv *graph_order(struct graph *g)
{
	refresh(g);
	return &g->order;
}

void graph_cycles(struct graph *g, struct strv *ret)
{
	refresh(g);
	strv_copy(ret, &g->cycles);
}
