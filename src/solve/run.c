/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.c - one solve, from request to result. */
#include "base/base.h"
#include "solve/internal.h"
#include <solv/evr.h>
#include <solv/testcase.h>

static void solver_unref(Solver *s)
{
	solver_free(s);
}
DEFINE_CLEANUP(Solver *, solver_unref)

static void add_package(struct solve *s, Id p, struct lock_packages *ret)
{
	Solvable *v = pool_id2solvable(s->pool, p);
	Id type;

	*vec_push(ret) = (struct lock_package){
		.nevra = solvable_nevra(s->pool, v),
		.checksum = xstrdup_null(solvable_lookup_checksum(v, SOLVABLE_CHECKSUM, &type)),
		.repo = xstrdup(v->repo->name),
		.location = xstrdup_null(solvable_lookup_location(v, NULL)),
		.size = solvable_lookup_num(v, SOLVABLE_DOWNLOADSIZE, 0),
	};
}

static void chosen(Solver *solv, Queue *ret)
{
	CLEANUP(queue_free) Queue q = {0};

	queue_init(&q);
	solver_get_decisionqueue(solv, &q);
	for (int i = 0; i < q.count; i++) {
		if (q.elements[i] > SYSTEMSOLVABLE)
			queue_push(ret, q.elements[i]);
	}
}

static void lacking_of(Pool *pool, Id p, Queue *ret)
{
	CLEANUP(queue_free) Queue deps = {0};

	queue_init(&deps);
	solvable_lookup_deparray(pool_id2solvable(pool, p), SOLVABLE_REQUIRES, &deps, 0);
	for (int i = 0; i < deps.count; i++) {
		if (deps.elements[i] != SOLVABLE_PREREQMARKER)
			dep_lacking_paths(pool, deps.elements[i], ret);
	}
}

/* A better version that was passed over may be so for a path nobody has shown yet. */
static void lacking_of_better(Pool *pool, Id p, Queue *ret)
{
	const Solvable *v = pool_id2solvable(pool, p);
	Id q, qq;

	FOR_PROVIDES(q, qq, v->name)
	{
		const Solvable *w = pool_id2solvable(pool, q);

		if (w->name == v->name && w->arch == v->arch &&
			pool_evrcmp(pool, w->evr, v->evr, EVRCMP_COMPARE) > 0)
			lacking_of(pool, q, ret);
	}
}

/* Paths that stand in the way of the best answer. */
static void lacking(struct run *r, Solver *solv, const Queue *set, Queue *ret)
{
	Pool *pool = r->s->pool;
	int problems = (int)solver_problem_count(solv);
	CLEANUP(queue_free) Queue rules = {0};

	queue_init(&rules);
	vec_foreach (&r->wanted, w) {
		if (w->dep)
			dep_lacking_paths(pool, w->dep, ret);
	}
	for (int i = 1; i <= problems; i++) {
		queue_empty(&rules);
		solver_findallproblemrules(solv, i, &rules);
		for (int k = 0; k < rules.count; k++) {
			Id from, to, dep = 0;

			if (solver_ruleinfo(solv, rules.elements[k], &from, &to, &dep) ==
					SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP &&
				dep)
				dep_lacking_paths(pool, dep, ret);
		}
	}
	for (int i = 0; !problems && i < set->count; i++)
		lacking_of_better(pool, set->elements[i], ret);
}

static void needs_files(struct run *r, Solver *solv, const Queue *set, struct strv *ret)
{
	CLEANUP(queue_free) Queue paths = {0};
	bool more = false;

	vec_foreach (&r->s->sources, src)
		more = more || (!src->local && !src->has_filelists);
	if (!more)
		return;
	queue_init(&paths);
	lacking(r, solv, set, &paths);
	if (!paths.count)
		return;
	vec_foreach (&r->s->sources, src) {
		if (!src->local && !src->has_filelists)
			strv_add(ret, src->id);
	}
}

static void add_problem(struct solve_result *ret, char *text)
{
	vec_foreach (&ret->problems, p) {
		if (str_eq(p->text, text)) {
			free(text);
			return;
		}
	}
	*vec_push(&ret->problems) = (struct solve_problem){.text = text};
}

static int write_testcase(Solver *solv, const char *dir, struct err *err)
{
	if (testcase_write(
		    solv, dir, TESTCASE_RESULT_TRANSACTION | TESTCASE_RESULT_PROBLEMS, NULL, NULL))
		return 0;
	return err_set(err, ERR_SYS, "cannot write the solver's test case '%s': %s", dir,
		pool_errstr(solv->pool));
}

static int solve_jobs(
	struct run *r, const char *testcase, struct solve_result *ret, struct err *err)
{
	CLEANUP(solver_unrefp) Solver *solv = solver_create(r->s->pool);
	CLEANUP(queue_free) Queue set = {0};
	int problems;

	queue_init(&set);
	solver_set_flag(solv, SOLVER_FLAG_IGNORE_RECOMMENDED, !r->s->weak);
	problems = solver_solve(solv, &r->jobs);
	if (!problems)
		chosen(solv, &set);
	needs_files(r, solv, &set, &ret->needs_files);
	for (int i = 0; i < set.count; i++) {
		if (!MAPTST(&r->have, set.elements[i]))
			add_package(r->s, set.elements[i], &ret->packages);
	}
	lock_packages_sort(&ret->packages);
	for (int i = 1; i <= problems; i++)
		add_problem(ret, explain(r, solv, i));
	if (problems && testcase && !ret->needs_files.n)
		return write_testcase(solv, testcase, err);
	return 0;
}

int solve_run(struct solve *s, const struct solve_request *q, const char *testcase,
	struct solve_result *ret, struct err *err)
{
	CLEANUP(run_release) struct run run = {.s = s, .q = q};
	CLEANUP(solve_result_release) struct solve_result out = {0};
	int r;

	queue_init(&run.jobs);
	queue_init(&run.installed);
	if ((r = run_jobs(&run, err)) < 0)
		return r;
	strv_foreach (&s->streams.problems, p)
		add_problem(&out, xstrdup(*p));
	if (!out.problems.n && (r = solve_jobs(&run, testcase, &out, err)) < 0)
		return r;
	*ret = out;
	out = (struct solve_result){0};
	return 0;
}

int solve_find(struct solve *s, const char *what, struct lock_packages *ret, struct err *err)
{
	CLEANUP(queue_free) Queue q = {0};

	if (!dep_is_sane(what))
		return err_set(err, ERR_USAGE, "'%.200s' is no name of a package", what);
	queue_init(&q);
	solve_prepare(s);
	dep_match(s, what, &q);
	solve_sort_best(s, &q);
	for (int i = 0; i < q.count; i++)
		add_package(s, q.elements[i], ret);
	return 0;
}
