/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What http servers answer. Input: a byte of bits (1: some bytes and a validator are there from an
 * earlier try, 2: a checksum is wanted, 4: asked with validators), then the answer as it goes over
 * the wire, the same for every request. The server is the proxy, so that no redirect leaves the
 * machine.
 */
#include "base/base.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/limits.h"
#include "net/http.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#define URL "http://fuzz.invalid/f"
#define MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct http *http;
static int listener = -1;
static struct strbuf answer; /* written while no request is under way */

static void serve_one(int fd)
{
	auto_strbuf struct strbuf head = STRBUF_INIT;
	struct timeval patience = {.tv_usec = 200000};
	char buf[4096];
	ssize_t n;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	while (!strstr(sb_str(&head), "\r\n\r\n")) {
		if ((n = recv(fd, buf, sizeof buf, 0)) <= 0)
			return;
		sb_addn(&head, buf, (size_t)n);
	}
	for (size_t at = 0; at < answer.n; at += (size_t)n)
		if ((n = send(fd, answer.s + at, answer.n - at, MSG_NOSIGNAL)) <= 0)
			return;
	/* closing with unread bytes would be a reset that drops what was sent */
	(void)shutdown(fd, SHUT_WR);
	while (recv(fd, buf, sizeof buf, 0) > 0)
		;
}

static void *serve(void *arg UNUSED)
{
	for (;;) {
		auto_close int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			serve_one(fd);
		if (fd < 0 && errno == EBADF)
			return NULL;
	}
}

static void start(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	struct http_conf conf = {.stall_secs = 5, .retries = -1};
	auto_free char *proxy = NULL;
	socklen_t n = sizeof a;
	pthread_t t;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(listener >= 0 && bind(listener, (struct sockaddr *)&a, n) == 0);
	assert(listen(listener, 16) == 0 && getsockname(listener, (struct sockaddr *)&a, &n) == 0);
	proxy = xasprintf("http://127.0.0.1:%u", ntohs(a.sin_port));
	assert(setenv("all_proxy", proxy, 1) == 0 && setenv("http_proxy", proxy, 1) == 0);
	assert(setenv("https_proxy", proxy, 1) == 0);
	(void)unsetenv("no_proxy");
	(void)unsetenv("NO_PROXY");
	(void)unsetenv("HTTPS_PROXY");
	assert(http_new(&conf, &http, NULL) == 0);
	assert(pthread_create(&t, NULL, serve, NULL) == 0);
}

static void check(const struct http_get *g, int r)
{
	char sum[SHA256_HEX];
	struct stat st;

	assert((r == 0) == (g->done || g->unchanged) && !(g->done && g->unchanged));
	assert((r == 0) == (g->err.code == ERR_OK) && (r == 0 || g->err.msg));
	assert(!g->unchanged || g->etag);
	assert(g->done == fs_exists(g->path));
	if (!g->done)
		return;
	assert(stat(g->path, &st) == 0 && st.st_size <= MAX && g->from);
	if (g->checksum)
		assert(sha256_file(g->path, sum, NULL) == 0 && str_eq(sum, g->checksum));
}

static void fetch(const char *tmp, uint8_t bits)
{
	static const char note[] = URL "\n\"tag\"\nThu, 01 Jan 2026 00:00:00 GMT\n";
	struct http_get g = {.max = MAX, .path = path_join(tmp, "f")};
	char sum[SHA256_HEX];

	strv_add(&g.urls, URL);
	sha256_buf("hello", 5, sum);
	if (bits & 1) {
		auto_free char *part = path_join(tmp, "f.part"),
			       *from = path_join(tmp, "f.part.from");

		assert(fs_write(part, "he", 2, 0644, NULL) >= 0);
		assert(fs_write(from, note, strlen(note), 0644, NULL) >= 0);
	}
	if (bits & 2)
		g.checksum = xstrdup(sum);
	if (bits & 4)
		g.etag = xstrdup("\"old\"");
	check(&g, http_fetch(http, &g, 1, NULL, NULL, NULL));
	http_get_release(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *base = getenv("TMPDIR");
	auto_free char *prefix = path_join(base && *base ? base : "/tmp", "packmill-fuzz-http.");
	auto_free char *tmp = NULL;

	if (!size)
		return 0;
	if (!http)
		start();
	sb_truncate(&answer, 0);
	sb_addn(&answer, data + 1, size - 1);
	if (fs_tmpdir(prefix, &tmp, NULL) < 0)
		return 0;
	fetch(tmp, *data);
	assert(fs_remove_tree(tmp, NULL) >= 0);
	return 0;
}
