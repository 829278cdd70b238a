/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * part.h - private to net/: the file a download goes to until it is whole. "<path>.part" is locked
 * (flock) by the one process that writes it; "<path>.part.from" beside it says which URL gave it
 * and that server's validators. What is written is hashed as it comes.
 *
 * The lock holds an inode: who gets it looks whether that is still the .part. The other process may
 * have renamed it (then it is the file under its final name) or removed it.
 */
#pragma once
#include "base/digest.h"
#include "base/str.h"

struct part {
	char *path, *name, *note;    /* final name, .part, .part.from */
	char *checksum;              /* wanted, NULL: not known */
	int fd;                      /* -1: not open */
	bool mine;                   /* the lock is ours */
	uint64_t n;                  /* bytes in it; stays after part_close */
	struct digest *digest;       /* of these bytes, NULL without checksum */
	char *url, *etag, *modified; /* whose bytes these are; NULL not known */
};

enum part_state {
	PART_MINE,  /* locked, with n bytes of earlier tries */
	PART_BUSY,  /* somebody else writes it: try later */
	PART_FOUND, /* somebody else has just finished the file */
};

/* checksum: as digest.h, or NULL; anything else is ERR_CORRUPT. */
int part_init(struct part *p, const char *path, const char *checksum, struct err *err);
/* Never waits. All errors of this machine are ERR_SYS. */
int part_lock(struct part *p, enum part_state *ret, struct err *err);
/* Whether the file under the final name has the wanted checksum; false when none is wanted. */
bool part_have(const struct part *p);
/* Back to nothing. */
int part_restart(struct part *p, struct err *err);
/* Whose bytes will come; NULLs: not known. */
int part_note(
	struct part *p, const char *url, const char *etag, const char *modified, struct err *err);
int part_write(struct part *p, const void *data, size_t n, struct err *err);
/* Whether checksum and bytes agree (true without a checksum); part_restart, part_finish or
 * part_close must follow. */
bool part_right(struct part *p);
/* Give it its final name and let go of it. */
int part_finish(struct part *p, struct err *err);
/* Remove it and let go. */
void part_drop(struct part *p);
/* Let go; what has come stays for the next try. */
void part_close(struct part *p);
void part_release(struct part *p);
