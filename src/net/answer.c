/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "base/limits.h"
#include "base/sig.h"
#include "net/transfer.h"
#include <inttypes.h>

#define VALIDATOR_MAX 1024 /* bytes of a header that is worth keeping */

/* Callbacks: 0 bytes taken ends the transfer with CURLE_WRITE_ERROR, the fault says why. */
static size_t refuse(struct xfer *x, enum xfer_fault fault)
{
	x->fault = fault;
	return 0;
}

/* The value of a header line of the given name, else NULL; the caller's. */
static char *header_value(const char *line, size_t n, const char *name)
{
	size_t k = strlen(name);
	auto_free char *raw = NULL;

	if (n <= k || strncasecmp(line, name, k) != 0 || line[k] != ':' || n > VALIDATOR_MAX)
		return NULL;
	raw = xstrndup(line + k + 1, n - k - 1);
	return str_trim(raw);
}

static void keep_header(char **field, const char *line, size_t n, const char *name)
{
	char *v = header_value(line, n, name);

	if (!v)
		return;
	free(*field);
	*field = *v ? v : NULL;
	if (!*v)
		free(v);
}

/* Once a chain of redirects has come to https it stays there. */
static void hold_https(struct xfer *x)
{
	const char *url = NULL;

	if (curl_easy_getinfo(x->easy, CURLINFO_EFFECTIVE_URL, &url) == CURLE_OK && url &&
		starts_nocase(url, "https:"))
		(void)curl_easy_setopt(x->easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
}

size_t answer_header(char *line, size_t size, size_t n, void *ctx)
{
	struct xfer *x = ctx;

	n *= size;
	x->header_bytes += n;
	if (x->header_bytes > LIMIT_HTTP_HEADERS) {
		(void)err_set(&x->err, ERR_NET, "endless headers");
		return refuse(x, FAULT_LINE);
	}
	if (n > 5 && starts_nocase(line, "HTTP/")) {
		/* of a redirect, or of the answer itself */
		str_set(&x->etag, NULL);
		str_set(&x->modified, NULL);
		str_set(&x->range, NULL);
		hold_https(x);
	}
	keep_header(&x->etag, line, n, "ETag");
	keep_header(&x->modified, line, n, "Last-Modified");
	keep_header(&x->range, line, n, "Content-Range");
	return n;
}

/* Whether a 206 is the rest of what we have: right offset, same validators. */
static bool continues(const struct xfer *x)
{
	const struct part *p = &x->part;
	char *rest;

	if (!x->range || !starts_nocase(x->range, "bytes "))
		return false;
	if (strtoull(x->range + 6, &rest, 10) != p->n || *rest != '-')
		return false;
	if (!p->url || !str_eq(p->url, xfer_url(x)))
		return p->checksum != NULL;
	return !(p->etag && x->etag && !str_eq(p->etag, x->etag)) &&
	       !(p->modified && x->modified && !str_eq(p->modified, x->modified));
}

static int check_length(struct xfer *x)
{
	const struct http_get *g = x->get;
	curl_off_t len = -1;
	uint64_t total;

	(void)curl_easy_getinfo(x->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &len);
	if (len < 0)
		return 0;
	total = x->part.n + (uint64_t)len;
	if (g->size && total != g->size)
		return err_set(&x->err, ERR_NET, "has %" PRIu64 " bytes instead of %" PRIu64, total,
			g->size);
	if (!g->size && total > g->max)
		return err_set(&x->err, ERR_NET, "has %" PRIu64 " bytes, more than %" PRIu64, total,
			g->max);
	x->wanted = total;
	return 0;
}

/* The answer is there: what is it, and where do its bytes go? False with the fault. */
bool answer_begin(struct xfer *x)
{
	x->begun = true;
	(void)curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->status);
	if (xfer_is_file(x))
		x->status = 200;
	if (x->status == 304 && xfer_conditional(x))
		return true;
	if (x->status == 200 && x->part.n && part_restart(&x->part, &x->err) < 0)
		return refuse(x, FAULT_OURS);
	if (x->status == 206 && (!x->resumed || !continues(x))) {
		(void)err_set(&x->err, ERR_NET, "answered another range than asked for");
		return refuse(x, FAULT_WRONG);
	}
	if (x->status != 200 && x->status != 206) {
		(void)err_set(&x->err, ERR_NET, "HTTP status %ld", x->status);
		return refuse(x, FAULT_LINE);
	}
	if (check_length(x) < 0)
		return refuse(x, FAULT_WRONG);
	if (x->status == 200 && part_note(&x->part, xfer_url(x), x->etag, x->modified, &x->err) < 0)
		return refuse(x, FAULT_OURS);
	return true;
}

size_t answer_body(char *data, size_t size, size_t n, void *ctx)
{
	struct xfer *x = ctx;
	uint64_t cap = x->get->size ? x->get->size : x->get->max;

	n *= size;
	/* a file URL is read in one go, without a look at our loop */
	if (sig_check(&x->err) < 0)
		return refuse(x, FAULT_OURS);
	if (!x->begun && !answer_begin(x))
		return 0;
	if (x->status == 304)
		return n;
	if (n > cap - x->part.n) {
		(void)err_set(&x->err, ERR_NET, "sends more than %" PRIu64 " bytes", cap);
		return refuse(x, FAULT_WRONG);
	}
	if (part_write(&x->part, data, n, &x->err) < 0)
		return refuse(x, FAULT_OURS);
	x->get->got += n;
	return n;
}
