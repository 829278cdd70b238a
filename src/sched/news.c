/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * news.c - what is news, and for whom. People are told once that a project is broken and once that
 * it is well again; `told` in the store is what they were told, not what happened.
 */
#include "sched/news.h"
#include "base/time.h"
#include "model/result.h"
#include "sched/news_internal.h"
#include <ctype.h>

int news_open(const struct config *cfg, struct store *st, struct news **ret, struct err *err UNUSED)
{
	struct news *n = xcalloc(1, sizeof *n);

	n->cfg = cfg;
	n->st = st;
	*ret = n;
	return 0;
}

void news_close(struct news *n)
{
	if (!n)
		return;
	vec_foreach (&n->flying, f)
		free(f->what);
	vec_release(&n->flying);
	free(n->why);
	free(n);
}

char *news_from(const struct config *cfg)
{
	char host[256] = "";

	if (cfg->notify.from)
		return xstrdup(cfg->notify.from);
	if (gethostname(host, sizeof host - 1) < 0 || !*host)
		return xstrdup("packmill@localhost");
	return xasprintf("packmill@%s", host);
}

/* ---- into the outbox ---- */

static int put(struct news *n, const char *channel, const char *rcpt, const struct notify_news *w,
	struct err *err)
{
	auto_json json_t *j = notify_to_json(w);
	auto_free char *text = json_dumps(j, JSON_COMPACT), *to = xstrdup(rcpt),
		       *kind = xstrdup(notify_kind_name(w->kind)), *by = xstrdup(channel);
	struct store_news row = {
		.at = w->at, .channel = by, .rcpt = to, .kind = kind, .data = text};

	n->known = false;
	return store_outbox_add(n->st, &row, NULL, err);
}

/* To the hook, and by mail to each of `people`; *ret_n how many were put. */
static int tell(struct news *n, const struct notify_news *w, const struct strv *people,
	size_t *ret_n, struct err *err)
{
	auto_strv struct strv once = STRV_INIT;
	size_t count = 0;
	int r = 0;

	if (n->cfg->notify.hook) {
		r = put(n, "hook", "", w, err);
		count++;
	}
	if (people && n->cfg->notify.smtp) {
		strv_foreach (people, to) {
			if (r < 0 || strv_has(&once, *to))
				continue;
			strv_add(&once, *to);
			r = put(n, "mail", *to, w, err);
			count++;
		}
	}
	if (r >= 0)
		*ret_n = count;
	return r;
}

static const struct strv *maintainers(const struct news *n, const char *project)
{
	const struct config_project *p = config_project(n->cfg, project);

	return p ? &p->maintainers : NULL;
}

/* ---- trouble of the machine ---- */

/* The same but for numbers: builds, processes and times differ each time. */
static bool same_trouble(const char *a, const char *b)
{
	for (;;) {
		while (isdigit((unsigned char)*a))
			a++;
		while (isdigit((unsigned char)*b))
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

static int was_said(struct news *n, const char *channel, const char *rcpt,
	const struct notify_news *w, bool *ret, struct err *err)
{
	struct store_news_vec past = VEC_INIT;
	int r = store_outbox_recent(
		n->st, channel, rcpt, notify_kind_name(w->kind), w->at - NEWS_WINDOW, &past, err);

	*ret = false;
	vec_foreach (&past, p) {
		auto_json json_t *j = json_loads(p->data, 0, NULL);
		const char *text = j ? json_get_str(j, "message") : NULL;

		/* one of the future: the clock was set back */
		*ret |= text && w->message && p->at <= w->at && same_trouble(text, w->message);
	}
	vec_free(&past, store_news_release);
	return r;
}

static int tell_operators(struct news *n, const struct notify_news *w, struct err *err)
{
	const struct config_notify *c = &n->cfg->notify;
	bool said = true;
	int r = 0;

	if (c->hook && (r = was_said(n, "hook", "", w, &said, err)) >= 0 && !said)
		r = put(n, "hook", "", w, err);
	for (size_t i = 0; r >= 0 && c->smtp && i < c->operators.n; i++)
		if ((r = was_said(n, "mail", c->operators.v[i], w, &said, err)) >= 0 && !said)
			r = put(n, "mail", c->operators.v[i], w, err);
	return r;
}

int news_trouble(struct news *n, const char *what, struct err *err)
{
	struct notify_news w = {
		.kind = NOTIFY_INFRASTRUCTURE,
		.at = time_now(),
		.instance = n->cfg->name,
		.message = what,
	};

	return tell_operators(n, &w, err);
}

static int trouble_of_build(
	struct news *n, const struct store_build *b, const struct result *res, struct err *err)
{
	CLEANUP(news_text_release) struct news_text t = {0};

	news_say(n, NOTIFY_INFRASTRUCTURE, b, res, &t);
	return tell_operators(n, &t.news, err);
}

/* ---- failures ---- */

static int tell_failed(struct news *n, const struct notify_news *w, struct err *err)
{
	size_t count = 0;
	int r = tell(n, w, maintainers(n, w->project), &count, err);

	if (r < 0 || !count)
		return r;
	return store_told_set(n->st, w->target, w->project, w->build, w->at, err);
}

/* A project that was never built misses what others of the queue may bring. */
static int is_early(struct news *n, const struct store_build *b,
	const struct store_standing *before, const char *cause, bool *ret, struct err *err)
{
	*ret = false;
	if (!cause || !str_eq(cause, cause_kind_name(CAUSE_DEPENDENCY)) ||
		(before && before->last_success))
		return 0;
	return store_others_coming(n->st, b->target, b->id, ret, err);
}

static int failed(struct news *n, const struct store_build *b, const struct store_standing *before,
	const struct result *res, struct err *err)
{
	CLEANUP(news_text_release) struct news_text t = {0};
	const char *cause =
		res && res->cause != CAUSE_NONE ? cause_kind_name(res->cause) : b->cause;
	int64_t told, at;
	bool early;
	int r;

	if (cause && str_eq(cause, cause_kind_name(CAUSE_INFRASTRUCTURE)))
		return trouble_of_build(n, b, res, err);
	/* not its own failure, or of a commit that a later one has made good */
	if (b->blamed || (before && before->last_success > b->id))
		return 0;
	if ((r = store_told_get(n->st, b->target, b->project, &told, &at, err)) < 0 || told)
		return r;
	news_say(n, NOTIFY_FAILED, b, res, &t);
	if ((r = is_early(n, b, before, cause, &early, err)) < 0)
		return r;
	return early ? put(n, "held", b->target, &t.news, err) : tell_failed(n, &t.news, err);
}

/* ---- failures that were held back ---- */

/* Still what it is: its project's last outcome, and nobody was told. */
static int is_still(struct news *n, const struct notify_news *w, bool *ret, struct err *err)
{
	CLEANUP(store_standing_release) struct store_standing s = {0};
	int64_t told, at;
	int r = store_standing(n->st, w->target, w->project, &s, NULL);

	*ret = false;
	if (r < 0)
		return 0;
	if ((r = store_told_get(n->st, w->target, w->project, &told, &at, err)) < 0)
		return r;
	*ret = s.state == BUILD_FAILED && s.last == w->build && !told;
	return 0;
}

static int release_one(struct news *n, const struct store_news *row, struct err *err)
{
	auto_json json_t *j = json_loads(row->data, 0, NULL);
	struct notify_news w;
	bool still = false;
	int r = 0;

	if (j && notify_from_json(j, &w, NULL) >= 0 && (r = is_still(n, &w, &still, err)) >= 0 &&
		still)
		r = tell_failed(n, &w, err);
	return r < 0 ? r : store_outbox_drop(n->st, row->id, err);
}

/* Nothing of the target is on its way any more that could help. */
static int release_held(struct news *n, const struct store_build *b, struct err *err)
{
	struct store_news_vec held = VEC_INIT;
	bool coming = true;
	int r = store_outbox_recent(
		n->st, "held", b->target, notify_kind_name(NOTIFY_FAILED), -1, &held, err);

	if (r >= 0 && held.n)
		r = store_others_coming(n->st, b->target, b->id, &coming, err);
	vec_foreach (&held, h)
		if (r >= 0 && !coming)
			r = release_one(n, h, err);
	vec_free(&held, store_news_release);
	return r;
}

/* ---- successes ---- */

static int fixed(struct news *n, struct news_text *t, int64_t since_build, struct err *err)
{
	size_t count;
	int r;

	t->news.kind = NOTIFY_FIXED;
	t->news.since_build = since_build;
	if ((r = tell(n, &t->news, maintainers(n, t->news.project), &count, err)) < 0)
		return r;
	return store_told_set(n->st, t->news.target, t->news.project, 0, 0, err);
}

static int succeeded(
	struct news *n, const struct store_build *b, const struct result *res, struct err *err)
{
	CLEANUP(news_text_release) struct news_text t = {0};
	int64_t told, since;
	int r = store_told_get(n->st, b->target, b->project, &told, &since, err);

	if (r < 0 || (!told && !n->cfg->notify.hook))
		return r;
	news_say(n, NOTIFY_BUILT, b, res, &t);
	if (n->cfg->notify.hook && (r = put(n, "hook", "", &t.news, err)) < 0)
		return r;
	t.news.since = since;
	return told ? fixed(n, &t, told, err) : 0;
}

int news_outcome(struct news *n, const struct store_build *b, const struct store_standing *before,
	const struct result *res, struct err *err)
{
	int r = 0;

	n->known = false;
	if (b->state == BUILD_SUCCESS)
		r = succeeded(n, b, res, err);
	else if (b->state == BUILD_FAILED)
		r = failed(n, b, before, res, err);
	if (r >= 0 && (b->state == BUILD_SUCCESS || b->state == BUILD_FAILED))
		r = release_held(n, b, err);
	return r < 0 ? err_wrap(err, "news of build %lld", (long long)b->id) : 0;
}
