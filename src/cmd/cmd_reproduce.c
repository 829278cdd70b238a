/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_reproduce.c - `packmill reproduce`: a recorded build once more, in the recorded root,
 * compared with what was recorded. It only reads what the instance has. */
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "build/build.h"
#include "cmd/reproduce.h"
#include "cmd/scratch.h"

static const char *output;
static bool shell;
static struct repos_args repos;

static int run(int argc, char **argv, struct err *err);

static const struct opt opts[] = {
	{'o', "output", OPT_STRING, "DIR", "keep packages, logs and result.json there", &output},
	{0, "shell", OPT_FLAG, NULL, "a shell in the root with the source package instead", &shell},
	REPOS_OPTS(repos),
	OPT_END,
};

const struct cmd cmd_reproduce = {
	.name = "reproduce",
	.args = "N [-- COMMAND [ARGUMENT]...]",
	.help = "build N once more in its root and compare",
	.group = GROUP_INSTANCE,
	.opts = opts,
	.run = run,
};

enum verdict { IDENTICAL, DIFFERS, REPRODUCED, FAILS_NOW, FAILS_OTHERWISE, SUCCEEDS_NOW };
static const char *const verdicts[] = {
	[IDENTICAL] = "identical",
	[DIFFERS] = "differs",
	[REPRODUCED] = "reproduced", /* the same failure */
	[FAILS_NOW] = "fails-now",
	[FAILS_OTHERWISE] = "fails-otherwise",
	[SUCCEEDS_NOW] = "succeeds-now",
};

/* What came of it. */
struct outcome {
	const struct record *rec;
	struct result *now;
	struct lock *lock; /* NULL: it did not come as far as its root */
	struct root_diff root;
	struct artifact_diffs artifacts;
	size_t differ; /* artifacts */
	enum verdict verdict;
};

static void outcome_release(struct outcome *o)
{
	result_free(o->now);
	lock_free(o->lock);
	root_diff_release(&o->root);
	artifact_diffs_release(&o->artifacts);
}

static int compare(struct outcome *o, struct err *err)
{
	const struct result *then = o->rec->result, *now = o->now;
	int r;

	if (o->lock)
		root_diff(o->rec->lock, o->lock, &o->root);
	if (now->status != STATUS_SUCCESS) {
		bool same = str_eq_null(then->cause_step, now->cause_step) &&
			    str_eq_null(then->cause_message, now->cause_message);

		o->verdict = then->status == STATUS_SUCCESS ? FAILS_NOW
			     : same                         ? REPRODUCED
							    : FAILS_OTHERWISE;
		return 0;
	}
	if (!then->artifacts.n) {
		o->verdict = SUCCEEDS_NOW;
		return 0;
	}
	if ((r = artifacts_diff(o->rec, now, &o->artifacts, err)) < 0)
		return r;
	vec_foreach (&o->artifacts, d)
		o->differ += !d->identical;
	o->verdict = o->differ ? DIFFERS : IDENTICAL;
	return 0;
}

static json_t *status_to_json(const struct result *r)
{
	json_t *o = json_object();

	json_put_str(o, "status", build_status_name(r->status));
	json_put_str(o, "step", r->cause_step);
	json_put_str(o, "message", r->cause_message);
	return o;
}

static json_t *outcome_to_json(const struct outcome *o)
{
	json_t *j = json_object();

	json_put_int(j, "build", o->rec->id);
	json_put_str(j, "target", o->rec->job->target->name);
	json_put(j, "root", o->lock ? root_diff_to_json(&o->root) : json_null());
	json_put(j, "artifacts", artifacts_to_json(&o->artifacts));
	json_put(j, "recorded", status_to_json(o->rec->result));
	json_put(j, "now", status_to_json(o->now));
	json_put_str(j, "verdict", verdicts[o->verdict]);
	return j;
}

static void print_cause(const char *what, const struct result *r)
{
	auto_strbuf struct strbuf sb = STRBUF_INIT;

	text_term(&sb, r->cause_step ?: "", 0);
	sb_add(&sb, ": ");
	text_term(&sb, r->cause_message ?: "", 0);
	printf("%s: %s\n", what, sb_str(&sb));
}

static int print(const struct outcome *o, struct err *err)
{
	const struct result *then = o->rec->result;

	if (global.json)
		return cmd_print_json(outcome_to_json(o), err);
	if (o->lock)
		root_diff_print(&o->root, stdout);
	artifacts_print(&o->artifacts);
	if (o->verdict == REPRODUCED)
		print_cause("reproduced", then);
	else if (o->artifacts.n && then->status != STATUS_SUCCESS)
		print_cause("the build failed after that, which is not tried here", then);
	return cmd_flush(err);
}

/* Of what fails now: where it says why; the caller's. */
static char *where(const struct result *now)
{
	if (!output)
		return xstrdup(" (-o DIR keeps the logs)");
	if (!now->cause_log)
		return xstrdup("");
	return now->cause_line ? xasprintf(" (%s/%s:%lld)", output, now->cause_log,
					 (long long)now->cause_line)
			       : xasprintf(" (%s/%s)", output, now->cause_log);
}

static int judge(const struct outcome *o, struct err *err)
{
	const struct result *then = o->rec->result, *now = o->now;
	auto_free char *log = where(now);
	long long id = o->rec->id;

	switch (o->verdict) {
	case IDENTICAL:
	case REPRODUCED:
		break;
	case DIFFERS:
		return err_set(err, ERR_BUILD,
			"build %lld is not reproduced: %zu of %zu packages differ", id, o->differ,
			o->artifacts.n);
	case FAILS_NOW:
		return err_set(err, ERR_BUILD, "build %lld succeeded and fails now: %s: %s%s", id,
			now->cause_step, now->cause_message, log);
	case FAILS_OTHERWISE:
		return err_set(err, ERR_BUILD,
			"build %lld failed (%s: %s) and fails otherwise now: "
			"%s: %s%s",
			id, then->cause_step, then->cause_message, now->cause_step,
			now->cause_message, log);
	case SUCCEEDS_NOW:
		return err_set(err, ERR_BUILD, "build %lld failed (%s: %s) and succeeds now", id,
			then->cause_step, then->cause_message);
	}
	return 0;
}

/* What was made goes where it is to be kept. */
static int keep(struct outcome *o, const char *from, struct err *err)
{
	int r = scratch_deliver(from, output, err);

	vec_foreach (&o->now->artifacts, p) {
		auto_free char *path = path_join(output, p->file);

		str_set(&p->path, path);
	}
	return r;
}

static int read_root(struct outcome *o, const char *out, struct err *err)
{
	auto_free char *path = path_join(out, LOCK_FILE);

	return fs_exists(path) ? lock_read(path, &o->lock, err) : 0;
}

static int rebuild(const struct record *rec, const char *scratch, struct err *err)
{
	CLEANUP(outcome_release) struct outcome o = {.rec = rec};
	struct job *job = rec->job;
	int r;

	if ((r = record_sources(rec, scratch, err)) < 0)
		return r;
	job->offline = repos.offline;
	job->refresh = repos.refresh;
	job->output = path_join(scratch, "out");
	r = build_run(job, &scratch_hooks, &o.now, err);
	cmd_progress(NULL);
	if (r < 0 || (r = read_root(&o, job->output, err)) < 0 ||
		(output && (r = keep(&o, job->output, err)) < 0))
		return r;
	if (o.now->status == STATUS_RETRY)
		return err_set(err, o.now->error ? o.now->error : ERR_SYS,
			"build %lld cannot be made again: %s: %s", (long long)rec->id,
			o.now->cause_step, o.now->cause_message);
	if ((r = compare(&o, err)) < 0 || (r = print(&o, err)) < 0)
		return r;
	return judge(&o, err);
}

/* Whether the directory, there or not yet, is in the instance's data. */
static bool is_inside(const char *dir, const char *data)
{
	auto_free char *at = path_abs(dir), *top = realpath(data, NULL), *real = NULL;
	size_t n = top ? strlen(top) : 0;

	while (!(real = realpath(at, NULL)) && !str_eq(at, "/")) {
		char *parent = path_dir(at);

		free(at);
		at = parent;
	}
	return top && real && str_starts(real, top) && (!real[n] || real[n] == '/');
}

static int in_scratch(const struct record *rec, int argc, char **argv, struct err *err)
{
	const struct shell_args s = {
		.repos = repos, .argv = argc > 1 ? (const char *const *)argv + 1 : NULL};
	auto_free char *scratch = NULL;
	bool there = output && fs_exists(output);
	int r;

	if ((r = scratch_make(output ? output : rec->job->cache, &scratch, err)) < 0)
		return r;
	r = shell ? reproduce_shell(rec, &s, scratch, err) : rebuild(rec, scratch, err);
	(void)fs_remove_tree(scratch, NULL);
	if (r < 0 && output && !there)
		(void)rmdir(output); /* when nothing came of it */
	return r;
}

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(record_release) struct record rec = {0};
	int r = cmd_need_args(&cmd_reproduce, argc, argv, 1, shell ? -1 : 1, err);

	if (r < 0)
		return r;
	if (shell && (output || global.json))
		return err_set(err, ERR_USAGE, "--shell builds nothing: no %s with it",
			output ? "-o" : "--json");
	if ((r = record_read(argv[0], &rec, err)) < 0)
		return r;
	if (output && fs_exists(output) && !fs_is_dir(output))
		return err_set(err, ERR_CONFLICT, "-o: '%s' is not a directory", output);
	if (output && is_inside(output, rec.data))
		return err_set(err, ERR_CONFLICT,
			"-o: '%s' is in the data of the instance, which stays as it is", output);
	if (global.dry_run) {
		log_info("would %s build %lld of '%s' on %s, in its root of %zu packages%s%s",
			shell ? "start a shell for" : "repeat", (long long)rec.id,
			rec.job->project ?: "", rec.job->target->name,
			rec.lock->base.n + rec.lock->build.n, output ? ", into " : "",
			output ?: "");
		return 0;
	}
	return in_scratch(&rec, argc, argv, err);
}
