/* SPDX-License-Identifier: GPL-3.0-or-later */
/* news_say.c - a build's outcome for people: what, whose commit, where to look, the lines of the
 * log that matter. */
#include "base/fs.h"
#include "base/text.h"
#include "base/time.h"
#include "report/internal.h"
#include "sched/internal.h"
#include "sched/news_internal.h"

#define LOG_BEFORE 10         /* lines shown before the one that says why */
#define LOG_AFTER  2          /* and after it */
#define LOG_END    12         /* lines of the end when no line is known */
#define LOG_WIDTH  200        /* bytes of a line */
#define LOG_WINDOW (64 * KIB) /* bytes that are read around there */

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

static int open_log(const struct news *n, const struct store_build *b, const char *log)
{
	auto_free char *path = xasprintf("%s/builds/%lld/%s", n->cfg->data, (long long)b->id, log);
	auto_close int fd = -1;
	struct stat st;

	if (strchr(log, '/'))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	return take_fd(&fd);
}

/* Where line number `line` (1 is the first) begins; -1: there is none. */
static off_t find_line(int fd, int64_t line)
{
	char buf[65536];
	off_t at = 0;
	ssize_t n;

	if (line <= 1)
		return 0;
	while ((n = pread(fd, buf, sizeof buf, at)) > 0) {
		for (const char *p = buf; (p = memchr(p, '\n', (size_t)(buf + n - p))); p++)
			if (--line == 1)
				return at + (p + 1 - buf);
		at += n;
	}
	return -1;
}

static void add_lines(const struct strv *lines, size_t from, size_t to, struct strbuf *out)
{
	for (size_t i = from; i < to && i < lines->n; i++) {
		auto_free char *l = str_trim(lines->v[i]);

		lines->v[i][strcspn(lines->v[i], "\r")] = '\0';
		if (*l)
			text_term(out, lines->v[i], LOG_WIDTH);
		if (*l || out->n)
			sb_addc(out, '\n');
	}
}

/* The end of the log without empty lines there. */
static void add_end(const struct strv *lines, struct strbuf *out)
{
	size_t end = lines->n;

	while (end && !lines->v[end - 1][strspn(lines->v[end - 1], " \t\r")])
		end--;
	add_lines(lines, end > LOG_END ? end - LOG_END : 0, end, out);
}

static char *excerpt(
	const struct news *n, const struct store_build *b, const char *log, int64_t line)
{
	auto_close int fd = log ? open_log(n, b, log) : -1;
	int64_t first = line > LOG_BEFORE ? line - LOG_BEFORE : 1;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	auto_strv struct strv lines = STRV_INIT;
	auto_free char *text = xmalloc(LOG_WINDOW + 1);
	off_t at = -1, end;
	ssize_t got;

	if (fd < 0 || (end = lseek(fd, 0, SEEK_END)) < 0)
		return NULL;
	if (line > 0)
		at = find_line(fd, first);
	if (at < 0) {
		line = 0;
		at = end > (off_t)LOG_WINDOW ? end - (off_t)LOG_WINDOW : 0;
	}
	if ((got = pread(fd, text, LOG_WINDOW, at)) <= 0)
		return NULL;
	for (ssize_t i = 0; i < got; i++)
		text[i] = text[i] ? text[i] : ' ';
	text[got] = '\0';
	strv_lines(&lines, text);
	if (line > 0)
		add_lines(&lines, 0, (size_t)(line - first) + 1 + LOG_AFTER, &out);
	else
		add_end(&lines, &out);
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
	w->detail = own(ret, detail(n, b));
	add_links(n, b, ret);
}
