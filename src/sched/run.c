/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.c - one pass over everything: lock, poll, queue, build, publish, sum up. */
#include "base/fs.h"
#include "base/log.h"
#include "base/sig.h"
#include "base/text.h"
#include "base/time.h"
#include "repo/repo.h"
#include "root/root.h"
#include "sched/internal.h"

static void remote_release(struct remote *r)
{
	free(r->url);
	free(r->mirror);
	strv_release(&r->refs);
	err_clear(&r->error);
}

static void sched_release(struct sched *s)
{
	(void)child_reap(s, NULL);
	vec_free(&s->remotes, remote_release);
	hmap_release(&s->touched);
	git_free(s->git);
	store_close(s->store);
}

/* Directories that configured urls name: the only ones the file transport is allowed for. */
static void local_paths(const struct config *cfg, struct strv *ret)
{
	vec_foreach (&cfg->projects, p) {
		const char *urls[] = {p->upstream.url, p->packaging.url};

		for (size_t i = 0; i < COUNTOF(urls); i++) {
			char *path = NULL;

			if (urls[i] && git_url_is_local(urls[i], &path))
				strv_take(ret, path);
		}
	}
}

static int open_all(struct sched *s, struct err *err)
{
	auto_free char *state = path_join(s->cfg->data, "git");
	auto_strv struct strv local = STRV_INIT;
	int r;

	local_paths(s->cfg, &local);
	if ((r = fs_mkdirs(state, 0755, err)) < 0 ||
		(r = git_open(state, &local, &s->git, err)) < 0)
		return r;
	return store_open(s->cfg->data, false, &s->store, err);
}

char *sched_baseurl(const struct config *cfg)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	if (cfg->url)
		return xstrdup(cfg->url);
	/* dnf takes a blank for the end of the url */
	sb_add(&b, "file://");
	text_url_path(&b, cfg->data);
	sb_add(&b, "/repos");
	return sb_take(&b);
}

/* What clients of the host target need beside our packages. */
static int host_base(struct sched *s, struct err *err)
{
	auto_free char *roots = path_join(s->cfg->data, "roots");
	auto_free char *cache = path_join(s->cfg->data, "cache");
	auto_free char *base = sched_baseurl(s->cfg);

	vec_foreach (&s->cfg->targets, t) {
		auto_free char *rpm = NULL;
		int r;

		if (!(*t)->host)
			continue;
		if ((r = root_host_base(roots, cache, &rpm, err)) < 0)
			return r;
		return repo_publish_host_base(s->cfg->data, rpm, base, err);
	}
	return 0;
}

static void project_failed(struct sched *s, const struct config_project *p, const struct err *e)
{
	if (err_retryable(e->code))
		s->sum.retry++;
	else
		s->sum.failed++;
	log_error("%s: %s", p->project, e->msg);
}

static int queue_all(struct sched *s, struct err *err)
{
	vec_foreach (&s->cfg->projects, p) {
		auto_err struct err e = ERR_INIT;
		size_t n = 0;
		int r;

		if (!sched_wants(s, p))
			continue;
		r = commits_queue(s, p, &n, &e);
		if (r == -ERR_SIGNAL)
			return err_move(err, &e);
		if (r < 0)
			project_failed(s, p, &e);
		if (r < 0 || n)
			hmap_set(&s->touched, p->project, 0);
	}
	return 0;
}

/* A later commit of the project is published: an older one must not take its place. */
static int is_superseded(struct sched *s, const struct store_build *b, struct err *err)
{
	CLEANUP(store_build_release) struct store_build last = {0};
	int r = store_last_published(s->store, b->target, b->project, &last, err);

	if (r == -ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	return r < 0 ? r : last.id > b->id;
}

/* Builds that ended for reasons of the machine get another try with each run. */
static int requeue(struct sched *s, struct err *err)
{
	struct store_filter f = {.state = BUILD_RETRY};
	struct store_builds again = VEC_INIT;
	size_t n = 0;
	int r = store_requeue_running(s->store, &n, err);

	if (r < 0 || (r = store_builds(s->store, &f, &again, err)) < 0)
		return r;
	if (n)
		log_info("%zu interrupted builds are queued again", n);
	vec_foreach (&again, b) {
		if (r >= 0)
			r = is_superseded(s, b, err);
		if (r == 0)
			r = store_build_requeue(s->store, b->id, "retry", err);
	}
	vec_free(&again, store_build_release);
	return r < 0 ? r : 0;
}

/*
 * One of the queue, in the order of commits: after a build that is to be tried again, the project's
 * later ones wait for the next run, once; `held` has the "target/project" of those.
 */
static int build_next(
	struct sched *s, const struct store_build *b, struct strv *held, struct err *err)
{
	const struct config_project *p = config_project(s->cfg, b->project);
	auto_free char *key = xasprintf("%s/%s", b->target, b->project);
	size_t retries = s->sum.retry;
	int r;

	if (p && !sched_wants(s, p))
		return 0;
	hmap_set(&s->touched, b->project, 0);
	if (s->opts->dry_run) {
		log_info("%s: would build %.12s on %s (queued before)", b->project, b->upstream_sha,
			b->target);
		return 0;
	}
	if (strv_has(held, key)) {
		log_info("%s: %.12s waits for an earlier commit", b->project, b->upstream_sha);
		return 0;
	}
	r = work_build(s, b, err);
	if (s->sum.retry > retries && !str_eq_null(b->trigger, "retry"))
		strv_take(held, TAKE(key));
	return r;
}

static int build_all(struct sched *s, struct err *err)
{
	struct store_filter f = {.state = BUILD_QUEUED, .oldest_first = true};
	struct store_builds queue = VEC_INIT;
	auto_strv struct strv held = STRV_INIT;
	int r = store_builds(s->store, &f, &queue, err);

	vec_foreach (&queue, b)
		if (r >= 0)
			r = build_next(s, b, &held, err);
	vec_free(&queue, store_build_release);
	return r;
}

static int check_projects(const struct config *cfg, const struct sched_opts *opts, struct err *err)
{
	for (size_t i = 0; opts->projects && i < opts->projects->n; i++) {
		const struct config_project *p;
		int r = config_project_find(cfg, opts->projects->v[i], &p, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int usable_targets(const struct config *cfg, struct err *err)
{
	vec_foreach (&cfg->targets, t) {
		int r = config_target_usable(*t, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* What roots and downloads take, by `cache` of the configuration. That it fails spoils no build. */
static void housekeep(struct sched *s)
{
	const struct config_cache *c = &s->cfg->cache;
	auto_free char *roots = path_join(s->cfg->data, "roots");
	auto_free char *cache = path_join(s->cfg->data, "cache");
	int64_t since = c->unused ? time_now() - (int64_t)c->unused : 0;
	auto_err struct err e = ERR_INIT;
	uint64_t bytes;
	size_t n = 0;

	if (root_gc(roots, since, c->roots, false, &n, &bytes, &e) < 0 ||
		root_cache_gc(cache, since, false, &bytes, &e) < 0)
		log_warn("removing what is not used any more: %s", e.msg);
	if (n)
		log_info("removed %zu unused root%s", n, n == 1 ? "" : "s");
}

int sched_run_once(const struct config *cfg, const struct sched_opts *opts,
	struct sched_summary *ret, struct err *err)
{
	auto_free char *lock = path_join(cfg->data, "lock");
	auto_close int lock_fd = -1; /* let go last: build processes end before */
	CLEANUP(sched_release) struct sched s = {.cfg = cfg, .opts = opts};
	int r;

	if ((r = check_projects(cfg, opts, err)) < 0 || (r = usable_targets(cfg, err)) < 0 ||
		(r = fs_mkdirs(cfg->data, 0755, err)) < 0)
		return r;
	if ((r = fs_lock(lock, &lock_fd, err)) < 0)
		return err_wrap(err, "data directory '%s'", cfg->data);
	if ((r = open_all(&s, err)) < 0 || (!opts->dry_run && (r = requeue(&s, err)) < 0) ||
		(r = poll_remotes(&s, err)) < 0 || (r = queue_all(&s, err)) < 0)
		return r;
	if ((!opts->dry_run && (r = host_base(&s, err)) < 0) || (r = build_all(&s, err)) < 0 ||
		(r = child_reap(&s, err)) < 0)
		return r;
	if (s.sum.built + s.sum.failed)
		housekeep(&s);
	vec_foreach (&cfg->projects, p)
		s.sum.unchanged += sched_wants(&s, p) && !hmap_has(&s.touched, p->project);
	*ret = s.sum;
	return 0;
}

int sched_recheck(
	const struct config *cfg, const char *project, bool dry_run, size_t *ret_n, struct err *err)
{
	CLEANUP(store_closep) struct store *st = NULL;
	const struct config_project *p;
	size_t n = 0;
	int r;

	if ((r = config_project_find(cfg, project, &p, err)) < 0 ||
		(r = store_open(cfg->data, dry_run, &st, err)) < 0)
		return r;
	vec_foreach (&cfg->targets, t) {
		struct store_filter f = {
			.target = (*t)->name, .project = p->project, .state = -1, .limit = 1};
		struct store_builds last = VEC_INIT;

		r = store_builds(st, &f, &last, err);
		vec_foreach (&last, b) {
			if (r < 0 || b->state == BUILD_QUEUED || b->state == BUILD_RUNNING)
				continue;
			n++;
			if (!dry_run)
				r = store_build_requeue(st, b->id, "recheck", err);
		}
		vec_free(&last, store_build_release);
		if (r < 0)
			return r;
	}
	*ret_n = n;
	return 0;
}
