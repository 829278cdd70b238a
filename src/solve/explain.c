/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain.c - one line for each problem: what is missing or at odds, who wants it, and the nearest
 * thing there is. libsolv's rules say the first; the rest is looked up here, as it costs time only
 * when something failed.
 */
#include "base/base.h"
#include "solve/internal.h"
#include <solv/evr.h>

struct rule {
	SolverRuleinfo type;
	Id from, to, dep; /* of SOLVER_RULE_BEST: from is the best package */
};

static char *name_of(struct run *r, Id p)
{
	return solvable_nevra(r->s->pool, pool_id2solvable(r->s->pool, p));
}

/* Why a package that fits may not be taken. */
static char *hidden_reason(struct run *r, Id p)
{
	struct solve *s = r->s;
	const Solvable *v = pool_id2solvable(s->pool, p);
	const struct source *src = solve_source_of(s, v), *by = NULL;
	auto_free char *nevra = name_of(r, p);

	switch ((enum hidden)s->hidden[p]) {
	case HIDDEN_ARCH:
		return xasprintf("%s is not for %s", nevra, s->arch);
	case HIDDEN_EXCLUDED:
		return xasprintf("%s of '%s' is excluded", nevra, src->id);
	case HIDDEN_NOT_INCLUDED:
		return xasprintf("%s is none of includepkgs of '%s'", nevra, src->id);
	case HIDDEN_PRIORITY:
		vec_foreach (&s->sources, o) {
			for (int i = 0; i < o->ids.count; i++) {
				Id q = o->ids.elements[i];

				if (pool_id2solvable(s->pool, q)->name == v->name &&
					solve_visible(s, q))
					by = o;
			}
		}
		return xasprintf(
			"%s of '%s' is hidden by the same name in '%s' (priority %d before "
			"%d)",
			nevra, src->id, by ? by->id : "", by ? by->priority : 0, src->priority);
	case HIDDEN_STREAM:
	case HIDDEN_MODULE:
		return streams_reason(s, src, v);
	case HIDDEN_NOT:
		break;
	}
	return NULL;
}

static Id plain_name(Pool *pool, Id dep)
{
	while (ISRELDEP(dep))
		dep = GETRELDEP(pool, dep)->name;
	return dep;
}

static char *other_versions(struct run *r, Id name)
{
	Pool *pool = r->s->pool;
	CLEANUP(queue_free) Queue q = {0};
	Id p, pp;

	queue_init(&q);
	FOR_PROVIDES(p, pp, name)
	queue_push(&q, p);
	if (!q.count)
		return NULL;
	solve_sort_best(r->s, &q);
	auto_free char *best = name_of(r, q.elements[0]);
	return xasprintf("there is only %s", best);
}

static char *hidden_one(struct run *r, Id dep)
{
	struct solve *s = r->s;
	CLEANUP(queue_free) Queue q = {0};

	queue_init(&q);
	for (Id p = 2; p < s->nhidden; p++) {
		Solvable *v = pool_id2solvable(s->pool, p);

		if (v->repo && v->arch != ARCH_SRC && v->arch != ARCH_NOSRC &&
			!solve_visible(s, p) &&
			(solvable_matchesdep(v, SOLVABLE_PROVIDES, dep, -1) ||
				(!ISRELDEP(dep) &&
					solvable_fits(s->pool, v, pool_id2str(s->pool, dep)))))
			queue_push(&q, p);
	}
	if (!q.count)
		return NULL;
	solve_sort_best(s, &q);
	/* another architecture's is the weakest of reasons */
	for (int i = 0; i < q.count; i++) {
		if (s->hidden[q.elements[i]] != HIDDEN_ARCH)
			return hidden_reason(r, q.elements[i]);
	}
	return hidden_reason(r, q.elements[0]);
}

static char *similar(struct run *r, Id name)
{
	Pool *pool = r->s->pool;
	const char *want = pool_id2str(pool, name);
	size_t n = strlen(want);
	VEC(const char *) list = VEC_INIT;
	const char *near, *longer = NULL;

	if (*want == '@')
		return xstrdup("groups are not known, only packages");
	for (Id id = 2; id < pool->ss.nstrings; id++) {
		const char *s = pool_id2str(pool, id);
		size_t k = strlen(s);

		if (k + 3 < n || k > n + 3 || (*s == '/') != (*want == '/') ||
			!dep_provided(pool, id))
			continue;
		*vec_push(&list) = s;
		/* "zlib-dev" means zlib-devel, not libc-dev */
		if (n > 2 && str_starts(s, want) && (!longer || k < strlen(longer)))
			longer = s;
	}
	near = longer ?: str_nearest(want, list.v, list.n);
	vec_release(&list);
	return near ? xasprintf("near is %s", near) : NULL;
}

/* "; there is only foo-1.0-1.x86_64", "" when nothing is near. */
static char *nearest(struct run *r, Id dep)
{
	Pool *pool = r->s->pool;
	Id name = plain_name(pool, dep);
	auto_free char *why = hidden_one(r, dep);

	if (!why && ISRELDEP(dep))
		why = other_versions(r, name);
	if (!why && ISRELDEP(dep))
		why = hidden_one(r, name);
	if (!why)
		why = similar(r, name);
	return why ? xasprintf("; %s", why) : xstrdup("");
}

static bool job_selects(struct run *r, size_t k, Id package)
{
	Pool *pool = r->s->pool;
	Id select = r->jobs.elements[2 * k] & SOLVER_SELECTMASK, what = r->jobs.elements[2 * k + 1];
	Id p, pp;

	FOR_JOB_SELECT(p, pp, select, what)
	{
		if (p == package)
			return true;
	}
	return false;
}

/* Whether the rule is one of request k's. */
static bool rule_of(struct run *r, const struct rule *x, size_t k)
{
	if (x->type == SOLVER_RULE_BEST)
		return r->jobs.elements[2 * k] & SOLVER_FORCEBEST && job_selects(r, k, x->from);
	return x->type == SOLVER_RULE_JOB && (size_t)x->from / 2 == k;
}

/* Why a package is part of this at all: the requests whose rules are among the problem's; NULL
 * none.
 */
static char *wish(struct run *r, const struct rule *rules, size_t n, Id how)
{
	auto_strv struct strv all = STRV_INIT;

	for (size_t k = 0; k < r->wanted.n; k++) {
		bool part = false;

		if ((r->jobs.elements[2 * k] & SOLVER_JOBMASK) != how || !r->wanted.v[k].text)
			continue;
		for (size_t i = 0; i < n && !part; i++)
			part = rule_of(r, &rules[i], k);
		if (part && !strv_has(&all, r->wanted.v[k].text))
			strv_add(&all, r->wanted.v[k].text);
	}
	return all.n ? strv_join(&all, " and ") : NULL;
}

static char *wanted_by(struct run *r, const char *why)
{
	const char *who = r->q->who ?: "the request";

	return why ? xasprintf("%s wants %s", who, why) : xasprintf("%s", who);
}

/* The rule of that type which speaks of the best package. */
static const struct rule *first(
	struct run *r, const struct rule *rules, size_t n, SolverRuleinfo type)
{
	Pool *pool = r->s->pool;
	const struct rule *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (rules[i].type != type)
			continue;
		if (best && (best->from <= SYSTEMSOLVABLE || rules[i].from <= SYSTEMSOLVABLE ||
				    rules[i].from >= pool->nsolvables))
			continue;
		if (best) {
			const Solvable *v = pool_id2solvable(pool, best->from);
			const Solvable *w = pool_id2solvable(pool, rules[i].from);

			if (v->name != w->name ||
				pool_evrcmp(pool, w->evr, v->evr, EVRCMP_COMPARE) <= 0)
				continue;
		}
		best = rules + i;
	}
	return best;
}

static char *nothing_provides(struct run *r, const struct rule *x, const char *why)
{
	Pool *pool = r->s->pool;
	auto_free char *near = nearest(r, x->dep), *by = wanted_by(r, why);

	if (x->type != SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP)
		return xasprintf("nothing provides %s, which %s wants%s",
			pool_dep2str(pool, x->dep), r->q->who ?: "the request", near);
	auto_free char *nevra = name_of(r, x->from);
	return xasprintf("nothing provides %s, which %s requires (%s)%s",
		pool_dep2str(pool, x->dep), nevra, by, near);
}

static char *clash(struct run *r, const struct rule *x, const char *why)
{
	Pool *pool = r->s->pool;
	auto_free char *a = name_of(r, x->from), *by = wanted_by(r, why);
	auto_free char *b = x->to ? name_of(r, x->to) : xstrdup("");
	const char *there = x->to && (MAPTST(&r->have, x->to) || MAPTST(&r->have, x->from))
				    ? ", and one of them is in the root already"
				    : "";

	switch (x->type) {
	case SOLVER_RULE_PKG_SELF_CONFLICT:
		return xasprintf("%s conflicts with %s, which it provides itself (%s)", a,
			pool_dep2str(pool, x->dep), by);
	case SOLVER_RULE_PKG_SAME_NAME:
		return xasprintf("%s and %s cannot be installed both (%s)%s", a, b, by, there);
	case SOLVER_RULE_PKG_CONFLICTS:
		return xasprintf("%s conflicts with %s, which is %s (%s)%s", a,
			pool_dep2str(pool, x->dep), b, by, there);
	default:
		return xasprintf("%s obsoletes %s, which is %s (%s)%s", a,
			pool_dep2str(pool, x->dep), b, by, there);
	}
}

/* Whether an older version than v's would be right for wish k. */
static bool older_fits(struct run *r, size_t k, const Solvable *v)
{
	Pool *pool = r->s->pool;
	Id p, pp;

	FOR_PROVIDES(p, pp, v->name)
	{
		const Solvable *w = pool_id2solvable(pool, p);

		if (w->name == v->name && job_selects(r, k, p) &&
			pool_evrcmp(pool, w->evr, v->evr, EVRCMP_COMPARE) < 0)
			return true;
	}
	return false;
}

/* "foo-2-1.noarch is the best candidate for foo, but " when an older one is in the way of nothing
 * else: it is not taken. */
static char *best_first(struct run *r, const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const Solvable *v = pool_id2solvable(r->s->pool, rules[i].from);

		for (size_t k = 0; rules[i].type == SOLVER_RULE_BEST && k < r->wanted.n; k++) {
			if (!rule_of(r, &rules[i], k) || !older_fits(r, k, v))
				continue;
			auto_free char *nevra = name_of(r, rules[i].from);
			return xasprintf("%s is the best candidate for %s, but ", nevra,
				r->wanted.v[k].text);
		}
	}
	return xstrdup("");
}

/* What must not be there, though what is wanted needs it. */
static char *against(
	struct run *r, const struct rule *rules, size_t n, const char *unwanted, const char *why)
{
	const struct rule *x = first(r, rules, n, SOLVER_RULE_PKG_REQUIRES);
	auto_strbuf struct strbuf sb = STRBUF_INIT;

	sb_addf(&sb, "%s conflicts with %s, but ", r->q->who ?: "the request", unwanted);
	if (why)
		sb_addf(&sb, "wants %s", why);
	if (x) {
		auto_free char *nevra = name_of(r, x->from);

		sb_addf(&sb, "%s%s requires %s", why ? ", and " : "", nevra,
			pool_dep2str(r->s->pool, x->dep));
	}
	if (!why && !x)
		sb_add(&sb, "it is in the root");
	return sb_take(&sb);
}

static char *explain_rules(struct run *r, const struct rule *rules, size_t n)
{
	static const SolverRuleinfo missing[] = {SOLVER_RULE_JOB_NOTHING_PROVIDES_DEP,
		SOLVER_RULE_JOB_UNKNOWN_PACKAGE, SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP};
	static const SolverRuleinfo clashes[] = {SOLVER_RULE_PKG_SELF_CONFLICT,
		SOLVER_RULE_PKG_CONFLICTS, SOLVER_RULE_PKG_OBSOLETES,
		SOLVER_RULE_PKG_IMPLICIT_OBSOLETES, SOLVER_RULE_PKG_SAME_NAME};
	auto_free char *why = wish(r, rules, n, SOLVER_INSTALL);
	auto_free char *unwanted = wish(r, rules, n, SOLVER_ERASE);
	const struct rule *x;

	if (unwanted)
		return against(r, rules, n, unwanted, why);
	for (size_t i = 0; i < COUNTOF(missing); i++) {
		if ((x = first(r, rules, n, missing[i])) && x->dep)
			return nothing_provides(r, x, why);
	}
	for (size_t i = 0; i < COUNTOF(clashes); i++) {
		if ((x = first(r, rules, n, clashes[i])))
			return clash(r, x, why);
	}
	return NULL;
}

static Id best_of(Solver *solv, Id rule)
{
	CLEANUP(queue_free) Queue q = {0};

	queue_init(&q);
	solver_ruleliterals(solv, rule, &q);
	for (int i = 0; i < q.count; i++) {
		if (q.elements[i] > SYSTEMSOLVABLE)
			return q.elements[i];
	}
	return 0;
}

char *explain(struct run *r, Solver *solv, Id problem)
{
	CLEANUP(queue_free) Queue ids = {0};
	VEC(struct rule) rules = VEC_INIT;
	char *text;

	queue_init(&ids);
	solver_findallproblemrules(solv, problem, &ids);
	for (int i = 0; i < ids.count; i++) {
		struct rule x = {0};

		x.type = solver_ruleinfo(solv, ids.elements[i], &x.from, &x.to, &x.dep);
		if (x.type == SOLVER_RULE_BEST)
			x.from = best_of(solv, ids.elements[i]);
		*vec_push(&rules) = x;
	}
	text = explain_rules(r, rules.v, rules.n);
	text = text ?: str_replace(solver_problem2str(solv, problem), "\n", " ");
	auto_free char *unwanted = wish(r, rules.v, rules.n, SOLVER_ERASE), *body = text;
	auto_free char *best = unwanted ? xstrdup("") : best_first(r, rules.v, rules.n);
	vec_release(&rules);
	return xasprintf("%s%s", best, body);
}
