/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layer.h - looking into a layer that foreign code has written. */
#pragma once
#include "sandbox/internal.h"
#include <sys/stat.h>

/* Open a regular file beneath dirfd for reading; no links, hard links, setid, sparse giants. */
int sb_layer_open(int dirfd, const char *rel, struct stat *ret_st, struct err *err);

/* mkdir -p below dirfd without following anything that a build may have put there; `cross` lets it
 * go into what is mounted below. *ret_fd is an O_PATH descriptor. */
int sb_make_dirs(int dirfd, const char *rel, bool cross, int *ret_fd, struct err *err);
/* A name that a collected file may have: [A-Za-z0-9_+~^][...._-]*, no "..", not too long. */
bool sb_artifact_name(const char *s);
