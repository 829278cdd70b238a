/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outbox.h - news that are not delivered yet. They survive a restart and a mail server that is
 * away; what was delivered stays a day for the rate limit. */
#pragma once
#include "store/store.h"

struct store_news {
	int64_t id, at;
	char *channel; /* "mail", "hook" */
	char *rcpt;    /* address; "" for a hook */
	char *kind;    /* notify_kind_name */
	char *data;    /* JSON */
	int64_t tries, not_before;
};
VEC_TYPE(store_news_vec, struct store_news);
void store_news_release(struct store_news *n);

int store_outbox_add(struct store *st, const struct store_news *n, struct err *err);
/* Not delivered and due, oldest first, at most max. */
int store_outbox_due(
	struct store *st, int64_t now, size_t max, struct store_news_vec *ret, struct err *err);
/* Not delivered, due or not. */
int store_outbox_count(struct store *st, size_t *ret, struct err *err);
int store_outbox_sent(struct store *st, int64_t id, int64_t now, struct err *err);
/* One more try failed, or it waits for its digest or the rate limit (count false). */
int store_outbox_later(
	struct store *st, int64_t id, int64_t not_before, bool count, struct err *err);
int store_outbox_drop(struct store *st, int64_t id, struct err *err);
/* Delivered to the address since then. */
int store_outbox_rate(
	struct store *st, const char *rcpt, int64_t since, size_t *ret, struct err *err);
/* Forget what was delivered before then. */
int store_outbox_expire(struct store *st, int64_t before, struct err *err);
