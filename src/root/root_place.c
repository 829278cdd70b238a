/* SPDX-License-Identifier: GPL-3.0-or-later */
/* root_place.c - where roots can lie, whose ids they carry, and how one comes to its place. */
#include "base/base.h"
#include "base/fs.h"
#include "root/cache.h"
#include <linux/magic.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/vfs.h>

/* The lines of our own user; those of others do not matter. */
static void add_ids(struct strbuf *b, const char *path, const char *name)
{
	auto_free char *text = NULL, *by_id = xasprintf("%ld:", (long)getuid());
	auto_free char *by_name = name ? xasprintf("%s:", name) : xstrdup(by_id);
	auto_strv struct strv lines = STRV_INIT;

	if (fs_read(path, LIMIT_OUTPUT, &text, NULL, NULL) < 0)
		return;
	strv_lines(&lines, text);
	strv_foreach (&lines, l)
		if (str_starts(*l, by_id) || str_starts(*l, by_name))
			sb_addf(b, "%s\n", *l);
}

int root_mode_text(struct strbuf *b, struct err *err)
{
	static const char *const maps[] = {"/etc/subuid", "/etc/subgid"};
	auto_free char *name = NULL;
	const struct passwd *pw;
	enum sandbox_mode mode;
	int r = sandbox_mode(&mode, err);

	if (r < 0)
		return r;
	sb_add(b, mode == SANDBOX_SUBUID ? "subuid\n" : "user\n");
	if (mode == SANDBOX_SUBUID)
		return 0;
	pw = getpwuid(getuid());
	name = xstrdup_null(pw ? pw->pw_name : NULL);
	for (size_t i = 0; i < COUNTOF(maps); i++)
		add_ids(b, maps[i], name);
	return 0;
}

/* Layers are the upper directory of an overlay while they are made; not every place can be that. */
int root_check_place(const char *roots_dir, struct err *err)
{
	static const struct {
		long magic;
		const char *name;
	} unfit[] = {{OVERLAYFS_SUPER_MAGIC, "an overlay (a container's own file system?)"},
		{NFS_SUPER_MAGIC, "NFS"}, {V9FS_MAGIC, "9p"}, {FUSE_SUPER_MAGIC, "fuse"}};
	struct statfs fs;

	if (statfs(roots_dir, &fs) < 0)
		return err_errno(err, "cannot look at '%s'", roots_dir);
	for (size_t i = 0; i < COUNTOF(unfit); i++)
		if ((long)fs.f_type == unfit[i].magic)
			return err_set(err, ERR_DENIED,
				"'%s' lies on %s, where layers cannot be made: put it on a local "
				"disk or volume",
				roots_dir, unfit[i].name);
	return 0;
}

int root_share(const char *dir, const char *key, int *ret_fd, struct err *err)
{
	auto_free char *path = path_join(dir, ROOT_LOCK);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat a, b;
	int rc;

	if (fd < 0)
		return err_errno(err, "cannot open '%s'", path);
	do
		rc = flock(fd, LOCK_SH);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return err_errno(err, "cannot lock '%s'", path);
	/* who removes a root has the lock while it renames it away */
	if (stat(path, &a) < 0 || fstat(fd, &b) < 0 || a.st_ino != b.st_ino)
		return err_set(err, ERR_NOT_FOUND, "root '%s' was removed meanwhile", key);
	*ret_fd = take_fd(&fd);
	return 0;
}

int root_place(const struct root *r, const char *dir, struct root **ret, struct err *err)
{
	auto_free char *roots_dir = path_dir(r->dir);
	auto_close int share = -1;
	int rc = root_share(dir, r->key, &share, err);

	if (rc < 0 || (rc = fs_fsync_dir(dir, err)) < 0)
		return rc;
	if (rename(dir, r->dir) < 0)
		return err_errno(err, "cannot rename '%s' to '%s'", dir, r->dir);
	if ((rc = fs_fsync_dir(roots_dir, err)) < 0)
		return rc;
	return root_open(roots_dir, r->key, ret, err);
}
