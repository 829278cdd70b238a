/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * graph.h - who needs whom among the projects of one target: from the BuildRequires of their last
 * source packages and what their packages provide (before there are any: the names their specs
 * give). In memory only; the store keeps what was learned. A dependency that several projects
 * provide is an edge to each; rich dependencies count with every name in them; a project's own
 * provides satisfy it without an edge.
 */
#pragma once
#include "config/config.h"
#include "store/store.h"

struct graph;
/* The projects of the configuration that are built for the target; nothing is known of them but
 * their names. cfg is borrowed, here and below. */
struct graph *graph_new(const struct config *cfg, const char *target);
/* The projects of the configuration that are built for the target, with what the store knows. */
int graph_load(const struct config *cfg, const char *target, struct store *st, struct graph **ret,
	struct err *err);
void graph_free(struct graph *g);
DEFINE_CLEANUP(struct graph *, graph_free)

/* What was learned of a project; NULL leaves a list as it is. With `requires` all is of packages
 * that were published; provides without them are what a spec declares. */
void graph_set(struct graph *g, const char *project, const struct strv *build_requires,
	const struct strv *provides, const struct strv *requires);
/* Whether its BuildRequires and provides are known, so that its place in the order is. */
bool graph_knows(const struct graph *g, const char *project);

/*
 * Projects that it BuildRequires directly, in the order of the configuration; those of a cycle
 * included. Versions count as rpm compares them; where nobody's fits, everybody with the name does:
 * the version that is asked for may be about to be built. Borrowed until graph_set.
 */
const struct strv *graph_needs(struct graph *g, const char *project);
/*
 * The same as far as they go first: in a cycle the project that comes first in the configuration is
 * built first, with what exists, so that its needs in the cycle do not count. This is the order.
 */
const struct strv *graph_before(struct graph *g, const char *project);
/* Whether the two need each other, through others or not: then neither's failure holds the other
 * back, for that may be what it lacks. */
bool graph_in_cycle(struct graph *g, const char *a, const char *b);
/* All projects, dependencies first, else as in the configuration. Borrowed until graph_set. */
const struct strv *graph_order(struct graph *g);
/* For each break of a cycle the shortest one there, "a -> b -> a" (a needs b, b needs a), beginning
 * with the project that is built first; sorted. */
void graph_cycles(struct graph *g, struct strv *ret);

/* File paths that a project's BuildRequires name. */
void graph_wanted_paths(const struct graph *g, struct strv *ret);

/* A project that asks for a rebuild, and why, for people: "libfoo.so.1()(64bit) of foo is gone",
 * "foo changed". */
struct graph_dependent {
	char *project, *reason;
};
VEC_TYPE(graph_dependents, struct graph_dependent);
void graph_dependent_release(struct graph_dependent *d);
/*
 * Who must be rebuilt after `project` was published: those whose published packages require
 * something that the provides it had satisfied and the new ones do not, nor anybody else's
 * (sonames, versioned provides; as rpm compares); and those with `rebuild: on-change` that
 * BuildRequire it, when `changed`. The graph still has the old provides; graph_set comes after.
 */
int graph_affected(struct graph *g, const char *project, const struct strv *new_provides,
	bool changed, struct graph_dependents *ret, struct err *err);
/* Who may have to be rebuilt after the project's next build: those that nobody else serves with
 * what may go (sonames, exact versions) and those with `rebuild: on-change`. For plans. */
void graph_may_affect(struct graph *g, const char *project, struct graph_dependents *ret);
/* Projects one of whose BuildRequires names something that new_provides has and the provides the
 * project had have not: a build of theirs that failed for want of it may be tried again. */
void graph_newly_served(
	struct graph *g, const char *project, const struct strv *new_provides, struct strv *ret);
