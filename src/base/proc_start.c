/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/proc_start.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/sig.h"
#include "base/time.h"
#include <linux/close_range.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What the child could not do, as it comes through the report pipe. */
enum stage { STAGE_SETUP, STAGE_CWD, STAGE_EXEC };

struct report {
	enum stage stage;
	int sys;
};

/* All that the child needs, made before the fork: after it only async-signal-safe calls. */
struct launch {
	const struct proc_opts *o;
	const char *path;
	int fds[3]; /* become stdin, stdout, stderr */
	int report;
	pid_t parent;
};

static const char *env_or(const char *name, const char *fallback)
{
	const char *v = getenv(name);

	return str_empty(v) ? fallback : v;
}

const char *const *proc_env_default(void)
{
	static const char *env[8];

	if (env[0])
		return env;
	env[0] = xasprintf("PATH=%s", env_or("PATH", DEFAULT_PATH));
	env[1] = xasprintf("HOME=%s", env_or("HOME", "/"));
	env[2] = xasprintf("USER=%s", env_or("USER", "root"));
	env[3] = "LANG=C.UTF-8";
	env[4] = "TZ=UTC";
	env[5] = xasprintf("TMPDIR=%s", env_or("TMPDIR", "/tmp"));
	env[6] = "NO_COLOR=1";
	return env;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Relative entries of PATH are skipped: the child's directory is not ours. */
bool proc_which(const char *name, char **ret_path)
{
	auto_strv struct strv dirs = STRV_INIT;

	if (strchr(name, '/')) {
		if (!is_program(name))
			return false;
		if (ret_path)
			*ret_path = xstrdup(name);
		return true;
	}
	if (!*name)
		return false;
	strv_split(&dirs, env_or("PATH", DEFAULT_PATH), ":");
	for (size_t i = 0; i < dirs.n; i++) {
		auto_free char *path = path_join(dirs.v[i], name);

		if (*path != '/' || !is_program(path))
			continue;
		if (ret_path)
			*ret_path = TAKE(path);
		return true;
	}
	return false;
}

NORETURN static void child_fail(const struct launch *l, enum stage stage)
{
	struct report r = {.stage = stage, .sys = errno};

	if (write(l->report, &r, sizeof r) < 0)
		_exit(126);
	_exit(127);
}

/* ^C reaches the whole process group; a child that must finish does not hear it. */
static void child_signals(bool ignore_stop)
{
	struct sigaction sa = {.sa_flags = 0};
	sigset_t none;

	for (int s = 1; s < NSIG; s++) {
		sa.sa_handler = ignore_stop && (s == SIGINT || s == SIGHUP) ? SIG_IGN : SIG_DFL;
		(void)sigaction(s, &sa, NULL);
	}
	(void)sigemptyset(&none);
	(void)pthread_sigmask(SIG_SETMASK, &none, NULL);
}

/* Through numbers above 2: a source may itself be 1 or 2. */
static int child_fds(const struct launch *l)
{
	int high[3];

	for (int i = 0; i < 3; i++) {
		high[i] = fcntl(l->fds[i], F_DUPFD_CLOEXEC, 3);
		if (high[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(high[i], i) < 0)
			return -1;
	if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return -1;
	if (l->o->pass_fd > 2)
		return fcntl(l->o->pass_fd, F_SETFD, 0);
	return 0;
}

NORETURN static void child_main(const struct launch *l, const char *const *env)
{
	char *const *argv, *const *envp;
	pid_t ppid;

	memcpy(&argv, &l->o->argv, sizeof argv);
	memcpy(&envp, &env, sizeof envp);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		child_fail(l, STAGE_SETUP);
	/* it may have died before the prctl; 0: it is outside of our pid namespace */
	ppid = getppid();
	if (ppid != l->parent && ppid != 0)
		_exit(127);
	if (l->o->own_group && setpgid(0, 0) < 0)
		child_fail(l, STAGE_SETUP);
	child_signals(l->o->no_interrupt);
	if (child_fds(l) < 0)
		child_fail(l, STAGE_SETUP);
	if (l->o->cwd && chdir(l->o->cwd) < 0)
		child_fail(l, STAGE_CWD);
	(void)execve(l->path, argv, envp);
	child_fail(l, STAGE_EXEC);
}

/* A file in memory: no pipe that could fill up while nobody reads. */
static int input_file(const char *text, struct err *err)
{
	auto_close int fd = memfd_create("stdin", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	int r;

	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create("stdin", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(err, "cannot make a file in memory");
	r = fs_write_all(fd, text, strlen(text), err);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, "cannot rewind a file in memory");
	return take_fd(&fd);
}

static int start_error(const struct proc_opts *o, const struct report *rep, struct err *err)
{
	if (rep->stage == STAGE_EXEC)
		return err_sys_(err, rep->sys, "cannot run '%s'", o->argv[0]);
	if (rep->stage == STAGE_CWD)
		return err_sys_(err, rep->sys, "cannot run '%s' in '%s'", o->argv[0], o->cwd);
	return err_set_(err, ERR_SYS, rep->sys, "cannot prepare to run '%s'", o->argv[0]);
}

/* 0 once the program runs; the pipe closes at exec. */
static int read_report(const struct proc_opts *o, int fd, struct err *err)
{
	struct report rep;
	ssize_t n;

	do
		n = read(fd, &rep, sizeof rep);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, "cannot run '%s'", o->argv[0]);
	return n == sizeof rep ? start_error(o, &rep, err) : 0;
}

static void wait_for(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* fork with all signals blocked on both sides: no handler of ours may run in the child, it shares
 * the pipe of sig.c. The parent calls unblock(old). */
static pid_t fork_blocked(sigset_t *old)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, old);
	return fork();
}

static void unblock(const sigset_t *old)
{
	int sys = errno;

	(void)pthread_sigmask(SIG_SETMASK, old, NULL);
	errno = sys;
}

static pid_t fork_launch(const struct launch *l, const char *const *env)
{
	sigset_t old;
	pid_t pid = fork_blocked(&old);

	if (pid == 0)
		child_main(l, env);
	unblock(&old);
	return pid;
}

/* A pidfd of a child of ours; it is killed when there is none to be had. */
static int watch_child(pid_t pid, const char *what, int *ret_pidfd, struct err *err)
{
	int r, pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd >= 0) {
		*ret_pidfd = pidfd;
		return 0;
	}
	r = err_errno(err, "cannot watch '%s'", what);
	(void)kill(pid, SIGKILL);
	wait_for(pid);
	return r;
}

static int launch(struct launch *l, int *ret_pid, int *ret_pidfd, struct err *err)
{
	const struct proc_opts *o = l->o;
	const char *const *env = o->env ? o->env : proc_env_default();
	auto_close int report_r = -1, report_w = -1, pidfd = -1;
	int p[2], r;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(err, "cannot make a pipe");
	report_r = p[0];
	/* out of the way of the dup2 to 0, 1 and 2 */
	report_w = fcntl(p[1], F_DUPFD_CLOEXEC, 3);
	(void)close(p[1]);
	if (report_w < 0)
		return err_errno(err, "cannot make a pipe");
	l->report = report_w;
	l->parent = getpid();
	pid = fork_launch(l, env);
	if (pid < 0)
		return err_errno(err, "cannot start '%s'", o->argv[0]);
	(void)close(take_fd(&report_w));
	if ((r = watch_child(pid, o->argv[0], &pidfd, err)) < 0)
		return r;
	r = read_report(o, report_r, err);
	if (r < 0) {
		(void)kill(pid, SIGKILL);
		wait_for(pid);
		return r;
	}
	*ret_pid = pid;
	*ret_pidfd = take_fd(&pidfd);
	return 0;
}

NORETURN static void forked(int (*fn)(void *ctx, int out_fd), void *ctx, int out_fd, pid_t parent)
{
	sigset_t none;
	pid_t ppid;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(126);
	ppid = getppid();
	if ((ppid != parent && ppid != 0) || dup2(out_fd, STDOUT_FILENO) < 0)
		_exit(126);
	(void)syscall(SYS_close_range, 3U, ~0U, 0);
	sig_forked();
	log_around(NULL, NULL);
	(void)sigemptyset(&none);
	(void)pthread_sigmask(SIG_SETMASK, &none, NULL);
	_exit(fn(ctx, STDOUT_FILENO) < 0 ? 1 : 0);
}

int proc_fork(int (*fn)(void *ctx, int out_fd), void *ctx, int out_fd, int *ret_pid, int *ret_pidfd,
	struct err *err)
{
	pid_t parent = getpid();
	sigset_t old;
	pid_t pid = fork_blocked(&old);

	if (pid == 0)
		forked(fn, ctx, out_fd, parent);
	unblock(&old);
	if (pid < 0)
		return err_errno(err, "cannot fork");
	*ret_pid = pid;
	return watch_child(pid, "a helper", ret_pidfd, err);
}

static void trace_start(const struct proc_opts *o, int pid)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	if (!trace_on("proc"))
		return;
	for (const char *const *a = o->argv; *a; a++)
		sb_addf(&b, " %s", *a);
	trace("proc", "%d start:%s", pid, sb_str(&b));
}

int proc_spawn(const struct proc_opts *o, int out, int errfd, int *ret_pid, int *ret_pidfd,
	struct err *err)
{
	auto_free char *path = NULL;
	auto_close int nul = open("/dev/null", O_RDWR | O_CLOEXEC), in = -1;
	struct launch l = {.o = o};
	int r;

	if (nul < 0)
		return err_errno(err, "cannot open '/dev/null'");
	if (strchr(o->argv[0], '/'))
		path = xstrdup(o->argv[0]);
	else if (!proc_which(o->argv[0], &path))
		return err_set_(
			err, ERR_NOT_FOUND, 0, "program '%s' not found in PATH", o->argv[0]);
	if (o->input) {
		in = input_file(o->input, err);
		if (in < 0)
			return in;
	}
	l.path = path;
	l.fds[0] = in >= 0 ? in : o->in_fd > 0 ? o->in_fd : nul;
	l.fds[1] = o->out_fd > 0 ? o->out_fd : out >= 0 ? out : nul;
	l.fds[2] = o->err_fd > 0 ? o->err_fd : errfd >= 0 ? errfd : nul;
	if (o->err_to_out)
		l.fds[2] = l.fds[1];
	r = launch(&l, ret_pid, ret_pidfd, err);
	if (r == 0)
		trace_start(o, *ret_pid);
	return r;
}

int proc_start(const struct proc_opts *o, int *ret_pid, int *ret_pidfd, struct err *err)
{
	return proc_spawn(o, -1, -1, ret_pid, ret_pidfd, err);
}

int proc_reap(int pidfd, struct proc_result *ret, struct err *err)
{
	siginfo_t info = {0};
	int r;

	do
		r = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_errno(err, "cannot wait for a child");
	if (ret) {
		bool exited = info.si_code == CLD_EXITED;

		*ret = (struct proc_result){
			.exit = exited ? info.si_status : 128 + info.si_status,
			.signal = exited ? 0 : info.si_status,
		};
	}
	return 0;
}

void proc_end_all(const int *pidfds, size_t n, unsigned grace_ms)
{
	uint64_t end = time_mono_ms() + grace_ms;

	for (size_t i = 0; i < n; i++)
		(void)syscall(SYS_pidfd_send_signal, pidfds[i], SIGTERM, NULL, 0);
	for (size_t i = 0; i < n; i++) {
		struct pollfd p = {.fd = pidfds[i], .events = POLLIN};
		uint64_t now = time_mono_ms();

		while (poll(&p, 1, now < end ? (int)(end - now) : 0) < 0 && errno == EINTR)
			now = time_mono_ms();
		if (!p.revents)
			(void)syscall(SYS_pidfd_send_signal, pidfds[i], SIGKILL, NULL, 0);
		(void)proc_reap(pidfds[i], NULL, NULL);
	}
}
