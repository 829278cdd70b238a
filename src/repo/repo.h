/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repo.h - published repositories of one target: pool, metadata, commit repositories, current,
 * consistent. Readers always see an old or a new repository, never a mix: packages first, then
 * content-named metadata, repomd.xml last by rename; old metadata stays an hour.
 */
#pragma once
#include "model/package.h"
#include "store/store.h"

struct repo; /* data/repos/<target> and its cached metadata fragments */
/* data/repos/<target>, and in it the repository that has every project's last good packages; the
 * caller's. For readers: nothing is made. */
char *repo_dir(const char *data, const char *target);
char *repo_current_dir(const char *data, const char *target);
int repo_open(const char *data, const char *target, struct repo **ret, struct err *err);
void repo_close(struct repo *r);
DEFINE_CLEANUP(struct repo *, repo_close)

/* A finished build to publish. Strings are borrowed. */
struct repo_commit {
	const struct store_build *build;
	const struct package_vec *packages; /* with .path set; all kinds */
	const char *logs;     /* directory whose *.log, result.json, lint report are linked in */
	const char *reponame; /* id in .repo files ("trunk") */
	const char *baseurl;  /* where repos/ is reachable, no trailing slash */
	bool upstream_shared; /* another project shares both repositories: extended name */
};

/*
 * Publish: packages into the pool (hard link or copy, fsync), then the commit repository with every
 * project's last good packages (from the store, this build's in place of its project's), source/,
 * debug/, <reponame>.repo, versions.csv, commit.yaml, then `current` to the same content, all of it
 * crash-safe and repeatable. Same NEVRA with other bytes is ERR_CONFLICT and changes nothing.
 * *ret_dir: the commit repository's path below repos/<target> ("aa/bb/sha_sha8"), the caller's.
 */
int repo_publish(struct repo *r, struct store *st, const struct repo_commit *c, char **ret_dir,
	struct err *err);
/* A failed build: its directory gets commit.yaml and the logs, no repodata. */
int repo_record_failure(struct repo *r, struct store *st, const struct repo_commit *c,
	char **ret_dir, struct err *err);
/* Make `consistent` equal to `current`; the caller has found every last build good. */
int repo_move_consistent(struct repo *r, struct err *err);
/* versions.csv of the directory `current` anew (statuses change with failures too). */
int repo_update_versions(struct repo *r, struct store *st, struct err *err);
/* Path of a published package's file in the pool of a repo_dir (pool/h/hello/file below it). */
char *repo_pool_path(const char *dir, const struct package *p);
/* Directory name of a commit by DESIGN decision 8. */
char *repo_commit_dir(const struct store_build *b, bool upstream_shared);
/* repos/host-base: a repository of one package for clients of the host target. */
int repo_publish_host_base(const char *data, const char *rpm, const char *baseurl, struct err *err);
/* The .repo snippet of a repository directory. */
char *repo_snippet(const char *id, const char *baseurl, const char *target, const char *dir);
