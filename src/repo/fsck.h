/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fsck.h - database, pool, metadata and repositories against each other, and what can be derived of
 * one from the others made again:
 *
 *	standings                       from the builds
 *	a package of the pool           from the directory of its build, same checksum
 *	metadata of a repository        from what is left of it and the packages themselves
 *	current                         from what the store says was published last
 *	.repo files, links to the pool, commit.yaml
 *
 * Rests of what was killed, directories of builds that are not in the database, and packages that
 * no repository lists are removed. What cannot be made again is left as it is.
 */
#pragma once
#include "store/store.h"

struct repo_fsck_opts {
	bool full;            /* checksums of all packages, not only their sizes */
	bool repair;          /* else nothing is changed */
	const char *reponame; /* id in .repo files */
	const char *baseurl;  /* where repos/ is reachable */
};

enum repo_fsck_state {
	FSCK_FOUND, /* can be derived, as far as a look tells */
	FSCK_REPAIRED,
	FSCK_LOST, /* cannot be: only a copy or another build brings it back */
};

/* One thing that is not as it should be; target NULL: of none. */
typedef void (*repo_fsck_fn)(
	void *ctx, const char *target, const char *what, enum repo_fsck_state state);

/* The caller holds the instance lock, for repair at least. ERR only when it could not be found out.
 */
int repo_fsck(const char *data, struct store *st, const struct repo_fsck_opts *o, repo_fsck_fn fn,
	void *ctx, struct err *err);
