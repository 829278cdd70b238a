/* SPDX-License-Identifier: GPL-3.0-or-later */
/* repos.h - commands over targets whose packages come from repositories. */
#pragma once
#include "cmd/common.h"
#include "root/root.h"

struct repos_args {
	bool offline, refresh;
};
/* Entries of an option table. */
#define REPOS_OPTS(a)                                                                              \
	{0, "offline", OPT_FLAG, NULL, "of repositories only what the cache has", &(a).offline},   \
	{                                                                                          \
		0, "refresh", OPT_FLAG, NULL, "ask repositories for changes now", &(a).refresh     \
	}

/* Roots of a target, in the caches and with the published packages of the configured instance when
 * there is one. The target must outlive the source. ERR_USAGE for a host target. */
int cmd_root_source(const struct target *t, const struct repos_args *a, struct root_source **ret,
	struct err *err);
/* Where the configured instance, whose roots lie there, publishes for this target; NULL when there
 * is none. The caller's. */
char *cmd_own_repository(const char *roots, const struct target *t);
/* A target's root: base, or with these packages too. */
int cmd_get_root(const struct target *t, const struct repos_args *a, const struct strv *with,
	struct root **ret, struct err *err);
/* The root of exactly this lock; of a host target, or without a lock (NULL), the base root. */
int cmd_get_locked_root(const struct target *t, const struct repos_args *a, const struct lock *l,
	struct root **ret, struct err *err);
