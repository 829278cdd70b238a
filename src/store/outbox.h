/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outbox.h - news that are not delivered yet, and what was told. They survive a restart and a mail
 * server that is away; what was delivered stays a day for the rate limit. Rows are only changed by
 * the process that holds the instance lock.
 */
#pragma once
#include "store/store.h"

struct store_news {
	int64_t id, at;
	char *channel; /* "mail", "hook", "held" (sched/news.c: not news yet) */
	char *rcpt;    /* address; "" for a hook; held: the target */
	char *kind;    /* notify_kind_name */
	char *data;    /* JSON */
	int64_t tries, not_before;
	char *why;    /* why the last try failed, or what it waits for; NULL */
	bool limited; /* kept back by the rate limit */
	int64_t mail; /* in memory only: those of one mail have the same number */
};
VEC_TYPE(store_news_vec, struct store_news);
void store_news_release(struct store_news *n);

/* ret_id may be NULL. */
int store_outbox_add(
	struct store *st, const struct store_news *n, int64_t *ret_id, struct err *err);
/* Not delivered, due or not, without those that are held; at most max (0: all), then those that may
 * go out first, so that what fails again and again does not stand in the way. Oldest first. */
int store_outbox_waiting(struct store *st, size_t max, struct store_news_vec *ret, struct err *err);
/* News of a kind to an address since then, delivered or not. */
int store_outbox_recent(struct store *st, const char *channel, const char *rcpt, const char *kind,
	int64_t since, struct store_news_vec *ret, struct err *err);
/* mail: the number of the mail it went out with. */
int store_outbox_sent(struct store *st, int64_t id, int64_t mail, int64_t now, struct err *err);
/* One more try failed. why may be NULL. */
int store_outbox_later(
	struct store *st, int64_t id, int64_t not_before, const char *why, struct err *err);
/* Kept back by the rate limit until then. */
int store_outbox_limit(
	struct store *st, int64_t id, int64_t not_before, const char *why, struct err *err);
int store_outbox_drop(struct store *st, int64_t id, struct err *err);
/* Mails delivered to the address since then, and when the first of them went (0: none). */
int store_outbox_rate(struct store *st, const char *rcpt, int64_t since, size_t *ret,
	int64_t *ret_first, struct err *err);
/* Forget what was delivered before then. */
int store_outbox_expire(struct store *st, int64_t before, struct err *err);

/* The failed build by which people were told that a project is broken; 0: they were not, or they
 * were told that it is well again. */
int store_told_get(struct store *st, const char *target, const char *project, int64_t *ret_build,
	int64_t *ret_at, struct err *err);
/* build 0: forget. */
int store_told_set(struct store *st, const char *target, const char *project, int64_t build,
	int64_t at, struct err *err);

/* Whether other builds of the target are still on their way: running, to be tried again, or queued
 * and not stuck behind a failure or on hold. */
int store_others_coming(
	struct store *st, const char *target, int64_t but, bool *ret, struct err *err);
/* Whether the same commit of the project is on its way on another target. */
int store_same_coming(struct store *st, const struct store_build *b, bool *ret, struct err *err);
