/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/transfer.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "net/version.h"
#include <inttypes.h>

#define RETRIES   2
#define REDIRECTS 8L

void xfer_init(struct xfer *x, struct http *h, struct http_get *get)
{
	struct err e = ERR_INIT;

	*x = (struct xfer){.h = h, .get = get, .wanted = get->size};
	assert(get->size || get->max);
	if (part_init(&x->part, get->path, get->checksum, &e) < 0)
		xfer_fail(x, &e);
}

/* The try's own things. */
static void try_release(struct xfer *x)
{
	if (x->easy) {
		(void)curl_multi_remove_handle(x->h->multi, x->easy);
		curl_easy_cleanup(x->easy);
	}
	curl_slist_free_all(x->headers);
	x->easy = NULL;
	x->headers = NULL;
	str_set(&x->etag, NULL);
	str_set(&x->modified, NULL);
	str_set(&x->range, NULL);
	err_clear(&x->err);
	x->fault = FAULT_NONE;
	x->begun = x->resumed = false;
	x->status = 0;
	x->header_bytes = 0;
	*x->errbuf = '\0';
}

void xfer_release(struct xfer *x)
{
	try_release(x);
	part_release(&x->part);
}

static void end(struct xfer *x)
{
	try_release(x);
	part_close(&x->part);
	x->state = XFER_END;
}

void xfer_fail(struct xfer *x, struct err *err)
{
	err_clear(&x->get->err);
	(void)err_move(&x->get->err, err);
	end(x);
}

const char *xfer_url(const struct xfer *x)
{
	return x->get->urls.v[x->mirror];
}

bool xfer_is_file(const struct xfer *x)
{
	return starts_nocase(xfer_url(x), "file:");
}

bool xfer_conditional(const struct xfer *x)
{
	return !xfer_is_file(x) && (x->get->etag || x->get->modified);
}

/* A header of our own request; what came from outside may not bring a second line. */
static void add_header(struct xfer *x, const char *name, const char *value)
{
	auto_free char *line = NULL;
	struct curl_slist *l;

	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return;
	line = xasprintf("%s: %s", name, value);
	l = curl_slist_append(x->headers, line);
	if (!l)
		oom_(__FILE__, __LINE__);
	x->headers = l;
}

/* Range with If-Range when something is there that this mirror can go on with. */
static void ask_rest(struct xfer *x)
{
	const struct part *p = &x->part;
	bool same = p->url && str_eq(p->url, xfer_url(x));
	/* a weak ETag is no promise about bytes */
	const char *tag = same && p->etag && !str_starts(p->etag, "W/") ? p->etag : NULL;
	const char *valid = tag ? tag : same ? p->modified : NULL;
	char range[32];

	if (!p->n || x->whole || xfer_is_file(x) || (!valid && !p->checksum))
		return;
	(void)snprintf(range, sizeof range, "%" PRIu64 "-", p->n);
	(void)curl_easy_setopt(x->easy, CURLOPT_RANGE, range);
	if (valid)
		add_header(x, "If-Range", valid);
	x->resumed = true;
}

static void set_options(struct xfer *x)
{
	const struct http_conf *c = &x->h->conf;
	bool tls = starts_nocase(xfer_url(x), "https:");
	CURL *e = x->easy;

	(void)curl_easy_setopt(e, CURLOPT_URL, xfer_url(x));
	(void)curl_easy_setopt(e, CURLOPT_PRIVATE, x);
	(void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->errbuf);
	(void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(e, CURLOPT_USERAGENT, PACKMILL_USER_AGENT);
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https,file");
	(void)curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
	(void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
	(void)curl_easy_setopt(e, CURLOPT_MAXREDIRS, REDIRECTS);
	(void)curl_easy_setopt(e, CURLOPT_FAILONERROR, 1L);
	(void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, (long)c->connect_secs);
	(void)curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 256L * 1024);
	(void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, answer_header);
	(void)curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
	(void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, answer_body);
	(void)curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
}

/* A device or a FIFO behind a file URL would never end, or never begin. */
static bool is_regular(struct xfer *x)
{
	CURLU *u = curl_url();
	char *path = NULL;
	struct stat st;
	bool ok = true;

	if (u && curl_url_set(u, CURLUPART_URL, xfer_url(x), 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_PATH, &path, CURLU_URLDECODE) == CURLUE_OK &&
		stat(path, &st) == 0)
		ok = S_ISREG(st.st_mode);
	curl_free(path);
	curl_url_cleanup(u);
	return ok;
}

static void next_mirror(struct xfer *x, const char *why);

/* One try with the current mirror. */
static void ask(struct xfer *x)
{
	const struct http_get *g = x->get;

	try_release(x);
	if (xfer_is_file(x) && !is_regular(x)) {
		next_mirror(x, "not a regular file");
		return;
	}
	if (!(x->easy = curl_easy_init()))
		oom_(__FILE__, __LINE__);
	set_options(x);
	ask_rest(x);
	if (xfer_conditional(x) && g->etag)
		add_header(x, "If-None-Match", g->etag);
	if (xfer_conditional(x) && g->modified)
		add_header(x, "If-Modified-Since", g->modified);
	(void)curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
	trace("net", "get %s%s", xfer_url(x), x->resumed ? " (the rest)" : "");
	if (curl_multi_add_handle(x->h->multi, x->easy) != CURLM_OK)
		oom_(__FILE__, __LINE__);
	x->mark_at = time_mono_ms();
	x->mark_got = g->got;
	x->state = XFER_ACTIVE;
}

static void all_failed(struct xfer *x)
{
	struct http_get *g = x->get;
	struct err e = ERR_INIT;
	enum err_code code = g->urls.n && x->missing == g->urls.n ? ERR_NOT_FOUND : ERR_NET;

	if (!g->urls.n)
		(void)err_set(&e, ERR_NET, "no URL to fetch it from");
	else if (g->urls.n == 1)
		(void)err_set(&e, code, "%s", g->problems.v[g->problems.n - 1]);
	else
		(void)err_set(&e, code, "all %zu mirrors failed, the last: %s", g->urls.n,
			g->problems.v[g->problems.n - 1]);
	xfer_fail(x, &e);
}

/* A server that restarts, a line that was cut: another round may do. What came stays. */
static bool once_more(struct xfer *x)
{
	const int retries = x->h->conf.retries;
	uint64_t pause = x->h->conf.pause_ms;

	if (!x->passing || retries < 0 || x->round >= (retries ? retries : RETRIES))
		return false;
	for (int i = 0; i < x->round; i++)
		pause *= 5;
	x->round++;
	x->mirror = x->missing = x->passing = 0;
	try_release(x);
	part_close(&x->part);
	x->state = XFER_WAIT;
	x->retry_at = time_mono_ms() + pause;
	return true;
}

static void next_mirror(struct xfer *x, const char *why)
{
	auto_free char *url = text_url_shown(xfer_url(x));
	auto_free char *line = xasprintf("%s: %s", url, why);

	trace("net", "%s", line);
	x->passing += x->may_pass;
	x->may_pass = false;
	/* each once, however often it was asked */
	if (!strv_has(&x->get->problems, line))
		strv_add(&x->get->problems, line);
	x->whole = false;
	x->wanted = x->get->size;
	if (++x->mirror < x->get->urls.n)
		ask(x);
	else if (!once_more(x))
		all_failed(x);
}

static void succeed(struct xfer *x, const char *from)
{
	struct http_get *g = x->get;

	str_set(&g->from, from);
	str_set(&g->ret_etag, x->etag);
	str_set(&g->ret_modified, x->modified);
	end(x);
}

/* Everything came. FAULT_NONE: it has its final name. */
static enum xfer_fault complete(struct xfer *x)
{
	struct http_get *g = x->get;

	if (g->size && x->part.n < g->size) {
		(void)err_set(&x->err, ERR_NET, "ended after %" PRIu64 " of %" PRIu64 " bytes",
			x->part.n, g->size);
		x->may_pass = true;
		return FAULT_LINE;
	}
	if (!part_right(&x->part)) {
		(void)err_set(&x->err, ERR_NET, "has another checksum than it should");
		return FAULT_WRONG;
	}
	if (part_finish(&x->part, &x->err) < 0)
		return FAULT_OURS;
	g->done = true;
	return FAULT_NONE;
}

/* What curl itself says, as a fault with a text. */
static enum xfer_fault curl_fault(struct xfer *x, CURLcode rc)
{
	long status = 0, redirects = 0;

	(void)curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	if (rc == CURLE_HTTP_RETURNED_ERROR) {
		(void)err_set(&x->err, ERR_NET, "HTTP status %ld", status);
		x->missing += status == 404 || status == 410;
		x->may_pass = status >= 500 || status == 408 || status == 429;
		return status == 416 && x->resumed ? FAULT_WRONG : FAULT_LINE;
	}
	if (rc == CURLE_FILE_COULDNT_READ_FILE) {
		x->missing++;
		(void)err_set(&x->err, ERR_NET, "no such file");
		return FAULT_LINE;
	}
	if (rc == CURLE_UNSUPPORTED_PROTOCOL) {
		(void)curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_COUNT, &redirects);
		(void)err_set(&x->err, ERR_NET, "%s",
			redirects ? "redirects to a protocol that is not allowed there"
				  : "not a http, https or file URL");
		return FAULT_LINE;
	}
	(void)err_set(&x->err, ERR_NET, "%s", *x->errbuf ? x->errbuf : curl_easy_strerror(rc));
	x->may_pass = rc == CURLE_COULDNT_RESOLVE_HOST || rc == CURLE_COULDNT_CONNECT ||
		      rc == CURLE_OPERATION_TIMEDOUT || rc == CURLE_PARTIAL_FILE ||
		      rc == CURLE_GOT_NOTHING || rc == CURLE_SEND_ERROR || rc == CURLE_RECV_ERROR;
	return FAULT_LINE;
}

/* A fault that says the bytes are wrong, while some are from an earlier try: blame those first. */
static void judge(struct xfer *x)
{
	auto_free char *why = NULL;

	if (x->fault == FAULT_WRONG) {
		auto_err struct err e = ERR_INIT;

		if (part_restart(&x->part, &e) < 0) {
			xfer_fail(x, &e);
			return;
		}
		if (x->resumed) {
			x->whole = true;
			ask(x);
			return;
		}
	}
	if (x->fault == FAULT_OURS) {
		struct err e = ERR_INIT;

		(void)err_move(&e, &x->err);
		xfer_fail(x, &e);
		return;
	}
	why = xstrdup(x->err.msg);
	next_mirror(x, why);
}

void xfer_done(struct xfer *x, CURLcode rc)
{
	const char *from = NULL;

	if (rc == CURLE_OK && !x->begun)
		(void)answer_begin(x);
	if (x->fault == FAULT_NONE && rc != CURLE_OK)
		x->fault = curl_fault(x, rc);
	if (x->fault == FAULT_NONE && x->status == 304) {
		x->get->unchanged = true;
		part_drop(&x->part);
	} else if (x->fault == FAULT_NONE) {
		x->fault = complete(x);
	}
	if (x->fault != FAULT_NONE) {
		judge(x);
		return;
	}
	(void)curl_easy_getinfo(x->easy, CURLINFO_EFFECTIVE_URL, &from);
	succeed(x, from ? from : xfer_url(x));
}

/* Not curl's own limit: that one looks at the average of some seconds, so that a mirror which falls
 * silent after a quick start is noticed late. */
void xfer_watch(struct xfer *x, uint64_t now)
{
	const struct http_conf *c = &x->h->conf;
	uint64_t least = (uint64_t)c->stall_rate * c->stall_secs;
	curl_off_t connected = 0;

	(void)curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
	/* the connect timeout rules until then */
	if (!connected || x->get->got - x->mark_got >= least) {
		x->mark_at = now;
		x->mark_got = x->get->got;
	}
	if (now < x->mark_at + (uint64_t)c->stall_secs * 1000)
		return;
	err_clear(&x->err);
	(void)err_set(&x->err, ERR_NET, "stalled: %" PRIu64 " bytes in %u s",
		x->get->got - x->mark_got, c->stall_secs);
	x->may_pass = true;
	x->fault = FAULT_LINE;
	judge(x);
}

/* It is there without a server: another process's work, or all bytes of an earlier try. */
static void found(struct xfer *x)
{
	struct http_get *g = x->get;

	g->done = true;
	str_set(&x->etag, x->part.etag);
	str_set(&x->modified, x->part.modified);
	succeed(x, x->part.url ? x->part.url : g->urls.n ? g->urls.v[0] : "");
}

/* What earlier tries left: all of it, too much, or something to go on with. */
static int look(struct xfer *x, struct err *err)
{
	const struct http_get *g = x->get;
	struct part *p = &x->part;
	uint64_t cap = g->size ? g->size : g->max;

	/* with validators it is the old copy that is there */
	if (!xfer_conditional(x) && part_have(p)) {
		part_drop(p);
		found(x);
		return 0;
	}
	if (g->size && p->n == g->size && p->checksum && part_right(p)) {
		if (part_finish(p, err) < 0)
			return -(int)ERR_SYS;
		found(x);
		return 0;
	}
	return p->n >= cap && p->n ? part_restart(p, err) : 0;
}

void xfer_start(struct xfer *x)
{
	struct http_get *g = x->get;
	enum part_state state;
	struct err e = ERR_INIT;

	if (!g->urls.n) {
		all_failed(x);
		return;
	}
	if (part_lock(&x->part, &state, &e) < 0) {
		xfer_fail(x, &e);
		return;
	}
	if (state == PART_FOUND && (!g->size || x->part.n == g->size)) {
		found(x);
		return;
	}
	if (state != PART_MINE) {
		x->state = XFER_WAIT;
		x->retry_at = time_mono_ms() + XFER_WAIT_MS;
		return;
	}
	if (look(x, &e) < 0)
		xfer_fail(x, &e);
	else if (x->state != XFER_END)
		ask(x);
}
