/* SPDX-License-Identifier: GPL-3.0-or-later */
/* root_cache.c - the directory of roots: its locks, and what is in it. */
#include "base/base.h"
#include "base/fs.h"
#include "base/sig.h"
#include "base/time.h"
#include "root/cache.h"
#include <sys/file.h>
#include <sys/sysmacros.h>
#include <time.h>

#define KEY_LOCK  ".lock-"
#define WAIT      1800 /* seconds; making a root takes a few */
#define LOOK_WAIT 5    /* seconds; a look takes less than one */

int root_lock(const char *roots_dir, int *ret_fd, struct err *err)
{
	auto_free char *path = path_join(roots_dir, ".lock");

	return fs_lock_wait(path, WAIT, ret_fd, err);
}

/* Whether the file that we locked is still the one of this name. */
static bool is_there(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino;
}

/* fs_lock_wait that says so once. */
static int lock_noted(const char *path, root_note note, void *ctx, int *ret_fd, struct err *err)
{
	auto_err struct err e = ERR_INIT;

	if (fs_lock(path, ret_fd, &e) >= 0)
		return 0;
	if (e.code != ERR_LOCKED)
		return err_move(err, &e);
	if (note) {
		auto_free char *what = xasprintf("waiting: %s", e.msg);

		note(ctx, what);
	}
	return fs_lock_wait(path, WAIT, ret_fd, err);
}

int root_lock_key(const char *roots_dir, const char *key, root_note note, void *ctx, int *ret_fd,
	struct err *err)
{
	auto_free char *path = xasprintf("%s/" KEY_LOCK "%s", roots_dir, key);

	for (;;) {
		auto_close int fd = -1;
		int r = lock_noted(path, note, ctx, &fd, err);

		if (r < 0)
			return r;
		if (is_there(fd, path)) {
			*ret_fd = take_fd(&fd);
			return 0;
		}
	}
}

/* Removed before it is given back: who waits for it sees that it is no longer there. */
void root_unlock_key(const char *roots_dir, const char *key, int *fd)
{
	auto_free char *path = xasprintf("%s/" KEY_LOCK "%s", roots_dir, key);

	if (*fd < 0)
		return;
	(void)unlink(path);
	(void)close(*fd);
	*fd = -1;
}

/* A root being made is named after its key, and its maker has the lock of it. What has another
 * name was made or moved there under the directory's lock, which we have. */
static int sweep_one(const char *roots_dir, const char *name, struct err *err)
{
	const char *key = name + strlen(ROOT_TMP_PREFIX);
	auto_free char *path = path_join(roots_dir, name);
	auto_free char *lock = xasprintf("%s/" KEY_LOCK "%s", roots_dir, key);
	int fd = -1, r;

	if (root_is_key(key) && fs_lock(lock, &fd, NULL) < 0)
		return 0;
	r = sandbox_remove_tree(path, err);
	root_unlock_key(roots_dir, key, &fd);
	return r;
}

/* Left by a maker that died before it began. */
static void sweep_lock(const char *roots_dir, const char *name)
{
	auto_free char *path = path_join(roots_dir, name);
	int fd = -1;

	if (fs_lock(path, &fd, NULL) >= 0 && is_there(fd, path))
		(void)unlink(path);
	auto_closep(&fd);
}

int root_sweep(const char *roots_dir, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(roots_dir, &names, err);

	strv_foreach (&names, n) {
		if (r >= 0 && str_starts(*n, ROOT_TMP_PREFIX))
			r = sweep_one(roots_dir, *n, err);
		else if (str_starts(*n, KEY_LOCK))
			sweep_lock(roots_dir, *n);
	}
	return r < 0 ? r : 0;
}

void root_info_release(struct root_info *i)
{
	free(i->key);
	free(i->target);
	free(i->dir);
	free(i->base);
	strv_release(&i->users);
}

bool root_is_key(const char *name)
{
	return strlen(name) == SHA256_HEX - 1 && !name[strspn(name, "0123456789abcdef")];
}

int root_find(const char *roots_dir, const char *key, struct root **ret, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	const char *found = NULL;

	(void)fs_list(roots_dir, &names, NULL);
	strv_foreach (&names, n) {
		if (!root_is_key(*n) || !*key || !str_starts(*n, key))
			continue;
		if (found)
			return err_set(err, ERR_USAGE, "more than one root begins with '%s'", key);
		found = *n;
	}
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "no root '%s'", key);
	return root_open(roots_dir, found, ret, err);
}

int root_look(const char *roots_dir)
{
	const struct timespec pause = {.tv_nsec = 1000 * 1000};
	const double start = time_mono();
	int fd = open(roots_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* whoever may read a directory can keep its lock, or be stopped with it */
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 &&
		(errno == EWOULDBLOCK || errno == EINTR) && !sig_pending() &&
		time_mono() - start < LOOK_WAIT)
		(void)nanosleep(&pause, NULL);
	return fd;
}

int root_try_alone(const char *dir, int *ret_fd, struct stat *ret_st, struct err *err)
{
	auto_free char *path = path_join(dir, ROOT_LOCK);
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

/* "1: FLOCK  ADVISORY  READ 4711 fe:00:1081515 0 EOF" */
void root_users(const char *locks, const struct stat *st, struct strv *ret)
{
	auto_free char *want = xasprintf("%02x:%02x:%llu", major(st->st_dev), minor(st->st_dev),
		(unsigned long long)st->st_ino);
	auto_strv struct strv lines = STRV_INIT;

	strv_lines(&lines, locks);
	strv_foreach (&lines, l) {
		auto_strv struct strv f = STRV_INIT;
		uint64_t pid;

		strv_split(&f, *l, " ");
		/* 0: of another pid namespace */
		if (f.n >= 6 && str_eq(f.v[1], "FLOCK") && str_eq(f.v[5], want) &&
			str_u64(f.v[4], &pid) && pid && !strv_has(ret, f.v[4]))
			strv_add(ret, f.v[4]);
	}
}

static int info(const char *roots_dir, const char *key, const char *locks, struct root_info *ret,
	struct err *err)
{
	CLEANUP(root_freep) struct root *r = NULL;
	auto_free char *dir = path_join(roots_dir, key);
	auto_close int alone = -1;
	struct stat st;
	int rc = root_try_alone(dir, &alone, &st, err);

	if (rc < 0 || (rc = root_peek(roots_dir, key, &r, err)) < 0)
		return rc;
	*ret = (struct root_info){.key = xstrdup(key),
		.target = xstrdup(r->target),
		.dir = TAKE(dir),
		.base = xstrdup_null(r->base),
		.packages = r->manifest.n,
		.size = r->size,
		.made = r->made,
		.used = (int64_t)st.st_mtime,
		.in_use = alone < 0};
	if (ret->in_use)
		root_users(locks, &st, &ret->users);
	return 0;
}

/* A base is in use, and was used, when one that stands on it is. (Who opens that has a share of
 * the base's lock too; one that is just being opened may not have it yet.) */
static void add_to_bases(struct root_infos *v)
{
	vec_foreach (v, i)
		vec_foreach (v, b) {
			if (!i->base || !str_eq(i->base, b->key))
				continue;
			b->dependents++;
			b->in_use |= i->in_use;
			if (i->used > b->used)
				b->used = i->used;
		}
}

int root_list(const char *roots_dir, struct root_infos *ret, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	auto_close int look UNUSED = root_look(roots_dir);
	auto_free char *locks = NULL;
	auto_err struct err e = ERR_INIT;

	if (fs_list(roots_dir, &names, &e) < 0)
		return e.code == ERR_NOT_FOUND ? 0 : err_move(err, &e);
	if (fs_read("/proc/locks", LIMIT_OUTPUT, &locks, NULL, NULL) < 0)
		locks = xstrdup("");
	strv_foreach (&names, n) {
		struct root_info i = {0};

		/* a broken one is none; clean removes it */
		if (root_is_key(*n) && info(roots_dir, *n, locks, &i, NULL) >= 0)
			*vec_push(ret) = i;
	}
	add_to_bases(ret);
	return 0;
}
