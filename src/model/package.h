/* SPDX-License-Identifier: GPL-3.0-or-later */
/* package.h - a built package file and what is known of it. */
#pragma once
#include "base/hash.h"
#include "base/json.h"
#include "base/vec.h"

enum package_kind { PACKAGE_MAIN, PACKAGE_DEBUGINFO, PACKAGE_DEBUGSOURCE, PACKAGE_SOURCE };

struct package {
	char *file; /* base name */
	char *path; /* where it lies now, NULL when unknown */
	char sha256[SHA256_HEX];
	uint64_t size;
	enum package_kind kind;
	char *name, *version, *release, *arch; /* arch "src" for source packages */
	int64_t epoch;                         /* 0 when there is none */
	int64_t build_time;                    /* as the package says, 0 unknown */
	char *nevra;                           /* name-[epoch:]version-release.arch */
};
VEC_TYPE(package_vec, struct package);

void package_release(struct package *p);
const char *package_kind_name(enum package_kind k); /* as in result.json */
bool package_kind_parse(const char *s, enum package_kind *ret);
/* Fill nevra, name, epoch, version, release, arch; false when it is no NEVRA. */
bool package_set_nevra(struct package *p, const char *nevra);
/* [epoch:]version-release; the caller's. */
char *package_evr(const struct package *p);
/* Objects {file, sha256, size, nevra, kind} of result.json. */
json_t *package_vec_to_json(const struct package_vec *v);
int package_vec_from_json(const json_t *j, struct package_vec *ret, struct err *err);
