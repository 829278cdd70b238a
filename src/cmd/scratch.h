/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scratch.h - directories in which commands build: removed at the end, swept after a kill. */
#pragma once
#include "build/build.h"

/* A new scratch directory in dir (made when missing); those of dead processes there go. *ret is the
 * caller's, who removes it with fs_remove_tree. A build in it has its results in <scratch>/out. */
int scratch_make(const char *dir, char **ret, struct err *err);
/* Everything in `from` moves to `to`, on the same file system; files of the same name are replaced.
 */
int scratch_deliver(const char *from, const char *to, struct err *err);
/* Shows the steps of a build, and what long ones do, as progress. */
extern const struct build_hooks scratch_hooks;
