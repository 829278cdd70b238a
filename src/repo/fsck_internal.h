/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fsck_internal.h - what the files of fsck share. */
#pragma once
#include "base/map.h"
#include "repo/fsck.h"
#include "repo/internal.h"
#include "repo/listing.h"

/* A package that the store knows of. */
struct known {
	char *href;
	char sha256[SHA256_HEX];
};

struct fsck {
	const char *data;
	struct store *st;
	const struct repo_fsck_opts *o;
	repo_fsck_fn fn;
	void *ctx;

	/* of the target at hand */
	const char *target;
	struct repo *r;
	VEC(struct known) known;
	struct hmap by_href, by_sha; /* of known */
	struct hmap pool;            /* href: 0 there, 1 not (told already) */
	struct hmap inodes;          /* metadata files: 0 whole, 1 not */
	struct hmap listed;          /* hrefs of all repositories */
	struct strv broken;          /* directories whose metadata is not whole */
	bool unread;                 /* of one it is not known what it lists */
	bool current_is_broken;
};

/* What was not repaired although it was tried is lost. */
void fsck_tell(struct fsck *f, enum repo_fsck_state state, const char *fmt, ...) PRINTF_LIKE(3, 4);
struct known *fsck_known(struct fsck *f, const char *href, const char *sha256);

/* fsck_repo.c: the metadata, link and .repo file of one directory; what is wrong with the metadata
 * is kept in broken. */
int fsck_repository(struct fsck *f, const char *rel, struct err *err);
/* Why its metadata is not whole, the caller's; NULL: it is. */
char *fsck_metadata(struct fsck *f, const char *rel);
/* fsck_mend.c: those of broken. */
int fsck_mend(struct fsck *f, struct err *err);
/* `current` against the store. */
int fsck_current(struct fsck *f, struct err *err);
/* fsck_tree.c */
int fsck_pool(struct fsck *f, struct err *err);
int fsck_commits(struct fsck *f, const struct strv *commits, struct err *err);
int fsck_rests(struct fsck *f, struct err *err);
int fsck_orphans(struct fsck *f, struct err *err);
int fsck_builds(struct fsck *f, struct err *err);
