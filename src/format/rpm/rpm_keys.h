/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpm_keys.h - a set of OpenPGP keys and the packages signed by them. Nothing but what was added
 * counts: no rpm database, no keyring of the user or the machine. Call rpm_init before.
 */
#pragma once
#include "base/hash.h"
#include "base/str.h"

struct rpm_keys;
struct rpm_keys *rpm_keys_new(void);
void rpm_keys_free(struct rpm_keys *k);
DEFINE_CLEANUP(struct rpm_keys *, rpm_keys_free)

/*
 * Add the keys of a file's text: armored (several blocks, several keys in one) or binary. With
 * fingerprints (hex, of the primary key, any case, blanks dropped) only those; ERR_SOURCE names
 * what was found when none of them is there, or when the text has no key at all.
 */
int rpm_keys_add(struct rpm_keys *k, const char *text, size_t n, const struct strv *fingerprints,
	struct err *err);
/* Names the set, whatever order its keys came in. */
void rpm_keys_id(const struct rpm_keys *k, char ret[SHA256_HEX]);
/* All keys as binary OpenPGP packets, for gpg. */
void rpm_keys_packets(const struct rpm_keys *k, struct strbuf *ret);

/* Digests and signature of a package file as `rpmkeys -K` with _pkgverify_level all: ERR_SOURCE
 * when it is unsigned, damaged or signed by another key. */
int rpm_keys_check(const struct rpm_keys *k, const char *path, struct err *err);
