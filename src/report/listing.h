/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listing.h - the packages of a repository and how they differ from those of another. */
#pragma once
#include "report/parts.h"

struct listed {
	char *name, *evr, *arch;
	char *project;
	int64_t build;
	uint64_t size;
};
VEC_TYPE(listing, struct listed); /* by name, architecture */
void listing_release(struct listing *l);
void listing_add(
	struct listing *l, const char *nevra, const char *project, int64_t build, uint64_t size);
void listing_sort(struct listing *l);

enum listing_how { LISTED_ADDED, LISTED_REMOVED, LISTED_UP, LISTED_DOWN, LISTED_HOW };
const char *listing_how_name(enum listing_how how); /* "added", "removed", "upgraded", ... */

struct listed_change {
	char *name, *arch;
	char *from, *to; /* NULL: it was not there, is not there any more */
	char *project;   /* of the new one, else of the old */
	int64_t build;
};
struct listing_diff {
	VEC(struct listed_change) by[LISTED_HOW];
};
void listing_diff_release(struct listing_diff *d);
/* Both are sorted. */
void listing_compare(
	const struct listing *from, const struct listing *to, struct listing_diff *ret);
bool listing_diff_empty(const struct listing_diff *d);

/* As in index.json; at most max (0: all). */
json_t *listing_to_json(const struct listing *l, size_t max);
void listing_from_json(const json_t *j, struct listing *ret);
json_t *listing_diff_to_json(const struct listing_diff *d);
void listing_diff_from_json(const json_t *j, struct listing_diff *ret);
