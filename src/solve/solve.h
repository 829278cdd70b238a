/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * solve.h - which packages, exactly: libsolv behind plain structs. The only folder that includes
 * its headers.
 *
 * A pool holds repositories; a request is solved to a set. Parsed metadata is cached as .solv files
 * beside an own index of file lists, by checksum. Semantics as dnf's: a lower priority number hides
 * the same names of higher ones, recommends are off unless asked for, a path is looked up in
 * primary first and needs filelists only when it is not there; of modules only the default or
 * enabled streams are seen.
 */
#pragma once
#include "model/lock.h"

struct solve;
struct solve_conf {
	/* rpm's word; packages of compatible ones (noarch, i686) are seen as rpm does */
	const char *arch;
	const char *cache;          /* directory of .solv files; NULL: none */
	bool weak;                  /* install recommended packages */
	const struct strv *modules; /* "module:stream" to enable; NULL: defaults only */
};
int solve_new(const struct solve_conf *conf, struct solve **ret, struct err *err);
void solve_free(struct solve *s);
DEFINE_CLEANUP(struct solve *, solve_free)

struct solve_repo {
	const char *id;
	int priority; /* lower wins */
	const char *primary,
		*filelists;   /* files, compressed or not; filelists may be NULL at first */
	const char *checksum; /* names the cache file: of primary and filelists together */
	const struct strv *exclude, *includepkgs; /* names, globs, NEVRAs; may be NULL */
	const char *modules;                      /* modules.yaml, compressed or not; NULL: none */
	bool hotfix; /* its packages stay visible whatever streams there are */
};
/* Add a repository, or replace the one of the same id (when its filelists were fetched). Hostile
 * metadata (entities, absurd counts, `location` that leaves the repository) is ERR_SOURCE naming
 * the repository. */
int solve_add_repo(struct solve *s, const struct solve_repo *r, struct err *err);
/* Package files on this machine as a repository: location is the path, checksum the file's. They
 * win over all other repositories of higher number, as solve_repo.priority says. */
int solve_add_files(
	struct solve *s, const char *id, int priority, const struct strv *paths, struct err *err);

struct solve_request {
	/* names, NEVRAs, paths, provides, "gcc >= 13", rich dependencies "(a if b)"; the best
	 * version wins */
	struct strv install;
	struct strv conflicts; /* BuildConflicts: nothing of the result may match */
	struct strv files;     /* paths given to solve_add_files that must be installed */
	/* a set that is there already and stays as it is: the result is only what is added;
	 * NULL: from nothing */
	const struct lock_packages *installed;
	const char *who; /* who wants `install`, for problems: "hello-1.0-1.src"; may be NULL */
};
void solve_request_release(struct solve_request *q);

struct solve_problem {
	/* one line: what, who wants it, nearest candidate; from outside: escape when shown */
	char *text;
};
VEC_TYPE(solve_problems, struct solve_problem);
void solve_problem_release(struct solve_problem *p);

struct solve_result {
	struct lock_packages packages;  /* sorted; checksum, repo, location, size filled */
	struct solve_problems problems; /* none: solved */
	/* ids of repositories whose filelists must be added first, then solve again; the rest is
	 * the answer without them */
	struct strv needs_files;
};
void solve_result_release(struct solve_result *r);

/* Solve. Problems are no error. A testcase directory (libsolv's, replayable with `testsolv`) is
 * written when testcase is not NULL and there are problems. */
int solve_run(struct solve *s, const struct solve_request *q, const char *testcase,
	struct solve_result *ret, struct err *err);

/* Packages a name, glob, NEVRA, path or provide stands for, best first. */
int solve_find(struct solve *s, const char *what, struct lock_packages *ret, struct err *err);
/* How many packages the pool has. */
size_t solve_count(const struct solve *s);
