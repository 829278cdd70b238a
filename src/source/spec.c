/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spec.c - the edits that make a spec build the version we want. */
#include "source/spec.h"
#include "base/limits.h"
#include "source/spec_diff.h"
#include "source/spec_lex.h"

/* A spec with more open conditionals than this is edited as if they were one level. */
#define MAX_DEPTH 64

struct edit_state {
	const struct spec_edit *edit;
	struct spec_lex lx;
	struct text_edits edits;
	bool version, release, source0; /* found */
	bool upstream, dlrn;            /* found outside of conditionals */
	bool sources[MAX_DEPTH];        /* was there a Source before, by depth of %if */
	bool before[MAX_DEPTH];         /* the same where that %if began */
	bool cutting;
};

/* Version and Release: what rpm takes, outside of macros. `-` separates them in file names. */
static int check_value(const char *what, const char *s, struct err *err)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "._+~^";
	unsigned brace = 0;

	if (!*s)
		return err_set(err, ERR_SOURCE, "%s is empty", what);
	for (const char *p = s; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 127)
			return err_set(err, ERR_SOURCE, "%s has a control character", what);
		if (*p == '%' && p[1] == '{') {
			brace++;
			p++;
		} else if (*p == '{' && brace) {
			brace++;
		} else if (*p == '}' && brace) {
			brace--;
		} else if (!brace && !strchr(fine, *p)) {
			return err_set(err, ERR_SOURCE,
				"%s '%s' has a '%c', which rpm does not allow", what, s, *p);
		}
	}
	return brace ? err_set(err, ERR_SOURCE, "%s '%s' has an open '{'", what, s) : 0;
}

/* For %global upstream_version: printable, and nothing rpm would expand. */
static int check_plain(const char *what, const char *s, struct err *err)
{
	if (!*s)
		return err_set(err, ERR_SOURCE, "%s is empty", what);
	for (const char *p = s; *p; p++) {
		if (*p <= ' ' || *p > '~' || strchr("%{}\\\"'`$", *p))
			return err_set(err, ERR_SOURCE, "%s has a character no version has", what);
	}
	return 0;
}

static int check_edit(const struct spec_edit *e, struct err *err)
{
	int r = 0;

	if (e->version)
		r = check_value("Version", e->version, err);
	if (r >= 0 && e->release)
		r = check_value("Release", e->release, err);
	if (r >= 0 && e->upstream_version)
		r = check_plain("upstream_version", e->upstream_version, err);
	if (r >= 0 && e->source0 && (!*e->source0 || strpbrk(e->source0, "\r\n")))
		r = err_set(err, ERR_SOURCE, "Source0 must be one line");
	return r;
}

/* The line up to `keep`, then value, then the line end as it was. */
static void set_value(
	struct edit_state *st, const struct spec_line *l, size_t keep, const char *value)
{
	const char *s = st->lx.s;
	struct strbuf sb = STRBUF_INIT;

	sb_addn(&sb, s + l->start, keep - l->start);
	if (s[keep - 1] == ':')
		sb_addc(&sb, ' '); /* an empty tag */
	sb_add(&sb, value);
	sb_addn(&sb, s + l->end, l->next - l->end);
	text_edits_add(&st->edits, s, l->start, l->next, sb_take(&sb));
}

static void set_global(
	struct edit_state *st, const struct spec_line *l, const char *name, const char *value)
{
	const char *s = st->lx.s;

	text_edits_add(&st->edits, s, l->start, l->next,
		xasprintf("%%global %s %s%.*s", name, value, (int)(l->next - l->end), s + l->end));
}

/* Source without a number is Source0 when no other came before it; each branch of a conditional
 * starts with what was known before the conditional. */
static void track_sources(struct edit_state *st, const struct spec_line *l)
{
	unsigned d = l->depth < MAX_DEPTH - 1 ? l->depth : MAX_DEPTH - 2;

	if (l->directive == 'i')
		st->before[d + 1] = st->sources[d + 1] = st->sources[d];
	else if (l->directive == 'e')
		st->sources[d] = st->before[d];
	else if (l->directive == 'n' && d)
		st->sources[d - 1] = st->sources[d - 1] || st->sources[d];
}

static bool is_source0(struct edit_state *st, const struct spec_line *l, size_t *ret_value)
{
	unsigned d = l->depth < MAX_DEPTH - 1 ? l->depth : MAX_DEPTH - 2;
	int number = spec_line_source(&st->lx, l, ret_value);
	bool first = !st->sources[d];

	if (number != -2)
		st->sources[d] = true;
	return number == 0 || (number == -1 && first);
}

static void edit_preamble(struct edit_state *st, const struct spec_line *l)
{
	const struct spec_edit *e = st->edit;
	size_t at;

	track_sources(st, l);
	if (spec_line_tag(&st->lx, l, "Version", &at)) {
		st->version = true;
		if (e->version)
			set_value(st, l, at, e->version);
	} else if (spec_line_tag(&st->lx, l, "Release", &at)) {
		st->release = true;
		if (e->release)
			set_value(st, l, at, e->release);
	} else if (is_source0(st, l, &at)) {
		st->source0 = true;
		if (e->source0)
			set_value(st, l, at, e->source0);
	} else if (e->upstream_version && spec_line_global(&st->lx, l, "upstream_version")) {
		st->upstream = st->upstream || !l->depth;
		set_global(st, l, "upstream_version", e->upstream_version);
	} else if (e->dlrn && spec_line_global(&st->lx, l, "dlrn")) {
		st->dlrn = st->dlrn || !l->depth;
		set_global(st, l, "dlrn", "1");
	}
}

/* What is not there yet goes to the very top, where everything below can use it. */
static void insert_globals(struct edit_state *st)
{
	const struct spec_edit *e = st->edit;
	const char *s = st->lx.s, *nl = strchr(s, '\n');
	const char *end = nl && nl > s && nl[-1] == '\r' ? "\r\n" : "\n";
	struct strbuf sb = STRBUF_INIT;
	size_t n = st->edits.n;

	if (e->dlrn && !st->dlrn)
		sb_addf(&sb, "%%global dlrn 1%s", end);
	if (e->upstream_version && !st->upstream)
		sb_addf(&sb, "%%global upstream_version %s%s", e->upstream_version, end);
	text_edits_add(&st->edits, s, 0, 0, sb_take(&sb));
	if (st->edits.n > n && n) {
		/* made last, but first in the text */
		struct text_edit top = st->edits.v[n];

		memmove(st->edits.v + 1, st->edits.v, n * sizeof top);
		st->edits.v[0] = top;
	}
}

/* The section's lines go, its head and conditionals stay. */
static void edit_changelog(struct edit_state *st, const struct spec_line *l)
{
	if (!l->starts_part && !l->directive)
		text_edits_add(&st->edits, st->lx.s, l->start, l->next, xstrdup(""));
}

int spec_apply(const char *text, const char *name, const struct spec_edit *edit, char **ret_text,
	char **ret_diff, struct err *err)
{
	struct edit_state st = {.edit = edit};
	struct spec_line l;
	int r = 0;

	if (strlen(text) > LIMIT_SPEC)
		return err_set(err, ERR_SOURCE, "'%s' is too large for a spec", name);
	if ((r = check_edit(edit, err)) < 0)
		return err_wrap(err, "%s", name);
	spec_lex_init(&st.lx, text);
	while (spec_lex_next(&st.lx, &l)) {
		if (l.part == SPEC_PREAMBLE)
			edit_preamble(&st, &l);
		else if (l.part == SPEC_CHANGELOG && edit->cut_changelog)
			edit_changelog(&st, &l);
	}
	if (edit->dlrn || edit->upstream_version)
		insert_globals(&st);
	if (!st.version || !st.release)
		r = err_set(err, ERR_SOURCE, "%s has no %s in its preamble", name,
			st.version ? "Release" : "Version");
	else if (edit->source0 && !st.source0)
		r = err_set(err, ERR_SOURCE, "%s has no Source0 in its preamble", name);
	if (r >= 0) {
		*ret_text = text_edits_apply(&st.edits, text);
		*ret_diff = text_edits_diff(&st.edits, text, name);
	}
	vec_free(&st.edits, text_edit_release);
	return r;
}

char *spec_tag(const char *text, const char *tag)
{
	struct edit_state st = {0};
	bool source0 = str_eq(tag, "Source0");
	struct spec_line l;
	size_t at;

	spec_lex_init(&st.lx, text);
	while (spec_lex_next(&st.lx, &l)) {
		if (l.part == SPEC_PREAMBLE) {
			track_sources(&st, &l);
			if (source0 ? !is_source0(&st, &l, &at)
				    : !spec_line_tag(&st.lx, &l, tag, &at))
				continue;
		} else if (!source0 || l.part != SPEC_SOURCELIST || l.starts_part ||
			   st.sources[0] || l.directive) {
			continue;
		} else {
			at = l.start;
		}
		auto_free char *value = xstrndup(text + at, l.end - at);
		char *trimmed = str_trim(value);
		if (*trimmed || l.part == SPEC_PREAMBLE)
			return trimmed;
		free(trimmed);
	}
	return NULL;
}
