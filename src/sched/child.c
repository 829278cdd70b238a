/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * child.c - the process that carries out one build. On its stdout it says how it stands: a line
 * "step NAME" when a step begins, an empty line when result.json is there (it may go on to lint),
 * else why there is none, after a line "disk ERRNO" when it is for the machine's disk.
 */
#include "base/disk.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/proc.h"
#include "build/build.h"
#include "sched/internal.h"
#include <signal.h>
#include <sys/syscall.h>

/* Start `packmill build --job FILE`; its stdout comes through a pipe. */
static int start(struct worker *w, const char *job, struct err *err)
{
	const char *argv[] = {"/proc/self/exe", "build", "-q", "--job", job, NULL};
	struct proc_opts o = {.argv = argv, .cwd = w->dir, .err_fd = STDERR_FILENO};
	int pipe_fds[2], pid, r;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	o.out_fd = pipe_fds[1];
	r = proc_start(&o, &pid, &w->pidfd, err);
	close(pipe_fds[1]);
	if (r < 0) {
		close(pipe_fds[0]);
		return r;
	}
	w->out = pipe_fds[0];
	return 0;
}

static void send(int pidfd, int sig)
{
	(void)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static int on_kill(void *ctx, struct err *err)
{
	struct worker *w = ctx;

	(void)err;
	send(w->pidfd, SIGKILL);
	return 0;
}

void child_tell(struct worker *w)
{
	if (w->told || w->pidfd < 0)
		return;
	w->told = true;
	send(w->pidfd, SIGTERM);
	w->kill.fn = on_kill;
	w->kill.ctx = w;
	loop_in(w->s->loop, &w->kill, GRACE_MS);
}

/* A lint that decides nothing does not go on for ever. */
static int on_late(void *ctx, struct err *err)
{
	(void)err;
	child_tell(ctx);
	return 0;
}

static void step(const struct worker *w, const char *name)
{
	if (w->s->opts->step && !w->probe)
		w->s->opts->step(w->build.id, w->build.project, name);
}

/* Take the whole lines of steps off the front of what was said. True at the empty line. */
static bool take_steps(struct worker *w)
{
	static const char word[] = "step ";
	struct strbuf *said = &w->said;
	char *end;

	while (str_starts(sb_str(said), word) && (end = strchr(said->s, '\n'))) {
		*end = '\0';
		step(w, said->s + strlen(word));
		said->n -= (size_t)(end + 1 - said->s);
		memmove(said->s, end + 1, said->n + 1);
	}
	return sb_str(said)[0] == '\n';
}

static int read_result(struct worker *w, struct err *err)
{
	auto_free char *path = path_join(w->dir, "result.json");
	auto_json json_t *j = NULL;
	int r = json_read(path, &j, err);

	return r < 0 ? r : result_from_json(j, &w->res, err);
}

/* The result is out. A file that cannot be read is no word of the package. */
static int take_result(struct worker *w, struct err *err)
{
	auto_err struct err e = ERR_INIT;

	step(w, NULL);
	if (read_result(w, &e) < 0 && disk_fault(e.sys))
		w->disk = xstrdup(e.msg);
	else if (e.code != ERR_OK)
		work_no_result(w, e.msg);
	return work_finish(w, err);
}

static char *why_no_result(const struct worker *w, const struct proc_result *p)
{
	if (w->said.n)
		return str_trim(sb_str(&w->said));
	if (p->signal)
		return xasprintf("the build process was killed by signal %d and left no result%s",
			p->signal, p->signal == SIGKILL ? " (out of memory?)" : "");
	return xasprintf("the build process ended with status %d and left no result", p->exit);
}

/* It says so itself; one that was killed, say for a mapped file that got no room, could not. */
static bool is_disk_fault(struct worker *w)
{
	static const char word[] = "disk ";
	auto_err struct err e = ERR_INIT;
	size_t n = strcspn(sb_str(&w->said), "\n");

	if (!str_starts(sb_str(&w->said), word))
		return sched_disk(w->s, &e) < 0;
	n += w->said.s[n] == '\n';
	w->said.n -= n;
	memmove(w->said.s, w->said.s + n, w->said.n + 1);
	return true;
}

static void no_result(struct worker *w, const struct proc_result *p)
{
	bool disk = !w->cancelled && is_disk_fault(w);
	auto_free char *why = why_no_result(w, p);

	if (disk)
		w->disk = TAKE(why);
	else
		work_no_result(w, why);
}

static void close_out(struct worker *w)
{
	if (w->out < 0)
		return;
	loop_unwatch(w->s->loop, w->out);
	close(take_fd(&w->out));
}

/* The process has ended. */
static int on_exit_of(void *ctx, struct err *err)
{
	struct worker *w = ctx;
	auto_free char *path = path_join(w->dir, "result.json");
	struct proc_result p = {0};
	int r = proc_reap(w->pidfd, &p, err);

	loop_unwatch(w->s->loop, w->pidfd);
	loop_off(&w->kill);
	loop_off(&w->late);
	close(take_fd(&w->pidfd));
	close_out(w);
	w->s->dirty = true;
	if (r < 0)
		return r;
	if (w->lints) {
		if (w->unfinished)
			return 0;
		show_lint(w->s, w->build.id);
		worker_free(w);
		return 0;
	}
	if (!w->cancelled && fs_exists(path))
		return take_result(w, err);
	step(w, NULL);
	no_result(w, &p);
	return work_finish(w, err);
}

static int on_said(void *ctx, struct err *err)
{
	struct worker *w = ctx;
	char buf[SAID_MAX];
	ssize_t n = read(w->out, buf, sizeof buf);

	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0) {
		close_out(w);
		return 0;
	}
	if (w->said.n + (size_t)n <= SAID_MAX)
		sb_addn(&w->said, buf, (size_t)n);
	if (!take_steps(w) || w->cancelled)
		return 0;
	close_out(w);
	w->lints = true;
	w->late.fn = on_late;
	w->late.ctx = w;
	loop_in(w->s->loop, &w->late, LINT_MOST_MS);
	return take_result(w, err);
}

int child_start(struct worker *w, const char *job, struct err *err)
{
	int r = start(w, job, err);

	if (r < 0)
		return r;
	loop_watch(w->s->loop, w->out, on_said, w);
	loop_watch(w->s->loop, w->pidfd, on_exit_of, w);
	return 0;
}

size_t child_building(const struct sched *s)
{
	size_t n = 0;

	vec_foreach (&s->workers, w)
		n += !(*w)->lints && !(*w)->unfinished;
	return n;
}

size_t child_linting(const struct sched *s)
{
	size_t n = 0;

	vec_foreach (&s->workers, w)
		n += (*w)->lints && (*w)->pidfd >= 0;
	return n;
}

/* What a killed process left would hold mounts and ids. */
static void sweep(struct sched *s)
{
	vec_foreach (&s->workers, w)
		if (!(*w)->lints)
			(void)build_sweep((*w)->dir, NULL);
}

void child_stop_all(struct sched *s)
{
	VEC(int) fds = VEC_INIT;

	vec_foreach (&s->helpers, h)
		send((*h)->pidfd, SIGTERM);
	vec_foreach (&s->workers, w)
		if ((*w)->pidfd >= 0)
			*vec_push(&fds) = (*w)->pidfd;
	proc_end_all(fds.v, fds.n, GRACE_MS);
	sweep(s);
	vec_release(&fds);
	helpers_stop(s, NULL);
	vec_foreach (&s->workers, w)
		step(*w, NULL);
}
