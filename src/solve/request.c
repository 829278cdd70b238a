/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * request.c - what is wanted, as libsolv's jobs. What is there already is wanted package by
 * package, which both keeps it as it is and keeps other versions of it out.
 */
#include "base/base.h"
#include "model/package.h"
#include "solve/internal.h"
#include <solv/chksum.h>

void run_release(struct run *r)
{
	queue_free(&r->jobs);
	queue_free(&r->installed);
	map_free(&r->have);
	vec_release(&r->wanted);
}

static void push(struct run *r, Id how, Id what, const char *text)
{
	queue_push2(&r->jobs, how, what);
	*vec_push(&r->wanted) = (struct wanted){
		.text = text,
		.dep = (how & SOLVER_SELECTMASK) == SOLVER_SOLVABLE ? 0 : what,
	};
}

static bool is_package(
	Pool *pool, Id p, const struct package *want, const char *evr, const char *checksum)
{
	Solvable *v = pool_id2solvable(pool, p);
	const char *have_evr = pool_id2str(pool, v->evr), *sum;
	Id type;

	if (str_starts(have_evr, "0:"))
		have_evr += 2;
	if (!v->repo || !str_eq(pool_id2str(pool, v->name), want->name) || !str_eq(have_evr, evr) ||
		!str_eq(pool_id2str(pool, v->arch), want->arch))
		return false;
	sum = checksum ? solvable_lookup_checksum(v, SOLVABLE_CHECKSUM, &type) : NULL;
	return !checksum || (sum && str_eq(sum, checksum));
}

/* Visible ones first: they are found by name. */
static Id find_package(struct solve *s, const struct lock_package *lp, const struct package *want)
{
	Pool *pool = s->pool;
	auto_free char *evr = package_evr(want);
	Id name = pool_str2id(pool, want->name, 0), p, pp;

	if (!name)
		return 0;
	FOR_PROVIDES(p, pp, name)
	{
		if (is_package(pool, p, want, evr, lp->checksum))
			return p;
	}
	for (p = 2; p < pool->nsolvables; p++) {
		if (pool_id2solvable(pool, p)->name == name &&
			is_package(pool, p, want, evr, lp->checksum))
			return p;
	}
	return 0;
}

static int add_installed(struct run *r, struct err *err)
{
	struct solve *s = r->s;
	bool unhidden = false;

	vec_foreach (r->q->installed, lp) {
		struct package want = {0};
		Id p = package_set_nevra(&want, lp->nevra) ? find_package(s, lp, &want) : 0;

		package_release(&want);
		if (!p)
			return err_set(err, ERR_NOT_FOUND,
				"package %s of the root is not in the repositories any more",
				lp->nevra);
		if (!MAPTST(&s->considered, p)) {
			MAPSET(&s->considered, p);
			unhidden = true;
		}
		if (MAPTST(&r->have, p))
			continue;
		MAPSET(&r->have, p);
		queue_push(&r->installed, p);
		push(r, SOLVER_INSTALL | SOLVER_SOLVABLE, p, NULL);
	}
	if (unhidden) {
		pool_createwhatprovides(s->pool);
		s->stale = true; /* hidden again for the next one */
	}
	return 0;
}

static bool is_there(const struct run *r, Id dep)
{
	Pool *pool = r->s->pool;
	Id p, pp;

	if (!r->installed.count)
		return false;
	FOR_PROVIDES(p, pp, dep)
	{
		if (MAPTST(&r->have, p))
			return true;
	}
	return false;
}

/* Whether a package of that very name fits. */
static bool is_name(Pool *pool, Id dep)
{
	Id p, pp;

	FOR_PROVIDES(p, pp, dep)
	{
		if (pool_match_nevr(pool, pool_id2solvable(pool, p), dep))
			return true;
	}
	return false;
}

/* The best version of what fits or a problem, as dnf with best=1: nobody asked for an old one. */
#define BEST (SOLVER_INSTALL | SOLVER_FORCEBEST)

static void add_wanted(struct run *r, const char *text, Id dep)
{
	Pool *pool = r->s->pool;
	CLEANUP(queue_free) Queue q = {0};

	if (*text == '(' || is_there(r, dep)) {
		push(r, SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES, dep, text);
		return;
	}
	if (is_name(pool, dep)) {
		push(r, BEST | SOLVER_SOLVABLE_NAME, dep, text);
		return;
	}
	if (dep_provided(pool, dep) || strpbrk(text, "(<>= /*?[")) {
		push(r, BEST | SOLVER_SOLVABLE_PROVIDES, dep, text);
		return;
	}
	queue_init(&q);
	dep_match(r->s, text, &q);
	if (!q.count) {
		push(r, SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES, dep, text);
		return;
	}
	push(r, BEST | SOLVER_SOLVABLE_ONE_OF, pool_queuetowhatprovides(pool, &q), text);
	r->wanted.v[r->wanted.n - 1].dep = dep;
}

static int add_file(struct run *r, const char *path, struct err *err)
{
	Pool *pool = r->s->pool;

	vec_foreach (&r->s->sources, src) {
		for (int i = 0; src->local && i < src->ids.count; i++) {
			Id p = src->ids.elements[i];
			const char *at = solvable_lookup_location(pool_id2solvable(pool, p), NULL);

			if (!at || !str_eq(at, path))
				continue;
			push(r, SOLVER_INSTALL | SOLVER_SOLVABLE, p, path);
			if (!MAPTST(&r->s->considered, p)) {
				MAPSET(&r->s->considered, p);
				pool_createwhatprovides(pool);
				r->s->stale = true;
			}
			return 0;
		}
	}
	return err_set(err, ERR_USAGE, "'%s' is none of the package files", path);
}

static int parse_all(struct run *r, const struct strv *list, Queue *ret, struct err *err)
{
	strv_foreach (list, t) {
		Id dep = dep_parse(r->s->pool, *t);

		if (!dep)
			return err_set(err, r->q->who ? ERR_SOURCE : ERR_USAGE,
				"'%.200s' is no dependency%s%s%s", *t, r->q->who ? " (of " : "",
				r->q->who ?: "", r->q->who ? ")" : "");
		queue_push(ret, dep);
	}
	return 0;
}

int run_jobs(struct run *r, struct err *err)
{
	CLEANUP(queue_free) Queue install = {0};
	CLEANUP(queue_free) Queue conflicts = {0};
	int rc;

	queue_init(&install);
	queue_init(&conflicts);
	if ((rc = parse_all(r, &r->q->install, &install, err)) < 0 ||
		(rc = parse_all(r, &r->q->conflicts, &conflicts, err)) < 0)
		return rc;
	solve_prepare(r->s);
	map_init(&r->have, r->s->pool->nsolvables);
	if (r->q->installed && (rc = add_installed(r, err)) < 0)
		return rc;
	strv_foreach (&r->q->files, f) {
		if ((rc = add_file(r, *f, err)) < 0)
			return rc;
	}
	for (int i = 0; i < install.count; i++)
		add_wanted(r, r->q->install.v[i], install.elements[i]);
	for (int i = 0; i < conflicts.count; i++)
		push(r, SOLVER_ERASE | SOLVER_SOLVABLE_PROVIDES, conflicts.elements[i],
			r->q->conflicts.v[i]);
	return 0;
}
