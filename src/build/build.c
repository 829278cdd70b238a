/* SPDX-License-Identifier: GPL-3.0-or-later */
/* build.c - run the steps in order, time them, turn what went wrong into a verdict. */
#include "build/build.h"
#include "base/disk.h"
#include "base/fs.h"
#include "base/sig.h"
#include "base/text.h"
#include "base/time.h"
#include "build/steps.h"
#include <stdarg.h>

int build_fail(struct build *b, enum cause_kind kind, const char *log, int64_t line,
	struct err *err, const char *fmt, ...)
{
	auto_strbuf struct strbuf clean = STRBUF_INIT;
	auto_free char *text = NULL;
	struct result *res = b->res;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		oom_(__FILE__, __LINE__);
	va_end(ap);
	text_term(&clean, text, 1000);
	if (res->cause == CAUSE_NONE) {
		res->cause = kind;
		res->cause_line = line;
		str_set(&res->cause_message, sb_str(&clean));
		str_set(&res->cause_log, log);
		if (!res->cause_step)
			str_set(&res->cause_step, b->step);
	}
	return err_set(err, ERR_BUILD, "%s", sb_str(&clean));
}

#define STEP_VERSION "version"
static const struct step {
	const char *name;
	int (*run)(struct build *b, struct err *err);
	enum cause_kind kind; /* of an ERR_BUILD or ERR_SOURCE that says nothing more exact */
	bool source_only;     /* also runs when only the source package is wanted */
} steps[] = {
	{"root", step_root, CAUSE_INFRASTRUCTURE, true},
	{"stage", step_stage, CAUSE_SOURCE, true},
	{STEP_VERSION, step_version, CAUSE_SOURCE, true},
	{"source", step_source, CAUSE_SOURCE, true},
	{"dependencies", step_dependencies, CAUSE_DEPENDENCY, false},
	{"build", step_build, CAUSE_BUILD, false},
	{"collect", step_collect, CAUSE_BUILD, false},
	{"install", step_install, CAUSE_TEST, false},
};
static const struct step lint = {"lint", step_lint, CAUSE_TEST, false};

static int run_step(struct build *b, const struct step *s, struct err *err)
{
	const struct build_hooks *h = b->hooks;
	double start = time_mono();
	struct build_step *rec;
	int r;

	b->step = s->name;
	logs_state(&b->logs, "Start: %s", s->name);
	if (h && h->step)
		h->step(h->ctx, s->name, true);
	r = sig_check(err);
	if (r >= 0)
		r = s->run(b, err);
	rec = vec_push(&b->res->steps);
	rec->name = xstrdup(s->name);
	rec->seconds = time_mono() - start;
	rec->exit = r < 0 ? 1 : 0;
	logs_state(
		&b->logs, "Finish: %s (%.3f s)%s", s->name, rec->seconds, r < 0 ? " failed" : "");
	if (h && h->step)
		h->step(h->ctx, s->name, false);
	return r;
}

/* An error that no step has turned into a cause yet. */
static void derive_cause(struct build *b, enum cause_kind kind, const struct err *e)
{
	struct result *res = b->res;

	if (res->cause == CAUSE_NONE) {
		switch (e->code) {
		case ERR_SOURCE:
		case ERR_CONFIG:
		case ERR_USAGE:
			res->cause = CAUSE_SOURCE;
			break;
		case ERR_BUILD:
			res->cause = kind == CAUSE_INFRASTRUCTURE ? CAUSE_BUILD : kind;
			break;
		default:
			res->cause = CAUSE_INFRASTRUCTURE;
		}
		str_set(&res->cause_step, b->step);
		str_set(&res->cause_message, e->msg);
		res->error = e->code;
	}
	res->status = res->cause == CAUSE_INFRASTRUCTURE ? STATUS_RETRY : STATUS_FAILED;
}

/* Where a build writes beside its output; each may be a file system of its own. */
static int look_around(const struct build *b, struct err *err)
{
	const char *const dirs[] = {b->job->output, b->job->roots, b->job->cache};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < COUNTOF(dirs); i++)
		if (dirs[i])
			r = disk_try(dirs[i], 4, err);
	return r;
}

/*
 * Whether a step failed for want of room on the machine's disk, or may have: by the errno that it
 * met, else by a look at the disk before anything is tidied up. That says nothing about the
 * package: *e tells of it then, and there is no result. A limit of the build's own does.
 */
static bool is_disk_fault(const struct build *b, struct err *e)
{
	auto_err struct err disk = ERR_INIT;

	if (b->res->cause == CAUSE_LIMITS)
		return false;
	if (!disk_fault(e->sys)) {
		if (look_around(b, &disk) >= 0 || !disk_fault(disk.sys))
			return false;
		(void)err_move(e, &disk);
	}
	(void)err_wrap(e, "%s", b->step);
	return true;
}

static void set_origin(struct result_origin *o, const struct job_git *g)
{
	str_set(&o->url, g->url);
	str_set(&o->ref, g->ref);
	str_set(&o->sha, g->sha);
}

static void set_origins(struct build *b)
{
	const struct job *j = b->job;

	str_set(&b->res->target, j->target->name);
	str_set(&b->res->trigger, j->trigger);
	set_origin(&b->res->upstream, &j->upstream);
	set_origin(&b->res->packaging, &j->packaging);
	if (j->layout != LAYOUT_SRPM && j->dir)
		str_set(&b->res->packaging.url, j->dir);
	else if (j->srpm)
		str_set(&b->res->packaging.url, j->srpm);
}

static int write_result(struct build *b, struct err *err)
{
	auto_free char *path = path_join(b->job->output, "result.json");
	auto_json json_t *j = result_to_json(b->res);

	return json_write_atomic(path, j, err);
}

static void build_release(struct build *b)
{
	logs_close(&b->logs);
	sandbox_free(b->sandbox);
	root_free(b->root);
	root_free(b->base);
	root_source_free(b->repos);
	git_free(b->git);
	source_release(&b->source);
	version_release(&b->version);
	strv_release(&b->defines);
	strv_release(&b->extra);
	strv_release(&b->files);
	package_release(&b->srpm_info);
	free(b->dbpath);
	free(b->epoch_env);
	free(b->srpm);
	if (b->work)
		(void)fs_remove_tree(b->work, NULL);
	free(b->work);
}

static int run_steps(struct build *b, struct err *err)
{
	int r;

	bool source_only = b->job->source_only || b->job->declare;

	for (size_t i = 0; i < COUNTOF(steps); i++) {
		if (source_only && !steps[i].source_only)
			continue;
		r = run_step(b, &steps[i], err);
		if (r == -ERR_SIGNAL || (r < 0 && is_disk_fault(b, err)))
			return r;
		if (r < 0) {
			derive_cause(b, steps[i].kind, err);
			return 0;
		}
	}
	if (source_only)
		return b->job->declare ? 0 : collect_source(b, err);
	if (b->job->lint_fatal && (r = run_step(b, &lint, err)) < 0) {
		if (r == -ERR_SIGNAL || is_disk_fault(b, err))
			return r;
		derive_cause(b, lint.kind, err);
	}
	return 0;
}

/* Lint that decides nothing runs when the result is out already. */
static int lint_late(struct build *b, struct err *err)
{
	auto_err struct err failure = ERR_INIT;
	int r;

	if (b->res->status != STATUS_SUCCESS || b->job->lint_fatal || b->job->source_only ||
		b->job->declare)
		return 0;
	r = run_step(b, &lint, &failure);
	if (r < 0)
		logs_root(&b->logs, "lint: %s", failure.msg);
	return r == -ERR_SIGNAL ? err_move(err, &failure) : 0;
}

static int prepare(struct build *b, struct err *err)
{
	auto_free char *prefix = path_join(b->job->output, WORK_PREFIX);
	int r;

	if ((r = rpm_init(err)) < 0 || (r = fs_mkdirs(b->job->output, 0755, err)) < 0 ||
		(r = logs_open(&b->logs, b->job->output, err)) < 0 ||
		(r = fs_tmpdir(prefix, &b->work, err)) < 0)
		return r;
	runner_init(b);
	set_origins(b);
	return 0;
}

int build_run(const struct job *job, const struct build_hooks *hooks, struct result **ret,
	struct err *err)
{
	CLEANUP(build_release) struct build b = {.job = job, .hooks = hooks, .logs = {-1, -1, -1}};
	CLEANUP(result_freep) struct result *res = xcalloc(1, sizeof *res);
	auto_err struct err failure = ERR_INIT;
	int r;

	b.res = res;
	if ((r = prepare(&b, err)) < 0)
		return r;
	logs_state(&b.logs, "packmill build on target %s", job->target->name);
	r = run_steps(&b, &failure);
	if (r < 0)
		return err_move(err, &failure);
	if (res->cause != CAUSE_NONE)
		logs_state(&b.logs, "Failed: %s: %s", res->cause_step, res->cause_message);
	if ((r = write_result(&b, err)) < 0)
		return r;
	if (hooks && hooks->ready)
		hooks->ready(hooks->ctx, res);
	/* who was told that the result is there has it already */
	if ((r = lint_late(&b, err)) < 0 && !(hooks && hooks->ready))
		return r;
	*ret = TAKE(res);
	return 0;
}

int build_version(const struct job *job, struct version *ret, struct err *err)
{
	CLEANUP(build_release) struct build b = {.job = job, .logs = {-1, -1, -1}};
	CLEANUP(result_freep) struct result *res = xcalloc(1, sizeof *res);
	bool last = false;
	int r;

	b.res = res;
	if ((r = prepare(&b, err)) < 0)
		return r;
	for (size_t i = 0; i < COUNTOF(steps) && !last; i++) {
		if ((r = run_step(&b, &steps[i], err)) < 0)
			return r;
		last = str_eq(steps[i].name, STEP_VERSION);
	}
	*ret = b.version;
	b.version = (struct version){0};
	return 0;
}
