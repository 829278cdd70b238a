/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/proc.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/proc_start.h"
#include "base/sig.h"
#include "base/time.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define GRACE_MS 2000 /* from SIGTERM to SIGKILL */

/* A captured output of the child. */
struct stream {
	int fd; /* -1: not captured, or at its end */
	struct strbuf buf;
	bool over;
};

struct run {
	const struct proc_opts *o;
	int pid, pidfd;
	struct stream out, errs;
	size_t cap;
	double start;
	uint64_t deadline; /* 0: none */
	uint64_t kill_at;  /* 0: not ending the child, or already killed */
	enum err_code why; /* why the child is being ended, ERR_OK: it is not */
};

static void stream_close(struct stream *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

static void run_release(struct run *r)
{
	stream_close(&r->out);
	stream_close(&r->errs);
	sb_release(&r->out.buf);
	sb_release(&r->errs.buf);
	if (r->pidfd >= 0)
		(void)close(r->pidfd);
}

/* One read; the number of bytes, 0 when there is nothing (more). */
static size_t stream_read(struct stream *s, size_t cap)
{
	char chunk[32768];
	size_t keep;
	ssize_t n;

	if (s->fd < 0)
		return 0;
	n = read(s->fd, chunk, sizeof chunk);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		stream_close(s);
		return 0;
	}
	keep = cap - s->buf.n < (size_t)n ? cap - s->buf.n : (size_t)n;
	if (keep < (size_t)n)
		s->over = true;
	sb_addn(&s->buf, chunk, keep);
	return (size_t)n;
}

/* What lies in the pipe now; a grandchild may go on writing for ever. */
static void stream_drain(struct stream *s, size_t cap)
{
	int left = 0;

	if (s->fd < 0 || ioctl(s->fd, FIONREAD, &left) < 0)
		return;
	while (left > 0) {
		size_t n = stream_read(s, cap);

		if (!n)
			return;
		left -= (int)n;
	}
}

static void run_kill(const struct run *r, int sig)
{
	/* not reaped yet: the number is still the child's */
	if (r->o->own_group)
		(void)kill(-r->pid, sig);
	else
		(void)syscall(SYS_pidfd_send_signal, r->pidfd, sig, NULL, 0);
}

static void run_end(struct run *r, enum err_code why)
{
	if (r->why)
		return;
	r->why = why;
	r->kill_at = time_mono_ms() + (r->o->grace_ms ?: GRACE_MS);
	run_kill(r, SIGTERM);
}

/* Reasons to end the child, and the second, harder signal. */
static void run_check(struct run *r)
{
	uint64_t now = time_mono_ms();

	if (!r->o->no_interrupt && sig_pending())
		run_end(r, ERR_SIGNAL);
	if (r->o->over_cap_fails && (r->out.over || r->errs.over))
		run_end(r, ERR_SOURCE);
	if (r->deadline && now >= r->deadline)
		run_end(r, ERR_TIMEOUT);
	if (r->kill_at && now >= r->kill_at) {
		run_kill(r, SIGKILL);
		r->kill_at = 0;
	}
}

static int poll_ms(const struct run *r)
{
	uint64_t now = time_mono_ms(), at = r->why ? r->kill_at : r->deadline;

	if (!at)
		return -1;
	if (now >= at)
		return 0;
	return at - now > 60000 ? 60000 : (int)(at - now);
}

/* Until the child has ended. */
static int run_loop(struct run *r, struct err *err)
{
	for (;;) {
		bool listen = !r->o->no_interrupt && !r->why;
		struct pollfd p[] = {
			{.fd = r->pidfd, .events = POLLIN},
			{.fd = r->out.fd, .events = POLLIN},
			{.fd = r->errs.fd, .events = POLLIN},
			{.fd = listen ? sig_fd() : -1, .events = POLLIN},
		};

		if (poll(p, COUNTOF(p), poll_ms(r)) < 0) {
			if (errno != EINTR)
				return err_errno(err, "poll");
			continue;
		}
		if (p[1].revents)
			(void)stream_read(&r->out, r->cap);
		if (p[2].revents)
			(void)stream_read(&r->errs, r->cap);
		if (p[0].revents)
			return 0;
		run_check(r);
	}
}

static int run_verdict(const struct run *r, const struct proc_result *res, struct err *err)
{
	const char *name = r->o->argv[0];

	/* a ^C reaches the child too, perhaps before we look */
	if (r->why == ERR_SIGNAL || (res->exit && !r->o->no_interrupt && sig_pending()))
		return sig_check(err);
	if (r->why == ERR_TIMEOUT)
		return err_set(
			err, ERR_TIMEOUT, "'%s' did not end within %u s", name, r->o->timeout);
	if (r->o->over_cap_fails && (r->out.over || r->errs.over))
		return err_set(err, ERR_SOURCE, "'%s' printed more than %zu bytes", name, r->cap);
	return 0;
}

static int open_stream(struct stream *s, int *ret_w, struct err *err)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(err, "cannot make a pipe");
	s->fd = p[0];
	*ret_w = p[1];
	if (fcntl(s->fd, F_SETFL, O_NONBLOCK) < 0)
		return err_errno(err, "cannot make a pipe");
	return 0;
}

static int run_start(struct run *r, bool want_out, bool want_err, struct err *err)
{
	const struct proc_opts *o = r->o;
	auto_close int out_w = -1, err_w = -1;
	int rc = 0;

	if (want_out && o->out_fd <= 0)
		rc = open_stream(&r->out, &out_w, err);
	if (rc == 0 && want_err && o->err_fd <= 0 && !o->err_to_out)
		rc = open_stream(&r->errs, &err_w, err);
	if (rc < 0)
		return rc;
	r->start = time_mono();
	if (o->timeout)
		r->deadline = time_mono_ms() + (uint64_t)o->timeout * 1000;
	return proc_spawn(o, out_w, err_w, &r->pid, &r->pidfd, err);
}

static int run_finish(struct run *r, struct proc_result *res, struct err *err)
{
	int rc = run_loop(r, err);

	if (rc < 0)
		run_kill(r, SIGKILL);
	if (proc_reap(r->pidfd, res, rc < 0 ? NULL : err) < 0 && rc == 0)
		return err_wrap(err, "'%s'", r->o->argv[0]);
	if (rc < 0)
		return rc;
	stream_drain(&r->out, r->cap);
	stream_drain(&r->errs, r->cap);
	res->truncated = r->out.over || r->errs.over;
	res->seconds = time_mono() - r->start;
	trace("proc", "%d exit %d after %.3f s", r->pid, res->exit, res->seconds);
	return run_verdict(r, res, err);
}

static void append(struct strbuf *dst, struct strbuf *src)
{
	if (!dst)
		return;
	if (dst->s) {
		sb_addn(dst, sb_str(src), src->n);
		return;
	}
	*dst = *src;
	*src = (struct strbuf)STRBUF_INIT;
}

int proc_run(const struct proc_opts *o, struct strbuf *ret_out, struct strbuf *ret_err,
	struct proc_result *ret, struct err *err)
{
	CLEANUP(run_release)
	struct run r = {.o = o, .pidfd = -1, .out = {.fd = -1}, .errs = {.fd = -1}};
	struct proc_result res = {0};
	int rc;

	r.cap = o->out_cap ? o->out_cap : LIMIT_OUTPUT;
	rc = o->no_interrupt ? 0 : sig_check(err);
	if (rc == 0)
		rc = run_start(&r, ret_out != NULL, ret_err != NULL, err);
	if (rc == 0)
		rc = run_finish(&r, &res, err);
	if (rc < 0)
		return rc;
	append(ret_out, &r.out.buf);
	append(ret_err, &r.errs.buf);
	if (ret)
		*ret = res;
	return 0;
}

/* The last line with anything in it, cut to what fits into a message; the caller's. */
static char *last_line(const char *text)
{
	auto_strv struct strv lines = STRV_INIT;

	strv_split(&lines, text, "\r\n");
	while (lines.n) {
		auto_free char *line = str_trim(lines.v[lines.n - 1]);

		if (*line)
			return xstrndup(line, 300);
		free(lines.v[--lines.n]);
	}
	return xstrdup("");
}

int proc_check(
	const struct proc_opts *o, struct strbuf *ret_out, enum err_code code, struct err *err)
{
	auto_strbuf struct strbuf out = STRBUF_INIT, errs = STRBUF_INIT;
	auto_free char *line = NULL;
	struct proc_result res;
	int r = proc_run(o, ret_out || o->err_to_out ? &out : NULL, &errs, &res, err);

	if (r < 0)
		return r;
	if (res.exit == 0) {
		append(ret_out, &out);
		return 0;
	}
	line = last_line(sb_str(o->err_to_out ? &out : &errs));
	if (res.signal)
		return err_set(err, code, "'%s' was killed by signal %d%s%s", o->argv[0],
			res.signal, *line ? ": " : "", line);
	return err_set(err, code, "'%s' exited with %d%s%s", o->argv[0], res.exit,
		*line ? ": " : "", line);
}
