/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stage.c - make the stage: a mount namespace in which the overlays of one sandbox are mounted. It
 * is made by a child that sends its descriptors back and exits. Nothing but these descriptors
 * keeps it, so it ends with the supervisor, however that ends.
 */
#include "base/fs.h"
#include "base/log.h"
#include "base/sig.h"
#include "sandbox/internal.h"
#include "sandbox/sys.h"
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { FD_USERNS, FD_MNTNS, FD_MOUNT };

static int send_fd(int sock, const char *path, int which, int index, struct err *err)
{
	struct sb_msg m = {.type = SB_MSG_FD, .a = which, .b = index};
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, "cannot open '%s'", path);
	return sb_send(sock, &m, fd) < 0 ? err_set(err, ERR_SYS, "the caller is gone") : 0;
}

/* user mode: our own user namespace, mapped by the supervisor's newuidmap; then its root. */
static int enter_userns(int sock, struct err *err)
{
	struct sb_msg m = {.type = SB_MSG_MAP};
	int r;

	if (unshare(CLONE_NEWUSER) < 0)
		return err_errno(err, "cannot make a user namespace");
	sb_send(sock, &m, -1);
	if ((r = sb_expect(sock, SB_MSG_GO, &m, NULL, err)) < 0)
		return r;
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_errno(err, "cannot become root of the id range");
	return send_fd(sock, "/proc/self/ns/user", FD_USERNS, 0, err);
}

static int send_mounts(struct sandbox *sb, int sock, struct err *err)
{
	int r = send_fd(sock, "/proc/self/ns/mnt", FD_MNTNS, 0, err);

	for (size_t i = 0; i < sb->n_mounts && r >= 0; i++) {
		const struct sb_mount *m = &sb->mounts[i];
		struct sb_msg msg = {.type = SB_MSG_FD, .a = FD_MOUNT, .b = (int64_t)i * 2};

		if (sb_send(sock, &msg, m->upper) < 0)
			return err_set(err, ERR_SYS, "the caller is gone");
		msg.b++;
		if (sb_send(sock, &msg, m->merged) < 0)
			return err_set(err, ERR_SYS, "the caller is gone");
	}
	return r;
}

static int stage_steps(
	struct sandbox *sb, const struct sandbox_conf *conf, int sock, struct err *err)
{
	struct sb_msg done = {.type = SB_MSG_DONE};
	int r;

	if (sb->mode == SANDBOX_USER && (r = enter_userns(sock, err)) < 0)
		return r;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	umask(0);
	if (unshare(CLONE_NEWNS) < 0)
		return err_errno(err, "cannot make a mount namespace");
	/* slave, not private: what the host unmounts goes here too, instead of staying busy */
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_errno(err, "cannot cut the mount namespace off");
	if ((r = sb_overlays_mount(sb, conf, err)) < 0 || (r = send_mounts(sb, sock, err)) < 0)
		return r;
	done.a = sb->tmpfs;
	sb_send(sock, &done, -1);
	return 0;
}

static NORETURN void stage_main(struct sandbox *sb, const struct sandbox_conf *conf, int sock)
{
	struct err err = ERR_INIT;
	int r = stage_steps(sb, conf, sock, &err);

	if (r < 0)
		sb_send_err(sock, &err);
	_exit(r < 0 ? 1 : 0);
}

static void take(struct sandbox *sb, const struct sb_msg *m, int fd)
{
	int *slot = NULL;

	if (m->a == FD_USERNS)
		slot = &sb->userns;
	else if (m->a == FD_MNTNS)
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

/* Until the stage is done: give it its maps, keep its descriptors. */
static int serve(struct sandbox *sb, int pid, int sock, struct err *err)
{
	for (;;) {
		struct sb_msg m, go = {.type = SB_MSG_GO};
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
		if (m.type == SB_MSG_MAP) {
			if ((r = sb_user_map(pid, err)) < 0)
				return r;
			sb_send(sock, &go, -1);
		}
		if (m.type == SB_MSG_DONE) {
			sb->tmpfs = m.a != 0;
			return 0;
		}
	}
}

int sb_stage_make(struct sandbox *sb, const struct sandbox_conf *conf, struct err *err)
{
	int sv[2], pid, r;

	sb->n_mounts = conf->n_mounts;
	for (size_t i = 0; i < conf->n_mounts; i++)
		sb->mounts[i].at = xstrdup(conf->mounts[i].at);
	if ((r = sb_socketpair(sv, err)) < 0)
		return r;
	pid = fork();
	if (pid == 0) {
		close(sv[0]);
		stage_main(sb, conf, sv[1]);
	}
	close(sv[1]);
	r = pid < 0 ? err_errno(err, "cannot fork") : serve(sb, pid, sv[0], err);
	close(sv[0]); /* a stage that still waits for us sees the end of the socket */
	if (pid > 0)
		sb_outer_end(pid);
	return r;
}
