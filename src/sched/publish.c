/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publish.c - what came out of a build into the repositories and the store. Publishing comes before
 * the record: a crash between the two publishes the same bits again and converges.
 */
#include "base/fs.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/time.h"
#include "repo/repo.h"
#include "sched/internal.h"

/* What came out, as the store and the repositories want it. */
void work_fill(struct worker *w)
{
	const struct result *res = w->res;
	struct store_build *b = &w->build;

	b->date = res->date;
	b->started = b->started ? b->started : time_now();
	b->finished = time_now();
	b->state = res->status == STATUS_SUCCESS ? BUILD_SUCCESS
		   : res->status == STATUS_RETRY ? BUILD_RETRY
						 : BUILD_FAILED;
	str_set(&b->message, res->cause_message);
	str_set(&b->cause, res->cause == CAUSE_NONE ? NULL : cause_kind_name(res->cause));
	str_set(&b->cause_step, res->cause_step);
	if (res->version) {
		free(b->nvr);
		free(b->evr);
		b->nvr = xasprintf("%s-%s-%s", res->name, res->version, res->release);
		b->evr = res->epoch ? xasprintf("%lld:%s-%s", (long long)res->epoch, res->version,
					      res->release)
				    : xasprintf("%s-%s", res->version, res->release);
	}
}

bool sched_shares_both(const struct config *cfg, const struct config_project *p)
{
	vec_foreach (&cfg->projects, o)
		if (o != p && str_eq_null(o->upstream.url, p->upstream.url) &&
			str_eq_null(o->packaging.url, p->packaging.url))
			return true;
	return false;
}

static struct repo_commit commit_of(const struct worker *w, const char *baseurl)
{
	return (struct repo_commit){
		.build = &w->build,
		.packages = &w->res->artifacts,
		.logs = w->dir,
		.reponame = w->cfg->name,
		.baseurl = baseurl,
		.upstream_shared = sched_shares_both(w->cfg, w->conf),
	};
}

/* The verdict was given here, not by the build process: the file must say the same. It is a copy of
 * what the store records, so that a full disk is no error here. */
void work_save_result(const struct worker *w)
{
	auto_free char *path = path_join(w->dir, "result.json");
	auto_json json_t *j = result_to_json(w->res);

	(void)json_write_atomic(path, j, NULL);
}

bool work_whole(const char *dir, const struct result *res)
{
	vec_foreach (&res->artifacts, p) {
		auto_free char *path = path_join(dir, p->file);
		char hex[SHA256_HEX];

		if (sha256_file(path, hex, NULL) < 0 || !str_eq(hex, p->sha256))
			return false;
	}
	return true;
}

/* Publishing itself is the verdict. */
static void judge(
	struct worker *w, enum build_status status, enum cause_kind cause, const char *message)
{
	w->res->status = status;
	w->res->cause = cause;
	str_set(&w->res->cause_step, "publish");
	str_set(&w->res->cause_message, message);
	str_set(&w->res->cause_log, NULL);
	work_fill(w);
	work_save_result(w);
}

/* A build whose process failed in a way that gave no result: infrastructure, worth a retry. */
void work_no_result(struct worker *w, const char *message)
{
	struct result *res = w->res = xcalloc(1, sizeof *res);

	res->status = STATUS_RETRY;
	res->cause = CAUSE_INFRASTRUCTURE;
	str_set(&res->cause_step, "start");
	str_set(&res->cause_message, message);
	str_set(&res->target, w->build.target);
	str_set(&res->trigger, w->build.trigger);
	work_save_result(w);
}

/* Enough of that: the last try's trouble is the verdict. */
static void give_up(struct worker *w)
{
	auto_free char *text = xasprintf("%s (given up after %lld tries)",
		w->res->cause_message ? w->res->cause_message : "", (long long)w->item.tries + 1);

	w->res->status = STATUS_FAILED;
	str_set(&w->res->cause_message, text);
	work_fill(w);
	work_save_result(w);
}

/* Somebody removed or changed them since: only another try makes them. */
static void lost(struct worker *w, const struct err *e)
{
	auto_free char *text = xasprintf("its packages are not as they were built: %s", e->msg);

	judge(w, STATUS_RETRY, CAUSE_INFRASTRUCTURE, text);
}

static void set_paths(struct worker *w)
{
	vec_foreach (&w->res->artifacts, p)
		if (!p->path)
			p->path = path_join(w->dir, p->file);
}

/* `consistent` follows `current` when the last build of every project succeeded. */
static int consistent(struct worker *w, struct repo *repo, struct err *err)
{
	vec_foreach (&w->s->lanes, l)
		if ((*l)->conf && str_eq((*l)->target, w->target->name) &&
			(!(*l)->last || (*l)->state != BUILD_SUCCESS))
			return 0;
	return repo_move_consistent(repo, err);
}

static int publish(struct worker *w, struct repo *repo, bool *ret_published, struct err *err)
{
	auto_free char *base = sched_baseurl(w->cfg);
	auto_err struct err refusal = ERR_INIT;
	struct repo_commit c = commit_of(w, base);
	int r;

	str_set(&w->repo, NULL);
	if (w->res->status == STATUS_SUCCESS) {
		r = repo_publish(repo, w->s->store, &c, &w->repo, &refusal);
		/* same NEVRA, other bytes, no fit name: that is the package's failure */
		if (r == -ERR_CONFLICT || r == -ERR_SOURCE || r == -ERR_BUILD)
			judge(w, STATUS_FAILED, CAUSE_SOURCE, refusal.msg);
		else if (r < 0 && sched_disk(w->s, NULL) >= 0 && !work_whole(w->dir, w->res))
			lost(w, &refusal);
		else if (r < 0)
			return err_move(err, &refusal);
		else
			*ret_published = true;
	}
	if (w->res->status == STATUS_RETRY && (uint64_t)w->item.tries >= w->cfg->retries)
		give_up(w);
	if (w->res->status == STATUS_FAILED)
		return repo_record_failure(repo, w->s->store, &c, &w->repo, err);
	return 0;
}

int work_publish(struct worker *w, struct err *err)
{
	CLEANUP(repo_closep) struct repo *repo = NULL;
	bool published = false;
	int r;

	set_paths(w);
	if ((r = repo_open(w->cfg->data, w->target->name, &repo, err)) < 0 ||
		(!w->recorded && (r = publish(w, repo, &published, err)) < 0) ||
		(r = after_record(w, published, err)) < 0)
		return r;
	/* what follows can be made up for with the next build */
	if (w->res->status != STATUS_RETRY &&
		(r = repo_update_versions(repo, w->s->store, err)) < 0)
		return r;
	return consistent(w, repo, err);
}
