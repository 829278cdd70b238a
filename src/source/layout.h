/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * layout.h - where a packaging tree keeps its spec and sources. Inside source/ only.
 * Flat: spec, patches, tarballs at the top. Else SPECS/ beside SOURCES/ at the top, in rpm/ or in
 * <build target>/rpm/ (centos7/rpm/SPECS/x.spec).
 */
#pragma once
#include "model/job.h"

struct layout_place {
	char *specs,
		*sources; /* directories relative to the tree, "" the top; the same when flat */
	char *spec;       /* base name of the spec */
};
void layout_place_release(struct layout_place *p);

/* Find them in the tree; `spec` (may be NULL) chooses among several. ERR_SOURCE: no spec, several
 * (all named), several build targets of which none is the target's. */
int layout_find(const char *tree, const struct target *t, const char *spec,
	struct layout_place *ret, struct err *err);
/* Copy the spec to dir/SPECS and all other files to dir/SOURCES; links are followed inside the tree
 * only. */
int layout_copy(const char *tree, const struct layout_place *p, const char *dir, struct err *err);
/* The build target among names (directories) that fits best: the longest that begins the target's
 * name, or its dist, or the target's first word with the dist's number (centos + .el9: centos9);
 * else the only one; NULL when there is no answer. */
const char *layout_choose(const struct strv *names, const struct target *t);
