/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lock.h - the exact packages of a build root: what a solve gives, what a root is made of, and, as
 * root.lock beside a build's logs, what makes that root again.
 */
#pragma once
#include "base/json.h"
#include "base/vec.h"

#define LOCK_FILE "root.lock"

/* One package of a repository. */
struct lock_package {
	char *nevra;    /* name-[epoch:]version-release.arch, epoch 0 left out */
	char *checksum; /* of the file: sha256, sha384 or sha512 in lowercase hex, told by its
			   length; NULL: the machine's own package (host target) */
	char *repo;     /* id of the target's repository, LOCK_OWN, or "host" */
	char *location; /* below the repository's base, or the path of a file of LOCK_OWN */
	uint64_t size;  /* bytes of the file, 0 unknown */
	char *path; /* where a checked copy lies on this machine; NULL until fetched, not saved */
};
#define LOCK_OWN "own" /* published by this instance */
VEC_TYPE(lock_packages, struct lock_package);
void lock_package_release(struct lock_package *p);
void lock_packages_release(struct lock_packages *v);
void lock_packages_copy(struct lock_packages *dst, const struct lock_packages *src);
/* By NEVRA, then checksum: the order in which sets are compared, hashed and saved. */
void lock_packages_sort(struct lock_packages *v);

/* Why a location, as metadata or a lock has it, is none below its repository: "leaves the
 * repository", "is an absolute path" (static); NULL: it is one. */
const char *lock_location_fault(const char *location);

struct lock {
	char *target, *arch;
	struct lock_packages base;  /* the target's base set */
	struct lock_packages build; /* what BuildRequires added, sorted too; empty: nothing */
};
void lock_release(struct lock *l);
void lock_free(struct lock *l);
DEFINE_CLEANUP(struct lock *, lock_free)
json_t *lock_to_json(const struct lock *l);
/* Checks every field: it may be a stranger's file. ERR_CORRUPT says which package. */
int lock_from_json(const json_t *j, struct lock **ret, struct err *err);
int lock_read(const char *path, struct lock **ret, struct err *err);
int lock_write(const char *path, const struct lock *l, struct err *err);
