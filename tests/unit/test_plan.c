/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a pass would do, in which order and why. */
#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "sched/plan.h"
#include "scratch.h"

static char *dir;
static struct config cfg;
static struct store *st;
static struct target targets[2];
static struct plan_commits found;

#define OK(call)                                                                                   \
	do {                                                                                       \
		auto_err struct err e_ = ERR_INIT;                                                 \
		struct err *err = &e_;                                                             \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, e_.msg);                                         \
	} while (0)

/* "name", "name!" is on-change. */
static void world(const char *projects, size_t n_targets)
{
	static char names[2][2] = {"t", "u"};
	auto_strv struct strv list = STRV_INIT;

	assert_int_equal(scratch_make("plan", &dir), 0);
	OK(store_open(dir, false, &st, err));
	for (size_t i = 0; i < n_targets; i++) {
		targets[i].name = names[i];
		*vec_push(&cfg.targets) = &targets[i];
	}
	strv_split(&list, projects, " ");
	strv_foreach (&list, n) {
		struct config_project *p = vec_push(&cfg.projects);
		size_t len = strcspn(*n, "!");

		p->project = xstrndup(*n, len);
		p->name = xstrdup(p->project);
		p->rebuild_on_change = (*n)[len] == '!';
	}
}

static int end(void **state)
{
	(void)state;
	store_close(st);
	vec_foreach (&cfg.projects, p) {
		free(p->project);
		free(p->name);
	}
	vec_release(&cfg.projects);
	vec_release(&cfg.targets);
	vec_free(&found, plan_commit_release);
	cfg = (struct config){0};
	return scratch_remove(&dir);
}

static struct config_project *conf(const char *project)
{
	vec_foreach (&cfg.projects, p)
		if (str_eq(p->project, project))
			return p;
	abort();
}

static void needs(const char *project, const char *deps)
{
	auto_strv struct strv br = STRV_INIT, prov = STRV_INIT;

	strv_split(&br, deps, " ");
	strv_add(&prov, project);
	OK(store_deps_set(st, "t", project, DEP_BUILD_REQUIRES, &br, err));
	OK(store_deps_set(st, "t", project, DEP_PROVIDES, &prov, err));
}

static void commit(const char *target, const char *project, const char *sha)
{
	*vec_push(&found) = (struct plan_commit){.target = xstrdup(target),
		.project = xstrdup(project),
		.upstream_sha = xstrdup(sha),
		.packaging_sha = xstrdup("p"),
		.subject = xstrdup("s")};
}

static int64_t queued(const char *project, const char *sha, const char *trigger, int64_t prio)
{
	auto_free char *p = xstrdup(project), *h = xstrdup(sha), *t = xstrdup(trigger);
	char target[] = "t";
	struct store_build b = {.target = target,
		.project = p,
		.upstream_sha = h,
		.packaging_sha = h,
		.trigger = t,
		.priority = prio,
		.queued = 1000};
	int64_t id = 0;

	OK(store_build_add(st, &b, &id, NULL, err));
	return id;
}

static int64_t over(const char *project, const char *sha, bool good)
{
	struct result res = {.status = good ? STATUS_SUCCESS : STATUS_FAILED};
	int64_t id = queued(project, sha, "commit", 0);

	if (!good)
		res.cause = CAUSE_BUILD;
	OK(store_build_start(st, id, err));
	OK(store_build_finish(st, id, &res, err));
	if (good)
		OK(store_build_published(st, id, "x", err));
	return id;
}

/* "project sha[ <after][ !waits][ ?]" with commas between; cycles after a bar. */
static void plan_is(const struct strv *only, const char *want)
{
	const struct sched_opts opts = {.projects = only};
	struct plan_of of = {.cfg = &cfg, .st = st, .opts = &opts, .found = &found};
	VEC(struct graph *) graphs = VEC_INIT;
	auto_strv struct strv lines = STRV_INIT, cycles = STRV_INIT;
	struct sched_plan plan = VEC_INIT;
	auto_free char *got = NULL, *all = NULL, *loops = NULL;

	vec_foreach (&cfg.targets, t)
		OK(graph_load(&cfg, (*t)->name, st, vec_push(&graphs), err));
	of.graphs = graphs.v;
	OK(plan_make(&of, &plan, &cycles, err));
	vec_foreach (&graphs, g)
		graph_free(*g);
	vec_release(&graphs);
	vec_foreach (&plan, p) {
		auto_free char *after = strv_join(&p->after, "+");

		strv_addf(&lines, "%s%s%s %s%s%s%s%s%s", str_eq(p->target, "t") ? "" : p->target,
			str_eq(p->target, "t") ? "" : "/", p->project, p->upstream_sha,
			*after ? " <" : "", after, p->waits ? " !" : "", p->waits ? p->waits : "",
			p->maybe ? " ?" : "");
	}
	vec_free(&plan, sched_planned_release);
	got = strv_join(&lines, ", ");
	loops = strv_join(&cycles, ", ");
	all = xasprintf("%s%s%s", got, *loops ? " | " : "", loops);
	assert_string_equal(all, want);
}

static void chain(void **state)
{
	auto_strv struct strv only = STRV_INIT;

	(void)state;
	world("c b a", 1);
	needs("c", "b");
	needs("b", "a");
	needs("a", "");
	commit("t", "c", "c1");
	commit("t", "b", "b1");
	commit("t", "a", "a1");
	commit("t", "a", "a2");
	plan_is(NULL, "a a1, a a2, b b1 <a, c c1 <b");
	strv_add(&only, "c");
	plan_is(&only, "c c1");
	strv_add(&only, "a");
	plan_is(&only, "c c1, a a1, a a2");
}

static void nothing(void **state)
{
	(void)state;
	world("a", 1);
	plan_is(NULL, "");
}

static void cycle(void **state)
{
	(void)state;
	world("a b c", 1);
	needs("a", "b");
	needs("b", "a");
	needs("c", "b");
	commit("t", "c", "c1");
	commit("t", "b", "b1");
	commit("t", "a", "a1");
	plan_is(NULL, "a a1, b b1 <a, c c1 <b | t: a -> b -> a");
}

/* As the scheduler picks: priority, fewest served, oldest. */
static void fair(void **state)
{
	(void)state;
	world("a b c", 1);
	conf("c")->priority = 5;
	commit("t", "a", "a1");
	commit("t", "a", "a2");
	commit("t", "a", "a3");
	commit("t", "b", "b1");
	commit("t", "c", "c1");
	(void)queued("b", "b0", "commit", 0);
	plan_is(NULL, "c c1, b b0, a a1, a a2, b b1, a a3");
}

static void failed(void **state)
{
	(void)state;
	world("lib user app other", 1);
	needs("user", "lib");
	needs("app", "user");
	needs("lib", "");
	(void)over("lib", "l0", true);
	(void)over("lib", "l1", false);
	commit("t", "app", "x1");
	commit("t", "user", "u1");
	commit("t", "other", "o1");
	plan_is(NULL, "other o1, user u1 !lib, app x1 <user !lib");
	/* the last good one will do */
	cfg.last_good = true;
	plan_is(NULL, "user u1, app x1 <user, other o1");
	cfg.last_good = false;
	/* a person asked for it */
	(void)queued("user", "u0", "recheck", 0);
	plan_is(NULL, "user u0, other o1, user u1 !lib, app x1 <user !lib");
	/* it is to be built again */
	commit("t", "lib", "l2");
	plan_is(NULL, "other o1, lib l2, user u0 <lib, user u1 <lib, app x1 <user");
}

static void held(void **state)
{
	(void)state;
	world("lib user", 1);
	needs("user", "lib");
	commit("t", "user", "u1");
	commit("t", "lib", "l1");
	OK(store_hold(st, "lib", true, err));
	plan_is(NULL, "user u1 <lib, lib l1");
}

static void two_targets(void **state)
{
	(void)state;
	world("a b", 2);
	needs("a", "b");
	commit("t", "a", "a1");
	commit("u", "a", "a1");
	commit("t", "b", "b1");
	commit("u", "b", "b1");
	plan_is(NULL, "u/a a1, b b1, a a1 <b, u/b b1");
}

static void published(const char *project, const char *prov, const char *req)
{
	auto_strv struct strv p = STRV_INIT, r = STRV_INIT;
	auto_free char *sha = xasprintf("%s0", project);

	strv_split(&p, prov, ",");
	strv_split(&r, req, ",");
	OK(store_deps_set(st, "t", project, DEP_PROVIDES, &p, err));
	OK(store_deps_set(st, "t", project, DEP_REQUIRES, &r, err));
	(void)over(project, sha, true);
}

static void maybe(void **state)
{
	(void)state;
	world("lib user app watch! plain", 1);
	needs("watch", "app");
	published("lib", "lib,liblib.so.1", "");
	published("user", "user,libuser.so.1", "liblib.so.1");
	published("app", "app", "libuser.so.1");
	published("watch", "watch", "app");
	published("plain", "plain", "lib");
	commit("t", "lib", "l1");
	plan_is(NULL, "lib l1, user user0 <lib ?, app app0 <user ?, watch watch0 <app ?");
	/* what is built anyway is not listed twice */
	commit("t", "user", "u1");
	plan_is(NULL, "lib l1, user u1, app app0 <user ?, watch watch0 <app ?");
}

#define T(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	const struct CMUnitTest tests[] = {T(chain), T(nothing), T(cycle), T(fair), T(failed),
		T(held), T(two_targets), T(maybe)};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
