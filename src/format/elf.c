/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * elf.c - every byte of an ELF file belongs to its header, to one of the two tables, to one section
 * or to a gap. Where that is not so the file is none of ours: nothing is equal by accident.
 */
#include "format/elf.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/elf_parse.h"

/* More than this of both and addresses count as they are. */
#define MOVED_SECTIONS 1024
#define MOVED_SEGMENTS 64

#define NT_GNU_BUILD_ID_MAX 64
#define PACKAGE_NOTE_MAX    (64 * KIB)

struct note {
	uint32_t type;
	const char *name;
	size_t name_size;
	size_t desc, desc_size; /* offset in the section */
	size_t next;
};

/* The note at `at` of a section; false: there is none that is whole. */
static bool note_at(const struct elf *e, const struct elf_section *s, size_t at, struct note *ret)
{
	size_t align = s->align == 8 ? 8 : 4, left = (size_t)s->size - at, name, desc;

	if (at > s->size || left < 12)
		return false;
	name = (size_t)elf_get(e, s->offset + at, 4);
	desc = (size_t)elf_get(e, s->offset + at + 4, 4);
	if (name > left - 12)
		return false;
	ret->type = (uint32_t)elf_get(e, s->offset + at + 8, 4);
	ret->name = (const char *)e->data + s->offset + at + 12;
	ret->name_size = name;
	ret->desc = (at + 12 + name + align - 1) / align * align;
	ret->desc_size = desc;
	if (ret->desc > s->size || desc > s->size - ret->desc)
		return false;
	ret->next = (ret->desc + desc + align - 1) / align * align;
	if (ret->next > s->size)
		ret->next = (size_t)s->size;
	return true;
}

static bool is_build_id(const struct note *n)
{
	return n->type == NT_GNU_BUILD_ID && n->name_size == 4 && memcmp(n->name, "GNU", 4) == 0 &&
	       n->desc_size <= NT_GNU_BUILD_ID_MAX;
}

/* https://systemd.io/ELF_PACKAGE_METADATA: JSON and NULs. */
static bool is_package_note(const struct elf *e, const struct elf_section *s, const struct note *n)
{
	const char *text = (const char *)e->data + s->offset + n->desc;
	size_t len;

	if (n->type != 0xcafe1a7eU || n->name_size != 4 || memcmp(n->name, "FDO", 4) != 0 ||
		n->desc_size > PACKAGE_NOTE_MAX)
		return false;
	len = strnlen(text, n->desc_size);
	for (size_t i = len; i < n->desc_size; i++)
		if (text[i])
			return false;
	return true;
}

/* What a package's note moves: sections of the same read-only segment, which is a page apart from
 * the next. Addresses in it are then told as places in sections. */
struct moved {
	const struct elf_segment *in; /* NULL: nothing */
};

static bool has_package_note(const struct elf *e, const struct elf_section *s)
{
	struct note n;

	if (s->type != SHT_NOTE || !(s->flags & SHF_ALLOC))
		return false;
	for (size_t at = 0; note_at(e, s, at, &n); at = n.next)
		if (is_package_note(e, s, &n))
			return true;
	return false;
}

static struct moved find_moved(const struct elf *e)
{
	if (e->n_sections > MOVED_SECTIONS || e->n_segments > MOVED_SEGMENTS)
		return (struct moved){0};
	for (size_t i = 0; i < e->n_sections; i++) {
		const struct elf_section *s = &e->sections[i];

		if (!has_package_note(e, s))
			continue;
		for (size_t k = 0; k < e->n_segments; k++) {
			const struct elf_segment *p = &e->segments[k];

			if (p->type == PT_LOAD && p->flags == PF_R && p->file_size == p->size &&
				elf_within(s->addr, s->size, p->addr, p->size))
				return (struct moved){p};
		}
	}
	return (struct moved){0};
}

static bool is_moved(const struct moved *m, const struct elf_section *s)
{
	return m->in && (s->flags & SHF_ALLOC) && s->type != SHT_NOBITS &&
	       elf_within(s->addr, s->size, m->in->addr, m->in->size) &&
	       s->addr - m->in->addr == s->offset - m->in->offset;
}

static void add_numbers(struct sha256 *h, const uint64_t *v, size_t n)
{
	sha256_add(h, v, n * sizeof *v);
}

/* An address as section and place in it where it moved. */
static void add_address(
	struct sha256 *h, const struct elf *e, const struct moved *m, uint64_t addr, bool place)
{
	for (size_t i = 0; m->in && i < e->n_sections; i++) {
		const struct elf_section *s = &e->sections[i];

		if (is_moved(m, s) && elf_within(addr, 1, s->addr, s->size)) {
			uint64_t v[] = {1, i, place ? addr - s->addr : 0};

			add_numbers(h, v, COUNTOF(v));
			return;
		}
	}
	uint64_t v[] = {0, addr};
	add_numbers(h, v, COUNTOF(v));
}

static void add_segment(
	struct sha256 *h, const struct elf *e, const struct moved *m, const struct elf_segment *p)
{
	uint64_t v[] = {p->type, p->flags, p->align};
	uint64_t where[] = {p->offset, p->addr, p->phys, p->file_size, p->size};

	add_numbers(h, v, COUNTOF(v));
	if (m->in && p->size && p->size == p->file_size && p->addr == p->phys &&
		elf_within(p->addr, p->size, m->in->addr, m->in->size) &&
		p->addr - m->in->addr == p->offset - m->in->offset) {
		add_address(h, e, m, p->addr, true);
		add_address(h, e, m, p->addr + p->size - 1, false);
	} else {
		add_numbers(h, where, COUNTOF(where));
	}
}

static void add_notes(struct sha256 *h, const struct elf *e, const struct elf_section *s,
	elf_mask_fn *mask, void *ctx)
{
	const uint8_t *data = e->data + s->offset;
	size_t at = 0;
	struct note n;

	while (note_at(e, s, at, &n)) {
		if (is_package_note(e, s, &n)) {
			const char *text = (const char *)data + n.desc;

			sha256_add_str(h, "package");
			mask(ctx, h, text, strnlen(text, n.desc_size));
		} else if (is_build_id(&n)) {
			sha256_add(h, data + at, n.desc - at);
		} else {
			sha256_add(h, data + at, n.next - at);
		}
		at = n.next;
	}
	sha256_add(h, data + at, (size_t)s->size - at);
}

static bool is_pointer(uint64_t tag)
{
	switch (tag) {
	case DT_HASH:
	case DT_STRTAB:
	case DT_SYMTAB:
	case DT_RELA:
	case DT_REL:
	case DT_JMPREL:
	case DT_RELR:
	case DT_GNU_HASH:
	case DT_VERSYM:
	case DT_VERDEF:
	case DT_VERNEED:
		return true;
	default:
		return false;
	}
}

static void add_dynamic(
	struct sha256 *h, const struct elf *e, const struct moved *m, const struct elf_section *s)
{
	unsigned word = e->wide ? 8 : 4;

	for (uint64_t at = 0; s->size - at >= 2U * word; at += 2U * word) {
		uint64_t tag = elf_get(e, s->offset + at, word);
		uint64_t value = elf_get(e, s->offset + at + word, word);

		add_numbers(h, &tag, 1);
		if (is_pointer(tag))
			add_address(h, e, m, value, true);
		else
			add_numbers(h, &value, 1);
	}
}

/* Nobody loads these, and who looks for debug information finds what fits. */
static bool is_debug(const struct elf_section *s)
{
	static const char *const names[] = {
		".gnu_debuglink", ".gnu_debugaltlink", ".gnu_debugdata"};
	static const char *const prefixes[] = {
		".debug_", ".zdebug_", ".rela.debug_", ".rel.debug_"};

	if (s->flags & SHF_ALLOC ||
		(s->type != SHT_PROGBITS && s->type != SHT_RELA && s->type != SHT_REL))
		return false;
	for (size_t i = 0; i < COUNTOF(names); i++)
		if (str_eq(s->name, names[i]))
			return true;
	for (size_t i = 0; i < COUNTOF(prefixes); i++)
		if (str_starts(s->name, prefixes[i]))
			return true;
	return false;
}

static void add_section(struct sha256 *h, const struct elf *e, const struct moved *m,
	const struct elf_section *s, elf_mask_fn *mask, void *ctx)
{
	uint64_t v[] = {s->type, s->flags, s->link, s->info, s->align, s->entry_size};

	uint64_t debug = is_debug(s);

	sha256_add_str(h, s->name);
	add_numbers(h, &debug, 1);
	if (debug)
		return;
	add_numbers(h, v, COUNTOF(v));
	if (!is_moved(m, s)) {
		/* without segments nothing is loaded from its place in the file */
		bool placed = e->n_segments && s->flags & SHF_ALLOC;
		uint64_t where[] = {s->addr, placed ? s->offset : 0, s->size};

		add_numbers(h, where, COUNTOF(where));
	} else if (!has_package_note(e, s)) {
		add_numbers(h, &s->size, 1);
	}
	if (s->type == SHT_NOBITS)
		return;
	if (s->type == SHT_NOTE)
		add_notes(h, e, s, mask, ctx);
	else if (s->type == SHT_DYNAMIC && m->in && s->size % (e->wide ? 16 : 8) == 0)
		add_dynamic(h, e, m, s);
	else
		sha256_add(h, e->data + s->offset, (size_t)s->size);
}

static void add_gaps(struct sha256 *h, const struct elf *e)
{
	size_t at = 0;

	for (size_t i = 0; i <= e->n_ranges; i++) {
		size_t end = i < e->n_ranges ? (size_t)e->ranges[i].from : e->n;
		uint64_t len = end - at;

		if (len && !mem_is_zero(e->data + at, end - at)) {
			add_numbers(h, &len, 1);
			sha256_add(h, e->data + at, end - at);
		}
		if (i < e->n_ranges)
			at = (size_t)e->ranges[i].to;
	}
}

static bool add_elf(struct sha256 *h, const uint8_t *data, size_t n, elf_mask_fn *mask, void *ctx)
{
	CLEANUP(elf_release) struct elf e = {0};
	struct moved m;

	if (!elf_parse(data, n, &e))
		return false;
	m = find_moved(&e);
	uint64_t v[] = {e.type, e.machine, e.version, e.entry, e.flags, e.segments_at, e.n_segments,
		e.n_sections, e.names};

	sha256_add(h, data, ELF_IDENT);
	add_numbers(h, v, COUNTOF(v));
	for (size_t i = 0; i < e.n_segments; i++)
		add_segment(h, &e, &m, &e.segments[i]);
	for (size_t i = 0; i < e.n_sections; i++)
		add_section(h, &e, &m, &e.sections[i], mask, ctx);
	add_gaps(h, &e);
	return true;
}

/* The index of an archive: a count, that many places of members, names. */
static void add_index(struct sha256 *h, const uint8_t *data, size_t n)
{
	uint64_t count = 0;

	for (size_t i = 0; n >= 4 && i < 4; i++)
		count = count << 8 | data[i];
	if (n < 4 || count > (n - 4) / 4)
		count = 0;
	add_numbers(h, &count, 1);
	/* with no count it is taken as it is */
	sha256_add(h, data + (count ? 4 + count * 4 : 0), n - (count ? 4 + count * 4 : 0));
}

static void add_member(struct sha256 *h, const uint8_t *head, const uint8_t *data, size_t n,
	elf_mask_fn *mask, void *ctx)
{
	uint64_t len = n;

	/* the name, and owner and mode, without the time between and the size after */
	sha256_add(h, head, 16);
	sha256_add(h, head + 28, 20);
	if (memcmp(head, "/               ", 16) == 0) {
		add_index(h, data, n);
		return;
	}
	if (add_elf(h, data, n, mask, ctx))
		return;
	add_numbers(h, &len, 1);
	sha256_add(h, data, n);
}

static bool number(const uint8_t *s, size_t n, size_t *ret)
{
	size_t v = 0, i = 0;

	for (; i < n && s[i] >= '0' && s[i] <= '9'; i++)
		v = v * 10 + (size_t)(s[i] - '0');
	if (!i)
		return false;
	for (size_t k = i; k < n; k++)
		if (s[k] != ' ')
			return false;
	*ret = v;
	return true;
}

static bool add_archive(
	struct sha256 *h, const uint8_t *data, size_t n, elf_mask_fn *mask, void *ctx)
{
	size_t at = AR_MAGIC_SIZE, size;

	if (n < AR_MAGIC_SIZE || memcmp(data, AR_MAGIC, AR_MAGIC_SIZE) != 0)
		return false;
	sha256_add(h, data, AR_MAGIC_SIZE);
	while (at < n) {
		const uint8_t *head = data + at;

		if (n - at < AR_HEAD_SIZE || head[58] != '`' || head[59] != '\n' ||
			!number(head + 48, 10, &size) || size > n - at - AR_HEAD_SIZE)
			return false;
		add_member(h, head, head + AR_HEAD_SIZE, size, mask, ctx);
		at += AR_HEAD_SIZE + size;
		if (size % 2 && (at >= n || data[at++] != '\n'))
			return false;
	}
	return true;
}

bool elf_content(const void *data, size_t n, elf_mask_fn *mask, void *ctx, char ret_hex[SHA256_HEX])
{
	CLEANUP(sha256_freep) struct sha256 *h = sha256_new();

	if (n > ELF_MAX || (!add_elf(h, data, n, mask, ctx) && !add_archive(h, data, n, mask, ctx)))
		return false;
	sha256_end(TAKE(h), ret_hex);
	return true;
}
