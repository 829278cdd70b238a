/* SPDX-License-Identifier: GPL-3.0-or-later */
/* map.h - string keys to a number (an index into somebody's vector); keys are copied. */
#pragma once
#include "base/base.h"

struct hmap {
	struct hmap_slot *slots;
	size_t n, cap;
};
#define HMAP_INIT                                                                                  \
	{                                                                                          \
		0                                                                                  \
	}
#define auto_hmap CLEANUP(hmap_release)

void hmap_release(struct hmap *m);
/* Set; true when the key was not there before. */
bool hmap_set(struct hmap *m, const char *key, size_t value);
bool hmap_get(const struct hmap *m, const char *key, size_t *ret);
static inline bool hmap_has(const struct hmap *m, const char *key)
{
	return hmap_get(m, key, NULL);
}
