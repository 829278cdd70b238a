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

enum store_state { BUILD_QUEUED, BUILD_RUNNING, BUILD_SUCCESS, BUILD_FAILED, BUILD_RETRY };
const char *store_state_name(enum store_state s); /* "queued", "running", "success", ... */

struct store_build {
	int64_t id;
	char *target, *project, *name, *component;
	char *upstream_url, *upstream_sha, *packaging_url, *packaging_sha;
	int64_t rebuild;
	enum store_state state;
	char *cause, *cause_step, *message, *log; /* of a failed build; NULL else */
	int64_t cause_line;
	char *evr;  /* [epoch:]version-release */
	char *nvr;  /* name-version-release of the main package */
	char *repo; /* directory below repos/<target>, once published */
	char *trigger;
	char *author, *subject; /* of the upstream (else packaging) commit */
	/* seconds since 1970; packaging_time: of the packaging commit, 0 unknown; date:
	 * version_date */
	int64_t commit_time, packaging_time, date, queued, started, finished;
	double seconds;
	bool published;
};
VEC_TYPE(store_builds, struct store_build);
void store_build_release(struct store_build *b);

/* Queue a build. The same (target, project, upstream sha, packaging sha, rebuild) again returns the
 * id that exists and *ret_new false. */
int store_build_add(struct store *st, const struct store_build *b, int64_t *ret_id, bool *ret_new,
	struct err *err);
int store_build_start(struct store *st, int64_t id, struct err *err);
/* Outcome, steps and artifacts in one transaction. */
int store_build_finish(struct store *st, int64_t id, const struct result *r, struct err *err);
/* Marks it published: directory below repos/<target>. */
int store_build_published(struct store *st, int64_t id, const char *repo, struct err *err);
/* Put a finished build back into the queue (recheck). */
int store_build_requeue(struct store *st, int64_t id, const char *trigger, struct err *err);
/* After a crash: running builds go back into the queue; *ret_n how many. */
int store_requeue_running(struct store *st, size_t *ret_n, struct err *err);
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
int store_requests_take(struct store *st, struct store_requests *ret, struct err *err);
void store_request_release(struct store_request *r);
