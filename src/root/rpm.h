/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpm.h - roots installed from rpm packages: layers made by rpm inside the sandbox's user
 * namespace. Private to root/.
 */
#pragma once
#include "root/root.h"

/* Have all packages on this machine: fill their `path`. */
typedef int (*root_fetch)(void *ctx, struct lock_packages *packages, struct err *err);

struct rpm_root_conf {
	const struct target *target;
	const char *roots_dir;
	root_fetch fetch; /* called only when a layer must be made */
	void *fetch_ctx;
	void (*progress)(void *ctx, const char *what); /* may be NULL */
	void *ctx;
};
/* The key of the root with these packages; build empty: the base root's. The recipe, the target's
 * architecture, the sandbox's mode (ids in layers) and the keys that the target's repositories ask
 * signatures by count too; t may be NULL: by none. */
int rpm_root_key(const struct target *t, const struct lock_packages *base,
	const struct lock_packages *build, char ret[SHA256_HEX], struct err *err);
/*
 * The root of exactly this lock, its layers made when they are not there: the base set first, then
 * `build` on top. A layer is made in .tmp-<key> under a lock of its own, so that different ones are
 * made at once and the same one once; then renamed to its place. Who died making it leaves what the
 * next one sweeps.
 */
int rpm_root_get(
	const struct rpm_root_conf *conf, const struct lock *l, struct root **ret, struct err *err);

/* rpm_make.c: fill dir/layer. base: rpm of this machine over a bare root, into an empty tree; where
 * the tree's own rpm does not find the packages then (other database format or place), it writes
 * the database anew itself. */
struct rpm_make {
	const char *dir;                      /* temporary directory of ours */
	const struct root *base;              /* NULL: the base layer itself */
	const struct lock_packages *packages; /* with path */
	const struct target *target;
	void (*progress)(void *ctx, const char *what);
	void *ctx;
	struct strv *ret_warnings; /* scriptlets that failed where rpm goes on; escaped */
};
int rpm_make_layer(const struct rpm_make *m, struct err *err);
