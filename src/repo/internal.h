/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - what the files of repo/ share. */
#pragma once
#include "base/fs.h"
#include "repo/metadata.h"
#include "repo/repo.h"
#include "store/db.h"

/* A repository directory holds three: main at its top, and two below. */
enum part { PART_MAIN, PART_SOURCE, PART_DEBUG, PARTS };
extern const char *const part_dirs[PARTS]; /* "", "source", "debug" */
enum part part_of(enum package_kind k);

/* A file or directory below tmp that will be renamed to path. */
struct swap {
	char *tmp, *path;
};

/* A publish under way. */
struct stage {
	int fs_fd;       /* on the file system; 0: none under way */
	unsigned serial; /* of names below tmp */
	VEC(struct swap) swaps;
};

struct repo {
	char *data, *target;
	char *dir; /* data/repos/<target> */
	char *tmp; /* dir/.new: everything half-done lies here, swept at the next publish */
	struct db *cache;
	struct stage stage;
};

/* One package of a repository. */
struct entry {
	char *href; /* pool/h/hello/hello-1.0-1.noarch.rpm */
	char *path; /* the file */
	char sha256[SHA256_HEX];
	enum part part;
};
VEC_TYPE(entries, struct entry);
void entry_release(struct entry *e);

/* ---- pool.c ---- */

/* Location of a package in a repository; the caller's. */
char *pool_href(const struct package *p);
/* Refuse names that are no file names, and what is published with other bytes. commit: directory of
 * the commit repository that is to be made. */
int pool_check(struct repo *r, struct store *st, const struct package *p, const char *commit,
	struct err *err);
/* Link or copy the package into the pool. What is there already stays, unless it has other bytes:
 * then it is of a publish that never came to its end (pool_check). */
int pool_put(struct repo *r, const struct package *p, struct err *err);

/* ---- cache.c ---- */

int cache_open(struct repo *r, struct err *err);
/* Read the package at path and keep its fragments; checks sha256 and nevra (NULL: any). */
int cache_add(struct repo *r, const struct entry *e, const char *nevra, struct err *err);
/* The metadata of the three repositories; e is sorted by href. */
int cache_metadata(struct repo *r, const struct entries *e, int64_t now, struct metadata m[PARTS],
	struct err *err);

/* ---- stage.c ---- */

/* Start: sweeps what an earlier, killed publish left below tmp. */
int stage_begin(struct repo *r, struct err *err);
/* A new name below tmp; the caller's. */
char *stage_name(struct repo *r);
/* A new file where no reader sees it. */
int stage_write(const char *path, const void *data, size_t n, struct err *err);
/* Rename tmp to path at stage_commit, in the order of these calls. */
void stage_install(struct repo *r, const char *tmp, const char *path);
/* Replace dir/name by these bytes at stage_commit; equal bytes are left alone. */
int stage_replace(struct repo *r, const char *dir, const char *name, const void *data, size_t n,
	struct err *err);
/* The same by a link to (or copy of) the file src. */
int stage_link(struct repo *r, const char *dir, const char *name, const char *src, struct err *err);
/* All written to disk, then all renamed, then that written to disk. */
int stage_commit(struct repo *r, struct err *err);
void stage_clear(struct repo *r);

/* ---- tree.c ---- */

/* The three repositories in a new directory below tmp; depth: of its place below repos/<target>. */
int tree_fill(const char *dir, unsigned depth, const struct metadata m[PARTS], struct err *err);

struct update_part {
	char *repodata, *donor; /* repodata directories */
	char *repomd;
	const struct metadata *m; /* or NULL */
};

/* Bringing a directory that is read all the time to new metadata. */
struct update {
	const char *dir;
	const char *donor;        /* a directory whose files are linked where it has them */
	const struct metadata *m; /* one per part; NULL: all as the donor has it */
	size_t parts;             /* PARTS, or 1: its pool is a real directory inside */
	struct update_part part[PARTS];
};
#define auto_update CLEANUP(tree_update_release)

/* New files go in, repomd.xml is staged. */
int tree_update(struct repo *r, struct update *u, struct err *err);
/* Whether the repository dir, one of its parts, lists a package at href. */
bool tree_lists(const char *dir, enum part part, const char *href);
/* After stage_commit: what is old enough is removed. */
int tree_drop_old(struct repo *r, const struct update *u, struct err *err);
void tree_update_release(struct update *u);
/* Called for dir/name at each publish that no longer needs it: removes it after an hour. */
int tree_retire(struct repo *r, const char *dir, const char *name, struct err *err);

/* ---- records.c ---- */

char *records_versions(const struct store_builds *published, const struct store_builds *last,
	const struct store_build *now);
char *records_commit(const struct repo *r, const struct repo_commit *c);
/* The .repo section of host-base; the caller's. */
char *records_host_base(const char *baseurl);
/* id and baseurl (that of repos/) out of the text of repo_snippet; false: it is not ours. */
bool records_parse_snippet(const char *text, const char *target, char **ret_id, char **ret_baseurl);
/* Extended hash of a build, 64 digits; "" when its directory has none. */
void records_extended(const struct store_build *b, bool shared, char ret[SHA256_HEX]);

/* ---- commit.c ---- */

/* Logs and commit.yaml of a build into a directory; replace: it may be read already. */
int commit_records(struct repo *r, const struct repo_commit *c, const char *dir, bool replace,
	struct err *err);
/* A new commit directory with its records below tmp, to be installed at path. */
int commit_new(struct repo *r, const struct repo_commit *c, const char *path, char **ret_tmp,
	struct err *err);
