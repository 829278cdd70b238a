/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * work.c - one queued build: a job file, a child process that carries it out, then publishing and
 * the record. Publishing comes before the record: a crash between the two builds the same bits
 * again and converges.
 */
#include "base/fs.h"
#include "base/log.h"
#include "base/time.h"
#include "build/build.h"
#include "repo/repo.h"
#include "sched/internal.h"

/* Everything about one build while it is carried out. */
struct work {
	struct sched *s;
	struct store_build
		build; /* a view of the queued row plus what came out; strings borrowed */
	const struct config_project *project;
	struct target *target;
	struct repo *repo;
	char *dir; /* data/builds/<n> */
	struct result *res;
};

static struct target *find_target(const struct sched *s, const char *name)
{
	vec_foreach (&s->cfg->targets, t)
		if (str_eq((*t)->name, name))
			return *t;
	return NULL;
}

static void set_git(struct sched *s, struct job_git *g, const struct config_git *c, const char *sha)
{
	struct remote *r = poll_remote(s, c->url);

	g->url = xstrdup_null(c->url);
	g->ref = xstrdup_null(c->ref ? c->ref : c->branch);
	g->sha = xstrdup(sha);
	g->mirror = xstrdup_null(r ? r->mirror : NULL);
}

/* What is published already: the last version, and packages that may satisfy dependencies. */
static int job_history(struct work *w, struct job *j, struct err *err)
{
	struct package_vec packages = VEC_INIT;
	struct store_build last = {0};
	auto_free char *dir = NULL;
	int r = store_last_published(
		w->s->store, w->target->name, w->project->project, &last, NULL);

	if (r >= 0 && last.id != w->build.id) {
		j->last_date = last.date;
		j->last_evr = xstrdup_null(last.evr);
	}
	if (r >= 0)
		store_build_release(&last);
	if (!w->target->host) {
		j->own = repo_current_dir(w->s->cfg->data, w->target->name);
		return 0;
	}
	dir = repo_dir(w->s->cfg->data, w->target->name);
	r = store_published_packages(w->s->store, w->target->name, &packages, err);
	vec_foreach (&packages, p)
		strv_take(&j->published, repo_pool_path(dir, p));
	vec_free(&packages, package_release);
	return r;
}

static int make_job(struct work *w, struct job **ret, struct err *err)
{
	CLEANUP(job_freep) struct job *j = xcalloc(1, sizeof *j);
	const struct config_project *p = w->project;
	const struct config *cfg = w->s->cfg;
	auto_json json_t *copy = target_to_json(w->target);
	int r = target_from_json(copy, &j->target, err);

	if (r < 0)
		return r;
	j->build = w->build.id;
	j->project = xstrdup(p->project);
	j->trigger = xstrdup_null(w->build.trigger);
	j->layout = p->layout;
	if (p->upstream.url)
		set_git(w->s, &j->upstream, &p->upstream, w->build.upstream_sha);
	set_git(w->s, &j->packaging, &p->packaging, w->build.packaging_sha);
	j->path = xstrdup_null(p->path);
	j->spec = xstrdup_null(p->spec);
	j->policy = xstrdup_null(p->policy);
	j->numbering = xstrdup_null(p->numbering);
	j->minor = p->minor;
	j->queued = w->build.queued;
	j->date = w->build.date;
	j->rebuild = w->build.rebuild;
	j->allow_lower = w->s->opts->allow_lower;
	j->offline = w->s->opts->offline;
	j->refresh = w->s->opts->refresh;
	j->limits = cfg->limits;
	j->lint_fatal = cfg->lint_fatal;
	j->roots = path_join(cfg->data, "roots");
	j->cache = path_join(cfg->data, "cache");
	j->output = xstrdup(w->dir);
	if ((r = job_history(w, j, err)) < 0)
		return r;
	*ret = TAKE(j);
	return 0;
}

/* What came out, as the store and the repositories want it. */
static void fill(struct work *w)
{
	const struct result *res = w->res;
	struct store_build *b = &w->build;

	b->date = res->date;
	b->started = b->started ? b->started : time_now();
	b->finished = time_now();
	b->state = res->status == STATUS_SUCCESS ? BUILD_SUCCESS
		   : res->status == STATUS_RETRY ? BUILD_RETRY
						 : BUILD_FAILED;
	b->message = res->cause_message;
	if (res->version) {
		b->nvr = xasprintf("%s-%s-%s", res->name, res->version, res->release);
		b->evr = res->epoch ? xasprintf("%lld:%s-%s", (long long)res->epoch, res->version,
					      res->release)
				    : xasprintf("%s-%s", res->version, res->release);
	}
}

static bool shares_both(const struct sched *s, const struct config_project *p)
{
	vec_foreach (&s->cfg->projects, o)
		if (o != p && str_eq_null(o->upstream.url, p->upstream.url) &&
			str_eq_null(o->packaging.url, p->packaging.url))
			return true;
	return false;
}

static struct repo_commit commit_of(const struct work *w, const char *baseurl)
{
	return (struct repo_commit){
		.build = &w->build,
		.packages = &w->res->artifacts,
		.logs = w->dir,
		.reponame = w->s->cfg->name,
		.baseurl = baseurl,
		.upstream_shared = shares_both(w->s, w->project),
	};
}

/* The verdict was given here, not by the build process: the file must say the same. It is a copy of
 * what the store records, so that a full disk is no error here. */
static void save_result(const struct work *w)
{
	auto_free char *path = path_join(w->dir, "result.json");
	auto_json json_t *j = result_to_json(w->res);

	(void)json_write_atomic(path, j, NULL);
}

/* The publisher refused (same NEVRA, other bytes, no fit name): that is the package's failure. */
static void refused(struct work *w, struct err *e)
{
	w->res->status = STATUS_FAILED;
	w->res->cause = CAUSE_SOURCE;
	str_set(&w->res->cause_step, "publish");
	str_set(&w->res->cause_message, e->msg);
	str_set(&w->res->cause_log, NULL);
	w->build.state = BUILD_FAILED;
	w->build.message = w->res->cause_message;
	err_clear(e);
	save_result(w);
}

static int record(struct work *w, const char *dir, bool published, struct err *err)
{
	struct store *st = w->s->store;
	int r;

	if ((r = store_begin(st, err)) < 0)
		return r;
	if ((r = store_build_finish(st, w->build.id, w->res, err)) < 0 ||
		(published && (r = store_build_published(st, w->build.id, dir, err)) < 0)) {
		store_rollback(st);
		return r;
	}
	return store_commit(st, err);
}

static void set_paths(struct work *w)
{
	vec_foreach (&w->res->artifacts, p)
		if (!p->path)
			p->path = path_join(w->dir, p->file);
}

/* `consistent` follows `current` when the last build of every project succeeded. */
static int consistent(struct work *w, struct err *err)
{
	struct store_builds last = VEC_INIT;
	size_t wanted = 0, good = 0;
	int r = store_last_builds(w->s->store, w->target->name, &last, err);

	vec_foreach (&w->s->cfg->projects, p) {
		if (p->targets.n && !strv_has(&p->targets, w->target->name))
			continue;
		wanted++;
		vec_foreach (&last, b)
			good += str_eq(b->project, p->project) && b->state == BUILD_SUCCESS;
	}
	vec_free(&last, store_build_release);
	if (r < 0 || good != wanted)
		return r;
	return repo_move_consistent(w->repo, err);
}

static int publish(struct work *w, struct err *err)
{
	auto_free char *base = sched_baseurl(w->s->cfg);
	auto_err struct err refusal = ERR_INIT;
	struct repo_commit c = commit_of(w, base);
	auto_free char *dir = NULL;
	bool published = false;
	int r = 0;

	set_paths(w);
	if (w->res->status == STATUS_SUCCESS) {
		r = repo_publish(w->repo, w->s->store, &c, &dir, &refusal);
		if (r == -ERR_CONFLICT || r == -ERR_SOURCE || r == -ERR_BUILD)
			refused(w, &refusal);
		else if (r < 0)
			return err_move(err, &refusal);
		else
			published = true;
	}
	if (w->res->status == STATUS_FAILED &&
		(r = repo_record_failure(w->repo, w->s->store, &c, &dir, err)) < 0)
		return r;
	if ((r = record(w, dir, published, err)) < 0)
		return r;
	if ((r = repo_update_versions(w->repo, w->s->store, err)) < 0)
		return r;
	str_set(&w->build.repo, dir);
	return consistent(w, err);
}

static void report(const struct work *w, double seconds)
{
	const struct result *res = w->res;
	struct sched_summary *sum = &w->s->sum;
	auto_free char *line = NULL;

	switch (res->status) {
	case STATUS_SUCCESS:
		sum->built++;
		log_info("%s: built %s on %s in %.1f s, published as %s", w->project->project,
			w->build.nvr, w->target->name, seconds, w->build.repo);
		break;
	case STATUS_FAILED:
	case STATUS_RETRY:
		if (res->status == STATUS_FAILED)
			sum->failed++;
		else
			sum->retry++;
		if (res->cause_line)
			line = xasprintf(":%lld", (long long)res->cause_line);
		log_error("%s: %.12s failed on %s: %s: %s (%s/%s%s)", w->project->project,
			w->build.upstream_sha, w->target->name, res->cause_step, res->cause_message,
			w->dir, res->cause_log ? res->cause_log : "state.log", line ? line : "");
		break;
	}
}

static void work_release(struct work *w)
{
	free(w->build.nvr);
	free(w->build.evr);
	free(w->build.repo);
	repo_close(w->repo);
	result_free(w->res);
	free(w->dir);
}

/* A build whose process failed in a way that gave no result: infrastructure, worth a retry. */
static void no_result(struct work *w, const char *message)
{
	struct result *res = w->res = xcalloc(1, sizeof *res);

	res->status = STATUS_RETRY;
	res->cause = CAUSE_INFRASTRUCTURE;
	str_set(&res->cause_step, "start");
	str_set(&res->cause_message, message);
	str_set(&res->target, w->build.target);
	str_set(&res->trigger, w->build.trigger);
	save_result(w);
}

int work_build(struct sched *s, const struct store_build *b, struct err *err)
{
	CLEANUP(work_release) struct work w = {.s = s, .build = *b};
	CLEANUP(job_freep) struct job *job = NULL;
	auto_err struct err e = ERR_INIT;
	auto_free char *file = NULL;
	auto_json json_t *j = NULL;
	double start_time = time_mono();
	int r;

	w.build.nvr = w.build.evr = w.build.repo = NULL; /* the row's; ours are made anew */
	w.project = config_project(s->cfg, b->project);
	w.target = find_target(s, b->target);
	if (!w.project || !w.target ||
		(w.project->targets.n && !strv_has(&w.project->targets, b->target))) {
		log_warn("build %lld: %s on %s is no longer configured, it stays queued",
			(long long)b->id, b->project, b->target);
		return 0;
	}
	w.dir = xasprintf("%s/builds/%lld", s->cfg->data, (long long)b->id);
	file = path_join(w.dir, "job.json");
	if ((r = build_sweep(w.dir, err)) < 0 || (r = fs_remove_tree(w.dir, err)) < 0 ||
		(r = fs_mkdirs(w.dir, 0755, err)) < 0 ||
		(r = repo_open(s->cfg->data, w.target->name, &w.repo, err)) < 0 ||
		(r = make_job(&w, &job, err)) < 0)
		return r;
	j = job_to_json(job);
	if ((r = json_write_atomic(file, j, err)) < 0 ||
		(r = store_build_start(s->store, b->id, err)) < 0)
		return r;
	log_info("%s: build %lld of %.12s on %s", b->project, (long long)b->id, b->upstream_sha,
		b->target);
	r = child_build(s, b->project, w.dir, file, &w.res, &e);
	if (r == -ERR_SIGNAL)
		return err_move(err, &e);
	if (r < 0)
		no_result(&w, e.msg);
	fill(&w);
	if ((r = publish(&w, err)) < 0)
		return err_wrap(err, "%s: publish build %lld", b->project, (long long)b->id);
	report(&w, time_mono() - start_time);
	return 0;
}
