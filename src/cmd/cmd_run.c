/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_run.c - `packmill run` and `packmill recheck`. */
#include "base/json.h"
#include "base/log.h"
#include "cmd/repos.h"
#include "sched/sched.h"

static bool once, head_only, allow_lower;
static struct repos_args repos;
static const char *since;
static struct strv projects;

/* Only a live line: a log of a run has a line per build, not per step. */
static void step(const char *project, const char *name)
{
	auto_free char *what = name ? xasprintf("%s: %s", project, name) : NULL;

	if (isatty(STDERR_FILENO) && cmd_color(STDERR_FILENO))
		cmd_progress(what);
}

static int run(int argc, char **argv, struct err *err)
{
	struct sched_opts opts = {
		.step = step,
		.head_only = head_only,
		.allow_lower = allow_lower,
		.offline = repos.offline,
		.refresh = repos.refresh,
		.dry_run = global.dry_run,
		.since = since,
		.projects = &projects,
	};
	CLEANUP(config_freep) struct config *cfg = NULL;
	struct sched_summary sum = {0};
	int r = cmd_need_args(cmd_find("run"), argc, argv, 0, 0, err);

	if (r < 0)
		return r;
	if (!once)
		return err_set(err, ERR_USAGE,
			"only one pass is possible so far: packmill run --once (from a timer, "
			"say)");
	r = cmd_load_config(&cfg, err);
	if (r >= 0)
		r = sched_run_once(cfg, &opts, &sum, err);
	strv_release(&projects);
	if (r < 0)
		return r;
	cmd_set_status(sum.failed ? 4 : sum.retry ? 5 : 0);
	if (global.json) {
		json_t *j = json_object();

		json_put_int(j, "built", (int64_t)sum.built);
		json_put_int(j, "failed", (int64_t)sum.failed);
		json_put_int(j, "retry", (int64_t)sum.retry);
		json_put_int(j, "unchanged", (int64_t)sum.unchanged);
		return cmd_print_json(j, err);
	}
	printf("built %zu, failed %zu, retry %zu, unchanged %zu\n", sum.built, sum.failed,
		sum.retry, sum.unchanged);
	return cmd_flush(err);
}

static int run_recheck(int argc, char **argv, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	auto_json json_t *j = json_object();
	size_t n = 0;
	int r;

	if ((r = cmd_need_args(cmd_find("recheck"), argc, argv, 1, 1, err)) < 0 ||
		(r = cmd_load_config(&cfg, err)) < 0 ||
		(r = sched_recheck(cfg, argv[0], global.dry_run, &n, err)) < 0)
		return r;
	if (!n)
		log_info("%s: nothing to queue: it has no build, or that is queued already",
			argv[0]);
	else if (global.dry_run)
		log_info("would queue %zu build%s of %s again", n, n == 1 ? "" : "s", argv[0]);
	else
		log_info("queued %zu build%s of %s again, for the next run", n, n == 1 ? "" : "s",
			argv[0]);
	if (!global.json)
		return 0;
	json_put_int(j, "queued", (int64_t)n);
	return cmd_print_json(TAKE(j), err);
}

static const struct opt opts[] = {
	{0, "once", OPT_FLAG, NULL, "one pass: poll, build, publish, end", &once},
	{0, "head-only", OPT_FLAG, NULL, "only the newest commit of each project", &head_only},
	{0, "since", OPT_STRING, "REF",
		"first look at a project: build from REF on (default: the head)", &since},
	{0, "allow-lower", OPT_FLAG, NULL, "publish versions lower than what is published",
		&allow_lower},
	REPOS_OPTS(repos),
	{'p', "project", OPT_LIST, "PROJECT", "only this project (may be given several times)",
		&projects},
	OPT_END,
};

const struct cmd cmd_run = {
	.name = "run",
	.args = "--once",
	.help = "poll, build what is new, publish it",
	.group = GROUP_INSTANCE,
	.opts = opts,
	.run = run,
};

const struct cmd cmd_recheck = {
	.name = "recheck",
	.args = "PROJECT",
	.help = "queue the newest build of a project again",
	.group = GROUP_INSTANCE,
	.run = run_recheck,
};
