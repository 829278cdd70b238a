/* SPDX-License-Identifier: GPL-3.0-or-later */
/* str.h - a string buffer, a vector of strings, and what the C library lacks for strings. */
#pragma once
#include "base/err.h"

/* A growing string; .s is NUL-terminated as soon as anything was added, else NULL. */
struct strbuf {
	char *s;
	size_t n, cap;
};
#define STRBUF_INIT                                                                                \
	{                                                                                          \
		0                                                                                  \
	}
#define auto_strbuf CLEANUP(sb_release)

void sb_release(struct strbuf *b);
void sb_add(struct strbuf *b, const char *s);
void sb_addn(struct strbuf *b, const void *s, size_t n);
void sb_addc(struct strbuf *b, char c);
void sb_addf(struct strbuf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void sb_truncate(struct strbuf *b, size_t n);
/* Borrowed text, "" when nothing was added. */
const char *sb_str(const struct strbuf *b);
/* The text, now the caller's ("" when empty); the buffer is empty afterwards. */
char *sb_take(struct strbuf *b);

/* A vector of owned strings; .v is NULL-terminated once something was added (fit for execve). */
struct strv {
	char **v;
	size_t n, cap;
};
#define STRV_INIT                                                                                  \
	{                                                                                          \
		0                                                                                  \
	}
#define auto_strv            CLEANUP(strv_release)
#define strv_foreach(sv, it) for (char **it = (sv)->v; it && it < (sv)->v + (sv)->n; it++)

void strv_release(struct strv *sv);
void strv_add(struct strv *sv, const char *s);
void strv_addn(struct strv *sv, const char *s, size_t n);
void strv_addf(struct strv *sv, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Takes ownership of s. */
void strv_take(struct strv *sv, char *s);
/* Adds all strings up to a NULL argument. */
void strv_addl(struct strv *sv, ...) __attribute__((sentinel));
void strv_copy(struct strv *dst, const struct strv *src);
bool strv_has(const struct strv *sv, const char *s);
void strv_sort(struct strv *sv); /* by bytes, as LC_ALL=C sort */
/* Pieces of s between any of the bytes in seps; empty pieces are dropped. */
void strv_split(struct strv *sv, const char *s, const char *seps);
/* Lines of s without their \n; a last line without \n counts. */
void strv_lines(struct strv *sv, const char *s);
char *strv_join(const struct strv *sv, const char *sep);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}
/* Equal, where NULL equals NULL only. */
bool str_eq_null(const char *a, const char *b);
static inline bool str_empty(const char *s)
{
	return !s || !*s;
}
/* s without leading and trailing white space; the caller's. */
char *str_trim(const char *s);
/* Replace every `from` by `to`; the caller's. */
char *str_replace(const char *s, const char *from, const char *to);
/* Replace the owned string *p by a copy of s (which may be NULL). */
void str_set(char **p, const char *s);
/* Whole string is a decimal number that fits; false otherwise. */
bool str_u64(const char *s, uint64_t *ret);
/* Edit distance with transpositions, for "did you mean". */
size_t str_distance(const char *a, const char *b);
/* The entry of the list nearest to s when it is near enough to be a slip, else NULL. */
const char *str_nearest(const char *s, const char *const *list, size_t n);
/* A name that may become a file name, an URL part, a repository id: [A-Za-z0-9][A-Za-z0-9._+-]*,
 * at most LIMIT_NAME bytes, no "..". */
bool str_is_name(const char *s);
