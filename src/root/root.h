/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * root.h - build roots: which read-only layers a build runs over, cached by what is in them.
 *
 * A root is a list of {layers, mount point} and a manifest. The kind is chosen by the target:
 * `host` (root_host.c) now; roots installed from repositories join here.
 */
#pragma once
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
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
	char *target;         /* made for; others may share it */
	int64_t made;         /* seconds since 1970 */
	uint64_t size;        /* bytes of its own layers */
	int lock_fd;          /* a share of its lock: it is not removed while we have it */
	struct sandbox_mount *for_sandbox; /* root_mounts */
};

/* The root of a target, made when it is not in the cache yet (roots_dir = data/roots). Safe when
 * two processes want it at once; a half-made one is swept. `progress` may be NULL. */
int root_get(const struct target *t, const char *roots_dir, const char *cache_dir,
	void (*progress)(const char *what), struct root **ret, struct err *err);
void root_free(struct root *r);
DEFINE_CLEANUP(struct root *, root_free)
/* Fill conf->mounts from the root; the array is owned by the root and good as long as it. */
void root_mounts(struct root *r, struct sandbox_conf *conf);

struct root_info {
	char *key, *target, *dir;
	uint64_t size;      /* bytes of its own layers */
	int64_t made, used; /* seconds since 1970 */
	bool in_use;
};
VEC_TYPE(root_infos, struct root_info);
void root_info_release(struct root_info *i);
/* An existing root by its key or the unambiguous beginning of it. */
int root_find(const char *roots_dir, const char *key, struct root **ret, struct err *err);
int root_list(const char *roots_dir, struct root_infos *ret, struct err *err);
/* Remove roots that are not in use; key NULL: all; else those that begin with it (ERR_LOCKED when
 * one is in use, ERR_NOT_FOUND). *ret_n is how many. */
int root_clean(
	const char *roots_dir, const char *key, bool dry_run, size_t *ret_n, struct err *err);

/* The repository that says what the host offers (one package, host-base), for dnf: makes or
 * refreshes the rpm below out_dir and returns its path. Cached by the native package database. */
int root_host_base(const char *roots_dir, const char *cache_dir, char **ret_rpm, struct err *err);

/* What the host target needs and lacks on this machine, for doctor. */
int root_host_probe(struct sandbox_checks *ret, struct err *err);
