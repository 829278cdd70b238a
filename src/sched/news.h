/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * news.h - who is told what, and when: outcomes become news in the outbox, from which they are
 * delivered (docs/dev/notify.md). A mail server that is away never touches a build.
 *
 * The supervisor's part in it, for one delivery:
 *
 *	struct store_news_vec due = VEC_INIT;
 *	news_take(n, now, 0, &due, err);        what goes out now; empty: nothing
 *	... a forked helper calls news_deliver(cfg, &due, out_fd) ...
 *	news_line(n, line, err);                each line that it printed
 *	news_ended(n, err);                     once it is gone, however it ended
 */
#pragma once
#include "config/config.h"
#include "store/outbox.h"

struct json_t;
struct result;
struct news;
/* cfg and st are borrowed. Nothing is lost when it is closed and opened anew (reload). */
int news_open(const struct config *cfg, struct store *st, struct news **ret, struct err *err);
void news_close(struct news *n);
DEFINE_CLEANUP(struct news *, news_close)

/*
 * In the transaction of the record: decide what is news. b: the row with state, cause, message,
 * log, repo as recorded; before: where the project stood before this outcome (zeroes: nowhere).
 * Retries and cancelled builds are none.
 */
int news_outcome(struct news *n, const struct store_build *b, const struct store_standing *before,
	const struct result *res, struct err *err);
/* Trouble of the machine, for operators; the same text (numbers aside) at most once an hour. */
int news_trouble(struct news *n, const char *what, struct err *err);

/* Seconds until something is due; -1: nothing waits, or it is being delivered. */
int64_t news_due(struct news *n, int64_t now);

enum news_take {
	NEWS_LAST = 1, /* the end of a run: do not wait for other targets' outcomes */
	NEWS_ALL = 2,  /* whatever waits, digests and failed tries included; not the rate limit */
};
/* What goes out now. Those that the rate limit keeps back are marked so. */
int news_take(
	struct news *n, int64_t now, unsigned flags, struct store_news_vec *ret, struct err *err);
/* Deliver; runs in a process of its own and touches no database. Lines on out_fd: "sent ID MAIL",
 * "later ID SECONDS WHY", "drop ID WHY". */
int news_deliver(
	const struct config *cfg, const struct store_news_vec *due, int out_fd, struct err *err);
/* Such a line, in the supervisor. */
int news_line(struct news *n, const char *line, struct err *err);
/* The delivering process is gone: what it said nothing about is tried again later. */
int news_ended(struct news *n, struct err *err);

/* All of that at once, in this process: for the end of `run --once` and for commands that hold the
 * lock. */
struct news_sum {
	size_t sent, later, dropped; /* news, not mails */
};
int news_flush(struct news *n, unsigned flags, struct news_sum *ret, struct err *err);

/* One mail of these news (notify.h) now, past the outbox. Errors as smtp_send. */
int news_send(const struct config *cfg, const char *to, const struct json_t *const *list, size_t n,
	struct err *err);
/* The sender: as configured, else packmill@ this machine; the caller's. */
char *news_from(const struct config *cfg);
