/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bisect.h - which commit to try next, as git bisect does on a line of commits; pure functions.
 *
 * What can be told without a build is asked first: a build costs more than anything else here.
 * Skipped commits are stepped away from, for what made one untestable often holds for its
 * neighbours too.
 */
#pragma once
#include "base/vec.h"

enum bisect_verdict { BISECT_UNKNOWN, BISECT_GOOD, BISECT_BAD, BISECT_SKIP };
const char *bisect_verdict_name(enum bisect_verdict v); /* "unknown", "good", "bad", "skip" */
bool bisect_verdict_parse(const char *s, enum bisect_verdict *ret);

struct bisect_commit {
	enum bisect_verdict verdict;
	bool cheap; /* its build exists */
};
/* Oldest first. What comes before the first of them is good, the last one is bad. */
VEC_TYPE(bisect_commits, struct bisect_commit);

enum bisect_end {
	BISECT_GO_ON,
	BISECT_FOUND,
	BISECT_BLURRED, /* what is left was skipped: the first bad commit is one of them */
};
struct bisect_step {
	size_t next;        /* to be tried now: GO_ON */
	size_t first, last; /* the first bad commit is one of these, both included */
	unsigned left;      /* about how many tries there are to come, this one included */
};
/* At least one commit. */
enum bisect_end bisect_next(const struct bisect_commits *c, struct bisect_step *ret);
