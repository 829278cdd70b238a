/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.h - what the files of source/ share; inside source/ only. */
#pragma once
#include "source/source.h"

char *source_spec_path(const struct source *s);
/* The staged spec's text; ERR_SOURCE when it is too large or binary. */
int source_read_spec(const struct source *s, char **ret, struct err *err);
/* Whether something at the top of the upstream tree could tell a version. */
bool source_may_declare(const struct strv *names);
/* Whether git_archive can make a file of this name. */
bool source_is_tarball(const char *name);
/* Shell commands over the staged spec, inside: "$@" are rpmspec's arguments. ERR_SOURCE has rpm's
 * own words. *ret_text is what they print. */
int source_rpmspec(struct runner *r, const struct source *s, const struct strv *defines,
	const char *commands, char **ret_text, struct err *err);
/* A small file at the top of the upstream tree, read without executing anything; NULL when there is
 * none that is fit. The caller's. */
char *source_read_inert(const struct source *s, const char *name);
/* Whether the upstream's build may ask git for its version. */
bool source_wants_history(const struct source *s);
/* Make git_dir a repository like the mirror with HEAD at sha. */
int source_history(const char *mirror, const char *sha, const char *git_dir, struct err *err);
