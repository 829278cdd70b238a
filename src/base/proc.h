/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proc.h - child processes: argv vectors only, an environment from an allow-list, a time limit and
 * an output cap. No shell. SIGINT and SIGTERM that reach packmill end the child (sig.h).
 */
#pragma once
#include "base/str.h"

struct proc_opts {
	const char *const *argv; /* argv[0] is looked up in PATH */
	const char *const *env;  /* whole environment, NULL-terminated; NULL: proc_env_default */
	const char *cwd;         /* NULL: ours */
	const char *input;       /* text for stdin (a memory file); NULL: /dev/null or in_fd */
	int in_fd;               /* > 0: becomes stdin */
	int out_fd, err_fd;      /* > 0: become stdout, stderr; else captured or /dev/null */
	int pass_fd;             /* > 0: inherited under its own number */
	bool err_to_out;         /* stderr goes where stdout goes */
	unsigned timeout;        /* seconds, 0: none */
	unsigned grace_ms;       /* from SIGTERM to SIGKILL; 0: two seconds */
	size_t out_cap;          /* bytes kept of each captured stream; 0: LIMIT_OUTPUT */
	bool over_cap_fails;     /* more output is ERR_SOURCE, else it is dropped */
	bool own_group;          /* a process group of its own; ending it ends the whole group */
	bool no_interrupt;       /* finish even when a stop signal came; child ignores ^C */
};

struct proc_result {
	int exit;       /* exit status, 128+n for signal n */
	int signal;     /* 0 when it exited */
	bool truncated; /* output beyond the cap was dropped */
	double seconds; /* 0 from proc_reap */
};

/*
 * Run to the end. Captures stdout into ret_out and stderr into ret_err when they are not NULL.
 * A non-zero exit is not an error here: look at ret->exit. Errors: the program cannot be started
 * (ERR_NOT_FOUND), ERR_TIMEOUT, ERR_SIGNAL when we were told to stop; the child is dead then
 * (SIGTERM, after grace_ms SIGKILL). Grandchildren that keep the pipes open are not waited for.
 * ret_out, ret_err and ret may be NULL. The child dies with the thread that started it.
 */
int proc_run(const struct proc_opts *o, struct strbuf *ret_out, struct strbuf *ret_err,
	struct proc_result *ret, struct err *err);
/* proc_run where a non-zero exit is an error (code as given) quoting the last stderr line. */
int proc_check(
	const struct proc_opts *o, struct strbuf *ret_out, enum err_code code, struct err *err);

/* Start without waiting: *ret_pid and *ret_pidfd (the caller's; pollable, then proc_reap). */
int proc_start(const struct proc_opts *o, int *ret_pid, int *ret_pidfd, struct err *err);
/*
 * A child without exec that runs fn and ends with 0 or, when that is negative, 1. It sees our
 * memory as it is now, has no descriptors of ours but stderr and out_fd as its stdout, and gets
 * signals of its own. A database that we have open it must not touch.
 */
int proc_fork(int (*fn)(void *ctx, int out_fd), void *ctx, int out_fd, int *ret_pid, int *ret_pidfd,
	struct err *err);
int proc_reap(int pidfd, struct proc_result *ret, struct err *err);

/* End several (SIGTERM, after grace_ms SIGKILL) and reap them; the descriptors stay the caller's.
 */
void proc_end_all(const int *pidfds, size_t n, unsigned grace_ms);

/* PATH, HOME, USER, LANG=C.UTF-8, TZ=UTC, TMPDIR, NO_COLOR and nothing else; borrowed, static. */
const char *const *proc_env_default(void);
/* Whether a program of this name is in PATH. */
bool proc_which(const char *name, char **ret_path);
