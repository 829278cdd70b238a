/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "base/time.h"
#include "format/rpm/rpm_dep.h"
#include "sched/graph_internal.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A configuration in which only what the graph looks at is set. */
struct world {
	struct config cfg;
	struct graph *g;
};

static struct config_project *add(struct world *w, const char *name)
{
	struct config_project *p = vec_push(&w->cfg.projects);

	p->project = xstrdup(name);
	p->name = xasprintf("%s-pkg", name);
	return p;
}

static void world(struct world *w, const char *projects)
{
	auto_strv struct strv names = STRV_INIT;

	*w = (struct world){0};
	strv_split(&names, projects, " ");
	strv_foreach (&names, n)
		(void)add(w, *n);
	w->g = graph_new(&w->cfg, "t");
}

static void end(struct world *w)
{
	graph_free(w->g);
	vec_foreach (&w->cfg.projects, p) {
		free(p->project);
		free(p->name);
		strv_release(&p->targets);
	}
	vec_release(&w->cfg.projects);
}

static void list(struct strv *ret, const char *s)
{
	strv_split(ret, s, ",");
	strv_foreach (ret, d) {
		char *t = str_trim(*d);

		free(*d);
		*d = t;
	}
}

/* Lists separated by commas; NULL: not known. */
static void set(
	struct world *w, const char *project, const char *br, const char *prov, const char *req)
{
	auto_strv struct strv b = STRV_INIT, p = STRV_INIT, r = STRV_INIT;

	list(&b, br ? br : "");
	list(&p, prov ? prov : "");
	list(&r, req ? req : "");
	graph_set(w->g, project, br ? &b : NULL, prov ? &p : NULL, req ? &r : NULL);
}

static void same(const struct strv *got, const char *want)
{
	auto_free char *s = strv_join(got, " ");

	assert_string_equal(s, want);
}

/* --- dependencies as text --- */

static void dep_text(void **state)
{
	static const struct {
		const char *text, *name;
		unsigned op;
		const char *evr;
	} rows[] = {
		{"foo", "foo", 0, NULL},
		{" foo ", "foo", 0, NULL},
		{"foo >= 1:2-3", "foo", RPM_DEP_GREATER | RPM_DEP_EQUAL, "1:2-3"},
		{"foo < 2", "foo", RPM_DEP_LESS, "2"},
		{"libfoo.so.1(FOO_1.0)(64bit)", "libfoo.so.1(FOO_1.0)(64bit)", 0, NULL},
		{"font(:lang=en)", "font(:lang=en)", 0, NULL},
		{"pkgconfig(x) = 1", "pkgconfig(x)", RPM_DEP_EQUAL, "1"},
		{"/usr/bin/foo", "/usr/bin/foo", 0, NULL},
		{"a)b", "a)b", 0, NULL},
		{"", NULL, 0, NULL},
		{"foo >=", NULL, 0, NULL},
		{"foo bar", NULL, 0, NULL},
		{"foo = 1 2", NULL, 0, NULL},
		{"foo === 1", NULL, 0, NULL},
		{"(a or b)", NULL, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct rpm_dep d = {0};

		assert_int_equal(rpm_dep_parse(rows[i].text, &d), rows[i].name != NULL);
		if (!rows[i].name)
			continue;
		assert_string_equal(d.name, rows[i].name);
		assert_int_equal(d.op, rows[i].op);
		assert_true(str_eq_null(d.evr, rows[i].evr));
		rpm_dep_release(&d);
	}
}

static void ranges(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} rows[] = {
		{"x", "x", true},
		{"x >= 2", "x", true},
		{"x >= 2", "x = 1", false},
		{"x >= 2", "x = 2", true},
		{"x >= 2", "x = 2-1", true},
		{"x > 2", "x = 2-1", false},
		{"x = 2", "x = 2-7", true},
		{"x = 2-1", "x = 2-2", false},
		{"x < 2", "x = 2~rc1", true},
		{"x < 2", "x = 1:1", false},
		{"x >= 1", "x <= 1", true},
		{"x > 1", "x < 1", false},
		{"x > 1", "x < 3", true},
		{"x < 3", "x < 1", true},
		{"x <= 1", "x > 1", false},
		{"x = 2^git1", "x > 2", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct rpm_dep a = {0}, b = {0};

		assert_true(rpm_dep_parse(rows[i].a, &a) && rpm_dep_parse(rows[i].b, &b));
		assert_int_equal(rpm_dep_overlap(a.op, a.evr, b.op, b.evr), rows[i].overlap);
		assert_int_equal(rpm_dep_overlap(b.op, b.evr, a.op, a.evr), rows[i].overlap);
		rpm_dep_release(&a);
		rpm_dep_release(&b);
	}
}

/* yes* are true, no* false, all else open; names are noted. */
static enum rpm_truth leaf(void *ctx, const struct rpm_dep *d)
{
	strv_add(ctx, d->name);
	return str_starts(d->name, "yes")  ? RPM_TRUE
	       : str_starts(d->name, "no") ? RPM_FALSE
					   : RPM_OPEN;
}

static void rich(void **state)
{
	static const struct {
		const char *text;
		enum rpm_truth value;
		const char *names;
	} rows[] = {
		{"yes", RPM_TRUE, "yes"},
		{"no >= 1", RPM_FALSE, "no"},
		{"(yes and no)", RPM_FALSE, "yes no"},
		{"(yes >= 1 and yes2 < 3)", RPM_TRUE, "yes yes2"},
		{"(yes or no)", RPM_TRUE, "yes no"},
		{"(no or base)", RPM_FALSE, "no base"},
		{"(yes and base)", RPM_TRUE, "yes base"},
		{"(base and base2)", RPM_OPEN, "base base2"},
		{"(no if no2)", RPM_TRUE, "no no2"},
		{"(no if yes)", RPM_FALSE, "no yes"},
		{"(no if base)", RPM_FALSE, "no base"},
		{"(no if no2 else yes)", RPM_TRUE, "no no2 yes"},
		{"(no unless yes)", RPM_TRUE, "no yes"},
		{"(no unless no2)", RPM_FALSE, "no no2"},
		{"(no or (yes and yes(a)(b)))", RPM_TRUE, "no yes yes(a)(b)"},
		{"(yes without no)", RPM_TRUE, "yes no"},
		{"(yes with yes2)", RPM_TRUE, "yes yes2"},
		{"((yes))", RPM_TRUE, "yes"},
		{"(yes and)", RPM_OPEN, "yes"},
		{"(yes", RPM_OPEN, "yes"},
		{"(yes nor no)", RPM_OPEN, "yes"},
		{"(yes) no", RPM_OPEN, "yes"},
		{"()", RPM_OPEN, ""},
		{"", RPM_OPEN, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_strv struct strv names = STRV_INIT;

		assert_int_equal(rpm_dep_eval(rows[i].text, leaf, &names), rows[i].value);
		same(&names, rows[i].names);
	}
}

static void rich_too_deep(void **state)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_strv struct strv names = STRV_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		sb_addc(&b, '(');
	sb_add(&b, "yes");
	assert_int_equal(rpm_dep_eval(b.s, leaf, &names), RPM_OPEN);
}

/* --- needs --- */

static void needs(void **state)
{
	static const struct {
		const char *br, *prov_a, *prov_b, *needs;
	} rows[] = {
		{"liba", "liba", "libb", "a"}, {"gcc, make", "liba", "libb", ""},
		{"liba >= 1, libb", "liba = 2-1", "libb", "a b"},
		{"x >= 2", "x = 1", "x = 3", "b"},   /* who fits */
		{"x >= 9", "x = 1", "x = 3", "a b"}, /* nobody fits yet */
		{"x", "x = 1", "x = 2", "a b"},      /* several provide it */
		{"c-own", "c-own", "libb", ""},      /* its own is enough */
		{"(liba or libb)", "liba", "libb", "a b"},
		{"(liba >= 1 if libb)", "liba = 1", "libb", "a b"},
		{"/usr/bin/tool", "/usr/bin/tool", "libb", "a"},
		{"a-pkg", NULL, NULL, "a"},      /* nothing known but the name */
		{"libb libb", NULL, "libb", ""}, /* no dependency at all */
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct world w;

		world(&w, "a b c");
		set(&w, "c", rows[i].br, "c-own", NULL);
		set(&w, "a", NULL, rows[i].prov_a, NULL);
		set(&w, "b", NULL, rows[i].prov_b, NULL);
		same(graph_needs(w.g, "c"), rows[i].needs);
		end(&w);
	}
}

static void unknown(void **state)
{
	struct world w;

	(void)state;
	world(&w, "a b");
	assert_false(graph_knows(w.g, "a"));
	set(&w, "a", "b", NULL, NULL);
	assert_false(graph_knows(w.g, "a"));
	set(&w, "a", NULL, "a", NULL);
	assert_true(graph_knows(w.g, "a"));
	assert_false(graph_knows(w.g, "zzz"));
	set(&w, "zzz", "a", "b", NULL); /* of a project that is configured no more */
	same(graph_needs(w.g, "zzz"), "");
	same(graph_before(w.g, "zzz"), "");
	same(graph_order(w.g), "a b");
	end(&w);
}

static void other_targets(void **state)
{
	struct world w = {0};

	(void)state;
	strv_add(&add(&w, "a")->targets, "t");
	strv_add(&add(&w, "b")->targets, "other");
	(void)add(&w, "c");
	w.g = graph_new(&w.cfg, "t");
	same(graph_order(w.g), "a c");
	end(&w);
}

/* What changes later changes the order, and only what it has to do with. */
static void incremental(void **state)
{
	struct world w;

	(void)state;
	world(&w, "a b c");
	set(&w, "a", "thing", "liba", NULL);
	set(&w, "b", "", "libb", NULL);
	set(&w, "c", "libb", "libc", NULL);
	same(graph_order(w.g), "a b c");
	set(&w, "c", NULL, "libc, thing = 1", NULL);
	same(graph_order(w.g), "b c a");
	same(graph_needs(w.g, "a"), "c");
	set(&w, "c", NULL, "libc", NULL);
	same(graph_needs(w.g, "a"), "");
	same(graph_order(w.g), "a b c");
	set(&w, "b", "liba", NULL, NULL);
	set(&w, "a", "", NULL, NULL);
	same(graph_before(w.g, "b"), "a");
	end(&w);
}

/* --- order and cycles --- */

static void orders(void **state)
{
	static const struct {
		const char *edges; /* "ab" = a needs b */
		const char *order, *cycles, *before_a;
	} rows[] = {
		{"", "a b c d e", "", ""},
		{"ab bc cd de", "e d c b a", "", "b"},
		{"ac ad", "c d a b e", "", "c d"},
		{"aa", "a b c d e", "", ""},
		{"ab ba", "a b c d e", "a -> b -> a", ""},
		{"ab bc ca", "a c b d e", "a -> b -> c -> a", ""},
		{"ab bc ca ad", "d a c b e", "a -> b -> c -> a", "d"},
		/* two cycles that share nothing */
		{"ab ba cd dc", "a b c d e", "a -> b -> a|c -> d -> c", ""},
		/* what is left of a knot is broken once more */
		{"ab ba bc cb", "a b c d e", "a -> b -> a|b -> c -> b", ""},
		{"ab ac ba bc ca cb", "a b c d e", "a -> b -> a|b -> c -> b", ""},
		/* a project outside waits for a cycle */
		{"ab bc cb", "b a c d e", "b -> c -> b", "b"},
		{"ea ab ba", "a b c d e", "a -> b -> a", ""},
		{"ae eb", "b e a c d", "", "e"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_strv struct strv edges = STRV_INIT, cycles = STRV_INIT;
		auto_free char *shown = NULL;
		struct world w;

		world(&w, "a b c d e");
		strv_split(&edges, rows[i].edges, " ");
		for (char c = 'a'; c <= 'e'; c++) {
			auto_strbuf struct strbuf br = STRBUF_INIT;

			strv_foreach (&edges, e)
				if ((*e)[0] == c)
					sb_addf(&br, "%c,", (*e)[1]);
			set(&w, (char[]){c, 0}, sb_str(&br), (char[]){c, 0}, NULL);
		}
		same(graph_order(w.g), rows[i].order);
		graph_cycles(w.g, &cycles);
		shown = strv_join(&cycles, "|");
		assert_string_equal(shown, rows[i].cycles);
		same(graph_before(w.g, "a"), rows[i].before_a);
		end(&w);
	}
}

static void in_cycle(void **state)
{
	struct world w;

	(void)state;
	world(&w, "a b c");
	set(&w, "a", "b", "a", NULL);
	set(&w, "b", "a", "b", NULL);
	set(&w, "c", "a", "c", NULL);
	assert_true(graph_in_cycle(w.g, "a", "b"));
	assert_true(graph_in_cycle(w.g, "b", "a"));
	assert_false(graph_in_cycle(w.g, "a", "a"));
	assert_false(graph_in_cycle(w.g, "c", "a"));
	assert_false(graph_in_cycle(w.g, "c", "zzz"));
	end(&w);
}

/* Everybody needs everybody: it ends, and each project is in the order once. */
static void a_knot(void **state)
{
	struct world w = {0};
	auto_strbuf struct strbuf all = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 150; i++) {
		auto_free char *name = xasprintf("p%d", i);

		(void)add(&w, name);
		sb_addf(&all, "p%d,", i);
	}
	w.g = graph_new(&w.cfg, "t");
	for (int i = 0; i < 150; i++) {
		auto_free char *name = xasprintf("p%d", i);

		set(&w, name, all.s, name, NULL);
	}
	assert_int_equal(graph_order(w.g)->n, 150);
	assert_string_equal(graph_order(w.g)->v[0], "p0");
	end(&w);
}

/* --- who is affected --- */

static void affected(void **state)
{
	static const char lib1[] = "libfoo.so.1()(64bit), foo = 1-1, foo-libs = 1-1";
	static const struct {
		const char *now;    /* what foo provides now */
		const char *other;  /* what `other` provides */
		const char *req;    /* what `user` requires */
		const char *reason; /* "": not affected */
	} rows[] = {
		{"libfoo.so.2()(64bit), foo = 2-1", "x", "libfoo.so.1()(64bit)",
			"libfoo.so.1()(64bit) of foo is gone"},
		{"libfoo.so.1()(64bit), foo = 2-1", "x", "libfoo.so.1()(64bit), foo >= 1", ""},
		{"libfoo.so.1()(64bit), foo = 2-1", "x", "foo = 1", "foo = 1 of foo is gone"},
		{"libfoo.so.1()(64bit), foo = 1-2", "x", "foo = 1", ""},
		{"libfoo.so.1()(64bit), foo = 2-1", "x", "foo < 2", "foo < 2 of foo is gone"},
		/* somebody else has it */
		{"foo = 2-1", "libfoo.so.1()(64bit)", "libfoo.so.1()(64bit)", ""},
		/* somebody else has the name, in a version that does not fit */
		{"foo = 2-1", "foo = 3", "foo = 1", "foo = 1 of foo is gone"},
		{"foo = 2-1", "foo = 1-9", "foo = 1", ""},
		/* it never came from foo */
		{"foo = 2-1", "x", "libc.so.6()(64bit)", ""},
		{"foo = 2-1", "x", "bar = 1", ""},
		/* rich */
		{"foo = 2-1", "x", "(foo = 1 or x)", ""},
		{"foo = 2-1", "x", "(foo = 1 and x)", "(foo = 1 and x) of foo is gone"},
		{"foo = 2-1", "y", "(foo = 1 and base)", "(foo = 1 and base) of foo is gone"},
		{"foo = 2-1", "x", "(foo-libs = 1-1 if foo = 1)", ""},
		/* a package that is no more */
		{"foo = 1-1, libfoo.so.1()(64bit)", "x", "foo-libs", "foo-libs of foo is gone"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_strv struct strv now = STRV_INIT;
		struct graph_dependents d = VEC_INIT;
		struct world w;

		world(&w, "user foo other");
		set(&w, "foo", "", lib1, "");
		set(&w, "other", "", rows[i].other, "");
		set(&w, "user", "foo-devel", "user = 1", rows[i].req);
		list(&now, rows[i].now);
		assert_int_equal(graph_affected(w.g, "foo", &now, true, &d, NULL), 0);
		assert_int_equal(d.n, *rows[i].reason ? 1 : 0);
		if (d.n) {
			assert_string_equal(d.v[0].project, "user");
			assert_string_equal(d.v[0].reason, rows[i].reason);
		}
		vec_free(&d, graph_dependent_release);
		end(&w);
	}
}

static void affected_on_change(void **state)
{
	auto_strv struct strv now = STRV_INIT;
	struct graph_dependents d = VEC_INIT;
	struct world w = {0};

	(void)state;
	(void)add(&w, "foo");
	add(&w, "direct")->rebuild_on_change = true;
	add(&w, "indirect")->rebuild_on_change = true;
	(void)add(&w, "never");
	add(&w, "unpublished")->rebuild_on_change = true;
	w.g = graph_new(&w.cfg, "t");
	set(&w, "foo", "", "foo", "");
	set(&w, "direct", "foo", "direct", "");
	set(&w, "indirect", "direct", "indirect", "");
	set(&w, "never", "foo", "never", "");
	set(&w, "unpublished", "foo", "unpublished", NULL);
	list(&now, "foo");
	assert_int_equal(graph_affected(w.g, "foo", &now, false, &d, NULL), 0);
	assert_int_equal(d.n, 0);
	assert_int_equal(graph_affected(w.g, "foo", &now, true, &d, NULL), 0);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.v[0].project, "direct");
	assert_string_equal(d.v[0].reason, "foo changed");
	vec_free(&d, graph_dependent_release);
	graph_may_affect(w.g, "foo", &d);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.v[0].reason, "foo may change");
	vec_free(&d, graph_dependent_release);
	assert_int_equal(graph_affected(w.g, "zzz", &now, true, &d, NULL), -ERR_NOT_FOUND);
	end(&w);
}

/* A provide that only a spec declares serves nobody, and losing it hurts nobody. */
static void declared(void **state)
{
	auto_strv struct strv now = STRV_INIT, served = STRV_INIT;
	struct graph_dependents d = VEC_INIT;
	struct world w;

	(void)state;
	world(&w, "foo user late");
	set(&w, "foo", "", "foo, foo-compat", NULL);
	set(&w, "user", "x", "user", "foo-compat");
	set(&w, "late", "foo >= 2", "late", NULL);
	list(&now, "foo = 2-1");
	assert_int_equal(graph_affected(w.g, "foo", &now, true, &d, NULL), 0);
	assert_int_equal(d.n, 0);
	graph_newly_served(w.g, "foo", &now, &served);
	same(&served, "late");
	end(&w);
}

static void newly_served(void **state)
{
	static const struct {
		const char *br, *had, *now, *served;
	} rows[] = {
		{"foo >= 2", "foo = 1", "foo = 2", "user"},
		{"foo >= 2", "foo = 1", "foo = 1-2", ""},
		{"foo", "foo = 1", "foo = 2", ""},
		{"pkgconfig(new)", "foo = 1", "foo = 1, pkgconfig(new) = 3", "user"},
		{"(new or old)", "foo", "foo, new", "user"},
		{"gcc", "foo", "foo, new", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_strv struct strv now = STRV_INIT, served = STRV_INIT;
		struct world w;

		world(&w, "foo user");
		set(&w, "foo", "x", rows[i].had, "");
		set(&w, "user", rows[i].br, "user", "");
		list(&now, rows[i].now);
		graph_newly_served(w.g, "foo", &now, &served);
		same(&served, rows[i].served);
		end(&w);
	}
}

/* --- what the store knows --- */

static void learn(struct store *st, const char *project, enum store_dep kind, const char *deps)
{
	auto_strv struct strv v = STRV_INIT;

	list(&v, deps);
	assert_int_equal(store_deps_set(st, "t", project, kind, &v, NULL), 0);
}

static void loaded(void **state)
{
	struct world w = {0};
	struct store *st = NULL;
	char *dir = NULL;

	(void)state;
	assert_int_equal(scratch_make("graph", &dir), 0);
	assert_int_equal(store_open(dir, false, &st, NULL), 0);
	(void)add(&w, "a");
	(void)add(&w, "b");
	(void)add(&w, "c");
	learn(st, "a", DEP_BUILD_REQUIRES, "libb >= 1, gcc");
	learn(st, "a", DEP_PROVIDES, "liba");
	learn(st, "b", DEP_PROVIDES, "libb = 1");
	learn(st, "gone", DEP_PROVIDES, "libb = 1");
	assert_int_equal(graph_load(&w.cfg, "t", st, &w.g, NULL), 0);
	same(graph_order(w.g), "b a c");
	assert_true(graph_knows(w.g, "a"));
	assert_true(graph_knows(w.g, "b")); /* nothing BuildRequired leaves no row */
	assert_false(graph_knows(w.g, "c"));
	end(&w);
	store_close(st);
	(void)scratch_remove(&dir);
}

/* A thousand projects with a hundred dependencies each; prints what it takes. */
static void large(void **state)
{
	struct world w = {0};
	double t0, t1, t2, t3, spent = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		auto_free char *name = xasprintf("project%d", i);

		(void)add(&w, name);
	}
	w.g = graph_new(&w.cfg, "t");
	for (int i = 0; i < 1000; i++) {
		auto_strv struct strv br = STRV_INIT, prov = STRV_INIT, req = STRV_INIT;
		auto_free char *name = xasprintf("project%d", i);

		for (int k = 0; k < 100; k++) {
			strv_addf(&br, k % 20 ? "base-package-%d >= 1.%d" : "lib%d-x%d >= 1.0",
				k % 20 ? k : (i * 7 + k) % 1000, k % 20 ? i : 3);
			strv_addf(&prov, "lib%d-x%d = 1.0-1", i, k);
			strv_addf(&req, "lib%d-x%d", (i + k) % 1000, k);
		}
		t0 = time_mono();
		graph_set(w.g, name, &br, &prov, &req);
		spent += time_mono() - t0;
	}
	t1 = time_mono();
	assert_int_equal(graph_order(w.g)->n, 1000);
	t2 = time_mono();
	set(&w, "project500", NULL, "lib500-x3 = 2-1", "");
	assert_int_equal(graph_order(w.g)->n, 1000);
	t3 = time_mono();
	print_message("# set %.1f ms, order %.1f ms, one more %.2f ms\n", spent * 1e3,
		(t2 - t1) * 1e3, (t3 - t2) * 1e3);
	end(&w);
}

/* "NAME = FIRST", "NAME = FIRST+1" and so on: n of them. */
static void versions(struct strv *ret, const char *name, int first, int n)
{
	for (int i = 0; i < n; i++)
		strv_addf(ret, "%s = %d", name, first + i);
}

/* Lists that a package can have on purpose: compared one by one they would take hours. */
static void many_versions(void **state)
{
	enum { N = 100000 };
	auto_strv struct strv prov = STRV_INIT, now = STRV_INIT, want = STRV_INIT;
	auto_strv struct strv served = STRV_INIT;
	struct graph_dependents d = VEC_INIT;
	struct err e = ERR_INIT;
	struct world w;

	(void)state;
	world(&w, "a b");
	versions(&prov, "x", 1, N);
	versions(&now, "x", 1 + N, N);
	versions(&want, "x", 1 + 2 * N, N);
	graph_set(w.g, "a", &want, &prov, &want);
	graph_set(w.g, "b", &want, &now, &want);
	/* beyond what is told apart, any version will do */
	same(graph_needs(w.g, "b"), "");
	assert_int_equal(graph_affected(w.g, "a", &now, true, &d, &e), 0);
	assert_int_equal(d.n, 0);
	graph_newly_served(w.g, "a", &now, &served);
	same(&served, "");
	vec_free(&d, graph_dependent_release);
	end(&w);
}

/* The same with different names, which nobody can take together. */
static void many_names(void **state)
{
	enum { N = 100000 };
	auto_strv struct strv now = STRV_INIT, want = STRV_INIT, served = STRV_INIT;
	struct world w;

	(void)state;
	world(&w, "a b");
	for (int i = 0; i < N; i++) {
		strv_addf(&now, "x%d = 1", i);
		strv_addf(&want, "x%d = 2", i);
	}
	graph_set(w.g, "b", &want, NULL, NULL);
	graph_newly_served(w.g, "a", &now, &served);
	same(&served, "");
	end(&w);
}

/* A project whose names are others with each commit: months of that take no more than one. */
static void names_are_forgotten(void **state)
{
	struct world w;

	(void)state;
	world(&w, "a b");
	set(&w, "b", "x", "b", "x");
	for (int commit = 0; commit < 40; commit++) {
		auto_strv struct strv prov = STRV_INIT;

		strv_add(&prov, "x");
		for (int i = 0; i < 1000; i++)
			strv_addf(&prov, "x-%d-%d", commit, i);
		graph_set(w.g, "a", &prov, &prov, &prov);
		assert_true(w.g->names.n < 10000);
	}
	same(graph_needs(w.g, "b"), "a");
	set(&w, "a", "", "y", "");
	same(graph_needs(w.g, "b"), "");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dep_text),
		cmocka_unit_test(ranges),
		cmocka_unit_test(rich),
		cmocka_unit_test(rich_too_deep),
		cmocka_unit_test(needs),
		cmocka_unit_test(unknown),
		cmocka_unit_test(other_targets),
		cmocka_unit_test(incremental),
		cmocka_unit_test(orders),
		cmocka_unit_test(a_knot),
		cmocka_unit_test(in_cycle),
		cmocka_unit_test(affected),
		cmocka_unit_test(affected_on_change),
		cmocka_unit_test(declared),
		cmocka_unit_test(newly_served),
		cmocka_unit_test(loaded),
		cmocka_unit_test(large),
		cmocka_unit_test(many_versions),
		cmocka_unit_test(many_names),
		cmocka_unit_test(names_are_forgotten),
	};

	return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
