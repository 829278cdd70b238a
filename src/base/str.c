/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"
#include "base/limits.h"
#include <stdarg.h>

/* Room for n more bytes and the NUL. */
static void sb_grow(struct strbuf *b, size_t n)
{
	size_t want = b->n + n + 1;

	if (want <= n)
		oom_(__FILE__, __LINE__);
	if (want <= b->cap)
		return;
	if (want < b->cap + b->cap / 2)
		want = b->cap + b->cap / 2;
	if (want < 32)
		want = 32;
	b->s = xrealloc(b->s, want);
	b->cap = want;
}

void sb_release(struct strbuf *b)
{
	free(b->s);
	*b = (struct strbuf)STRBUF_INIT;
}

void sb_addn(struct strbuf *b, const void *s, size_t n)
{
	sb_grow(b, n);
	if (n)
		memcpy(b->s + b->n, s, n);
	b->n += n;
	b->s[b->n] = '\0';
}

void sb_add(struct strbuf *b, const char *s)
{
	sb_addn(b, s, strlen(s));
}

void sb_addc(struct strbuf *b, char c)
{
	sb_addn(b, &c, 1);
}

PRINTF_LIKE(2, 0)
static void sb_addv(struct strbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		oom_(__FILE__, __LINE__);
	sb_grow(b, (size_t)n);
	(void)vsnprintf(b->s + b->n, (size_t)n + 1, fmt, ap);
	b->n += (size_t)n;
}

void sb_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sb_addv(b, fmt, ap);
	va_end(ap);
}

void sb_truncate(struct strbuf *b, size_t n)
{
	if (n >= b->n)
		return;
	b->n = n;
	b->s[n] = '\0';
}

const char *sb_str(const struct strbuf *b)
{
	return b->s ? b->s : "";
}

char *sb_take(struct strbuf *b)
{
	char *s = b->s ? b->s : xstrdup("");

	*b = (struct strbuf)STRBUF_INIT;
	return s;
}

void strv_release(struct strv *sv)
{
	for (size_t i = 0; i < sv->n; i++)
		free(sv->v[i]);
	free(sv->v);
	*sv = (struct strv)STRV_INIT;
}

void strv_take(struct strv *sv, char *s)
{
	if (sv->n + 2 > sv->cap) {
		sv->cap = sv->cap ? sv->cap * 2 : 8;
		sv->v = xrealloc(sv->v, sv->cap * sizeof *sv->v);
	}
	sv->v[sv->n++] = s;
	sv->v[sv->n] = NULL;
}

void strv_add(struct strv *sv, const char *s)
{
	strv_take(sv, xstrdup(s));
}

void strv_addn(struct strv *sv, const char *s, size_t n)
{
	strv_take(sv, xstrndup(s, n));
}

void strv_addf(struct strv *sv, const char *fmt, ...)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	sb_addv(&b, fmt, ap);
	va_end(ap);
	strv_take(sv, sb_take(&b));
}

void strv_addl(struct strv *sv, ...)
{
	const char *s;
	va_list ap;

	va_start(ap, sv);
	while ((s = va_arg(ap, const char *)))
		strv_add(sv, s);
	va_end(ap);
}

void strv_copy(struct strv *dst, const struct strv *src)
{
	for (size_t i = 0, n = src->n; i < n; i++)
		strv_add(dst, src->v[i]);
}

bool strv_has(const struct strv *sv, const char *s)
{
	for (size_t i = 0; i < sv->n; i++)
		if (str_eq(sv->v[i], s))
			return true;
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

void strv_sort(struct strv *sv)
{
	if (sv->n > 1)
		qsort(sv->v, sv->n, sizeof *sv->v, by_bytes);
}

void strv_split(struct strv *sv, const char *s, const char *seps)
{
	for (s += strspn(s, seps); *s; s += strspn(s, seps)) {
		size_t n = strcspn(s, seps);

		strv_addn(sv, s, n);
		s += n;
	}
}

void strv_lines(struct strv *sv, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "\n");

		strv_addn(sv, s, n);
		s += n + (s[n] == '\n');
	}
}

char *strv_join(const struct strv *sv, const char *sep)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	for (size_t i = 0; i < sv->n; i++) {
		if (i)
			sb_add(&b, sep);
		sb_add(&b, sv->v[i]);
	}
	return sb_take(&b);
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);

	return n >= k && memcmp(s + n - k, suffix, k) == 0;
}

bool str_eq_null(const char *a, const char *b)
{
	return a && b ? str_eq(a, b) : a == b;
}

/* The C locale's white space, whatever the locale is. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *str_trim(const char *s)
{
	size_t n;

	while (is_space(*s))
		s++;
	n = strlen(s);
	while (n && is_space(s[n - 1]))
		n--;
	return xstrndup(s, n);
}

char *str_replace(const char *s, const char *from, const char *to)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	size_t k = strlen(from);
	const char *hit;

	while (k && (hit = strstr(s, from))) {
		sb_addn(&b, s, (size_t)(hit - s));
		sb_add(&b, to);
		s = hit + k;
	}
	sb_add(&b, s);
	return sb_take(&b);
}

void str_set(char **p, const char *s)
{
	char *copy = xstrdup_null(s); /* s may lie in *p */

	free(*p);
	*p = copy;
}

bool str_u64(const char *s, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		if (__builtin_mul_overflow(v, UINT64_C(10), &v) ||
			__builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return false;
	}
	*ret = v;
	return true;
}

static size_t min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment with three rows: the one before last is for the transpositions. */
size_t str_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	auto_free size_t *rows = xcalloc(3 * (m + 1), sizeof *rows);
	size_t *old = rows, *prev = rows + m + 1, *cur = rows + 2 * (m + 1);

	for (size_t j = 0; j <= m; j++)
		prev[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *spare = old;

		cur[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t d = prev[j - 1] + (a[i - 1] != b[j - 1]);

			d = min2(d, min2(prev[j], cur[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = min2(d, old[j - 2] + 1);
			cur[j] = d;
		}
		old = prev;
		prev = cur;
		cur = spare;
	}
	return prev[m];
}

/* A slip changes at most a third of the letters, and never more than three of them. */
const char *str_nearest(const char *s, const char *const *list, size_t n)
{
	size_t len = strlen(s), best = min2(len / 3 > 1 ? len / 3 : 1, 3) + 1;
	const char *found = NULL;

	if (len < 2 || len > LIMIT_NAME)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t d, other = strlen(list[i]);

		if ((other > len ? other - len : len - other) >= best)
			continue;
		d = str_distance(s, list[i]);
		if (d < best) {
			best = d;
			found = list[i];
		}
	}
	return found;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool str_is_name(const char *s)
{
	size_t n = 0;

	if (!is_alnum(*s))
		return false;
	for (; s[n]; n++) {
		if (n >= LIMIT_NAME || !(is_alnum(s[n]) || strchr("._+-", s[n])))
			return false;
		if (s[n] == '.' && s[n + 1] == '.')
			return false;
	}
	return true;
}
