/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * news_deliver.c - the delivering process: one line of text for each piece of news; and what the
 * supervisor makes of these lines. A mail that was taken by the server but not recorded (a crash in
 * between) is sent again: it is the same to the byte, with its Message-ID.
 */
#include "base/fs.h"
#include "base/log.h"
#include "base/time.h"
#include "sched/news_internal.h"
#include <sys/mman.h>

#define BACKOFF_FIRST 60
#define BACKOFF_MAX   3600
#define WHY_MAX       400
#define LINES_MAX     (4 * MIB)
#define GIVE_UP       2 /* mails in a row for which there was no server: the rest need not wait */

struct delivery {
	const struct config *cfg;
	int out;
	int64_t now;
	unsigned silent; /* mails in a row that the server did not take for now */
	char *why;       /* of the last one */
	char *from;
};

static void delivery_release(struct delivery *d)
{
	free(d->why);
	free(d->from);
}

static int64_t backoff(int64_t tries)
{
	int64_t s = BACKOFF_FIRST;

	while (tries-- > 0 && s < BACKOFF_MAX)
		s *= 2;
	return s < BACKOFF_MAX ? s : BACKOFF_MAX;
}

static bool gives_up(const struct delivery *d, const struct store_news *row)
{
	if (str_eq(row->channel, "hook"))
		return row->tries + 1 >= NEWS_HOOK_TRIES;
	return row->tries >= NEWS_TRIES && d->now - row->at > NEWS_AGE;
}

static int say(struct delivery *d, const struct strbuf *line, struct err *err)
{
	return fs_write_all(d->out, line->s, line->n, err);
}

static int say_failed(struct delivery *d, const struct store_news *row, bool for_good,
	const char *why, struct err *err)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_free char *one = str_replace(why ? why : "", "\n", " ");

	if (for_good || gives_up(d, row))
		sb_addf(&b, "drop %lld %.*s\n", (long long)row->id, WHY_MAX, one);
	else
		sb_addf(&b, "later %lld %lld %.*s\n", (long long)row->id,
			(long long)backoff(row->tries), WHY_MAX, one);
	return say(d, &b, err);
}

static int say_sent(struct delivery *d, const struct store_news *row, struct err *err)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	sb_addf(&b, "sent %lld %lld\n", (long long)row->id, (long long)row->mail);
	return say(d, &b, err);
}

static struct smtp_conf server_of(const struct config_notify *c)
{
	return (struct smtp_conf){
		.server = c->smtp,
		.user = c->user && c->password ? c->user : NULL,
		.password = c->password,
		.ca = c->ca,
		.tls = c->tls == CONFIG_TLS_ALWAYS  ? SMTP_TLS_ALWAYS
		       : c->tls == CONFIG_TLS_NEVER ? SMTP_TLS_NEVER
						    : SMTP_TLS_AUTO,
	};
}

int news_send(const struct config *cfg, const char *to, const json_t *const *list, size_t n,
	struct err *err)
{
	struct smtp_conf conf = server_of(&cfg->notify);
	auto_free char *from = news_from(cfg);

	return notify_send(&conf, from, to, list, n, err);
}

/* The rows of one mail, which lie beside each other. */
static int send_rows(struct delivery *d, const struct store_news *rows, size_t n, struct err *err)
{
	const json_t **list = xcalloc(n, sizeof *list);
	json_t **owned = xcalloc(n, sizeof *owned);
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		owned[i] = json_loads(rows[i].data, 0, NULL);
		list[i] = owned[i];
	}
	if (str_eq(rows->channel, "hook"))
		r = notify_hook(d->cfg->notify.hook, list[0], err);
	else
		r = news_send(d->cfg, rows->rcpt, list, n, err);
	for (size_t i = 0; i < n; i++)
		json_decref(owned[i]);
	free(owned);
	free(list);
	return r;
}

static int deliver_mail(
	struct delivery *d, const struct store_news *rows, size_t n, struct err *err)
{
	bool hook = str_eq(rows->channel, "hook");
	auto_err struct err e = ERR_INIT;
	bool for_good;
	int r;

	if (!hook && d->silent >= GIVE_UP)
		r = err_set(&e, ERR_NET, "%s", d->why);
	else
		r = send_rows(d, rows, n, &e);
	if (r == -ERR_SIGNAL)
		return err_move(err, &e);
	if (!hook && (r == -ERR_NET || r == -ERR_CONFIG || r == -ERR_SYS)) {
		d->silent += r == -ERR_CONFIG ? GIVE_UP : 1;
		str_set(&d->why, e.msg);
	} else if (!hook) {
		d->silent = 0;
	}
	for_good = r == -ERR_DENIED && !hook;
	for (size_t i = 0; i < n; i++) {
		int w = r < 0 ? say_failed(d, &rows[i], for_good || r == -ERR_CORRUPT, e.msg, err)
			      : say_sent(d, &rows[i], err);

		if (w < 0)
			return w;
	}
	return 0;
}

int news_deliver(
	const struct config *cfg, const struct store_news_vec *due, int out_fd, struct err *err)
{
	CLEANUP(delivery_release) struct delivery d = {.cfg = cfg, .out = out_fd};

	d.now = time_now();
	for (size_t i = 0, n; i < due->n; i += n) {
		const struct store_news *rows = due->v + i;
		int r;

		for (n = 1; i + n < due->n && rows[n].mail == rows->mail; n++)
			;
		if ((r = deliver_mail(&d, rows, n, err)) < 0)
			return r;
	}
	return 0;
}

/* ---- the supervisor's side ---- */

static struct news_flying *find(struct news *n, int64_t id)
{
	vec_foreach (&n->flying, f)
		if (f->id == id)
			return f;
	return NULL;
}

static void landed(struct news *n, struct news_flying *f)
{
	free(f->what);
	*f = n->flying.v[--n->flying.n];
}

/* The number at *s, which is moved behind it and its blank. */
static bool take_number(const char **s, int64_t *ret)
{
	auto_free char *word = xstrndup(*s, strcspn(*s, " "));
	uint64_t v;

	if (!str_u64(word, &v) || v > INT64_MAX)
		return false;
	*s += strlen(word);
	*s += **s == ' ';
	*ret = (int64_t)v;
	return true;
}

static int on_sent(struct news *n, int64_t id, const char *rest, struct err *err)
{
	int64_t mail = 0;
	int r;

	if (!take_number(&rest, &mail))
		mail = id;
	r = store_outbox_sent(n->st, id, mail, time_now(), err);
	if (r >= 0)
		str_set(&n->why, NULL);
	return r;
}

/* Said at its first failure, and not for each of many that fail for the same reason. */
static int on_later(
	struct news *n, int64_t id, const struct news_flying *f, const char *rest, struct err *err)
{
	int64_t seconds = 0;

	if (!take_number(&rest, &seconds) || seconds > BACKOFF_MAX)
		seconds = BACKOFF_MAX;
	if (f && !f->tries && !str_eq_null(n->why, rest)) {
		log_warn("%s waits: %s", f->what, rest);
		str_set(&n->why, rest);
	}
	return store_outbox_later(n->st, id, time_now() + seconds, rest, err);
}

int news_line(struct news *n, const char *line, struct err *err)
{
	const char *rest = line + strcspn(line, " ");
	struct news_flying *f;
	int64_t id;
	int r;

	rest += *rest == ' ';
	if (!take_number(&rest, &id))
		return err_set(err, ERR_BUG, "the delivering process said: %.100s", line);
	f = find(n, id);
	n->known = false;
	if (str_starts(line, "sent ")) {
		r = on_sent(n, id, rest, err);
	} else if (str_starts(line, "later ")) {
		r = on_later(n, id, f, rest, err);
	} else if (str_starts(line, "drop ")) {
		log_error("%s is dropped: %s", f ? f->what : "a message", rest);
		r = store_outbox_drop(n->st, id, err);
	} else {
		return err_set(err, ERR_BUG, "the delivering process said: %.100s", line);
	}
	if (f && r >= 0)
		landed(n, f);
	return r;
}

int news_ended(struct news *n, struct err *err)
{
	int r = 0;

	while (n->flying.n) {
		struct news_flying *f = &n->flying.v[n->flying.n - 1];

		if (r >= 0)
			r = store_outbox_later(n->st, f->id, time_now() + backoff(f->tries),
				"the delivering process ended early", err);
		landed(n, f);
	}
	n->known = false;
	return r < 0 ? r : store_outbox_expire(n->st, time_now() - NEWS_KEPT, err);
}

/* ---- at once ---- */

static int lines_of(struct news *n, int fd, struct news_sum *sum, struct err *err)
{
	auto_strv struct strv lines = STRV_INIT;
	auto_free char *text = NULL;
	int r = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, "rewind a file in memory");
	if ((r = fs_read_fd(fd, LINES_MAX, &text, NULL, err)) < 0)
		return r;
	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		sum->sent += str_starts(*l, "sent ");
		sum->later += str_starts(*l, "later ");
		sum->dropped += str_starts(*l, "drop ");
		if (r >= 0)
			r = news_line(n, *l, err);
	}
	return r;
}

int news_flush(struct news *n, unsigned flags, struct news_sum *ret, struct err *err)
{
	auto_close int fd = memfd_create("news", MFD_CLOEXEC);
	struct store_news_vec due = VEC_INIT;
	struct news_sum sum = {0};
	int r = 0, ended;

	if (fd < 0)
		return err_errno(err, "cannot make a file in memory");
	r = news_take(n, time_now(), flags, &due, err);
	if (r >= 0 && due.n) {
		r = news_deliver(n->cfg, &due, fd, err);
		ended = lines_of(n, fd, &sum, r < 0 ? NULL : err);
		r = r < 0 ? r : ended;
		ended = news_ended(n, r < 0 ? NULL : err);
		r = r < 0 ? r : ended;
	}
	vec_free(&due, store_news_release);
	if (r >= 0 && ret)
		*ret = sum;
	return r;
}
