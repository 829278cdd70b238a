/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * listing.h - what a repository directory lists, read from its own metadata files. They are of our
 * making (fragment.c, one tag a line); one that is not what its name says, the checksum in it, is
 * ERR_CORRUPT.
 */
#pragma once
#include "base/hash.h"
#include "base/str.h"

struct listed {
	const char *href; /* pool/h/hello/hello-1.0-1.noarch.rpm */
	const char *sha256;
	uint64_t size;
};

/* Each package of one primary file; fn's failure ends it. */
int listing_read(const char *path, int (*fn)(void *ctx, const struct listed *l, struct err *err),
	void *ctx, struct err *err);
/* Checksum of each package of a filelists or other file. */
int listing_ids(const char *path, struct strv *ret, struct err *err);
/* Whether the file's bytes are those its name (<sha256>-<type>.xml.gz) says; ERR_CORRUPT. */
int listing_check(const char *path, struct err *err);
/* Names in the directory repodata that are primary files, those its repomd.xml names and older ones
 * that are kept for readers. ERR_CORRUPT when there is no repomd.xml or what it names is missing.
 */
int listing_primaries(const char *repodata, struct strv *ret, struct err *err);
/* Names of the files that a repomd.xml of ours names. */
void listing_names(const char *repomd, struct strv *ret);
/*
 * Repository directories below repos/<target>: the named ones (current, consistent), and those of
 * commits; relative paths. Failed builds' directories, which have no repodata, are among the
 * latter.
 */
int listing_named(const char *dir, struct strv *ret, struct err *err);
/* First directories of commits ("aa"); then the commits below one of them ("aa/bb/sha_sha8"). */
int listing_heads(const char *dir, struct strv *ret, struct err *err);
int listing_commits(const char *dir, const char *head, struct strv *ret, struct err *err);
/* The number of the build in a commit.yaml; 0: there is none. */
int64_t listing_build(const char *dir);
