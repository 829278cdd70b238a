/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gc.h - what the history may lose: old builds with their logs, their commit repositories, and the
 * packages of the pool that no repository lists any more.
 *
 * A build goes when it is over and the age or the count of the policy says so. It stays when it is
 * one of the newest of its project, pinned, the last success, the first failure since, or what
 * `current`, `consistent` or another named repository lists.
 *
 * A package goes when no metadata file in any repository directory of its target names it, read
 * from those files; metadata that `current` keeps an hour for its readers counts. When one cannot
 * be read no package goes (ERR_CORRUPT). Killed at any point it leaves every repository whole, and
 * the next run ends what was begun.
 */
#pragma once
#include "store/store.h"

struct repo_gc_policy {
	uint64_t age;    /* seconds since it finished; 0: no such rule */
	uint64_t count;  /* finished builds of a project on a target; 0: no such rule */
	uint64_t newest; /* finished builds of each project that always stay */
	int64_t now;     /* seconds since 1970 */
};

/* A build that goes (would go). */
struct repo_gc_item {
	struct store_build build;
	char *repo; /* its directory below repos/<target>; NULL none */
	char *why;  /* "older than 30d", "not among the newest 20" */
};
VEC_TYPE(repo_gc_items, struct repo_gc_item);

struct repo_gc_sums {
	size_t builds, repositories, packages;
	uint64_t bytes; /* of the packages */
	size_t held;    /* builds that only metadata younger than an hour lists */
};

struct repo_gc;
/*
 * Begin; cheap, nothing is read yet. dry_run: nothing is changed, the sums are what would go. The
 * store stays the caller's and must live as long. Not dry, the caller holds the instance lock; it
 * may publish between two steps.
 */
int repo_gc_plan(const char *data, struct store *st, const struct repo_gc_policy *p, bool dry_run,
	struct repo_gc **ret, struct err *err);
void repo_gc_free(struct repo_gc *g);
DEFINE_CLEANUP(struct repo_gc *, repo_gc_free)
/* Called for each build once it is gone from the store: its pages are the caller's. */
void repo_gc_on_delete(
	struct repo_gc *g, void (*fn)(void *ctx, const struct repo_gc_item *i), void *ctx);
/* Work for about so many milliseconds (one unit at least). 1: there is more to do, 0: done. */
int repo_gc_step(struct repo_gc *g, unsigned ms, struct err *err);
/* What was chosen so far, by target and project; borrowed until the next step. */
const struct repo_gc_items *repo_gc_chosen(const struct repo_gc *g);
/* What was deleted (would be) so far. */
struct repo_gc_sums repo_gc_sums(const struct repo_gc *g);
