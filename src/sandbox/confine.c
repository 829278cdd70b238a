/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confine.c - a process that may compute over what it has open, and nothing else. */
#include "base/fs.h"
#include "base/proc.h"
#include "base/sig.h"
#include "base/time.h"
#include "sandbox/sandbox.h"
#include "sandbox/sys.h"
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define TICK_MS 1000

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1 /* clang */
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#endif

/* What memory, an open file and an end need, in libc and in the sanitizers. All else is refused. */
static const char *const needed[] = {"read", "pread64", "readv", "lseek", "_llseek", "write",
	"close", "brk", "munmap", "mremap", "madvise", "fstat", "fstat64", "futex", "futex_time64",
	"getrandom", "clock_gettime", "clock_gettime64", "gettimeofday", "rt_sigreturn",
	"sigreturn", "rt_sigprocmask", "sigaltstack", "sched_yield", "getpid", "gettid", "exit",
	"exit_group"};
/* with the protection as third argument: nothing becomes executable */
static const char *const mapping[] = {"mmap", "mmap2", "mprotect"};

static int allow(scmp_filter_ctx c)
{
	int r = 0;

	for (size_t i = 0; i < COUNTOF(needed) && r >= 0; i++) {
		int nr = seccomp_syscall_resolve_name(needed[i]);

		if (nr >= 0)
			r = seccomp_rule_add(c, SCMP_ACT_ALLOW, nr, 0);
	}
	for (size_t i = 0; i < COUNTOF(mapping) && r >= 0; i++) {
		int nr = seccomp_syscall_resolve_name(mapping[i]);

		if (nr >= 0)
			r = seccomp_rule_add(c, SCMP_ACT_ALLOW, nr, 1,
				SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	}
	return r;
}

static int limit(int what, uint64_t n, struct err *err)
{
	struct rlimit l = {n, n};

	return setrlimit(what, &l) < 0 ? err_errno(err, "cannot limit a helper") : 0;
}

/* Only its output stays of what it had from us; sanitizers may still speak. */
static int leave_streams(struct err *err)
{
	auto_close int nul = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (nul < 0 || dup2(nul, STDIN_FILENO) < 0)
		return err_errno(err, "cannot open '/dev/null'");
#ifndef SANITIZED
	if (dup2(nul, STDERR_FILENO) < 0)
		return err_errno(err, "cannot open '/dev/null'");
#endif
	return 0;
}

int sandbox_confine(uint64_t memory, struct err *err)
{
	scmp_filter_ctx c;
	int r;

	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(err, "cannot confine a helper");
	if ((r = leave_streams(err)) < 0 || (r = limit(RLIMIT_CORE, 0, err)) < 0 ||
		(r = limit(RLIMIT_NOFILE, 0, err)) < 0 ||
		(r = limit(RLIMIT_FSIZE, LIMIT_OUTPUT, err)) < 0)
		return r;
#ifndef SANITIZED /* whose shadow is larger than any limit */
	if ((r = limit(RLIMIT_AS, memory, err)) < 0)
		return r;
#else
	(void)memory;
#endif
	c = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!c)
		return err_set(err, ERR_SYS, "cannot make a seccomp filter");
	r = allow(c);
	if (r >= 0)
		r = seccomp_load(c);
	seccomp_release(c);
	return r < 0 ? err_sys_(err, -r, "cannot confine a helper") : 0;
}

/* Until it ended, or has to. */
static int wait_end(int pidfd, unsigned seconds, struct err *err)
{
	uint64_t end = time_mono_ms() + seconds * UINT64_C(1000);
	struct pollfd p[] = {{.fd = pidfd, .events = POLLIN}, {.fd = sig_fd(), .events = POLLIN}};
	int r;

	while (!p[0].revents) {
		if ((r = sig_check(err)) < 0)
			return r;
		if (time_mono_ms() >= end)
			return err_set(err, ERR_TIMEOUT, "a helper took more than %u s", seconds);
		if (poll(p, COUNTOF(p), TICK_MS) < 0 && errno != EINTR)
			return err_errno(err, "cannot wait for a helper");
	}
	return 0;
}

int sandbox_compute(int (*fn)(void *arg, int out_fd), void *arg, unsigned seconds,
	struct strbuf *ret_out, struct err *err)
{
	auto_close int out = memfd_create("result", MFD_CLOEXEC), pidfd = -1;
	auto_free char *text = NULL;
	struct proc_result res = {0};
	size_t n;
	int pid, r;

	if (out < 0)
		return err_errno(err, "cannot make a file in memory");
	if ((r = proc_fork(fn, arg, out, &pid, &pidfd, err)) < 0)
		return r;
	if ((r = wait_end(pidfd, seconds, err)) < 0)
		sys_pidfd_kill(pidfd, SIGKILL);
	if (proc_reap(pidfd, &res, r < 0 ? NULL : err) < 0 && r >= 0)
		return -ERR_SYS;
	if (r < 0)
		return r;
	if (res.signal)
		return err_set(err, ERR_BUILD, "a helper died of signal %d", res.signal);
	if (res.exit)
		return err_set(err, ERR_BUILD, "a helper gave up");
	if (lseek(out, 0, SEEK_SET) < 0)
		return err_errno(err, "cannot read a file in memory");
	if ((r = fs_read_fd(out, LIMIT_OUTPUT, &text, &n, err)) < 0)
		return r;
	sb_addn(ret_out, text, n);
	return 0;
}
