/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpm_dep.h - dependencies as text, as rpm prints them: "foo", "foo >= 1:2-3", "/usr/bin/foo",
 * "(a >= 1 if b)". Compared as librpm does it (rpmdsCompare), but without its objects: there are a
 * hundred thousand of them when a scheduler orders a thousand projects. Plain functions.
 */
#pragma once
#include "base/str.h"

enum rpm_dep_op {
	RPM_DEP_LESS = 1,
	RPM_DEP_GREATER = 2,
	RPM_DEP_EQUAL = 4,
};

/* One name with or without a range of versions. */
struct rpm_dep {
	char *name;
	char *evr; /* NULL: any version */
	unsigned op;
};
void rpm_dep_release(struct rpm_dep *d);

bool rpm_dep_is_rich(const char *text);
/* A dependency that is not rich; false when it is none. The strings are the caller's. */
bool rpm_dep_parse(const char *text, struct rpm_dep *ret);
/* Whether two ranges of versions of one name have one in common. evr NULL: all of them. */
bool rpm_dep_overlap(unsigned op_a, const char *evr_a, unsigned op_b, const char *evr_b);

/* OPEN: nobody knows, it decides nothing. */
enum rpm_truth { RPM_FALSE, RPM_TRUE, RPM_OPEN };
/*
 * What a dependency amounts to when `leaf` tells it of each name in it, rich or not; every name is
 * asked for, in order. Of "a if b" and "a unless b" the condition decides only where it is known.
 * RPM_OPEN for what cannot be taken apart.
 */
enum rpm_truth rpm_dep_eval(
	const char *text, enum rpm_truth (*leaf)(void *ctx, const struct rpm_dep *d), void *ctx);
