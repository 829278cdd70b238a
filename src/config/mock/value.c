/* SPDX-License-Identifier: GPL-3.0-or-later */
/* value.c - values of both languages, how they compare, and what they look like to people. */
#include "base/text.h"
#include "config/mock/internal.h"
#include <stdarg.h>

void mtext_release(struct mtext *t)
{
	sb_release(&t->b);
	vec_release(&t->marks);
}

void mtext_add(struct mtext *t, const char *s, size_t n, unsigned file, unsigned line)
{
	*vec_push(&t->marks) = (struct mark){t->b.n, file, line};
	sb_addn(&t->b, s, n);
}

struct mark mtext_where(const struct mtext *t, size_t at)
{
	size_t low = 0, high = t->marks.n;

	while (low + 1 < high) {
		size_t mid = low + (high - low) / 2;

		if (t->marks.v[mid].at <= at)
			low = mid;
		else
			high = mid;
	}
	return t->marks.n ? t->marks.v[low] : (struct mark){0};
}

void mtext_add_part(struct mtext *t, const struct mtext *from, size_t at, size_t n)
{
	const char *s = sb_str(&from->b) + at;

	while (n) {
		const char *nl = memchr(s, '\n', n);
		size_t step = nl ? (size_t)(nl - s) + 1 : n;
		struct mark where = mtext_where(from, at);

		mtext_add(t, s, step, where.file, where.line);
		s += step;
		at += step;
		n -= step;
	}
}

void mval_free(struct mval *v)
{
	if (!v)
		return;
	mtext_release(&v->text);
	vec_foreach (&v->items, item)
		mval_free(*item);
	vec_release(&v->items);
	strv_release(&v->keys);
	free(v);
}

bool mock_spend(struct mock *m, size_t bytes)
{
	if (bytes > MOCK_TOTAL || m->bytes > MOCK_TOTAL)
		return false;
	m->bytes += bytes;
	return m->bytes <= MOCK_TOTAL;
}

struct mval *mval_new(struct mock *m, enum mkind kind)
{
	struct mval *v;

	if (m->values >= MOCK_VALUES)
		return NULL;
	m->values++;
	v = xcalloc(1, sizeof *v);
	v->kind = kind;
	return v;
}

struct mval *mval_copy(struct mock *m, const struct mval *v)
{
	CLEANUP(mval_freep) struct mval *c = mval_new(m, v->kind);

	if (!c || !mock_spend(m, v->text.b.n))
		return NULL;
	c->i = v->i;
	c->file = v->file;
	c->line = v->line;
	mtext_add_part(&c->text, &v->text, 0, v->text.b.n);
	strv_copy(&c->keys, &v->keys);
	vec_foreach (&v->items, item) {
		struct mval *copy = mval_copy(m, *item);

		if (!copy)
			return NULL;
		*vec_push(&c->items) = copy;
	}
	return TAKE(c);
}

struct mval *mval_text(struct mock *m, const char *s, unsigned file, unsigned line)
{
	struct mval *v = mock_spend(m, strlen(s)) ? mval_new(m, M_TEXT) : NULL;

	if (v)
		mtext_add(&v->text, s, strlen(s), file, line);
	return v;
}

const char *mval_str(const struct mval *v)
{
	return v && v->kind == M_TEXT ? sb_str(&v->text.b) : "";
}

bool mval_true(const struct mval *v)
{
	switch (v->kind) {
	case M_BOOL:
	case M_INT:
		return v->i != 0;
	case M_TEXT:
		return v->text.b.n > 0;
	case M_LIST:
	case M_DICT:
		return v->items.n > 0;
	case M_NONE:
	case M_UNDEFINED:
		break;
	}
	return false;
}

/* An option that no file sets is None to mock, which has a default for each. */
static enum mkind kind_of(const struct mval *v)
{
	return v->kind == M_UNDEFINED ? M_NONE : v->kind == M_BOOL ? M_INT : v->kind;
}

bool mval_equal(const struct mval *a, const struct mval *b)
{
	if (kind_of(a) != kind_of(b))
		return false;
	switch (kind_of(a)) {
	case M_INT:
		return a->i == b->i;
	case M_TEXT:
		return str_eq(mval_str(a), mval_str(b));
	case M_LIST:
		for (size_t i = 0; a->items.n == b->items.n && i < a->items.n; i++)
			if (!mval_equal(a->items.v[i], b->items.v[i]))
				return false;
		return a->items.n == b->items.n;
	case M_DICT:
		return false;
	default:
		return true;
	}
}

struct mval *mval_get(const struct mval *dict, const char *key)
{
	for (size_t i = 0; dict->kind == M_DICT && i < dict->keys.n; i++)
		if (str_eq(dict->keys.v[i], key))
			return dict->items.v[i];
	return NULL;
}

void mval_set(struct mval *dict, const char *key, struct mval *v)
{
	for (size_t i = 0; i < dict->keys.n; i++)
		if (str_eq(dict->keys.v[i], key)) {
			mval_free(dict->items.v[i]);
			dict->items.v[i] = v;
			return;
		}
	strv_add(&dict->keys, key);
	*vec_push(&dict->items) = v;
}

bool mock_is_plain(const char *s)
{
	uint32_t cp = 0;

	for (size_t step; *s; s += step) {
		step = text_utf8(s, &cp);
		if (!step || cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029)
			return false;
	}
	return true;
}

void mock_leave(
	struct mock *m, unsigned file, unsigned line, const char *what, const char *fmt, ...)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_free char *shown = NULL, *why = NULL, *one = NULL;
	struct mock_left *l;
	va_list ap;
	int n;

	if (m->left.n >= MOCK_LEFT)
		return;
	va_start(ap, fmt);
	n = vasprintf(&why, fmt, ap);
	va_end(ap);
	if (n < 0)
		oom_(__FILE__, __LINE__);
	one = str_replace(what, "\n", " ");
	shown = str_trim(one);
	sb_addf(&b, "%s:%u: ", file < m->files.n ? m->files.v[file] : "?", line);
	if (*shown)
		sb_addf(&b, "%s: ", Q(shown));
	sb_add(&b, why);
	l = vec_push(&m->left);
	*l = (struct mock_left){file, line, m->left.n, sb_take(&b)};
}
