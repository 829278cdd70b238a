/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpm_diff.h - in what two package files differ, as their headers tell: tags, dependencies, and per
 * file its content (by digest), size, mode, owner and the like. What merely follows from other
 * differences (sizes, digests and signatures of the whole) is named only when nothing else differs.
 */
#pragma once
#include "base/str.h"
#include "base/vec.h"

struct rpm_difference {
	char *where; /* a tag ("Buildtime"), the path of a file, "payload", "header" */
	char *what;  /* of a file: "content", "mode", ...; NULL for all else */
	char *a, *b; /* shortened values, not escaped; NULL: not there on that side */
};
VEC_TYPE(rpm_differences, struct rpm_difference);
void rpm_difference_release(struct rpm_difference *d);
void rpm_differences_release(struct rpm_differences *d);

/* Nothing is added to ret when the headers say the same. ERR_BUILD: no readable package. */
int rpm_diff(const char *a, const char *b, struct rpm_differences *ret, struct err *err);
