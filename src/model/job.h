/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * job.h - everything one build has to know, so that it can run as its own process (later on
 * another machine): `packmill build --job FILE`. Paths are absolute.
 */
#pragma once
#include "base/limits.h"
#include "model/result.h"
#include "model/target.h"

enum layout { LAYOUT_SRPM, LAYOUT_STANDARD, LAYOUT_TWO_GIT };
const char *layout_name(enum layout l); /* "srpm", "standard", "two-git" */
bool layout_parse(const char *s, enum layout *ret);

/* A git repository as it lies on this machine. */
struct job_git {
	char *url;    /* as configured, for the record; NULL: not used */
	char *ref;    /* as configured: branch, tag, hash */
	char *mirror; /* bare repository */
	char *sha;    /* full hash to build */
};

struct job {
	int64_t build; /* number; 0 for a standalone build */
	char *project; /* NULL for a standalone build */
	char *trigger; /* "commit", "manual", "recheck" */
	enum layout layout;
	char *srpm;                         /* LAYOUT_SRPM: the file */
	char *dir;                          /* LAYOUT_STANDARD from a directory */
	struct job_git upstream, packaging; /* standard from git: packaging only */
	char *path;                         /* directory inside the packaging repository, or NULL */
	char *spec;                         /* spec file when there are several, or NULL */

	char *policy;      /* "dlrn", "keep", "describe"; NULL: the layout's default */
	char *numbering;   /* "0.date.hash", "0.1.date.hash", "minor.date.hash" */
	int64_t minor;     /* for minor.date.hash */
	int64_t queued;    /* seconds since 1970 */
	int64_t date;      /* version_date of an earlier try, 0: found by the build */
	int64_t last_date; /* date of the project's last published package, 0 none */
	char *last_evr;    /* [epoch:]version-release of it, NULL none; lower is refused */
	bool allow_lower;
	int64_t rebuild; /* n > 0: the same commit built again */

	struct target *target;
	struct limits limits;
	bool lint_fatal;
	bool source_only; /* stop after the source package */
	bool declare;     /* no package at all: what the spec BuildRequires and provides */
	bool no_install_test;
	bool offline, refresh; /* of repositories: the cache only; ask even when it is fresh */
	char *roots;           /* data/roots: where roots are cached */
	char *cache;           /* data/cache */
	struct strv paths;     /* files that others BuildRequire: told among result.provides */
	struct strv published; /* host: files already published that may satisfy dependencies */
	char *own;             /* else: the repository they are published in; NULL none */
	char *lock;            /* lock file of the root to build in; NULL: solved */
	char *output;          /* directory of logs, result.json and artifacts */
};

void job_release(struct job *j);
void job_free(struct job *j);
DEFINE_CLEANUP(struct job *, job_free)
json_t *job_to_json(const struct job *j);
int job_from_json(const json_t *j, struct job **ret, struct err *err);
