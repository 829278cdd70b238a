/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_content.h - the packages of one build, opened; inside format/rpm/ only. */
#pragma once
#include "base/map.h"
#include "base/vec.h"
#include "format/elf.h"
#include "format/rpm/rpm_dep.h"
#include "format/rpm/rpm_learn.h"
#include "format/rpm/rpm_lib.h"

/* Of each file of a package by its index: a hash to be taken for its digest, or NULL. */
struct rpm_hashes {
	char **v;
	size_t n;
};

struct learned_package {
	Header h;
	char *key;        /* name.arch */
	const char *file; /* the caller's */
	struct rpm_hashes hashes;
};

struct learn {
	VEC(struct learned_package) packages;
	struct strv own;   /* version-release of each, with and without its epoch; sorted */
	struct hmap names; /* provided -> index into `provided` */
	VEC(struct rpm_dep) provided;
	size_t compared; /* pairs of versions */
};

/* The caller's; see rpm_learn.h. */
char *rpm_content(const struct learn *l);
elf_mask_fn rpm_content_mask; /* ctx: a struct learn */

/* elf_content of those files of a package that its header calls ELF files or archives. ERR_BUILD:
 * they cannot be read in the jail; ret_hashes has none then. */
int rpm_payload_read(const char *file, Header h, const struct format_jail *jail, elf_mask_fn *mask,
	void *ctx, struct rpm_hashes *ret_hashes, struct err *err);
void rpm_hashes_release(struct rpm_hashes *h);
