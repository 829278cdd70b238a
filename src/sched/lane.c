/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lane.c - the queue and where each project stands, as they are in the store, in memory: a look at
 * what may start reads no database. Only we change them there. */
#include "base/time.h"
#include "sched/internal.h"

static char *lane_key(const char *target, const char *project)
{
	return xasprintf("%s/%s", target, project);
}

struct lane *lane_find(const struct sched *s, const char *target, const char *project)
{
	auto_free char *key = lane_key(target, project);
	size_t i;

	return hmap_get(&s->lane_index, key, &i) ? s->lanes.v[i] : NULL;
}

struct lane *lane_get(struct sched *s, const char *target, const char *project)
{
	struct lane *l = lane_find(s, target, project);
	auto_free char *key = NULL;

	if (l)
		return l;
	key = lane_key(target, project);
	l = xcalloc(1, sizeof *l);
	l->target = xstrdup(target);
	l->project = xstrdup(project);
	l->seen_up = xstrdup("");
	l->seen_pack = xstrdup("");
	hmap_set(&s->lane_index, key, s->lanes.n);
	*vec_push(&s->lanes) = l;
	return l;
}

static void lane_free(struct lane **l)
{
	free((*l)->target);
	free((*l)->project);
	free((*l)->seen_up);
	free((*l)->seen_pack);
	vec_release(&(*l)->queue);
	free(*l);
}

struct goal *goal_find(const struct sched *s, const char *target)
{
	vec_foreach (&s->goals, g)
		if (str_eq((*g)->name, target))
			return *g;
	return NULL;
}

/* In the order of commits, which is that of numbers. */
void lane_add(struct sched *s, struct lane *l, const struct item *it)
{
	size_t i = l->queue.n;

	(void)vec_push(&l->queue);
	for (; i > 0 && l->queue.v[i - 1].id > it->id; i--)
		l->queue.v[i] = l->queue.v[i - 1];
	l->queue.v[i] = *it;
	s->dirty = true;
}

static int by_id(const void *id, const void *item)
{
	int64_t a = *(const int64_t *)id, b = ((const struct item *)item)->id;

	return (a > b) - (a < b);
}

struct item *lane_item(struct lane *l, int64_t id)
{
	return l->queue.n ? bsearch(&id, l->queue.v, l->queue.n, sizeof *l->queue.v, by_id) : NULL;
}

void lane_remove(struct lane *l, int64_t id)
{
	struct item *it = lane_item(l, id);

	if (!it)
		return;
	memmove(it, it + 1, (size_t)(l->queue.v + l->queue.n - it - 1) * sizeof *it);
	l->queue.n--;
}

/* Which lanes the configuration has. */
static int configure_project(struct sched *s, const struct config_project *p, struct err *err)
{
	vec_foreach (&s->cfg->targets, t) {
		struct lane *l;
		int r = 0;

		if (p->targets.n && !strv_has(&p->targets, (*t)->name))
			continue;
		if (!(l = lane_find(s, (*t)->name, p->project))) {
			auto_free char *up = NULL, *pack = NULL;

			r = store_seen_get(s->store, (*t)->name, p->project, &up, &pack, err);
			if (r < 0)
				return r;
			l = lane_get(s, (*t)->name, p->project);
			str_set(&l->seen_up, up);
			str_set(&l->seen_pack, pack);
		}
		l->conf = p;
		l->tconf = *t;
		goal_find(s, (*t)->name)->projects++;
	}
	return 0;
}

int lanes_configure(struct sched *s, struct err *err)
{
	vec_foreach (&s->lanes, l) {
		(*l)->conf = NULL;
		(*l)->tconf = NULL;
		(*l)->warned = (*l)->probed = false;
	}
	vec_foreach (&s->goals, g)
		(*g)->projects = 0;
	vec_foreach (&s->cfg->targets, t) {
		struct goal *g = goal_find(s, (*t)->name);

		if (g)
			continue;
		g = *vec_push(&s->goals) = xcalloc(1, sizeof *g);
		g->name = xstrdup((*t)->name);
	}
	vec_foreach (&s->cfg->projects, p) {
		int r = configure_project(s, p, err);

		if (r < 0)
			return r;
	}
	s->dirty = true;
	return 0;
}

static int load_standings(struct sched *s, struct err *err)
{
	struct store_standings all = VEC_INIT;
	int r = store_standings(s->store, NULL, &all, err);

	vec_foreach (&all, st) {
		struct lane *l = lane_get(s, st->target, st->project);

		l->state = st->state;
		l->last = st->last;
		l->last_success = st->last_success;
	}
	vec_free(&all, store_standing_release);
	return r;
}

/* The rest of a try's delay; a clock that was set back does not make it longer. */
static uint64_t not_before(const struct sched *s, int64_t when)
{
	int64_t now = time_now(), left;

	if (when <= now)
		return 0;
	left = when - now;
	return loop_now(s->loop) + (uint64_t)(left > RETRY_MOST ? RETRY_MOST : left) * 1000;
}

void lane_add_row(struct sched *s, const struct store_build *b)
{
	struct lane *l = lane_get(s, b->target, b->project);
	const struct lane *on;
	struct item it = {
		.id = b->id,
		.priority = b->priority,
		.tries = b->retries,
		.asked = str_eq_null(b->trigger, "recheck"),
		.rebuild = b->rebuild > 0,
		.fresh = b->attempt == 0 && str_eq_null(b->trigger, "commit"),
		.at = b->state == BUILD_RETRY && s->daemon ? not_before(s, b->not_before) : 0,
	};

	queue_changed(s, b->target);
	if (lane_item(l, b->id))
		return;
	/* said before it was read */
	if (b->waits && !l->said_id && (on = lane_find(s, b->target, b->waits))) {
		l->said_id = b->id;
		l->said_for = on->last;
	}
	lane_add(s, l, &it);
}

static int load_queue(struct sched *s, enum store_state state, int64_t after_id, struct err *err)
{
	struct store_filter f = {.state = (int)state, .oldest_first = true};
	struct store_builds all = VEC_INIT;
	int r = store_builds(s->store, &f, &all, err);

	vec_foreach (&all, b)
		if (b->id > after_id)
			lane_add_row(s, b);
	vec_free(&all, store_build_release);
	return r;
}

int lanes_add_rows(struct sched *s, int64_t after_id, struct err *err)
{
	return load_queue(s, BUILD_QUEUED, after_id, err);
}

int lanes_load_held(struct sched *s, struct err *err)
{
	auto_strv struct strv held = STRV_INIT;
	int r = store_held(s->store, &held, err);

	if (r < 0)
		return r;
	s->hold_all = strv_has(&held, "");
	s->dirty = true;
	vec_foreach (&s->lanes, l)
		(*l)->held = strv_has(&held, (*l)->project);
	return 0;
}

int lanes_open(struct sched *s, struct err *err)
{
	int r = lanes_configure(s, err);

	if (r < 0 || (r = load_standings(s, err)) < 0 ||
		(r = load_queue(s, BUILD_QUEUED, 0, err)) < 0 ||
		(r = load_queue(s, BUILD_RETRY, 0, err)) < 0)
		return r;
	return lanes_load_held(s, err);
}

static void goal_free(struct goal **g)
{
	free((*g)->name);
	free((*g)->no_root);
	strv_release(&(*g)->waits_changed);
	graph_free((*g)->graph);
	free(*g);
}

void lanes_close(struct sched *s)
{
	vec_free(&s->lanes, lane_free);
	vec_free(&s->goals, goal_free);
	hmap_release(&s->lane_index);
}
