/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_index.h - package files by what they provide; inside format/rpm/ only. */
#pragma once
#include "base/map.h"
#include "base/vec.h"
#include "format/rpm/rpm_lib.h"

struct rpm_candidate {
	char *path;
	char *name; /* of the package */
	Header h;
	bool taken; /* part of the answer already */
};

VEC_TYPE(rpm_providers, size_t); /* indices of candidates */

struct rpm_index {
	VEC(struct rpm_candidate) all;
	VEC(struct rpm_providers) lists;
	struct hmap names; /* provided name -> index into lists */
};

void rpm_index_release(struct rpm_index *x);
/* Read the headers of the files and note what they provide. */
int rpm_index_read(struct rpm_index *x, const struct strv *files, struct err *err);
/* The candidate that satisfies the (not rich) dependency: a package of that name first, then the
 * highest EVR, then by name; NULL when none does. */
struct rpm_candidate *rpm_index_find(struct rpm_index *x, rpmds dep);
