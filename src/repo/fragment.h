/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fragment.h - the libcreaterepo_c adapter: what one package contributes to primary, filelists and
 * other, and the text of repomd.xml. The only place that shows libcreaterepo_c and GLib.
 */
#pragma once
#include "base/hash.h"
#include "base/str.h"

enum { META_PRIMARY, META_FILELISTS, META_OTHER, META_FILES };

struct fragment {
	char sha256[SHA256_HEX]; /* of the package file */
	char *nevra;             /* name-[epoch:]version-release.arch */
	char *xml[META_FILES];
};
void fragment_release(struct fragment *f);

/* Read the package at path, listed at location href. ERR_SOURCE when it is no package. */
int fragment_make(const char *path, const char *href, struct fragment *ret, struct err *err);

/* One record of repomd.xml. */
struct repomd_file {
	const char *type; /* "primary" */
	const char *href;
	const char *sha256, *open_sha256;
	uint64_t size, open_size;
};
/* The text of repomd.xml; the caller's. */
char *repomd_text(const struct repomd_file files[META_FILES], int64_t now);
