/* SPDX-License-Identifier: GPL-3.0-or-later */
/* news_say.c - a build's outcome for people: what, whose commit, where to look, the lines of the
 * log that matter. */
#include "base/text.h"
#include "base/time.h"
#include "report/excerpt.h"
#include "report/web.h"
#include "sched/news_internal.h"
#include "sched/sched.h"

#define LOG_BEFORE 10  /* lines shown before the one that says why */
#define LOG_AFTER  2   /* and after it */
#define LOG_END    12  /* lines of the end when no line is known; empty ones there do not count */
#define LOG_WIDTH  200 /* bytes of a line */

void news_text_release(struct news_text *t)
{
	strv_release(&t->owned);
	*t = (struct news_text){0};
}

/* Borrowed from t, which takes it; NULL and "" are NULL. */
static const char *own(struct news_text *t, char *s)
{
	if (str_empty(s)) {
		free(s);
		return NULL;
	}
	strv_take(&t->owned, s);
	return s;
}

/* ---- the log ---- */

static bool is_blank(const char *line)
{
	return !line[strspn(line, " \t")];
}

/* Around the line that says why; without one, or in a log that is shorter, its end. */
static char *excerpt(
	const struct news *n, const struct store_build *b, const char *log, int64_t line)
{
	auto_free char *dir = xasprintf("%s/builds/%lld", n->cfg->data, (long long)b->id);
	CLEANUP(excerpt_release) struct excerpt e = {0};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	size_t from = 0, to;

	if (!log || strchr(log, '/'))
		return NULL;
	if (line > 0)
		(void)excerpt_read(dir, log, line, LOG_BEFORE, LOG_AFTER, &e);
	if (!e.lines.n && !excerpt_read(dir, log, 0, LOG_END, LOG_END, &e))
		return NULL;
	for (to = e.lines.n; to && is_blank(e.lines.v[to - 1]);)
		to--;
	if (!e.mark && to > LOG_END)
		from = to - LOG_END;
	for (; from < to; from++) {
		if (!out.n && is_blank(e.lines.v[from]))
			continue;
		text_term(&out, e.lines.v[from], LOG_WIDTH);
		sb_addc(&out, '\n');
	}
	return sb_take(&out);
}

/* ---- what triggered it ---- */

static char *detail(const struct news *n, const struct store_build *b)
{
	CLEANUP(store_build_release) struct store_build by = {0};
	auto_strbuf struct strbuf s = STRBUF_INIT;

	if (str_empty(b->trigger) || str_eq(b->trigger, "commit"))
		return NULL;
	if (str_eq(b->trigger, "rebuild"))
		sb_add(&s, "rebuilt because of another package");
	else if (str_eq(b->trigger, "dependency"))
		sb_add(&s, "tried again, a dependency is there now");
	else
		sb_add(&s, b->trigger);
	if (!str_empty(b->detail))
		sb_addf(&s, ": %s", b->detail);
	if (b->by && store_build_get(n->st, b->by, &by, NULL) >= 0) {
		sb_addf(&s, " (build %lld of %s", (long long)by.id, by.project);
		if (!str_empty(by.subject))
			sb_addf(&s, ", %.12s: %s", by.upstream_sha, by.subject);
		sb_addc(&s, ')');
	}
	return sb_take(&s);
}

/* ---- links ---- */

static char *below(const char *base, const char *target, const char *path)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	sb_addf(&b, "%s/", base);
	text_url_path(&b, target);
	sb_addc(&b, '/');
	text_url_path(&b, path);
	return sb_take(&b);
}

static void add_links(struct news *n, const struct store_build *b, struct news_text *t)
{
	const struct config_project *p = config_project(n->cfg, b->project);
	auto_free char *base = sched_baseurl(n->cfg);
	auto_free char *page = xasprintf("builds/%lld.html", (long long)b->id);
	const struct config_git *g = !p ? NULL : p->upstream.url ? &p->upstream : &p->packaging;
	struct notify_news *w = &t->news;

	w->url_build = own(t, below(base, b->target, page));
	w->url_commit = own(t, web_commit(g ? g->web : NULL, b->upstream_url, b->upstream_sha));
	if (!str_empty(b->repo) && w->log) {
		auto_free char *log = xasprintf("%s/%s", b->repo, w->log);

		w->url_log = own(t, below(base, b->target, log));
	}
	if (!str_empty(b->repo) && b->state == BUILD_SUCCESS) {
		auto_free char *dir = xasprintf("%s/", b->repo);

		w->url_repo = own(t, below(base, b->target, dir));
	}
}

/* ---- all of it ---- */

static void add_cause(
	struct news *n, const struct store_build *b, const struct result *res, struct news_text *t)
{
	bool known = res && res->cause != CAUSE_NONE;
	struct notify_news *w = &t->news;

	w->cause = own(t, xstrdup_null(known ? cause_kind_name(res->cause) : b->cause));
	w->step = own(t, xstrdup_null(known ? res->cause_step : b->cause_step));
	w->message = own(t, xstrdup_null(known ? res->cause_message : b->message));
	w->log = own(t, xstrdup_null(known ? res->cause_log : b->log));
	w->line = known ? res->cause_line : b->cause_line;
	w->excerpt = own(t, excerpt(n, b, w->log, w->line));
}

/* What one goes back to, or looks from. */
static void add_good(struct news *n, const struct store_build *b, struct news_text *t)
{
	CLEANUP(store_build_release) struct store_build good = {0};
	struct notify_news *w = &t->news;

	if (store_success_before(n->st, b, &good, NULL) < 0)
		return;
	w->good_build = good.id;
	w->good_time = good.finished;
	w->good_nvr = own(t, TAKE(good.nvr));
	w->good_sha = own(t,
		TAKE(*(str_empty(good.upstream_sha) ? &good.packaging_sha : &good.upstream_sha)));
}

static char *url_shown(const char *url)
{
	return url ? text_url_shown(url) : NULL;
}

void news_say(struct news *n, enum notify_kind kind, const struct store_build *b,
	const struct result *res, struct news_text *ret)
{
	struct notify_news *w = &ret->news;

	*ret = (struct news_text){
		.news =
			{
				.kind = kind,
				.at = time_now(),
				.instance = n->cfg->name,
				.target = b->target,
				.project = b->project,
				.nvr = b->nvr,
				.build = b->id,
				.attempt = b->attempt,
				.upstream_sha = b->upstream_sha,
				.author = b->author,
				.subject = b->subject,
				.packaging_sha = b->packaging_sha,
			},
	};
	w->upstream_url = own(ret, url_shown(b->upstream_url));
	w->packaging_url = own(ret, url_shown(b->packaging_url));
	if (b->state != BUILD_SUCCESS)
		add_cause(n, b, res, ret);
	if (kind == NOTIFY_FAILED)
		add_good(n, b, ret);
	w->detail = own(ret, detail(n, b));
	add_links(n, b, ret);
}
