/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expire.c - what nobody used for long leaves the cache. */
#include "base/base.h"
#include "base/fs.h"
#include "remote/internal.h"
#include <sys/file.h>

struct expire {
	int64_t since;
	bool dry_run;
	uint64_t bytes;
};

static uint64_t size_of(const struct stat *st)
{
	return st->st_nlink > 1 && !S_ISDIR(st->st_mode) ? 0 : (uint64_t)st->st_blocks * 512;
}

static int drop_file(struct expire *x, const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0;
	if (!x->dry_run && unlink(path) < 0 && errno != ENOENT)
		return err_errno(err, "cannot remove '%s'", path);
	x->bytes += size_of(&st);
	return 0;
}

/* A package and its marker go together; what a broken-off download left goes by its own age. */
static int expire_packages(struct expire *x, const char *dir, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(dir, &names, err);

	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		auto_free char *path = path_join(dir, names.v[i]);
		auto_free char *ok = xasprintf("%s.ok", path), *whole = xstrdup(path);
		struct stat st;

		if (lstat(path, &st) < 0 || st.st_mtim.tv_sec >= x->since)
			continue;
		/* a marker is as old as its package was new */
		if (str_ends(path, ".ok")) {
			whole[strlen(whole) - 3] = '\0';
			if (fs_exists(whole))
				continue;
		}
		if ((r = drop_file(x, path, err)) >= 0 && !str_ends(path, ".ok"))
			r = drop_file(x, ok, err);
	}
	return r < 0 ? r : 0;
}

static int expire_repo(struct expire *x, const char *dir, struct err *err)
{
	auto_free char *lock = path_join(dir, "lock");
	auto_close int fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	auto_strv struct strv names = STRV_INIT;
	struct stat st;
	int r;

	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_mtim.tv_sec >= x->since)
		return 0;
	/* somebody works there */
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if ((r = fs_list(dir, &names, err)) < 0)
		return r;
	strv_foreach (&names, n) {
		auto_free char *path = path_join(dir, *n);

		if (lstat(path, &st) == 0)
			x->bytes += size_of(&st);
	}
	return x->dry_run ? 0 : fs_remove_tree(dir, err);
}

static int each(struct expire *x, const char *cache, const char *name,
	int (*fn)(struct expire *, const char *, struct err *), struct err *err)
{
	auto_free char *dir = path_join(cache, name);
	auto_strv struct strv names = STRV_INIT;
	int r;

	if (!fs_is_dir(dir))
		return 0;
	r = fs_list(dir, &names, err);
	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		auto_free char *path = path_join(dir, names.v[i]);

		if (fs_is_dir(path))
			r = fn(x, path, err);
	}
	return r < 0 ? r : 0;
}

int remote_expire(
	const char *cache, int64_t unused_since, bool dry_run, uint64_t *ret_bytes, struct err *err)
{
	struct expire x = {.since = unused_since, .dry_run = dry_run};
	int r;

	if ((r = each(&x, cache, "packages", expire_packages, err)) < 0 ||
		(r = each(&x, cache, "repos", expire_repo, err)) < 0)
		return r;
	*ret_bytes = x.bytes;
	return 0;
}
