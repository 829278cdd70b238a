/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repo/listing.h"
#include "base/fs.h"
#include "base/limits.h"
#include <zlib.h>

#define SUFFIX   "-primary.xml.gz"
#define LINE     (64 * 1024)
#define YAML_MAX (1024 * 1024)
#define NOT_READ (-1)

/* ---- one primary file ---- */

struct reading {
	const char *path;
	char sha256[SHA256_HEX];
	uint64_t size, total;
	int64_t packages; /* as the file says, NOT_READ before */
	int64_t n;
	int (*fn)(void *ctx, const struct listed *l, struct err *err);
	void *ctx;
};

/* The value between `before` and the next quote or tag, in place; NULL: another line. */
static char *value(char *line, const char *before, const char *end)
{
	char *s = str_starts(line, before) ? line + strlen(before) : NULL;

	if (s)
		s[strcspn(s, end)] = '\0';
	return s;
}

static int location(struct reading *x, const char *href, struct err *err)
{
	struct listed l = {href, x->sha256, x->size};
	int r;

	if (!*x->sha256 || strchr(href, '&') || strstr(href, "..") || *href == '/')
		return err_set(err, ERR_CORRUPT, "'%s' lists a package at '%s'", x->path, href);
	r = x->fn(x->ctx, &l, err);
	x->n++;
	x->sha256[0] = '\0';
	x->size = 0;
	return r;
}

static int take_line(struct reading *x, char *line, struct err *err)
{
	uint64_t n;
	char *s;

	line += strspn(line, " ");
	if (line[0] != '<')
		return 0;
	if ((s = value(line, "<location href=\"", "\"")))
		return location(x, s, err);
	if ((s = value(line, "<checksum type=\"sha256\" pkgid=\"YES\">", "<")) &&
		strlen(s) == SHA256_HEX - 1)
		memcpy(x->sha256, s, SHA256_HEX);
	else if ((s = value(line, "<size package=\"", "\"")) && str_u64(s, &n))
		x->size = n;
	else if (x->packages == NOT_READ && str_starts(line, "<metadata ") &&
		 (s = strstr(line, " packages=\"")) && (s = value(s, " packages=\"", "\"")) &&
		 str_u64(s, &n))
		x->packages = (int64_t)n;
	return 0;
}

static int read_lines(struct reading *x, gzFile f, struct err *err)
{
	auto_free char *line = xmalloc(LINE);
	int r = 0;

	while (r >= 0 && gzgets(f, line, LINE)) {
		x->total += strlen(line);
		if (x->total > LIMIT_PRIMARY || x->n > LIMIT_REPO_PACKAGES)
			return err_set(err, ERR_CORRUPT, "'%s' is too large", x->path);
		r = take_line(x, line, err);
	}
	return r;
}

int listing_check(const char *path, struct err *err)
{
	const char *name = path_base(path);
	char sha[SHA256_HEX];
	int r = sha256_file(path, sha, err);

	if (r < 0)
		return r;
	if (!str_ends(name, ".xml.gz") || strncmp(name, sha, SHA256_HEX - 1) != 0)
		return err_set(err, ERR_CORRUPT, "'%s' is damaged (its checksum is %s)", path, sha);
	return 0;
}

int listing_read(const char *path, int (*fn)(void *ctx, const struct listed *l, struct err *err),
	void *ctx, struct err *err)
{
	struct reading x = {.path = path, .packages = NOT_READ, .fn = fn, .ctx = ctx};
	int r = listing_check(path, err), rc;
	gzFile f;

	if (r < 0)
		return r;
	f = gzopen(path, "re");
	if (!f)
		return err_errno(err, "cannot open '%s'", path);
	(void)gzbuffer(f, LINE);
	r = read_lines(&x, f, err);
	rc = gzclose_r(f);
	if (r < 0)
		return r;
	if (rc != Z_OK || x.n != x.packages)
		return err_set(err, ERR_CORRUPT, "'%s' lists %lld packages and says %lld", path,
			(long long)x.n, (long long)x.packages);
	return 0;
}

int listing_ids(const char *path, struct strv *ret, struct err *err)
{
	auto_free char *line = xmalloc(LINE);
	int r = listing_check(path, err);
	gzFile f;

	if (r < 0)
		return r;
	f = gzopen(path, "re");
	if (!f)
		return err_errno(err, "cannot open '%s'", path);
	while (ret->n < LIMIT_REPO_PACKAGES && gzgets(f, line, LINE)) {
		char *s = value(line, "<package pkgid=\"", "\"");

		if (s && strlen(s) == SHA256_HEX - 1)
			strv_add(ret, s);
	}
	(void)gzclose_r(f);
	return 0;
}

/* ---- directories ---- */

void listing_names(const char *repomd, struct strv *ret)
{
	static const char mark[] = "href=\"repodata/";

	for (const char *s = repomd; (s = strstr(s, mark));) {
		s += sizeof mark - 1;
		strv_addn(ret, s, strcspn(s, "\""));
	}
}

int listing_primaries(const char *repodata, struct strv *ret, struct err *err)
{
	auto_free char *path = path_join(repodata, "repomd.xml"), *repomd = NULL;
	auto_strv struct strv names = STRV_INIT, there = STRV_INIT;
	int r = fs_read(path, LIMIT_REPOMD, &repomd, NULL, err);

	if (r == -ERR_NOT_FOUND)
		return err_set(err, ERR_CORRUPT, "there is no '%s'", path);
	if (r < 0 || (r = fs_list(repodata, &there, err)) < 0)
		return r;
	listing_names(repomd, &names);
	if (!names.n)
		return err_set(err, ERR_CORRUPT, "'%s' names no files", path);
	strv_foreach (&names, n)
		if (!strv_has(&there, *n))
			return err_set(
				err, ERR_CORRUPT, "'%s' names '%s', which is not there", path, *n);
	strv_foreach (&there, n)
		if (str_ends(*n, SUFFIX))
			strv_add(ret, *n);
	return 0;
}

static bool is_hex(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, "0123456789abcdef") == n;
}

int listing_named(const char *dir, struct strv *ret, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(dir, &names, err);

	strv_foreach (&names, n) {
		auto_free char *repodata = xasprintf("%s/%s/repodata", dir, *n);

		if ((*n)[0] != '.' && fs_is_dir(repodata))
			strv_add(ret, *n);
	}
	return r;
}

int listing_heads(const char *dir, struct strv *ret, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(dir, &names, err);

	strv_foreach (&names, n)
		if (is_hex(*n, 2))
			strv_add(ret, *n);
	return r;
}

int listing_commits(const char *dir, const char *head, struct strv *ret, struct err *err)
{
	auto_free char *top = path_join(dir, head);
	auto_strv struct strv second = STRV_INIT;
	int r = listing_heads(top, &second, err);

	for (size_t i = 0; r >= 0 && i < second.n; i++) {
		auto_free char *sub = path_join(top, second.v[i]);
		auto_strv struct strv names = STRV_INIT;

		r = fs_list(sub, &names, err);
		strv_foreach (&names, n)
			if ((*n)[0] != '.')
				strv_addf(ret, "%s/%s/%s", head, second.v[i], *n);
	}
	return r;
}

int64_t listing_build(const char *dir)
{
	static const char key[] = "\n  id: \"";
	auto_free char *path = path_join(dir, "commit.yaml"), *text = NULL;
	const char *s;

	if (fs_read(path, YAML_MAX, &text, NULL, NULL) < 0 || !(s = strstr(text, key)))
		return 0;
	return strtoll(s + strlen(key), NULL, 10);
}
