/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - what happened: builds, steps, artifacts, how far each project was looked at, requests.
 * SQLite (WAL) behind this interface; one transaction per state change. A database of a newer
 * schema is refused untouched (ERR_CORRUPT naming both numbers).
 */
#pragma once
#include "model/result.h"

struct store;
/* dir: the data directory; packmill.db in it, created when missing unless read_only (then a missing
 * one is ERR_NOT_FOUND). */
int store_open(const char *dir, bool read_only, struct store **ret, struct err *err);
void store_close(struct store *st);
DEFINE_CLEANUP(struct store *, store_close)

/* The numbers are in the database. RETRY: ended for reasons of the machine, waits for another try.
 * CANCELLED: by a person, before or while it ran. */
enum store_state {
	BUILD_QUEUED,
	BUILD_RUNNING,
	BUILD_SUCCESS,
	BUILD_FAILED,
	BUILD_RETRY,
	BUILD_CANCELLED,
};
const char *store_state_name(enum store_state s); /* "queued", "running", "success", ... */

struct store_build {
	int64_t id;
	char *target, *project, *name, *component;
	char *upstream_url, *upstream_sha, *packaging_url, *packaging_sha;
	int64_t rebuild;
	enum store_state state;
	char *cause, *cause_step, *message, *log; /* of a failed build; NULL else */
	int64_t cause_line;
	char *evr;          /* [epoch:]version-release */
	char *nvr;          /* name-version-release of the main package */
	char *repo;         /* directory below repos/<target>, once published */
	char *trigger;      /* "commit", "recheck", "rebuild", "dependency" */
	char *detail;       /* what or who triggered it, for people: "libfoo.so.1()(64bit) of foo is
			       gone",       "alice"; NULL */
	int64_t by;         /* the build that triggered it, 0 none */
	char *waits;        /* project it waits for, as the scheduler last said; NULL: for none */
	char *blamed;       /* a failed build: project whose failure explains it; NULL: its own */
	int64_t attempt;    /* tries begun */
	int64_t retries;    /* tries since it was last asked for that ended in RETRY; those cut off
			       by a crash do not count */
	int64_t priority;   /* higher first; the project's when queued */
	int64_t not_before; /* RETRY: when the next try may begin, 0 at once */
	bool pinned;        /* never deleted by gc */
	char *content;      /* hash of what the packages are but for their release; NULL unknown */
	char *author, *subject; /* of the upstream (else packaging) commit */
	/* seconds since 1970; packaging_time: of the packaging commit, 0 unknown; date:
	 * version_date */
	int64_t commit_time, packaging_time, date, queued, started, finished;
	double seconds;
	bool published;
};
VEC_TYPE(store_builds, struct store_build);
void store_build_release(struct store_build *b);
/* All that people and programs are told of it; id 0: a project without a build, state "none". */
json_t *store_build_to_json(const struct store_build *b);

/* Queue a build. The same (target, project, upstream sha, packaging sha, rebuild) again returns the
 * id that exists and *ret_new false. */
int store_build_add(struct store *st, const struct store_build *b, int64_t *ret_id, bool *ret_new,
	struct err *err);
/* A try begins. */
int store_build_start(struct store *st, int64_t id, struct err *err);
/* Outcome, steps, artifacts, the attempt and the project's standing in one transaction. A build
 * that was not started counts as one more try. */
int store_build_finish(struct store *st, int64_t id, const struct result *r, struct err *err);
/* Marks it published: directory below repos/<target>. */
int store_build_published(struct store *st, int64_t id, const char *repo, struct err *err);
/* Put a finished build back into the queue (recheck). With a trigger it is a new wish: what
 * triggered it before (detail, by) is forgotten and retries count from 0; NULL: the same goes on.
 */
int store_build_requeue(struct store *st, int64_t id, const char *trigger, struct err *err);
/* The try that runs came to nothing through no fault of anybody: the build goes back into the queue
 * as if it had not begun. Nothing to do for one that does not run. */
int store_build_untry(struct store *st, int64_t id, struct err *err);
/* After a crash: running builds go back into the queue, the try that was cut off is recorded as an
 * attempt; *ret_n how many. */
int store_requeue_running(struct store *st, size_t *ret_n, struct err *err);
/* For a build that is queued again: as in struct store_build; NULL and 0: nobody. */
int store_build_set_detail(
	struct store *st, int64_t id, const char *detail, int64_t by, struct err *err);
/* Of a build in state RETRY. */
int store_build_set_not_before(struct store *st, int64_t id, int64_t when, struct err *err);
/* NULL: it waits for nobody. Writes only when it changes. */
int store_build_set_waits(struct store *st, int64_t id, const char *project, struct err *err);
int store_build_set_blamed(struct store *st, int64_t id, const char *project, struct err *err);
int store_build_set_priority(struct store *st, int64_t id, int64_t priority, struct err *err);
int store_build_set_pinned(struct store *st, int64_t id, bool pinned, struct err *err);
/* Queued, running or waiting for a retry; else ERR_CONFLICT. A try that runs is recorded; its
 * process is the caller's to end. who NULL: unknown. */
int store_build_cancel(struct store *st, int64_t id, const char *who, struct err *err);
/* Forget a build with all that hangs on it; its project's standing stays. ERR_CONFLICT: it runs. */
int store_build_delete(struct store *st, int64_t id, struct err *err);

/* One try of a build that came to an end. */
struct store_attempt {
	int64_t n;                          /* 1 is the first */
	enum store_state state;             /* RETRY for one that was interrupted, too */
	char *cause, *cause_step, *message; /* NULL: success */
	int64_t started, finished;
	double seconds;
};
VEC_TYPE(store_attempts, struct store_attempt);
void store_attempt_release(struct store_attempt *a);
int store_build_attempts(struct store *st, int64_t id, struct store_attempts *ret, struct err *err);
/* ERR_NOT_FOUND. */
int store_build_get(struct store *st, int64_t id, struct store_build *ret, struct err *err);
int store_build_steps(struct store *st, int64_t id, struct result *ret, struct err *err);
int store_build_artifacts(struct store *st, int64_t id, struct package_vec *ret, struct err *err);

struct store_filter {
	const char *target, *project; /* NULL: any */
	int state;                    /* enum store_state, -1: any */
	bool oldest_first;
	bool published; /* only those */
	int64_t limit;  /* 0: all */
};
int store_builds(
	struct store *st, const struct store_filter *f, struct store_builds *ret, struct err *err);
/* Newest finished (success or failed) build of each project on the target, by project name. */
int store_last_builds(
	struct store *st, const char *target, struct store_builds *ret, struct err *err);
/* Newest build of each project on the target, in whatever state, by project name. */
int store_newest_builds(
	struct store *st, const char *target, struct store_builds *ret, struct err *err);
/* The last published build of the project; ERR_NOT_FOUND. */
int store_last_published(struct store *st, const char *target, const char *project,
	struct store_build *ret, struct err *err);
/* Artifacts (not source, debug) of the newest published build of every project on the target. */
int store_published_packages(
	struct store *st, const char *target, struct package_vec *ret, struct err *err);
/* What was published of one build: it lies in the pool, whatever later tries made. */
int store_build_packages(struct store *st, int64_t id, struct package_vec *ret, struct err *err);
/* Targets that builds were ever queued for, sorted. */
int store_targets(struct store *st, struct strv *ret, struct err *err);
/* The newest published build of each project on the target, by project name. */
int store_published_builds(
	struct store *st, const char *target, struct store_builds *ret, struct err *err);
/* As store_published_packages with source and debug packages, without one project (NULL: all). */
int store_published_files(struct store *st, const char *target, const char *except_project,
	struct package_vec *ret, struct err *err);
/* sha256 of a package published as this NEVRA on the target; *ret NULL when never. */
int store_nevra_sha(
	struct store *st, const char *target, const char *nevra, char **ret, struct err *err);

/* How far a project was looked at on a target: the pair last queued. Missing: both "". */
int store_seen_get(struct store *st, const char *target, const char *project, char **ret_upstream,
	char **ret_packaging, struct err *err);
int store_seen_set(struct store *st, const char *target, const char *project, const char *upstream,
	const char *packaging, struct err *err);
/* What a mirror holds: the url and what that said at the last fetch (ls-remote lines), to skip one
 * when nothing moved. The key is the mirror's path; "" when nothing is known. */
int store_remote_get(struct store *st, const char *mirror, char **ret_refs, struct err *err);
int store_remote_set(struct store *st, const char *mirror, const char *refs, struct err *err);

/*
 * Where a project stands on a target; kept up with each outcome, so that it costs the same however
 * long the history is. Cancelled builds and retries do not count; a build that is queued again
 * counts with its former outcome until there is another.
 *
 * "Last" and "first" go by the number of the build, which is the order of commits, not by the time
 * of the try: the recheck of an older build changes state and last only when it is the newest one
 * that finished. It moves last_success (forward when it succeeds now, back when the last success
 * fails now) and first_failure as if the outcome had always been so, and counts as one more
 * outcome.
 */
struct store_standing {
	char *target, *project;
	enum store_state state;                  /* SUCCESS or FAILED: of the last finished build */
	int64_t last;                            /* the last finished build */
	int64_t last_success, last_success_time; /* 0: never */
	/* the first failed build after the last success, 0 when the last one succeeded */
	int64_t first_failure, first_failure_time;
	int64_t n_success, n_failed; /* outcomes ever */
};
VEC_TYPE(store_standings, struct store_standing);
void store_standing_release(struct store_standing *s);
/* By target and project; target NULL: all. */
int store_standings(
	struct store *st, const char *target, struct store_standings *ret, struct err *err);
/* ERR_NOT_FOUND: nothing finished yet. */
int store_standing(struct store *st, const char *target, const char *project,
	struct store_standing *ret, struct err *err);
/* The last successful build of the same project and target before this one; ERR_NOT_FOUND. */
int store_success_before(
	struct store *st, const struct store_build *b, struct store_build *ret, struct err *err);
/* How long a build of the project takes: median seconds of its last few successes on the target,
 * else of its other builds there, else of all projects; 0 unknown. */
int store_estimate(
	struct store *st, const char *target, const char *project, double *ret, struct err *err);

/* What is known of a project's dependencies on a target, as rpm prints them ("foo >= 1.0",
 * "libfoo.so.1()(64bit)", "/usr/bin/foo", "(a or b)"). */
enum store_dep {
	DEP_BUILD_REQUIRES, /* of the last source package that was made */
	DEP_PROVIDES, /* of the published packages; before there are any, names its spec gives */
	DEP_REQUIRES, /* of the published packages */
};
/* Replaces what was known. */
int store_deps_set(struct store *st, const char *target, const char *project, enum store_dep kind,
	const struct strv *deps, struct err *err);
struct store_dep_row {
	char *project;
	enum store_dep kind;
	char *dep;
};
VEC_TYPE(store_dep_rows, struct store_dep_row);
void store_dep_row_release(struct store_dep_row *d);
/* Of all projects (project NULL) or one, by project and kind. */
int store_deps(struct store *st, const char *target, const char *project,
	struct store_dep_rows *ret, struct err *err);

/* A project on hold starts no builds; "" holds all of them. Idempotent. */
int store_hold(struct store *st, const char *project, bool on, struct err *err);
int store_held(struct store *st, struct strv *ret, struct err *err);

/* A project that cannot be looked at for new commits: its repository is gone, or nobody answers. */
struct store_unreachable {
	char *project, *text; /* why: one line */
	int64_t since;
};
VEC_TYPE(store_unreachables, struct store_unreachable);
void store_unreachable_release(struct store_unreachable *u);
/* By project; project NULL: all. */
int store_unreachable(
	struct store *st, const char *project, struct store_unreachables *ret, struct err *err);
/* Another text for one that is known leaves its `since`. */
int store_unreachable_set(
	struct store *st, const char *project, int64_t since, const char *text, struct err *err);
int store_unreachable_clear(struct store *st, const char *project, struct err *err);
/* As people and programs are told: {"since": seconds, "message": text}. */
json_t *store_unreachable_to_json(const struct store_unreachable *u);

/* What is not as it should be: the file itself, rows whose build is gone, standings that differ
 * from the builds; the last are computed anew with repair. */
typedef void (*store_check_fn)(void *ctx, const char *what, bool repaired);
int store_check(struct store *st, bool repair, store_check_fn fn, void *ctx, struct err *err);
VEC_TYPE(store_ids, int64_t);
/* The commit repositories of published builds and, at the same place, the builds. */
int store_published_repos(struct store *st, const char *target, struct strv *ret_repos,
	struct store_ids *ret_ids, struct err *err);
/* Every package that was published on the target and whose build is there, by build. */
int store_packages_all(struct store *st, const char *target,
	int (*fn)(void *ctx, int64_t build, const struct package *p, struct err *err), void *ctx,
	struct err *err);

/* Group several calls into one transaction. */
int store_begin(struct store *st, struct err *err);
int store_commit(struct store *st, struct err *err);
void store_rollback(struct store *st);

/* Requests of other commands to the one that holds the instance lock. */
int store_request_add(struct store *st, const char *verb, const char *arg, struct err *err);
struct store_request {
	int64_t id;
	char *verb, *arg;
};
VEC_TYPE(store_requests, struct store_request);
/* All of them, oldest first; each stays until it is carried out: then store_request_done. */
int store_requests(struct store *st, struct store_requests *ret, struct err *err);
int store_request_done(struct store *st, int64_t id, struct err *err);
void store_request_release(struct store_request *r);
