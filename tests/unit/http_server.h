/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http_server.h - a small http server that misbehaves on request: it serves a directory on
 * 127.0.0.1, a thread for each connection. Used by unit tests and by tool_httpd.
 *
 * First folders of the path that are names of this list switch a behaviour on, in any number
 * ("/no-range/cut/file"); what follows is the file:
 *
 *   404, 503, …     that status             redirect       302 to the rest of the path
 *   cut             half of it, then closed to-file        302 to the file as file://
 *   reset           the same with a reset   loop           302 to itself
 *   stall           half of it, then silent hang           no answer at all
 *   drip            a byte each 50 ms       close          closed without an answer
 *   slow            about 400 KiB a second  endless        a body that never ends (chunked)
 *   lie             same size, other bytes  endless-head   headers that never end
 *   truncate        a shorter file          no-range       answers Range with the whole file
 *   grow            a longer one            bad-range      answers Range from another offset
 *   no-length       chunked, without size   no-validator   no ETag, no Last-Modified
 *   no-condition    never 304               date-only      no ETag
 *   flaky           503 on the first request for the path, good afterwards
 *   gate            half of it, the rest when srv_open_gate was called
 *
 * ETag is made of size and modification time; Range, If-Range, If-None-Match, If-Modified-Since are
 * understood. Each answer is a line of the log: "METHOD TARGET STATUS BYTES [Range]". It is written
 * when the answer has ended, which may be after the client has it: srv_idle waits for that, and so
 * does the answer to "/.idle".
 */
#pragma once
#include "base/base.h"
#include "base/fs.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#define SRV_SWITCHES(X)                                                                            \
	X(CUT, "cut")                                                                              \
	X(RESET, "reset")                                                                          \
	X(STALL, "stall")                                                                          \
	X(DRIP, "drip")                                                                            \
	X(SLOW, "slow")                                                                            \
	X(LIE, "lie")                                                                              \
	X(TRUNCATE, "truncate")                                                                    \
	X(GROW, "grow")                                                                            \
	X(NO_LENGTH, "no-length")                                                                  \
	X(REDIRECT, "redirect")                                                                    \
	X(TO_FILE, "to-file")                                                                      \
	X(LOOP, "loop")                                                                            \
	X(HANG, "hang")                                                                            \
	X(CLOSE, "close")                                                                          \
	X(ENDLESS, "endless")                                                                      \
	X(ENDLESS_HEAD, "endless-head")                                                            \
	X(NO_RANGE, "no-range")                                                                    \
	X(BAD_RANGE, "bad-range")                                                                  \
	X(NO_VALIDATOR, "no-validator")                                                            \
	X(NO_CONDITION, "no-condition")                                                            \
	X(DATE_ONLY, "date-only")                                                                  \
	X(FLAKY, "flaky")                                                                          \
	X(GATE, "gate")

enum srv_bit {
#define X(id, name) SRV_BIT_##id,
	SRV_SWITCHES(X)
#undef X
};
enum srv_switch {
#define X(id, name) SRV_##id = 1 << SRV_BIT_##id,
	SRV_SWITCHES(X)
#undef X
};
static const char *const srv_names[] = {
#define X(id, name) name,
	SRV_SWITCHES(X)
#undef X
};

struct srv {
	char *root, *url; /* url: "http://127.0.0.1:PORT", without a slash at the end */
	int fd;
	FILE *out; /* the log as it grows; may be NULL */
	pthread_t acceptor;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t idle;
	struct strv log, seen; /* seen: targets of flaky requests */
	int conns[256];        /* open connections, -1 free */
	size_t active, busy;   /* connections, answers that have begun */
	bool stop, open;       /* open: what is behind the gate comes */
};

struct srv_req {
	struct srv *s;
	int fd;
	char *head, *method, *target, *file;
	unsigned sw;
	int status;
	uint64_t size, from, sent; /* of the file, first byte to send, body bytes sent */
	char etag[64], modified[64];
	bool keep; /* the connection stays */
};

static bool srv_send(struct srv_req *q, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t k = send(q->fd, p, n, MSG_NOSIGNAL);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

static bool srv_text(struct srv_req *q, const struct strbuf *b)
{
	return srv_send(q, sb_str(b), b->n);
}

/* Wait; false when the client (or srv_stop) has gone. ms < 0: until then. */
static bool srv_wait(struct srv_req *q, int ms)
{
	struct pollfd p = {.fd = q->fd, .events = POLLRDHUP};

	return poll(&p, 1, ms) == 0;
}

/* The value of a header of the request, NULL when it has none; the caller's. */
static char *srv_header(const struct srv_req *q, const char *name)
{
	size_t n = strlen(name);

	for (const char *l = strchr(q->head, '\n'); l; l = strchr(l, '\n')) {
		l++;
		if (strncasecmp(l, name, n) == 0 && l[n] == ':') {
			auto_free char *v = xstrndup(l + n + 1, strcspn(l + n + 1, "\r\n"));

			return str_trim(v);
		}
	}
	return NULL;
}

static void srv_log(struct srv_req *q)
{
	auto_free char *range = srv_header(q, "Range");
	struct srv *s = q->s;

	(void)pthread_mutex_lock(&s->lock);
	strv_addf(&s->log, "%s %s %d %" PRIu64 "%s%s", q->method, q->target, q->status, q->sent,
		range ? " " : "", range ? range : "");
	if (s->out) {
		fprintf(s->out, "%s\n", s->log.v[s->log.n - 1]);
		(void)fflush(s->out);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

static void srv_head(const struct srv_req *q, struct strbuf *b)
{
	sb_addf(b, "HTTP/1.1 %d X\r\n", q->status);
	if (*q->etag)
		sb_addf(b, "ETag: %s\r\n", q->etag);
	if (*q->modified)
		sb_addf(b, "Last-Modified: %s\r\n", q->modified);
	sb_addf(b, "Connection: %s\r\n", q->keep ? "keep-alive" : "close");
}

/* An answer without a file. */
static void srv_plain(struct srv_req *q, int status, const char *location)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	q->status = status;
	srv_head(q, &b);
	if (location)
		sb_addf(&b, "Location: %s\r\n", location);
	sb_addf(&b, "Content-Length: %d\r\n\r\n", status == 304 ? 0 : 6);
	if (status != 304 && !str_eq(q->method, "HEAD"))
		sb_add(&b, "nope!\n");
	if (!srv_text(q, &b))
		q->keep = false;
}

static void srv_endless(struct srv_req *q, bool head)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	char fill[4096];

	memset(fill, 'x', sizeof fill);
	q->status = 200;
	q->keep = false;
	srv_head(q, &b);
	if (!head)
		sb_add(&b, "Transfer-Encoding: chunked\r\n\r\n");
	while (srv_text(q, &b)) {
		sb_truncate(&b, 0);
		sb_addf(&b, head ? "X-%x: " : "%x\r\n", (unsigned)sizeof fill);
		sb_addn(&b, fill, sizeof fill);
		sb_add(&b, "\r\n");
		q->sent += sizeof fill;
	}
}

/* One piece of the body, as the switches want it. */
static bool srv_piece(struct srv_req *q, char *buf, size_t n)
{
	char line[32];

	if (q->sw & SRV_LIE)
		for (size_t i = 0; i < n; i++)
			buf[i] = (char)(buf[i] ^ 1);
	if (q->sw & SRV_NO_LENGTH) {
		(void)snprintf(line, sizeof line, "%zx\r\n", n);
		if (!srv_send(q, line, strlen(line)))
			return false;
	}
	if (!srv_send(q, buf, n) || ((q->sw & SRV_NO_LENGTH) && !srv_send(q, "\r\n", 2)))
		return false;
	q->sent += n;
	if (q->sw & (SRV_SLOW | SRV_DRIP))
		return srv_wait(q, q->sw & SRV_DRIP ? 50 : 10);
	return true;
}

/* `n` bytes of the file from q->from; zeros beyond its end. */
static bool srv_body(struct srv_req *q, int fd, uint64_t n)
{
	char buf[65536];
	uint64_t at = q->from;
	size_t step = q->sw & SRV_DRIP ? 1 : q->sw & SRV_SLOW ? 4096 : sizeof buf;

	while (n > 0) {
		size_t want = n < step ? (size_t)n : step;
		ssize_t k;

		memset(buf, 0, want);
		k = pread(fd, buf, want, (off_t)at);
		if (k < 0 || !srv_piece(q, buf, want))
			return false;
		at += want;
		n -= want;
	}
	return !(q->sw & SRV_NO_LENGTH) || srv_send(q, "0\r\n\r\n", 5);
}

/* What Range and If-Range ask for: 206, 416 or, where they do not count, 200. */
static int srv_range(struct srv_req *q)
{
	auto_free char *range = srv_header(q, "Range"), *cond = srv_header(q, "If-Range");
	char *end;

	if (!range || (q->sw & SRV_NO_RANGE) || !str_starts(range, "bytes="))
		return 200;
	if (cond && !str_eq(cond, q->etag) && !str_eq(cond, q->modified))
		return 200;
	q->from = strtoull(range + 6, &end, 10);
	if (q->from >= q->size)
		return 416;
	if (q->sw & SRV_BAD_RANGE)
		q->from /= 2;
	return 206;
}

static bool srv_unchanged(struct srv_req *q)
{
	auto_free char *tag = srv_header(q, "If-None-Match"),
		       *date = srv_header(q, "If-Modified-Since");

	if (q->sw & SRV_NO_CONDITION)
		return false;
	return tag ? *q->etag && str_eq(tag, q->etag)
		   : date && *q->modified && str_eq(date, q->modified);
}

static void srv_validators(struct srv_req *q, const struct stat *st)
{
	struct tm tm;

	if (q->sw & SRV_NO_VALIDATOR)
		return;
	if (!(q->sw & SRV_DATE_ONLY))
		(void)snprintf(q->etag, sizeof q->etag, "\"%" PRIx64 "-%" PRIx64 ".%lx\"",
			(uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	if (gmtime_r(&st->st_mtim.tv_sec, &tm))
		(void)strftime(q->modified, sizeof q->modified, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static bool srv_is_open(struct srv *s)
{
	bool open;

	(void)pthread_mutex_lock(&s->lock);
	open = s->open;
	(void)pthread_mutex_unlock(&s->lock);
	return open;
}

UNUSED static void srv_open_gate(struct srv *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->open = true;
	(void)pthread_mutex_unlock(&s->lock);
}

static void srv_send_file(struct srv_req *q, int fd)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	uint64_t n = q->size - q->from, send_n;

	if (q->sw & SRV_TRUNCATE)
		n /= 2;
	if (q->sw & SRV_GROW)
		n += 1000;
	send_n = q->sw & (SRV_CUT | SRV_RESET | SRV_STALL) ? n / 2 : n;
	if (send_n != n)
		q->keep = false;
	srv_head(q, &b);
	if (q->status == 206)
		sb_addf(&b, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n", q->from,
			q->from + n - 1, q->from + n);
	if (q->sw & SRV_NO_LENGTH)
		sb_add(&b, "Transfer-Encoding: chunked\r\n\r\n");
	else
		sb_addf(&b, "Content-Length: %" PRIu64 "\r\n\r\n", n);
	if (!srv_text(q, &b) || str_eq(q->method, "HEAD"))
		return;
	if (q->sw & SRV_GATE) {
		uint64_t half = send_n / 2;

		if (!srv_body(q, fd, half))
			q->keep = false;
		q->from += half;
		send_n -= half;
		while (!srv_is_open(q->s) && srv_wait(q, 5))
			;
	}
	if (!srv_body(q, fd, send_n))
		q->keep = false;
	if (q->sw & SRV_STALL)
		(void)srv_wait(q, -1);
	if (q->sw & SRV_RESET) {
		struct linger hard = {.l_onoff = 1};

		/* a reset drops what is still on its way; what has come the client can read */
		for (int left = 1; left > 0 && ioctl(q->fd, SIOCOUTQ, &left) == 0 && left > 0;)
			if (!srv_wait(q, 1))
				break;
		(void)setsockopt(q->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	}
}

static void srv_file(struct srv_req *q)
{
	auto_free char *path = path_join(q->s->root, q->file + strspn(q->file, "/"));
	auto_close int fd = strstr(path, "/../") ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		srv_plain(q, 404, NULL);
		return;
	}
	q->size = (uint64_t)st.st_size;
	srv_validators(q, &st);
	if (srv_unchanged(q)) {
		srv_plain(q, 304, NULL);
		return;
	}
	q->status = srv_range(q);
	if (q->status == 416)
		srv_plain(q, 416, NULL);
	else
		srv_send_file(q, fd);
}

static bool srv_first_time(struct srv_req *q)
{
	bool first;

	(void)pthread_mutex_lock(&q->s->lock);
	first = !strv_has(&q->s->seen, q->target);
	if (first)
		strv_add(&q->s->seen, q->target);
	(void)pthread_mutex_unlock(&q->s->lock);
	return first;
}

static void srv_redirect(struct srv_req *q)
{
	auto_free char *to = NULL;

	if (q->sw & SRV_LOOP)
		to = xstrdup(q->target);
	else if (q->sw & SRV_TO_FILE)
		to = xasprintf("file://%s%s", q->s->root, q->file);
	else
		to = xstrdup(q->file);
	srv_plain(q, 302, to);
}

/* Strip the folders that are switches from q->file; a status of three digits is returned. */
static int srv_switches(struct srv_req *q)
{
	for (;;) {
		size_t n = strcspn(q->file + 1, "/"), i;
		auto_free char *name = xstrndup(q->file + 1, n);
		uint64_t status = 0;

		if (q->file[1 + n] != '/')
			return 0;
		if (n == 3 && str_u64(name, &status) && status >= 400)
			return (int)status;
		for (i = 0; i < COUNTOF(srv_names) && !str_eq(name, srv_names[i]); i++)
			;
		if (i == COUNTOF(srv_names))
			return 0;
		q->sw |= 1U << i;
		memmove(q->file, q->file + 1 + n, strlen(q->file + 1 + n) + 1);
		/* the rest of the path is for the next request */
		if (q->sw & SRV_REDIRECT)
			return 0;
	}
}

static void srv_answer(struct srv_req *q)
{
	int status = srv_switches(q);

	if (q->sw & (SRV_HANG | SRV_CLOSE | SRV_ENDLESS | SRV_ENDLESS_HEAD))
		q->keep = false;
	if (q->sw & SRV_HANG)
		(void)srv_wait(q, -1);
	else if (q->sw & (SRV_ENDLESS | SRV_ENDLESS_HEAD))
		srv_endless(q, q->sw & SRV_ENDLESS_HEAD);
	else if (status)
		srv_plain(q, status, NULL);
	else if (q->sw & (SRV_REDIRECT | SRV_TO_FILE | SRV_LOOP))
		srv_redirect(q);
	else if ((q->sw & SRV_FLAKY) && srv_first_time(q))
		srv_plain(q, 503, NULL);
	else if (!(q->sw & SRV_CLOSE))
		srv_file(q);
	srv_log(q);
}

/* Path of the target: absolute form and query dropped, %XX decoded; the caller's. */
static char *srv_path(const char *target)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	const char *p = target;

	if (str_starts(p, "http://"))
		p = strchr(p + 7, '/') ?: "/";
	for (; *p && *p != '?'; p++) {
		unsigned c;

		if (*p == '%' && sscanf(p + 1, "%2x", &c) == 1) {
			sb_addc(&b, (char)c);
			p += 2;
		} else {
			sb_addc(&b, *p);
		}
	}
	return sb_take(&b);
}

/* Headers up to the empty line; false at the end of the connection. Without pipelining, a GET is
 * all that comes. */
static bool srv_read_head(int fd, struct strbuf *b)
{
	while (!strstr(sb_str(b), "\r\n\r\n")) {
		char buf[4096];
		ssize_t n = recv(fd, buf, sizeof buf, 0);

		if (n <= 0 || b->n > 65536)
			return false;
		sb_addn(b, buf, (size_t)n);
	}
	return true;
}

static void srv_busy(struct srv *s, int n)
{
	(void)pthread_mutex_lock(&s->lock);
	s->busy += (size_t)n;
	(void)pthread_mutex_unlock(&s->lock);
}

/* Until all answers have ended and are in the log. */
static void srv_idle(struct srv *s)
{
	size_t busy;

	do {
		(void)pthread_mutex_lock(&s->lock);
		busy = s->stop ? 0 : s->busy;
		(void)pthread_mutex_unlock(&s->lock);
	} while (busy && usleep(1000) == 0);
}

static bool srv_request(struct srv *s, int fd)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_strv struct strv words = STRV_INIT;
	struct srv_req q = {.s = s, .fd = fd, .keep = true};
	auto_free char *file = NULL;

	if (!srv_read_head(fd, &b))
		return false;
	strv_split(&words, b.s, " \r\n");
	if (words.n < 3 || (!str_eq(words.v[0], "GET") && !str_eq(words.v[0], "HEAD")))
		return false;
	file = srv_path(words.v[1]);
	q.head = b.s;
	q.method = words.v[0];
	q.target = words.v[1];
	q.file = file;
	if (str_eq(file, "/.idle")) {
		srv_idle(s);
		srv_plain(&q, 200, NULL);
	} else if (*file == '/') {
		srv_busy(s, 1);
		srv_answer(&q);
		srv_busy(s, -1);
	}
	return q.keep && *file == '/';
}

struct srv_conn {
	struct srv *s;
	size_t slot;
	int fd;
};

static void *srv_serve(void *arg)
{
	auto_free struct srv_conn *c = arg;
	struct srv *s = c->s;

	while (srv_request(s, c->fd))
		;
	(void)pthread_mutex_lock(&s->lock);
	s->conns[c->slot] = -1;
	s->active--;
	(void)close(c->fd);
	(void)pthread_cond_signal(&s->idle);
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* Give the connection a thread; false when there are too many, or the server stops. */
static bool srv_take(struct srv *s, int fd)
{
	struct srv_conn *c = NULL;
	pthread_attr_t attr;
	pthread_t t;

	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < COUNTOF(s->conns) && !s->stop && !c; i++) {
		if (s->conns[i] >= 0)
			continue;
		c = xmalloc(sizeof *c);
		*c = (struct srv_conn){.s = s, .slot = i, .fd = fd};
	}
	if (c && pthread_create(&t, &attr, srv_serve, c) == 0) {
		s->conns[c->slot] = fd;
		s->active++;
	} else {
		free(c);
		c = NULL;
	}
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_attr_destroy(&attr);
	return c != NULL;
}

static void *srv_accept(void *arg)
{
	struct srv *s = arg;

	for (;;) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return NULL;
		if (!srv_take(s, fd))
			(void)close(fd);
	}
}

/* Serve the directory; out (borrowed, may be NULL) gets the log. NULL with errno on failure. */
UNUSED static struct srv *srv_start(const char *root, uint16_t port, FILE *out)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t n = sizeof a;
	struct srv *s = xcalloc(1, sizeof *s);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (size_t i = 0; i < COUNTOF(s->conns); i++)
		s->conns[i] = -1;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->idle, NULL);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, n) < 0 || listen(s->fd, 128) < 0 ||
		getsockname(s->fd, (struct sockaddr *)&a, &n) < 0) {
		free(s);
		return NULL;
	}
	s->root = path_abs(root);
	s->out = out;
	s->url = xasprintf("http://127.0.0.1:%u", ntohs(a.sin_port));
	if ((errno = pthread_create(&s->acceptor, NULL, srv_accept, s)) != 0)
		abort();
	return s;
}

/* End all connections and free it. */
UNUSED static void srv_stop(struct srv *s)
{
	if (!s)
		return;
	(void)shutdown(s->fd, SHUT_RDWR);
	(void)pthread_join(s->acceptor, NULL);
	(void)pthread_mutex_lock(&s->lock);
	s->stop = true;
	for (size_t i = 0; i < COUNTOF(s->conns); i++)
		if (s->conns[i] >= 0)
			(void)shutdown(s->conns[i], SHUT_RDWR);
	while (s->active)
		(void)pthread_cond_wait(&s->idle, &s->lock);
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_mutex_destroy(&s->lock);
	(void)pthread_cond_destroy(&s->idle);
	(void)close(s->fd);
	strv_release(&s->log);
	strv_release(&s->seen);
	free(s->root);
	free(s->url);
	free(s);
}

/* How many lines of the log start with this. A line is written when its answer has ended: one that
 * the client broke off may come a moment later. */
UNUSED static size_t srv_count(struct srv *s, const char *prefix)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&s->lock);
	strv_foreach (&s->log, l)
		n += str_starts(*l, prefix);
	(void)pthread_mutex_unlock(&s->lock);
	return n;
}
