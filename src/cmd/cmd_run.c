/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_run.c - `packmill run`. */
#include "base/json.h"
#include "cmd/live.h"
#include "cmd/repos.h"
#include "sandbox/sandbox.h"
#include "sched/sched.h"

#define JOBS_MOST 1024

static bool once, head_only, allow_lower;
static uint64_t jobs;
static struct repos_args repos;
static const char *since;
static struct strv projects;

static int reload(struct config **ret, struct err *err)
{
	return cmd_load_config(ret, err);
}

static int print_sum(const struct sched_summary *sum, struct err *err)
{
	json_t *j;

	cmd_set_status(sum->failed ? 4 : sum->retry ? 5 : 0);
	if (!global.json) {
		printf("built %zu, failed %zu, retry %zu, ", sum->built, sum->failed, sum->retry);
		if (sum->waiting)
			printf("waiting %zu, ", sum->waiting);
		printf("unchanged %zu\n", sum->unchanged);
		return cmd_flush(err);
	}
	j = json_object();
	json_put_int(j, "built", (int64_t)sum->built);
	json_put_int(j, "failed", (int64_t)sum->failed);
	json_put_int(j, "retry", (int64_t)sum->retry);
	json_put_int(j, "waiting", (int64_t)sum->waiting);
	json_put_int(j, "unchanged", (int64_t)sum->unchanged);
	return cmd_print_json(j, err);
}

static int run_as(const struct sched_opts *opts, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	struct sched_summary sum = {0};
	int r = cmd_load_config(&cfg, err);

	if (r < 0)
		return r;
	if (!once)
		sandbox_use_delegated();
	r = once ? sched_run_once(cfg, opts, &sum, err) : sched_run(&cfg, opts, err);
	live_end();
	return r < 0 || !once ? r : print_sum(&sum, err);
}

static int run(int argc, char **argv, struct err *err)
{
	struct sched_opts opts = {
		.step = live_step,
		.reload = reload,
		.jobs = (unsigned)jobs,
		.head_only = head_only,
		.allow_lower = allow_lower,
		.offline = repos.offline,
		.refresh = repos.refresh,
		.dry_run = global.dry_run,
		.since = since,
		.projects = &projects,
	};
	int r = cmd_need_args(cmd_find("run"), argc, argv, 0, 0, err);

	if (r >= 0 && jobs > JOBS_MOST)
		r = err_set(err, ERR_USAGE, "--jobs: at most %d", JOBS_MOST);
	if (r >= 0 && !once && global.dry_run)
		r = err_set(err, ERR_USAGE, "--dry-run goes with --once");
	if (r >= 0)
		r = run_as(&opts, err);
	strv_release(&projects);
	return r;
}

static const struct opt opts[] = {
	{0, "once", OPT_FLAG, NULL, "one pass: poll, build, publish, end", &once},
	{'j', "jobs", OPT_NUMBER, "N", "builds at once (default: limits.jobs)", &jobs},
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
	.args = "",
	.help = "poll, build what is new, publish it; for ever or once",
	.group = GROUP_INSTANCE,
	.opts = opts,
	.run = run,
};
