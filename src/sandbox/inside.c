/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inside.c - pid 1 of one command. It finishes the root (proc, dev, sys, loopback), leaves the
 * host's mounts behind, starts the command and reaps until that has ended. Its own end makes the
 * kernel kill whatever else is left in the pid namespace.
 */
#include "base/fs.h"
#include "sandbox/internal.h"
#include "sandbox/sys.h"
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};

/* The caller's command line can be read by everybody in /proc/1/cmdline: blank it. */
static void forget_cmdline(void)
{
	auto_free char *text = NULL;
	auto_strv struct strv f = STRV_INIT;
	uint64_t from, to;
	char *end;

	if (fs_read("/proc/self/stat", 64 * KIB, &text, NULL, NULL) < 0 ||
		!(end = strrchr(text, ')')))
		return;
	strv_split(&f, end + 1, " ");
	/* arg_start and arg_end, fields 48 and 49; the state after the name is field 3 */
	if (f.n > 46 && str_u64(f.v[45], &from) && str_u64(f.v[46], &to) && from && to > from)
		memset((void *)(uintptr_t)from, 0, (size_t)(to - from));
	prctl(PR_SET_NAME, "init", 0, 0, 0);
}

static const char *const *copy_list(const char *const *list)
{
	struct strv v = STRV_INIT;

	for (; list && *list; list++)
		strv_add(&v, *list);
	return (const char *const *)v.v;
}

/* The caller's strings may well lie in the command line that is blanked. Lives until exec. */
static void own_strings(struct sandbox_cmd *cmd)
{
	cmd->argv = copy_list(cmd->argv);
	cmd->env = copy_list(cmd->env);
	cmd->cwd = xstrdup_null(cmd->cwd);
	cmd->bind_dst = xstrdup_null(cmd->bind_dst);
}

/* A signal disposition or mask of the caller's must not reach the command. */
static void reset_signals(void)
{
	struct sigaction dfl = {.sa_flags = 0};
	sigset_t none;

	dfl.sa_handler = SIG_DFL;
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int become_root(int sock, struct err *err)
{
	struct pollfd p = {.fd = sock};

	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_errno(err, "cannot become root inside");
	/* after the change of ids, which clears it; then see whether the supervisor still lives:
	 * it alone holds the other end of the socket */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_errno(err, "cannot tie the sandbox to its supervisor");
	if (poll(&p, 1, 0) > 0 && (p.revents & POLLHUP))
		_exit(1);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}

static int mount_at(
	const char *type, const char *at, unsigned long flags, const char *data, struct err *err)
{
	if (sys_mount(type, at, type, flags, data) < 0)
		return err_errno(err, "cannot mount %s", type);
	return 0;
}

static int make_devices(struct err *err)
{
	static const struct {
		const char *target, *name;
	} links[] = {{"pts/ptmx", "dev/ptmx"}, {"/proc/self/fd", "dev/fd"},
		{"/proc/self/fd/0", "dev/stdin"}, {"/proc/self/fd/1", "dev/stdout"},
		{"/proc/self/fd/2", "dev/stderr"}};
	int r;

	for (size_t i = 0; i < COUNTOF(devices); i++) {
		auto_free char *src = xasprintf("/dev/%s", devices[i]);
		auto_free char *dst = xasprintf("dev/%s", devices[i]);
		auto_close int fd = open(dst, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

		if (fd < 0 || sys_mount(src, dst, NULL, MS_BIND, NULL) < 0)
			return err_errno(err, "cannot show the device '%s'", src);
	}
	if (mkdir("dev/pts", 0755) < 0 || mkdir("dev/shm", 0755) < 0)
		return err_errno(err, "cannot make /dev");
	if ((r = mount_at("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC,
		     "newinstance,ptmxmode=0666,mode=620,gid=5", err)) < 0 ||
		(r = mount_at(
			 "tmpfs", "dev/shm", MS_NOSUID | MS_NODEV, "mode=1777,size=256m", err)) < 0)
		return r;
	for (size_t i = 0; i < COUNTOF(links); i++) {
		if (symlink(links[i].target, links[i].name) < 0)
			return err_errno(err, "cannot make '%s'", links[i].name);
	}
	return 0;
}

/* Kernel settings are read-only even where the namespaces made some of them ours. With nesting
 * they stay: a second /proc can only be mounted where the first is whole. */
static int protect_proc(struct err *err)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (sys_mount("proc/sys", "proc/sys", NULL, MS_BIND | MS_REC, NULL) < 0 ||
		sys_mount(NULL, "proc/sys", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | flags, NULL) <
			0)
		return err_errno(err, "cannot make /proc/sys read-only");
	return 0;
}

/* Only once the host is out of sight: a link at dst leads nowhere but into the root then. */
static int show_bind(const struct sb_inside *in, struct err *err)
{
	const char *dst = in->cmd->bind_dst;
	int r;

	if (in->bind < 0)
		return 0;
	if ((r = fs_mkdirs(dst, 0755, err)) < 0)
		return r;
	return sys_attach(in->bind, dst) < 0 ? err_errno(err, "cannot show '%s'", dst) : 0;
}

/* What is mounted on must not be a link out of the root, which we have not entered yet. Nothing
 * else runs, so what was looked at stays. */
static int check_mountpoints(struct err *err)
{
	static const char *const names[] = {"proc", "dev", "sys"};

	for (size_t i = 0; i < COUNTOF(names); i++) {
		struct stat st;

		if (lstat(names[i], &st) < 0 || !S_ISDIR(st.st_mode))
			return err_set(
				err, ERR_BUILD, "'/%s' of the root is not a directory", names[i]);
	}
	return 0;
}

static int make_root(const struct sb_inside *in, struct err *err)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	int r;

	if (sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_errno(err, "cannot cut the mount namespace off");
	/* a mount that came with the namespace is locked in its place; a clone of it is not */
	if (sys_mount("m", "m", NULL, MS_BIND | MS_REC, NULL) < 0 || chdir("m") < 0)
		return err_errno(err, "cannot enter the root");
	if ((r = check_mountpoints(err)) < 0 ||
		(r = mount_at("proc", "proc", flags, NULL, err)) < 0 ||
		(r = mount_at("tmpfs", "dev", MS_NOSUID, "mode=755,size=64k", err)) < 0 ||
		(r = make_devices(err)) < 0)
		return r;
	/* sysfs belongs to the network namespace: with the host's there is none to be had */
	if (!in->sb->network && (r = mount_at("sysfs", "sys", flags | MS_RDONLY, NULL, err)) < 0)
		return r;
	return in->sb->nested ? 0 : protect_proc(err);
}

static int leave_host(const struct sb_inside *in, struct err *err)
{
	const char *name = in->sb->hostname;
	struct ifreq q = {.ifr_name = "lo"};
	auto_close int s = -1;

	if (sys_pivot_root(".", ".") < 0 || sys_umount(".", SYS_DETACH) < 0 || chdir("/") < 0)
		return err_errno(err, "cannot change to the root");
	if (sethostname(name, strlen(name)) < 0)
		return err_errno(err, "cannot set the host name");
	if (in->sb->network)
		return 0;
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	q.ifr_flags = IFF_UP;
	if (s < 0 || ioctl(s, SIOCSIFFLAGS, &q) < 0)
		return err_errno(err, "cannot bring the loopback network up");
	return 0;
}

static void set_rlimits(void)
{
	/* 1, not 0: only that keeps the kernel from starting the machine's crash handler, which
	 * runs as real root outside and would read foreign memory */
	struct rlimit none = {1, 1}, files;

	(void)setrlimit(RLIMIT_CORE, &none);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max < 1024 ? files.rlim_max : 1024;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* The slave of a new terminal; its master goes to the supervisor, which gives it its size before
 * anybody can ask for it. */
static int open_tty(int sock, struct err *err)
{
	struct sb_msg m = {.type = SB_MSG_FD};
	auto_close int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int unlock = 0, slave;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_errno(err, "cannot make a terminal");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_errno(err, "cannot open the terminal");
	sb_send(sock, &m, master);
	if (sb_expect(sock, SB_MSG_DONE, &m, NULL, err) < 0) {
		auto_closep(&slave);
		return -ERR_SYS;
	}
	return slave;
}

static int start(const struct sb_inside *in, int *ret_tty, struct err *err)
{
	char ch;
	int r;

	setsid();
	reset_signals();
	if (read(in->go, &ch, 1) != 1)
		_exit(1);
	close(in->go);
	umask(022);
	forget_cmdline();
	if ((r = become_root(in->sock, err)) < 0 || (r = make_root(in, err)) < 0 ||
		(r = leave_host(in, err)) < 0 || (r = show_bind(in, err)) < 0)
		return r;
	set_rlimits();
	if (!in->cmd->tty)
		return 0;
	r = open_tty(in->sock, err);
	*ret_tty = r;
	return r < 0 ? r : 0;
}

/* Wait for the command, and for whatever it leaves behind meanwhile. */
static int reap(int payload)
{
	int st = 0;

	for (;;) {
		int pid = waitpid(-1, &st, 0);

		if (pid == payload)
			return st;
		if (pid < 0 && errno != EINTR)
			return 1 << 8;
	}
}

void sb_inside_main(struct sb_inside *in)
{
	struct sandbox_cmd cmd = *in->cmd;
	struct sb_msg status = {.type = SB_MSG_STATUS};
	struct err err = ERR_INIT;
	int tty = -1, pid;

	own_strings(&cmd);
	in->cmd = &cmd;
	if (start(in, &tty, &err) < 0 || ((pid = fork()) < 0 && err_errno(&err, "cannot fork"))) {
		sb_send_err(in->sock, &err);
		_exit(1);
	}
	if (pid == 0)
		sb_payload_main(in, tty);
	/* nothing but the socket: an open pipe here would hide the end of the output */
	if (in->sock > 0)
		sys_close_range(0, (unsigned)in->sock - 1, 0);
	sys_close_range((unsigned)in->sock + 1, ~0U, 0);
	status.a = reap(pid);
	sb_send(in->sock, &status, -1);
	_exit(0);
}
