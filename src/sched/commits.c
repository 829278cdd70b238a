/* SPDX-License-Identifier: GPL-3.0-or-later */
/* commits.c - new commits that were found go into the queue. */
#include "base/log.h"
#include "base/time.h"
#include "sched/internal.h"

/* One pass queues all projects together, in the order of the configuration; it does not wait longer
 * than this for those that do not answer. */
#define TOGETHER_MS (30 * UINT64_C(1000))

/* What one transaction adds: memory follows once the store has it. */
struct batch {
	struct sched *s;
	VEC(struct added {
		struct lane *lane;
		struct item item;
	})
	added;
};

static void batch_release(struct batch *b)
{
	vec_release(&b->added);
}

static int add_build(struct batch *to, const struct project *p, struct lane *l,
	const struct found *f, struct err *err)
{
	const struct config_project *c = p->conf;
	auto_free char *pack = xstrdup(p->upstream ? p->pack : f->sha);
	struct store_build b = {
		.target = l->target,
		.project = c->project,
		.name = c->name,
		.component = c->component,
		.upstream_url = c->upstream.url ? c->upstream.url : c->packaging.url,
		.packaging_url = c->packaging.url,
		.upstream_sha = f->sha,
		.packaging_sha = pack,
		.trigger = (char[]){"commit"},
		.author = f->author,
		.subject = f->subject,
		.commit_time = f->time,
		.packaging_time = p->upstream ? p->pack_time : f->time,
		.priority = c->priority,
		.queued = time_now(),
	};
	bool fresh = false;
	int64_t id;
	int r = store_build_add(to->s->store, &b, &id, &fresh, err);

	if (r >= 0 && fresh)
		*vec_push(&to->added) =
			(struct added){l, {.id = id, .priority = c->priority, .fresh = true}};
	return r;
}

static int queue_target(struct batch *to, const struct project *p, struct lane *l, struct err *err)
{
	struct sched *s = to->s;

	vec_foreach (&p->found, f) {
		int r;

		if (!str_eq_null(f->since, l->seen_up))
			continue;
		hmap_set(&s->touched, p->conf->project, 0);
		if (s->opts->dry_run)
			plan_found(s, p, l, f);
		else if ((r = add_build(to, p, l, f, err)) < 0)
			return r;
	}
	if (s->opts->dry_run)
		return 0;
	return store_seen_set(s->store, l->target, l->project, p->up, p->pack, err);
}

static int set_holds(struct sched *s, const struct remote *r, struct err *err)
{
	if (!r || str_eq_null(r->holds, r->says))
		return 0;
	return store_remote_set(s->store, r->mirror, r->says, err);
}

static bool can_take(const struct project *p)
{
	return p->ready && !p->fetching;
}

/* The queue and how far we looked change together. */
static int take(struct batch *to, const struct project *p, struct err *err)
{
	struct sched *s = to->s;
	int r;

	vec_foreach (&s->cfg->targets, t) {
		struct lane *l = lane_find(s, (*t)->name, p->conf->project);

		if (!l || !l->conf || (str_eq(l->seen_up, p->up) && str_eq(l->seen_pack, p->pack)))
			continue;
		if ((r = queue_target(to, p, l, err)) < 0)
			return r;
	}
	if ((r = set_holds(s, p->upstream, err)) < 0)
		return r;
	return set_holds(s, p->packaging, err);
}

static void taken(struct sched *s, struct project *p)
{
	vec_foreach (&s->cfg->targets, t) {
		struct lane *l = lane_find(s, (*t)->name, p->conf->project);

		if (!l || !l->conf || s->opts->dry_run)
			continue;
		str_set(&l->seen_up, p->up);
		str_set(&l->seen_pack, p->pack);
	}
	if (p->upstream)
		str_set(&p->upstream->holds, p->upstream->says);
	str_set(&p->packaging->holds, p->packaging->says);
	poll_trouble(s, p, NULL);
	poll_done(p);
}

/* --head-only: older commits that nothing was done with yet give way to a newer one. */
int commits_drop_older(struct sched *s, struct lane *l, int64_t newest, struct err *err)
{
	for (size_t i = l->queue.n; i-- > 0;) {
		int64_t id = l->queue.v[i].id;
		int r;

		if (!l->queue.v[i].fresh || id >= newest)
			continue;
		if ((r = store_build_cancel(s->store, id, "--head-only", err)) < 0)
			return r;
		log_info("%s: build %lld on %s gives way to a newer commit", l->project,
			(long long)id, l->target);
		lane_remove(l, id);
	}
	return 0;
}

static int apply(struct batch *b, struct err *err)
{
	struct sched *s = b->s;

	vec_foreach (&b->added, a) {
		lane_add(s, a->lane, &a->item);
		queue_changed(s, a->lane->target);
	}
	vec_foreach (&s->projects, p)
		if (can_take(*p))
			taken(s, *p);
	vec_foreach (&b->added, a) {
		int r = s->opts->head_only ? commits_drop_older(s, a->lane, a->item.id, err) : 0;

		if (r < 0)
			return r;
	}
	s->first_ready = 0;
	s->dirty = true;
	return 0;
}

static int take_all(struct batch *b, struct err *err)
{
	struct store *st = b->s->store;
	int r = store_begin(st, err);

	if (r < 0)
		return r;
	vec_foreach (&b->s->projects, p)
		if (r >= 0 && can_take(*p))
			r = take(b, *p, err);
	if (r < 0 || (r = store_commit(st, err)) < 0)
		store_rollback(st);
	return r;
}

/* Whether all that is being looked at is ready. */
static bool all_ready(const struct sched *s)
{
	vec_foreach (&s->projects, p)
		if ((*p)->busy && (!(*p)->ready || (*p)->fetching))
			return false;
	return true;
}

int commits_flush(struct sched *s, struct err *err)
{
	CLEANUP(batch_release) struct batch b = {.s = s};
	auto_err struct err e = ERR_INIT;
	int r;

	if (!s->first_ready || s->stalled)
		return 0;
	if (!s->daemon && !all_ready(s) && loop_now(s->loop) < s->first_ready + TOGETHER_MS)
		return 0;
	if ((r = take_all(&b, &e)) < 0 || (r = apply(&b, &e)) < 0)
		return sched_stall(s, &e, err);
	return 0;
}
