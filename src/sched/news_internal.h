/* SPDX-License-Identifier: GPL-3.0-or-later */
/* news_internal.h - what the files of sched/news share. */
#pragma once
#include "base/vec.h"
#include "notify/notify.h"
#include "sched/news.h"

#define NEWS_MAX        1000        /* of the outbox that are looked at in one go */
#define NEWS_WINDOW     3600        /* seconds of the rate limit, and of the same trouble */
#define NEWS_SETTLE     120         /* seconds to wait for the same commit on other targets */
#define NEWS_MAX_WAIT   (2 * 3600)  /* nothing waits longer: beyond, the clock was set back */
#define NEWS_KEPT       86400       /* seconds a delivered one stays */
#define NEWS_AGE        (5 * 86400) /* a mail that nobody took for so long is dropped ... */
#define NEWS_TRIES      20          /* ... unless it was hardly tried: the clock was set */
#define NEWS_HOOK_TRIES 3

/* With the delivering process. */
struct news_flying {
	int64_t id, tries;
	char *what; /* "mail to a@example.org", for messages */
};

struct news {
	const struct config *cfg;
	struct store *st;
	VEC(struct news_flying) flying;
	char *why;      /* what was last said of a failed delivery, not to say it again */
	bool known;     /* next is right */
	int64_t next;   /* when something is due, -1 never */
	int64_t looked; /* when that was found */
};

/* news_say.c: what a build's outcome is in words, and where to look. Strings belong to it. */
struct news_text {
	struct notify_news news;
	struct strv owned;
};
void news_text_release(struct news_text *t);
void news_say(struct news *n, enum notify_kind kind, const struct store_build *b,
	const struct result *res, struct news_text *ret);
