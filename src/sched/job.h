/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job.h - the part of a job that follows from the configuration. */
#pragma once
#include "config/config.h"
#include "model/job.h"

/* Two hashes and the mirrors that have them; borrowed. */
struct job_commit {
	const char *upstream_sha, *upstream_mirror; /* of two gits only */
	const char *packaging_sha, *packaging_mirror;
};

/* To build that commit of p on the target with the instance's limits, roots and cache. Left to the
 * caller: trigger, times, what is published, where the output goes. */
int job_of_commit(const struct config *cfg, const struct config_project *p,
	const struct target *target, const struct job_commit *c, struct job **ret, struct err *err);
