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
