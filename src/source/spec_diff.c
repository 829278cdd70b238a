/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spec_diff.c - a unified diff from known edits; nothing has to be compared. */
#include "source/spec_diff.h"

#define CONTEXT 3

void text_edit_release(struct text_edit *e)
{
	free(e->text);
}

void text_edits_add(struct text_edits *v, const char *s, size_t start, size_t end, char *text)
{
	if (strlen(text) == end - start && memcmp(s + start, text, end - start) == 0) {
		free(text);
		return;
	}
	*vec_push(v) = (struct text_edit){.start = start, .end = end, .text = text};
}

char *text_edits_apply(const struct text_edits *v, const char *s)
{
	struct strbuf out = STRBUF_INIT;
	size_t at = 0;

	vec_foreach (v, e) {
		sb_addn(&out, s + at, e->start - at);
		sb_add(&out, e->text);
		at = e->end;
	}
	sb_add(&out, s + at);
	return sb_take(&out);
}

/* Lines in a range; a last one without a line end counts. */
static size_t count(const char *s, size_t start, size_t end)
{
	size_t n = 0;

	for (size_t i = start; i < end; i++)
		n += s[i] == '\n';
	return n + (end > start && s[end - 1] != '\n');
}

/* Each line of the range with a sign before it. */
static void put(struct strbuf *out, char sign, const char *s, size_t start, size_t end)
{
	while (start < end) {
		const char *nl = memchr(s + start, '\n', end - start);
		size_t stop = nl ? (size_t)(nl - s) + 1 : end;

		sb_addc(out, sign);
		sb_addn(out, s + start, stop - start);
		if (!nl)
			sb_add(out, "\n\\ No newline at end of file\n");
		start = stop;
	}
}

/* Up to CONTEXT lines back from at, but not below floor. */
static size_t back(const char *s, size_t at, size_t floor)
{
	for (int lines = 0; at > floor; at--) {
		if (s[at - 1] == '\n' && lines++ == CONTEXT)
			break;
	}
	return at;
}

/* Up to `lines` lines forward from at. */
static size_t forward(const char *s, size_t at, int lines)
{
	while (s[at] && lines) {
		if (s[at++] == '\n')
			lines--;
	}
	return at;
}

/* A range of a hunk header: an empty one names the line before it. */
static void range(struct strbuf *out, char sign, size_t line, size_t n)
{
	if (n == 1)
		sb_addf(out, "%c%zu", sign, line);
	else
		sb_addf(out, "%c%zu,%zu", sign, n ? line : line - 1, n);
}

/* Edits first to last in one hunk; *line_shift is how many lines earlier hunks added. */
static void hunk(struct strbuf *out, const char *s, const struct text_edit *first,
	const struct text_edit *last, long *line_shift)
{
	size_t start = back(s, first->start, 0), end = forward(s, last->end, CONTEXT), at = start;
	size_t old_n = count(s, start, end), new_n = old_n, line = count(s, 0, start) + 1;
	auto_strbuf struct strbuf body = STRBUF_INIT;

	for (const struct text_edit *e = first, *run; e <= last; e = run) {
		/* edits without a line between them: all that goes, then all that comes */
		for (run = e; run <= last && (run == e || run->start == run[-1].end); run++) {
			put(&body, ' ', s, at, run->start);
			put(&body, '-', s, run->start, run->end);
			at = run->end;
		}
		for (const struct text_edit *k = e; k < run; k++) {
			size_t n = strlen(k->text);

			put(&body, '+', k->text, 0, n);
			new_n = new_n - count(s, k->start, k->end) + count(k->text, 0, n);
		}
	}
	put(&body, ' ', s, at, end);
	sb_add(out, "@@ ");
	range(out, '-', line, old_n);
	sb_addc(out, ' ');
	range(out, '+', (size_t)((long)line + *line_shift), new_n);
	sb_add(out, " @@\n");
	sb_add(out, sb_str(&body));
	*line_shift += (long)new_n - (long)old_n;
}

char *text_edits_diff(const struct text_edits *v, const char *s, const char *name)
{
	struct strbuf out = STRBUF_INIT;
	long line_shift = 0;

	if (v->n)
		sb_addf(&out, "--- a/%s\n+++ b/%s\n", name, name);
	for (size_t i = 0, k; i < v->n; i = k + 1) {
		for (k = i; k + 1 < v->n; k++) {
			/* closer than twice the context: one hunk */
			if (v->v[k + 1].start > forward(s, v->v[k].end, 2 * CONTEXT))
				break;
		}
		hunk(&out, s, &v->v[i], &v->v[k], &line_shift);
	}
	return sb_take(&out);
}
