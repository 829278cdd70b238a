/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * work.c - the life of one build: its directory, its process, its end. Each try has the directory
 * builds/N for itself; what the tries before left is kept below it as attempt-K.
 */
#include "base/fs.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/time.h"
#include "build/build.h"
#include "sched/internal.h"

void worker_free(struct worker *w)
{
	struct sched *s = w->s;

	for (size_t i = 0; i < s->workers.n; i++)
		if (s->workers.v[i] == w) {
			memmove(s->workers.v + i, s->workers.v + i + 1,
				(--s->workers.n - i) * sizeof(struct worker *));
			break;
		}
	if (w->lane && w->lane->worker == w)
		w->lane->worker = NULL;
	if (w->out >= 0)
		loop_unwatch(s->loop, w->out);
	if (w->pidfd >= 0)
		loop_unwatch(s->loop, w->pidfd);
	loop_forget(s->loop, &w->kill);
	loop_forget(s->loop, &w->late);
	auto_closep(&w->out);
	auto_closep(&w->pidfd);
	sb_release(&w->said);
	store_build_release(&w->build);
	result_free(w->res);
	free(w->dir);
	free(w->repo);
	free(w->cancelled);
	free(w->disk);
	free(w);
}

static struct worker *make_worker(struct sched *s, struct lane *l)
{
	struct worker *w = xcalloc(1, sizeof *w);

	*vec_push(&s->workers) = w;
	w->s = s;
	w->lane = l;
	w->cfg = s->cfg;
	w->conf = l->conf;
	w->target = l->tconf;
	w->pidfd = w->out = -1;
	w->start = time_mono();
	w->published = goal_find(s, l->target)->published;
	return w;
}

struct worker *worker_new(struct sched *s, struct lane *l, const struct item *it, struct err *err)
{
	struct worker *w = make_worker(s, l);

	w->item = *it;
	if (store_build_get(s->store, it->id, &w->build, err) >= 0) {
		w->dir = xasprintf("%s/builds/%lld", s->cfg->data, (long long)it->id);
		return w;
	}
	worker_free(w);
	return NULL;
}

/* Files of the try before that are worth keeping: logs, job, result; not packages. */
static int keep_attempt(const char *dir, int64_t attempt, struct err *err)
{
	auto_free char *to = xasprintf("%s/attempt-%lld", dir, (long long)attempt);
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(dir, &names, err);

	if (r < 0)
		return r;
	strv_foreach (&names, n) {
		auto_free char *from = path_join(dir, *n), *there = path_join(to, *n);

		if (str_starts(*n, "attempt-"))
			continue;
		if (fs_is_dir(from) || str_ends(*n, ".rpm")) {
			if ((r = fs_remove_tree(from, err)) < 0)
				return r;
			continue;
		}
		if ((r = fs_mkdirs(to, 0755, err)) < 0)
			return r;
		if (rename(from, there) < 0)
			return err_errno(err, "move '%s'", from);
	}
	return 0;
}

static int make_dir(const struct worker *w, struct err *err)
{
	int64_t attempt = w->build.attempt > 0 ? w->build.attempt : 1;
	int r;

	if (fs_is_dir(w->dir) && ((r = build_sweep(w->dir, err)) < 0 ||
					 (r = keep_attempt(w->dir, attempt, err)) < 0))
		return r;
	return fs_mkdirs(w->dir, 0755, err);
}

static int start(struct worker *w, struct err *err)
{
	auto_free char *file = path_join(w->dir, "job.json");
	int r;

	if ((r = make_dir(w, err)) < 0 || (r = work_job(w, err)) < 0 ||
		(r = store_build_start(w->s->store, w->build.id, err)) < 0)
		return r;
	w->build.attempt++;
	w->build.started = time_now();
	/* no process to be had: it did not begin */
	if ((r = child_start(w, file, err)) < 0)
		(void)store_build_untry(w->s->store, w->build.id, NULL);
	return r;
}

int work_start(struct sched *s, struct lane *l, const struct item *it, struct err *err)
{
	struct worker *w = worker_new(s, l, it, err);
	int r;

	if (!w)
		return -(int)(err->code ? err->code : ERR_BUG);
	if ((r = start(w, err)) < 0) {
		worker_free(w);
		return r;
	}
	l->worker = w;
	l->served++;
	lane_remove(l, it->id);
	hmap_set(&s->touched, l->project, 0);
	queue_changed(s, l->target);
	log_info("%s: build %lld of %.12s on %s", l->project, (long long)w->build.id,
		w->build.upstream_sha, l->target);
	return 0;
}

/* Only to learn the order; it leaves nothing behind. */
static int probe(struct worker *w, struct err *err)
{
	auto_free char *file = NULL;
	struct sched *s = w->s;
	struct lane *l = w->lane;
	int r;

	w->probe = true;
	free(w->dir);
	w->dir = xasprintf("%s/%s/%s/%s", s->cfg->data, s->aside ? PROBES_ASIDE : "probe",
		l->target, l->project);
	file = path_join(w->dir, "job.json");
	l->probed = true;
	if ((r = build_sweep(w->dir, err)) < 0 || (r = fs_remove_tree(w->dir, err)) < 0 ||
		(r = fs_mkdirs(w->dir, 0755, err)) < 0 || (r = work_job(w, err)) < 0 ||
		(r = child_start(w, file, err)) < 0) {
		worker_free(w);
		return r;
	}
	l->worker = w;
	log_verbose("%s: looking at what it needs on %s", l->project, l->target);
	return 0;
}

int work_probe(struct sched *s, struct lane *l, const struct item *it, struct err *err)
{
	struct worker *w = worker_new(s, l, it, err);

	return w ? probe(w, err) : -(int)(err->code ? err->code : ERR_BUG);
}

int work_probe_commit(struct sched *s, struct lane *l, const struct plan_commit *c, struct err *err)
{
	struct worker *w = make_worker(s, l);

	w->build.upstream_sha = xstrdup(c->upstream_sha);
	w->build.packaging_sha = xstrdup(c->packaging_sha);
	w->build.queued = time_now();
	return probe(w, err);
}

/* ---- the end ---- */

/* A build counts by its last outcome: what failed for want of a package may be tried again in the
 * same pass, when that is there. */
static void count_failed(const struct worker *w)
{
	auto_free char *id = xasprintf("%lld", (long long)w->build.id);
	struct sched *s = w->s;
	bool failed = w->res->status == STATUS_FAILED;
	size_t before = 0;

	if (s->daemon)
		return;
	(void)hmap_get(&s->failed, id, &before);
	s->sum.failed += (size_t)failed - before;
	(void)hmap_set(&s->failed, id, failed);
}

static void report(const struct worker *w)
{
	const struct result *res = w->res;
	struct sched_summary *sum = &w->s->sum;
	auto_free char *line = NULL;

	count_failed(w);
	switch (res->status) {
	case STATUS_SUCCESS:
		sum->built++;
		log_info("%s: built %s on %s in %.1f s, published as %s", w->conf->project,
			w->build.nvr, w->target->name, time_mono() - w->start, w->repo);
		break;
	case STATUS_FAILED:
	case STATUS_RETRY:
		if (res->status == STATUS_RETRY)
			sum->retry++;
		if (res->cause_line)
			line = xasprintf(":%lld", (long long)res->cause_line);
		log_error("%s: %.12s failed on %s: %s: %s (%s/%s%s)", w->conf->project,
			w->build.upstream_sha, w->target->name, res->cause_step, res->cause_message,
			w->dir, res->cause_log ? res->cause_log : "state.log", line ? line : "");
		break;
	}
}

/* Its process may go on to lint: then the worker stays, but out of the way. */
static void leave(struct worker *w)
{
	w->s->dirty = true;
	w->unfinished = false;
	if (w->lane->worker == w)
		w->lane->worker = NULL;
	if (w->pidfd < 0)
		worker_free(w);
}

static int end_probe(struct worker *w, struct err *err)
{
	struct sched *s = w->s;
	auto_err struct err disk = ERR_INIT;
	int r = w->disk ? 0 : after_probe(w, err);

	if (w->disk && sched_disk(s, &disk) < 0)
		w->lane->probed = false;
	(void)build_sweep(w->dir, NULL);
	(void)fs_remove_tree(w->dir, NULL);
	leave(w);
	return disk.code == ERR_OK ? r : sched_stall(s, &disk, err);
}

static int end_cancelled(struct worker *w, struct err *err)
{
	int r = store_build_cancel(w->s->store, w->build.id, w->cancelled, err);

	if (r < 0 && r != -ERR_CONFLICT)
		return r;
	err_clear(err);
	(void)build_sweep(w->dir, NULL);
	log_info("%s: build %lld is cancelled", w->lane->project, (long long)w->build.id);
	return after_cancel(w->s, w->build.id, w->lane->target, err);
}

static void again(struct worker *w)
{
	struct sched *s = w->s;
	struct item it = w->item;
	uint64_t delay = retry_delay(it.tries);

	it.tries++;
	it.fresh = false;
	/* one pass tries once */
	it.at = s->daemon ? loop_now(s->loop) + delay * 1000 : UINT64_MAX;
	lane_add(s, w->lane, &it);
}

uint64_t retry_delay(int64_t tries)
{
	uint64_t s = RETRY_FIRST;

	while (tries-- > 0 && s < RETRY_MOST)
		s *= 4;
	return s < RETRY_MOST ? s : RETRY_MOST;
}

/* What the try left, but for the tries before it. */
static void forget_try(const struct worker *w)
{
	auto_strv struct strv names = STRV_INIT;

	(void)build_sweep(w->dir, NULL);
	(void)fs_list(w->dir, &names, NULL);
	strv_foreach (&names, n) {
		auto_free char *path = path_join(w->dir, *n);

		if (!str_starts(*n, "attempt-"))
			(void)fs_remove_tree(path, NULL);
	}
	(void)rmdir(w->dir);
}

/*
 * The disk had no room for it: as if it had not begun. Where there is room now it took that itself,
 * or somebody else did for a moment: it waits longer each time, and holds up nobody else.
 */
static int put_back(struct worker *w, struct err *err)
{
	struct sched *s = w->s;
	auto_err struct err disk = ERR_INIT;
	struct item it = w->item;
	int r;

	if ((r = store_build_untry(s->store, w->build.id, err)) < 0)
		return r;
	forget_try(w);
	log_verbose("%s: build %lld is queued again: %s", w->lane->project, (long long)w->build.id,
		w->disk);
	if (sched_disk(s, &disk) >= 0) {
		it.at = s->daemon ? loop_now(s->loop) + retry_delay(it.starved) * 1000 : UINT64_MAX;
		s->sum.retry++;
		log_error("%s: no room on the disk for build %lld on %s: %s", w->lane->project,
			(long long)w->build.id, w->lane->target, w->disk);
		if (!it.starved++)
			(void)tell_trouble(s, "builds wait for more room on the disk");
	}
	lane_add(s, w->lane, &it);
	queue_changed(s, w->lane->target);
	leave(w);
	return disk.code == ERR_OK ? 0 : sched_stall(s, &disk, err);
}

/* Tried again from the start when the disk was full: each part can be repeated. */
static int finish(struct worker *w, struct err *err)
{
	int r;

	if (w->cancelled)
		return end_cancelled(w, err);
	work_fill(w);
	if ((r = work_publish(w, err)) < 0)
		return err_wrap(
			err, "%s: publish build %lld", w->lane->project, (long long)w->build.id);
	report(w);
	if (w->res->status == STATUS_RETRY)
		again(w);
	return after_outcome(w, err);
}

int work_finish(struct worker *w, struct err *err)
{
	auto_err struct err e = ERR_INIT;
	struct sched *s = w->s;
	int r;

	if (w->probe)
		return end_probe(w, err);
	w->unfinished = true;
	if (w->disk && !w->cancelled) {
		r = put_back(w, &e);
		return r < 0 ? sched_stall(s, &e, err) : 0;
	}
	if ((r = finish(w, &e)) < 0)
		return sched_stall(s, &e, err);
	leave(w);
	return 0;
}
