/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * graph_order.c - cycles found by Tarjan's algorithm and broken at the project that comes first in
 * the configuration, as often as it takes; then dependencies first. No recursion: a chain is as
 * long as the configuration.
 */
#include "base/base.h"
#include "sched/graph_internal.h"

/* Rounds of breaking one project's needs; a knot that is not undone then is cut by the order of the
 * configuration alone, so that the time stays short whatever the packages say. */
#define ROUNDS 64

#define NONE SIZE_MAX

struct tarjan {
	struct graph *g;
	size_t *index, *low, *next; /* of each project; NONE: not visited; next: its next edge */
	size_t *component;
	size_t *path, path_n;   /* projects being visited */
	size_t *stack, stack_n; /* visited, without a component yet */
	size_t count, components;
};

static void visit(struct tarjan *t, size_t i)
{
	t->index[i] = t->low[i] = t->count++;
	t->next[i] = 0;
	t->path[t->path_n++] = i;
	t->stack[t->stack_n++] = i;
}

static void leave(struct tarjan *t)
{
	size_t i = t->path[--t->path_n], top;

	if (t->path_n) {
		size_t up = t->path[t->path_n - 1];

		if (t->low[i] < t->low[up])
			t->low[up] = t->low[i];
	}
	if (t->low[i] != t->index[i])
		return;
	do {
		top = t->stack[--t->stack_n];
		t->component[top] = t->components;
	} while (top != i);
	t->components++;
}

static void walk(struct tarjan *t, size_t root)
{
	visit(t, root);
	while (t->path_n) {
		size_t i = t->path[t->path_n - 1];
		const struct gids *e = &t->g->projects.v[i].before;

		if (t->next[i] == e->n) {
			leave(t);
			continue;
		}
		size_t to = e->v[t->next[i]++];

		if (t->index[to] == NONE)
			visit(t, to);
		else if (t->component[to] == NONE && t->index[to] < t->low[i])
			t->low[i] = t->index[to];
	}
}

/* ret[project] is the number of its strongly connected component; returns how many. */
static size_t components(struct graph *g, size_t *ret)
{
	size_t n = g->projects.n;
	auto_free size_t *work = xcalloc(n * 5 + 1, sizeof *work);
	struct tarjan t = {.g = g,
		.index = work,
		.low = work + n,
		.next = work + 2 * n,
		.path = work + 3 * n,
		.stack = work + 4 * n,
		.component = ret};

	for (size_t i = 0; i < n; i++)
		t.index[i] = ret[i] = NONE;
	for (size_t i = 0; i < n; i++)
		if (t.index[i] == NONE)
			walk(&t, i);
	return t.components;
}

/* The shortest way from `start` over its needs within the component back to it, for people. */
static void describe(struct graph *g, const size_t *comp, size_t start, struct strv *ret)
{
	size_t n = g->projects.n, head = 0, tail = 0, i;
	auto_free size_t *from = xcalloc(n, sizeof *from), *queue = xcalloc(n, sizeof *queue);
	struct gids way = VEC_INIT;
	auto_strbuf struct strbuf text = STRBUF_INIT;

	for (i = 0; i < n; i++)
		from[i] = NONE;
	queue[tail++] = start;
	while (head < tail && from[start] == NONE) {
		const struct gids *e = &g->projects.v[i = queue[head++]].before;

		for (size_t k = 0; k < e->n; k++) {
			if (comp[e->v[k]] != comp[start] || from[e->v[k]] != NONE)
				continue;
			from[e->v[k]] = i;
			if (e->v[k] != start)
				queue[tail++] = e->v[k];
		}
	}
	for (i = from[start]; i != NONE && i != start; i = from[i])
		gids_add(&way, i);
	sb_add(&text, g->projects.v[start].name);
	while (way.n)
		sb_addf(&text, " -> %s", g->projects.v[way.v[--way.n]].name);
	sb_addf(&text, " -> %s", g->projects.v[start].name);
	strv_take(ret, sb_take(&text));
	vec_release(&way);
}

/* Edges of i to projects of its own component; `later`: only to those behind it in the
 * configuration. */
static void drop_edges(struct graph *g, const size_t *comp, size_t i, bool later)
{
	struct gids *e = &g->projects.v[i].before;
	size_t n = 0;

	for (size_t k = 0; k < e->n; k++)
		if (comp[e->v[k]] != comp[i] || (later && e->v[k] < i))
			e->v[n++] = e->v[k];
	e->n = n;
}

/* Breaks each cycle that is left at one project; false when there was none. */
static bool break_round(struct graph *g, size_t round)
{
	size_t n = g->projects.n;
	auto_free size_t *comp = xcalloc(n + 1, sizeof *comp);
	size_t n_comp = components(g, comp);
	auto_free size_t *size = xcalloc(n_comp + 1, sizeof *size);
	auto_free bool *done = xcalloc(n_comp + 1, sizeof *done);

	for (size_t i = 0; i < n && !round; i++)
		g->projects.v[i].component = comp[i];
	if (n_comp == n)
		return false;
	for (size_t i = 0; i < n; i++)
		size[comp[i]]++;
	for (size_t i = 0; i < n; i++) {
		if (size[comp[i]] < 2 || (done[comp[i]] && round < ROUNDS))
			continue;
		if (!done[comp[i]])
			describe(g, comp, i, &g->cycles);
		done[comp[i]] = true;
		drop_edges(g, comp, i, round >= ROUNDS);
	}
	return true;
}

/* Dependencies first, by depth; there are no cycles any more. */
static void order(struct graph *g)
{
	size_t n = g->projects.n, depth = 0;
	auto_free size_t *next = xcalloc(n + 1, sizeof *next), *path = xcalloc(n + 1, sizeof *path);
	auto_free bool *seen = xcalloc(n + 1, sizeof *seen);

	strv_release(&g->order);
	for (size_t root = 0; root < n; root++) {
		if (seen[root])
			continue;
		seen[path[depth++] = root] = true;
		while (depth) {
			size_t i = path[depth - 1];
			const struct gids *e = &g->projects.v[i].before;

			if (next[i] == e->n) {
				strv_add(&g->order, g->projects.v[i].name);
				depth--;
			} else {
				size_t to = e->v[next[i]++];

				if (!seen[to])
					seen[path[depth++] = to] = true;
			}
		}
	}
}

void graph_sort(struct graph *g)
{
	size_t round = 0;

	vec_foreach (&g->projects, p) {
		p->before.n = 0;
		for (size_t k = 0; k < p->needs.n; k++)
			gids_add(&p->before, p->needs.v[k]);
	}
	strv_release(&g->cycles);
	while (break_round(g, round))
		round++;
	strv_sort(&g->cycles);
	order(g);
}
