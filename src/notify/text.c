/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.c - one piece of news in words. What comes from outside is cleaned where it is put into a
 * mail (mime.c). */
#include "base/time.h"
#include "notify/notify.h"

#define SUBJECT_MESSAGE 90 /* bytes of the message in a subject */
#define MESSAGE_MAX     1000

static const char * or (const char *s, const char *instead)
{
	return str_empty(s) ? instead : s;
}

/* At most max bytes, cut at a character and marked. */
static void add_cut(struct strbuf *out, const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n <= max) {
		sb_add(out, s);
		return;
	}
	for (n = max; n && ((unsigned char)s[n] & 0xc0) == 0x80;)
		n--;
	sb_addn(out, s, n);
	sb_add(out, "...");
}

/* One line: the first of the message. */
static void add_message(struct strbuf *out, const struct notify_news *n, size_t max)
{
	auto_free char *line = xstrdup(or (n->message, "no reason is known"));

	line[strcspn(line, "\r\n")] = '\0';
	add_cut(out, line, max);
}

void notify_title(const struct notify_news *n, struct strbuf *out)
{
	const char *project = or (n->project, "packmill"), *target = or (n->target, "?");

	switch (n->kind) {
	case NOTIFY_FAILED:
		sb_addf(out, "%s failed on %s: %s: ", project, target, or (n->cause, "build"));
		add_message(out, n, SUBJECT_MESSAGE);
		break;
	case NOTIFY_FIXED:
		sb_addf(out, "%s is fixed on %s", project, target);
		break;
	case NOTIFY_BUILT:
		sb_addf(out, "%s was built on %s: %s", project, target, or (n->nvr, "?"));
		break;
	case NOTIFY_INFRASTRUCTURE:
		sb_add(out, "trouble: ");
		add_message(out, n, SUBJECT_MESSAGE);
		break;
	case NOTIFY_TEST:
		sb_add(out, "test of notifications");
		break;
	}
}

static void field(struct strbuf *out, const char *name, const char *value)
{
	auto_free char *line = NULL;

	if (str_empty(value))
		return;
	/* a second line of a value could look like a field */
	line = str_replace(value, "\n", " ");
	sb_addf(out, "%-11s ", name);
	add_cut(out, line, MESSAGE_MAX);
	sb_addc(out, '\n');
}

static void field_time(struct strbuf *out, const char *name, int64_t t)
{
	char iso[21];

	if (!t)
		return;
	time_iso(t, iso);
	field(out, name, iso);
}

/* "0123456789ab by A Developer: Subject of the commit" */
static void field_commit(struct strbuf *out, const struct notify_news *n)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	if (n->upstream_sha)
		sb_addf(&b, "%.12s ", n->upstream_sha);
	if (!str_empty(n->subject))
		sb_add(&b, n->subject);
	field(out, "Commit:", sb_str(&b));
	field(out, "Author:", n->author);
	if (n->packaging_sha && !str_eq_null(n->packaging_sha, n->upstream_sha)) {
		auto_free char *sha = xasprintf("%.12s", n->packaging_sha);

		field(out, "Packaging:", sha);
	}
}

/* "build 7, 2026-11-21T10:30:00Z, commit 0123456789ab, foo-1.0-1" */
static void field_good(struct strbuf *out, const struct notify_news *n)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	char iso[21];

	if (!n->good_build)
		return;
	sb_addf(&b, "build %lld", (long long)n->good_build);
	if (n->good_time) {
		time_iso(n->good_time, iso);
		sb_addf(&b, ", %s", iso);
	}
	if (!str_empty(n->good_sha))
		sb_addf(&b, ", commit %.12s", n->good_sha);
	if (!str_empty(n->good_nvr))
		sb_addf(&b, ", %s", n->good_nvr);
	field(out, "Last good:", sb_str(&b));
}

static void links(struct strbuf *out, const struct notify_news *n)
{
	field(out, "Build:", n->url_build);
	field(out, "Log:", n->url_log);
	field(out, "Upstream:", n->url_commit);
	field(out, "Repository:", n->url_repo);
}

static void excerpt(struct strbuf *out, const struct notify_news *n)
{
	auto_strv struct strv lines = STRV_INIT;

	if (str_empty(n->excerpt))
		return;
	if (n->line)
		sb_addf(out, "\nIn %s, about line %lld:\n\n", or (n->log, "the log"),
			(long long)n->line);
	else
		sb_addf(out, "\nThe end of %s:\n\n", or (n->log, "the log"));
	strv_lines(&lines, n->excerpt);
	strv_foreach (&lines, l)
		sb_addf(out, "    %s\n", *l);
}

static void text_failed(const struct notify_news *n, struct strbuf *out)
{
	sb_addf(out, "%s failed on %s", or (n->project, "?"), or (n->target, "?"));
	if (n->build)
		sb_addf(out, " (build %lld)", (long long)n->build);
	sb_add(out, ".\n\n");
	field(out, "Cause:", n->cause);
	field(out, "Step:", n->step);
	field(out, "Message:", n->message);
	field(out, "Triggered:", n->detail);
	field_commit(out, n);
	field_good(out, n);
	links(out, n);
	excerpt(out, n);
}

static void text_good(const struct notify_news *n, struct strbuf *out)
{
	sb_addf(out, "%s %s on %s", or (n->project, "?"),
		n->kind == NOTIFY_FIXED ? "builds again" : "was built", or (n->target, "?"));
	if (n->build)
		sb_addf(out, " (build %lld)", (long long)n->build);
	sb_add(out, ".\n\n");
	field(out, "Package:", n->nvr);
	field_time(out, "Failed since:", n->since);
	field(out, "Triggered:", n->detail);
	field_commit(out, n);
	links(out, n);
}

static void text_trouble(const struct notify_news *n, struct strbuf *out)
{
	add_cut(out, or (n->message, "no reason is known"), 4 * MESSAGE_MAX);
	sb_add(out, "\n\n");
	field(out, "Project:", n->project);
	field(out, "Target:", n->target);
	if (n->build) {
		auto_free char *id =
			xasprintf("%lld, try %lld", (long long)n->build, (long long)n->attempt);

		field(out, "Of build:", id);
	}
	field(out, "Step:", n->step);
	field_time(out, "When:", n->at);
	field(out, "Triggered:", n->detail);
	links(out, n);
	excerpt(out, n);
}

void notify_text(const struct notify_news *n, struct strbuf *out)
{
	switch (n->kind) {
	case NOTIFY_FAILED:
		text_failed(n, out);
		break;
	case NOTIFY_FIXED:
	case NOTIFY_BUILT:
		text_good(n, out);
		break;
	case NOTIFY_INFRASTRUCTURE:
		text_trouble(n, out);
		break;
	case NOTIFY_TEST:
		sb_addf(out, "This is a test of packmill's notifications for %s.\n",
			or (n->instance, "?"));
		break;
	}
}
