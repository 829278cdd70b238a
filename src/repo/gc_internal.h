/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gc_internal.h - what the files of gc share. */
#pragma once
#include "base/map.h"
#include "repo/gc.h"
#include "repo/internal.h"
#include "repo/listing.h"

enum gc_phase { GC_TARGET, GC_NAMED, GC_PICK, GC_DELETE, GC_LIST, GC_MARK, GC_SWEEP, GC_DONE };

struct repo_gc {
	char *data;
	struct store *st;
	struct repo_gc_policy policy;
	bool dry;
	void (*deleted)(void *ctx, const struct repo_gc_item *i);
	void *ctx;
	struct repo_gc_items items;
	struct repo_gc_sums sums;
	struct strv targets;

	/* of the target at hand */
	size_t target; /* index, one past it */
	enum gc_phase phase;
	size_t at; /* in the list of the phase */
	char *dir, *tmp, *marker;
	size_t first; /* of its items */
	struct strv projects, heads, dirs, letters, names;
	size_t letter;
	struct hmap gone;  /* directories of builds that go */
	struct hmap named; /* hrefs of the named repositories */
	struct hmap now;   /* those that their repomd.xml has; not what is kept for readers */
	struct hmap read;  /* primary files */
	struct hmap kept;  /* hrefs of all */
	char *stamp;       /* of current and consistent when the marking began */
};

/* gc_pick.c: choose among the builds of the next project. */
int gc_pick(struct repo_gc *g, struct err *err);
/* gc_mark.c: hrefs that a directory lists, of files not read before, into the map(s). */
int gc_mark(struct repo_gc *g, const char *rel, struct hmap *also, struct err *err);
/* Those of its newest metadata alone, into `now`. */
int gc_mark_now(struct repo_gc *g, const char *rel, struct err *err);
/* What the store says is published last, should `current` not list it. */
int gc_mark_published(struct repo_gc *g, struct err *err);
/* gc_delete.c: the next few of the target's builds. */
int gc_delete(struct repo_gc *g, struct err *err);
/* The directory of a build below repos/<target>, the caller's; NULL: it has none. */
char *gc_build_dir(const struct repo_gc *g, const struct store_build *b);
/* gc_sweep.c: one directory of the pool. */
int gc_sweep(struct repo_gc *g, struct err *err);
