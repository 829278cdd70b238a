/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.h - what a pass would do, worked out of the store and of what a poll found: `packmill plan`
 * and `packmill run -n` say the same. Nothing is changed.
 */
#pragma once
#include "sched/graph.h"
#include "sched/sched.h"
#include "store/store.h"

/* A commit that a poll found and that is not in the queue yet. */
struct plan_commit {
	char *target, *project, *upstream_sha, *packaging_sha, *subject;
};
VEC_TYPE(plan_commits, struct plan_commit);
void plan_commit_release(struct plan_commit *c);

/* What a plan is made of; all borrowed. */
struct plan_of {
	const struct config *cfg;
	struct store *st;
	const struct sched_opts *opts; /* only the projects count */
	const struct plan_commits *found;
	struct graph *const *graphs; /* of each of the configuration's targets */
};

/*
 * The queue and the commits in the order in which builds would begin, one worker assumed: by the
 * order of dependencies, else as the scheduler picks (priority, fewest served, oldest). Then what
 * waits for a failure or is on hold; then what may have to be rebuilt (maybe). ret_cycles as
 * sched_plan.
 */
int plan_make(
	const struct plan_of *of, struct sched_plan *ret, struct strv *ret_cycles, struct err *err);
