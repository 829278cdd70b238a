/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What outcomes set off: rebuilds, second tries, and that it ends. */
#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "sched/internal.h"
#include "sched/rebuild.h"
#include "scratch.h"

static char *dir;
static struct config cfg;
static struct sched s;
static struct graph *g;

#define OK(call)                                                                                   \
	do {                                                                                       \
		auto_err struct err e_ = ERR_INIT;                                                 \
		struct err *err = &e_;                                                             \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, e_.msg);                                         \
	} while (0)

/* A name that ends in ! is `rebuild: on-change`. */
static void world(const char *projects)
{
	auto_strv struct strv names = STRV_INIT;

	assert_int_equal(scratch_make("rebuild", &dir), 0);
	strv_split(&names, projects, " ");
	strv_foreach (&names, n) {
		struct config_project *p = vec_push(&cfg.projects);
		size_t len = strcspn(*n, "!");

		p->project = xstrndup(*n, len);
		p->name = xstrdup(p->project);
		p->rebuild_on_change = (*n)[len] == '!';
	}
	s = (struct sched){.cfg = &cfg};
	OK(store_open(dir, false, &s.store, err));
	OK(graph_load(&cfg, "t", s.store, &g, err));
}

static int end(void **state)
{
	(void)state;
	graph_free(g);
	g = NULL;
	store_close(s.store);
	vec_foreach (&cfg.projects, p) {
		free(p->project);
		free(p->name);
	}
	vec_release(&cfg.projects);
	return scratch_remove(&dir);
}

static void list(struct strv *ret, const char *text)
{
	strv_split(ret, text, ",");
	strv_foreach (ret, d) {
		char *t = str_trim(*d);

		free(*d);
		*d = t;
	}
}

static int64_t commit(const char *project, const char *sha)
{
	auto_free char *p = xstrdup(project), *h = xstrdup(sha);
	char target[] = "t", trigger[] = "commit";
	struct store_build b = {.target = target,
		.project = p,
		.upstream_sha = h,
		.packaging_sha = h,
		.trigger = trigger,
		.queued = 1000};
	int64_t id = 0;

	OK(store_build_add(s.store, &b, &id, NULL, err));
	OK(store_build_start(s.store, id, err));
	return id;
}

struct outcome {
	const char *br, *prov, *req, *content; /* content NULL: it failed */
	bool dependency;                       /* ... for want of BuildRequires */
};

/* The outcome of a build; returns how many it sets off. */
static size_t outcome(int64_t id, struct outcome o)
{
	struct result res = {.status = o.content ? STATUS_SUCCESS : STATUS_FAILED, .date = 77};
	struct store_build b = {0};
	size_t n = 99;

	if (!o.content) {
		res.cause = o.dependency ? CAUSE_DEPENDENCY : CAUSE_BUILD;
		res.cause_step = xstrdup(o.dependency ? "dependencies" : "build");
		res.cause_message = xstrdup("no");
	}
	res.name = xstrdup("x");
	res.version = xstrdup("1");
	res.release = xstrdup("1");
	res.content = xstrdup_null(o.content);
	list(&res.build_requires, o.br);
	list(&res.provides, o.prov);
	list(&res.requires, o.req);
	OK(store_begin(s.store, err));
	OK(store_build_finish(s.store, id, &res, err));
	if (o.content)
		OK(store_build_published(s.store, id, "x", err));
	OK(store_build_get(s.store, id, &b, err));
	OK(rebuild_after(&s, g, &b, &res, &n, err));
	OK(store_commit(s.store, err));
	store_build_release(&b);
	result_release(&res);
	return n;
}

static size_t built(const char *project, const char *sha, struct outcome o)
{
	return outcome(commit(project, sha), o);
}

/* Starts the next build of the queue that belongs to the project; 0: none. */
static int64_t start(const char *project)
{
	struct store_filter f = {
		.target = "t", .project = project, .state = BUILD_QUEUED, .oldest_first = true};
	struct store_builds v = VEC_INIT;
	int64_t id;

	OK(store_builds(s.store, &f, &v, err));
	id = v.n ? v.v[0].id : 0;
	vec_free(&v, store_build_release);
	if (id)
		OK(store_build_start(s.store, id, err));
	return id;
}

/* "project.rebuild trigger by: detail" of the queue, oldest first. */
static void queue_is(const char *want)
{
	struct store_filter f = {.state = BUILD_QUEUED, .oldest_first = true};
	auto_strv struct strv lines = STRV_INIT;
	struct store_builds v = VEC_INIT;
	auto_free char *got = NULL;

	OK(store_builds(s.store, &f, &v, err));
	vec_foreach (&v, b)
		strv_addf(&lines, "%s.%lld %s %lld: %s", b->project, (long long)b->rebuild,
			b->trigger, (long long)b->by, b->detail ? b->detail : "-");
	vec_free(&v, store_build_release);
	got = strv_join(&lines, "; ");
	assert_string_equal(got, want);
}

static const struct outcome lib1 = {"", "libfoo.so.1, foo = 1", "", "A"};
static const struct outcome lib1_again = {"", "libfoo.so.1, foo = 1.1", "", "A"};
static const struct outcome lib2 = {"", "libfoo.so.2, foo = 2", "", "B"};
static const struct outcome user1 = {"foo", "user", "libfoo.so.1", "C"};
static const struct outcome user2 = {"foo", "user", "libfoo.so.2", "D"};

static void soname(void **state)
{
	struct store_build b = {0};

	(void)state;
	world("foo user app");
	assert_int_equal(built("foo", "f1", lib1), 0);
	assert_int_equal(built("user", "u1", user1), 0);
	assert_int_equal(built("app", "a1", (struct outcome){"user", "app", "user", "E"}), 0);
	assert_int_equal(built("foo", "f2", lib1_again), 0);
	queue_is("");
	assert_int_equal(built("foo", "f3", lib2), 1);
	queue_is("user.1 rebuild 5: libfoo.so.1 of foo is gone");
	OK(store_build_get(s.store, 6, &b, err));
	assert_string_equal(b.upstream_sha, "u1");
	assert_int_equal(b.date, 77); /* of the build that is repeated: only the number is new */
	store_build_release(&b);
	/* its users do not notice */
	assert_int_equal(outcome(start("user"), user2), 0);
	queue_is("");
	/* the next bump counts on */
	assert_int_equal(
		built("foo", "f4", (struct outcome){"", "libfoo.so.3, foo = 3", "", "F"}), 1);
	queue_is("user.2 rebuild 7: libfoo.so.2 of foo is gone");
	/* what was learned is in the store: another graph says the same */
	graph_free(g);
	OK(graph_load(&cfg, "t", s.store, &g, err));
	assert_string_equal(graph_needs(g, "user")->v[0], "foo");
}

/* Equal content ends the cascade. */
static void on_change(void **state)
{
	(void)state;
	world("base mid! top!");
	(void)built("base", "b1", (struct outcome){"", "base", "", "A"});
	(void)built("mid", "m1", (struct outcome){"base", "mid", "", "B"});
	(void)built("top", "t1", (struct outcome){"mid", "top", "", "C"});
	assert_int_equal(built("base", "b2", (struct outcome){"", "base", "", "A"}), 0);
	assert_int_equal(built("base", "b3", (struct outcome){"", "base", "", "A2"}), 1);
	queue_is("mid.1 rebuild 5: base changed");
	assert_int_equal(outcome(start("mid"), (struct outcome){"base", "mid", "", "B"}), 0);
	queue_is("");
	assert_int_equal(built("base", "b4", (struct outcome){"", "base", "", "A3"}), 1);
	assert_int_equal(outcome(start("mid"), (struct outcome){"base", "mid", "", "B2"}), 1);
	queue_is("top.1 rebuild 8: mid changed");
	assert_int_equal(outcome(start("top"), (struct outcome){"mid", "top", "", "C2"}), 0);
}

/* Packages that are never the same twice: in a cycle each is rebuilt once for a commit. */
static void cycle(void **state)
{
	static const char *const names[] = {"a", "b", "c"};
	int64_t id;
	int content = 0, n = 0;

	(void)state;
	world("a! b! c!");
	(void)built("a", "a1", (struct outcome){"c", "a", "", "a1"});
	(void)built("b", "b1", (struct outcome){"a", "b", "", "b1"});
	(void)built("c", "c1", (struct outcome){"b", "c", "", "c1"});
	/* the first builds of a cycle complete it: run that down */
	for (bool any = true; any;) {
		any = false;
		for (size_t i = 0; i < COUNTOF(names); i++) {
			const char *needs = i ? names[i - 1] : "c";

			if (!(id = start(names[i])))
				continue;
			auto_free char *c = xasprintf("x%d", content++);

			(void)outcome(id, (struct outcome){needs, names[i], "", c});
			any = true;
			assert_true(++n < 20);
		}
	}
	n = 0;
	assert_int_equal(built("a", "a2", (struct outcome){"c", "a", "", "a2"}), 1);
	for (bool any = true; any;) {
		any = false;
		for (size_t i = 0; i < COUNTOF(names); i++) {
			const char *needs = i ? names[i - 1] : "c";

			if (!(id = start(names[i])))
				continue;
			auto_free char *c = xasprintf("x%d", content++);

			(void)outcome(id, (struct outcome){needs, names[i], "", c});
			any = true;
			n++;
		}
	}
	assert_int_equal(n, 2); /* b and c; a led to them */
}

/* A dependent that waits in the queue is not queued twice; one that runs is followed by one more;
 * one whose rebuild failed tries that again. */
static void once(void **state)
{
	int64_t id;

	(void)state;
	world("foo bar user!");
	(void)built("foo", "f1", lib1);
	(void)built("bar", "b1", (struct outcome){"", "bar", "", "A"});
	(void)built("user", "u1", (struct outcome){"foo, bar", "user", "libfoo.so.1", "B"});
	assert_int_equal(built("foo", "f2", lib2), 1);
	assert_int_equal(built("bar", "b2", (struct outcome){"", "bar", "", "A2"}), 0);
	queue_is("user.1 rebuild 4: libfoo.so.1 of foo is gone");
	id = start("user");
	assert_int_equal(built("bar", "b3", (struct outcome){"", "bar", "", "A3"}), 1);
	queue_is("user.2 rebuild 7: bar changed");
	(void)outcome(id, (struct outcome){"foo, bar", "", "", NULL});
	(void)outcome(start("user"), (struct outcome){"foo, bar", "", "", NULL});
	queue_is("");
	assert_int_equal(built("bar", "b4", (struct outcome){"", "bar", "", "A4"}), 1);
	queue_is("user.1 rebuild 9: bar changed");
}

/* A newer commit that waits or runs beside a rebuild. */
static void superseded(void **state)
{
	int64_t id, rebuild;
	struct store_build b = {0};

	(void)state;
	world("foo user");
	(void)built("foo", "f1", lib1);
	(void)built("user", "u1", user1);
	id = commit("user", "u2"); /* begins before */
	assert_int_equal(built("foo", "f2", lib2), 1);
	queue_is("user.1 rebuild 4: libfoo.so.1 of foo is gone");
	/* it was built with the old one: its own rebuild takes the place of the other */
	assert_int_equal(outcome(id, user1), 1);
	queue_is("user.1 rebuild 3: libfoo.so.1 of foo is gone");
	rebuild = start("user");
	OK(store_build_get(s.store, rebuild, &b, err));
	assert_string_equal(b.upstream_sha, "u2");
	store_build_release(&b);
	(void)outcome(rebuild, user2);
	queue_is("");
}

static void tries_again(void **state)
{
	(void)state;
	world("foo user other");
	(void)built("foo", "f1", lib1);
	(void)built("user", "u1", (struct outcome){"foo >= 2", "", "", NULL, true});
	(void)built("other", "o1", (struct outcome){"foo >= 2", "", "", NULL, false});
	assert_int_equal(built("foo", "f2", lib1_again), 0);
	assert_int_equal(built("foo", "f3", lib2), 1);
	queue_is("user.0 dependency 5: foo provides more now");
}

/* A failure tells its BuildRequires and takes nothing away. */
static void failure(void **state)
{
	(void)state;
	world("foo user");
	(void)built("foo", "f1", lib1);
	(void)built("user", "u1", user1);
	assert_int_equal(graph_needs(g, "user")->n, 1);
	assert_int_equal(built("user", "u2", (struct outcome){"gcc", "", "", NULL}), 0);
	assert_int_equal(graph_needs(g, "user")->n, 0);
	assert_int_equal(built("foo", "f2", lib2), 1); /* what is published still requires it */
}

static void declares(void **state)
{
	struct result res = {.status = STATUS_SUCCESS};

	(void)state;
	world("foo user");
	list(&res.build_requires, "foo");
	list(&res.provides, "user = 1");
	OK(rebuild_declared(&s, g, "t", "user", &res, err));
	assert_true(graph_knows(g, "user"));
	graph_free(g);
	OK(graph_load(&cfg, "t", s.store, &g, err));
	assert_true(graph_knows(g, "user"));
	assert_string_equal(graph_before(g, "user")->v[0], "foo");
	result_release(&res);
}

static void not_configured(void **state)
{
	(void)state;
	world("foo");
	assert_int_equal(built("gone", "x", lib1), 0);
}

#define T(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	const struct CMUnitTest tests[] = {T(soname), T(on_change), T(cycle), T(once),
		T(superseded), T(tries_again), T(failure), T(declares), T(not_configured)};

	return cmocka_run_group_tests_name("rebuild", tests, NULL, NULL);
}
