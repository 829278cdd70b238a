/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http.h - fetch files by http(s) and file, several at once, through libcurl multi. The only place
 * that includes curl's header for this.
 *
 * A download goes to "<path>.part" and is renamed when size and checksum are right, so that `path`
 * is complete or missing. A .part that is there is resumed (Range with If-Range where the server
 * gives a validator); its bytes count for the checksum, and where that is wrong it is dropped and
 * the mirror is asked for the whole file once. Mirrors are tried in turn: one that fails, stalls,
 * lies about size or checksum is named in `problems` and the next one goes on. Two processes that
 * want the same path share one download (flock on the .part). SIGINT and SIGTERM end it
 * (ERR_SIGNAL) and leave the .part.
 *
 * A file that is at `path` already with the wanted checksum is taken as it is, unless validators
 * say that it is the copy to compare with. What another process or an earlier try had completed
 * counts as `done` without a request: `got` is 0, `from` the first URL when nothing better is
 * known, the validators may be NULL. docs/dev/net.md says why it works as it does.
 */
#pragma once
#include "base/str.h"

struct http;
struct http_conf {
	unsigned parallel;   /* transfers at once; 0: 8 */
	unsigned stall_secs; /* fewer than stall_rate bytes a second for so long ends one; 0: 30 */
	unsigned stall_rate; /* bytes a second; 0: 100 */
	unsigned connect_secs; /* 0: 15 */
	int retries; /* rounds over all mirrors after the first, when one of them may answer better
			later (cut off, stalled, unreachable, 5xx); 0: 2, negative: none */
	unsigned pause_ms; /* before the second round, five times as long before each later one;
			      0: 300 */
};
int http_new(const struct http_conf *conf, struct http **ret, struct err *err);
void http_free(struct http *h);
DEFINE_CLEANUP(struct http *, http_free)

struct http_get {
	/* in */
	struct strv urls; /* the same file on different mirrors, best first */
	char *path;       /* final name; its directory exists */
	char *checksum;   /* as digest.h; NULL: not known */
	uint64_t size;    /* exact size, 0 not known; more is refused while it comes */
	uint64_t max;     /* cap when size is not known; never 0 */
	/* validators of the copy we have: a 304 sets `unchanged`; NULL none */
	char *etag, *modified;
	/* out */
	bool done, unchanged;
	char *from; /* the URL it came from, after redirects */
	char *ret_etag, *ret_modified;
	uint64_t got;         /* bytes that went over the wire for it */
	struct strv problems; /* one line for each mirror that failed: "<url>: why" */
	struct err err;       /* why it failed in the end, when !done && !unchanged: "<url>: why" */
};
void http_get_release(struct http_get *g);

/* Bytes had and wanted over all downloads (wanted 0: not known), files done of n. */
typedef void (*http_progress)(void *ctx, uint64_t had, uint64_t wanted, size_t done, size_t n);

/* Fetch them all. The out fields must be zero. One that fails does not stop the others; the first
 * failure, in order, is the error (ERR_NET; ERR_NOT_FOUND when every mirror says 404; ERR_SYS for
 * our own disk). Redirects are followed within http(s), at most 8, and never from https to http. */
int http_fetch(struct http *h, struct http_get *list, size_t n, http_progress progress, void *ctx,
	struct err *err);
