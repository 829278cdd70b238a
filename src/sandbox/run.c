/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.c - run one command in a sandbox and stay with it: output, limits, signals, the end. */
#include "base/disk.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/sig.h"
#include "base/time.h"
#include "sandbox/internal.h"
#include "sandbox/launch.h"
#include "sandbox/sys.h"
#include <poll.h>
#include <signal.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#define TICK_MS   200       /* how often the writable layer is looked at */
#define NEAR_FULL (1 * MIB) /* a layer with less free space than this counts as full */
#define PIPE_SIZE (1024 * 1024)

enum {
	PFD_SOCK,
	PFD_PID,
	PFD_OUT,
	PFD_LOG,
	PFD_SIG,
	PFD_WATCH,
	PFD_TTY,
	PFD_STDIN,
	PFD_WINCH,
	PFD_COUNT
};

struct run {
	struct sandbox *sb;
	const struct sandbox_cmd *cmd;
	struct strbuf *out; /* captured stdout, or NULL */
	int pid, pidfd, sock, out_fd, log_fd;
	int watch_pid, watch_fd;
	struct sb_logcap log;
	struct sb_tty tty;
	uint64_t deadline; /* time_mono_ms; 0: none */
	uint64_t min_free, min_inodes;
	enum sandbox_limit killed_for;
	bool has_status, out_cut, killed;
	bool host_low; /* the disk that the layer lies on had no room to speak of */
	int status;
	struct err err; /* of pid 1, or a stop signal */
};

static void kill_all(struct run *r, enum sandbox_limit why)
{
	if (r->killed)
		return;
	r->killed = true;
	r->killed_for = why;
	if (r->pidfd >= 0)
		sys_pidfd_kill(r->pidfd, SIGKILL);
}

static int make_pipe(int *ret_read, int *ret_write, struct err *err)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(err, "cannot make a pipe");
	/* the writer's end must not be one of the three streams it will replace */
	*ret_write = fcntl(p[1], F_DUPFD_CLOEXEC, 3);
	close(p[1]);
	*ret_read = p[0];
	if (*ret_write < 0)
		return err_errno(err, "cannot make a pipe");
	(void)fcntl(p[0], F_SETPIPE_SZ, PIPE_SIZE);
	(void)fcntl(p[0], F_SETFL, O_NONBLOCK);
	return 0;
}

/* Read what is there; false at the end of the stream. */
static bool pump(struct run *r, int fd)
{
	static const size_t chunk = 64 * KIB;
	auto_free char *buf = xmalloc(chunk);
	ssize_t n = read(fd, buf, chunk);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	if (fd != r->out_fd) {
		sb_logcap_add(&r->log, buf, (size_t)n);
	} else {
		size_t room = r->out->n < LIMIT_OUTPUT ? LIMIT_OUTPUT - r->out->n : 0;

		r->out_cut |= (size_t)n > room;
		sb_addn(r->out, buf, (size_t)n < room ? (size_t)n : room);
	}
	return true;
}

static void on_message(struct run *r)
{
	struct sb_msg m, done = {.type = SB_MSG_DONE};
	int fd = -1, got = sb_recv(r->sock, &m, &fd, &r->err);

	if (got <= 0) {
		auto_closep(&r->sock);
		r->sock = -1;
		return;
	}
	if (m.type == SB_MSG_STATUS) {
		r->has_status = true;
		r->status = (int)m.a;
	} else if (m.type == SB_MSG_ERR) {
		sb_msg_err(&m, &r->err);
	} else if (m.type == SB_MSG_FD && fd >= 0 && r->cmd->tty && r->tty.master < 0) {
		sb_tty_start(&r->tty, fd);
		fd = -1;
		sb_send(r->sock, &done, -1);
	}
	auto_closep(&fd);
}

static void on_usage(struct run *r)
{
	const struct limits *l = &r->sb->limits;
	struct sb_msg m;

	if (sb_recv(r->watch_fd, &m, NULL, NULL) <= 0 || m.type != SB_MSG_USAGE) {
		auto_closep(&r->watch_fd);
		r->watch_fd = -1;
		return;
	}
	if (l->disk && (uint64_t)m.a > l->disk)
		kill_all(r, SANDBOX_LIMIT_DISK);
	else if (l->inodes && (uint64_t)m.b > l->inodes)
		kill_all(r, SANDBOX_LIMIT_INODES);
}

/* The least that was free on a layer: what hit the end may have tidied up since. */
static void look_at_layer(struct run *r)
{
	const struct sb_mount *first = r->sb->mounts, *last = first + r->sb->n_mounts - 1;
	struct statvfs st;

	if (r->sb->keep || !r->sb->tmpfs)
		r->host_low |= disk_is_low(r->sb->keep ? first->upper : last->upper);
	if (!r->sb->tmpfs || fstatvfs(last->upper, &st) < 0)
		return;
	if (r->sb->limits.disk && st.f_bavail * st.f_bsize < r->min_free)
		r->min_free = st.f_bavail * st.f_bsize;
	if (r->sb->limits.inodes && st.f_favail < r->min_inodes)
		r->min_inodes = st.f_favail;
}

static int wait_ms(const struct run *r)
{
	uint64_t now = time_mono_ms();

	if (r->killed || !r->deadline)
		return TICK_MS;
	if (now >= r->deadline)
		return 0;
	return r->deadline - now < TICK_MS ? (int)(r->deadline - now) : TICK_MS;
}

static void on_signal(struct run *r)
{
	if (r->killed)
		return;
	err_clear(&r->err);
	sig_check(&r->err);
	kill_all(r, SANDBOX_LIMIT_NONE);
}

static void handle(struct run *r, const struct pollfd *p)
{
	if (p[PFD_OUT].revents && !pump(r, r->out_fd)) {
		auto_closep(&r->out_fd);
		r->out_fd = -1;
	}
	if (p[PFD_LOG].revents && !pump(r, r->log_fd)) {
		auto_closep(&r->log_fd);
		r->log_fd = -1;
	}
	if (p[PFD_SOCK].revents)
		on_message(r);
	if (p[PFD_WATCH].revents)
		on_usage(r);
	if (p[PFD_TTY].revents && !sb_tty_out(&r->tty))
		r->tty.eof = true;
	if (p[PFD_STDIN].revents)
		(void)sb_tty_in(&r->tty);
	if (p[PFD_WINCH].revents)
		sb_tty_resize(&r->tty);
	if (p[PFD_SIG].revents)
		on_signal(r);
}

/* Until pid 1, and with it every process inside, is dead. */
static void follow(struct run *r)
{
	for (;;) {
		struct pollfd p[PFD_COUNT] = {[PFD_SOCK] = {r->sock, POLLIN, 0},
			[PFD_PID] = {r->pidfd, POLLIN, 0},
			[PFD_OUT] = {r->out_fd, POLLIN, 0},
			[PFD_LOG] = {r->log_fd, POLLIN, 0},
			[PFD_SIG] = {r->killed ? -1 : sig_fd(), POLLIN, 0},
			[PFD_WATCH] = {r->watch_fd, POLLIN, 0},
			[PFD_TTY] = {r->tty.eof ? -1 : r->tty.master, POLLIN, 0},
			[PFD_STDIN] = {r->tty.master >= 0 && !r->tty.in_eof ? 0 : -1, POLLIN, 0},
			[PFD_WINCH] = {r->tty.winch, POLLIN, 0}};

		if (poll(p, PFD_COUNT, wait_ms(r)) < 0 && errno != EINTR)
			return;
		handle(r, p);
		look_at_layer(r);
		if (!r->killed && r->deadline && time_mono_ms() >= r->deadline)
			kill_all(r, SANDBOX_LIMIT_TIME);
		if (p[PFD_PID].revents)
			return;
	}
}

/* All writers are dead: read what is still in the pipes. */
static void drain(struct run *r)
{
	struct pollfd p;

	for (int i = 0; i < 2; i++) {
		int *fd = i ? &r->log_fd : &r->out_fd;

		p = (struct pollfd){.fd = *fd, .events = POLLIN};
		while (*fd >= 0 && poll(&p, 1, 0) > 0 && pump(r, *fd))
			;
		auto_closep(fd);
		*fd = -1;
	}
	p = (struct pollfd){.fd = r->sock, .events = POLLIN};
	while (r->sock >= 0 && poll(&p, 1, 0) > 0)
		on_message(r);
	while (r->tty.master >= 0 && !r->tty.eof && sb_tty_out(&r->tty))
		;
}

/* What the command ran into when nothing of ours ended it. */
static enum sandbox_limit ran_into(const struct run *r)
{
	if (sb_cgroup_oomed(&r->sb->cg))
		return SANDBOX_LIMIT_MEMORY;
	if (r->min_free < NEAR_FULL)
		return SANDBOX_LIMIT_DISK;
	if (r->min_inodes == 0)
		return SANDBOX_LIMIT_INODES;
	return sb_cgroup_pids_hit(&r->sb->cg) ? SANDBOX_LIMIT_PIDS : SANDBOX_LIMIT_NONE;
}

static int judge(struct run *r, struct sandbox_verdict *v, struct err *err)
{
	int st = r->has_status ? r->status : 9; /* pid 1 was killed, and all with it */

	if (r->err.code != ERR_OK && r->killed_for == SANDBOX_LIMIT_NONE)
		return err_move(err, &r->err);
	v->signal = WIFSIGNALED(st) ? WTERMSIG(st) : 0;
	v->exit = WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
	v->limit = r->killed_for;
	if (v->limit == SANDBOX_LIMIT_NONE && v->exit != 0)
		v->limit = ran_into(r);
	/* a person at a terminal sees for himself */
	if (v->limit == SANDBOX_LIMIT_NONE && v->exit != 0 && r->host_low && !r->cmd->tty)
		return err_sys_(err, ENOSPC, "it failed while the disk below it was full");
	v->peak_memory = sb_cgroup_peak(&r->sb->cg);
	return 0;
}

static int start(struct run *r, struct err *err)
{
	struct sb_inside in = {.sb = r->sb, .cmd = r->cmd, .out_fd = -1, .err_fd = -1};
	bool to_log = r->cmd->log_fd > 0 && !r->cmd->tty;
	int out = -1, log = -1, sv[2], ret;

	if ((r->out && (ret = make_pipe(&r->out_fd, &out, err)) < 0) ||
		(to_log && (ret = make_pipe(&r->log_fd, &log, err)) < 0) ||
		(ret = sb_socketpair(sv, err)) < 0) {
		auto_closep(&out);
		auto_closep(&log);
		return ret;
	}
	in.err_fd = log;
	in.out_fd = r->out ? out : log;
	in.sock = sv[1];
	r->sock = sv[0];
	ret = sb_launch(&in, r->sock, &r->pid, err);
	auto_closep(&out);
	auto_closep(&log);
	if (ret < 0)
		return ret;
	r->pidfd = sys_pidfd_open(r->pid);
	return r->pidfd < 0 ? err_errno(err, "cannot watch the sandbox") : 0;
}

static void finish(struct run *r)
{
	sb_tty_end(&r->tty);
	if (r->watch_pid > 0) {
		kill(r->watch_pid, SIGKILL);
		sb_outer_end(r->watch_pid);
	}
	auto_closep(&r->watch_fd);
	auto_closep(&r->pidfd);
	auto_closep(&r->sock);
	auto_closep(&r->out_fd);
	auto_closep(&r->log_fd);
	sb_logcap_release(&r->log);
	err_clear(&r->err);
}

static int run_steps(struct run *r, struct sandbox_verdict *v, struct err *err)
{
	unsigned timeout = r->cmd->timeout;
	int ret;

	if ((ret = sig_check(err)) < 0)
		return ret;
	sb_cgroup_mark(&r->sb->cg);
	if ((!r->sb->tmpfs || r->sb->keep) && (r->sb->limits.disk || r->sb->limits.inodes) &&
		(ret = sb_outer_start(
			 r->sb, sb_watch_main, NULL, &r->watch_pid, &r->watch_fd, err)) < 0)
		return ret;
	if ((ret = start(r, err)) < 0) {
		if (r->pid > 0) {
			kill(r->pid, SIGKILL);
			sb_outer_end(r->pid);
		}
		return ret;
	}
	if (timeout || r->sb->limits.time)
		r->deadline = time_mono_ms() + (timeout ? timeout : r->sb->limits.time) * 1000;
	follow(r);
	drain(r);
	look_at_layer(r);
	sb_outer_end(r->pid);
	v->log_cut = sb_logcap_end(&r->log) || r->out_cut;
	if (r->log.failed)
		return err_sys_(err, r->log.failed, "cannot write the log");
	return judge(r, v, err);
}

/* A command could not even begin, for a layer in memory that an earlier one has filled. */
static bool filled(struct run *r, const struct err *err)
{
	look_at_layer(r);
	return err && err->sys == ENOSPC && !r->log.failed && !r->host_low &&
	       (r->min_free < NEAR_FULL || r->min_inodes == 0);
}

int sandbox_run(struct sandbox *sb, const struct sandbox_cmd *cmd, struct strbuf *ret_out,
	struct sandbox_verdict *ret, struct err *err)
{
	struct run r = {.sb = sb,
		.cmd = cmd,
		.out = cmd->tty ? NULL : ret_out,
		.pidfd = -1,
		.sock = -1,
		.out_fd = -1,
		.log_fd = -1,
		.watch_fd = -1,
		.tty = {.master = -1, .winch = -1},
		.min_free = UINT64_MAX,
		.min_inodes = UINT64_MAX};
	struct sandbox_verdict v = {0};
	double t = time_mono();
	int res;

	sb_logcap_init(&r.log, cmd->log_fd, sb->limits.log);
	res = run_steps(&r, &v, err);
	if (res < 0 && filled(&r, err)) {
		err_clear(err);
		v = (struct sandbox_verdict){.exit = 1, .limit = SANDBOX_LIMIT_DISK};
		res = 0;
	}
	v.seconds = time_mono() - t;
	if (trace_on("sandbox"))
		trace("sandbox", "run %s: %s exit=%d limit=%s %.3f s", cmd->argv[0],
			res < 0 ? "error" : "ended", v.exit,
			sandbox_limit_name(v.limit) ? sandbox_limit_name(v.limit) : "none",
			v.seconds);
	finish(&r);
	if (res < 0)
		return err_wrap(err, "cannot run '%s' in the sandbox", cmd->argv[0]);
	*ret = v;
	return 0;
}
