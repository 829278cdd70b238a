/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "base/proc.h"
#include "base/sig.h"
#include "base/time.h"
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

/* Seconds: what is not waited for takes longer than this, what is done at once takes less on any
 * machine. */
#define LONG 60

/* Options for a line of shell. */
#define SH(line)                                                                                   \
	.argv = (const char *const[])                                                              \
	{                                                                                          \
		"sh", "-c", line, NULL                                                             \
	}

static void captures(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_strbuf struct strbuf out = STRBUF_INIT, errs = STRBUF_INIT;
	struct proc_opts o = {SH("echo out; echo err >&2; exit 3")};
	struct proc_result res;

	(void)state;
	sb_add(&out, "before ");
	assert_int_equal(proc_run(&o, &out, &errs, &res, &e), 0);
	assert_string_equal(sb_str(&out), "before out\n");
	assert_string_equal(sb_str(&errs), "err\n");
	assert_int_equal(res.exit, 3);
	assert_int_equal(res.signal, 0);
	assert_false(res.truncated);
	assert_true(res.seconds > 0 && res.seconds < LONG);
	assert_int_equal(proc_run(&o, NULL, NULL, NULL, &e), 0);
}

static void merges(void **state)
{
	auto_strbuf struct strbuf out = STRBUF_INIT, errs = STRBUF_INIT;
	struct proc_opts o = {SH("echo a; echo b >&2; echo c"), .err_to_out = true};

	(void)state;
	assert_int_equal(proc_run(&o, &out, &errs, NULL, NULL), 0);
	assert_string_equal(sb_str(&out), "a\nb\nc\n");
	assert_string_equal(sb_str(&errs), "");
}

static void environment(void **state)
{
	static const char *const env[] = {"ONLY=this", NULL};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct proc_opts o = {.argv = (const char *const[]){"env", NULL}, .cwd = "/"};

	(void)state;
	(void)setenv("PACKMILL_TEST_SECRET", "x", 1);
	assert_int_equal(proc_run(&o, &out, NULL, NULL, NULL), 0);
	assert_null(strstr(sb_str(&out), "SECRET"));
	assert_non_null(strstr(sb_str(&out), "LANG=C.UTF-8\n"));
	assert_non_null(strstr(sb_str(&out), "PATH=/"));
	sb_truncate(&out, 0);
	o.env = env;
	assert_int_equal(proc_run(&o, &out, NULL, NULL, NULL), 0);
	assert_string_equal(sb_str(&out), "ONLY=this\n");
}

static void directory(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct proc_opts o = {.argv = (const char *const[]){"pwd", NULL}, .cwd = "/usr"};

	(void)state;
	assert_int_equal(proc_run(&o, &out, NULL, NULL, &e), 0);
	assert_string_equal(sb_str(&out), "/usr\n");
	o.cwd = "/does/not/exist";
	assert_int_equal(proc_run(&o, &out, NULL, NULL, &e), -ERR_NOT_FOUND);
	assert_string_equal(
		e.msg, "cannot run 'pwd' in '/does/not/exist': No such file or directory");
}

static void exec_fails(void **state)
{
	static const struct {
		const char *program;
		int code;
		const char *msg;
	} t[] = {
		{"no-such-program-here", ERR_NOT_FOUND,
			"program 'no-such-program-here' not found in PATH"},
		{"/no/such", ERR_NOT_FOUND, "cannot run '/no/such': No such file or directory"},
		{"/etc/passwd", ERR_DENIED, "cannot run '/etc/passwd': Permission denied"},
		{"", ERR_NOT_FOUND, "program '' not found in PATH"},
	};
	struct proc_result res = {.exit = 99};

	(void)state;
	for (size_t i = 0; i < COUNTOF(t); i++) {
		auto_err struct err e = ERR_INIT;
		struct proc_opts o = {.argv = (const char *const[]){t[i].program, NULL}};

		assert_int_equal(proc_run(&o, NULL, NULL, &res, &e), -t[i].code);
		assert_string_equal(e.msg, t[i].msg);
	}
	assert_int_equal(res.exit, 99);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombies */
}

static void finds_programs(void **state)
{
	auto_free char *path = NULL;

	(void)state;
	assert_true(proc_which("sh", &path));
	assert_true(*path == '/' && str_ends(path, "/sh"));
	assert_true(proc_which("/bin/sh", NULL));
	assert_false(proc_which("/etc", NULL) || proc_which("", NULL));
	assert_false(proc_which("no-such-program-here", NULL));
}

static void signal_exit(void **state)
{
	auto_err struct err e = ERR_INIT;
	struct proc_opts o = {SH("echo last words >&2; kill -9 $$")};
	struct proc_result res;

	(void)state;
	assert_int_equal(proc_run(&o, NULL, NULL, &res, &e), 0);
	assert_int_equal(res.signal, SIGKILL);
	assert_int_equal(res.exit, 137);
	assert_int_equal(proc_check(&o, NULL, ERR_BUILD, &e), -ERR_BUILD);
	assert_string_equal(e.msg, "'sh' was killed by signal 9: last words");
}

static void checks(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct proc_opts good = {SH("echo fine")};
	struct proc_opts bad = {SH("echo one >&2; echo ' two' >&2; echo >&2; exit 4")};
	struct proc_opts both = {SH("echo told; exit 1"), .err_to_out = true};
	struct proc_opts mute = {SH("exit 5")};

	(void)state;
	assert_int_equal(proc_check(&good, &out, ERR_NET, &e), 0);
	assert_string_equal(sb_str(&out), "fine\n");
	assert_int_equal(proc_check(&bad, &out, ERR_NET, &e), -ERR_NET);
	assert_string_equal(e.msg, "'sh' exited with 4: two");
	assert_int_equal(proc_check(&both, NULL, ERR_NET, &e), -ERR_NET);
	assert_string_equal(e.msg, "'sh' exited with 1: told");
	assert_int_equal(proc_check(&mute, NULL, ERR_NET, &e), -ERR_NET);
	assert_string_equal(e.msg, "'sh' exited with 5");
	assert_string_equal(sb_str(&out), "fine\n");
}

static void time_limit(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct proc_opts o = {SH("echo x; exec sleep 600"), .timeout = 1};
	double start = time_mono();

	(void)state;
	assert_int_equal(proc_run(&o, &out, NULL, NULL, &e), -ERR_TIMEOUT);
	assert_true(time_mono() - start < LONG);
	assert_string_equal(e.msg, "'sh' did not end within 1 s");
	assert_string_equal(sb_str(&out), "");
}

static void caps(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct proc_opts o = {SH("head -c 300000 /dev/zero | tr '\\0' x"), .out_cap = 1000};
	struct proc_opts endless = {SH("exec yes"), .out_cap = 1000, .over_cap_fails = true};
	struct proc_result res;

	(void)state;
	assert_int_equal(proc_run(&o, &out, NULL, &res, &e), 0);
	assert_int_equal(out.n, 1000);
	assert_true(res.truncated);
	assert_int_equal(res.exit, 0);
	sb_truncate(&out, 0);
	o.out_cap = 300000;
	o.over_cap_fails = true;
	assert_int_equal(proc_run(&o, &out, NULL, &res, &e), 0);
	assert_int_equal(out.n, 300000);
	assert_false(res.truncated);
	assert_int_equal(proc_run(&endless, &out, NULL, &res, &e), -ERR_SOURCE);
	assert_string_equal(e.msg, "'sh' printed more than 1000 bytes");
}

static void big_input(void **state)
{
	const size_t n = 1000000;
	auto_free char *text = xmalloc(n + 1);
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct proc_opts o = {.argv = (const char *const[]){"cat", NULL}, .input = text};
	struct proc_opts deaf = {SH("exec <&-; exit 0"), .input = text};

	(void)state;
	memset(text, 'i', n);
	text[n] = '\0';
	assert_int_equal(proc_run(&o, &out, NULL, NULL, NULL), 0);
	assert_string_equal(sb_str(&out), text);
	assert_int_equal(proc_run(&deaf, NULL, NULL, NULL, NULL), 0);
	sb_truncate(&out, 0);
	o.input = NULL;
	assert_int_equal(proc_run(&o, &out, NULL, NULL, NULL), 0);
	assert_string_equal(sb_str(&out), "");
}

static void grandchild_keeps_pipe(void **state)
{
	auto_strbuf struct strbuf out = STRBUF_INIT, noise = STRBUF_INIT;
	struct proc_opts o = {SH("sleep 600 & echo hi; echo $! >&2")};
	struct proc_opts loud = {SH("yes & echo $! >&2"), .out_cap = 100};
	auto_strbuf struct strbuf pid = STRBUF_INIT;
	double start = time_mono();
	uint64_t n = 0;

	(void)state;
	assert_int_equal(proc_run(&o, &out, &pid, NULL, NULL), 0);
	assert_string_equal(sb_str(&out), "hi\n");
	pid.s[strcspn(pid.s, "\n")] = '\0';
	assert_true(str_u64(pid.s, &n));
	assert_int_equal(kill((pid_t)n, SIGKILL), 0);
	sb_truncate(&pid, 0);
	assert_int_equal(proc_run(&loud, &noise, &pid, NULL, NULL), 0);
	assert_true(time_mono() - start < LONG);
	pid.s[strcspn(pid.s, "\n")] = '\0';
	assert_true(str_u64(pid.s, &n)); /* yes(1) ends of SIGPIPE by itself */
}

static void descriptors(void **state)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;
	auto_free char *line = NULL;
	int leaky = open("/dev/null", O_RDONLY),
	    passed = open("/dev/zero", O_RDONLY); /* no CLOEXEC */
	struct proc_opts o = {.pass_fd = passed};

	(void)state;
	line = xasprintf("test ! -e /proc/self/fd/%d && readlink /proc/self/fd/%d", leaky, passed);
	o.argv = (const char *const[]){"sh", "-c", line, NULL};
	assert_int_equal(proc_run(&o, &out, NULL, NULL, NULL), 0);
	assert_string_equal(sb_str(&out), "/dev/zero\n");
	(void)close(leaky);
	(void)close(passed);
}

static void redirects(void **state)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct proc_opts o = {SH("cat; echo e >&2")};
	char buf[16] = "";
	int in[2], outp[2];

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(outp, O_CLOEXEC), 0);
	assert_int_equal(write(in[1], "abc\n", 4), 4);
	(void)close(in[1]);
	o.in_fd = in[0];
	o.err_fd = outp[1];
	assert_int_equal(proc_run(&o, &out, NULL, NULL, NULL), 0);
	assert_string_equal(sb_str(&out), "abc\n");
	assert_int_equal(read(outp[0], buf, sizeof buf - 1), 2);
	assert_string_equal(buf, "e\n");
	(void)close(in[0]);
	(void)close(outp[0]);
	(void)close(outp[1]);
}

static void starts(void **state)
{
	struct proc_opts o = {SH("read line; exit $line"), .input = "9\n"};
	struct proc_result res;
	struct pollfd p = {.events = POLLIN};
	int pid = 0;

	(void)state;
	assert_int_equal(proc_start(&o, &pid, &p.fd, NULL), 0);
	assert_true(pid > 1);
	assert_int_equal(poll(&p, 1, LONG * 1000), 1);
	assert_int_equal(proc_reap(p.fd, &res, NULL), 0);
	assert_int_equal(res.exit, 9);
	assert_int_equal(proc_reap(p.fd, &res, NULL), -ERR_SYS);
	(void)close(p.fd);
}

/* Signal dispositions and masks of ours must not reach the child. */
static void clean_signals(void **state)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct proc_opts o = {SH("grep -E 'Sig(Blk|Ign)' /proc/self/status")};
	sigset_t set;

	(void)state;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	assert_int_equal(proc_run(&o, &out, NULL, NULL, NULL), 0);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	assert_string_equal(sb_str(&out), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

/* In a child of the test: a stop signal stays for the life of a process. */
static int stop_signal_run(const char *line, bool no_interrupt)
{
	auto_err struct err e = ERR_INIT;
	struct proc_opts o = {.no_interrupt = no_interrupt, .grace_ms = 100};
	double start = time_mono();
	int r;

	sig_init();
	if (sig_check(&e) != 0 || sig_fd() < 0)
		return 1;
	o.argv = (const char *const[]){"sh", "-c", line, NULL};
	r = proc_run(&o, NULL, NULL, NULL, &e);
	if (time_mono() - start > LONG || sig_pending() != SIGTERM)
		return 2;
	if (no_interrupt)
		return r == 0 ? 0 : 3;
	if (r != -ERR_SIGNAL || e.sys != SIGTERM || err_exit_status(&e) != 143)
		return 4;
	/* and nothing more is started */
	return proc_run(&o, NULL, NULL, NULL, &e) == -ERR_SIGNAL ? 0 : 5;
}

static void stop_signal(void **state)
{
	static const struct {
		const char *line;
		bool no_interrupt;
	} t[] = {
		{"kill -TERM $PPID; exec sleep 600", false},
		{"trap '' TERM; kill -TERM $PPID; while :; do sleep 0.05; done", false},
		{"kill -TERM $PPID; exit 1", false},
		{"kill -TERM $PPID; sleep 0.3", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(t); i++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0)
			_exit(stop_signal_run(t[i].line, t[i].no_interrupt));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

/* The child must not outlive whoever started it. */
static void dies_with_us(void **state)
{
	int p[2], status;
	char c;
	pid_t pid;
	struct pollfd pfd = {.events = POLLIN};

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct proc_opts o = {SH("exec sleep 600"), .out_fd = p[1]};
		int child, fd;

		_exit(proc_start(&o, &child, &fd, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(p[1]);
	pfd.fd = p[0];
	assert_int_equal(poll(&pfd, 1, LONG * 1000), 1);
	assert_int_equal(read(p[0], &c, 1), 0);
	(void)close(p[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures),
		cmocka_unit_test(merges),
		cmocka_unit_test(environment),
		cmocka_unit_test(directory),
		cmocka_unit_test(exec_fails),
		cmocka_unit_test(finds_programs),
		cmocka_unit_test(signal_exit),
		cmocka_unit_test(checks),
		cmocka_unit_test(time_limit),
		cmocka_unit_test(caps),
		cmocka_unit_test(big_input),
		cmocka_unit_test(grandchild_keeps_pipe),
		cmocka_unit_test(descriptors),
		cmocka_unit_test(redirects),
		cmocka_unit_test(starts),
		cmocka_unit_test(clean_signals),
		cmocka_unit_test(stop_signal),
		cmocka_unit_test(dies_with_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
