/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * filelists.c - filelists.xml straight into the index. A scanner for the few things that are in it
 * instead of a tree or libsolv's lists: these files are five times as large as all the rest.
 */
#include "base/base.h"
#include "base/limits.h"
#include "solve/internal.h"

#define BUFFER (1 << 20)

struct lists {
	struct files_index *x;
	struct hmap packages; /* checksum -> ordinal */
	size_t ordinal;
	bool in_package, known;
	const char *fault;
};

static void append(char *to, size_t *n, uint32_t c)
{
	if (c < 0x80) {
		to[(*n)++] = (char)c;
		return;
	}
	if (c < 0x800) {
		to[(*n)++] = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			to[(*n)++] = (char)(0xe0 | c >> 12);
		} else {
			to[(*n)++] = (char)(0xf0 | (c >> 18 & 7));
			to[(*n)++] = (char)(0x80 | (c >> 12 & 0x3f));
		}
		to[(*n)++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	to[(*n)++] = (char)(0x80 | (c & 0x3f));
}

/* One reference at s (after the &), up to its semicolon; 0: none known. */
static uint32_t reference(const char *s, size_t n)
{
	static const struct {
		const char *name;
		char c;
	} known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
	auto_free char *word = xstrndup(s, n);

	if (word[0] == '#') {
		bool hex = word[1] == 'x';
		char *end;
		unsigned long v = strtoul(word + 1 + hex, &end, hex ? 16 : 10);

		return *end || v > 0x10ffff ? 0 : (uint32_t)v;
	}
	for (size_t i = 0; i < COUNTOF(known); i++) {
		if (str_eq(known[i].name, word))
			return (uint32_t)known[i].c;
	}
	return 0;
}

/* A path with references: rare. Never longer than its text. */
static bool add_decoded(struct lists *l, const char *s, size_t n)
{
	auto_free char *path = xmalloc(n + 1);
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		const char *semi;
		uint32_t c;

		if (s[i] != '&') {
			path[k++] = s[i];
			continue;
		}
		semi = memchr(s + i, ';', n - i);
		if (!semi || !(c = reference(s + i + 1, (size_t)(semi - s) - i - 1)))
			return false;
		append(path, &k, c);
		i = (size_t)(semi - s);
	}
	files_index_add(l->x, path, k, l->ordinal);
	return true;
}

static const char *package(struct lists *l, const char *tag, size_t n)
{
	auto_free char *text = xstrndup(tag, n);
	const char *at = strstr(text, " pkgid=");
	char quote;

	if (l->in_package)
		return "a package within a package";
	l->in_package = true;
	if (!at || ((quote = at[7]) != '"' && quote != '\''))
		return "a package without its checksum";
	auto_free char *id = xstrndup(at + 8, strcspn(at + 8, quote == '"' ? "\"" : "'"));
	l->known = hmap_get(&l->packages, id, &l->ordinal);
	return NULL;
}

static bool is_tag(const char *s, size_t n, const char *name)
{
	size_t k = strlen(name);

	return n > k + 1 && !memcmp(s, name, k) && strchr(" \t\r\n>", s[k]);
}

/* The text behind the tag of a file. */
static const char *file(struct lists *l, const char *s, size_t n)
{
	const char *end = memchr(s, '>', n);
	size_t len;

	if (!l->in_package)
		return "a file outside of a package";
	if (!l->known)
		return NULL;
	if (!end || end[-1] == '/')
		return "a file without a path";
	end++;
	len = n - (size_t)(end - s);
	if (!len || *end != '/' || len > LIMIT_DEP)
		return "a file that is no path";
	if (l->x->n >= LIMIT_REPO_FILES)
		return "more files than allowed";
	if (memchr(end, '&', len))
		return add_decoded(l, end, len) ? NULL : "an unknown reference";
	files_index_add(l->x, end, len, l->ordinal);
	return NULL;
}

/* One piece: a tag and the text behind it, up to the next `<`. */
static const char *piece(struct lists *l, const char *s, size_t n)
{
	if (is_tag(s, n, "<file"))
		return file(l, s, n);
	if (is_tag(s, n, "<package"))
		return package(l, s, n);
	if (n > 9 && !memcmp(s, "</package", 9))
		l->in_package = false;
	return NULL;
}

static const char *read_all(struct lists *l, FILE *in)
{
	auto_free char *buf = xmalloc(BUFFER + LIMIT_XML_PIECE + 1);
	size_t have = 0, got;
	const char *why = NULL;

	while (!why && (got = fread(buf + have, 1, BUFFER, in)) > 0) {
		const char *p = buf, *end = buf + have + got, *q;

		while (!why && p < end && (q = memchr(p + 1, '<', (size_t)(end - p) - 1))) {
			why = piece(l, p, (size_t)(q - p));
			p = q;
		}
		have = (size_t)(end - p);
		if (have > LIMIT_XML_PIECE)
			return "an element of absurd length";
		memmove(buf, p, have);
	}
	if (!why && (l->in_package || have < 12 || memcmp(buf, "</filelists>", 12) != 0))
		why = "no end";
	return why;
}

int filelists_parse(
	const char *path, Pool *pool, const Queue *ids, struct files_index *ret, struct err *err)
{
	CLEANUP(stream_freep) struct stream *st = NULL;
	CLEANUP(files_index_release) struct files_index x = {0};
	struct lists l = {.x = &x};
	const char *why;
	int r;

	if ((r = stream_open(path, LIMIT_FILELISTS, &st, err)) < 0)
		return r;
	for (int i = 0; i < ids->count; i++) {
		Id type;
		const char *sum = solvable_lookup_checksum(
			pool_id2solvable(pool, ids->elements[i]), SOLVABLE_CHECKSUM, &type);

		if (sum)
			hmap_set(&l.packages, sum, (size_t)i);
	}
	why = read_all(&l, stream_file(st));
	hmap_release(&l.packages);
	why = stream_fault(st) ?: why;
	if (why)
		return err_set(err, ERR_SOURCE, "filelists metadata has %s", why);
	files_index_sort(&x);
	*ret = x;
	x = (struct files_index){0};
	return 0;
}
