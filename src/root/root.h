/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * root.h - build roots: which read-only layers a build runs over, cached by what is in them.
 *
 * A root is a list of {layers, mount point} and a manifest. The kind is chosen by the target:
 * `host` (host.c), or installed from repositories (source.c): one layer for the target's base set,
 * one more for what BuildRequires add. A root's key is the hash of the packages in it, by NEVRA and
 * checksum, and of the recipe that installs them; a layer is made once and never changed.
 */
#pragma once
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "model/lock.h"
#include "model/target.h"
#include "sandbox/sandbox.h"

struct root_mount {
	char *at;           /* "/", "/usr" */
	struct strv layers; /* absolute paths, topmost first */
};

struct root {
	char key[SHA256_HEX]; /* what is in it */
	char *dir;            /* data/roots/<key> */
	VEC(struct root_mount) mounts;
	struct strv manifest; /* packages of the root, sorted: "name-version-release.arch" lines as
				 rpm -qa (host: the native packages of the machine) */
	struct lock *lock;    /* the same exactly; host: NEVRAs of the machine's packages */
	char *target;         /* made for; others may share it */
	struct strv warnings; /* what went wrong while it was made, though rpm went on */
	int64_t made;         /* seconds since 1970 */
	uint64_t size;        /* bytes of its own layers */
	char *base;           /* key of the root whose layers its own lie on; NULL none */
	int lock_fd;          /* a share of its lock: it is not removed while we have it */
	int base_fd;          /* the same of its base; -1 none */
	struct sandbox_mount *for_sandbox; /* root_mounts */
};

/* The root of the host target, made when it is not in the cache yet (roots_dir = data/roots). Safe
 * when two processes want it at once; a half-made one is swept. `progress` may be NULL. Other
 * targets' come from a root_source. */
int root_host(const char *roots_dir, void (*progress)(const char *what), struct root **ret,
	struct err *err);
void root_free(struct root *r);
DEFINE_CLEANUP(struct root *, root_free)
/* Fill conf->mounts from the root; the array is owned by the root and good as long as it. */
void root_mounts(struct root *r, struct sandbox_conf *conf);
/* A copy of its rpm database in the new directory `to`: what rpm_resolve takes. ERR_CORRUPT: there
 * is none. */
int root_copy_database(const struct root *root, const char *to, struct err *err);

/*
 * Where roots of one target come from: its repositories, its solver, its cache. Metadata is read
 * and the solver loaded only when something must be solved; what was asked before under unchanged
 * metadata is remembered and opened at once. Not for host targets.
 */
struct root_source;
struct root_source_conf {
	const struct target *target;
	const char *roots_dir, *cache_dir; /* data/roots, data/cache */
	/* published repository of this instance (a directory with repodata/), whose packages are
	 * preferred to all others; NULL none */
	const char *own;
	bool offline, refresh;                         /* as remote_conf */
	void (*progress)(void *ctx, const char *what); /* may be NULL */
	void (*warn)(void *ctx, const char *line);     /* may be NULL */
	void *ctx;
};
int root_source_open(
	const struct root_source_conf *conf, struct root_source **ret, struct err *err);
void root_source_free(struct root_source *s);
DEFINE_CLEANUP(struct root_source *, root_source_free)
/* The base root. A base set that cannot be solved is ERR_CONFIG with all problems in the message.
 */
int root_source_base(struct root_source *s, struct root **ret, struct err *err);
struct root_request {
	const struct strv *install;   /* BuildRequires and the like, as rpm prints them */
	const struct strv *conflicts; /* BuildConflicts; may be NULL */
	const char *who;              /* for problems; may be NULL */
	const char *testcase; /* directory for libsolv's test case when it fails; may be NULL */
};
/* The base root plus what these need, solved together with the base set. Problems are no error:
 * then *ret is NULL and ret_problems says why, a line each. */
int root_source_with(struct root_source *s, const struct root_request *q, struct root **ret,
	struct strv *ret_problems, struct err *err);
/* The same without making anything: only what would be in the root. */
int root_source_lock(struct root_source *s, const struct root_request *q, struct lock **ret,
	struct strv *ret_problems, struct err *err);
/* What installing these package files over the base set needs (themselves included, as LOCK_OWN
 * with path): fetched, in no order. Problems as above. */
int root_source_needs(struct root_source *s, const struct strv *files, const char *testcase,
	struct lock_packages *ret, struct strv *ret_problems, struct err *err);
/* The root of exactly this lock; its packages come from the cache or their repositories. */
int root_source_locked(
	struct root_source *s, const struct lock *l, struct root **ret, struct err *err);

struct root_info {
	char *key, *target, *dir;
	char *base;         /* key of the root whose layer it stands on; NULL none */
	size_t packages;    /* in it, those of its base too */
	uint64_t size;      /* bytes of its own layers */
	int64_t made, used; /* seconds since 1970; a base is used when one that stands on it is */
	struct strv users;  /* pids of processes that have it open */
	size_t dependents;  /* roots that stand on it */
	bool in_use;        /* by a process, or by a root on it that is */
};
VEC_TYPE(root_infos, struct root_info);
void root_info_release(struct root_info *i);
/* An existing root by its key or the unambiguous beginning of it. */
int root_find(const char *roots_dir, const char *key, struct root **ret, struct err *err);
int root_list(const char *roots_dir, struct root_infos *ret, struct err *err);
/* Remove roots that are not in use; key NULL: all; else those that begin with it (ERR_LOCKED when
 * one is in use or has others on it that stay, ERR_NOT_FOUND). *ret_n is how many. */
int root_clean(
	const char *roots_dir, const char *key, bool dry_run, size_t *ret_n, struct err *err);
/* Remove roots nobody uses: those not used since then, then the longest unused until all together
 * are no larger than max_size (0: no limit). A base stays as long as a root on it does. */
int root_gc(const char *roots_dir, int64_t unused_since, uint64_t max_size, bool dry_run,
	size_t *ret_n, uint64_t *ret_bytes, struct err *err);

/* Remove downloads, metadata and the solver's files that nobody used since then. */
int root_cache_gc(const char *cache_dir, int64_t unused_since, bool dry_run, uint64_t *ret_bytes,
	struct err *err);

/* The repository that says what the host offers (one package, host-base), for dnf: makes or
 * refreshes the rpm below out_dir and returns its path. Cached by the native package database. */
int root_host_base(const char *roots_dir, const char *cache_dir, char **ret_rpm, struct err *err);

/* What the host target needs and lacks on this machine, for doctor. */
int root_host_probe(struct sandbox_checks *ret, struct err *err);
