/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * news_take.c - what of the outbox goes out now: digests, the same commit on several targets, the
 * rate limit. Hooks have each piece of news at once.
 */
#include "base/time.h"
#include "sched/news_internal.h"

#define TAKE_MAX 200 /* pieces of news in one delivery */
#define NEVER    INT64_MAX

/* One row of the outbox on its way into a mail. */
struct item {
	struct store_news *row;
	json_t *json;
	struct notify_news news; /* of json */
	bool ok;                 /* the JSON is ours */
	int64_t due;             /* NEVER: not now, not ever by itself */
	int64_t mail;            /* number of its mail, 0 none */
};

struct take {
	struct news *n;
	int64_t now;
	unsigned flags;
	struct store_news_vec rows;
	VEC(struct item) items;
};

static void item_release(struct item *i)
{
	json_decref(i->json);
}

static void take_release(struct take *t)
{
	vec_free(&t->items, item_release);
	vec_free(&t->rows, store_news_release);
}

static bool is_flying(const struct news *n, int64_t id)
{
	vec_foreach (&n->flying, f)
		if (f->id == id)
			return true;
	return false;
}

static bool is_hook(const struct item *i)
{
	return str_eq(i->row->channel, "hook");
}

/* Trouble is told at once. */
static bool is_digest(const struct take *t, const struct item *i)
{
	return t->n->cfg->notify.digest && !is_hook(i) &&
	       (i->news.kind == NOTIFY_FAILED || i->news.kind == NOTIFY_FIXED);
}

/* A digest is due a while after the first of its news. */
static int64_t digest_due(const struct take *t, const struct item *i)
{
	int64_t first = i->row->at;

	vec_foreach (&t->items, o)
		if (is_digest(t, o) && str_eq(o->row->rcpt, i->row->rcpt) && o->row->at < first)
			first = o->row->at;
	return first + (int64_t)t->n->cfg->notify.digest;
}

/* The same commit may fail on the next target, too: one mail will do. */
static int settle(const struct take *t, const struct item *i, int64_t *ret, struct err *err)
{
	auto_free char *target = NULL, *project = NULL, *up = NULL, *pack = NULL;
	struct store_build b = {0};
	bool coming;
	int r;

	if ((t->flags & NEWS_LAST) || is_hook(i) || !i->news.project || !i->news.target ||
		!i->news.upstream_sha || !i->news.packaging_sha ||
		t->now >= i->row->at + NEWS_SETTLE || i->row->at > t->now)
		return 0;
	b.target = target = xstrdup(i->news.target);
	b.project = project = xstrdup(i->news.project);
	b.upstream_sha = up = xstrdup(i->news.upstream_sha);
	b.packaging_sha = pack = xstrdup(i->news.packaging_sha);
	if ((r = store_same_coming(t->n->st, &b, &coming, err)) < 0)
		return r;
	if (coming)
		*ret = i->row->at + NEWS_SETTLE;
	return 0;
}

/* When it goes out, if nothing else happens. */
static int find_due(const struct take *t, struct item *i, struct err *err)
{
	const struct store_news *row = i->row;
	bool waits = row->tries > 0 || row->limited;

	i->due = 0;
	if (!i->ok || (is_hook(i) ? !t->n->cfg->notify.hook : !t->n->cfg->notify.smtp))
		return 0; /* to be dropped */
	if (row->not_before <= t->now + NEWS_MAX_WAIT)
		i->due = row->not_before;
	if (t->flags & NEWS_ALL) {
		if (!row->limited)
			i->due = 0;
		return 0;
	}
	if (waits)
		return 0;
	if (is_digest(t, i) && row->at <= t->now)
		i->due = digest_due(t, i);
	else if (!is_digest(t, i))
		return settle(t, i, &i->due, err);
	return 0;
}

/* All that waits, with when. */
static int look(struct take *t, struct err *err)
{
	int r = store_outbox_waiting(t->n->st, NEWS_MAX, &t->rows, err);

	vec_foreach (&t->rows, row) {
		struct item *i;

		if (is_flying(t->n, row->id))
			continue;
		i = vec_push(&t->items);
		i->row = row;
		i->json = json_loads(row->data, 0, NULL);
		i->ok = i->json && notify_from_json(i->json, &i->news, NULL) >= 0;
	}
	vec_foreach (&t->items, i)
		if (r >= 0)
			r = find_due(t, i, err);
	return r;
}

/* ---- mails of one address ---- */

/* Whether both can be told in one mail: the same commit on two targets. */
static bool belong(const struct take *t, const struct item *a, const struct item *b)
{
	if ((is_digest(t, a) && is_digest(t, b)) || (a->row->limited && b->row->limited))
		return true;
	return a->news.kind == b->news.kind && a->news.kind != NOTIFY_INFRASTRUCTURE &&
	       a->news.project && str_eq_null(a->news.project, b->news.project) &&
	       str_eq_null(a->news.upstream_sha, b->news.upstream_sha) &&
	       str_eq_null(a->news.packaging_sha, b->news.packaging_sha) &&
	       !str_eq_null(a->news.target, b->news.target);
}

/* Number the mails to rcpt by the first row in each; *ret_n how many. */
static void group(struct take *t, const char *rcpt, size_t *ret_n)
{
	size_t n = 0;

	vec_foreach (&t->items, i) {
		if (is_hook(i) || i->due > t->now || !str_eq(i->row->rcpt, rcpt))
			continue;
		for (struct item *o = t->items.v; o < i && !i->mail; o++)
			if (o->mail && !is_hook(o) && str_eq(o->row->rcpt, rcpt) && belong(t, o, i))
				i->mail = o->mail;
		if (!i->mail) {
			i->mail = i->row->id;
			n++;
		}
	}
	*ret_n = n;
}

/* Those beyond the first `allowed` mails wait, to go together. */
static int keep_back(
	struct take *t, const char *rcpt, size_t allowed, int64_t until, struct err *err)
{
	auto_free char *why = xasprintf(
		"more than %llu mails in an hour", (unsigned long long)t->n->cfg->notify.rate);
	auto_free int64_t *passed = xcalloc(allowed + 1, sizeof *passed);
	size_t n = 0;
	int r = 0;

	vec_foreach (&t->items, i) {
		bool passes = false;

		if (!i->mail || is_hook(i) || !str_eq(i->row->rcpt, rcpt))
			continue;
		if (i->mail == i->row->id && n < allowed)
			passed[n++] = i->mail;
		for (size_t k = 0; k < n; k++)
			passes |= passed[k] == i->mail;
		if (passes)
			continue;
		i->mail = 0;
		if (r >= 0)
			r = store_outbox_limit(t->n->st, i->row->id, until, why, err);
	}
	return r;
}

static int mails_to(struct take *t, const char *rcpt, struct err *err)
{
	uint64_t rate = t->n->cfg->notify.rate;
	int64_t first = 0;
	size_t n, used = 0;
	int r;

	group(t, rcpt, &n);
	if (!n || !rate)
		return 0;
	if ((r = store_outbox_rate(t->n->st, rcpt, t->now - NEWS_WINDOW, &used, &first, err)) < 0)
		return r;
	if (used + n <= rate)
		return 0;
	/* the clock was set back: what was sent is of the future */
	if (!first || first > t->now)
		first = t->now;
	return keep_back(t, rcpt, rate > used ? (size_t)rate - used : 0, first + NEWS_WINDOW, err);
}

/* ---- all of them ---- */

static void fly(struct take *t, struct item *i, struct store_news_vec *ret)
{
	struct news_flying *f = vec_push(&t->n->flying);
	struct store_news *to = vec_push(ret);

	*to = *i->row;
	*i->row = (struct store_news){0};
	to->mail = i->mail;
	f->id = to->id;
	f->tries = to->tries;
	f->what = is_hook(&(struct item){.row = to})
			  ? xasprintf("news of '%s' for the hook", to->kind)
			  : xasprintf("mail to %s", to->rcpt);
}

/* What nobody can be told any more. */
static int drop_strays(struct take *t, struct err *err)
{
	int r = 0;

	vec_foreach (&t->items, i) {
		bool way = is_hook(i) ? t->n->cfg->notify.hook != NULL
				      : t->n->cfg->notify.smtp != NULL;

		if (i->ok && way)
			continue;
		i->due = NEVER;
		if (r >= 0)
			r = store_outbox_drop(t->n->st, i->row->id, err);
	}
	return r;
}

static int choose(struct take *t, struct err *err)
{
	auto_strv struct strv people = STRV_INIT;
	int r = drop_strays(t, err);

	vec_foreach (&t->items, i) {
		if (i->due > t->now)
			continue;
		if (is_hook(i))
			i->mail = i->row->id;
		else if (!strv_has(&people, i->row->rcpt))
			strv_add(&people, i->row->rcpt);
	}
	for (size_t i = 0; i < people.n && r >= 0; i++)
		r = mails_to(t, people.v[i], err);
	return r;
}

/* Those of one mail beside each other. */
static void hand_out(struct take *t, struct store_news_vec *ret)
{
	size_t n = 0;

	vec_foreach (&t->items, i) {
		int64_t mail = i->mail;

		if (!mail || !i->row->data || n >= TAKE_MAX)
			continue;
		for (struct item *o = i; o < t->items.v + t->items.n; o++) {
			if (o->mail != mail || !o->row->data)
				continue;
			fly(t, o, ret);
			n++;
		}
	}
}

int news_take(
	struct news *n, int64_t now, unsigned flags, struct store_news_vec *ret, struct err *err)
{
	CLEANUP(take_release) struct take t = {.n = n, .now = now, .flags = flags};
	int r = look(&t, err);

	n->known = false;
	if (r >= 0)
		r = choose(&t, err);
	if (r < 0)
		return r;
	hand_out(&t, ret);
	return 0;
}

int64_t news_due(struct news *n, int64_t now)
{
	CLEANUP(take_release) struct take t = {.n = n, .now = now};
	int64_t next = NEVER;

	/* a clock that was set back may make something due */
	if (n->known && now >= n->looked && (n->next < 0 || n->next > now))
		return n->next < 0 ? -1 : n->next - now;
	/* a database in trouble is told of elsewhere; look again in a minute */
	if (look(&t, NULL) < 0)
		return 60;
	vec_foreach (&t.items, i)
		next = i->due < next ? i->due : next;
	n->known = true;
	n->looked = now;
	n->next = next == NEVER ? -1 : next;
	return next == NEVER ? -1 : next > now ? next - now : 0;
}
