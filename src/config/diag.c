/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/diag.h"
#include "base/text.h"
#include <stdarg.h>

static void line_release(struct diag_line *l)
{
	free(l->text);
}

void diag_release(struct diag *d)
{
	vec_free(&d->errors, line_release);
	vec_free(&d->warnings, line_release);
}

PRINTF_LIKE(5, 0)
static void add(struct diag_lines *to, const struct doc *doc, size_t line, size_t column,
	const char *fmt, va_list ap)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct diag_line *l;
	char *text = NULL;

	if (to->n > DIAG_MAX)
		return;
	if (to->n == DIAG_MAX) {
		line = column = SIZE_MAX;
		sb_addf(&b, "%s: too many problems, the others are not shown", doc->shown);
	} else {
		if (line)
			sb_addf(&b, "%s:%zu:%zu: ", doc->shown, line, column);
		else
			sb_addf(&b, "%s: ", doc->shown);
		if (vasprintf(&text, fmt, ap) < 0)
			oom_(__FILE__, __LINE__);
		sb_add(&b, text);
		free(text);
	}
	vec_foreach (to, old)
		if (str_eq(old->text, b.s))
			return;
	l = vec_push(to);
	*l = (struct diag_line){
		.file = doc->index, .line = line, .column = column, .text = sb_take(&b)};
}

void diag_error(
	struct diag *d, const struct doc *doc, size_t line, size_t column, const char *fmt, ...)
{
	va_list ap;

	d->found++;
	va_start(ap, fmt);
	add(&d->errors, doc, line, column, fmt, ap);
	va_end(ap);
}

void diag_warn(
	struct diag *d, const struct doc *doc, size_t line, size_t column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(&d->warnings, doc, line, column, fmt, ap);
	va_end(ap);
}

bool diag_full(const struct diag *d)
{
	return d->errors.n > DIAG_MAX;
}

static int by_place(const void *pa, const void *pb)
{
	const struct diag_line *a = pa, *b = pb;

	if ((a->line == SIZE_MAX) != (b->line == SIZE_MAX))
		return a->line == SIZE_MAX ? 1 : -1;
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return strcmp(a->text, b->text);
}

void diag_take(struct diag_lines *lines, struct strv *ret)
{
	if (lines->n)
		qsort(lines->v, lines->n, sizeof *lines->v, by_place);
	vec_foreach (lines, l)
		strv_add(ret, l->text);
	vec_free(lines, line_release);
}

int diag_finish(struct diag *d, struct strv *ret_errors, struct err *err)
{
	size_t had = ret_errors->n, n = d->errors.n;

	if (!n)
		return 0;
	diag_take(&d->errors, ret_errors);
	if (n == 1)
		return err_set(err, ERR_CONFIG, "%s", ret_errors->v[had]);
	return err_set(err, ERR_CONFIG, "%s (and %zu more)", ret_errors->v[had], n - 1);
}

struct quoted diag_quote(const char *s)
{
	struct quoted q;
	size_t n = 0, step;

	q.s[n++] = '\'';
	while (*s && n < 60) {
		step = text_utf8(s, NULL) ?: 1;
		if (*s == '\n')
			q.s[n++] = ' ';
		else
			for (size_t i = 0; i < step; i++)
				q.s[n++] = s[i];
		s += step;
	}
	if (*s) {
		memcpy(q.s + n, "...", 3);
		n += 3;
	}
	q.s[n++] = '\'';
	q.s[n] = '\0';
	return q;
}
