/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sched.h - look for new commits, queue them, build as many at once as the configuration says, in
 * the order of their dependencies, publish as they come. Holds the instance lock of the data
 * directory while it works. One project's trouble is reported and counted and never stops the
 * others.
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
	unsigned jobs;               /* builds at once; 0: as configured */
	/* progress: a step of a build begins; step NULL: the build is over. Build 0: a plan asks
	 * the project. May be NULL. */
	void (*step)(int64_t build, const char *project, const char *step);
	/* SIGHUP: read the configuration anew; errors are reported by it, the old one stays. NULL:
	 * no reload. */
	int (*reload)(struct config **ret, struct err *err);
};

/* Where repos/ is reachable, no trailing slash; the caller's. */
char *sched_baseurl(const struct config *cfg);

/* Builds by outcome; projects that could not be looked at count as failed or retry. */
struct sched_summary {
	size_t built, failed, retry;
	size_t waiting;   /* that stay in the queue: for a project that failed, or on hold */
	size_t unchanged; /* projects with nothing to do */
	size_t unknown;   /* of a plan: projects whose place in the order is not known yet */
};

/* Poll once, build what is new, publish. Errors are those that ended the whole run. */
int sched_run_once(const struct config *cfg, const struct sched_opts *opts,
	struct sched_summary *ret, struct err *err);

/*
 * The same for ever: poll each cfg->poll seconds, build, retry, publish, write pages, deliver news,
 * carry out requests, housekeep; a service of systemd (Type=notify, watchdog) or of a terminal.
 * Ends with ERR_SIGNAL when told to stop. *cfg is replaced by a reload.
 */
int sched_run(struct config **cfg, const struct sched_opts *opts, struct err *err);

/* What a person asks for. */
enum sched_verb {
	SCHED_RECHECK, /* the newest build of a project again, on all of its targets */
	SCHED_CANCEL,  /* a build */
	SCHED_HOLD,    /* a project, or "" for all */
	SCHED_RELEASE,
	SCHED_PRIORITY, /* of a build: "N VALUE" */
	SCHED_PIN,      /* a build: gc leaves it */
	SCHED_UNPIN,
	SCHED_POLL, /* look for commits now: a project, or "" for all */
	SCHED_GC,
};
struct sched_asked {
	size_t n;      /* builds or projects it touches (would touch) */
	int64_t queue; /* pid of the running packmill that will carry it out, 0: it is done */
	int64_t there; /* recheck: a build of it that is queued or runs already, 0 none */
	bool runs;
};
/* Carried out at once when nothing runs, else left to the running one. arg is checked here:
 * ERR_NOT_FOUND, ERR_CONFLICT. who: for the record, NULL unknown. */
int sched_ask(const struct config *cfg, enum sched_verb verb, const char *arg, const char *who,
	bool dry_run, struct sched_asked *ret, struct err *err);

/* Why the packmill that runs here begins nothing (a full disk); NULL: it does, or none runs. The
 * caller's. */
char *sched_stalled(const struct config *cfg);

/* What a pass would do, in order: for `packmill plan`. Polls, and asks the specs of projects that
 * nothing was made of yet for their place in the order; what they say is kept, as by a pass. No
 * root is made for that with the help of the network. Changes nothing else but mirrors. Beside a
 * packmill that has the instance: its queue, and nothing is kept. */
struct sched_planned {
	char *target, *project;
	char *upstream_sha, *packaging_sha, *subject;
	char *reason; /* "new commit", "queued", "retry", "rebuild: libfoo.so.1 of foo may change"
		       */
	struct strv after; /* projects of the plan that come first */
	char *waits;       /* project whose failure holds it back, NULL none */
	double estimate;   /* seconds, 0 unknown */
	bool maybe;        /* only when what it depends on turns out changed */
	bool order_known;  /* false: nothing was made of it yet, and it could not be asked */
};
VEC_TYPE(sched_plan, struct sched_planned);
void sched_planned_release(struct sched_planned *p);
/* ret_cycles: as graph_cycles, with the target before it. ret_sum: projects that could not be
 * looked at, as failed and retry. */
int sched_plan(const struct config *cfg, const struct sched_opts *opts, struct sched_plan *ret,
	struct strv *ret_cycles, struct sched_summary *ret_sum, struct err *err);
