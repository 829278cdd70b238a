/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cgroup.h - the pure part of finding cgroups, for its tests. */
#pragma once
#include "base/str.h"

/* Where a controller ("" for v2) is mounted and where our own group lies in it, from the texts of
 * /proc/self/mountinfo and /proc/self/cgroup. 1 when found; the strings are the caller's. */
int sb_cgroup_where(const char *mountinfo, const char *self, const char *controller, char **ret_at,
	char **ret_own);
/* What a v2 group has to come with where v2 has these controllers: memory and pids, but for those
 * that v1 has on this machine; the processor when there is nothing else of ours. "": no group. */
const char *sb_cgroup_v2_needs(const char *controllers);
