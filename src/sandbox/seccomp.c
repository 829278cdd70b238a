/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seccomp.c - a list of what a build never needs and the kernel should not be asked for. It is a
 * second wall: the first are namespaces and dropped capabilities. Other architectures' entry
 * points (int 0x80, x32) do not exist inside at all.
 */
#include "sandbox/internal.h"
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define FILTER_MAX 4096 /* instructions; the kernel's own limit */

static const char *const never[] = {"keyctl", "add_key", "request_key", "bpf", "perf_event_open",
	"userfaultfd", "kexec_load", "kexec_file_load", "init_module", "finit_module",
	"delete_module", "open_by_handle_at", "name_to_handle_at", "io_uring_setup",
	"io_uring_enter", "io_uring_register", "quotactl", "quotactl_fd", "swapon", "swapoff",
	"reboot", "acct", "syslog", "settimeofday", "clock_settime", "clock_settime64",
	"clock_adjtime", "clock_adjtime64", "adjtimex", "stime", "iopl", "ioperm", "lookup_dcookie",
	"nfsservctl", "vhangup", "fanotify_init", "move_pages", "migrate_pages", "pidfd_getfd",
	"process_vm_writev", "lsm_set_self_attr", "vm86", "vm86old", "_sysctl", "uselib"};

static const char *const nesting[] = {"mount", "umount2", "umount", "pivot_root", "setns",
	"open_tree", "open_tree_attr", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick",
	"mount_setattr"};

static const uint64_t namespaces[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET,
	CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};

/* AF_VSOCK talks to the hypervisor and is in no namespace before Linux 7.0. */
static const int families[] = {AF_VSOCK, AF_ALG, AF_XDP, AF_RDS, AF_TIPC, AF_BLUETOOTH, AF_PACKET};

static int deny(scmp_filter_ctx c, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int nr = seccomp_syscall_resolve_name(names[i]), r;

		if (nr == __NR_SCMP_ERROR)
			continue; /* newer than the library: not there to be called by name */
		r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), nr, 0);
		/* -EDOM: this architecture has no such call */
		if (r < 0 && r != -EDOM)
			return r;
	}
	return 0;
}

static int deny_namespaces(scmp_filter_ctx c)
{
#if defined __s390x__
	const unsigned flags_arg = 1;
#else
	const unsigned flags_arg = 0;
#endif
	int r = 0;

	for (size_t i = 0; i < COUNTOF(namespaces) && r == 0; i++) {
		uint64_t f = namespaces[i];

		r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
			SCMP_CMP64(flags_arg, SCMP_CMP_MASKED_EQ, f, f));
		if (r == 0)
			r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 1,
				SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, f, f));
	}
	if (r == 0)
		r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 1,
			SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, CLONE_NEWTIME, CLONE_NEWTIME));
	/* its flags lie in memory, where a filter cannot look: libc falls back to clone */
	if (r == 0)
		r = seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r;
}

static int rules(scmp_filter_ctx c, bool nested)
{
	int r = deny(c, never, COUNTOF(never));

	if (r == 0 && !nested)
		r = deny(c, nesting, COUNTOF(nesting));
	if (r == 0 && !nested)
		r = deny_namespaces(c);
	/* the kernel looks at 32 bits of an ioctl number only, so must we */
	if (r == 0)
		r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
			SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, UINT64_C(0xffffffff), TIOCSTI));
	if (r == 0)
		r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
			SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, UINT64_C(0xffffffff), TIOCLINUX));
	for (size_t i = 0; i < COUNTOF(families) && r == 0; i++)
		r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
			SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, UINT64_C(0xffffffff),
				(uint64_t)families[i]));
	return r;
}

/* The filter as the array of instructions that seccomp(2) takes. */
static int export_filter(
	scmp_filter_ctx c, struct sock_filter **ret, size_t *ret_n, struct err *err)
{
	auto_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
	auto_free struct sock_filter *f = NULL;
	off_t size;

	if (fd < 0)
		return err_errno(err, "cannot make a memory file");
	if (seccomp_export_bpf(c, fd) < 0 || (size = lseek(fd, 0, SEEK_END)) <= 0 ||
		(size_t)size % sizeof *f || (size_t)size / sizeof *f > FILTER_MAX)
		return err_set(err, ERR_SYS, "cannot export the seccomp filter");
	f = xmalloc((size_t)size);
	if (pread(fd, f, (size_t)size, 0) != size)
		return err_errno(err, "cannot read the seccomp filter");
	*ret_n = (size_t)size / sizeof *f;
	*ret = TAKE(f);
	return 0;
}

int sb_filter_make(bool nested, struct sock_filter **ret, size_t *ret_n, struct err *err)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	if (!c)
		return err_set(err, ERR_SYS, "cannot make a seccomp filter");
	r = seccomp_attr_set(c, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	if (r == 0)
		r = rules(c, nested);
	r = r < 0 ? err_sys_(err, -r, "cannot build the seccomp filter")
		  : export_filter(c, ret, ret_n, err);
	seccomp_release(c);
	return r;
}
