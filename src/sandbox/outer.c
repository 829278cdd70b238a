/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outer.c - short-lived helpers that act on the writable layers: real root in subuid mode, root
 * of the user's own id range in user mode. */
#include "base/fs.h"
#include "sandbox/internal.h"
#include "sandbox/sys.h"
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int sb_outer_enter(const struct sandbox *sb, struct err *err)
{
	if (sb->userns < 0)
		return 0;
	if (setns(sb->userns, CLONE_NEWUSER) < 0)
		return err_errno(err, "cannot enter the user namespace of the sandbox");
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_errno(err, "cannot become root of the id range");
	return 0;
}

/* Its child has nothing to do but to exist until the maps are written. */
int sb_userns_make(const struct sandbox *sb, int *ret_fd, struct err *err)
{
	struct clone_args ca = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	auto_free char *path = NULL;
	int pid = sys_clone3(&ca), r;

	if (pid < 0)
		return err_errno(err, "cannot make a user namespace");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	r = sb->mode == SANDBOX_USER ? sb_user_map(pid, err)
				     : sb_inner_map(pid, sb->range.base, err);
	path = xasprintf("/proc/%d/ns/user", pid);
	if (r >= 0) {
		*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
		if (*ret_fd < 0)
			r = err_errno(err, "cannot open '%s'", path);
	}
	kill(pid, SIGKILL);
	sb_outer_end(pid);
	return r;
}

static NORETURN void helper(struct sandbox *sb, sb_outer_fn *fn, void *arg, int sock, int parent)
{
	struct err err = ERR_INIT;
	int r = sb_outer_enter(sb, &err);

	/* after the change of ids, which clears it; then see whether we came too late */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (r >= 0 && getppid() == parent)
		r = fn(sb, arg, sock, &err);
	if (r < 0)
		sb_send_err(sock, &err);
	_exit(r < 0 ? 1 : 0);
}

int sb_outer_start(struct sandbox *sb, sb_outer_fn *fn, void *arg, int *ret_pid, int *ret_sock,
	struct err *err)
{
	int sv[2], parent = getpid(), pid;

	if (sb_socketpair(sv, err) < 0)
		return -ERR_SYS;
	pid = fork();
	if (pid < 0) {
		err_errno(err, "cannot fork");
		close(sv[0]);
		close(sv[1]);
		return -ERR_SYS;
	}
	if (pid == 0) {
		close(sv[0]);
		helper(sb, fn, arg, sv[1], parent);
	}
	close(sv[1]);
	*ret_pid = pid;
	*ret_sock = sv[0];
	return 0;
}

void sb_outer_end(int pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int sb_outer_call(struct sandbox *sb, sb_outer_fn *fn, void *arg, struct err *err)
{
	auto_close int sock = -1;
	struct sb_msg m;
	int pid, r;

	if ((r = sb_outer_start(sb, fn, arg, &pid, &sock, err)) < 0)
		return r;
	r = sb_expect(sock, SB_MSG_DONE, &m, NULL, err);
	sb_outer_end(pid);
	return r;
}

uint64_t sb_caps_permitted(void)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2] = {{0}};

	if (syscall(SYS_capget, &h, d) < 0)
		return 0;
	return d[0].permitted | (uint64_t)d[1].permitted << 32;
}

int sb_caps_set(uint64_t caps)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	uint32_t low = (uint32_t)caps, high = (uint32_t)(caps >> 32);
	struct __user_cap_data_struct d[2] = {
		{.effective = low, .permitted = low}, {.effective = high, .permitted = high}};

	return (int)syscall(SYS_capset, &h, d);
}

static int set_fs_ids(uint32_t id, struct err *err)
{
	setfsgid(id);
	setfsuid(id);
	if ((uint32_t)setfsuid((uid_t)-1) != id || (uint32_t)setfsgid((gid_t)-1) != id)
		return err_set(err, ERR_SYS, "cannot act as id %u", id);
	/* a file system id that is not root's took the capabilities over files along */
	if (sb_caps_set(sb_caps_permitted()) < 0)
		return err_errno(err, "cannot keep the capabilities");
	return 0;
}

int sb_act_as(const struct sandbox *sb, uint32_t id, struct err *err)
{
	return set_fs_ids(sb_outer_id(sb, id), err);
}

int sb_act_as_self(int r, struct err *err)
{
	if (r < 0) {
		set_fs_ids(0, NULL);
		return r;
	}
	return set_fs_ids(0, err);
}

static int remove_fn(UNUSED struct sandbox *sb, void *arg, int sock, struct err *err)
{
	struct sb_msg done = {.type = SB_MSG_DONE};
	int r = fs_remove_tree(arg, err);

	if (r >= 0)
		sb_send(sock, &done, -1);
	return r;
}

int sb_outer_remove(struct sandbox *sb, const char *path, struct err *err)
{
	auto_free char *copy = xstrdup(path);

	return sb_outer_call(sb, remove_fn, copy, err);
}
