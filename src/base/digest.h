/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * digest.h - is this what was promised? Checksums from outside: sha256, sha384 or sha512 in
 * lowercase hexadecimal, told apart by their length. Anything else (md5, sha1) proves nothing and
 * is none.
 */
#pragma once
#include "base/err.h"

bool digest_known(const char *hex);

struct digest;
/* hex must be known, and is copied. */
struct digest *digest_new(const char *hex);
void digest_free(struct digest *d);
DEFINE_CLEANUP(struct digest *, digest_free)
/* Back to nothing. */
void digest_restart(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t n);
/* Whether all that was added has the checksum; digest_restart or digest_free must follow. */
bool digest_right(struct digest *d);

/* False when it is not known, too. */
bool digest_text(const char *hex, const void *data, size_t n);
/* ERR_SOURCE: wrong, not known, or no regular file. A stop signal ends it. */
int digest_file(const char *path, const char *hex, struct err *err);
