/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * elf_parse.h - the tables of an ELF file in memory; inside format/ only. What elf_parse lets pass:
 * all sections lie in the file, no two things in it overlap, names end.
 */
#pragma once
#include "base/base.h"
#include <elf.h>

#define ELF_IDENT     16
#define AR_MAGIC      "!<arch>\n"
#define AR_MAGIC_SIZE 8
#define AR_HEAD_SIZE  60

#ifndef DT_RELR
#define DT_RELR 36
#endif

struct elf_section {
	const char *name;
	uint64_t type, flags, addr, offset, size, link, info, align, entry_size;
};

struct elf_segment {
	uint64_t type, flags, offset, addr, phys, file_size, size, align;
};

struct elf_range {
	uint64_t from, to;
};

struct elf {
	const uint8_t *data; /* the caller's */
	size_t n;
	bool wide, big; /* 64 bit, big-endian */
	uint64_t type, machine, version, entry, flags, segments_at, names;
	struct elf_section *sections;
	struct elf_segment *segments;
	struct elf_range *ranges; /* what is not empty, in order of the file */
	size_t n_sections, n_segments, n_ranges;
};

bool elf_parse(const uint8_t *data, size_t n, struct elf *ret);
void elf_release(struct elf *e);

/* The number of `size` bytes there, which are in the file. */
uint64_t elf_get(const struct elf *e, uint64_t at, unsigned size);

static inline bool elf_within(uint64_t at, uint64_t n, uint64_t from, uint64_t size)
{
	return at >= from && at - from <= size && n <= size - (at - from);
}

static inline bool mem_is_zero(const uint8_t *p, size_t n)
{
	return !n || (!*p && memcmp(p, p + 1, n - 1) == 0);
}
