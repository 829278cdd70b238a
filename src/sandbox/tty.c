/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tty.c - relay between the caller's terminal and the one inside (`packmill shell`). */
#include "base/fs.h"
#include "sandbox/internal.h"
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>

void sb_tty_resize(struct sb_tty *t)
{
	struct signalfd_siginfo si;
	struct winsize ws;

	if (t->winch >= 0 && read(t->winch, &si, sizeof si) < 0) {
		/* nothing pending: the first call, at the start */
	}
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) == 0)
		(void)ioctl(t->master, TIOCSWINSZ, &ws);
}

void sb_tty_start(struct sb_tty *t, int master)
{
	struct termios now, raw;
	sigset_t winch;

	t->master = master;
	if (tcgetattr(STDIN_FILENO, &now) < 0)
		return; /* a pipe: its text goes in as if typed */
	sigemptyset(&winch);
	sigaddset(&winch, SIGWINCH);
	sigprocmask(SIG_BLOCK, &winch, NULL);
	t->winch = signalfd(-1, &winch, SFD_CLOEXEC | SFD_NONBLOCK);
	t->saved = xmalloc(sizeof now);
	memcpy(t->saved, &now, sizeof now);
	raw = now;
	cfmakeraw(&raw);
	t->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
	sb_tty_resize(t);
}

static bool copy(int from, int to)
{
	char buf[8192];
	ssize_t n = read(from, buf, sizeof buf);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	return n > 0 && fs_write_all(to, buf, (size_t)n, NULL) >= 0;
}

bool sb_tty_in(struct sb_tty *t)
{
	struct termios inside;
	char eof;

	if (copy(STDIN_FILENO, t->master))
		return true;
	/* the end of a pipe is what ^D is on a terminal */
	t->in_eof = true;
	eof = tcgetattr(t->master, &inside) == 0 ? (char)inside.c_cc[VEOF] : 4;
	(void)fs_write_all(t->master, &eof, 1, NULL);
	return false;
}

bool sb_tty_out(struct sb_tty *t)
{
	/* the master reads EIO once the last process has closed its end */
	return copy(t->master, STDOUT_FILENO);
}

void sb_tty_end(struct sb_tty *t)
{
	sigset_t winch;

	if (t->raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, t->saved);
	if (t->winch >= 0) {
		sigemptyset(&winch);
		sigaddset(&winch, SIGWINCH);
		sigprocmask(SIG_UNBLOCK, &winch, NULL);
	}
	auto_closep(&t->winch);
	auto_closep(&t->master);
	t->winch = t->master = -1;
	free(t->saved);
	t->saved = NULL;
	t->raw = false;
}
