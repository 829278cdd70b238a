/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sig.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

static volatile sig_atomic_t pending;
static int pipe_fds[2] = {-1, -1};

static volatile sig_atomic_t reload;
static int reload_fds[2] = {-1, -1};

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

/* The first signal stays: a second one does not change why we stop. */
static void on_stop(int sig)
{
	int saved = errno;

	if (!pending)
		pending = sig;
	if (write(pipe_fds[1], "", 1) < 0) {
		/* full: it is readable already */
	}
	errno = saved;
}

static void on_reload(int sig)
{
	int saved = errno;

	(void)sig;
	reload = 1;
	if (write(reload_fds[1], "", 1) < 0) {
		/* as above */
	}
	errno = saved;
}

static void set_handler(int sig, void (*handler)(int))
{
	struct sigaction sa = {.sa_flags = 0};

	sa.sa_handler = handler;
	(void)sigfillset(&sa.sa_mask);
	(void)sigaction(sig, &sa, NULL);
}

/* Whoever started us may have blocked or ignored signals; both would be inherited. */
void sig_init(void)
{
	sigset_t open_set;

	if (pipe_fds[0] >= 0)
		return;
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		abort();
	set_handler(SIGPIPE, SIG_IGN);
	set_handler(SIGCHLD, SIG_DFL);
	(void)sigemptyset(&open_set);
	(void)sigaddset(&open_set, SIGCHLD);
	for (size_t i = 0; i < COUNTOF(stop_signals); i++) {
		set_handler(stop_signals[i], on_stop);
		(void)sigaddset(&open_set, stop_signals[i]);
	}
	(void)pthread_sigmask(SIG_UNBLOCK, &open_set, NULL);
}

void sig_hup_reloads(void)
{
	if (reload_fds[0] < 0 && pipe2(reload_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		abort();
	set_handler(SIGHUP, on_reload);
}

int sig_reload_fd(void)
{
	return reload_fds[0];
}

bool sig_reload(void)
{
	bool came = reload;
	char buf[64];

	while (reload_fds[0] >= 0 && read(reload_fds[0], buf, sizeof buf) > 0)
		;
	reload = 0;
	return came;
}

void sig_forked(void)
{
	auto_closep(&pipe_fds[0]);
	auto_closep(&pipe_fds[1]);
	auto_closep(&reload_fds[0]);
	auto_closep(&reload_fds[1]);
	pipe_fds[0] = pipe_fds[1] = reload_fds[0] = reload_fds[1] = -1;
	pending = 0;
	reload = 0;
	sig_init();
}

int sig_pending(void)
{
	return pending;
}

int sig_fd(void)
{
	return pipe_fds[0];
}

const char *sig_name(int sig)
{
	switch (sig) {
	case SIGINT:
		return "SIGINT";
	case SIGTERM:
		return "SIGTERM";
	case SIGHUP:
		return "SIGHUP";
	default:
		return "a signal";
	}
}

int sig_check(struct err *err)
{
	int sig = pending;

	if (!sig)
		return 0;
	return err_set_(err, ERR_SIGNAL, sig, "stopped by %s", sig_name(sig));
}
