/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source.c - questions to a target's repositories, answered by roots. The base set and what is
 * added to it are solved apart, so that one base layer serves all: what a build adds leaves the
 * base as it is. Only where that has no solution both are solved together, and the answer is a base
 * of its own.
 */
#include "root/source.h"
#include "base/base.h"
#include "base/fs.h"
#include "root/cache.h"

int root_source_open(const struct root_source_conf *conf, struct root_source **ret, struct err *err)
{
	CLEANUP(root_source_freep) struct root_source *s = xcalloc(1, sizeof *s);
	int r;

	s->conf = *conf;
	s->roots = path_abs(conf->roots_dir);
	s->cache = path_abs(conf->cache_dir);
	s->own = conf->own ? path_abs(conf->own) : NULL;
	if ((r = fs_mkdirs(s->roots, 0755, err)) < 0 || (r = fs_mkdirs(s->cache, 0755, err)) < 0)
		return r;
	*ret = TAKE(s);
	return 0;
}

void root_source_free(struct root_source *s)
{
	if (!s)
		return;
	source_forget(s);
	free(s->roots);
	free(s->cache);
	free(s->own);
	free(s);
}

/* Layers carry the ids of who made them, and so does what was remembered. */
static int question_begin(
	struct root_source *s, const char *kind, struct sha256 **ret, struct err *err)
{
	const struct target *t = s->conf.target;
	auto_strbuf struct strbuf mode = STRBUF_INIT;
	struct sha256 *h;
	int r;

	if ((r = root_mode_text(&mode, err)) < 0 || (r = source_stamp(s, err)) < 0)
		return r;
	h = sha256_new();
	sha256_add_str(h, "solver 2"); /* one more when it may answer otherwise */
	sha256_add_str(h, kind);
	sha256_add_str(h, sb_str(&mode));
	sha256_add_str(h, s->stamp);
	sha256_add_str(h, t->arch);
	sha256_add_str(h, t->weak ? "weak" : "");
	strv_foreach (&t->modules, m)
		sha256_add_str(h, *m);
	sha256_add_str(h, "");
	strv_foreach (&t->packages, p)
		sha256_add_str(h, *p);
	*ret = h;
	return 0;
}

static struct root *answered(const struct root_source *s, const char *question)
{
	auto_free char *key = asked_key(s->roots, question);
	struct root *root = NULL;

	return key && root_open(s->roots, key, &root, NULL) >= 0 ? root : NULL;
}

static int fetch(void *ctx, struct lock_packages *packages, struct err *err)
{
	struct root_source *s = ctx;
	int r = source_refresh(s, err);

	if (r >= 0)
		r = remote_fetch(s->remote, packages, err);
	s->gone = r == -ERR_NOT_FOUND;
	return r;
}

/* Distributions remove what they replace: metadata that is not old by the clock may name packages
 * that are gone. Then it is asked for anew, once. */
static bool start_anew(struct root_source *s, struct err *err)
{
	if (!s->gone || s->conf.offline || s->conf.refresh)
		return false;
	err_clear(err);
	source_forget(s);
	s->conf.refresh = true;
	return true;
}

static int get(struct root_source *s, root_fetch how, const struct lock *l, struct root **ret,
	struct err *err)
{
	const struct rpm_root_conf conf = {
		.target = s->conf.target,
		.roots_dir = s->roots,
		.fetch = how,
		.progress = s->conf.progress,
		.ctx = s->conf.ctx,
		.fetch_ctx = s,
	};

	return rpm_root_get(&conf, l, ret, err);
}

static struct lock *new_lock(const struct root_source *s)
{
	struct lock *l = xcalloc(1, sizeof *l);

	l->target = xstrdup(s->conf.target->name);
	l->arch = xstrdup(s->conf.target->arch);
	return l;
}

static void problems(const struct solve_result *res, struct strv *ret)
{
	vec_foreach (&res->problems, p)
		strv_add(ret, p->text);
}

/* One line: what a base set lacks is often wanted by everything in it. */
static char *problems_short(const struct solve_result *res)
{
	enum { TOLD = 3 };
	auto_strv struct strv some = STRV_INIT;
	size_t n = res->problems.n;

	for (size_t i = 0; i < n && i < TOLD; i++)
		strv_add(&some, res->problems.v[i].text);
	if (n > TOLD)
		strv_addf(&some, "and %zu more problem%s", n - TOLD, n - TOLD == 1 ? "" : "s");
	return strv_join(&some, "; ");
}

static int solve_base(struct root_source *s, struct lock **ret, struct err *err)
{
	struct solve_request q = {.who = "the target's base set"};
	CLEANUP(solve_result_release) struct solve_result res = {0};
	CLEANUP(lock_freep) struct lock *l = new_lock(s);
	int r;

	strv_copy(&q.install, &s->conf.target->packages);
	r = source_solve(s, &q, NULL, &res, err);
	solve_request_release(&q);
	if (r < 0)
		return r;
	if (res.problems.n) {
		auto_free char *text = problems_short(&res);

		return err_set(err, ERR_CONFIG, "target '%s' has no base root: %s",
			s->conf.target->name, text);
	}
	lock_packages_copy(&l->base, &res.packages);
	*ret = TAKE(l);
	return 0;
}

/* The base set; its root only when it is there already. */
static int base_lock(struct root_source *s, struct err *err)
{
	struct sha256 *h;
	int r;

	if (s->lock)
		return 0;
	if ((r = question_begin(s, "base", &h, err)) < 0)
		return r;
	sha256_end(h, s->question);
	s->base = answered(s, s->question);
	if (!s->base)
		return solve_base(s, &s->lock, err);
	s->lock = new_lock(s);
	lock_packages_copy(&s->lock->base, &s->base->lock->base);
	return 0;
}

static int base(struct root_source *s, struct err *err)
{
	int r = base_lock(s, err);

	if (r < 0 || s->base || (s->base = answered(s, s->question)))
		return r;
	if ((r = get(s, fetch, s->lock, &s->base, err)) < 0)
		return r;
	asked_remember(s->roots, s->question, s->base->key);
	return 0;
}

int root_source_base(struct root_source *s, struct root **ret, struct err *err)
{
	int r = base(s, err);

	if (r < 0 && start_anew(s, err))
		r = base(s, err);
	if (r < 0)
		return r;
	*ret = TAKE(s->base); /* what was opened already is not opened once more */
	return 0;
}

/* Over the base set as it is; else both at once, for what needs other versions of what the base
 * has: then *ret_apart is false, and the answer holds the base set too. */
static int solve_over_base(struct root_source *s, struct solve_request *q, const char *testcase,
	bool *ret_apart, struct solve_result *ret, struct err *err)
{
	struct solve_result res = {0};
	int r;

	q->installed = &s->lock->base;
	if ((r = source_solve(s, q, NULL, &res, err)) < 0)
		return r;
	if (ret_apart)
		*ret_apart = !res.problems.n;
	if (!res.problems.n) {
		*ret = res;
		return 0;
	}
	solve_result_release(&res);
	q->installed = NULL;
	strv_copy(&q->install, &s->conf.target->packages);
	return source_solve(s, q, testcase, ret, err);
}

static int solve_with(struct root_source *s, const struct root_request *ask, struct lock **ret,
	struct strv *ret_problems, struct err *err)
{
	CLEANUP(solve_request_release)
	struct solve_request q = {.who = ask->who};
	CLEANUP(solve_result_release) struct solve_result res = {0};
	CLEANUP(lock_freep) struct lock *l = new_lock(s);
	bool apart;
	int r;

	strv_copy(&q.install, ask->install);
	if (ask->conflicts)
		strv_copy(&q.conflicts, ask->conflicts);
	if ((r = solve_over_base(s, &q, ask->testcase, &apart, &res, err)) < 0)
		return r;
	problems(&res, ret_problems);
	if (res.problems.n)
		return 0;
	if (apart)
		lock_packages_copy(&l->base, &s->lock->base);
	lock_packages_copy(apart ? &l->build : &l->base, &res.packages);
	*ret = TAKE(l);
	return 0;
}

int root_source_lock(struct root_source *s, const struct root_request *q, struct lock **ret,
	struct strv *ret_problems, struct err *err)
{
	CLEANUP(lock_freep) struct lock *l = NULL;
	int r = base_lock(s, err);

	if (r < 0 || (r = solve_with(s, q, &l, ret_problems, err)) < 0)
		return r;
	*ret = TAKE(l);
	return 0;
}

static int question_with(
	struct root_source *s, const struct root_request *q, char ret[SHA256_HEX], struct err *err)
{
	auto_strv struct strv wanted = STRV_INIT;
	struct sha256 *h;
	int r = question_begin(s, "with", &h, err);

	if (r < 0)
		return r;
	strv_copy(&wanted, q->install);
	strv_sort(&wanted);
	strv_foreach (&wanted, w)
		sha256_add_str(h, *w);
	sha256_add_str(h, "");
	for (size_t i = 0; q->conflicts && i < q->conflicts->n; i++)
		sha256_add_str(h, q->conflicts->v[i]);
	sha256_end(h, ret);
	return 0;
}

static int with(struct root_source *s, const struct root_request *q, struct root **ret,
	struct strv *ret_problems, struct err *err)
{
	CLEANUP(lock_freep) struct lock *l = NULL;
	struct root *root = NULL;
	char question[SHA256_HEX];
	int r;

	if ((r = base_lock(s, err)) < 0 || (r = question_with(s, q, question, err)) < 0)
		return r;
	if (!(root = answered(s, question))) {
		if ((r = solve_with(s, q, &l, ret_problems, err)) < 0 ||
			(l && (r = get(s, fetch, l, &root, err)) < 0))
			return r;
		if (root)
			asked_remember(s->roots, question, root->key);
	}
	*ret = root;
	return 0;
}

int root_source_with(struct root_source *s, const struct root_request *q, struct root **ret,
	struct strv *ret_problems, struct err *err)
{
	int r = with(s, q, ret, ret_problems, err);

	return r < 0 && start_anew(s, err) ? with(s, q, ret, ret_problems, err) : r;
}

/* What the base has already in just this form is not installed again. */
static void without(struct lock_packages *v, const struct lock_packages *have)
{
	size_t n = 0;

	vec_foreach (v, p) {
		bool there = false;

		vec_foreach (have, h)
			there = there || (str_eq(h->nevra, p->nevra) &&
						 str_eq_null(h->checksum, p->checksum));
		if (there)
			lock_package_release(p);
		else
			v->v[n++] = *p;
	}
	v->n = n;
}

static int needs(struct root_source *s, const struct strv *files, const char *testcase,
	struct lock_packages *ret, struct strv *ret_problems, struct err *err)
{
	CLEANUP(solve_request_release) struct solve_request q = {0};
	CLEANUP(solve_result_release) struct solve_result res = {0};
	int r;

	if ((r = base_lock(s, err)) < 0 || (r = source_add_files(s, files, err)) < 0)
		return r;
	strv_copy(&q.files, files);
	if ((r = solve_over_base(s, &q, testcase, NULL, &res, err)) < 0)
		return r;
	problems(&res, ret_problems);
	if (res.problems.n)
		return 0;
	without(&res.packages, &s->lock->base);
	if ((r = fetch(s, &res.packages, err)) < 0)
		return r;
	lock_packages_copy(ret, &res.packages);
	return 0;
}

int root_source_needs(struct root_source *s, const struct strv *files, const char *testcase,
	struct lock_packages *ret, struct strv *ret_problems, struct err *err)
{
	int r = needs(s, files, testcase, ret, ret_problems, err);

	return r < 0 && start_anew(s, err) ? needs(s, files, testcase, ret, ret_problems, err) : r;
}

/* The cache alone does where it has everything: the repositories may have moved on since. */
static int fetch_locked(void *ctx, struct lock_packages *packages, struct err *err)
{
	struct root_source *s = ctx;
	const struct remote_conf conf = {.cache = s->cache, .offline = true};
	CLEANUP(remote_freep) struct remote *cached = NULL;

	if (remote_open(&conf, s->conf.target, &cached, NULL) >= 0 &&
		remote_fetch(cached, packages, NULL) >= 0)
		return 0;
	return fetch(s, packages, err);
}

int root_source_locked(
	struct root_source *s, const struct lock *l, struct root **ret, struct err *err)
{
	const struct target *t = s->conf.target;

	if (!str_eq(l->arch, t->arch))
		return err_set(err, ERR_CONFIG,
			"the lock is for architecture %s, target '%s' for %s", l->arch, t->name,
			t->arch);
	return get(s, fetch_locked, l, ret, err);
}
