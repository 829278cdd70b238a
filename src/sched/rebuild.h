/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rebuild.h - what a build's outcome means for others: what is learned from it, who is built again
 * because of it. All within the transaction in which the outcome is recorded.
 */
#pragma once
#include "model/result.h"
#include "sched/graph.h"

struct sched;

/*
 * After the outcome of b was recorded (success: published). What the result tells of dependencies
 * is stored and goes into the graph of b's target; a failed build tells its BuildRequires, when its
 * source package was made. After a success dependents are queued: trigger "rebuild", detail the
 * reason, by b->id, rebuild one above that of their last published build, whose commit and date
 * they have; and builds whose newest try failed for want of what is provided now, trigger
 * "dependency". *ret_n builds queued. The rules that make this end: docs/dev/order.md.
 */
int rebuild_after(struct sched *s, struct graph *g, const struct store_build *b,
	const struct result *res, size_t *ret_n, struct err *err);

/* The builds that led to one that build `by` triggered, the nearest first. One that was queued
 * again may have been triggered by a younger one: a build that comes up twice ends it, and so does
 * one that was removed since. */
int rebuild_chain(struct store *st, int64_t by, struct store_builds *ret, struct err *err);

/* The outcome of a job with `declare`: what the spec of a project says of itself that nothing was
 * published of yet. */
int rebuild_declared(struct sched *s, struct graph *g, const char *target, const char *project,
	const struct result *res, struct err *err);
