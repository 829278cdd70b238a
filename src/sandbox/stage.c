/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stage.c - make the stage: a mount namespace in which the overlays of one sandbox are mounted. It
 * is made by a child that sends its descriptors back and exits. Nothing but these descriptors
 * keeps it, so it ends with the supervisor, however that ends.
 */
#include "base/fs.h"
#include "sandbox/internal.h"
#include "sandbox/sys.h"
#include <sched.h>
#include <sys/stat.h>

enum { FD_MNTNS, FD_MOUNT };

static int send_fd(int sock, int fd, int which, size_t index, struct err *err)
{
	struct sb_msg m = {.type = SB_MSG_FD, .a = which, .b = (int64_t)index};

	return sb_send(sock, &m, fd) < 0 ? err_set(err, ERR_SYS, "the caller is gone") : 0;
}

static int send_mounts(struct sandbox *sb, int sock, struct err *err)
{
	struct sb_msg done = {.type = SB_MSG_DONE, .a = sb->tmpfs, .b = (int64_t)sb->plain_layers};
	auto_close int ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int r;

	if (ns < 0)
		return err_errno(err, "cannot open the mount namespace");
	r = send_fd(sock, ns, FD_MNTNS, 0, err);
	for (size_t i = 0; i < sb->n_mounts && r >= 0; i++) {
		r = send_fd(sock, sb->mounts[i].upper, FD_MOUNT, i * 2, err);
		if (r >= 0)
			r = send_fd(sock, sb->mounts[i].merged, FD_MOUNT, i * 2 + 1, err);
	}
	if (r >= 0)
		sb_send(sock, &done, -1);
	return r;
}

static int stage_fn(struct sandbox *sb, void *arg, int sock, struct err *err)
{
	int r;

	umask(0);
	if (unshare(CLONE_NEWNS) < 0)
		return err_errno(err, "cannot make a mount namespace");
	/* slave, not private: what the host unmounts goes here too, instead of staying busy */
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_errno(err, "cannot cut the mount namespace off");
	r = sb_overlays_mount(sb, arg, err);
	return r < 0 ? r : send_mounts(sb, sock, err);
}

int sb_stage_enter(const struct sandbox *sb, struct err *err)
{
	auto_free char *scratch = path_join(sb->state, SB_SCRATCH);

	if (setns(sb->mntns, CLONE_NEWNS) < 0)
		return err_errno(err, "cannot enter the stage");
	return chdir(scratch) < 0 ? err_errno(err, "cannot enter '%s'", scratch) : 0;
}

/* Keep a descriptor that the stage sent. */
static void take(struct sandbox *sb, const struct sb_msg *m, int fd)
{
	int *slot = NULL;

	if (m->a == FD_MNTNS)
		slot = &sb->mntns;
	else if (m->b >= 0 && (size_t)m->b < sb->n_mounts * 2)
		slot = m->b % 2 ? &sb->mounts[m->b / 2].merged : &sb->mounts[m->b / 2].upper;
	if (!slot) {
		auto_closep(&fd);
		return;
	}
	auto_closep(slot);
	*slot = fd;
}

static int receive(struct sandbox *sb, int sock, struct err *err)
{
	for (;;) {
		struct sb_msg m;
		int fd = -1, r = sb_recv(sock, &m, &fd, err);

		if (r < 0)
			return r;
		if (r == 0)
			return err_set(err, ERR_SYS, "the helper that mounts it died");
		if (m.type == SB_MSG_FD)
			take(sb, &m, fd);
		else
			auto_closep(&fd);
		if (m.type == SB_MSG_ERR)
			return sb_msg_err(&m, err);
		if (m.type == SB_MSG_DONE) {
			sb->tmpfs = m.a != 0;
			sb->plain_layers = (size_t)m.b;
			return 0;
		}
	}
}

int sb_stage_make(struct sandbox *sb, const struct sandbox_conf *conf, struct err *err)
{
	struct sandbox_conf copy = *conf;
	int sock, pid, r;
	size_t n = 0;

	sb->n_mounts = conf->n_mounts;
	for (size_t i = 0; i < conf->n_mounts; i++) {
		sb->mounts[i].at = xstrdup(conf->mounts[i].at);
		sb->mounts[i].first_layer = n;
		sb->mounts[i].n_layers = conf->mounts[i].n_layers;
		n += conf->mounts[i].n_layers;
	}
	if ((r = sb_outer_start(sb, stage_fn, &copy, &pid, &sock, err)) < 0)
		return r;
	r = receive(sb, sock, err);
	close(sock);
	sb_outer_end(pid);
	return r;
}
