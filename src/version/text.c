/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.c - tags, marks, hashes and what rpm takes in a Version. */
#include "version/internal.h"
#include <strings.h>

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool version_tag_counts(const char *tag)
{
	static const char *const ends[] = {"-em", "-eom", "-eol"};

	if (str_starts(tag, "private-"))
		return false;
	for (size_t i = 0; i < COUNTOF(ends); i++)
		if (str_ends(tag, ends[i]))
			return false;
	if (*tag && strchr("vVrR", *tag))
		tag++;
	return *tag >= '0' && *tag <= '9';
}

const char *version_of_tag(const char *tag)
{
	if (!tag || !version_tag_counts(tag))
		return NULL;
	return strchr(DIGITS, *tag) ? tag : tag + 1;
}

bool version_is_pre(const char *version)
{
	static const char *const marks[] = {
		"a", "b", "c", "rc", "alpha", "beta", "dev", "pre", "preview"};

	for (const char *p = version; *(p += strcspn(p, LETTERS));) {
		size_t n = strspn(p, LETTERS);

		for (size_t i = 0; i < COUNTOF(marks); i++)
			if (n == strlen(marks[i]) && strncasecmp(p, marks[i], n) == 0)
				return true;
		p += n;
	}
	return false;
}

bool version_is_hash(const char *s, const char *sha)
{
	size_t n = strspn(s, "0123456789abcdef");

	if (s[n] || n < 7)
		return false;
	return s[strspn(s, DIGITS)] || (sha && str_starts(sha, s));
}

static bool is_separator(char c)
{
	return c && strchr(".+~^_-", c);
}

char *version_clean(const char *s, bool keep_dash)
{
	struct strbuf b = STRBUF_INIT;

	for (; *s; s++) {
		char c = *s;

		if (!strchr(DIGITS LETTERS ".+~^_", c) && !(keep_dash && c == '-'))
			c = '.';
		if (is_separator(c) && (!b.n || is_separator(b.s[b.n - 1])))
			continue;
		sb_addc(&b, c);
	}
	while (b.n && is_separator(b.s[b.n - 1]))
		sb_truncate(&b, b.n - 1);
	return sb_take(&b);
}

/* %{?dist}, %{dist}, %{?dist:…}, %dist; where it begins, or the end. */
static size_t dist_offset(const char *release)
{
	static const char *const forms[] = {"%{?dist", "%{dist", "%?dist", "%dist"};
	size_t best = strlen(release);

	for (size_t i = 0; i < COUNTOF(forms); i++) {
		const char *p = strstr(release, forms[i]);

		if (p && (size_t)(p - release) < best)
			best = (size_t)(p - release);
	}
	return best;
}

char *version_rebuilt(const char *release, int64_t n)
{
	size_t at = dist_offset(release);

	if (n <= 0)
		return xstrdup(release);
	return xasprintf("%.*s.%lld%s", (int)at, release, (long long)n, release + at);
}

void version_short(const char *sha, char ret[8])
{
	size_t n = strnlen(sha, 7);

	memcpy(ret, sha, n);
	ret[n] = '\0';
}

int version_check(const char *version, struct err *err)
{
	if (*version < '0' || *version > '9')
		return err_set(err, ERR_SOURCE, "'%.80s' is no version", version);
	if (strlen(version) > VERSION_MAX)
		return err_set(err, ERR_SOURCE, "version '%.80s…' is longer than %d characters",
			version, VERSION_MAX);
	return 0;
}
