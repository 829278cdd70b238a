/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scratch.h - a directory of the test's own below $TMPDIR, kept when KEEP_TMP is set. */
#pragma once
#include "base/base.h"
#include "base/fs.h"

static inline int scratch_make(const char *name, char **ret)
{
	const char *tmp = getenv("TMPDIR");
	auto_free char *prefix = xasprintf("%s/packmill-%s.", tmp && *tmp ? tmp : "/tmp", name);

	return fs_tmpdir(prefix, ret, NULL);
}

/* *dir is NULL afterwards. */
static inline int scratch_remove(char **dir)
{
	int r = getenv("KEEP_TMP") || !*dir ? 0 : fs_remove_tree(*dir, NULL);

	free(*dir);
	*dir = NULL;
	return r;
}
