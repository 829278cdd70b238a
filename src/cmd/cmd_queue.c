/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_queue.c - `packmill queue`, `recheck`, `cancel`, `poll`, `pin`: what waits, and what people
 * want of it. */
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "cmd/common.h"
#include "sched/pages.h"
#include "sched/sched.h"
#include <math.h>
#include <pwd.h>

/* Who asks, for the record; the caller's. */
static char *who(void)
{
	const char *sudo = getenv("SUDO_USER"), *user = getenv("USER");
	const struct passwd *pw;

	if (!str_empty(sudo) || !str_empty(user))
		return xstrdup(!str_empty(sudo) ? sudo : user);
	pw = getpwuid(getuid());
	return pw ? xstrdup(pw->pw_name) : xasprintf("uid %u", getuid());
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
	if (!a.n && a.there)
		log_info("%s: build %lld %s already", argv[0], (long long)a.there,
			a.runs ? "runs" : "is queued");
	else if (!a.n)
		log_info("%s: nothing to queue: it has no build", argv[0]);
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

/* When it begins, as far as that can be said. */
static char *when(const struct report_entry *e)
{
	auto_free char *s = isnan(e->start) ? NULL : cmd_span(fabs(e->start));

	if (e->held)
		return xstrdup("on hold");
	if (e->build.state == BUILD_RUNNING)
		return xasprintf("%s ago", s ? s : "0s");
	if (isinf(e->start))
		return xstrdup("later");
	return s ? xasprintf("in %s", s) : xstrdup("");
}

static int print_queue(const struct report_entries *all, struct err *err)
{
	static const char *const headings[] = {"build", "project", "target", "state", "begins",
		"takes", "priority", "commit", "waits for", NULL};
	struct table *t = table_new(headings);

	vec_foreach (all, e) {
		const struct store_build *b = &e->build;
		auto_free char *id = xasprintf("%lld", (long long)b->id), *begins = when(e);
		auto_free char *takes = e->estimate > 0 ? cmd_span(e->estimate) : xstrdup("");
		auto_free char *prio = xasprintf("%lld", (long long)b->priority);
		auto_free char *sha = xasprintf("%.12s", b->upstream_sha);

		table_row(t, id, b->project, b->target, store_state_name(b->state), begins, takes,
			prio, sha, b->waits ? b->waits : "", NULL);
	}
	return table_print(t, err);
}

static json_t *entry_json(const struct report_entry *e)
{
	json_t *o = store_build_to_json(&e->build);

	json_put_bool(o, "held", e->held);
	json_put_real(o, "estimate", e->estimate);
	if (isnan(e->start))
		json_put_str(o, "start", NULL);
	else
		json_put_real(o, "start", e->start);
	return o;
}

static int print_queue_json(const struct report_entries *all, const struct strv *held,
	const char *stalled, struct err *err)
{
	json_t *j = json_object(), *builds = json_array();

	vec_foreach (all, e)
		json_array_append_new(builds, entry_json(e));
	json_put(j, "builds", builds);
	json_put_bool(j, "held", strv_has(held, ""));
	json_put_strv(j, "held_projects", held);
	json_put_str(j, "stalled", stalled);
	return cmd_print_json(j, err);
}

static int list(struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	CLEANUP(store_closep) struct store *st = NULL;
	CLEANUP(report_closep) struct report *rep = NULL;
	struct report_entries all = VEC_INIT;
	auto_strv struct strv held = STRV_INIT;
	auto_free char *stalled = NULL;
	int r;

	if ((r = cmd_load_config(&cfg, err)) < 0 || (r = cmd_store(cfg, &st, err)) < 0 ||
		(r = store_held(st, &held, err)) < 0 || (r = pages_open(cfg, st, &rep, err)) < 0)
		return r;
	stalled = sched_stalled(cfg);
	if ((r = report_entries(rep, NULL, time_now(), &all, err)) >= 0)
		r = global.json ? print_queue_json(&all, &held, stalled, err)
				: print_queue(&all, err);
	vec_free(&all, report_entry_release);
	cmd_say_stalled(stalled);
	if (r >= 0 && !global.json && strv_has(&held, ""))
		log_info("everything is on hold: packmill queue release");
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
