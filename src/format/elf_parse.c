/* SPDX-License-Identifier: GPL-3.0-or-later */
/* elf_parse.c - header, segments and sections, both classes and both byte orders. */
#include "format/elf_parse.h"

#define SECTION_NAME_MAX 512 /* many names may be one: bounds the time that names take */

uint64_t elf_get(const struct elf *e, uint64_t at, unsigned size)
{
	const uint8_t *p = e->data + at;
	uint64_t v = 0;

	for (unsigned i = 0; i < size; i++)
		v = v << 8 | p[e->big ? i : size - 1 - i];
	return v;
}

/* Reads fields one after the other: those of a class' own size with word(). */
struct cursor {
	const struct elf *e;
	uint64_t at;
};

static uint64_t take(struct cursor *c, unsigned size)
{
	uint64_t v = elf_get(c->e, c->at, size);

	c->at += size;
	return v;
}

static uint64_t word(struct cursor *c)
{
	return take(c, c->e->wide ? 8 : 4);
}

/* count entries of this size from at on lie in the file */
static bool in_file(const struct elf *e, uint64_t at, uint64_t count, uint64_t size)
{
	return at <= e->n && count * size <= e->n - at;
}

static int by_place(const void *a, const void *b)
{
	const struct elf_range *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static void add_range(struct elf *e, uint64_t from, uint64_t size)
{
	if (size)
		e->ranges[e->n_ranges++] = (struct elf_range){from, from + size};
}

static bool ranges(struct elf *e, uint64_t sections_at)
{
	e->ranges = xcalloc(e->n_sections + 3, sizeof *e->ranges);
	add_range(e, 0, e->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
	add_range(e, e->segments_at,
		e->n_segments * (e->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)));
	add_range(e, sections_at,
		e->n_sections * (e->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)));
	for (size_t i = 0; i < e->n_sections; i++)
		if (e->sections[i].type != SHT_NOBITS)
			add_range(e, e->sections[i].offset, e->sections[i].size);
	qsort(e->ranges, e->n_ranges, sizeof *e->ranges, by_place);
	for (size_t i = 1; i < e->n_ranges; i++)
		if (e->ranges[i].from < e->ranges[i - 1].to)
			return false;
	return true;
}

static bool read_sections(struct elf *e, uint64_t at)
{
	struct cursor c = {e, at};

	e->sections = xcalloc(e->n_sections, sizeof *e->sections);
	for (size_t i = 0; i < e->n_sections; i++) {
		struct elf_section *s = &e->sections[i];

		c.at += 4; /* the name: read_names */
		s->type = take(&c, 4);
		s->flags = word(&c);
		s->addr = word(&c);
		s->offset = word(&c);
		s->size = word(&c);
		s->link = take(&c, 4);
		s->info = take(&c, 4);
		s->align = word(&c);
		s->entry_size = word(&c);
		if (s->type != SHT_NOBITS && !in_file(e, s->offset, 1, s->size))
			return false;
		if (!i && (s->type != SHT_NULL || s->size || s->link || s->info))
			return false;
	}
	return true;
}

static bool read_names(struct elf *e, uint64_t at)
{
	const struct elf_section *t = &e->sections[e->names];

	if (t->type != SHT_STRTAB)
		return false;
	for (size_t i = 0; i < e->n_sections; i++) {
		struct elf_section *s = &e->sections[i];
		uint64_t name = elf_get(e, at + i * (e->wide ? 64 : 40), 4), left;

		if (name >= t->size)
			return false;
		left = t->size - name < SECTION_NAME_MAX ? t->size - name : SECTION_NAME_MAX;
		s->name = (const char *)e->data + t->offset + name;
		if (!memchr(s->name, '\0', (size_t)left))
			return false;
	}
	return true;
}

static void read_segments(struct elf *e)
{
	struct cursor c = {e, e->segments_at};

	e->segments = xcalloc(e->n_segments + 1, sizeof *e->segments);
	for (size_t i = 0; i < e->n_segments; i++) {
		struct elf_segment *p = &e->segments[i];

		p->type = take(&c, 4);
		if (e->wide)
			p->flags = take(&c, 4);
		p->offset = word(&c);
		p->addr = word(&c);
		p->phys = word(&c);
		p->file_size = word(&c);
		p->size = word(&c);
		if (!e->wide)
			p->flags = take(&c, 4);
		p->align = word(&c);
	}
}

static bool read_header(struct elf *e, uint64_t *ret_sections_at)
{
	struct cursor c = {e, ELF_IDENT};
	uint64_t head, segment, section;

	e->type = take(&c, 2);
	e->machine = take(&c, 2);
	e->version = take(&c, 4);
	e->entry = word(&c);
	e->segments_at = word(&c);
	*ret_sections_at = word(&c);
	e->flags = take(&c, 4);
	head = take(&c, 2);
	segment = take(&c, 2);
	e->n_segments = (size_t)take(&c, 2);
	section = take(&c, 2);
	e->n_sections = (size_t)take(&c, 2);
	e->names = take(&c, 2);
	/* numbers that do not fit here stand elsewhere: not in what is commonly packaged */
	return head == c.at && section == (e->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)) &&
	       (!e->n_segments || segment == (e->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr))) &&
	       e->n_segments < PN_XNUM && e->n_sections && e->n_sections < SHN_LORESERVE &&
	       e->names < e->n_sections && in_file(e, e->segments_at, e->n_segments, segment) &&
	       in_file(e, *ret_sections_at, e->n_sections, section);
}

bool elf_parse(const uint8_t *data, size_t n, struct elf *ret)
{
	uint64_t sections_at;

	*ret = (struct elf){.data = data, .n = n};
	if (n < ELF_IDENT || memcmp(data, ELFMAG, SELFMAG) != 0 || data[EI_VERSION] != EV_CURRENT)
		return false;
	if ((data[EI_CLASS] != ELFCLASS32 && data[EI_CLASS] != ELFCLASS64) ||
		(data[EI_DATA] != ELFDATA2LSB && data[EI_DATA] != ELFDATA2MSB))
		return false;
	ret->wide = data[EI_CLASS] == ELFCLASS64;
	ret->big = data[EI_DATA] == ELFDATA2MSB;
	if (n < (ret->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)) ||
		!read_header(ret, &sections_at) || !read_sections(ret, sections_at) ||
		!read_names(ret, sections_at) || !ranges(ret, sections_at))
		return false;
	read_segments(ret);
	return true;
}

void elf_release(struct elf *e)
{
	free(e->sections);
	free(e->segments);
	free(e->ranges);
}
