/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reproduce.h - the parts of `packmill reproduce`: what was recorded, what came out now, how they
 * compare. */
#pragma once
#include "cmd/common.h"
#include "cmd/repos.h"
#include "format/rpm/rpm_diff.h"
#include "model/lock.h"

/* A build as the instance recorded it. Nothing in here is ever written to. */
struct record {
	int64_t id;
	char *dir;  /* data/builds/N */
	char *repo; /* data/repos/<target>, where published files lie, too */
	char *data;
	struct job *job; /* as it was, to be done again: no install test, the recorded date and
			    lock; no output yet */
	struct result *result;
	struct lock *lock;
	int64_t date; /* the version's; 0 when the build did not come so far */
};
void record_release(struct record *r);
/* ERR_NOT_FOUND says what is missing. */
int record_read(const char *number, struct record *ret, struct err *err);
/* Whether everything it was made from is still there; scratch: an empty directory. */
int record_sources(const struct record *rec, const char *scratch, struct err *err);
/* A recorded file with the recorded bytes: beside the logs, else published. NULL when it is gone;
 * the caller's. */
char *record_file(const struct record *rec, const struct package *p);
/* The source package, whether or not the build came to record it; the same. */
char *record_source(const struct record *rec);

/* Packages of two roots. NULL: not on that side. Borrowed from the locks. */
struct root_change {
	const struct lock_package *then, *now;
};
VEC_TYPE(root_changes, struct root_change);
struct root_diff {
	size_t identical, total; /* of the recorded packages */
	size_t more;             /* packages that only the other root has */
	struct root_changes changes;
	struct lock_packages sorted_then, sorted_now; /* what they borrow from */
};
void root_diff_release(struct root_diff *d);
void root_diff(const struct lock *then, const struct lock *now, struct root_diff *ret);
/* `root identical: 131/131` and what differs, some lines of it. */
void root_diff_print(const struct root_diff *d, FILE *to);
json_t *root_diff_to_json(const struct root_diff *d);

struct artifact_diff {
	const char *file; /* borrowed from the results */
	bool identical;
	struct rpm_differences differences; /* where "file": all of it is missing on one side */
	char *note;                         /* why there are none; NULL */
};
VEC_TYPE(artifact_diffs, struct artifact_diff);
void artifact_diffs_release(struct artifact_diffs *d);
/* The recorded artifacts against those of `now`, whose files have their paths. */
int artifacts_diff(const struct record *rec, const struct result *now, struct artifact_diffs *ret,
	struct err *err);
void artifacts_print(const struct artifact_diffs *d);
json_t *artifacts_to_json(const struct artifact_diffs *d);

struct shell_args {
	struct repos_args repos;
	const char *const *argv; /* NULL: a login shell */
};
/* A shell in the recorded root, with the source package and the command of the build. */
int reproduce_shell(
	const struct record *rec, const struct shell_args *a, const char *scratch, struct err *err);
