/* SPDX-License-Identifier: GPL-3.0-or-later */
/* installed.h - what a build made, and what that needs, installed over its target's base root:
 * where it is tried out. */
#pragma once
#include "model/job.h"
#include "root/root.h"

struct installed {
	struct root *root;
	struct sandbox *sandbox;
};
void installed_release(struct installed *i);
/*
 * files: package files. Of the job: target, limits, roots, cache, what is published, offline and
 * refresh. dir: an empty scratch directory, needed as long as the sandbox is. *ret_why, the
 * caller's: they cannot be installed, which is no error; then there is no sandbox.
 */
int installed_open(const struct job *job, const struct strv *files, const char *dir, int log_fd,
	struct installed *ret, char **ret_why, struct err *err);
