/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox.c - open and close a sandbox. */
#include "sandbox/sandbox.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/time.h"
#include "sandbox/internal.h"
#include <sys/file.h>
#include <time.h>

#define LOCK_TRIES 50

const char *sandbox_limit_name(enum sandbox_limit l)
{
	static const char *const names[] = {
		[SANDBOX_LIMIT_TIME] = "time",
		[SANDBOX_LIMIT_MEMORY] = "memory",
		[SANDBOX_LIMIT_PIDS] = "pids",
		[SANDBOX_LIMIT_DISK] = "disk",
		[SANDBOX_LIMIT_INODES] = "inodes",
	};

	return l > SANDBOX_LIMIT_NONE && l < COUNTOF(names) ? names[l] : NULL;
}

static int check_conf(const struct sandbox_conf *conf, struct err *err)
{
	if (!conf->n_mounts || !str_eq(conf->mounts[0].at, "/"))
		return err_set(err, ERR_BUG, "the first mount of a sandbox must be '/'");
	if (conf->n_mounts > SB_MOUNTS_MAX)
		return err_set(err, ERR_BUG, "more than %d mounts", SB_MOUNTS_MAX);
	for (size_t i = 0; i < conf->n_mounts; i++) {
		if (conf->mounts[i].n_layers > SB_LAYERS_MAX)
			return err_set(err, ERR_BUG, "more than %d layers", SB_LAYERS_MAX);
		for (size_t j = 0; j < conf->mounts[i].n_layers; j++) {
			if (!fs_is_dir(conf->mounts[i].layers[j]))
				return err_set(err, ERR_NOT_FOUND, "layer '%s' is not a directory",
					conf->mounts[i].layers[j]);
		}
	}
	return 0;
}

/* Whether the file that we locked is still the one of this name. */
static bool is_there(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

/*
 * The scratch directory, locked as long as we live: a sweep leaves it alone then. One that is just
 * coming may have got hold of it first, and removes it.
 */
static int make_state(struct sandbox *sb, const struct sandbox_conf *conf, struct err *err)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	auto_free char *lock = NULL;
	int r;

	sb->state = path_abs(conf->state);
	lock = path_join(sb->state, SB_LOCK);
	for (int i = 0;; i++) {
		auto_err struct err e = ERR_INIT;

		/* closed: setuid files of a layer on disk are those of an id of the range, and
		 * running one would give a user of this machine that id, with power over the
		 * sandbox */
		r = fs_mkdirs(sb->state, 0700, &e);
		if (r >= 0)
			r = fs_lock(lock, &sb->lock, &e);
		if (r >= 0 && is_there(sb->lock, lock))
			return 0;
		if (r < 0 && (i >= LOCK_TRIES || (e.code != ERR_LOCKED && e.sys != ENOENT)))
			return err_move(err, &e);
		auto_closep(&sb->lock);
		sb->lock = -1;
		(void)nanosleep(&pause, NULL);
	}
}

/*
 * What root inside made lies in keep_upper with its real owner and mode. In subuid mode that is
 * a root-owned setuid file on the host's disk, from foreign hands: nobody else may get there, nor
 * may somebody else own the directory that keeps the others out.
 */
static int check_keep(const struct sandbox *sb, struct err *err)
{
	auto_free char *dir = path_dir(sb->keep);
	struct stat st;

	while (stat(dir, &st) == 0) {
		auto_free char *up = path_dir(dir);

		if (!(st.st_mode & 0011) && st.st_uid == geteuid())
			return 0;
		if (str_eq(up, dir))
			break;
		free(dir);
		dir = TAKE(up);
	}
	return err_set(err, ERR_DENIED,
		"'%s' can be reached by others than you, and so could the setuid files "
		"of a build root: make a directory above it yours alone (mode 0700)",
		sb->keep);
}

static int open_steps(struct sandbox *sb, const struct sandbox_conf *conf, struct err *err)
{
	int r;

	if ((r = check_conf(conf, err)) < 0 || (r = sandbox_mode(&sb->mode, err)) < 0 ||
		(r = make_state(sb, conf, err)) < 0)
		return r;
	if (conf->keep_upper) {
		sb->keep = path_abs(conf->keep_upper);
		if ((r = fs_mkdirs(sb->keep, 0755, err)) < 0 ||
			(sb->mode == SANDBOX_SUBUID && (r = check_keep(sb, err)) < 0))
			return r;
	}
	if (sb->mode == SANDBOX_SUBUID && (r = sb_range_take(&sb->range, sb->state, err)) < 0)
		return r;
	if (sb->mode == SANDBOX_USER && (r = sb_userns_make(sb, &sb->userns, err)) < 0)
		return r;
	if ((r = sb_filter_make(sb->nested, &sb->filter, &sb->n_filter, err)) < 0 ||
		(r = sb_stage_make(sb, conf, err)) < 0)
		return r;
	sb_cgroup_open(&sb->cg, &sb->limits, sb->tmpfs ? sb->limits.disk : 0);
	return 0;
}

int sandbox_open(const struct sandbox_conf *conf, struct sandbox **ret, struct err *err)
{
	struct sandbox *sb = xcalloc(1, sizeof *sb);
	double t = time_mono();
	int r;

	*sb = (struct sandbox){.lock = -1,
		.userns = -1,
		.mntns = -1,
		.limits = conf->limits,
		.network = conf->network,
		.nested = conf->nested,
		.hostname = xstrdup(conf->hostname ? conf->hostname : "localhost"),
		.range.lock = -1,
		.cg.fd = -1};
	for (size_t i = 0; i < SB_MOUNTS_MAX; i++)
		sb->mounts[i].upper = sb->mounts[i].merged = -1;
	if ((r = open_steps(sb, conf, err)) < 0) {
		err_wrap(err, "cannot make a sandbox");
		sandbox_free(sb);
		return r;
	}
	trace("sandbox", "open %s mode=%s layer=%s range=%u %.1f ms", sb->state,
		sb->mode == SANDBOX_SUBUID ? "subuid" : "user", sb->tmpfs ? "tmpfs" : "disk",
		sb->range.base, (time_mono() - t) * 1000);
	*ret = sb;
	return 0;
}

void sandbox_lacking(const struct sandbox *sb, struct strv *ret)
{
	if (sb->limits.memory && !sb->cg.memory)
		strv_add(ret, "memory");
	if (sb->limits.cpus > 0 && !sb->cg.cpu)
		strv_add(ret, "cpus");
}

/* keep_upper becomes a layer of a cache: it must be whole after a power cut. The overlay was
 * mounted volatile, so nothing was synced while it was made. */
static void finish_keep(struct sandbox *sb)
{
	auto_free char *work = sb_keep_work(sb);
	auto_close int fd = open(sb->keep, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)syncfs(fd);
	sb_outer_remove(sb, work, NULL);
}

void sandbox_free(struct sandbox *sb)
{
	if (!sb)
		return;
	for (size_t i = 0; i < SB_MOUNTS_MAX; i++) {
		auto_closep(&sb->mounts[i].upper);
		auto_closep(&sb->mounts[i].merged);
		free(sb->mounts[i].at);
	}
	/* the last reference to the stage: its mounts go now, and a writable layer on tmpfs */
	auto_closep(&sb->mntns);
	if (sb->keep)
		finish_keep(sb);
	sb_cgroup_close(&sb->cg);
	if (sb->lock >= 0)
		sb_outer_remove(sb, sb->state, NULL);
	auto_closep(&sb->userns);
	auto_closep(&sb->lock);
	auto_closep(&sb->range.lock);
	free(sb->filter);
	free(sb->state);
	free(sb->keep);
	free(sb->hostname);
	free(sb);
}
