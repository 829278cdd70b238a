/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One publish in two waits for the disk: everything new is written where no reader looks or names
 * it, then made durable by one syncfs, then renamed into place in order, then made durable again.
 * (An fsync of each of some forty files and directories costs as many flushes of the disk: measured
 * at five to ten times as long as syncfs beside other work.)
 */
#include "repo/internal.h"
#include <linux/fs.h>
#include <sys/syscall.h>

void stage_clear(struct repo *r)
{
	vec_foreach (&r->stage.swaps, s) {
		free(s->tmp);
		free(s->path);
	}
	vec_release(&r->stage.swaps);
	if (r->stage.fs_fd > 0)
		(void)close(r->stage.fs_fd);
	r->stage.fs_fd = 0;
}

int stage_begin(struct repo *r, struct err *err)
{
	int rc = fs_remove_tree(r->tmp, err);

	stage_clear(r);
	r->stage.serial = 0;
	if (rc >= 0)
		rc = fs_mkdirs(r->tmp, 0755, err);
	if (rc < 0)
		return rc;
	/* opened before anything is written: it hears of each error since */
	r->stage.fs_fd = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r->stage.fs_fd < 0 ? err_errno(err, "cannot open '%s'", r->dir) : 0;
}

char *stage_name(struct repo *r)
{
	return xasprintf("%s/%u", r->tmp, r->stage.serial++);
}

int stage_write(const char *path, const void *data, size_t n, struct err *err)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int rc;

	if (fd < 0)
		return err_errno(err, "cannot create '%s'", path);
	rc = fs_write_all(fd, data, n, err);
	if (rc < 0)
		return err_wrap(err, "%s", path);
	if (close(take_fd(&fd)) < 0)
		return err_errno(err, "cannot write '%s'", path);
	return 0;
}

void stage_install(struct repo *r, const char *tmp, const char *path)
{
	*vec_push(&r->stage.swaps) = (struct swap){xstrdup(tmp), xstrdup(path)};
}

static bool same_bytes(const char *path, const void *data, size_t n)
{
	auto_free char *there = NULL;
	size_t len = 0;

	return fs_read(path, n, &there, &len, NULL) >= 0 && len == n && memcmp(there, data, n) == 0;
}

int stage_replace(struct repo *r, const char *dir, const char *name, const void *data, size_t n,
	struct err *err)
{
	auto_free char *path = path_join(dir, name), *tmp = NULL;

	if (same_bytes(path, data, n))
		return 0;
	tmp = stage_name(r);
	stage_install(r, tmp, path);
	return stage_write(tmp, data, n, err);
}

int stage_link(struct repo *r, const char *dir, const char *name, const char *src, struct err *err)
{
	auto_free char *path = path_join(dir, name), *tmp = NULL;
	struct stat a, b;

	/* rename does nothing between two names of one file */
	if (lstat(path, &a) == 0 && lstat(src, &b) == 0 && a.st_ino == b.st_ino &&
		a.st_dev == b.st_dev)
		return 0;
	tmp = stage_name(r);
	stage_install(r, tmp, path);
	return fs_link_or_copy(src, tmp, err);
}

/* A directory in the way of another (the record of an earlier failure) changes places with it and
 * is swept at the next publish. */
static int put(const struct swap *s, struct err *err)
{
	if (rename(s->tmp, s->path) == 0)
		return 0;
	if ((errno != ENOTEMPTY && errno != EEXIST) ||
		syscall(SYS_renameat2, AT_FDCWD, s->tmp, AT_FDCWD, s->path, RENAME_EXCHANGE) < 0)
		return err_errno(err, "cannot replace '%s'", s->path);
	return 0;
}

static int sync_all(struct repo *r, struct err *err)
{
	if (syncfs(r->stage.fs_fd) < 0)
		return err_errno(err, "cannot write below '%s'", r->dir);
	return 0;
}

int stage_commit(struct repo *r, struct err *err)
{
	int rc = r->stage.swaps.n ? sync_all(r, err) : 0;

	for (size_t i = 0; rc >= 0 && i < r->stage.swaps.n; i++)
		rc = put(&r->stage.swaps.v[i], err);
	if (rc >= 0 && r->stage.swaps.n)
		rc = sync_all(r, err);
	stage_clear(r);
	return rc;
}
