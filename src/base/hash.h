/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hash.h - SHA-256 (libcrypto), as lowercase hexadecimal. */
#pragma once
#include "base/err.h"

#define SHA256_HEX 65 /* 64 digits and NUL */

struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *h, const void *data, size_t n);
/* Adds the string and its NUL, so that neighbouring strings cannot run together. */
void sha256_add_str(struct sha256 *h, const char *s);
/* Ends the hash and frees h. */
void sha256_end(struct sha256 *h, char ret_hex[SHA256_HEX]);
void sha256_free(struct sha256 *h);
DEFINE_CLEANUP(struct sha256 *, sha256_free)

void sha256_buf(const void *data, size_t n, char ret_hex[SHA256_HEX]);
/* From the descriptor's current offset to its end. */
int sha256_fd(int fd, char ret_hex[SHA256_HEX], struct err *err);
int sha256_file(const char *path, char ret_hex[SHA256_HEX], struct err *err);
