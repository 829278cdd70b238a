/* SPDX-License-Identifier: GPL-3.0-or-later */
/* root_cache.c - the directory of roots: its lock, what is in it, what may go. */
#include "base/base.h"
#include "base/fs.h"
#include "base/sig.h"
#include "base/time.h"
#include "root/host.h"
#include <sys/file.h>
#include <time.h>

#define TMP_PREFIX ".tmp-"
#define LOCK_WAIT  600 /* seconds; making a root takes a few */

int root_lock(const char *roots_dir, int *ret_fd, struct err *err)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	auto_free char *path = path_join(roots_dir, ".lock");
	const double start = time_mono();
	int r;

	for (;;) {
		auto_err struct err e = ERR_INIT;

		r = fs_lock(path, ret_fd, &e);
		if (r >= 0)
			return 0;
		if (e.code != ERR_LOCKED || time_mono() - start > LOCK_WAIT)
			return err_move(err, &e);
		if ((r = sig_check(err)) < 0)
			return r;
		(void)nanosleep(&pause, NULL);
	}
}

int root_sweep(const char *roots_dir, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(roots_dir, &names, err);

	strv_foreach (&names, n) {
		auto_free char *path = path_join(roots_dir, *n);

		if (r >= 0 && str_starts(*n, TMP_PREFIX))
			r = sandbox_remove_tree(path, err);
	}
	return r < 0 ? r : 0;
}

void root_info_release(struct root_info *i)
{
	free(i->key);
	free(i->target);
	free(i->dir);
}

static bool is_key(const char *name)
{
	return strlen(name) == SHA256_HEX - 1 && !name[strspn(name, "0123456789abcdef")];
}

int root_find(const char *roots_dir, const char *key, struct root **ret, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	const char *found = NULL;

	(void)fs_list(roots_dir, &names, NULL);
	strv_foreach (&names, n) {
		if (!is_key(*n) || !*key || !str_starts(*n, key))
			continue;
		if (found)
			return err_set(err, ERR_USAGE, "more than one root begins with '%s'", key);
		found = *n;
	}
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "no root '%s'", key);
	return root_open(roots_dir, found, ret, err);
}

/* The lock of a root, when nobody uses it: *ret_fd, else -1. */
static int try_alone(const char *dir, int *ret_fd, struct stat *ret_st, struct err *err)
{
	auto_free char *path = path_join(dir, "lock");
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	*ret_fd = -1;
	if (fd < 0 || fstat(fd, ret_st) < 0)
		return err_errno(err, "cannot open '%s'", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		*ret_fd = take_fd(&fd);
	else if (errno != EWOULDBLOCK)
		return err_errno(err, "cannot lock '%s'", path);
	return 0;
}

static int info(const char *roots_dir, const char *key, struct root_info *ret, struct err *err)
{
	CLEANUP(root_freep) struct root *r = NULL;
	auto_free char *dir = path_join(roots_dir, key);
	auto_close int alone = -1;
	struct stat st;
	int rc = try_alone(dir, &alone, &st, err);
	bool in_use = alone < 0;
	struct timespec times[2];

	if (rc < 0)
		return rc;
	auto_closep(&alone);
	alone = -1;
	if ((rc = root_open(roots_dir, key, &r, err)) < 0)
		return rc;
	/* looking is not using */
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	(void)futimens(r->lock_fd, times);
	*ret = (struct root_info){.key = xstrdup(key),
		.target = xstrdup(r->target ? r->target : ""),
		.dir = TAKE(dir),
		.size = r->size,
		.made = r->made,
		.used = (int64_t)st.st_mtime,
		.in_use = in_use};
	return 0;
}

int root_list(const char *roots_dir, struct root_infos *ret, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	auto_err struct err e = ERR_INIT;

	if (fs_list(roots_dir, &names, &e) < 0)
		return e.code == ERR_NOT_FOUND ? 0 : err_move(err, &e);
	strv_foreach (&names, n) {
		struct root_info i = {0};

		/* a broken one is none; clean removes it */
		if (is_key(*n) && info(roots_dir, *n, &i, NULL) >= 0)
			*vec_push(ret) = i;
	}
	return 0;
}

/* Away from where it can be found first, then removed. */
static int remove_root(const char *roots_dir, const char *name, struct err *err)
{
	auto_free char *from = path_join(roots_dir, name);
	auto_free char *to = xasprintf("%s/" TMP_PREFIX "%s", roots_dir, name);

	if (rename(from, to) < 0)
		return err_errno(err, "cannot rename '%s'", from);
	return sandbox_remove_tree(to, err);
}

int root_discard(const char *roots_dir, const char *key, struct err *err)
{
	auto_free char *dir = path_join(roots_dir, key);

	return fs_exists(dir) ? remove_root(roots_dir, key, err) : 0;
}

int root_expire(const char *roots_dir, const char *target, int64_t unused_since, struct err *err)
{
	struct root_infos infos = VEC_INIT;
	int r = root_list(roots_dir, &infos, err);

	vec_foreach (&infos, i) {
		auto_close int alone = -1;
		struct stat st;

		if (r < 0 || i->used >= unused_since || !str_eq(i->target, target))
			continue;
		r = try_alone(i->dir, &alone, &st, err);
		if (r >= 0 && alone >= 0)
			r = remove_root(roots_dir, i->key, err);
	}
	vec_free(&infos, root_info_release);
	return r;
}

static int clean_one(const char *roots_dir, const char *name, bool asked, bool dry_run, size_t *n,
	struct err *err)
{
	auto_free char *dir = path_join(roots_dir, name);
	auto_err struct err e = ERR_INIT;
	auto_close int alone = -1;
	struct stat st;
	int r = try_alone(dir, &alone, &st, &e);

	if (r < 0 && e.code != ERR_NOT_FOUND) /* without a lock it is half removed */
		return err_move(err, &e);
	if (r >= 0 && alone < 0)
		return asked ? err_set(err, ERR_LOCKED, "root '%s' is in use", name) : 0;
	++*n;
	return dry_run ? 0 : remove_root(roots_dir, name, err);
}

int root_clean(const char *roots_dir, const char *key, bool dry_run, size_t *ret_n, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	auto_close int lock = -1;
	size_t n = 0, found = 0;
	int r;

	if (fs_is_dir(roots_dir)) {
		if ((r = root_lock(roots_dir, &lock, err)) < 0 ||
			(!dry_run && (r = root_sweep(roots_dir, err)) < 0) ||
			(r = fs_list(roots_dir, &names, err)) < 0)
			return r;
	}
	strv_foreach (&names, name) {
		if (!is_key(*name) || (key && !str_starts(*name, key)))
			continue;
		found++;
		if ((r = clean_one(roots_dir, *name, key != NULL, dry_run, &n, err)) < 0)
			return r;
	}
	if (key && !found)
		return err_set(err, ERR_NOT_FOUND, "no root '%s'", key);
	*ret_n = n;
	return 0;
}
