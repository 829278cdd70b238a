/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tell.c - news in the supervisor's loop: what is due goes to a helper that delivers it. Nothing
 * here ends a build or the loop; what cannot be delivered waits in the store. */
#include "base/log.h"
#include "base/time.h"
#include "sched/internal.h"
#include "sched/news.h"

#define LOOK_MAX 3600 /* seconds at most between looks: the clock may be set */
#define AGAIN    60   /* seconds to a look when something is wrong here */

int tell_open(struct sched *s, struct err *err)
{
	int r;

	if (s->opts->dry_run)
		return 0;
	if ((r = news_open(s->cfg, s->store, &s->news, err)) < 0)
		return r;
	tell_look(s);
	return 0;
}

void tell_close(struct sched *s)
{
	if (!s->news)
		return;
	helpers_stop(s, "news");
	loop_forget(s->loop, &s->tell);
	news_close(s->news);
	s->news = NULL;
}

/* ---- the helper ---- */

struct due {
	const struct config *cfg;
	struct store_news_vec rows;
};

static int deliver(void *ctx, int out)
{
	const struct due *d = ctx;
	auto_err struct err e = ERR_INIT;

	return news_deliver(d->cfg, &d->rows, out, &e) < 0 ? 1 : 0;
}

/*
 * What became of them is not in the store: they count as due, and would go out again at once, as
 * fast as the server takes them. A full disk stalls; else they wait. News then come twice.
 */
static void trouble(struct sched *s, const struct err *e)
{
	auto_err struct err disk = ERR_INIT;

	log_warn("news: %s", e->msg);
	s->tell_after = loop_now(s->loop) + AGAIN * UINT64_C(1000);
	if (s->daemon && !s->stalled && sched_disk(s, &disk) < 0)
		(void)sched_stall(s, &disk, NULL);
}

static int on_line(struct sched *s, void *ctx UNUSED, const char *line, struct err *err UNUSED)
{
	auto_err struct err e = ERR_INIT;

	if (news_line(s->news, line, &e) < 0)
		trouble(s, &e);
	return 0;
}

static int on_end(struct sched *s, void *ctx UNUSED, bool ok UNUSED, struct err *err UNUSED)
{
	auto_err struct err e = ERR_INIT;

	if (news_ended(s->news, &e) < 0)
		trouble(s, &e);
	if (!s->stopping)
		tell_look(s);
	return 0;
}

static int start(struct sched *s, unsigned flags, struct err *err)
{
	struct due d = {.cfg = s->cfg, .rows = VEC_INIT};
	int r = news_take(s->news, time_now(), flags, &d.rows, err);

	/* the helper has its own copy from the fork on */
	if (r >= 0 && d.rows.n)
		r = helper_start(s, "news", deliver, &d, on_line, on_end, err);
	vec_free(&d.rows, store_news_release);
	if (r < 0)
		(void)news_ended(s->news, NULL);
	return r;
}

static void start_or_say(struct sched *s, unsigned flags)
{
	auto_err struct err e = ERR_INIT;

	if (start(s, flags, &e) < 0)
		log_warn("news: %s", e.msg);
}

static int on_time(void *ctx, struct err *err UNUSED)
{
	tell_look(ctx);
	return 0;
}

void tell_look(struct sched *s)
{
	int64_t due;

	if (!s->news || helper_runs(s, "news"))
		return;
	s->tell.fn = on_time;
	s->tell.ctx = s;
	due = s->stalled                          ? LOOK_MAX
	      : loop_now(s->loop) < s->tell_after ? AGAIN
						  : news_due(s->news, time_now());
	if (due == 0) {
		start_or_say(s, 0);
		/* what was not to be had now is looked at in a while; on_end does so sooner */
		due = AGAIN;
	}
	if (!s->stopping)
		loop_in(s->loop, &s->tell,
			(uint64_t)(due < 0 || due > LOOK_MAX ? LOOK_MAX : due) * 1000);
}

/* The end of a pass: what is there goes out, and is waited for. */
void tell_last(struct sched *s)
{
	auto_err struct err e = ERR_INIT;
	int r = 0;

	if (!s->news)
		return;
	while (r >= 0 && helper_runs(s, "news"))
		r = loop_step(s->loop, &e);
	if (r >= 0)
		start_or_say(s, NEWS_LAST);
	while (r >= 0 && helper_runs(s, "news"))
		r = loop_step(s->loop, &e);
}

/* ---- what there is to tell ---- */

int tell_outcome(struct worker *w, const struct store_standing *before, struct err *err)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	int r;

	if (!w->s->news)
		return 0;
	if ((r = store_build_get(w->s->store, w->build.id, &b, err)) < 0)
		return r;
	if (!b.repo)
		b.repo = xstrdup_null(w->repo);
	return news_outcome(w->s->news, &b, before, w->res, err);
}

bool tell_trouble(struct sched *s, const char *what)
{
	auto_err struct err e = ERR_INIT;
	bool noted = !s->news || news_trouble(s->news, what, &e) >= 0;

	if (!noted)
		log_verbose("news: %s", e.msg);
	tell_look(s);
	return noted;
}
