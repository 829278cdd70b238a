/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.h - news as mails and as calls of a hook program. Knows nothing of the store: it turns
 * news into texts and delivers them; sched keeps what is not delivered yet (store/outbox.h) and
 * decides what is news.
 */
#pragma once
#include "base/json.h"
#include "net/smtp.h"

/* What happened, for a hook as JSON on stdin (schema 1) and for the texts of mails. */
enum notify_kind {
	NOTIFY_FAILED,         /* first failure after a success (or ever) */
	NOTIFY_FIXED,          /* success after failures */
	NOTIFY_INFRASTRUCTURE, /* trouble of the machine, for operators */
	NOTIFY_BUILT,          /* each published build; hooks only */
	NOTIFY_TEST,
};
const char *notify_kind_name(enum notify_kind k); /* "failed", "fixed", ... */
bool notify_kind_parse(const char *s, enum notify_kind *ret);

/* Everything but kind and at may be missing: NULL, 0. */
struct notify_news {
	enum notify_kind kind;
	int64_t at;           /* seconds since 1970 */
	const char *instance; /* the configuration's name */
	const char *target, *project, *nvr;
	int64_t build, attempt; /* 0: of no build */
	const char *cause, *step, *message;
	const char *log; /* the log's name, and the line in it that says why */
	int64_t line;
	const char *excerpt;                                        /* what is around it */
	const char *upstream_url, *upstream_sha, *author, *subject; /* of the commit */
	const char *packaging_url, *packaging_sha;
	const char *url_build, *url_log, *url_commit, *url_repo; /* links */
	int64_t since;                                           /* FIXED: when it first failed */
	int64_t since_build;                                     /* and the build that did */
	int64_t good_build, good_time; /* FAILED: the last one before that succeeded */
	const char *good_nvr, *good_sha;
	const char *detail; /* what triggered it, "rebuilt for foo", or more lines */
};
/* The JSON that hooks read and the outbox keeps, and back; strings of ret are borrowed from j.
 * ERR_CORRUPT when it is none of ours. */
json_t *notify_to_json(const struct notify_news *n);
int notify_from_json(const json_t *j, struct notify_news *ret, struct err *err);

/* The subject without "[instance]", and the body of one piece of news. */
void notify_title(const struct notify_news *n, struct strbuf *out);
void notify_text(const struct notify_news *n, struct strbuf *out);

/*
 * One mail of one or several news to one address: headers safe against injection, RFC 2047 where
 * needed, text/plain UTF-8 as quoted-printable, a Message-ID and References so that a project's
 * mails make a thread. The same news make the same mail, Date and Message-ID included: a mail that
 * is sent twice can be told. `from` is an address, or "Name <address>" (text_mailbox). ERR_DENIED:
 * `to` is no address; ERR_CONFIG: `from` is none.
 */
int notify_mail(const char *from, const char *to, const json_t *const *news, size_t n,
	struct strbuf *ret_text, struct err *err);
/* The same, handed to the server. Errors as smtp_send. */
int notify_send(const struct smtp_conf *conf, const char *from, const char *to,
	const json_t *const *news, size_t n, struct err *err);

/* Start the hook with the news on stdin, wait for it (time limit a minute, its output is dropped).
 * A non-zero exit is ERR_SYS with its last line of stderr; ERR_TIMEOUT, ERR_NOT_FOUND,
 * ERR_SIGNAL. */
int notify_hook(const char *program, const json_t *news, struct err *err);
