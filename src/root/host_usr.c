/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_usr.c - what lies over the machine's /usr: an empty /usr/local/etc, where the machine's own
 * programs have their configuration, tokens and passwords; root inside may read what only root of
 * the machine may. And where that is needed, the shared directories of /usr once more, owned by
 * root inside. Where ids cannot be mapped (an ordinary user, some file systems) the machine's /usr
 * belongs to nobody inside: readable, but root could not install anything into it. In an overlay
 * the topmost directory's owner counts.
 */
#include "base/base.h"
#include "base/fs.h"
#include "root/host.h"
#include <dirent.h>
#include <sys/xattr.h>

#define DEPTH    40 /* at all */
#define SHALLOW  3  /* below /usr: deeper, a directory belongs to one package alone */
#define DIRS_MAX 100000

/* Trees that many packages install into at any depth. */
static const char *const shared[] = {"/usr/lib/python3/", "/usr/share/icons/", "/usr/share/locale/",
	"/usr/share/man/", "/usr/share/perl5/"};

/* Directories that no package installs into beside others. */
static const char *const left[] = {"/usr/lib/firmware", "/usr/lib/modules", "/usr/local/etc",
	"/usr/share/doc", "/usr/share/zoneinfo", "/usr/src"};

struct copy {
	const char *to;
	size_t n;
};

static int copy_dir(struct copy *c, const char *from, unsigned depth, struct err *err);

static bool is_dir(int dir, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int copy_below(struct copy *c, const char *from, unsigned depth, struct err *err)
{
	DIR *d = opendir(from);
	struct dirent *e;
	int r = 0;

	if (!d) /* what we may not read stays nobody's */
		return 0;
	while (r >= 0 && (e = readdir(d)) != NULL) {
		auto_free char *sub = NULL;

		if (str_eq(e->d_name, ".") || str_eq(e->d_name, "..") || !is_dir(dirfd(d), e))
			continue;
		sub = path_join(from, e->d_name);
		r = copy_dir(c, sub, depth + 1, err);
	}
	(void)closedir(d);
	return r;
}

static bool wanted(const char *path, unsigned depth)
{
	if (depth <= SHALLOW)
		return true;
	for (size_t i = 0; i < COUNTOF(shared); i++)
		if (str_starts(path, shared[i]))
			return depth <= DEPTH;
	return false;
}

static int copy_dir(struct copy *c, const char *from, unsigned depth, struct err *err)
{
	auto_free char *to = xasprintf("%s%s", c->to, from + strlen("/usr"));
	struct stat st;

	if (!wanted(from, depth) || lstat(from, &st) < 0 || ++c->n > DIRS_MAX)
		return 0;
	if (mkdir(to, 0700) < 0 || chmod(to, st.st_mode & 01777) < 0)
		return err_errno(err, "cannot make directory '%s'", to);
	for (size_t i = 0; i < COUNTOF(left); i++)
		if (str_eq(from, left[i]))
			return 0;
	return copy_below(c, from, depth, err);
}

/* The overlay shows nothing of what lies below this directory. */
static int hide_local(const char *dir, struct err *err)
{
	const char *name = geteuid() == 0 ? "trusted.overlay.opaque" : "user.overlay.opaque";
	auto_free char *etc = path_join(dir, "local/etc");
	struct stat st;
	int r;

	if (lstat("/usr/local/etc", &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	if ((r = fs_mkdirs(etc, 0755, err)) < 0)
		return r;
	return setxattr(etc, name, "y", 1, 0) < 0 ? err_errno(err, "cannot hide '%s'", etc) : 0;
}

int host_usr_hide(const char *dir, struct err *err)
{
	mode_t old = umask(022);
	int r = hide_local(dir, err);

	(void)umask(old);
	return r;
}

int host_usr_dirs(const char *dir, struct err *err)
{
	struct copy c = {.to = dir};
	int r = copy_dir(&c, "/usr", 0, err);

	if (r < 0 || (r = hide_local(dir, err)) < 0)
		return r;
	return sandbox_own_tree(dir, err);
}
