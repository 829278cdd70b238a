/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_words.c - reading what rpm says: its output comes from packages, the text is escaped here. */
#include "base/base.h"
#include "base/text.h"
#include "root/rpm_make.h"

#define LINE_MAX  300 /* bytes shown of one line */
#define LINES_MAX 5   /* lines of a scriptlet, errors of a transaction */
#define SHOWN_MAX 20  /* warnings */

void rpm_words_release(struct rpm_words *w)
{
	strv_release(&w->shown);
	free(w->failed);
	free(w->error);
}

static char *shown(const char *line)
{
	struct strbuf b = STRBUF_INIT;

	text_term(&b, line, LINE_MAX);
	return sb_take(&b);
}

static bool is_message(const char *line)
{
	return str_starts(line, "warning: ") || str_starts(line, "error: ");
}

static bool is_room(const char *line)
{
	return strstr(line, "installing package ") &&
	       (strstr(line, " more space on the ") || strstr(line, " inodes on the "));
}

static bool is_failure(const char *line)
{
	return is_message(line) &&
	       (strstr(line, " scriptlet failed, ") || strstr(line, "lua script failed: "));
}

/* What a scriptlet printed stands before the line that says it failed. */
static char *failure(const struct strv *lines, size_t i)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_free char *what = shown(lines->v[i] + strcspn(lines->v[i], " ") + 1);
	size_t from = i;

	while (from > 0 && i - from < LINES_MAX && !is_message(lines->v[from - 1]))
		from--;
	sb_add(&b, what);
	for (size_t k = from; k < i; k++) {
		auto_free char *s = shown(lines->v[k]);

		if (*s)
			sb_addf(&b, "%s%s", k == from ? ": " : "; ", s);
	}
	return sb_take(&b);
}

static const char *joint(const struct strbuf *b)
{
	if (!b->n)
		return "";
	return b->s[b->n - 1] == ':' ? " " : "; ";
}

/* What a scriptlet printed last may have no end of line: rpm's message begins one all the same. */
static char *separated(const char *text)
{
	static const char *const begin[] = {"warning: %", "error: %", "error: lua script failed: "};
	auto_strbuf struct strbuf b = STRBUF_INIT;

	for (const char *s = text; *s; s++) {
		for (size_t i = 0; s > text && s[-1] != '\n' && i < COUNTOF(begin); i++)
			if (str_starts(s, begin[i]))
				sb_addc(&b, '\n');
		sb_addc(&b, *s);
	}
	return xstrdup(sb_str(&b));
}

/* The error of line i, and the lines that belong to it: after "Failed dependencies:" and the like
 * they say it. At most `most` lines; how many it were. */
static size_t add_error(struct strbuf *errors, const struct strv *lines, size_t i, size_t most)
{
	size_t n = 0;

	do {
		const char *l = lines->v[i] + (n ? 0 : strlen("error: "));
		auto_free char *s = shown(l);

		sb_addf(errors, "%s%s", joint(errors), s + strspn(s, " "));
		i++;
	} while (++n < most && i < lines->n && lines->v[i][0] == '\t');
	return n;
}

void rpm_words_read(struct rpm_words *w, const char *text)
{
	auto_strbuf struct strbuf errors = STRBUF_INIT;
	auto_strv struct strv lines = STRV_INIT;
	auto_free char *parted = separated(text);
	size_t n = 0;

	strv_lines(&lines, parted);
	for (size_t i = 0; i < lines.n; i++) {
		const char *l = lines.v[i];

		/* a problem of the whole transaction stands alone; the first one says it */
		if (is_room(l) && !errors.n) {
			auto_free char *s = shown(l + strspn(l, "\t "));

			sb_addf(&errors, "%s", s);
		}
		if (!is_message(l))
			continue;
		if (strstr(l, " does not exist - using root"))
			w->no_owner = true;
		if (str_starts(l, "warning: ") && w->shown.n < SHOWN_MAX)
			strv_take(&w->shown, shown(l));
		if (is_failure(l) && !w->failed)
			w->failed = failure(&lines, i);
		if (str_starts(l, "error: ") && n < LINES_MAX)
			n += add_error(&errors, &lines, i, LINES_MAX - n);
	}
	if (errors.n)
		w->error = sb_take(&errors);
}

void rpm_installed(const char *text, struct strv *ret)
{
	auto_strv struct strv lines = STRV_INIT;

	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		auto_strv struct strv f = STRV_INIT;

		strv_split(&f, *l, "\t");
		if (f.n != 3 || str_eq(f.v[0], "gpg-pubkey"))
			continue;
		if (str_eq(f.v[1], "0"))
			strv_addf(ret, "%s-%s", f.v[0], f.v[2]);
		else
			strv_addf(ret, "%s-%s:%s", f.v[0], f.v[1], f.v[2]);
	}
	strv_sort(ret);
}
