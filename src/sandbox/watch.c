/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.c - measure writable layers on disk, in a helper of their own: walking a big tree takes
 * time, and in user mode only root of the id range may look everywhere. It rests twenty times as
 * long as the last walk took, at least TICK.
 */
#include "base/fs.h"
#include "base/time.h"
#include "base/vec.h"
#include "sandbox/internal.h"
#include <dirent.h>
#include <time.h>

#define TICK_MS   200
#define REST      20
#define DEPTH_MAX 200 /* deeper trees are counted only so far: descriptors are few */

struct usage {
	uint64_t bytes, inodes;
};

/* Takes fd. Links are not followed, so the walk stays in the layer. */
static void measure(int fd, struct usage *u, unsigned depth)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;

	if (!d) {
		auto_closep(&fd);
		return;
	}
	while ((e = readdir(d))) {
		struct stat st;
		int sub;

		if (str_eq(e->d_name, ".") || str_eq(e->d_name, "..") ||
			fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		u->inodes++;
		/* a file of several names counts once for each: rather too much than too little */
		u->bytes += (uint64_t)st.st_blocks * 512;
		if (!S_ISDIR(st.st_mode) || depth >= DEPTH_MAX)
			continue;
		sub = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0)
			measure(sub, u, depth + 1);
	}
	closedir(d);
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
