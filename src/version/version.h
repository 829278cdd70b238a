/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * version.h - how a commit becomes Version-Release. Pure: facts in, Version and Release out.
 */
#pragma once
#include "base/str.h"

/* What is known of a commit; strings are borrowed. */
struct version_facts {
	const char *tag;      /* nearest reachable version tag as it is ("v1.0"), NULL none */
	int64_t commits;      /* since the tag */
	const char *sha;      /* full hash of the upstream commit */
	int64_t date;         /* seconds since 1970: version_date() */
	const char *declared; /* what the upstream's own build says, NULL nothing */
	const char *branch;
	const char *spec_version,
		*spec_release; /* from the spec; release with %{?dist} as written */
	int64_t minor;         /* for numbering minor.date.hash */
	int64_t rebuild;       /* n > 0 appends .n before %{?dist} */
};

struct version {
	char *version;  /* rpm Version; NULL: policy keep, and the spec is not known */
	char *release;  /* rpm Release, with %{?dist} where the policy puts it */
	char *upstream; /* %upstream_version: the version before cutting (declared or tag form) */
	bool edits;     /* false: the spec's own are kept (policy keep, no rebuild) */
	struct strv explain; /* "fact: value" and rule lines, for --explain */
};
void version_release(struct version *v);

/* policy: "dlrn", "keep", "describe"; numbering as DESIGN (dlrn only). ERR_CONFIG for an unknown
 * name (nearest named), ERR_SOURCE when the facts do not give a version. */
int version_compute(const char *policy, const char *numbering, const struct version_facts *f,
	struct version *ret, struct err *err);
/* The later of the two committer dates; where that would sort at or below last (the project's last
 * published package), the time the build was queued, and when that is no later either (a clock that
 * is behind) last + 1. Values below 0 count as 0. */
int64_t version_date(int64_t upstream, int64_t packaging, int64_t last, int64_t queued);
/* A tag that counts as a version for DLRN's rules (not private-*, *-em, *-eom, *-eol; has a
 * digit first after v, V, r, R). Fit for git_describe. */
bool version_tag_counts(const char *tag);
/* Known names, NULL-terminated. */
const char *const *version_policies(void);
const char *const *version_numberings(void);
