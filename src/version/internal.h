/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - the policies and the text rules that they share. */
#pragma once
#include "version/version.h"

#define VERSION_MAX 64 /* bytes of a Version; the name of a package file has to hold it */

int version_dlrn(
	const char *numbering, const struct version_facts *f, struct version *v, struct err *err);
int version_describe(const struct version_facts *f, struct version *v, struct err *err);
int version_keep(const struct version_facts *f, struct version *v, struct err *err);

/* The tag without its leading v, V, r, R; NULL when it is NULL or does not count. Borrowed. */
const char *version_of_tag(const char *tag);
/* A mark of a pre-release in it: rc, a, b, alpha, beta, dev, pre. */
bool version_is_pre(const char *version);
/* At least 7 hexadecimal digits with a letter, or the beginning of sha. */
bool version_is_hash(const char *s, const char *sha);
/* What rpm takes in a Version: other bytes become '.', runs and ends of separators go. keep_dash:
 * for %upstream_version, where '-' is fine. The caller's. */
char *version_clean(const char *s, bool keep_dash);
/* release with ".n" before %{?dist} when n > 0; the caller's. */
char *version_rebuilt(const char *release, int64_t n);
/* First 7 digits of the hash. */
void version_short(const char *sha, char ret[8]);
/* Begins with a digit, is not too long: ERR_SOURCE. */
int version_check(const char *version, struct err *err);
