/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.c - the supervisor: lock, what is known, the loop, its end. One pass and the service are the
 * same but for when they end and what they wait for. */
#include "base/fs.h"
#include "base/log.h"
#include "base/sd.h"
#include "base/sig.h"
#include "base/text.h"
#include "base/time.h"
#include "repo/repo.h"
#include "root/root.h"
#include "sched/internal.h"

#define REQUEST_MS 1000

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

bool sched_wants(const struct sched *s, const struct config_project *p)
{
	const struct strv *only = s->opts->projects;

	return !only || !only->n || strv_has(only, p->project) || strv_has(only, p->name);
}

/* ---- beginning and end ---- */

static void config_freev(struct config **c)
{
	config_free(*c);
}

static void sched_release(struct sched *s)
{
	/* one that has said all may not have ended yet */
	helpers_stop(s, NULL);
	while (s->workers.n)
		worker_free(s->workers.v[0]);
	vec_release(&s->workers);
	vec_release(&s->helpers);
	s->slice.fn = NULL;
	gc_close(s);
	after_close(s);
	poll_close(s);
	lanes_close(s);
	hmap_release(&s->touched);
	hmap_release(&s->failed);
	hmap_release(&s->cycles);
	vec_free(&s->would, plan_commit_release);
	git_free(s->git);
	store_close(s->store);
	loop_free(s->loop);
	vec_free(&s->old, config_freev);
	free(s->stall_why);
	free(s->status);
	auto_closep(&s->lock_fd);
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

int sched_open_git(const struct config *cfg, struct git **ret, struct err *err)
{
	auto_free char *state = path_join(cfg->data, "git");
	auto_strv struct strv local = STRV_INIT;
	int r;

	local_paths(cfg, &local);
	if ((r = fs_mkdirs(state, 0755, err)) < 0)
		return r;
	return git_open(state, &local, ret, err);
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

int sched_check(const struct config *cfg, const struct sched_opts *opts, struct err *err)
{
	int r;

	for (size_t i = 0; opts->projects && i < opts->projects->n; i++) {
		const struct config_project *p;

		if ((r = config_project_find(cfg, opts->projects->v[i], &p, err)) < 0)
			return r;
	}
	vec_foreach (&cfg->targets, t)
		if ((r = config_target_usable(*t, err)) < 0)
			return r;
	return 0;
}

/* What the store knows. */
static int open_known(struct sched *s, bool readonly, struct err *err)
{
	int r;

	if ((r = store_open(s->cfg->data, readonly, &s->store, err)) < 0 ||
		(r = lanes_open(s, err)) < 0 || (r = poll_open(s, err)) < 0)
		return r;
	return after_open(s, err);
}

static int open_all(struct sched *s, struct err *err)
{
	auto_free char *lock = path_join(s->cfg->data, "lock");
	int r;

	if ((r = sched_check(s->cfg, s->opts, err)) < 0 ||
		(r = fs_mkdirs(s->cfg->data, 0755, err)) < 0)
		return r;
	if ((r = fs_lock(lock, &s->lock_fd, err)) < 0)
		return err_wrap(err, "data directory '%s'", s->cfg->data);
	s->loop = loop_new(NULL);
	if ((r = sched_open_git(s->cfg, &s->git, err)) < 0)
		return r;
	return open_known(s, false, err);
}

/* ---- the loop ---- */

static int on_signal(void *ctx, struct err *err)
{
	(void)ctx;
	return sig_check(err);
}

static int on_retry(void *ctx, struct err *err)
{
	(void)err;
	((struct sched *)ctx)->dirty = true;
	return 0;
}

static int on_request(void *ctx, struct err *err)
{
	struct sched *s = ctx;
	int r = s->stalled ? 0 : request_look(s, err);

	loop_in(s->loop, &s->request, REQUEST_MS);
	return r;
}

static void set_timer(struct sched *s, struct loop_timer *t, loop_fn *fn, uint64_t ms)
{
	t->fn = fn;
	t->ctx = s;
	loop_in(s->loop, t, ms);
}

static void set_timers(struct sched *s)
{
	loop_watch(s->loop, sig_fd(), on_signal, s);
	s->retry.fn = on_retry;
	s->retry.ctx = s;
	if (!s->opts->dry_run)
		set_timer(s, &s->request, on_request, 0);
}

/* The result of a build lies there, and nobody has read it: it is written in one go. */
static bool has_unread(const struct sched *s)
{
	vec_foreach (&s->workers, it) {
		const struct worker *w = *it;
		auto_free char *path = path_join(w->dir, "result.json");

		if (!w->probe && !w->lints && !w->recorded && !w->cancelled && fs_exists(path))
			return true;
	}
	return false;
}

/* Ends with all that runs; what ran is queued again, unless its result is there, or may be there
 * because nobody looked yet: that is adopted by the next. */
static void stop(struct sched *s)
{
	child_stop_all(s);
	if (s->recovered && !sched_unfinished(s) && !has_unread(s))
		(void)store_requeue_running(s->store, NULL, NULL);
}

static int once_loop(struct sched *s, struct err *err)
{
	int r = poll_start(s, NULL, true, err);

	while (r >= 0) {
		if ((r = pick_start(s, err)) < 0)
			break;
		/* who takes long to answer is waited for by those who need him only */
		if (s->first_ready && (r = commits_flush(s, err)) < 0)
			break;
		if (pick_idle(s) && !child_linting(s))
			break;
		r = loop_step(s->loop, err);
	}
	return r;
}

/* Builds that this pass did not begin: they wait for a project that failed, or are on hold. Those
 * that it tried and that are to be tried again are counted as that. */
static void count_waiting(struct sched *s)
{
	vec_foreach (&s->lanes, it) {
		struct lane *l = *it;

		if (!l->conf || !sched_wants(s, l->conf) || !l->queue.n)
			continue;
		(void)hmap_set(&s->touched, l->project, 0);
		vec_foreach (&l->queue, i)
			s->sum.waiting += i->at != UINT64_MAX;
	}
}

static void sum_up(struct sched *s)
{
	if (!s->opts->dry_run)
		count_waiting(s);
	vec_foreach (&s->cfg->projects, p)
		s->sum.unchanged += sched_wants(s, p) && !hmap_has(&s->touched, p->project);
}

int sched_run_once(const struct config *cfg, const struct sched_opts *opts,
	struct sched_summary *ret, struct err *err)
{
	CLEANUP(sched_release) struct sched s = {.cfg = cfg, .opts = opts, .lock_fd = -1};
	int r = open_all(&s, err);

	if (r < 0)
		return r;
	set_timers(&s);
	if ((!opts->dry_run && ((r = host_base(&s, err)) < 0 || (r = recover(&s, err)) < 0)) ||
		(r = once_loop(&s, err)) < 0 ||
		(opts->dry_run && ((r = plan_probe(&s, err)) < 0 || (r = plan_say(&s, err)) < 0))) {
		stop(&s);
		return r;
	}
	if (!opts->dry_run && s.sum.built + s.sum.failed)
		chores_now(&s);
	show_pass(&s);
	tell_last(&s);
	sum_up(&s);
	*ret = s.sum;
	return 0;
}

/* While another packmill has the instance its queue is all that is known: it polls itself. */
static int open_plan(struct sched *s, struct err *err)
{
	auto_err struct err e = ERR_INIT;
	int r = open_all(s, &e);

	if (r >= 0)
		return 0;
	if (s->lock_fd >= 0 || (e.code != ERR_LOCKED && e.code != ERR_DENIED))
		return err_move(err, &e);
	s->aside = true;
	s->loop = loop_new(NULL);
	if ((r = open_known(s, true, err)) < 0)
		return r;
	log_warn("%s: commits as of its last poll", e.msg);
	return 0;
}

int sched_plan(const struct config *cfg, const struct sched_opts *opts, struct sched_plan *ret,
	struct strv *ret_cycles, struct sched_summary *ret_sum, struct err *err)
{
	struct sched_opts dry = *opts;
	CLEANUP(sched_release) struct sched s = {.cfg = cfg, .opts = &dry, .lock_fd = -1};
	int r;

	dry.dry_run = true;
	*ret_sum = (struct sched_summary){0};
	if ((r = open_plan(&s, err)) < 0)
		return r;
	set_timers(&s);
	if ((!s.aside && (r = once_loop(&s, err)) < 0) || (r = plan_probe(&s, err)) < 0) {
		stop(&s);
		return r;
	}
	*ret_sum = s.sum;
	return plan_of_all(&s, ret, ret_cycles, &ret_sum->unknown, err);
}

/* ---- the service ---- */

static int on_poll(void *ctx, struct err *err)
{
	struct sched *s = ctx;
	auto_err struct err e = ERR_INIT;

	loop_in(s->loop, &s->poll, s->cfg->poll * 1000);
	return poll_start(s, NULL, false, &e) < 0 ? sched_stall(s, &e, err) : 0;
}

static int on_watchdog(void *ctx, struct err *err)
{
	struct sched *s = ctx;

	(void)err;
	sd_notify("WATCHDOG=1");
	loop_in(s->loop, &s->watchdog, s->watchdog_ms / 2);
	return 0;
}

static int on_reload(void *ctx, struct err *err)
{
	struct sched *s = ctx;

	return sig_reload() ? sched_reload(s, err) : 0;
}

static void tell_status(struct sched *s)
{
	size_t queued = 0;
	auto_free char *now = NULL;

	vec_foreach (&s->lanes, l)
		queued += (*l)->queue.n;
	now = xasprintf("%s%zu building, %zu queued", s->stalled ? "stalled, " : "",
		child_building(s), queued);
	if (str_eq_null(now, s->status))
		return;
	str_set(&s->status, now);
	sd_notify("STATUS=%s", now);
}

static int service(struct sched *s, struct err *err)
{
	int r;

	if ((r = host_base(s, err)) < 0 || (r = recover(s, err)) < 0)
		return r;
	sig_hup_reloads();
	loop_watch(s->loop, sig_reload_fd(), on_reload, s);
	set_timer(s, &s->poll, on_poll, 0);
	if ((s->watchdog_ms = sd_watchdog_ms()))
		set_timer(s, &s->watchdog, on_watchdog, 0);
	chores_timer(s);
	log_info("%zu project%s on %zu target%s, looked at every %llu s", s->cfg->projects.n,
		s->cfg->projects.n == 1 ? "" : "s", s->cfg->targets.n,
		s->cfg->targets.n == 1 ? "" : "s", (unsigned long long)s->cfg->poll);
	sd_notify("READY=1");
	for (;;) {
		if ((r = pick_start(s, err)) < 0 || (r = loop_step(s->loop, err)) < 0)
			return r;
		tell_status(s);
	}
}

int sched_run(struct config **cfg, const struct sched_opts *opts, struct err *err)
{
	CLEANUP(sched_release)
	struct sched s = {.cfg = *cfg, .current = cfg, .opts = opts, .daemon = true, .lock_fd = -1};
	int r = open_all(&s, err);

	if (r < 0)
		return r;
	set_timers(&s);
	r = service(&s, err);
	sd_notify("STOPPING=1");
	stop(&s);
	return r;
}
