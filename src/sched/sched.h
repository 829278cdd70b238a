/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sched.h - look for new commits, queue them, build and publish one after another. Holds the
 * instance lock of the data directory while it works. One project's trouble is reported and counted
 * and never stops the others.
 */
#pragma once
#include "config/config.h"

struct sched_opts {
	bool head_only;              /* only the newest commit of each project */
	bool allow_lower;            /* publish versions lower than what is published */
	bool offline, refresh;       /* of the targets' repositories, as a job's */
	bool dry_run;                /* say what would be built, change nothing */
	const char *since;           /* first run of a project: from this ref on, it included */
	const struct strv *projects; /* only these; empty: all */
	/* progress: a step of a project's build begins; step NULL: the build is over. May be NULL
	 */
	void (*step)(const char *project, const char *step);
};

/* Builds by outcome; projects that could not be looked at count as failed or retry. */
struct sched_summary {
	size_t built, failed, retry;
	size_t unchanged; /* projects with nothing to do */
};

/* Poll once, build what is new, publish. Errors are those that ended the whole run. */
int sched_run_once(const struct config *cfg, const struct sched_opts *opts,
	struct sched_summary *ret, struct err *err);

/* Queue the newest build of a project again, on all of its targets; *ret_n how many (would be). The
 * next run carries it out. */
int sched_recheck(const struct config *cfg, const char *project, bool dry_run, size_t *ret_n,
	struct err *err);
