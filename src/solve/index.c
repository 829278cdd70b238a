/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * index.c - 8 bytes a path: 44 bits of its hash above 20 bits of the package's ordinal, sorted.
 * Found by halving in a mapped file, so that ten million paths cost nothing until one is asked for.
 */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "solve/internal.h"
#include <sys/mman.h>

#define ORDINAL_BITS 20
#define ORDINAL_MASK ((UINT64_C(1) << ORDINAL_BITS) - 1)
_Static_assert(LIMIT_REPO_PACKAGES <= ORDINAL_MASK, "ordinals fit");

struct header {
	char magic[8];
	uint64_t n, packages, digest;
};
static const char magic_[8] = "PMFILES1";

uint64_t solve_digest(const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ n, w;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&w, p, 8);
		h = (h ^ w) * UINT64_C(0xd6e8feb86659fd93);
		h ^= h >> 32;
	}
	w = 0;
	if (n)
		memcpy(&w, p, n);
	h = (h ^ w) * UINT64_C(0xd6e8feb86659fd93);
	h ^= h >> 29;
	h *= UINT64_C(0x9fb21c651e98df25);
	return h ^ h >> 32;
}

void files_index_release(struct files_index *x)
{
	if (x->map)
		(void)munmap(x->map, x->map_size);
	else
		free(x->v);
	*x = (struct files_index){0};
}

void files_index_add(struct files_index *x, const char *path, size_t n, size_t ordinal)
{
	*vec_push(x) = (solve_digest(path, n) & ~ORDINAL_MASK) | ordinal;
}

/* Sixteen bits at a time, lowest first. */
void files_index_sort(struct files_index *x)
{
	auto_free uint64_t *spare = xmalloc((x->n + 1) * sizeof *spare);
	auto_free size_t *count = xmalloc(65536 * sizeof *count);
	uint64_t *from = x->v, *to = spare;

	for (int shift = 0; shift < 64 && x->n; shift += 16) {
		size_t sum = 0, c;

		memset(count, 0, 65536 * sizeof *count);
		for (size_t i = 0; i < x->n; i++)
			count[from[i] >> shift & 0xffff]++;
		for (size_t i = 0; i < 65536; i++) {
			c = count[i];
			count[i] = sum;
			sum += c;
		}
		for (size_t i = 0; i < x->n; i++)
			to[count[from[i] >> shift & 0xffff]++] = from[i];
		uint64_t *swap = from;
		from = to;
		to = swap;
	}
}

void files_index_find(const struct files_index *x, const char *path, Queue *ret)
{
	uint64_t want = solve_digest(path, strlen(path)) & ~ORDINAL_MASK;
	size_t lo = 0, hi = x->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (x->v[mid] < want)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < x->n && (x->v[lo] & ~ORDINAL_MASK) == want; lo++)
		queue_push(ret, (Id)(x->v[lo] & ORDINAL_MASK));
}

int files_index_write(
	const struct files_index *x, const char *path, size_t packages, struct err *err)
{
	size_t size = sizeof(struct header) + x->n * sizeof *x->v;
	auto_free char *data = xmalloc(size);
	struct header h = {.n = x->n, .packages = packages};

	memcpy(h.magic, magic_, sizeof h.magic);
	h.digest = solve_digest(x->v, x->n * sizeof *x->v);
	memcpy(data, &h, sizeof h);
	if (x->n)
		memcpy(data + sizeof h, x->v, x->n * sizeof *x->v);
	return fs_write_atomic(path, data, size, 0644, err);
}

bool files_index_map(struct files_index *x, const char *path, size_t packages)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct header *h;
	struct stat sb;
	uint64_t *v;
	void *map;

	if (fd < 0 || fstat(fd, &sb) < 0 || (size_t)sb.st_size < sizeof *h)
		return false;
	map = mmap(NULL, (size_t)sb.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		return false;
	h = map;
	v = (uint64_t *)((char *)map + sizeof *h);
	if (memcmp(h->magic, magic_, sizeof h->magic) != 0 || h->packages != packages ||
		h->n != ((size_t)sb.st_size - sizeof *h) / sizeof *v ||
		h->digest != solve_digest(v, h->n * sizeof *v)) {
		(void)munmap(map, (size_t)sb.st_size);
		return false;
	}
	*x = (struct files_index){.v = v, .n = h->n, .map = map, .map_size = (size_t)sb.st_size};
	return true;
}
