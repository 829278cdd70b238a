/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan_say.c - what a poll found on its way into a plan, the plan of what the supervisor knows, and
 * as lines of a dry run; cycles of the order. */
#include "base/log.h"
#include "sched/internal.h"

void plan_found(
	struct sched *s, const struct project *p, const struct lane *l, const struct found *f)
{
	*vec_push(&s->would) = (struct plan_commit){
		.target = xstrdup(l->target),
		.project = xstrdup(l->project),
		.upstream_sha = xstrdup(f->sha),
		.packaging_sha = xstrdup(p->upstream ? p->pack : f->sha),
		.subject = xstrdup_null(f->subject),
	};
}

/* Projects of the plan whose place in the order is not known. */
static size_t mark_unknown(const struct sched *s, struct sched_plan *plan)
{
	auto_hmap struct hmap seen = HMAP_INIT;

	vec_foreach (plan, p) {
		const struct lane *l = lane_find(s, p->target, p->project);

		p->order_known = !l || pick_knows(s, l);
		if (!p->order_known)
			hmap_set(&seen, p->project, 0);
	}
	return seen.n;
}

int plan_of_all(struct sched *s, struct sched_plan *ret, struct strv *ret_cycles,
	size_t *ret_unknown, struct err *err)
{
	size_t n = s->cfg->targets.n;
	auto_free struct graph **graphs = xcalloc(n + 1, sizeof *graphs);
	const struct plan_of of = {
		.cfg = s->cfg,
		.st = s->store,
		.opts = s->opts,
		.found = &s->would,
		.graphs = graphs,
	};
	int r;

	for (size_t i = 0; i < n; i++)
		graphs[i] = goal_find(s, s->cfg->targets.v[i]->name)->graph;
	if ((r = plan_make(&of, ret, ret_cycles, err)) >= 0)
		*ret_unknown = mark_unknown(s, ret);
	return r;
}

int plan_say(struct sched *s, struct err *err)
{
	auto_strv struct strv cycles = STRV_INIT;
	struct sched_plan plan = VEC_INIT;
	size_t unknown;
	int r = plan_of_all(s, &plan, &cycles, &unknown, err);

	vec_foreach (&plan, p) {
		bool fresh = str_eq(p->reason, "new commit");

		hmap_set(&s->touched, p->project, 0);
		s->sum.waiting += p->waits != NULL;
		if (p->waits)
			log_info("%s: %.12s on %s would wait for %s, which failed", p->project,
				p->upstream_sha, p->target, p->waits);
		else if (!p->maybe)
			log_info("%s: would build %.12s on %s%s", p->project, p->upstream_sha,
				p->target, fresh ? "" : " (queued before)");
	}
	vec_free(&plan, sched_planned_release);
	if (r >= 0 && unknown)
		log_info("the order of %zu project%s is not known yet", unknown,
			unknown == 1 ? "" : "s");
	return r;
}

void cycles_say(struct sched *s)
{
	vec_foreach (&s->goals, g) {
		auto_strv struct strv cycles = STRV_INIT;

		if (!(*g)->graph)
			continue;
		graph_cycles((*g)->graph, &cycles);
		strv_foreach (&cycles, c) {
			auto_free char *key = xasprintf("%s: %s", (*g)->name, *c);

			if (hmap_set(&s->cycles, key, 0))
				log_info("%s need each other on %s: %.*s is built first, with what "
					 "exists",
					*c, (*g)->name, (int)strcspn(*c, " "), *c);
		}
	}
}
