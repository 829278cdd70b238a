/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dep.c - dependencies as rpm writes them, and what fits one. */
#include "base/base.h"
#include "solve/internal.h"
#include <solv/evr.h>
#include <solv/pool_parserpmrichdep.h>
#include <solv/poolarch.h>
#include <solv/selection.h>

Id dep_parse(Pool *pool, const char *text)
{
	auto_free char *t = str_trim(text);
	size_t n = strcspn(t, " \t<>=");
	const char *p = t + n;
	int flags = 0;

	if (!dep_is_sane(t))
		return 0;
	if (*t == '(')
		return pool_parserpmrichdep(pool, t);
	if (!*p)
		return pool_str2id(pool, t, 1);
	p += strspn(p, " \t");
	for (; *p && strchr("<>=", *p); p++)
		flags |= *p == '<' ? REL_LT : *p == '>' ? REL_GT : REL_EQ;
	p += strspn(p, " \t");
	if (!n || !flags || !*p || p[strcspn(p, " \t<>=")])
		return 0;
	if (str_starts(p, "0:"))
		p += 2; /* as libsolv has them */
	return pool_rel2id(
		pool, pool_strn2id(pool, t, (unsigned)n, 1), pool_str2id(pool, p, 1), flags, 1);
}

bool dep_provided(Pool *pool, Id dep)
{
	Id p, pp;

	FOR_PROVIDES(p, pp, dep)
	return true;
	return false;
}

void dep_lacking_paths(Pool *pool, Id dep, Queue *ret)
{
	while (ISRELDEP(dep)) {
		Reldep *rd = GETRELDEP(pool, dep);

		if (rd->flags > 7)
			dep_lacking_paths(pool, rd->evr, ret);
		dep = rd->name;
	}
	if (pool_id2str(pool, dep)[0] == '/' && !dep_provided(pool, dep))
		queue_pushunique(ret, dep);
}

static int by_rank(const void *a, const void *b, void *data)
{
	Pool *pool = data;
	Id x = *(const Id *)a, y = *(const Id *)b;
	const Solvable *v = pool_id2solvable(pool, x), *w = pool_id2solvable(pool, y);
	int c = strcmp(pool_id2str(pool, v->name), pool_id2str(pool, w->name));

	if (!c)
		c = pool_evrcmp(pool, w->evr, v->evr, EVRCMP_COMPARE);
	if (!c)
		c = (int)(pool_arch2score(pool, v->arch) > pool_arch2score(pool, w->arch)) -
		    (int)(pool_arch2score(pool, v->arch) < pool_arch2score(pool, w->arch));
	return c ? c : (x > y) - (x < y);
}

void solve_sort_best(struct solve *s, Queue *q)
{
	if (q->count)
		solv_sort(q->elements, (size_t)q->count, sizeof(Id), by_rank, s->pool);
}

static void by_pattern(struct solve *s, const char *what, Queue *ret)
{
	for (Id p = 2; p < s->pool->nsolvables; p++) {
		const Solvable *v = pool_id2solvable(s->pool, p);

		if (v->repo && solve_visible(s, p) && solvable_fits(s->pool, v, what))
			queue_push(ret, p);
	}
}

void dep_match(struct solve *s, const char *what, Queue *ret)
{
	Pool *pool = s->pool;
	bool plain = !strpbrk(what, "(<>= /");
	Id dep, p, pp;

	if (plain)
		by_pattern(s, what, ret);
	if (ret->count || !(dep = dep_parse(pool, what)))
		return;
	if (solve_paths(s))
		pool_createwhatprovides(pool);
	FOR_PROVIDES(p, pp, dep)
	queue_push(ret, p);
}
