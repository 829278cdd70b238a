/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole command is one child of a supervisor that holds the clock. The child is asked first
 * (SIGTERM, so that it can undo and end its own children), then killed; as a subreaper the
 * supervisor inherits whatever the child left and kills that too.
 */
#include "base/base.h"
#include "base/log.h"
#include "base/time.h"
#include "cmd/cmd.h"
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define GRACE 5.0 /* seconds between asking and killing, and for the dead to be buried */

static volatile int *expired; /* shared by supervisor and child */

bool supervise_expired(void)
{
	return expired && *expired;
}

/* The parent of a process, 0 when it is gone. */
static long parent_of(const char *pid)
{
	char path[64], text[512];
	const char *p;
	size_t n;
	FILE *f;

	if (snprintf(path, sizeof path, "/proc/%s/stat", pid) >= (int)sizeof path)
		return 0;
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	/* pid (name, which may hold anything) state ppid */
	p = strrchr(text, ')');
	return p && strlen(p) > 4 ? strtol(p + 4, NULL, 10) : 0;
}

static void kill_children(void)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	long self = getpid();

	if (!d)
		return;
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && parent_of(e->d_name) == self)
			kill((pid_t)strtol(e->d_name, NULL, 10), SIGKILL);
	closedir(d);
}

/* Kill children until none are left; those of the killed become ours. */
static void bury_all(void)
{
	double end = time_mono() + GRACE;

	while (time_mono() < end) {
		pid_t pid;

		kill_children();
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0 && errno == ECHILD)
			return;
		poll(NULL, 0, 10);
	}
}

static int status_of(int wstatus)
{
	return WIFSIGNALED(wstatus) ? 128 + WTERMSIG(wstatus) : WEXITSTATUS(wstatus);
}

/* True when the child has ended; orphans that came to us are reaped on the way. */
static bool reap(pid_t child, int *ret_status)
{
	int wstatus;
	pid_t pid;

	while ((pid = waitpid(-1, &wstatus, WNOHANG)) > 0)
		if (pid == child) {
			*ret_status = status_of(wstatus);
			return true;
		}
	return false;
}

static void pass_on_signals(int fd, pid_t child)
{
	struct signalfd_siginfo si;

	while (read(fd, &si, sizeof si) == (ssize_t)sizeof si)
		/* what the terminal sends reaches the child by itself */
		if (si.ssi_signo != SIGCHLD && si.ssi_code <= 0)
			kill(child, (int)si.ssi_signo);
}

/* Wait for the child's end or the deadline (CLOCK_MONOTONIC seconds). */
static bool wait_until(pid_t child, int fd, double deadline, int *ret_status)
{
	while (!reap(child, ret_status)) {
		double left = deadline - time_mono();
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (left <= 0)
			return false;
		poll(&p, 1, left > 3600 ? 3600000 : (int)(left * 1000) + 1);
		pass_on_signals(fd, child);
	}
	return true;
}

static void watch(pid_t child, int fd, uint64_t seconds, const char *what, int *ret_status)
{
	if (wait_until(child, fd, time_mono() + (double)seconds, ret_status))
		return;
	if (expired)
		*expired = 1;
	kill(child, SIGTERM);
	if (!wait_until(child, fd, time_mono() + GRACE, ret_status))
		kill(child, SIGKILL);
	bury_all();
	log_error("%s: not finished after %llu s (--timeout)", what, (unsigned long long)seconds);
	*ret_status = 11;
}

bool supervise(uint64_t seconds, const char *what, int *ret_status)
{
	void *shared = mmap(
		NULL, sizeof *expired, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct err err = {.code = ERR_TIMEOUT};
	sigset_t set, old;
	pid_t child, self = getpid();
	int fd;

	if (shared != MAP_FAILED)
		expired = shared;
	*ret_status = err_exit_status(&err);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	child = fork();
	if (child < 0) {
		log_error("fork: %s", strerror(errno));
		*ret_status = 5;
		return true;
	}
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != self)
			raise(SIGKILL);
		sigprocmask(SIG_SETMASK, &old, NULL);
		return false;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	watch(child, fd, seconds, what, ret_status);
	if (fd >= 0)
		close(fd);
	return true;
}
