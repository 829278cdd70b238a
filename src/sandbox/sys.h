/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sys.h - the system calls of the mount and process interfaces that not every libc wraps. Only
 * linux/mount.h is included: sys/mount.h of glibc 2.36 declares the same structs again.
 */
#pragma once
#include "base/base.h"
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/syscall.h>

#define SYS_DETACH 2 /* MNT_DETACH, which only sys/mount.h has */

static inline int sys_mount(
	const char *src, const char *dst, const char *type, unsigned long flags, const char *data)
{
	return (int)syscall(SYS_mount, src, dst, type, flags, data);
}

static inline int sys_umount(const char *at, int flags)
{
	return (int)syscall(SYS_umount2, at, flags);
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

/* Attach the detached mount `fd` at path. */
static inline int sys_attach(int fd, const char *path)
{
	return (int)syscall(SYS_move_mount, fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
}

static inline int sys_mount_setattr(int fd, const struct mount_attr *a)
{
	struct mount_attr copy = *a;

	return (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &copy, sizeof copy);
}

static inline int sys_clone3(struct clone_args *a)
{
	return (int)syscall(SYS_clone3, a, sizeof *a);
}

static inline int sys_pidfd_open(int pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int sys_pidfd_kill(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}
