/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What git prints, and the names that come from a configuration. Input: "R" and the output of
 * ls-remote; "N" and that of log --numstat -z; "U" and a url, ref or path; "T", a listing, 0xff,
 * and the output of cat-file: then nothing may come into being outside of the directory.
 */
#include "base/base.h"
#include "base/fs.h"
#include "git/internal.h"

#define SHA "1234567890123456789012345678901234567890"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void refs(const char *text)
{
	auto_strv struct strv lines = STRV_INIT;
	auto_free char *why = git_why(text), *utf8 = git_utf8(text, 100);

	git_parse_refs(text, &lines);
	strv_foreach (&lines, l)
		assert(strlen(*l) > 41 && strchr(*l, ' '));
	assert(strlen(utf8) <= 100);
	assert(!why || !strchr(why, '\n'));
}

static void names(const char *text)
{
	auto_free char *shown = git_url_shown(text), *path = NULL, *sub = NULL;

	assert(shown);
	if (git_check_url(text, NULL) >= 0)
		assert(*text && *text != '-' && !str_starts(text, "ext::") && !strchr(text, '\n'));
	if (git_check_ref(text, NULL) >= 0)
		assert(*text != '-' && !strpbrk(text, "^:~ \n"));
	if (git_url_is_local(text, &path))
		assert(*path == '/');
	if (git_clean_sub(text, &sub, NULL) >= 0)
		assert(*sub != '/' && !str_starts(sub, "../") && !str_eq(sub, ".."));
}

static void tree(const uint8_t *data, size_t size)
{
	const char *base = getenv("TMPDIR");
	auto_free char *prefix = path_join(base && *base ? base : "/tmp", "packmill-fuzz-git.");
	auto_free char *tmp = NULL, *dir = NULL;
	const uint8_t *sep = memchr(data, 0xff, size);
	size_t n = sep ? (size_t)(sep - data) : size;
	auto_strbuf struct strbuf listing = STRBUF_INIT, objects = STRBUF_INIT;
	auto_strv struct strv left = STRV_INIT;

	sb_addn(&listing, data, n);
	if (sep)
		sb_addn(&objects, sep + 1, size - n - 1);
	if (fs_tmpdir(prefix, &tmp, NULL) < 0)
		return;
	dir = path_join(tmp, "in");
	(void)git_unpack(SHA, &listing, &objects, dir, NULL);
	assert(fs_list(tmp, &left, NULL) >= 0);
	assert(left.n == 0 || (left.n == 1 && str_eq(left.v[0], "in")));
	assert(fs_remove_tree(tmp, NULL) >= 0);
}

/* NULs are part of it. */
static void numstat(const uint8_t *data, size_t n)
{
	struct git_changes v = VEC_INIT;
	auto_strbuf struct strbuf text = STRBUF_INIT;

	sb_addn(&text, data, n);
	git_parse_numstat(sb_str(&text), text.n, &v);
	vec_foreach (&v, c)
		assert(*c->path && c->added >= -1 && c->removed >= -1);
	vec_free(&v, git_change_release);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *s = NULL;

	if (!size)
		return 0;
	s = xstrndup((const char *)data + 1, size - 1);
	if (*data == 'R')
		refs(s);
	else if (*data == 'N')
		numstat(data + 1, size - 1);
	else if (*data == 'U')
		names(s);
	else if (*data == 'T')
		tree(data + 1, size - 1);
	return 0;
}
