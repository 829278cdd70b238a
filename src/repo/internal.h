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

struct repo {
	char *data, *target;
	char *dir; /* data/repos/<target> */
	char *tmp; /* dir/.new: everything half-done lies here, swept at the next publish */
	struct db *cache;
	unsigned serial; /* of names below tmp */
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
/* Refuse names that are no file names, and what the pool or the store has with other bytes. */
int pool_check(struct repo *r, struct store *st, const struct package *p, struct err *err);
/* Link or copy the package into the pool, durably. What is there already stays. */
int pool_put(struct repo *r, const struct package *p, struct err *err);

/* ---- cache.c ---- */

int cache_open(struct repo *r, struct err *err);
/* Read the package at path and keep its fragments; checks sha256 and nevra (NULL: any). */
int cache_add(struct repo *r, const struct entry *e, const char *nevra, struct err *err);
/* The metadata of the three repositories; e is sorted by href. */
int cache_metadata(struct repo *r, const struct entries *e, int64_t now, struct metadata m[PARTS],
	struct err *err);

/* ---- tree.c ---- */

/* A new directory below tmp, emptied first use of r. The path is the caller's. */
int tree_tmp(struct repo *r, char **ret, struct err *err);
/* Remove what an earlier, killed publish left below tmp. */
int tree_sweep(struct repo *r, struct err *err);
/* Write and sync a file that nobody reads yet. */
int tree_write(const char *dir, const char *name, const void *data, size_t n, struct err *err);
/* Replace dir/name: written below tmp, synced, renamed. Unchanged bytes are left alone. */
int tree_replace(struct repo *r, const char *dir, const char *name, const void *data, size_t n,
	struct err *err);
/* Make dir/name a link to (or copy of) the file src, replacing what is there. */
int tree_link(struct repo *r, const char *dir, const char *name, const char *src, struct err *err);
/* The three repositories in a directory nobody reads yet; depth: of dir below repos/<target>. */
int tree_fill(const char *dir, unsigned depth, const struct metadata m[PARTS], struct err *err);
/* Bring the readable directory dir to this metadata; files are linked from donor where it has
 * them. repomd.xml last. */
int tree_update(struct repo *r, const char *dir, const char *donor, const struct metadata m[PARTS],
	struct err *err);
/* The same from another readable directory (`consistent` from `current`). */
int tree_follow(struct repo *r, const char *dir, const char *from, struct err *err);
/* One repository without parts: its pool is a real directory inside. */
int tree_update_main(struct repo *r, const char *dir, const struct metadata *m, struct err *err);
/* Called for dir/name at each publish that no longer needs it: removes it after an hour. */
int tree_retire(struct repo *r, const char *dir, const char *name, struct err *err);
/* Put the finished directory tmp at path; what was there is removed. */
int tree_install(const char *tmp, const char *path, struct err *err);

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
