/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"
#include "base/fs.h"
#include "base/loop.h"
#include "base/proc.h"
#include "base/sd.h"
#include "base/sig.h"
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

static uint64_t fake_now;

static uint64_t fake_clock(void)
{
	return fake_now;
}

static int count(void *ctx, struct err *err UNUSED)
{
	++*(int *)ctx;
	return 0;
}

/* Timers fire once each, when their time has come, and not before. */
static void test_timers(void **state UNUSED)
{
	CLEANUP(loop_freep) struct loop *l = loop_new(fake_clock);
	auto_err struct err e = ERR_INIT;
	int a = 0, b = 0;
	struct loop_timer ta = {.fn = count, .ctx = &a}, tb = {.fn = count, .ctx = &b};

	fake_now = 1000;
	loop_in(l, &ta, 0);
	loop_in(l, &tb, 1);
	assert_int_equal(loop_step(l, &e), 0);
	assert_int_equal(a, 1);
	assert_int_equal(b, 0);
	fake_now = 5000;
	assert_int_equal(loop_step(l, &e), 0);
	assert_int_equal(a, 1);
	assert_int_equal(b, 1);
	loop_in(l, &ta, 10);
	loop_off(&ta);
	loop_in(l, &tb, 0);
	loop_forget(l, &tb);
	fake_now = 9000;
	loop_in(l, &ta, 0);
	assert_int_equal(loop_step(l, &e), 0);
	assert_int_equal(a, 2);
	assert_int_equal(b, 1);
}

struct pair {
	struct loop *l;
	int fds[2][2];
	int calls;
};

/* Takes the other away and puts another thing in its place. */
static int take_away(void *ctx, struct err *err UNUSED)
{
	struct pair *p = ctx;

	p->calls++;
	loop_unwatch(p->l, p->fds[0][0]);
	loop_unwatch(p->l, p->fds[1][0]);
	return 0;
}

/* A watch that is gone is not called, though its descriptor was ready, too. */
static void test_unwatch(void **state UNUSED)
{
	CLEANUP(loop_freep) struct loop *l = loop_new(NULL);
	auto_err struct err e = ERR_INIT;
	struct pair p = {.l = l};
	int never = 0;
	struct loop_timer t = {.fn = count, .ctx = &never};

	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe2(p.fds[i], O_CLOEXEC), 0);
		assert_int_equal(write(p.fds[i][1], "x", 1), 1);
		loop_watch(l, p.fds[i][0], take_away, &p);
	}
	assert_int_equal(loop_step(l, &e), 0);
	assert_int_equal(p.calls, 1);
	loop_in(l, &t, 0);
	assert_int_equal(loop_step(l, &e), 0);
	assert_int_equal(p.calls, 1);
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 2; k++)
			close(p.fds[i][k]);
}

static int fails(void *ctx UNUSED, struct err *err)
{
	return err_set(err, ERR_SYS, "no");
}

static void test_error(void **state UNUSED)
{
	CLEANUP(loop_freep) struct loop *l = loop_new(NULL);
	auto_err struct err e = ERR_INIT;
	struct loop_timer t = {.fn = fails};

	loop_in(l, &t, 0);
	assert_int_equal(loop_step(l, &e), -ERR_SYS);
	assert_string_equal(e.msg, "no");
}

/* ---- forked children ---- */

static int say(void *ctx, int out)
{
	/* nothing of ours is open */
	if (fcntl(*(int *)ctx, F_GETFD) >= 0)
		return -1;
	return dprintf(out, "hello %d\n", sig_pending()) > 0 ? 0 : -1;
}

static void test_fork(void **state UNUSED)
{
	auto_err struct err e = ERR_INIT;
	struct proc_result res = {0};
	int fds[2], pid, pidfd;
	char buf[64];

	sig_init();
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(proc_fork(say, &fds[0], fds[1], &pid, &pidfd, &e), 0);
	close(fds[1]);
	assert_int_equal(proc_reap(pidfd, &res, &e), 0);
	assert_int_equal(res.exit, 0);
	assert_int_equal(read(fds[0], buf, sizeof buf), 8);
	assert_memory_equal(buf, "hello 0\n", 8);
	close(fds[0]);
	close(pidfd);
}

static int waits(void *ctx UNUSED, int out UNUSED)
{
	while (!sig_pending())
		(void)usleep(1000);
	return 0;
}

static int deaf(void *ctx UNUSED, int out)
{
	(void)dprintf(out, "x");
	while (out >= 0)
		(void)usleep(100000);
	return 0;
}

/* One hears the signal, one does not. */
static void test_end_all(void **state UNUSED)
{
	auto_err struct err e = ERR_INIT;
	int fds[2], pid, pidfds[2];
	char c;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(proc_fork(waits, NULL, fds[1], &pid, &pidfds[0], &e), 0);
	assert_int_equal(proc_fork(deaf, NULL, fds[1], &pid, &pidfds[1], &e), 0);
	assert_int_equal(read(fds[0], &c, 1), 1);
	proc_end_all(pidfds, 2, 50);
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 0); /* nobody holds it any more */
	close(fds[0]);
	close(pidfds[0]);
	close(pidfds[1]);
}

/* ---- the service manager ---- */

static void test_notify(void **state UNUSED)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	auto_free char *name = xasprintf("@packmill-test-%d", (int)getpid());
	char buf[128] = "";

	memcpy(sa.sun_path + 1, name + 1, strlen(name) - 1);
	assert_int_equal(
		bind(fd, (const struct sockaddr *)&sa,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
		0);
	setenv("NOTIFY_SOCKET", name, 1);
	sd_notify("STATUS=%d builds", 3);
	assert_int_equal(recv(fd, buf, sizeof buf - 1, MSG_DONTWAIT), 15);
	assert_string_equal(buf, "STATUS=3 builds");
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	sd_notify("READY=1"); /* nobody there: no trouble */
	unsetenv("NOTIFY_SOCKET");
	sd_notify("READY=1");
}

static void test_watchdog(void **state UNUSED)
{
	auto_free char *pid = xasprintf("%d", (int)getpid());

	assert_int_equal(sd_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(sd_watchdog_ms(), 30000);
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(sd_watchdog_ms(), 30000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(sd_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "soon", 1);
	unsetenv("WATCHDOG_PID");
	assert_int_equal(sd_watchdog_ms(), 0);
	unsetenv("WATCHDOG_USEC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_unwatch),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_end_all),
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_watchdog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
