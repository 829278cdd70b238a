/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * elf.h - what an ELF file, or an archive of relocatable ones, is but for where it was built and as
 * what. Left out, whatever their size and place in the file:
 *
 *   the build id: it may be made from the release (find-debuginfo --build-id-seed)
 *   .gnu_debuglink, .gnu_debugaltlink, .gnu_debugdata and sections of debug information
 *   of the note that names the package (.note.package) what the caller's mask makes one, and what
 *   its length moves as long as it moves no code
 *   times of an archive's members and the places of members in its index
 *
 * All other bytes of the file count, whoever reads them. Formats: System V gABI, ar(5) as in GNU.
 */
#pragma once
#include "base/hash.h"

#define ELF_MAX (256 * MIB) /* larger files are not worth the memory */

/* Add text of length n, which holds no NUL, with what stands for a version-release as one. */
typedef void elf_mask_fn(void *ctx, struct sha256 *h, const char *text, size_t n);

/* False: it is neither, or built in a way that is not expected of one; then the bytes are all that
 * can be said. Any bytes will do; time grows with n alone. */
bool elf_content(
	const void *data, size_t n, elf_mask_fn *mask, void *ctx, char ret_hex[SHA256_HEX]);
