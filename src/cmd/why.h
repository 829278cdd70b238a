/* SPDX-License-Identifier: GPL-3.0-or-later */
/* why.h - what `packmill why N` gathers before it says it. */
#pragma once
#include "cmd/common.h"
#include "git/git.h"
#include "report/report.h"

#define WHY_COMMITS 20 /* of one repository that are listed, the newest */

VEC_TYPE(git_commits, struct git_commit);

/* What moved in one repository since the last success. */
struct why_moved {
	const char *from, *to;      /* hashes, NULL: nothing moved */
	struct git_commits commits; /* oldest first, by first parent, at most WHY_COMMITS */
	size_t n;                   /* how many there are */
	bool unknown;               /* the mirror does not have them */
	bool rewritten;             /* `from` is no ancestor of `to` */
};

/* Whom it waits for, or whose failure explains it. */
struct why_other {
	char *project; /* NULL: nobody */
	int64_t build; /* its last finished one, 0 none */
};

struct why {
	const struct config *cfg;
	struct store *store;
	struct store_build build;
	struct store_builds
		chain; /* who triggered it, up to the root; the build itself is not in */
	bool held;
	struct why_other waits, blamed;
	struct report_change change;
	struct store_build since; /* the last success before it; .id 0: none */
	struct why_moved upstream, packaging;
};

int why_find(struct why *w, int64_t id, struct err *err);
void why_release(struct why *w);
