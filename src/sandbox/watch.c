/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.c - measure writable layers on disk, in a helper of their own: walking a big tree takes
 * time, and in user mode only root of the id range may look everywhere. It rests twenty times as
 * long as the last walk took, at least TICK. Files that were removed but are open still lie on the
 * disk: they are found by the descriptors of the sandbox's processes.
 */
#include "base/fs.h"
#include "base/time.h"
#include "base/vec.h"
#include "sandbox/internal.h"
#include <dirent.h>
#include <time.h>

#define TICK_MS   200
#define REST      20
#define OPEN_DIRS 200 /* deeper, a directory is listed, closed, and come back to by ".." */
#define FDS_MAX   100000

struct usage {
	uint64_t bytes, inodes;
};

static void count(struct usage *u, const struct stat *st)
{
	u->inodes++;
	/* a file of several names counts once for each: rather too much than too little */
	u->bytes += (uint64_t)st->st_blocks * 512;
}

static bool is_dots(const char *name)
{
	return str_eq(name, ".") || str_eq(name, "..");
}

/* The next directory in d, whose files are counted on the way; NULL at the end. */
static const char *next_dir(DIR *d, struct usage *u)
{
	struct dirent *e;

	while ((e = readdir(d))) {
		struct stat st;

		if (is_dots(e->d_name) ||
			fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		count(u, &st);
		if (S_ISDIR(st.st_mode))
			return e->d_name;
	}
	return NULL;
}

static int open_sub(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A directory of the chain that measure_deep is in. */
struct level {
	struct strv todo; /* its directories that are still to be entered */
	dev_t dev;
	ino_t ino;
};
VEC_TYPE(levels, struct level);

static void level_release(struct level *l)
{
	strv_release(&l->todo);
}

/* List the directory and add it to the chain. */
static bool enter(struct levels *chain, int fd, struct usage *u)
{
	int copy = open_sub(fd, ".");
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	const char *name;
	struct level *l;
	struct stat st;

	if (!d || fstat(fd, &st) < 0) {
		if (d)
			closedir(d);
		else
			auto_closep(&copy);
		return false;
	}
	l = vec_push(chain);
	*l = (struct level){.dev = st.st_dev, .ino = st.st_ino};
	while ((name = next_dir(d, u)))
		strv_add(&l->todo, name);
	closedir(d);
	return true;
}

/* Any depth with two descriptors. Whoever moves directories about meanwhile ends the walk: it must
 * not leave the layer. Takes fd. */
static void measure_deep(int fd, struct usage *u)
{
	struct levels chain = VEC_INIT;
	bool going = enter(&chain, fd, u);

	while (going && chain.n) {
		struct level *l = &chain.v[chain.n - 1];
		auto_free char *name = l->todo.n ? l->todo.v[--l->todo.n] : NULL;
		int next = open_sub(fd, name ? name : "..");
		struct stat st;

		if (name && next >= 0) {
			going = enter(&chain, next, u);
		} else if (!name) {
			level_release(l);
			l = --chain.n ? l - 1 : NULL;
			going = l && next >= 0 && fstat(next, &st) == 0 && st.st_ino == l->ino &&
				st.st_dev == l->dev;
		}
		if (next >= 0) {
			close(fd);
			fd = next;
		}
	}
	vec_free(&chain, level_release);
	close(fd);
}

/* Takes fd. Links are not followed, so the walk stays in the layer. */
static void measure(int fd, struct usage *u, unsigned depth)
{
	DIR *d;
	const char *name;

	if (depth >= OPEN_DIRS) {
		measure_deep(fd, u);
		return;
	}
	d = fdopendir(fd);
	if (!d) {
		auto_closep(&fd);
		return;
	}
	while ((name = next_dir(d, u))) {
		int sub = open_sub(dirfd(d), name);

		if (sub >= 0)
			measure(sub, u, depth + 1);
	}
	closedir(d);
}

VEC_TYPE(inodes, struct stat);

static int by_inode(const void *a, const void *b)
{
	const struct stat *x = a, *y = b;

	if (x->st_dev != y->st_dev)
		return x->st_dev < y->st_dev ? -1 : 1;
	return (x->st_ino > y->st_ino) - (x->st_ino < y->st_ino);
}

/* Whether files of this device lie in one of our layers. An overlay has a device of its own, or
 * shows files of the layer under that of its file system. */
static bool is_ours(const struct sandbox *sb, dev_t dev)
{
	for (size_t i = 0; i < sb->n_mounts; i++) {
		struct stat st;

		if (fstat(sb->mounts[i].merged, &st) == 0 && st.st_dev == dev)
			return true;
		if (sb->mode == SANDBOX_SUBUID && fstat(sb->mounts[i].upper, &st) == 0 &&
			st.st_dev == dev)
			return true;
	}
	return false;
}

/* Removed files that a process has open. */
static void open_files(const struct sandbox *sb, int proc, const char *pid, struct inodes *found)
{
	auto_free char *path = xasprintf("%s/fd", pid);
	int fd = open_sub(proc, path);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	struct stat st;

	if (!d)
		auto_closep(&fd);
	while (d && found->n < FDS_MAX && (e = readdir(d))) {
		if (!is_dots(e->d_name) && fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
			S_ISREG(st.st_mode) && st.st_nlink == 0 && st.st_blocks &&
			is_ours(sb, st.st_dev))
			*vec_push(found) = st;
	}
	if (d)
		closedir(d);
}

/* The sandbox's processes are those that run with ids of its range. */
static void measure_removed(const struct sandbox *sb, struct usage *u)
{
	const uint32_t base = sb_outer_id(sb, 0);
	struct inodes found = VEC_INIT;
	DIR *d = opendir("/proc");
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d))) {
		if (e->d_name[strspn(e->d_name, "0123456789")] ||
			fstatat(dirfd(d), e->d_name, &st, 0) < 0 || st.st_uid < base ||
			st.st_uid - base >= SB_IDS)
			continue;
		open_files(sb, dirfd(d), e->d_name, &found);
	}
	if (d)
		closedir(d);
	if (found.n)
		qsort(found.v, found.n, sizeof *found.v, by_inode);
	for (size_t i = 0; i < found.n; i++) {
		if (i == 0 || by_inode(&found.v[i - 1], &found.v[i]) != 0)
			count(u, &found.v[i]);
	}
	vec_release(&found);
}

int sb_watch_main(struct sandbox *sb, UNUSED void *arg, int sock, UNUSED struct err *err)
{
	for (;;) {
		struct sb_msg m = {.type = SB_MSG_USAGE};
		struct usage u = {0};
		uint64_t t = time_mono_ms(), rest;
		struct timespec ts;

		for (size_t i = 0; i < sb->n_mounts; i++) {
			if (sb->tmpfs && !(i == 0 && sb->keep))
				continue;
			measure(openat(sb->mounts[i].upper, ".",
					O_RDONLY | O_DIRECTORY | O_CLOEXEC),
				&u, 0);
		}
		measure_removed(sb, &u);
		m.a = (int64_t)u.bytes;
		m.b = (int64_t)u.inodes;
		if (sb_send(sock, &m, -1) < 0)
			return 0;
		rest = (time_mono_ms() - t) * REST;
		if (rest < TICK_MS)
			rest = TICK_MS;
		ts = (struct timespec){
			.tv_sec = (time_t)(rest / 1000), .tv_nsec = (long)(rest % 1000) * 1000000};
		nanosleep(&ts, NULL);
	}
}
