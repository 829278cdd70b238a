/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * info.h - rdoinfo's way of saying things in layers: package-default, the conf, the package, what
 * it says of a tag. A key of a nearer layer hides that of the others as a whole. A layer may stand
 * in several files: there later texts win, lists are joined, maps are merged.
 */
#pragma once
#include "config/dlrn/internal.h"

#define LAYER_MAPS 16

struct layer {
	const struct node *maps[LAYER_MAPS];
	size_t n;
};
/* The nearest first. */
struct layers {
	struct layer of[4];
	size_t n;
};

/* false: there are too many of them already. */
bool layer_add(struct layer *l, const struct node *map);
bool layer_has(const struct layer *l, const char *key);
/* The map under a key, as a layer of its own. */
void layer_below(const struct layer *l, const char *key, struct layer *ret);
/* The layer that counts for a key, NULL: nobody has it. */
const struct layer *layers_with(const struct layers *ls, const char *key);
/* Text of a key; NULL: there is none, or it is no text. */
const struct node *layers_text(const struct layers *ls, const char *key);
/* The same with %(key)s filled in, once, as rdoinfo does it. NULL: there is none, or what it wants
 * is missing, which was said. */
char *layers_filled(
	struct dlrn *d, const struct layers *ls, const char *key, const struct node **ret_node);
/* dlrn_leave at a node of a YAML file. */
#define info_leave(d, n, ...) dlrn_leave((d), (unsigned)(n)->doc->index + 1, (n)->line, __VA_ARGS__)
