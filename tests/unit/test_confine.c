/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a confined process cannot do, and how its end is told. */
#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/fs.h"
#include "sandbox/sandbox.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Writes a letter for each thing that was possible. */
static int attempts(void *arg, int out_fd)
{
	auto_strbuf struct strbuf got = STRBUF_INIT;
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);
	char *argv[] = {NULL}, c;

	(void)arg;
	if (file < 0 || sandbox_confine(4 * GIB, NULL) < 0)
		return -1;
	if (read(file, &c, 1) == 0)
		sb_addc(&got, 'r');
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
		sb_addc(&got, 'o');
	if (dup(file) >= 0)
		sb_addc(&got, 'd');
	if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
		sb_addc(&got, 's');
	if (mkdir("/tmp/confined", 0700) == 0)
		sb_addc(&got, 'm');
	if (kill(getppid(), 0) == 0)
		sb_addc(&got, 'k');
	if (syscall(SYS_execve, "/bin/true", argv, argv) == 0)
		sb_addc(&got, 'e');
	if (syscall(SYS_getuid) >= 0)
		sb_addc(&got, 'u');
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
		MAP_FAILED)
		sb_addc(&got, 'x');
	if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		sb_addc(&got, 'p');
	return fs_write_all(out_fd, got.s, got.n, NULL);
}

static void confined(void **state)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_int_equal(sandbox_compute(attempts, NULL, 60, &out, NULL), 0);
	assert_string_equal(sb_str(&out), "rp");
}

static int fails(void *arg, int out_fd)
{
	(void)arg;
	(void)out_fd;
	return -1;
}

static int dies(void *arg, int out_fd)
{
	(void)arg;
	(void)out_fd;
	return raise(SIGKILL);
}

static int stays(void *arg, int out_fd)
{
	(void)arg;
	(void)out_fd;
	return pause();
}

static int floods(void *arg, int out_fd)
{
	char buf[4096] = {0};

	(void)arg;
	if (sandbox_confine(4 * GIB, NULL) < 0)
		return 0;
	for (uint64_t n = 0; n < 2 * LIMIT_OUTPUT; n += sizeof buf)
		if (write(out_fd, buf, sizeof buf) < 0)
			return 0;
	return 0;
}

static void ends(void **state)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_int_equal(sandbox_compute(fails, NULL, 60, &out, NULL), -ERR_BUILD);
	assert_int_equal(sandbox_compute(dies, NULL, 60, &out, NULL), -ERR_BUILD);
	assert_int_equal(sandbox_compute(stays, NULL, 0, &out, NULL), -ERR_TIMEOUT);
	assert_int_equal(sandbox_compute(floods, NULL, 60, &out, NULL), -ERR_BUILD);
	assert_int_equal(out.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(confined),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
