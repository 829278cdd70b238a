/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contents.h - the packages of a repository and how they differ from those of another. */
#pragma once
#include "report/parts.h"

struct content {
	char *name, *evr, *arch;
	char *project;
	int64_t build;
	uint64_t size;
};
VEC_TYPE(contents, struct content); /* by name, architecture */
void contents_release(struct contents *l);
void contents_add(
	struct contents *l, const char *nevra, const char *project, int64_t build, uint64_t size);
void contents_sort(struct contents *l);

enum contents_how { CONTENT_ADDED, CONTENT_REMOVED, CONTENT_UP, CONTENT_DOWN, CONTENT_HOW };
const char *contents_how_name(enum contents_how how); /* "added", "removed", "upgraded", ... */

struct content_change {
	char *name, *arch;
	char *from, *to; /* NULL: it was not there, is not there any more */
	char *project;   /* of the new one, else of the old */
	int64_t build;
};
struct contents_diff {
	VEC(struct content_change) by[CONTENT_HOW];
};
void contents_diff_release(struct contents_diff *d);
/* Both are sorted. */
void contents_compare(
	const struct contents *from, const struct contents *to, struct contents_diff *ret);
bool contents_diff_empty(const struct contents_diff *d);

/* Name,EVR,Arch,Size,Project,Build with such a first line. False: it is none. */
void contents_to_csv(const struct contents *l, struct strbuf *out);
bool contents_from_csv(const char *text, struct contents *ret);
/* As in index.json; at most max. */
json_t *contents_to_json(const struct contents *l, size_t max);
void contents_from_json(const json_t *j, struct contents *ret);
json_t *contents_diff_to_json(const struct contents_diff *d);
void contents_diff_from_json(const json_t *j, struct contents_diff *ret);
