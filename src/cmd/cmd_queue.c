/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_queue.c - `packmill queue`, `recheck`, `cancel`, `poll`, `pin`: what waits, and what people
 * want of it. */
#include "base/json.h"
#include "base/log.h"
#include "cmd/common.h"
#include "sched/sched.h"

/* Who asks, for the record; the caller's. */
static char *who(void)
{
	const char *sudo = getenv("SUDO_USER"), *user = getenv("USER");

	return xstrdup_null(!str_empty(sudo) ? sudo : !str_empty(user) ? user : NULL);
}

static int ask(enum sched_verb verb, const char *arg, struct sched_asked *ret, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	auto_free char *name = who();
	int r = cmd_load_config(&cfg, err);

	return r < 0 ? r : sched_ask(cfg, verb, arg, name, global.dry_run, ret, err);
}

/* done: what was done, as a sentence without full stop. */
static int tell(const struct sched_asked *a, const char *key, const char *done, struct err *err)
{
	json_t *j;

	if (global.dry_run)
		log_info("would: %s", done);
	else if (a->queue)
		log_info("%s: left to the packmill that runs (process %lld)", done,
			(long long)a->queue);
	else
		log_info("%s", done);
	if (!global.json)
		return 0;
	j = json_object();
	json_put_int(j, key, (int64_t)a->n);
	json_put_int(j, "process", a->queue);
	return cmd_print_json(j, err);
}

static int run_recheck(int argc, char **argv, struct err *err)
{
	struct sched_asked a = {0};
	json_t *j;
	int r;

	if ((r = cmd_need_args(cmd_find("recheck"), argc, argv, 1, 1, err)) < 0 ||
		(r = ask(SCHED_RECHECK, argv[0], &a, err)) < 0)
		return r;
	if (!a.n)
		log_info("%s: nothing to queue: it has no build, or that is queued already",
			argv[0]);
	else if (global.dry_run)
		log_info("would queue %zu build%s of %s again", a.n, a.n == 1 ? "" : "s", argv[0]);
	else
		log_info("queued %zu build%s of %s again, for the %s", a.n, a.n == 1 ? "" : "s",
			argv[0], a.queue ? "packmill that runs" : "next run");
	if (!global.json)
		return 0;
	j = json_object();
	json_put_int(j, "queued", (int64_t)a.n);
	json_put_int(j, "process", a.queue);
	return cmd_print_json(j, err);
}

static int run_cancel(int argc, char **argv, struct err *err)
{
	auto_free char *done = NULL;
	struct sched_asked a = {0};
	int r;

	if ((r = cmd_need_args(cmd_find("cancel"), argc, argv, 1, 1, err)) < 0 ||
		(r = ask(SCHED_CANCEL, argv[0], &a, err)) < 0)
		return r;
	done = xasprintf("cancel build %s", argv[0]);
	return tell(&a, "cancelled", done, err);
}

static int run_poll(int argc, char **argv, struct err *err)
{
	auto_free char *done = NULL;
	struct sched_asked a = {0};
	int r;

	if ((r = cmd_need_args(cmd_find("poll"), argc, argv, 0, 1, err)) < 0 ||
		(r = ask(SCHED_POLL, argc ? argv[0] : "", &a, err)) < 0)
		return r;
	done = xasprintf("look for new commits of %s", argc ? argv[0] : "all projects");
	return tell(&a, "projects", done, err);
}

static bool unpin;

static int run_pin(int argc, char **argv, struct err *err)
{
	auto_free char *done = NULL;
	struct sched_asked a = {0};
	int r;

	if ((r = cmd_need_args(cmd_find("pin"), argc, argv, 1, 1, err)) < 0 ||
		(r = ask(unpin ? SCHED_UNPIN : SCHED_PIN, argv[0], &a, err)) < 0)
		return r;
	done = xasprintf("%s build %s", unpin ? "unpin" : "pin", argv[0]);
	return tell(&a, "builds", done, err);
}

/* ---- queue ---- */

static int hold(bool on, int argc, char **argv, struct err *err)
{
	auto_free char *done = NULL;
	struct sched_asked a = {0};
	int r;

	if ((r = cmd_need_args(cmd_find("queue"), argc, argv, 1, 2, err)) < 0 ||
		(r = ask(on ? SCHED_HOLD : SCHED_RELEASE, argc > 1 ? argv[1] : "", &a, err)) < 0)
		return r;
	done = xasprintf("%s %s", argv[0], argc > 1 ? argv[1] : "all projects");
	return tell(&a, "projects", done, err);
}

static int priority(int argc, char **argv, struct err *err)
{
	auto_free char *arg = NULL, *done = NULL;
	struct sched_asked a = {0};
	int r;

	if ((r = cmd_need_args(cmd_find("queue"), argc, argv, 3, 3, err)) < 0)
		return r;
	arg = xasprintf("%s %s", argv[1], argv[2]);
	if ((r = ask(SCHED_PRIORITY, arg, &a, err)) < 0)
		return r;
	done = xasprintf("priority of build %s is %s", argv[1], argv[2]);
	return tell(&a, "builds", done, err);
}

static int collect(struct store *st, struct store_builds *ret, struct err *err)
{
	static const int states[] = {BUILD_RUNNING, BUILD_QUEUED, BUILD_RETRY};

	for (size_t i = 0; i < COUNTOF(states); i++) {
		struct store_filter f = {.state = states[i], .oldest_first = true};
		int r = store_builds(st, &f, ret, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int print_queue(const struct store_builds *all, struct err *err)
{
	static const char *const headings[] = {
		"build", "project", "target", "state", "priority", "commit", "waits for", NULL};
	struct table *t = table_new(headings);

	vec_foreach (all, b) {
		auto_free char *id = xasprintf("%lld", (long long)b->id);
		auto_free char *prio = xasprintf("%lld", (long long)b->priority);
		auto_free char *sha = xasprintf("%.12s", b->upstream_sha);

		table_row(t, id, b->project, b->target, store_state_name(b->state), prio, sha,
			b->waits ? b->waits : "", NULL);
	}
	return table_print(t, err);
}

static int print_queue_json(
	const struct store_builds *all, const struct strv *held, struct err *err)
{
	json_t *j = json_object(), *list = json_array();

	vec_foreach (all, b) {
		json_t *o = json_object();

		json_put_int(o, "build", b->id);
		json_put_str(o, "project", b->project);
		json_put_str(o, "target", b->target);
		json_put_str(o, "state", store_state_name(b->state));
		json_put_int(o, "priority", b->priority);
		json_put_str(o, "upstream_sha", b->upstream_sha);
		json_put_str(o, "packaging_sha", b->packaging_sha);
		json_put_str(o, "trigger", b->trigger);
		json_put_str(o, "waits", b->waits);
		json_put_int(o, "attempt", b->attempt);
		json_put_int(o, "not_before", b->not_before);
		json_array_append_new(list, o);
	}
	json_put(j, "builds", list);
	json_put_bool(j, "held", strv_has(held, ""));
	json_put_strv(j, "held_projects", held);
	return cmd_print_json(j, err);
}

static int list(struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	CLEANUP(store_closep) struct store *st = NULL;
	struct store_builds all = VEC_INIT;
	auto_strv struct strv held = STRV_INIT;
	int r;

	if ((r = cmd_load_config(&cfg, err)) < 0 || (r = cmd_store(cfg, &st, err)) < 0 ||
		(r = store_held(st, &held, err)) < 0)
		return r;
	if ((r = collect(st, &all, err)) >= 0)
		r = global.json ? print_queue_json(&all, &held, err) : print_queue(&all, err);
	vec_free(&all, store_build_release);
	if (r >= 0 && !global.json && held.n)
		log_info("on hold: %s", strv_has(&held, "") ? "everything" : "some projects");
	return r;
}

static int run_queue(int argc, char **argv, struct err *err)
{
	if (!argc)
		return list(err);
	if (str_eq(argv[0], "hold") || str_eq(argv[0], "release"))
		return hold(str_eq(argv[0], "hold"), argc, argv, err);
	if (str_eq(argv[0], "priority"))
		return priority(argc, argv, err);
	return err_set(err, ERR_USAGE, "'%s': queue knows hold, release and priority", argv[0]);
}

static const struct opt pin_opts[] = {
	{0, "off", OPT_FLAG, NULL, "it may be deleted again", &unpin},
	OPT_END,
};

const struct cmd cmd_queue = {
	.name = "queue",
	.args = "[hold [PROJECT] | release [PROJECT] | priority N VALUE]",
	.help = "what waits to be built; hold it back, change its order",
	.group = GROUP_INSTANCE,
	.subcommands = (const char *const[]){"hold", "release", "priority", NULL},
	.run = run_queue,
};

const struct cmd cmd_recheck = {
	.name = "recheck",
	.args = "PROJECT",
	.help = "queue the newest build of a project again",
	.group = GROUP_INSTANCE,
	.run = run_recheck,
};

const struct cmd cmd_cancel = {
	.name = "cancel",
	.args = "N",
	.help = "take a build out of the queue, or end it",
	.group = GROUP_INSTANCE,
	.run = run_cancel,
};

const struct cmd cmd_poll = {
	.name = "poll",
	.args = "[PROJECT]",
	.help = "make the running packmill look for new commits now",
	.group = GROUP_INSTANCE,
	.run = run_poll,
};

const struct cmd cmd_pin = {
	.name = "pin",
	.args = "N",
	.help = "keep a build whatever its age",
	.group = GROUP_INSTANCE,
	.opts = pin_opts,
	.run = run_pin,
};
