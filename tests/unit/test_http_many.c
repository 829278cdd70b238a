/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several files, several processes, signals, progress. */
#include "http_fixture.h"

#define FILES 30

struct seen {
	size_t calls, done, n;
	uint64_t had, wanted;
	bool back; /* something went backwards */
};

static void progress(void *ctx, uint64_t had, uint64_t wanted, size_t done, size_t n)
{
	struct seen *s = ctx;

	s->back = s->back || had < s->had || done < s->done;
	*s = (struct seen){s->calls + 1, done, n, had, wanted, s->back};
}

static void many(void **state)
{
	auto_err struct err e = ERR_INIT;
	struct http_get g[FILES];
	struct seen seen = {0};

	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		g[i] = want(i == 7 ? "/404/f" : i == 9 ? "/503/f" : "/f", NULL);
		free(g[i].path);
		g[i].path = xasprintf("%s.%zu", path, i);
	}
	assert_int_equal(http_fetch(http, g, FILES, progress, &seen, &e), -(int)ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "/404/f"));
	for (size_t i = 0; i < FILES; i++) {
		assert_int_equal(g[i].done, i != 7 && i != 9);
		assert_int_equal(fs_exists(g[i].path), g[i].done);
		http_get_release(&g[i]);
	}
	assert_true(seen.calls > 0 && !seen.back);
	assert_int_equal(seen.done, FILES);
	assert_int_equal(seen.n, FILES);
	assert_int_equal(seen.had, (FILES - 2) * SIZE);
	assert_int_equal(seen.wanted, seen.had);
	assert_int_equal(http_fetch(http, NULL, 0, progress, &seen, &e), 0);
}

/* The same path twice in one call: one waits for the other. */
static void twice(void **state)
{
	struct http_get g[] = {want("/f", NULL), want("/f", NULL), plain("/f")};

	(void)state;
	assert_int_equal(http_fetch(http, g, COUNTOF(g), NULL, NULL, NULL), 0);
	for (size_t i = 0; i < COUNTOF(g); i++) {
		assert_true(g[i].done && g[i].from);
		http_get_release(&g[i]);
	}
	expect_whole();
	expect_requests("GET /f", 1);
}

/* In a process of its own; its exit status is the error's code. */
static pid_t fetch_in_child(struct http_get *g)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct http *h = NULL;

		sig_init();
		if (http_new(NULL, &h, NULL) < 0)
			_exit(100);
		_exit(-http_fetch(h, g, 1, NULL, NULL, NULL));
	}
	assert_true(pid > 0);
	return pid;
}

static int wait_for(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* Until the download has written something. */
static void wait_part(void)
{
	auto_free char *part = path_join(tmp, "got.part");
	struct stat st;

	for (int i = 0; i < 12000; i++) {
		if (stat(part, &st) == 0 && st.st_size > 0)
			return;
		(void)usleep(5000);
	}
	fail_msg("nothing came");
}

static bool has_part(pid_t pid)
{
	auto_free char *list = xasprintf("/proc/%d/fd", (int)pid);
	auto_strv struct strv fds = STRV_INIT;

	(void)fs_list(list, &fds, NULL);
	strv_foreach (&fds, f) {
		auto_free char *link = path_join(list, *f);
		char to[4096];
		ssize_t n = readlink(link, to, sizeof to - 1);

		to[n < 0 ? 0 : n] = '\0';
		if (str_ends(to, "/got.part"))
			return true;
	}
	return false;
}

/* Until it downloads, or waits for the one that does. */
static void wait_open(pid_t pid)
{
	for (int i = 0; i < 12000 && !has_part(pid); i++)
		(void)usleep(5000);
	assert_true(has_part(pid));
}

static void processes(void **state)
{
	struct http_get g[] = {want("/gate/f", NULL), want("/gate/f", NULL), plain("/gate/f")};
	pid_t pids[COUNTOF(g)];

	(void)state;
	for (size_t i = 0; i < COUNTOF(g); i++) {
		pids[i] = fetch_in_child(&g[i]);
		wait_part();
		wait_open(pids[i]);
	}
	srv_open_gate(srv);
	for (size_t i = 0; i < COUNTOF(g); i++) {
		assert_int_equal(wait_for(pids[i]), 0);
		http_get_release(&g[i]);
	}
	expect_whole();
	expect_requests("GET /gate/f", 1);
}

/* The process that downloads is killed: the one that waited goes on from there. */
static void killed(void **state)
{
	struct http_get a = want("/stall/f", NULL), b = want("/f", NULL);
	pid_t first = fetch_in_child(&a), second;

	(void)state;
	wait_part();
	second = fetch_in_child(&b);
	wait_open(second);
	assert_int_equal(kill(first, SIGKILL), 0);
	assert_int_equal(wait_for(first), 1000 + SIGKILL);
	assert_int_equal(wait_for(second), 0);
	expect_whole();
	assert_int_equal(srv_count(srv, "GET /f 200"), 0);
	expect_requests("GET /f 206", 1);
	http_get_release(&a);
	http_get_release(&b);
}

static void stopped(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM};

	for (size_t i = 0; i < COUNTOF(signals); i++) {
		struct http_get a = want("/stall/f", "/f");
		pid_t pid;

		(void)fresh(state);
		pid = fetch_in_child(&a);
		wait_part();
		assert_int_equal(kill(pid, signals[i]), 0);
		assert_int_equal(wait_for(pid), ERR_SIGNAL);
		assert_true(in_tmp("got.part") && in_tmp("got.part.from") && !in_tmp("got"));
		expect_requests("GET /f", 0);
		http_get_release(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(many, fresh),
		cmocka_unit_test_setup(twice, fresh),
		cmocka_unit_test_setup(processes, fresh),
		cmocka_unit_test_setup(killed, fresh),
		cmocka_unit_test_setup(stopped, fresh),
	};

	/* no proxy of the machine's between us and the server */
	(void)setenv("no_proxy", "*", 1);
	return cmocka_run_group_tests(tests, setup, teardown);
}
