/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job.c - the job file of a build: all that its process must know. */
#include "sched/job.h"
#include "base/fs.h"
#include "base/json.h"
#include "repo/repo.h"
#include "sched/internal.h"

/* Seconds for the spec of one project to be read: others wait for it. */
#define PROBE_MOST 120

static void set_git(
	struct job_git *g, const struct config_git *c, const char *mirror, const char *sha)
{
	g->url = xstrdup_null(c->url);
	g->ref = xstrdup_null(c->ref ? c->ref : c->branch);
	g->sha = xstrdup(sha);
	g->mirror = xstrdup_null(mirror);
}

int job_of_commit(const struct config *cfg, const struct config_project *p,
	const struct target *target, const struct job_commit *c, struct job **ret, struct err *err)
{
	CLEANUP(job_freep) struct job *j = xcalloc(1, sizeof *j);
	auto_json json_t *copy = target_to_json(target);
	int r = target_from_json(copy, &j->target, err);

	if (r < 0)
		return r;
	j->project = xstrdup(p->project);
	j->layout = p->layout;
	if (p->upstream.url)
		set_git(&j->upstream, &p->upstream, c->upstream_mirror, c->upstream_sha);
	set_git(&j->packaging, &p->packaging, c->packaging_mirror, c->packaging_sha);
	j->path = xstrdup_null(p->path);
	j->spec = xstrdup_null(p->spec);
	j->policy = xstrdup_null(p->policy);
	j->numbering = xstrdup_null(p->numbering);
	j->minor = p->minor;
	j->limits = cfg->limits;
	j->lint_fatal = cfg->lint_fatal;
	j->roots = path_join(cfg->data, "roots");
	j->cache = path_join(cfg->data, "cache");
	*ret = TAKE(j);
	return 0;
}

/* What is published already: the last version, and packages that may satisfy dependencies. */
static int job_history(struct worker *w, struct job *j, struct err *err)
{
	struct package_vec packages = VEC_INIT;
	CLEANUP(store_build_release) struct store_build last = {0};
	auto_free char *dir = NULL;
	int r = store_last_published(w->s->store, w->target->name, w->conf->project, &last, err);

	if (r >= 0 && last.id != w->build.id) {
		j->last_date = last.date;
		j->last_evr = xstrdup_null(last.evr);
	}
	if (r < 0 && r != -ERR_NOT_FOUND)
		return r;
	if (r < 0)
		err_clear(err);
	if (!w->target->host) {
		j->own = repo_current_dir(w->cfg->data, w->target->name);
		return 0;
	}
	dir = repo_dir(w->cfg->data, w->target->name);
	r = store_published_packages(w->s->store, w->target->name, &packages, err);
	vec_foreach (&packages, p)
		strv_take(&j->published, repo_pool_path(dir, p));
	vec_free(&packages, package_release);
	return r;
}

static void job_of_build(const struct worker *w, struct job *j)
{
	j->build = w->build.id;
	j->trigger = xstrdup_null(w->build.trigger);
	j->queued = w->build.queued;
	j->date = w->build.date;
	j->rebuild = w->build.rebuild;
	j->output = xstrdup(w->dir);
}

static int make_job(struct worker *w, struct job **ret, struct err *err)
{
	const struct remote *up = poll_remote(w->s, w->conf->upstream.url);
	const struct remote *pack = poll_remote(w->s, w->conf->packaging.url);
	const struct job_commit commit = {
		.upstream_sha = w->build.upstream_sha,
		.upstream_mirror = up ? up->mirror : NULL,
		.packaging_sha = w->build.packaging_sha,
		.packaging_mirror = pack ? pack->mirror : NULL,
	};
	CLEANUP(job_freep) struct job *j = NULL;
	const struct goal *g = goal_find(w->s, w->lane->target);
	const struct sched_opts *opts = w->s->opts;
	int r = job_of_commit(w->cfg, w->conf, w->target, &commit, &j, err);

	if (r < 0)
		return r;
	job_of_build(w, j);
	j->allow_lower = opts->allow_lower;
	/* a root is made for a plan only when what it takes is here */
	j->offline = opts->offline || opts->dry_run;
	j->refresh = opts->refresh && !opts->dry_run;
	j->declare = w->probe;
	if (g && g->graph && !w->probe)
		graph_wanted_paths(g->graph, &j->paths);
	if (w->probe && (!j->limits.time || j->limits.time > PROBE_MOST))
		j->limits.time = PROBE_MOST;
	if ((r = job_history(w, j, err)) < 0)
		return r;
	*ret = TAKE(j);
	return 0;
}

int work_job(struct worker *w, struct err *err)
{
	auto_free char *file = path_join(w->dir, "job.json");
	CLEANUP(job_freep) struct job *job = NULL;
	auto_json json_t *j = NULL;
	int r = make_job(w, &job, err);

	if (r < 0)
		return r;
	j = job_to_json(job);
	return json_write_atomic(file, j, err);
}
