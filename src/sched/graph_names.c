/* SPDX-License-Identifier: GPL-3.0-or-later */
/* graph_names.c - dependencies as numbers of names. They come from packages of strangers: what one
 * project can make of them is bounded, and what nobody speaks of any more is forgotten. */
#include "base/base.h"
#include "base/limits.h"
#include "format/rpm/rpm_dep.h"
#include "sched/graph_internal.h"

#define NAME_VERSIONS 64   /* of one name in one list that are told apart */
#define NAMES_SPARE   1000 /* that may be there for nobody */

void gdeps_release(struct gdeps *v)
{
	vec_foreach (v, d)
		free(d->evr);
	vec_release(v);
}

size_t graph_name(struct graph *g, const char *name)
{
	size_t id;

	if (hmap_get(&g->name_ids, name, &id))
		return id;
	id = g->names.n;
	vec_push(&g->names)->text = xstrdup(name);
	hmap_set(&g->name_ids, name, id);
	return id;
}

struct parse {
	struct graph *g;
	struct gdeps *ret;
};

static enum rpm_truth parse_leaf(void *ctx, const struct rpm_dep *d)
{
	struct parse *p = ctx;
	size_t name = graph_name(p->g, d->name);

	*vec_push(p->ret) = (struct gdep){.name = name, .op = d->op, .evr = xstrdup_null(d->evr)};
	return RPM_OPEN;
}

static int by_name(const void *a, const void *b)
{
	const struct gdep *x = a, *y = b;

	return (x->name > y->name) - (x->name < y->name);
}

size_t graph_first(const struct gdeps *v, size_t name)
{
	size_t lo = 0, hi = v->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (v->v[mid].name < name)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Of a name with more versions than anybody has in good faith, any version will do: lists of two
 * strangers are compared, and a hundred thousand by a hundred thousand is no end. */
static void settle(struct gdeps *v)
{
	size_t k = 0;

	if (v->n)
		qsort(v->v, v->n, sizeof *v->v, by_name);
	for (size_t i = 0, n; i < v->n; i += n) {
		struct gdep *first = &v->v[i];

		for (n = 1; i + n < v->n && first[n].name == first->name; n++)
			;
		if (n <= NAME_VERSIONS) {
			memmove(&v->v[k], first, n * sizeof *first);
			k += n;
			continue;
		}
		for (size_t j = 0; j < n; j++)
			free(first[j].evr);
		v->v[k++] = (struct gdep){.name = first->name};
	}
	v->n = k;
}

void graph_parse(struct graph *g, const struct strv *deps, struct gdeps *ret)
{
	struct parse p = {.g = g, .ret = ret};

	strv_foreach (deps, text) {
		CLEANUP(rpm_dep_release) struct rpm_dep d = {0};

		if (ret->n >= LIMIT_DEPS)
			break; /* of rich ones each has many names */
		if (rpm_dep_is_rich(*text))
			(void)rpm_dep_eval(*text, parse_leaf, &p);
		else if (rpm_dep_parse(*text, &d))
			*vec_push(ret) = (struct gdep){
				.name = graph_name(g, d.name), .op = d.op, .evr = TAKE(d.evr)};
	}
	settle(ret);
}

void gname_release(struct gname *n)
{
	free(n->text);
	vec_release(&n->provided);
	vec_release(&n->wanted);
	vec_release(&n->required);
}

static void renumber(struct gdeps *v, const size_t *to)
{
	vec_foreach (v, d)
		d->name = to[d->name];
}

/* The numbers keep their order, so that what is sorted by them stays so. */
static void renumber_all(struct graph *g)
{
	auto_free size_t *to = xcalloc(g->names.n, sizeof *to);
	size_t n = 0;

	hmap_release(&g->name_ids);
	for (size_t i = 0; i < g->names.n; i++) {
		struct gname *name = &g->names.v[i];

		if (!name->provided.n && !name->wanted.n && !name->required.n) {
			gname_release(name);
			continue;
		}
		to[i] = n;
		(void)hmap_set(&g->name_ids, name->text, n);
		g->names.v[n++] = *name;
	}
	g->names.n = n;
	vec_foreach (&g->projects, p) {
		renumber(&p->build_requires, to);
		renumber(&p->provides, to);
		for (size_t i = 0; i < p->required.n; i++)
			p->required.v[i] = to[p->required.v[i]];
	}
}

void graph_forget_names(struct graph *g)
{
	size_t used = NAMES_SPARE;

	vec_foreach (&g->projects, p)
		used += p->build_requires.n + p->provides.n + p->required.n;
	if (g->names.n > 2 * used)
		renumber_all(g);
}
