/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_usr.c - the shared directories of /usr once more, owned by root inside. Where ids cannot be
 * mapped (an ordinary user, some file systems) the machine's /usr belongs to nobody inside:
 * readable, but root could not install anything into it. In an overlay the topmost directory's
 * owner counts.
 */
#include "base/base.h"
#include "base/fs.h"
#include "root/host.h"
#include <dirent.h>

#define DEPTH    40 /* at all */
#define SHALLOW  3  /* below /usr: deeper, a directory belongs to one package alone */
#define DIRS_MAX 100000

/* Trees that many packages install into at any depth. */
static const char *const shared[] = {"/usr/lib/python3/", "/usr/share/icons/", "/usr/share/locale/",
	"/usr/share/man/", "/usr/share/perl5/"};

/* Directories that no package installs into beside others. */
static const char *const left[] = {"/usr/lib/firmware", "/usr/lib/modules", "/usr/share/doc",
	"/usr/share/zoneinfo", "/usr/src"};

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

int host_usr_dirs(const char *dir, struct err *err)
{
	struct copy c = {.to = dir};
	int r = copy_dir(&c, "/usr", 0, err);

	return r < 0 ? r : sandbox_own_tree(dir, err);
}
