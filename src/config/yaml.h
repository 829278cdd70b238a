/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * yaml.h - a file as a tree of text, lists and maps that know their line and column. No types are
 * guessed: `no` and `1.10` are text. Aliases, tags, a second document and anything beyond the caps
 * of base/limits.h are errors.
 */
#pragma once
#include "config/diag.h"

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	const struct doc *doc;
	size_t line, column;      /* from 1; columns count characters */
	char *text;               /* NODE_TEXT */
	bool plain;               /* NODE_TEXT without quotes */
	bool bad;                 /* an error was reported: nobody looks at it again */
	VEC(struct node *) items; /* of a list, or the values of a map */
	VEC(struct node *) keys;  /* of a map, NODE_TEXT each */
};

void node_free(struct node *n);
DEFINE_CLEANUP(struct node *, node_free)
/* The value of a key, NULL when there is none or what is there is bad. */
const struct node *node_get(const struct node *map, const char *key);
/* Nothing was written: `key:` or an empty file. */
static inline bool node_is_empty(const struct node *n)
{
	return n->kind == NODE_TEXT && n->plain && !*n->text;
}
/* The key was written, whatever is wrong with its value. */
bool node_has(const struct node *map, const char *key);
#define node_warn(d, n, ...)  diag_warn((d), (n)->doc, (n)->line, (n)->column, __VA_ARGS__)
#define node_error(d, n, ...) diag_error((d), (n)->doc, (n)->line, (n)->column, __VA_ARGS__)

/* NULL when the text is no YAML; what is wrong is in d then. An empty text is a bad node. */
struct node *yaml_read(const struct doc *doc, const char *text, size_t n, struct diag *d);
