/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * child.c - the process that carries out one build. On its stdout it says how it stands: a line
 * "step NAME" when a step begins, an empty line when result.json is there (it may go on to lint),
 * else why there is none.
 */
#include "base/fs.h"
#include "base/proc.h"
#include "base/sig.h"
#include "sched/internal.h"
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#define SAID_MAX 4096 /* of the reason why there is no result */
#define GRACE_MS 3000 /* between asking a build process to end and killing it */

/* Start `packmill build --job FILE`; *ret_out is the read end of its stdout. */
static int start(const char *dir, const char *job, int *ret_pidfd, int *ret_out, struct err *err)
{
	const char *argv[] = {"/proc/self/exe", "build", "-q", "--job", job, NULL};
	struct proc_opts o = {.argv = argv, .cwd = dir, .err_fd = STDERR_FILENO};
	int pipe_fds[2], pid, r;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_errno(err, "pipe");
	o.out_fd = pipe_fds[1];
	r = proc_start(&o, &pid, ret_pidfd, err);
	close(pipe_fds[1]);
	if (r < 0) {
		close(pipe_fds[0]);
		return r;
	}
	*ret_out = pipe_fds[0];
	return 0;
}

/* Ask, then kill; what it leaves dies with it, its scratch is swept before the next try. */
static void stop(int pidfd)
{
	struct pollfd p = {pidfd, POLLIN, 0};

	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
	if (poll(&p, 1, GRACE_MS) <= 0)
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	(void)proc_reap(pidfd, NULL, NULL);
}

/* Wait until fd is readable (or its writers are gone); a signal to us ends the child. */
static int wait_for(int fd, int pidfd, struct err *err)
{
	struct pollfd p[] = {{fd, POLLIN, 0}, {sig_fd(), POLLIN, 0}};

	for (;;) {
		if (poll(p, COUNTOF(p), -1) < 0 && errno != EINTR)
			return err_errno(err, "poll");
		if (sig_pending()) {
			stop(pidfd);
			return sig_check(err);
		}
		if (p[0].revents)
			return 0;
	}
}

/* Take the whole lines of steps off the front of what was said. True at the empty line. */
static bool take_steps(struct sched *s, const char *project, struct strbuf *said)
{
	static const char word[] = "step ";
	char *end;

	while (str_starts(sb_str(said), word) && (end = strchr(said->s, '\n'))) {
		*end = '\0';
		if (s->opts->step)
			s->opts->step(project, said->s + strlen(word));
		said->n -= (size_t)(end + 1 - said->s);
		memmove(said->s, end + 1, said->n + 1);
	}
	return sb_str(said)[0] == '\n';
}

/* What the child says until its end, or until its result is there. */
static int listen_to(struct sched *s, const char *project, int out, int pidfd,
	struct strbuf *ret_said, struct err *err)
{
	for (;;) {
		char buf[512];
		ssize_t n;
		int r = wait_for(out, pidfd, err);

		if (r < 0)
			return r;
		n = read(out, buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		if (ret_said->n + (size_t)n <= SAID_MAX)
			sb_addn(ret_said, buf, (size_t)n);
		if (take_steps(s, project, ret_said))
			return 0;
	}
}

static int no_result(int pidfd, const struct strbuf *said, struct err *err)
{
	struct proc_result p = {0};
	int r = proc_reap(pidfd, &p, err);

	if (r < 0)
		return r;
	if (said->n)
		return err_set(err, ERR_SYS, "%s", said->s);
	if (p.signal)
		return err_set(err, ERR_SYS,
			"the build process was killed by signal %d and left no result%s", p.signal,
			p.signal == SIGKILL ? " (out of memory?)" : "");
	return err_set(
		err, ERR_SYS, "the build process ended with status %d and left no result", p.exit);
}

int child_build(struct sched *s, const char *project, const char *dir, const char *job,
	struct result **ret, struct err *err)
{
	auto_free char *path = path_join(dir, "result.json");
	auto_strbuf struct strbuf said = STRBUF_INIT;
	auto_close int pidfd = -1, out = -1;
	auto_json json_t *j = NULL;
	int r = start(dir, job, &pidfd, &out, err);

	if (r >= 0)
		r = listen_to(s, project, out, pidfd, &said, err);
	if (s->opts->step)
		s->opts->step(project, NULL);
	if (r < 0)
		return r;
	if (!fs_exists(path))
		return no_result(pidfd, &said, err);
	*vec_push(&s->lingering) = take_fd(&pidfd);
	if ((r = json_read(path, &j, err)) < 0)
		return r;
	return result_from_json(j, ret, err);
}

int child_reap(struct sched *s, struct err *err)
{
	int ret = 0;

	vec_foreach (&s->lingering, fd) {
		struct err *e = ret < 0 ? NULL : err;
		/* told to stop, wait_for has ended this one; the rest is told in its turn */
		int r = wait_for(*fd, *fd, e);

		if (r >= 0)
			r = proc_reap(*fd, NULL, e);
		if (r < 0)
			ret = r;
		close(*fd);
	}
	vec_release(&s->lingering);
	return ret;
}
