/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/map.h"

struct hmap_slot {
	char *key;
	uint64_t hash;
	size_t value;
};

/*
 * FNV-1a, seeded with the table's address, which differs from run to run and from growth to
 * growth: keys come from outside and must not be able to collide on purpose.
 */
static uint64_t hash_key(const struct hmap_slot *slots, const char *key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ ((uint64_t)(uintptr_t)slots >> 4);

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

/* The slot of the key, or the free one where it belongs. */
static struct hmap_slot *find_slot(
	struct hmap_slot *slots, size_t cap, const char *key, uint64_t hash)
{
	size_t i = hash & (cap - 1);

	while (slots[i].key && (slots[i].hash != hash || strcmp(slots[i].key, key) != 0))
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static void grow(struct hmap *m)
{
	size_t cap = m->cap ? m->cap * 2 : 16;
	struct hmap_slot *slots = xcalloc(cap, sizeof *slots);

	for (size_t i = 0; i < m->cap; i++) {
		struct hmap_slot *from = &m->slots[i];
		uint64_t hash;

		if (!from->key)
			continue;
		hash = hash_key(slots, from->key);
		*find_slot(slots, cap, from->key, hash) =
			(struct hmap_slot){.key = from->key, .hash = hash, .value = from->value};
	}
	free(m->slots);
	m->slots = slots;
	m->cap = cap;
}

void hmap_release(struct hmap *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].key);
	free(m->slots);
	*m = (struct hmap)HMAP_INIT;
}

bool hmap_set(struct hmap *m, const char *key, size_t value)
{
	struct hmap_slot *s;
	uint64_t hash;
	bool added;

	if (m->n + 1 > m->cap / 4 * 3)
		grow(m);
	hash = hash_key(m->slots, key);
	s = find_slot(m->slots, m->cap, key, hash);
	added = !s->key;
	if (added) {
		s->key = xstrdup(key);
		s->hash = hash;
		m->n++;
	}
	s->value = value;
	return added;
}

bool hmap_get(const struct hmap *m, const char *key, size_t *ret)
{
	const struct hmap_slot *s;

	if (!m->n)
		return false;
	s = find_slot(m->slots, m->cap, key, hash_key(m->slots, key));
	if (!s->key)
		return false;
	if (ret)
		*ret = s->value;
	return true;
}
