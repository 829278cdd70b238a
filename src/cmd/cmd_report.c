/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_report.c - `packmill report`: all pages anew. */
#include "base/fs.h"
#include "base/log.h"
#include "cmd/common.h"
#include "sched/pages.h"

static size_t builds;

/* A line per batch would be noise in a file. */
static void progress(size_t done, size_t all)
{
	auto_free char *what = xasprintf("pages of %zu of %zu builds", done, all);

	builds = done;
	if (isatty(STDERR_FILENO) && cmd_color(STDERR_FILENO))
		cmd_progress(what);
}

/* One that runs writes pages itself; of two, the slower one would put old pages over new ones. */
static int lock(const struct config *cfg, int *ret_fd, struct err *err)
{
	auto_free char *path = path_join(cfg->data, "lock");
	int r = fs_lock(path, ret_fd, err);

	if (r == -ERR_LOCKED)
		return err_wrap(err, "pages are kept up to date by what runs (SIGHUP makes it "
				     "write the newest ones anew)");
	return r;
}

static int write_all(const struct config *cfg, struct store *st, struct err *err)
{
	CLEANUP(report_closep) struct report *rep = NULL;
	auto_close int fd = -1;
	int r;

	if ((r = lock(cfg, &fd, err)) < 0 || (r = pages_open(cfg, st, &rep, err)) < 0)
		return r;
	r = report_all(rep, progress, err);
	cmd_progress(NULL);
	return r;
}

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	CLEANUP(store_closep) struct store *st = NULL;
	auto_free char *index = NULL;
	json_t *j;
	int r;

	if ((r = cmd_need_args(cmd_find("report"), argc, argv, 0, 0, err)) < 0 ||
		(r = cmd_load_config(&cfg, err)) < 0 || (r = cmd_store(cfg, &st, err)) < 0)
		return r;
	index = path_join(cfg->data, "repos/index.html");
	if (global.dry_run)
		log_info("would write all pages, %s first", index);
	else if ((r = write_all(cfg, st, err)) < 0)
		return r;
	if (!global.json && global.dry_run)
		return 0;
	if (!global.json) {
		log_info("wrote the pages of %zu build%s", builds, builds == 1 ? "" : "s");
		puts(index);
		return cmd_flush(err);
	}
	j = json_object();
	json_put_int(j, "builds", (int64_t)builds);
	json_put_str(j, "index", index);
	return cmd_print_json(j, err);
}

const struct cmd cmd_report = {
	.name = "report",
	.args = "",
	.help = "write all pages anew",
	.group = GROUP_INSTANCE,
	.run = run,
};
