/* SPDX-License-Identifier: GPL-3.0-or-later */
/* location.c - URLs of repositories, and of what lies below them. */
#include "base/base.h"
#include "base/limits.h"
#include "base/text.h"
#include "remote/internal.h"
#include <ctype.h>

/* As dnf: what repositories call an architecture in their URLs. */
static const char *url_basearch(const char *arch)
{
	static const struct {
		const char *arch, *base;
	} known[] = {
		{"i486", "i386"},
		{"i586", "i386"},
		{"i686", "i386"},
		{"athlon", "i386"},
		{"amd64", "x86_64"},
		{"ia32e", "x86_64"},
		{"x86_64_v2", "x86_64"},
		{"x86_64_v3", "x86_64"},
		{"x86_64_v4", "x86_64"},
		{"armv7hl", "armhfp"},
		{"armv7hnl", "armhfp"},
		{"armv8hl", "armhfp"},
		{"armv7l", "arm"},
		{"ppc64p7", "ppc64"},
	};

	for (size_t i = 0; i < COUNTOF(known); i++) {
		if (str_eq(arch, known[i].arch))
			return known[i].base;
	}
	return arch;
}

/* The length of "$name" or "${name}" at s; 0: something else. */
static size_t variable(const char *s, const char *name)
{
	size_t n = strlen(name);

	if (s[1] == '{')
		return strncmp(s + 2, name, n) == 0 && s[2 + n] == '}' ? n + 3 : 0;
	return strncmp(s + 1, name, n) == 0 && !isalnum((unsigned char)s[1 + n]) && s[1 + n] != '_'
		       ? n + 1
		       : 0;
}

int url_expand(const char *url, const struct target *t, char **ret, struct err *err)
{
	const struct {
		const char *name, *value;
	} vars[] = {
		{"releasever", t->releasever ?: ""},
		{"basearch", url_basearch(t->arch)},
		{"arch", t->arch},
	};
	auto_strbuf struct strbuf sb = STRBUF_INIT;

	while (*url) {
		size_t n = 0, i = 0;

		for (; *url == '$' && i < COUNTOF(vars); i++) {
			if ((n = variable(url, vars[i].name)))
				break;
		}
		if (!n) {
			sb_addc(&sb, *url++);
			continue;
		}
		if (!*vars[i].value)
			return err_set(err, ERR_CONFIG,
				"its URL has $%s, and the target says no %s", vars[i].name,
				vars[i].name);
		sb_add(&sb, vars[i].value);
		url += n;
	}
	*ret = sb_take(&sb);
	return 0;
}

bool url_is_remote(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

bool url_is_file(const char *url)
{
	return strncasecmp(url, "file:/", 6) == 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *url_file_path(const char *url)
{
	auto_strbuf struct strbuf sb = STRBUF_INIT;
	const char *s = url;

	if (!url_is_file(url))
		return NULL;
	s += 5;
	if (str_starts(s, "//localhost/"))
		s += strlen("//localhost");
	else if (str_starts(s, "///"))
		s += 2;
	else if (str_starts(s, "//"))
		return NULL;
	for (; *s; s++) {
		if (*s == '%' && hex(s[1]) >= 0 && hex(s[2]) >= 0) {
			sb_addc(&sb, (char)(hex(s[1]) << 4 | hex(s[2])));
			s += 2;
		} else {
			sb_addc(&sb, *s);
		}
	}
	return sb_take(&sb);
}

char *url_below(const char *base, const char *location)
{
	auto_strbuf struct strbuf sb = STRBUF_INIT;

	sb_add(&sb, base);
	if (!str_ends(base, "/"))
		sb_addc(&sb, '/');
	text_url_path(&sb, location);
	return sb_take(&sb);
}

void urls_below(const struct strv *bases, const char *location, struct strv *ret)
{
	strv_foreach (bases, b)
		strv_take(ret, url_below(*b, location));
}
