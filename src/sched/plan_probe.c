/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_probe.c - what a plan does not know it asks as a run does: the specs of projects that
 * nothing was made of yet, in the sandbox, as many at once as builds. Trouble with that ends no
 * plan: what stays unknown is said.
 */
#include "base/fs.h"
#include "base/log.h"
#include "sched/internal.h"

VEC_TYPE(
	askings, struct asking {
		struct lane *lane;
		const struct plan_commit *commit; /* NULL: the first of its queue */
	});

/* The oldest commit that was found for it. */
static const struct plan_commit *found_of(const struct sched *s, const struct lane *l)
{
	vec_foreach (&s->would, c)
		if (str_eq(c->project, l->project) && str_eq(c->target, l->target))
			return c;
	return NULL;
}

/* Projects on hold, too: a plan is looked at before they are released. */
static void find_unknown(const struct sched *s, struct askings *ret)
{
	vec_foreach (&s->lanes, it) {
		struct lane *l = *it;
		const struct plan_commit *c;

		if (!l->conf || !sched_wants(s, l->conf) || pick_knows(s, l))
			continue;
		c = l->queue.n ? NULL : found_of(s, l);
		if (l->queue.n || c)
			*vec_push(ret) = (struct asking){l, c};
	}
}

static void show(const struct sched *s, const struct asking *a, size_t i, size_t n)
{
	auto_free char *what = xasprintf("what it needs (%zu of %zu)", i + 1, n);

	if (s->opts->step)
		s->opts->step(0, a->lane->project, what);
}

static int ask_all(struct sched *s, const struct askings *all, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < all->n && r >= 0; i++) {
		const struct asking *a = &all->v[i];

		while (!pick_has_room(s) && r >= 0)
			r = loop_step(s->loop, err);
		if (r < 0 || goal_find(s, a->lane->target)->no_root)
			continue;
		show(s, a, i, all->n);
		r = a->commit ? work_probe_commit(s, a->lane, a->commit, err)
			      : work_probe(s, a->lane, &a->lane->queue.v[0], err);
	}
	while (r >= 0 && child_building(s))
		r = loop_step(s->loop, err);
	if (s->opts->step)
		s->opts->step(0, NULL, NULL);
	return r;
}

void plan_probe_failed(struct worker *w)
{
	struct goal *g = goal_find(w->s, w->lane->target);
	const struct result *res = w->res;
	bool host = w->target->host;

	/* the same for all of the target, and said once */
	if (res->status == STATUS_RETRY && str_eq_null(res->cause_step, "root")) {
		if (g->no_root)
			return;
		g->no_root = xstrdup(res->cause_message);
		log_warn("%s: no root to ask new projects in for what they need: %s%s%s%s", g->name,
			g->no_root, host ? "" : " ('packmill root create -t ", host ? "" : g->name,
			host ? "" : "' makes one)");
		return;
	}
	log_warn("%s: what it needs on %s is not known: %s", w->lane->project, g->name,
		res->cause_message);
}

/* Beside another packmill one plan at a time has a place for its probes. */
static int lock_aside(struct sched *s, struct err *err)
{
	auto_free char *dir = path_join(s->cfg->data, PROBES_ASIDE);
	auto_free char *lock = path_join(dir, "lock");
	int r = fs_mkdirs(dir, 0755, err);

	return r < 0 ? r : fs_lock(lock, &s->lock_fd, err);
}

int plan_probe(struct sched *s, struct err *err)
{
	struct askings all = VEC_INIT;
	auto_err struct err e = ERR_INIT;
	int r = 0;

	find_unknown(s, &all);
	if (all.n)
		log_info("%zu new project%s: looking at what %s", all.n, all.n == 1 ? "" : "s",
			all.n == 1 ? "it needs" : "they need");
	if (all.n && s->aside)
		r = lock_aside(s, &e);
	if (r >= 0)
		r = ask_all(s, &all, &e);
	vec_release(&all);
	if (r >= 0)
		return 0;
	if (e.code == ERR_SIGNAL || e.code == ERR_CORRUPT || e.code == ERR_BUG)
		return err_move(err, &e);
	child_stop_all(s);
	log_warn("what new projects need cannot be looked at: %s", e.msg);
	return 0;
}
