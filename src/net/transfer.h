/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transfer.h - private to net/: one file of http_fetch on its way, mirror after mirror. */
#pragma once
#include "net/http.h"
#include "net/part.h"
#include <curl/curl.h>
#include <strings.h>

struct http {
	struct http_conf conf;
	CURLM *multi;
};

#define XFER_WAIT_MS 50 /* how often those that wait are looked at */

enum xfer_state {
	XFER_QUEUED,
	XFER_WAIT,   /* another process has the .part, or before another round over the mirrors */
	XFER_ACTIVE, /* with curl */
	XFER_END,    /* get->done, ->unchanged or ->err */
};

/* What to do about a failure of one try. */
enum xfer_fault {
	FAULT_NONE,
	FAULT_LINE,  /* no (full) answer: what came is good for the next mirror */
	FAULT_WRONG, /* what came is wrong, or its beginning from an earlier try was */
	FAULT_OURS,  /* disk or stop signal: no mirror can help */
};

struct xfer {
	struct http *h;
	struct http_get *get;
	enum xfer_state state;
	uint64_t retry_at; /* XFER_WAIT: monotonic ms */
	struct part part;
	uint64_t wanted; /* bytes in the end, 0 not known */
	size_t mirror;
	size_t missing; /* mirrors that said 404 */
	size_t passing; /* mirrors of this round whose trouble may pass */
	int round;      /* over all mirrors */

	/* one try */
	CURL *easy;
	struct curl_slist *headers;
	char errbuf[CURL_ERROR_SIZE];
	bool whole;   /* this mirror was asked to go on and is now asked for all */
	bool resumed; /* Range was asked for */
	bool begun;   /* the answer was judged */
	long status;  /* 200 for files; valid when begun */
	char *etag, *modified, *range;
	size_t header_bytes;
	uint64_t mark_at, mark_got; /* since when, and from which get->got, its speed is judged */
	enum xfer_fault fault;
	bool may_pass;  /* the fault: the same mirror may do better later */
	struct err err; /* of the fault */
};

/* The current mirror; borrowed. */
const char *xfer_url(const struct xfer *x);
bool xfer_is_file(const struct xfer *x);
/* Asked with validators: 304 is an answer. */
bool xfer_conditional(const struct xfer *x);
static inline bool starts_nocase(const char *s, const char *prefix)
{
	return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

/* answer.c: what a server sends. Callbacks of curl; ctx is the xfer, whose fault they set. */
size_t answer_header(char *line, size_t size, size_t n, void *ctx);
size_t answer_body(char *data, size_t size, size_t n, void *ctx);
/* The headers are complete: judge them; false with the fault. */
bool answer_begin(struct xfer *x);

void xfer_init(struct xfer *x, struct http *h, struct http_get *get);
void xfer_release(struct xfer *x);
/* From QUEUED or WAIT: lock and ask the first mirror. Ends, waits or is active afterwards. */
void xfer_start(struct xfer *x);
/* curl is through with it: ends, or is active with the next try. */
void xfer_done(struct xfer *x, CURLcode rc);
/* Give up on a mirror that sends too little; now: monotonic ms. */
void xfer_watch(struct xfer *x, uint64_t now);
/* End with this error (moved). */
void xfer_fail(struct xfer *x, struct err *err);
