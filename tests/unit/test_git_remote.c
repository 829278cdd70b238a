/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Remotes that cannot be reached, refuse, or never answer. */
#include "base/sig.h"
#include "git_repo.h"
#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define COMMIT "commit refs/heads/main\ncommitter C <c@example.org> 1700000000 +0000\ndata 0\n\n"

/* Answers every request with what the path asks for. */
static void serve(int fd)
{
	/* a failing test must not leave it behind */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(1);
	for (;;) {
		int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		char req[4096] = "";
		const char *status = "404 Not Found\r\n";

		if (c < 0)
			_exit(0);
		if (read(c, req, sizeof req - 1) < 0)
			_exit(1);
		if (strstr(req, "/secret"))
			status = "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n";
		else if (strstr(req, "/forbidden"))
			status = "403 Forbidden\r\n";
		else if (strstr(req, "/busy"))
			status = "503 Busy\r\n";
		else if (strstr(req, "/garbage"))
			status = "200 OK\r\nContent-Type: text/html\r\n";
		dprintf(c, "HTTP/1.1 %sContent-Length: 6\r\nConnection: close\r\n\r\nhello\n",
			status);
		(void)close(c);
	}
}

/* A port that is ours; nobody answers there until somebody listens. */
static int bind_somewhere(int *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static int listen_somewhere(int *ret_port)
{
	int fd = bind_somewhere(ret_port);

	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static void test_ssh(void **state)
{
	int closed, nobody = bind_somewhere(&closed);
	auto_free char *url = NULL;
	auto_strv struct strv lines = STRV_INIT;

	(void)state;
	url = xasprintf("ssh://127.0.0.1:%d/x", closed);
	if (proc_which("ssh", NULL))
		FAILS(git_ls_remote(g, url, &lines, e), ERR_NET, "Connection refused");
	else
		FAILS(git_ls_remote(g, url, &lines, e), ERR_CONFIG, "needs the program ssh");
	(void)close(nobody);
}

/* Processes with the text in their arguments. */
static bool runs(const char *text)
{
	auto_free char *list = sh(NULL, NULL, (const char *[]){"ps", "-eo", "args", NULL});

	return strstr(list, text) != NULL;
}

/* Asks a server that never answers, until it is told to stop. */
static void ask_for_ever(const char *url, bool mirror)
{
	struct strv lines = STRV_INIT;
	auto_err struct err err = ERR_INIT;

	sig_init();
	_exit((mirror ? git_mirror(g, url, m_dir, &err) : git_ls_remote(g, url, &lines, &err)) ==
				-ERR_SIGNAL
			? 0
			: 1);
}

/* SIGTERM: at once, and neither git nor its helpers are left. */
static void test_stop(void **state)
{
	static const char *const forms[] = {"http://127.0.0.1:%d/", "ssh://127.0.0.1:%d/"};
	int port, fd = listen_somewhere(&port);
	auto_free char *number = xasprintf("%d", port);
	auto_free char *ssh = xasprintf(" -p %d 127.0.0.1", port);

	(void)state;
	for (size_t i = 0; i < 2 * COUNTOF(forms); i++) {
		auto_free char *url = str_replace(forms[i / 2], "%d", number);
		const char *mark = i / 2 ? ssh : url;
		int status = -1;
		pid_t pid;

		if (i / 2 && !proc_which("ssh", NULL))
			continue;
		pid = fork();
		if (pid == 0)
			ask_for_ever(url, i % 2);
		for (int n = 0; n < 6000 && !runs(mark); n++)
			(void)usleep(10000);
		assert_true(runs(mark));
		assert_int_equal(kill(pid, SIGTERM), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		for (int n = 0; n < 6000 && (runs(mark) || runs(url)); n++)
			(void)usleep(10000);
		assert_false(runs(mark) || runs(url));
	}
	(void)close(fd);
}

/* All at once, and each gets its own outcome. */
static void test_remotes(void **state)
{
	static const struct {
		const char *form; /* %d: the port that answers, $: the one where nobody listens */
		enum err_code code;
		const char *text;
	} rows[] = {
		{"http://127.0.0.1:%d/secret", ERR_DENIED, "needs a password"},
		{"http://u:hunter2@127.0.0.1:%d/secret", ERR_DENIED, "u:***@"},
		{"http://127.0.0.1:%d/forbidden", ERR_DENIED, "forbidden"},
		{"http://127.0.0.1:%d/missing", ERR_SOURCE, "repository not found"},
		{"http://127.0.0.1:%d/busy", ERR_NET, "503"},
		{"http://127.0.0.1:%d/garbage", ERR_SOURCE, "there is no git repository"},
		{"https://127.0.0.1:%d/tls", ERR_NET, "unable to access"},
		{"http://127.0.0.1:$/closed", ERR_NET, "Failed to connect"},
		{"http://127.0.0.1:$/shallow-401-not-found", ERR_NET, "Failed to connect"},
		{"git://127.0.0.1:$/closed", ERR_NET, "Connection refused"},
		{"ext::sh -c x", ERR_CONFIG, "not allowed"},
	};
	struct strv lines[COUNTOF(rows) + 1] = {0};
	struct err errs[COUNTOF(rows) + 1] = {0};
	const char *urls[COUNTOF(rows) + 1];
	int port, closed, fd = listen_somewhere(&port), nobody = bind_somewhere(&closed);
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0)
		serve(fd);
	import(up, COMMIT);
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_free char *with = xasprintf("%d", port), *without = xasprintf("%d", closed);
		auto_free char *first = str_replace(rows[i].form, "%d", with);

		urls[i] = str_replace(first, "$", without);
	}
	urls[COUNTOF(rows)] = up;
	OK(git_ls_remote_many(g, urls, COUNTOF(urls), 4, lines, errs, e));
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		if (errs[i].code != rows[i].code || !strstr(errs[i].msg, rows[i].text))
			fail_msg("%s: %s: %s", urls[i], err_name(errs[i].code), errs[i].msg);
		assert_null(strstr(errs[i].msg, "hunter2"));
		assert_int_equal(lines[i].n, 0);
		err_clear(&errs[i]);
	}
	assert_int_equal(errs[COUNTOF(rows)].code, ERR_OK);
	assert_int_equal(lines[COUNTOF(rows)].n, 2);
	FAILS(git_mirror(g, urls[0], m_dir, e), ERR_DENIED, "needs a password");
	FAILS(git_mirror(g, urls[7], m_dir, e), ERR_NET, "Failed to connect");
	assert_false(fs_exists(m_dir));
	strv_release(&lines[COUNTOF(rows)]);
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		char *p;

		memcpy(&p, &urls[i], sizeof p);
		free(p);
	}
	(void)close(fd);
	(void)close(nobody);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#define T(f) cmocka_unit_test_setup_teardown(f, git_setup, git_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_remotes),
		T(test_ssh),
		T(test_stop),
	};

	return cmocka_run_group_tests_name("git_remote", tests, NULL, NULL);
}
