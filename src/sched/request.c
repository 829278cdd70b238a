/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * request.c - what people ask for: carried out by the command itself when nothing runs, else left
 * in the store for the one that does. Both check and change the store by the same functions; the
 * supervisor's memory follows. A request leaves the store when it is carried out: killed in
 * between, the next supervisor carries it out again, which changes nothing more.
 */
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "sched/internal.h"

struct wish {
	struct store *st;
	const struct config *cfg;
	const char *arg, *who;
	bool dry_run;
	size_t n;      /* builds or projects it touches */
	int64_t there; /* a build that is queued or runs already, 0 none */
	bool runs;
	VEC(int64_t) ids; /* builds */
};

static void wish_release(struct wish *w)
{
	vec_release(&w->ids);
}

static int touch(struct wish *w, int64_t id)
{
	w->n++;
	*vec_push(&w->ids) = id;
	return 0;
}

static int recheck_on(struct wish *w, const char *target, const char *project, struct err *err)
{
	struct store_filter f = {.target = target, .project = project, .state = -1, .limit = 1};
	struct store_builds last = VEC_INIT;
	int r = store_builds(w->st, &f, &last, err);

	vec_foreach (&last, b) {
		/* one that waits for another's failure need not, once a person asks for it */
		if (r < 0)
			continue;
		if (b->state == BUILD_RUNNING || (b->state == BUILD_QUEUED && !b->waits)) {
			w->there = b->id;
			w->runs = b->state == BUILD_RUNNING;
			continue;
		}
		touch(w, b->id);
		if (!w->dry_run && (r = store_build_requeue(w->st, b->id, "recheck", err)) >= 0)
			r = store_build_set_detail(w->st, b->id, w->who, 0, err);
	}
	vec_free(&last, store_build_release);
	return r;
}

static int recheck(struct wish *w, struct err *err)
{
	const struct config_project *p;
	int r = config_project_find(w->cfg, w->arg, &p, err);

	if (r < 0)
		return r;
	vec_foreach (&w->cfg->targets, t)
		if ((r = recheck_on(w, (*t)->name, p->project, err)) < 0)
			return r;
	return 0;
}

/* "N" or "N VALUE" */
static int parse_id(
	const char *arg, bool with_value, int64_t *ret_id, int64_t *ret_value, struct err *err)
{
	const char *s = *arg == '#' ? arg + 1 : arg;
	size_t n = strspn(s, "0123456789");
	auto_free char *digits = xstrndup(s, n);
	const char *value = s[n] == ' ' ? s + n + 1 : NULL;
	uint64_t id, v = 0;

	if (!str_u64(digits, &id) || id > INT64_MAX || (s[n] && !value) || (value && !with_value))
		return err_set(err, ERR_USAGE, "'%.*s' is no build number",
			with_value ? (int)strcspn(arg, " ") : (int)strlen(arg), arg);
	if (with_value &&
		(!value || !str_u64(*value == '-' ? value + 1 : value, &v) || v > 1000000))
		return err_set(err, ERR_USAGE, "'%s' is no priority (-1000000 to 1000000)",
			value ? value : "");
	*ret_id = (int64_t)id;
	if (with_value)
		*ret_value = value && *value == '-' ? -(int64_t)v : (int64_t)v;
	return 0;
}

static int find_build(
	struct wish *w, bool with_value, int64_t *ret_value, struct store_build *b, struct err *err)
{
	int64_t id = 0;
	int r = parse_id(w->arg, with_value, &id, ret_value, err);

	if (r < 0 || (r = store_build_get(w->st, id, b, err)) < 0)
		return r;
	return touch(w, id);
}

static bool is_open(const struct store_build *b)
{
	return b->state == BUILD_QUEUED || b->state == BUILD_RUNNING || b->state == BUILD_RETRY;
}

static int over(const struct store_build *b, struct err *err)
{
	return err_set(err, ERR_CONFLICT, "build %lld is over: %s", (long long)b->id,
		store_state_name(b->state));
}

static int cancel(struct wish *w, struct err *err)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	int r = find_build(w, false, NULL, &b, err);

	if (r < 0)
		return r;
	if (!is_open(&b))
		return over(&b, err);
	return w->dry_run ? 0 : store_build_cancel(w->st, b.id, w->who, err);
}

static int priority(struct wish *w, struct err *err)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	int64_t value = 0;
	int r = find_build(w, true, &value, &b, err);

	if (r < 0)
		return r;
	if (!is_open(&b))
		return over(&b, err);
	return w->dry_run ? 0 : store_build_set_priority(w->st, b.id, value, err);
}

static int pin(struct wish *w, bool on, struct err *err)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	int r = find_build(w, false, NULL, &b, err);

	return r < 0 || w->dry_run ? r : store_build_set_pinned(w->st, b.id, on, err);
}

static int hold(struct wish *w, bool on, struct err *err)
{
	const struct config_project *p = NULL;
	int r = *w->arg ? config_project_find(w->cfg, w->arg, &p, err) : 0;

	if (r < 0)
		return r;
	w->n = p ? 1 : w->cfg->projects.n;
	return w->dry_run ? 0 : store_hold(w->st, p ? p->project : "", on, err);
}

static int poll_wish(struct wish *w, struct err *err)
{
	const struct config_project *p = NULL;
	int r = *w->arg ? config_project_find(w->cfg, w->arg, &p, err) : 0;

	if (r >= 0)
		w->n = p ? 1 : w->cfg->projects.n;
	return r;
}

static const char *const verbs[] = {
	[SCHED_RECHECK] = "recheck",
	[SCHED_CANCEL] = "cancel",
	[SCHED_HOLD] = "hold",
	[SCHED_RELEASE] = "release",
	[SCHED_PRIORITY] = "priority",
	[SCHED_PIN] = "pin",
	[SCHED_UNPIN] = "unpin",
	[SCHED_POLL] = "poll",
	[SCHED_GC] = "gc",
};

static int carry_out(struct wish *w, enum sched_verb verb, struct err *err)
{
	switch (verb) {
	case SCHED_RECHECK:
		return recheck(w, err);
	case SCHED_CANCEL:
		return cancel(w, err);
	case SCHED_HOLD:
	case SCHED_RELEASE:
		return hold(w, verb == SCHED_HOLD, err);
	case SCHED_PRIORITY:
		return priority(w, err);
	case SCHED_PIN:
	case SCHED_UNPIN:
		return pin(w, verb == SCHED_PIN, err);
	case SCHED_POLL:
		return poll_wish(w, err);
	case SCHED_GC:
		return 0;
	}
	return err_set(err, ERR_BUG, "no such request");
}

/* ---- asking ---- */

static int64_t holder(const char *lock)
{
	auto_free char *text = NULL;
	uint64_t pid;

	if (fs_read(lock, LOCK_MOST, &text, NULL, NULL) < 0)
		return 1;
	text[strcspn(text, "\n")] = '\0';
	return str_u64(text, &pid) && pid <= INT32_MAX ? (int64_t)pid : 1;
}

static int leave_request(struct wish *w, enum sched_verb verb, struct err *err)
{
	auto_json json_t *j = json_object();
	auto_free char *text = NULL;

	json_put_str(j, "arg", w->arg);
	json_put_str(j, "who", w->who);
	text = json_dumps(j, JSON_COMPACT);
	return store_request_add(w->st, verbs[verb], text, err);
}

int sched_ask(const struct config *cfg, enum sched_verb verb, const char *arg, const char *who,
	bool dry_run, struct sched_asked *ret, struct err *err)
{
	auto_free char *lock = path_join(cfg->data, "lock");
	CLEANUP(wish_release)
	struct wish w = {.cfg = cfg, .arg = arg ? arg : "", .who = who, .dry_run = dry_run};
	CLEANUP(store_closep) struct store *st = NULL;
	auto_close int fd = -1;
	auto_err struct err e = ERR_INIT;
	int r;

	if (!fs_is_dir(cfg->data))
		return err_set(err, ERR_NOT_FOUND, "nothing was built here yet ('%s' has no state)",
			cfg->data);
	if (!dry_run && fs_lock(lock, &fd, &e) < 0 && e.code != ERR_LOCKED)
		return err_move(err, &e);
	if ((r = store_open(cfg->data, dry_run, &st, err)) < 0)
		return r;
	w.st = st;
	w.dry_run = dry_run || fd < 0;
	if ((verb == SCHED_POLL || verb == SCHED_GC) && fd >= 0)
		return err_set(err, ERR_CONFLICT, "no packmill runs here: `packmill run%s`",
			verb == SCHED_POLL ? " --once" : "");
	if ((r = carry_out(&w, verb, err)) < 0)
		return r;
	if (!dry_run && fd < 0 && (r = leave_request(&w, verb, err)) < 0)
		return r;
	*ret = (struct sched_asked){.n = w.n,
		.queue = !dry_run && fd < 0 ? holder(lock) : 0,
		.there = w.there,
		.runs = w.runs};
	return 0;
}

/* ---- in the supervisor ---- */

static struct worker *worker_of(const struct sched *s, int64_t id)
{
	vec_foreach (&s->workers, w)
		if ((*w)->build.id == id && !(*w)->probe && !(*w)->lints)
			return *w;
	return NULL;
}

enum cancelling { CANCEL_NOT_RUNNING, CANCEL_BEGUN, CANCEL_GOES_ON };

/* One that runs is ended first; its end is recorded then. */
static enum cancelling cancel_running(struct sched *s, const char *arg, const char *who)
{
	int64_t id = 0;
	struct worker *w;

	if (parse_id(arg, false, &id, NULL, NULL) < 0 || !(w = worker_of(s, id)))
		return CANCEL_NOT_RUNNING;
	if (w->cancelled)
		return CANCEL_GOES_ON;
	w->cancelled = xstrdup(who ? who : "");
	child_tell(w);
	return CANCEL_BEGUN;
}

/* The wish to cancel one that ran stays until its end is recorded, and is found again then. */
static bool was_cancelled(struct sched *s, const char *arg)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	int64_t id = 0;

	return parse_id(arg, false, &id, NULL, NULL) >= 0 &&
	       store_build_get(s->store, id, &b, NULL) >= 0 && b.state == BUILD_CANCELLED;
}

/* The rows as they are now. */
static int follow(struct sched *s, const struct wish *w, struct err *err)
{
	vec_foreach (&w->ids, id) {
		CLEANUP(store_build_release) struct store_build b = {0};
		int r = store_build_get(s->store, *id, &b, err);
		struct lane *l;

		if (r < 0)
			return r;
		l = lane_get(s, b.target, b.project);
		if (l->worker && l->worker->build.id == *id)
			continue;
		lane_remove(l, *id);
		if (b.state == BUILD_QUEUED || b.state == BUILD_RETRY)
			lane_add_row(s, &b);
		else if (b.state == BUILD_CANCELLED &&
			 (r = after_cancel(s, *id, b.target, err)) < 0)
			return r;
	}
	return 0;
}

static int carry_out_here(
	struct sched *s, enum sched_verb verb, const char *arg, const char *who, struct err *err)
{
	CLEANUP(wish_release)
	struct wish w = {.st = s->store, .cfg = s->cfg, .arg = arg, .who = who};
	const struct config_project *p;
	int r;

	if ((r = carry_out(&w, verb, err)) < 0)
		return r;
	s->dirty = true;
	if (verb == SCHED_HOLD || verb == SCHED_RELEASE)
		return lanes_load_held(s, err);
	if (verb == SCHED_GC)
		gc_start(s);
	if (verb == SCHED_POLL) {
		r = *arg ? config_project_find(s->cfg, arg, &p, err) : 0;
		return r < 0 ? r : poll_start(s, *arg ? p->project : NULL, true, err);
	}
	return follow(s, &w, err);
}

static bool find_verb(const char *name, enum sched_verb *ret)
{
	for (size_t i = 0; i < COUNTOF(verbs); i++)
		if (str_eq(verbs[i], name)) {
			*ret = (enum sched_verb)i;
			return true;
		}
	return false;
}

static void say(const char *verb, const char *arg, const char *who)
{
	log_info("%s%s%s%s%s", verb, str_empty(arg) ? "" : " ", arg ? arg : "",
		who ? ", asked for by " : "", who ? who : "");
}

/* What cannot be done (any more) is said; trouble with the store is handed on. 1: it stays. */
static int one(struct sched *s, const struct store_request *q, struct err *err)
{
	auto_json json_t *j = NULL;
	auto_err struct err e = ERR_INIT;
	enum cancelling c = CANCEL_NOT_RUNNING;
	const char *arg, *who;
	enum sched_verb verb;

	if (!find_verb(q->verb, &verb) || !q->arg ||
		json_parse(q->arg, strlen(q->arg), "a request", &j, NULL) < 0) {
		log_warn("a request nobody understands: '%s'", q->verb);
		return 0;
	}
	arg = json_get_str(j, "arg");
	who = json_get_str(j, "who");
	if (!arg)
		arg = "";
	if (verb == SCHED_CANCEL && was_cancelled(s, arg))
		return 0;
	if (verb == SCHED_CANCEL && (c = cancel_running(s, arg, who)) == CANCEL_GOES_ON)
		return 1;
	say(q->verb, arg, who);
	if (c == CANCEL_BEGUN)
		return 1;
	if (carry_out_here(s, verb, arg, who, &e) >= 0)
		return 0;
	if (e.code == ERR_NOT_FOUND || e.code == ERR_CONFLICT || e.code == ERR_USAGE) {
		log_warn("%s %s: %s", q->verb, arg, e.msg);
		return 0;
	}
	return err_move(err, &e);
}

int request_look(struct sched *s, struct err *err)
{
	struct store_requests all = VEC_INIT;
	auto_err struct err e = ERR_INIT;
	int r = store_requests(s->store, &all, &e);

	for (size_t i = 0; r >= 0 && i < all.n; i++)
		if ((r = one(s, &all.v[i], &e)) == 0)
			r = store_request_done(s->store, all.v[i].id, &e);
	if (r >= 0)
		r = poll_again(s, &e);
	vec_free(&all, store_request_release);
	return r < 0 ? sched_stall(s, &e, err) : 0;
}
