/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repo/internal.h"
#include <ctype.h>

const char *const part_dirs[PARTS] = {"", "source", "debug"};

enum part part_of(enum package_kind k)
{
	switch (k) {
	case PACKAGE_SOURCE:
		return PART_SOURCE;
	case PACKAGE_DEBUGINFO:
	case PACKAGE_DEBUGSOURCE:
		return PART_DEBUG;
	case PACKAGE_MAIN:
		break;
	}
	return PART_MAIN;
}

void entry_release(struct entry *e)
{
	free(e->href);
	free(e->path);
}

char *pool_href(const struct package *p)
{
	return xasprintf("pool/%c/%s/%s", tolower((unsigned char)p->name[0]), p->name, p->file);
}

char *repo_pool_path(const char *dir, const struct package *p)
{
	auto_free char *href = pool_href(p);

	return path_join(dir, href);
}

/* rpm's versions also have ~ and ^; nothing else may become a path and an URL. */
static bool is_file_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= 255 && isalnum((unsigned char)s[0]) &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+~^-") ==
		       n;
}

static int conflict(const struct package *p, const char *before, struct err *err)
{
	return err_set(err, ERR_CONFLICT,
		"%s is published already with other bytes (sha256 %s, now %s): raise its version "
		"or release",
		p->nevra, before, p->sha256);
}

/*
 * A publish that was killed may have left a package that no repository came to name. Built again,
 * it may have other bytes, and must not fail for that.
 */
static bool is_orphan(struct repo *r, const struct package *p, const char *commit)
{
	auto_free char *repomd = path_join(commit, "repodata/repomd.xml"), *href = pool_href(p);
	auto_free char *current = path_join(r->dir, "current");

	return !fs_exists(repomd) && !tree_lists(current, part_of(p->kind), href);
}

int pool_check(struct repo *r, struct store *st, const struct package *p, const char *commit,
	struct err *err)
{
	auto_free char *path = NULL, *before = NULL;
	char there[SHA256_HEX];
	int rc;

	if (!p->name || !is_file_name(p->name) || !is_file_name(p->file) || !p->path)
		return err_set(err, ERR_SOURCE, "package '%s' has no name that can be published",
			p->file ? p->file : "?");
	rc = store_nevra_sha(st, r->target, p->nevra, &before, err);
	if (rc < 0)
		return rc;
	if (before && !str_eq(before, p->sha256))
		return conflict(p, before, err);
	path = repo_pool_path(r->dir, p);
	if (!fs_exists(path))
		return 0;
	rc = sha256_file(path, there, err);
	if (rc < 0)
		return rc;
	if (str_eq(there, p->sha256) || (!before && is_orphan(r, p, commit)))
		return 0;
	return conflict(p, there, err);
}

/* The copy keeps the time of the file, which is part of the metadata. */
static int copy_in(struct repo *r, const char *src, const char *dst, struct err *err)
{
	auto_free char *tmp = stage_name(r);
	struct timespec times[2];
	struct stat st;
	int rc = fs_copy(src, tmp, 0644, err);

	if (rc < 0)
		return rc;
	if (stat(src, &st) < 0)
		return err_errno(err, "cannot read '%s'", src);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (utimensat(AT_FDCWD, tmp, times, 0) < 0)
		return err_errno(err, "cannot set the time of '%s'", tmp);
	/* unlike rename, link never replaces */
	if (link(tmp, dst) < 0 && errno != EEXIST && rename(tmp, dst) < 0)
		return err_errno(err, "cannot create '%s'", dst);
	(void)unlink(tmp);
	return 0;
}

/* Served by a web server of another user. */
static int make_readable(const char *path, struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, "cannot open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CORRUPT, "'%s' is not a regular file", path);
	if ((st.st_mode & 0777) != 0644 && fchmod(fd, 0644) < 0)
		return err_errno(err, "cannot make '%s' readable", path);
	return 0;
}

/* Whether the file in the way has other bytes. */
static int differs(const char *path, const struct package *p, struct err *err)
{
	char there[SHA256_HEX];
	int rc = sha256_file(path, there, err);

	return rc < 0 ? rc : !str_eq(there, p->sha256);
}

int pool_put(struct repo *r, const struct package *p, struct err *err)
{
	auto_free char *path = repo_pool_path(r->dir, p), *dir = path_dir(path);
	int rc = fs_mkdirs(dir, 0755, err);

	if (rc < 0)
		return rc;
	if (link(p->path, path) == 0)
		return make_readable(path, err);
	if (errno == EEXIST) {
		rc = differs(path, p, err);
		if (rc > 0 && unlink(path) < 0)
			rc = err_errno(err, "cannot remove '%s'", path);
		if (rc <= 0)
			return rc < 0 ? rc : make_readable(path, err);
		if (link(p->path, path) == 0)
			return make_readable(path, err);
	}
	if (errno != EXDEV && errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP)
		return err_errno(err, "cannot create '%s'", path);
	rc = copy_in(r, p->path, path, err);
	return rc < 0 ? rc : make_readable(path, err);
}
