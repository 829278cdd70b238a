/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_status.c - `packmill status`, `list` and `show`: what happened, read only. */
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "cmd/common.h"
#include "model/lock.h"
#include "repo/logs.h"
#include "sched/sched.h"
#include "store/pages.h"

static const char *target, *project, *state, *component;
static uint64_t limit = 50;
static struct store_unreachables away; /* status: what cannot be looked at for new commits */

/* A project of the configuration that has no build yet is a build without a number. */
static const char *state_name(const struct store_build *b)
{
	return b->id ? store_state_name(b->state) : "none";
}

/* The filters that the question to the store does not have. */
static bool shown(const struct store_build *b)
{
	return (!component || str_eq_null(b->component, component)) &&
	       (!project || str_eq(b->project, project));
}

/* -p also takes a package's name, as with run; what was configured once is in the store only. */
static void find_project(const struct config *cfg)
{
	const struct config_project *p;

	if (project && config_project_find(cfg, project, &p, NULL) >= 0)
		project = p->project;
}

static int check_component(const struct config *cfg, struct err *err)
{
	auto_strv struct strv known = STRV_INIT;
	const char *near;

	vec_foreach (&cfg->projects, p)
		if (p->component)
			strv_add(&known, p->component);
	if (strv_has(&known, component))
		return 0;
	near = str_nearest(component, (const char *const *)known.v, known.n);
	return err_set(err, ERR_NOT_FOUND, "no project is of component '%s' in %s%s%s%s", component,
		cfg->file, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* Nothing found: a name that is not configured (any more) is likely mistyped. */
static int check_names(const struct config *cfg, struct err *err)
{
	const struct config_project *p;
	bool known = !target;

	vec_foreach (&cfg->targets, t)
		known |= target && str_eq((*t)->name, target);
	if (!known)
		return err_set(err, ERR_NOT_FOUND, "no target '%s' in %s", target, cfg->file);
	if (project && config_project_find(cfg, project, &p, err) < 0)
		return -(int)err->code;
	return component ? check_component(cfg, err) : 0;
}

/* Keep those that are shown, at most max (0: all). */
static int select_builds(
	const struct config *cfg, struct store_builds *all, size_t max, struct err *err)
{
	size_t n = 0;

	vec_foreach (all, b) {
		if (shown(b) && (!max || n < max))
			all->v[n++] = *b;
		else
			store_build_release(b);
	}
	all->n = n;
	return n ? 0 : check_names(cfg, err);
}

static const struct store_unreachable *away_of(const struct store_build *b)
{
	vec_foreach (&away, u)
		if (str_eq(u->project, b->project))
			return u;
	return NULL;
}

/* What there is to say of a build in one line, u: and of its project; the caller's. */
static char *what(const struct store_build *b, const struct store_unreachable *u)
{
	char since[21];

	if (u) {
		time_iso(u->since, since);
		return xasprintf("upstream cannot be reached since %s: %s%s%s", since, u->text,
			b->message ? "; " : "", b->message ? b->message : "");
	}
	if (b->waits)
		return xasprintf("waits for %s, which failed", b->waits);
	return xstrdup(b->message ? b->message : b->subject ? b->subject : "");
}

static void add_row(struct table *t, const struct store_build *b, const struct store_unreachable *u)
{
	auto_free char *id = b->id ? xasprintf("%lld", (long long)b->id) : xstrdup("-");
	auto_free char *say = what(b, u);
	char when[21] = "-";

	if (b->id)
		time_iso(b->finished ? b->finished : b->queued, when);
	table_row(t, id, b->project, b->target, state_name(b), b->nvr ? b->nvr : "-", when, say,
		NULL);
}

/* The last outcome of its project, when it has none of its own yet. */
static const struct store_build *last_of(
	const struct store_builds *last, const struct store_build *b)
{
	if (!last || !b->id || b->state == BUILD_SUCCESS || b->state == BUILD_FAILED)
		return NULL;
	vec_foreach (last, l)
		if (str_eq(l->project, b->project) && str_eq(l->target, b->target))
			return l;
	return NULL;
}

/* last: of each project the last that finished, to be shown before one that waits; NULL: none. */
static int print_builds(const struct store_builds *builds, const struct store_builds *last,
	const char *key, struct err *err)
{
	static const char *const headings[] = {
		"build", "project", "target", "state", "package", "when", "what", NULL};
	const struct store_build *l;
	struct table *t;

	if (global.json) {
		json_t *j = json_object(), *list = json_array();

		vec_foreach (builds, b) {
			const struct store_unreachable *u = away_of(b);
			json_t *o = store_build_to_json(b);

			if (last) {
				json_put(o, "last",
					(l = last_of(last, b)) ? store_build_to_json(l)
							       : json_null());
				json_put(o, "unreachable",
					u ? store_unreachable_to_json(u) : json_null());
			}
			json_array_append_new(list, o);
		}
		json_put(j, key, list);
		return cmd_print_json(j, err);
	}
	t = table_new(headings);
	vec_foreach (builds, b) {
		if ((l = last_of(last, b)))
			add_row(t, l, NULL);
		add_row(t, b, away_of(b));
	}
	return table_print(t, err);
}

static int open_state(struct config **ret_cfg, struct store **ret, struct err *err)
{
	int r = cmd_load_config(ret_cfg, err);

	return r < 0 ? r : cmd_store(*ret_cfg, ret, err);
}

/* Nothing else would say that a project is there, but that its repository cannot be had. */
static void add_unbuilt(
	const struct config *cfg, const char *on, size_t from, struct store_builds *builds)
{
	size_t n = builds->n;

	vec_foreach (&cfg->projects, p) {
		bool found = p->targets.n && !strv_has(&p->targets, on);
		struct store_build none = {.state = BUILD_QUEUED};

		for (size_t i = from; i < n; i++)
			found |= str_eq(builds->v[i].project, p->project);
		if (found)
			continue;
		none.target = xstrdup(on);
		none.project = xstrdup(p->project);
		none.component = xstrdup_null(p->component);
		*vec_push(builds) = none;
	}
}

/* A later commit of a project waits with the first. */
static int add_waits(
	struct store *st, const char *on, size_t from, struct store_builds *builds, struct err *err)
{
	struct store_waiting_vec waiting = VEC_INIT;
	int r = store_waiting(st, on, &waiting, err);

	vec_foreach (&waiting, w)
		for (size_t i = from; i < builds->n; i++) {
			struct store_build *b = &builds->v[i];

			if (w->waits && !b->waits && str_eq(b->project, w->project) &&
				(b->state == BUILD_QUEUED || b->state == BUILD_RETRY))
				b->waits = xstrdup(w->waits);
		}
	vec_free(&waiting, store_waiting_release);
	return r;
}

/* A dry run leaves a database, too. */
static int say_unbuilt(struct store *st, struct err *err)
{
	struct store_filter any = {.state = -1, .limit = 1};
	struct store_builds one = VEC_INIT;
	int r = store_builds(st, &any, &one, err);

	if (r >= 0 && !one.n)
		log_info("nothing was built here yet");
	vec_free(&one, store_build_release);
	return r;
}

static int run_status(int argc, char **argv, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	CLEANUP(store_closep) struct store *st = NULL;
	struct store_builds all = VEC_INIT, last = VEC_INIT;
	size_t from;
	int r = cmd_need_args(cmd_find("status"), argc, argv, 0, 0, err);

	if (r < 0 || (r = open_state(&cfg, &st, err)) < 0)
		return r;
	find_project(cfg);
	r = store_unreachable(st, NULL, &away, err);
	vec_foreach (&cfg->targets, t) {
		if (target && !str_eq(target, (*t)->name))
			continue;
		from = all.n;
		if (r >= 0)
			r = store_newest_builds(st, (*t)->name, &all, err);
		if (r >= 0)
			r = store_last_builds(st, (*t)->name, &last, err);
		if (r >= 0)
			r = add_waits(st, (*t)->name, from, &all, err);
		if (r >= 0)
			add_unbuilt(cfg, (*t)->name, from, &all);
	}
	if (r >= 0)
		r = select_builds(cfg, &all, 0, err);
	if (r >= 0)
		r = print_builds(&all, &last, "projects", err);
	if (r >= 0)
		r = say_unbuilt(st, err);
	if (r >= 0 && !global.json) {
		auto_free char *stalled = sched_stalled(cfg);

		cmd_say_stalled(stalled);
	}
	vec_free(&away, store_unreachable_release);
	vec_free(&all, store_build_release);
	vec_free(&last, store_build_release);
	return r;
}

static int parse_state(const char *s, int *ret, struct err *err)
{
	for (int i = BUILD_QUEUED; s && i <= BUILD_RETRY; i++) {
		if (!str_eq(store_state_name((enum store_state)i), s))
			continue;
		*ret = i;
		return 0;
	}
	*ret = -1;
	if (!s)
		return 0;
	return err_set(err, ERR_USAGE,
		"unknown state '%s' (queued, running, success, failed, retry are known)", s);
}

static int run_list(int argc, char **argv, struct err *err)
{
	struct store_filter f = {.target = target};
	CLEANUP(config_freep) struct config *cfg = NULL;
	CLEANUP(store_closep) struct store *st = NULL;
	struct store_builds all = VEC_INIT;
	int r;

	if ((r = cmd_need_args(cmd_find("list"), argc, argv, 0, 0, err)) < 0 ||
		(r = parse_state(state, &f.state, err)) < 0 || (r = open_state(&cfg, &st, err)) < 0)
		return r;
	find_project(cfg);
	f.project = project;
	f.limit = component ? 0 : (int64_t)limit;
	r = store_builds(st, &f, &all, err);
	if (r >= 0)
		r = select_builds(cfg, &all, (size_t)limit, err);
	if (r >= 0)
		r = print_builds(&all, NULL, "builds", err);
	if (r >= 0)
		r = say_unbuilt(st, err);
	vec_free(&all, store_build_release);
	return r;
}

static void field(const char *name, const char *value)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	if (str_empty(value))
		return;
	text_term(&b, value, 2000);
	printf("%-12s %s\n", name, sb_str(&b));
}

static void field_time(const char *name, int64_t t)
{
	char iso[21];

	time_iso(t, iso);
	if (t)
		field(name, iso);
}

/* How many packages the root had, and where they are listed; a build that failed early has none. */
static void field_lock(const char *dir)
{
	CLEANUP(lock_freep) struct lock *l = NULL;
	auto_free char *path = path_join(dir, LOCK_FILE), *text = NULL;

	if (!fs_exists(path) || lock_read(path, &l, NULL) < 0)
		return;
	text = xasprintf(
		"%zu packages, %zu of them for the build", l->base.n + l->build.n, l->build.n);
	field("root", text);
	field("lock", path);
}

/* Where the cause is; the log may have been packed since. */
static char *place_of(const char *dir, const struct store_build *b)
{
	const char *name = b->log ? b->log : "state.log";
	auto_free char *path = NULL;

	if (repo_log_path(dir, name, &path, NULL) < 0)
		path = path_join(dir, name);
	return b->cause_line ? xasprintf("%s:%lld", path, (long long)b->cause_line) : TAKE(path);
}

static void print_details(const struct config *cfg, const struct store_build *b,
	const struct result *steps, const struct package_vec *artifacts)
{
	auto_free char *id = xasprintf("%lld", (long long)b->id);
	auto_free char *dir = xasprintf("%s/builds/%s", cfg->data, id);

	field("build", id);
	field("project", b->project);
	field("target", b->target);
	field("state", store_state_name(b->state));
	if (b->message) {
		auto_free char *where = place_of(dir, b);

		field("cause", b->cause);
		field("step", b->cause_step);
		field("message", b->message);
		field("log", where);
	}
	field("package", b->nvr);
	field("upstream", b->upstream_sha);
	field("packaging", b->packaging_sha);
	field("author", b->author);
	field("subject", b->subject);
	field_time("committed", b->commit_time);
	field("trigger", b->trigger);
	field("reason", b->detail);
	field("waits for", b->waits);
	field("blames", b->blamed);
	field_time("queued", b->queued);
	field_time("started", b->started);
	field_time("finished", b->finished);
	field("repository", b->repo);
	field("directory", dir);
	field_lock(dir);
	vec_foreach (&steps->steps, s)
		printf("%-12s %-14s %8.3f s%s\n", s == steps->steps.v ? "steps" : "", s->name,
			s->seconds, s->exit ? "  failed" : "");
	vec_foreach (artifacts, p)
		field(p == artifacts->v ? "artifacts" : "", p->file);
}

static int run_show(int argc, char **argv, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	CLEANUP(store_closep) struct store *st = NULL;
	CLEANUP(result_release) struct result steps = {0};
	CLEANUP(store_build_release) struct store_build b = {0};
	struct package_vec artifacts = VEC_INIT;
	int64_t id;
	int r;

	if ((r = cmd_need_args(cmd_find("show"), argc, argv, 1, 1, err)) < 0 ||
		(r = cmd_build_number(argv[0], &id, err)) < 0 ||
		(r = open_state(&cfg, &st, err)) < 0 ||
		(r = store_build_get(st, id, &b, err)) < 0 ||
		(r = store_build_steps(st, id, &steps, err)) < 0 ||
		(r = store_build_artifacts(st, id, &artifacts, err)) < 0)
		return r;
	if (global.json) {
		json_t *j = store_build_to_json(&b);

		json_put(j, "steps", result_steps_to_json(&steps));
		json_put(j, "artifacts", package_vec_to_json(&artifacts));
		r = cmd_print_json(j, err);
	} else {
		print_details(cfg, &b, &steps, &artifacts);
		r = cmd_flush(err);
	}
	vec_free(&artifacts, package_release);
	return r;
}

static const struct opt status_opts[] = {
	{'t', "target", OPT_STRING, "TARGET", "only this target", &target},
	{'p', "project", OPT_STRING, "PROJECT", "only this project", &project},
	{0, "component", OPT_STRING, "NAME", "only projects with this label", &component},
	OPT_END,
};

static const struct opt list_opts[] = {
	{'t', "target", OPT_STRING, "TARGET", "only this target", &target},
	{'p', "project", OPT_STRING, "PROJECT", "only this project", &project},
	{0, "component", OPT_STRING, "NAME", "only projects with this label", &component},
	{0, "state", OPT_STRING, "STATE", "queued, running, success, failed, retry", &state},
	{0, "limit", OPT_NUMBER, "N", "at most so many, newest first (default 50)", &limit},
	OPT_END,
};

const struct cmd cmd_status = {
	.name = "status",
	.args = "",
	.help = "the last build of each project",
	.group = GROUP_INSTANCE,
	.opts = status_opts,
	.run = run_status,
};

const struct cmd cmd_list = {
	.name = "list",
	.args = "",
	.help = "builds, newest first",
	.group = GROUP_INSTANCE,
	.opts = list_opts,
	.run = run_list,
};

const struct cmd cmd_show = {
	.name = "show",
	.args = "N",
	.help = "one build: cause, steps, artifacts",
	.group = GROUP_INSTANCE,
	.run = run_show,
};
