/* SPDX-License-Identifier: GPL-3.0-or-later */
/* helper.c - slow chores in forked children that print lines: a remote that hangs, a tree that is
 * removed, hold nothing back. */
#include "base/fs.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/proc.h"
#include "sched/internal.h"

#define LINE_MAX_BYTES MIB

void helper_free(struct helper *h)
{
	struct sched *s = h->s;

	for (size_t i = 0; i < s->helpers.n; i++)
		if (s->helpers.v[i] == h) {
			s->helpers.v[i] = s->helpers.v[--s->helpers.n];
			break;
		}
	loop_unwatch(s->loop, h->out);
	loop_unwatch(s->loop, h->pidfd);
	loop_forget(s->loop, &h->kill);
	auto_closep(&h->out);
	auto_closep(&h->pidfd);
	sb_release(&h->said);
	free(h);
}

bool helper_runs(const struct sched *s, const char *name)
{
	vec_foreach (&s->helpers, h)
		if (str_eq((*h)->name, name))
			return true;
	return false;
}

static int take_lines(struct helper *h, struct err *err)
{
	char *from = h->said.s, *end;
	int r = 0;

	while (r >= 0 && from && (end = strchr(from, '\n'))) {
		*end = '\0';
		r = h->on_line ? h->on_line(h->s, h->ctx, from, err) : 0;
		from = end + 1;
	}
	if (from && from != h->said.s) {
		h->said.n -= (size_t)(from - h->said.s);
		memmove(h->said.s, from, h->said.n + 1);
	}
	if (h->said.n > LINE_MAX_BYTES)
		sb_truncate(&h->said, 0);
	return r;
}

/* One end of it: its output is at its end, then it is reaped. */
static int at_end(void *ctx, struct err *err)
{
	struct helper *h = ctx;
	struct sched *s = h->s;
	struct proc_result p = {0};
	int (*on_end)(struct sched *, void *, bool, struct err *) = h->on_end;
	void *their = h->ctx;
	int r = proc_reap(h->pidfd, &p, err);

	helper_free(h);
	if (r < 0)
		return r;
	return on_end ? on_end(s, their, p.exit == 0, err) : 0;
}

static int on_said(void *ctx, struct err *err)
{
	struct helper *h = ctx;
	char buf[65536];
	ssize_t n = read(h->out, buf, sizeof buf);

	if (n < 0 && errno == EINTR)
		return 0;
	if (n > 0) {
		sb_addn(&h->said, buf, (size_t)n);
		return take_lines(h, err);
	}
	loop_unwatch(h->s->loop, h->out);
	loop_watch(h->s->loop, h->pidfd, at_end, h);
	return 0;
}

int helper_start(struct sched *s, const char *name, int (*fn)(void *ctx, int out_fd), void *ctx,
	int (*on_line)(struct sched *s, void *ctx, const char *line, struct err *err),
	int (*on_end)(struct sched *s, void *ctx, bool ok, struct err *err), struct err *err)
{
	struct helper *h;
	int fds[2], pid, pidfd, r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, "cannot make a pipe");
	r = proc_fork(fn, ctx, fds[1], &pid, &pidfd, err);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		return r;
	}
	trace("proc", "%d start: helper %s", pid, name);
	h = *vec_push(&s->helpers) = xcalloc(1, sizeof *h);
	h->s = s;
	h->name = name;
	h->ctx = ctx;
	h->pidfd = pidfd;
	h->out = fds[0];
	h->on_line = on_line;
	h->on_end = on_end;
	loop_watch(s->loop, h->out, on_said, h);
	return 0;
}

void helpers_stop(struct sched *s, const char *name)
{
	VEC(int) fds = VEC_INIT;

	s->stopping = true;
	vec_foreach (&s->helpers, h)
		if (!name || str_eq((*h)->name, name))
			*vec_push(&fds) = (*h)->pidfd;
	proc_end_all(fds.v, fds.n, GRACE_MS);
	vec_release(&fds);
	for (size_t i = s->helpers.n; i-- > 0;) {
		struct helper *h = s->helpers.v[i];

		if (name && !str_eq(h->name, name))
			continue;
		if (h->on_end)
			(void)h->on_end(s, h->ctx, false, NULL);
		helper_free(h);
	}
	s->stopping = false;
}
