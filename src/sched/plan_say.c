/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan_say.c - what a poll found on its way into a plan, and the plan as lines of a dry run;
 * cycles of the order. */
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

int plan_say(struct sched *s, struct err *err)
{
	auto_strv struct strv cycles = STRV_INIT;
	struct sched_plan plan = VEC_INIT;
	int r = plan_make(s->cfg, s->store, s->opts, &s->would, &plan, &cycles, err);

	vec_foreach (&plan, p) {
		bool fresh = str_eq(p->reason, "new commit");

		hmap_set(&s->touched, p->project, 0);
		if (!p->maybe)
			log_info("%s: would build %.12s on %s%s", p->project, p->upstream_sha,
				p->target, fresh ? "" : " (queued before)");
	}
	vec_free(&plan, sched_planned_release);
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
