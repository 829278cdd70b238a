/* SPDX-License-Identifier: GPL-3.0-or-later */
/* call.c - calling the git program, and what it says when it fails. */
#include "base/fs.h"
#include "base/limits.h"
#include "base/sig.h"
#include "base/text.h"
#include "base/time.h"
#include "git/internal.h"
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>

/* argv and environment of a call; both own their strings. */
struct prepared {
	struct strv argv, env;
	struct proc_opts opts;
};

static void prepared_release(struct prepared *p)
{
	strv_release(&p->argv);
	strv_release(&p->env);
}

static void prepare(struct git *g, const struct git_call *c, struct prepared *p)
{
	auto_free char *gitdir = c->gitdir ? path_abs(c->gitdir) : NULL;
	auto_free char *objects = c->objects ? path_abs(c->objects) : NULL;

	strv_add(&p->argv, "git");
	strv_copy(&p->env, &g->env);
	if (c->objects) {
		strv_addf(&p->argv, "--git-dir=%s/%s.git", g->dir,
			strlen(c->sha) == 64 ? "sha256" : "sha1");
		strv_addf(&p->env, "GIT_OBJECT_DIRECTORY=%s/objects", objects);
	} else if (gitdir) {
		strv_addf(&p->argv, "--git-dir=%s", gitdir);
	}
	strv_addf(&p->env, "GIT_ALLOW_PROTOCOL=%s", c->protocols ? c->protocols : "none");
	if (c->extra_env)
		strv_add(&p->env, c->extra_env);
	for (const char *const *a = c->args; *a; a++)
		strv_add(&p->argv, *a);
	p->opts = (struct proc_opts){
		.argv = (const char *const *)p->argv.v,
		.env = (const char *const *)p->env.v,
		.cwd = g->dir, /* nothing is discovered from where we happen to be */
		.input = c->input,
		.in_fd = c->in_fd,
		.out_fd = c->out_fd,
		.err_fd = c->err_fd,
		.timeout = c->timeout ? c->timeout : GIT_TIME_LOCAL,
		.out_cap = LIMIT_GIT_OUTPUT,
		.over_cap_fails = true,
		/* git does not end git-remote-http and ssh when it is ended itself */
		.own_group = true,
	};
}

int git_call(struct git *g, const struct git_call *c, struct strbuf *out, struct strbuf *errs,
	int *ret_exit, struct err *err)
{
	CLEANUP(prepared_release) struct prepared p = {0};
	struct proc_result res;
	int r;

	prepare(g, c, &p);
	r = proc_run(&p.opts, out, errs, &res, err);
	if (r < 0)
		return err_wrap(err, "git %s", c->args[0]);
	*ret_exit = res.exit;
	return 0;
}

int git_check(struct git *g, const struct git_call *c, struct strbuf *out, struct err *err)
{
	auto_strbuf struct strbuf errs = STRBUF_INIT;
	auto_free char *why = NULL;
	int exit, r = git_call(g, c, out, &errs, &exit, err);

	if (r < 0 || exit == 0)
		return r;
	why = git_why(sb_str(&errs));
	return err_set(err, ERR_SOURCE, "git %s: %s", c->args[0], why);
}

int git_start(
	struct git *g, const struct git_call *c, int *ret_pid, int *ret_pidfd, struct err *err)
{
	CLEANUP(prepared_release) struct prepared p = {0};

	prepare(g, c, &p);
	return proc_start(&p.opts, ret_pid, ret_pidfd, err);
}

/* What git adds when its helper has said why already. */
static bool is_echo(const char *line)
{
	return strstr(line, "Could not read from remote") || strstr(line, "the remote end hung up");
}

/* The first line with a mark, but one that says more than an echo when there is one. */
static size_t telling_line(const struct strv *lines, size_t *ret_skip)
{
	static const char *const marks[] = {"fatal: ", "error: ", "ERROR: ", "remote: ERROR: ", ""};

	for (size_t m = 0; m < COUNTOF(marks); m++)
		for (size_t i = 0; i < lines->n; i++) {
			if (!str_starts(lines->v[i], marks[m]) || is_echo(lines->v[i]))
				continue;
			*ret_skip = strlen(marks[m]);
			return i;
		}
	return 0;
}

char *git_why(const char *errs)
{
	auto_strv struct strv lines = STRV_INIT;
	struct strbuf shown = STRBUF_INIT;
	size_t i, skip = 0;

	strv_split(&lines, errs, "\r\n");
	if (!lines.n)
		return xstrdup("it failed without a word");
	i = telling_line(&lines, &skip);
	text_term(&shown, lines.v[i] + skip, 400);
	/* "unable to connect to host:" goes on in the next line */
	if (str_ends(lines.v[i], ":") && i + 1 < lines.n) {
		sb_addc(&shown, ' ');
		text_term(&shown, lines.v[i + 1], 200);
	}
	return sb_take(&shown);
}

static int pump(int fd, uint64_t deadline, git_sink *sink, void *ctx, struct err *err)
{
	auto_free char *buf = xmalloc(65536);

	for (;;) {
		struct pollfd p[] = {
			{.fd = fd, .events = POLLIN}, {.fd = sig_fd(), .events = POLLIN}};
		uint64_t now = time_mono_ms();
		ssize_t n;
		int r;

		if (now >= deadline)
			return err_set(err, ERR_TIMEOUT, "git did not end in time");
		if (sig_check(err) < 0)
			return -ERR_SIGNAL;
		if (poll(p, COUNTOF(p), 1000) < 0 && errno != EINTR)
			return err_errno(err, "poll");
		if (!p[0].revents)
			continue;
		n = read(fd, buf, 65536);
		if (n < 0 && errno != EINTR)
			return err_errno(err, "cannot read from git");
		if (n == 0)
			return 0;
		if (n > 0 && (r = sink(ctx, buf, (size_t)n, err)) < 0)
			return r;
	}
}

int git_stream(struct git *g, const struct git_call *c, git_sink *sink, void *ctx, struct err *err)
{
	struct git_call call = *c;
	auto_close int out = -1, w = -1, errfd = -1, pidfd = -1;
	auto_free char *text = NULL, *why = NULL;
	uint64_t seconds = c->timeout ? c->timeout : GIT_TIME_LOCAL;
	struct proc_result res;
	int p[2], pid, r;

	errfd = memfd_create("stderr", MFD_CLOEXEC);
	if (errfd < 0)
		return err_errno(err, "cannot make a file in memory");
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(err, "cannot make a pipe");
	out = p[0];
	w = p[1];
	call.out_fd = w;
	call.err_fd = errfd;
	r = git_start(g, &call, &pid, &pidfd, err);
	if (r < 0)
		return r;
	(void)close(take_fd(&w));
	r = pump(out, time_mono_ms() + seconds * 1000, sink, ctx, err);
	if (r < 0)
		(void)kill(-pid, SIGKILL);
	if (proc_reap(pidfd, &res, r < 0 ? NULL : err) < 0 && r >= 0)
		return -(int)err->code;
	if (r < 0 || res.exit == 0)
		return r < 0 ? r : 0;
	if (lseek(errfd, 0, SEEK_SET) < 0 || fs_read_fd(errfd, LIMIT_OUTPUT, &text, NULL, NULL) < 0)
		text = xstrdup("");
	why = git_why(text);
	return err_set(err, ERR_SOURCE, "git %s: %s", c->args[0], why);
}
