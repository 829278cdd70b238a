/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_gc.c - `packmill gc`: remove what the history need not keep. */
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sig.h"
#include "base/time.h"
#include "cmd/common.h"
#include "repo/gc.h"
#include "repo/logs.h"
#include "report/report.h"
#include "sched/pages.h"
#include "sched/sched.h"

#define SLICE_MS 200
#define LOGS_AGE (24 * 3600) /* seconds */

static const char *age, *count, *newest;

/* Everything the command works with. */
struct work {
	const struct config *cfg;
	struct repo_gc_policy policy;
	struct report *pages;
	json_t *list; /* of builds, with --json */
};

static int number(const char *what, const char *s, uint64_t *ret, struct err *err)
{
	if (s && !str_u64(s, ret))
		return err_set(err, ERR_USAGE, "'%s' is not a number (%s)", s, what);
	return 0;
}

static int make_policy(const struct config *cfg, struct repo_gc_policy *p, struct err *err)
{
	int r;

	*p = (struct repo_gc_policy){.age = cfg->keep.age,
		.count = cfg->keep.count,
		.newest = cfg->keep.newest,
		.now = time_now()};
	if (age && !time_parse_duration(age, &p->age))
		return err_set(
			err, ERR_USAGE, "'%s' is not a time (30d, 12h, 90 for seconds)", age);
	if ((r = number("--count", count, &p->count, err)) < 0)
		return r;
	return number("--newest", newest, &p->newest, err);
}

static void show(void *ctx, const struct repo_gc_item *i)
{
	struct work *w = ctx;
	const struct store_build *b = &i->build;
	json_t *o;

	if (!global.json) {
		printf("%s build %lld of %s on %s (%s): %s\n",
			global.dry_run ? "would delete" : "deleted", (long long)b->id, b->project,
			b->target, b->nvr ? b->nvr : store_state_name(b->state), i->why);
		return;
	}
	o = store_build_to_json(b);
	json_put_str(o, "repository", i->repo);
	json_put_str(o, "why", i->why);
	json_array_append_new(w->list, o);
}

static void deleted(void *ctx, const struct repo_gc_item *i)
{
	auto_err struct err e = ERR_INIT;
	struct work *w = ctx;

	show(w, i);
	if (w->pages && report_forget(w->pages, &i->build, &e) < 0)
		log_warn("%s", e.msg);
}

static int print_sums(const struct work *w, const struct repo_gc_sums *s, struct err *err)
{
	auto_json json_t *j = NULL;
	char size[32];

	if (global.json) {
		j = json_object();
		json_put_bool(j, "dry_run", global.dry_run);
		json_put(j, "builds", json_incref(w->list));
		json_put_int(j, "deleted", (int64_t)s->builds);
		json_put_int(j, "repositories", (int64_t)s->repositories);
		json_put_int(j, "packages", (int64_t)s->packages);
		json_put_int(j, "bytes", (int64_t)s->bytes);
		json_put_int(j, "held", (int64_t)s->held);
		return cmd_print_json(TAKE(j), err);
	}
	size_format(s->bytes, size, sizeof size);
	printf("%s %zu build%s, %zu repositor%s, %zu package%s (%s)\n",
		global.dry_run ? "would delete" : "deleted", s->builds, s->builds == 1 ? "" : "s",
		s->repositories, s->repositories == 1 ? "y" : "ies", s->packages,
		s->packages == 1 ? "" : "s", size);
	if (s->held)
		printf("%zu build%s still listed in metadata younger than an hour\n", s->held,
			s->held == 1 ? " is" : "s are");
	if (!w->policy.age && !w->policy.count)
		printf("no rule deletes builds: set `keep: {age: 30d}` or `keep: {count: 20}` in "
		       "%s\n",
			w->cfg->file);
	return cmd_flush(err);
}

static int collect(struct work *w, struct store *st, struct err *err)
{
	CLEANUP(repo_gc_freep) struct repo_gc *g = NULL;
	struct repo_gc_sums sums;
	int r = repo_gc_plan(w->cfg->data, st, &w->policy, global.dry_run, &g, err);

	if (r < 0)
		return r;
	repo_gc_on_delete(g, deleted, w);
	while ((r = repo_gc_step(g, SLICE_MS, err)) > 0)
		if ((r = sig_check(err)) < 0)
			return r;
	if (r < 0)
		return r;
	sums = repo_gc_sums(g);
	if (global.dry_run)
		vec_foreach (repo_gc_chosen(g), i)
			show(w, i);
	return print_sums(w, &sums, err);
}

/* packmill runs: it does so itself, by its configuration. */
static int ask(const struct config *cfg, struct err *locked, struct err *err)
{
	struct sched_asked asked = {0};
	int r;

	if (age || count || newest)
		return err_move(err, locked);
	if ((r = sched_ask(cfg, SCHED_GC, NULL, NULL, false, &asked, err)) < 0)
		return r;
	log_info("packmill %lld runs: it will remove what is old", (long long)asked.queue);
	return 0;
}

/* Of builds that ended a day ago: what the service does each hour. */
static int pack_logs(const struct config *cfg, struct err *err)
{
	uint64_t saved = 0;
	char size[32];
	size_t n = 0;
	int r = repo_logs_compress(cfg->data, time_now() - LOGS_AGE, 0, &n, &saved, err);

	if (r < 0 || !n)
		return r;
	size_format(saved, size, sizeof size);
	log_info("packed %zu logs, %s less", n, size);
	return 0;
}

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	CLEANUP(store_closep) struct store *st = NULL;
	auto_err struct err locked = ERR_INIT;
	auto_free char *lock = NULL;
	auto_close int lock_fd = -1;
	struct work w = {0};
	int r;

	if ((r = cmd_need_args(cmd_find("gc"), argc, argv, 0, 0, err)) < 0 ||
		(r = cmd_load_config(&cfg, err)) < 0 || (r = make_policy(cfg, &w.policy, err)) < 0)
		return r;
	lock = path_join(cfg->data, "lock");
	/* no store, nothing to remove; and none is made */
	if ((r = cmd_store(cfg, &st, err)) < 0)
		return r;
	if (!global.dry_run) {
		store_close(TAKE(st));
		if ((r = fs_lock(lock, &lock_fd, &locked)) == -ERR_LOCKED)
			return ask(cfg, &locked, err);
		if (r < 0)
			return err_move(err, &locked);
		if ((r = store_open(cfg->data, false, &st, err)) < 0)
			return r;
	}
	w.cfg = cfg;
	w.list = json_array();
	if (!global.dry_run)
		(void)pages_open(cfg, st, &w.pages, NULL);
	r = collect(&w, st, err);
	if (r >= 0 && !global.dry_run)
		r = pack_logs(cfg, err);
	report_close(w.pages);
	json_decref(w.list);
	return r;
}

static const struct opt opts[] = {
	{0, "age", OPT_STRING, "AGE", "builds that finished longer ago go (default: keep.age)",
		&age},
	{0, "count", OPT_STRING, "N",
		"of each project only the newest N stay (default: keep.count)", &count},
	{0, "newest", OPT_STRING, "N",
		"the newest N of each project stay, however old (default: keep.newest)", &newest},
	OPT_END,
};

const struct cmd cmd_gc = {
	.name = "gc",
	.args = "",
	.help = "remove old builds and packages that no repository lists",
	.group = GROUP_INSTANCE,
	.opts = opts,
	.run = run,
};
