/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - what the parts of sched/ share. */
#pragma once
#include "base/map.h"
#include "git/git.h"
#include "sched/sched.h"
#include "store/store.h"

/* A remote repository, asked once however many projects use it. */
struct remote {
	char *url;
	char *mirror;     /* bare mirror below data/git */
	bool wanted;      /* a project that is chosen now uses it */
	struct strv refs; /* "<sha> <refname>" as the remote said */
	struct err error; /* why it could not be asked or fetched */
};

struct sched {
	const struct config *cfg;
	const struct sched_opts *opts;
	struct sched_summary sum;
	struct store *store;
	struct git *git;
	VEC(struct remote) remotes;
	struct hmap touched; /* projects that had something to do in this pass */
	VEC(int) lingering;  /* pidfds of build processes that still lint */
};

/* Where repos/ is reachable: as configured, else by file; the caller's. */
char *sched_baseurl(const struct config *cfg);

/* poll.c: ask all remotes of the chosen projects, fetch those that moved. */
bool sched_wants(const struct sched *s, const struct config_project *p);
int poll_remotes(struct sched *s, struct err *err);
/* The remote of a URL; NULL when url is NULL. */
struct remote *poll_remote(struct sched *s, const char *url);
/* Full hash of what the project follows or pins, from what the remote said. */
int poll_resolve(struct sched *s, struct remote *r, const struct config_git *g,
	char ret_sha[GIT_SHA], struct err *err);

/* commits.c: queue the new commits of one project; *ret_n how many over all targets. */
int commits_queue(struct sched *s, const struct config_project *p, size_t *ret_n, struct err *err);

/* work.c: carry out one queued build. */
int work_build(struct sched *s, const struct store_build *b, struct err *err);

/* child.c: carry out the job of `project` in a process of its own, dir its directory. ERR_SYS: it
 * left no result, which says nothing about the package. */
int child_build(struct sched *s, const char *project, const char *dir, const char *job,
	struct result **ret, struct err *err);
/* Wait for build processes that outlived their result; a signal to us ends them. */
int child_reap(struct sched *s, struct err *err);
