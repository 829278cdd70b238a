/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pages.h - questions that pages ask, each along an index of just the rows it returns. */
#pragma once
#include "store/store.h"

/* Builds on the target whose last try is over (success, failed, retry, cancelled), the one that
 * ended last first. */
int store_ended(struct store *st, const char *target, int64_t limit, struct store_builds *ret,
	struct err *err);
/* When the build that is number `limit` in that list ended, 0 when the list is shorter. */
int store_ended_since(
	struct store *st, const char *target, int64_t limit, int64_t *ret, struct err *err);

/* What the order of the queue depends on. */
struct store_waiting {
	int64_t id;
	char *target, *project;
	enum store_state state; /* QUEUED, RUNNING, RETRY */
	char *waits;            /* as in struct store_build */
	int64_t priority, not_before, started;
};
VEC_TYPE(store_waiting_vec, struct store_waiting);
void store_waiting_release(struct store_waiting *w);
/* All of them on the target, by project and number. */
int store_waiting(
	struct store *st, const char *target, struct store_waiting_vec *ret, struct err *err);

/* Builds on the target with a number above `after`, by number; to walk over all of them. */
int store_builds_after(struct store *st, const char *target, int64_t after, int64_t limit,
	struct store_builds *ret, struct err *err);
int store_builds_count(struct store *st, const char *target, int64_t *ret, struct err *err);

/* One package that is published now, and whose it is. */
struct store_listed {
	char *nevra, *project;
	int64_t build;
	uint64_t size;
};
VEC_TYPE(store_listed_vec, struct store_listed);
void store_listed_release(struct store_listed *l);
/* The packages of store_published_packages, by project and file. */
int store_listed(
	struct store *st, const char *target, struct store_listed_vec *ret, struct err *err);
