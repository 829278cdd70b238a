/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/yaml.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/text.h"
#include <yaml.h>

struct reader {
	yaml_parser_t y;
	const struct doc *doc;
	struct diag *diag;
	const char *text;
	size_t n, nodes;
};

void node_free(struct node *n)
{
	if (!n)
		return;
	free(n->text);
	vec_foreach (&n->items, i)
		node_free(*i);
	vec_foreach (&n->keys, k)
		node_free(*k);
	vec_release(&n->items);
	vec_release(&n->keys);
	free(n);
}

bool node_has(const struct node *map, const char *key)
{
	vec_foreach (&map->keys, k)
		if (str_eq((*k)->text, key))
			return true;
	return false;
}

const struct node *node_get(const struct node *map, const char *key)
{
	if (!map || map->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->keys.n; i++)
		if (str_eq(map->keys.v[i]->text, key))
			return map->items.v[i]->bad ? NULL : map->items.v[i];
	return NULL;
}

/* Does the line hold a placeholder? Unquoted it is a map to YAML. */
static bool has_placeholder(const char *s)
{
	auto_free char *line = xstrndup(s, strcspn(s, "\n"));

	return strstr(line, "{project}") || strstr(line, "{name}") || strstr(line, "{sha}");
}

static void syntax_error(struct reader *r)
{
	const yaml_parser_t *y = &r->y;
	size_t line = y->problem_mark.line, column = y->problem_mark.column + 1;
	const char *problem = y->problem ?: "cannot be read", *s = r->text, *end;
	auto_strbuf struct strbuf more = STRBUF_INIT;

	for (size_t i = 0; i < line && (end = strchr(s, '\n')); i++)
		s = end + 1;
	/* the tab is what people do not see; libyaml's words do not help them */
	if (s[strspn(s, " ")] == '\t') {
		diag_error(r->diag, r->doc, line + 1, column,
			"tab in the indentation; YAML wants spaces");
		return;
	}
	if (y->context && y->context_mark.line != line)
		sb_addf(&more, " (%s that begins in line %zu)", y->context,
			y->context_mark.line + 1);
	if (has_placeholder(s))
		sb_add(&more, "; a text with {project}, {name} or {sha} needs quotes");
	diag_error(
		r->diag, r->doc, line + 1, column, "not valid YAML: %s%s", problem, sb_str(&more));
}

static bool next(struct reader *r, yaml_event_t *ev)
{
	if (yaml_parser_parse(&r->y, ev))
		return true;
	syntax_error(r);
	return false;
}

static struct node *new_node(struct reader *r, const yaml_event_t *ev, enum node_kind kind)
{
	struct node *n = xcalloc(1, sizeof *n);

	n->kind = kind;
	n->doc = r->doc;
	n->line = ev->start_mark.line + 1;
	n->column = ev->start_mark.column + 1;
	return n;
}

static void refuse_tag(struct reader *r, struct node *n, const yaml_char_t *tag)
{
	if (!tag)
		return;
	node_error(r->diag, n, "YAML tags are not used here: leave out %s", Q((const char *)tag));
	n->bad = true;
}

static struct node *new_text(struct reader *r, const yaml_event_t *ev)
{
	struct node *n = new_node(r, ev, NODE_TEXT);
	const char *value = (const char *)ev->data.scalar.value;

	n->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	n->text = xstrndup(value, ev->data.scalar.length);
	if (strlen(n->text) != ev->data.scalar.length) {
		node_error(r->diag, n, "NUL character in a text");
		n->bad = true;
	}
	refuse_tag(r, n, ev->data.scalar.tag);
	return n;
}

static struct node *new_alias(struct reader *r, const yaml_event_t *ev)
{
	struct node *n = new_node(r, ev, NODE_TEXT);

	n->text = xstrdup("");
	n->bad = true;
	node_error(r->diag, n, "YAML aliases are not allowed: write %s out",
		Q((const char *)ev->data.alias.anchor));
	return n;
}

static struct node *read_node(struct reader *r, yaml_event_t *ev, unsigned depth);

static bool read_list(struct reader *r, struct node *list, unsigned depth)
{
	for (;;) {
		yaml_event_t ev;
		struct node *item;
		bool end;

		if (!next(r, &ev))
			return false;
		end = ev.type == YAML_SEQUENCE_END_EVENT;
		item = end ? NULL : read_node(r, &ev, depth + 1);
		yaml_event_delete(&ev);
		if (!item)
			return end;
		*vec_push(&list->items) = item;
	}
}

static void check_key(struct reader *r, struct node *map, struct node *key, struct hmap *seen)
{
	size_t first;

	if (key->kind != NODE_TEXT) {
		node_error(r->diag, key, "a key must be text");
		key->bad = true;
		key->kind = NODE_TEXT;
		key->text = xstrdup("");
	}
	if (key->bad)
		return;
	if (hmap_get(seen, key->text, &first)) {
		node_error(r->diag, key, "duplicate key %s (first in line %zu)", Q(key->text),
			map->keys.v[first]->line);
		key->bad = true;
		return;
	}
	hmap_set(seen, key->text, map->keys.n);
}

static bool read_map(struct reader *r, struct node *map, unsigned depth)
{
	auto_hmap struct hmap seen = HMAP_INIT;

	for (;;) {
		yaml_event_t ev;
		struct node *n;
		bool end;

		if (!next(r, &ev))
			return false;
		end = ev.type == YAML_MAPPING_END_EVENT;
		n = end ? NULL : read_node(r, &ev, depth + 1);
		yaml_event_delete(&ev);
		if (!n)
			return end;
		check_key(r, map, n, &seen);
		*vec_push(&map->keys) = n;
		if (!next(r, &ev))
			return false;
		n = read_node(r, &ev, depth + 1);
		yaml_event_delete(&ev);
		if (!n)
			return false;
		*vec_push(&map->items) = n;
	}
}

/* Drop the pairs whose key was reported: their values would only be reported again. */
static void drop_bad_keys(struct node *map)
{
	size_t n = 0;

	for (size_t i = 0; i < map->keys.n; i++) {
		if (i < map->items.n && !map->keys.v[i]->bad) {
			map->keys.v[n] = map->keys.v[i];
			map->items.v[n++] = map->items.v[i];
			continue;
		}
		node_free(map->keys.v[i]);
		if (i < map->items.n)
			node_free(map->items.v[i]);
	}
	map->keys.n = map->items.n = n;
}

static struct node *read_node(struct reader *r, yaml_event_t *ev, unsigned depth)
{
	CLEANUP(node_freep) struct node *n = NULL;
	bool ok = true;

	if (depth > LIMIT_CONFIG_DEPTH || ++r->nodes > LIMIT_CONFIG_NODES) {
		diag_error(r->diag, r->doc, ev->start_mark.line + 1, ev->start_mark.column + 1,
			depth > LIMIT_CONFIG_DEPTH ? "nested deeper than %d levels"
						   : "more than %d values in one file",
			depth > LIMIT_CONFIG_DEPTH ? LIMIT_CONFIG_DEPTH : LIMIT_CONFIG_NODES);
		return NULL;
	}
	if (ev->type == YAML_SCALAR_EVENT)
		return new_text(r, ev);
	if (ev->type == YAML_ALIAS_EVENT)
		return new_alias(r, ev);
	if (ev->type == YAML_SEQUENCE_START_EVENT) {
		n = new_node(r, ev, NODE_LIST);
		refuse_tag(r, n, ev->data.sequence_start.tag);
		ok = read_list(r, n, depth);
	} else {
		assert(ev->type == YAML_MAPPING_START_EVENT);
		n = new_node(r, ev, NODE_MAP);
		refuse_tag(r, n, ev->data.mapping_start.tag);
		ok = read_map(r, n, depth);
		drop_bad_keys(n);
	}
	return ok ? TAKE(n) : NULL;
}

/* What libyaml would refuse with an offset only, or read as something else than it looks. */
static bool check_bytes(struct reader *r)
{
	const char *s = r->text, *end = s + r->n, *what = NULL;
	size_t line = 1, column = 1, step;
	uint32_t cp;

	if (r->n >= 2 && (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0))
		what = "the file is UTF-16; save it as UTF-8";
	for (; !what && s < end; s += step) {
		step = text_utf8(s, &cp);
		if (!step)
			what = "not UTF-8";
		else if (cp == 0)
			what = "NUL character";
		else if ((cp < 0x20 && !strchr("\t\n\r", (int)cp)) || (cp >= 0x7f && cp < 0xa0) ||
			 cp == 0xfffe || cp == 0xffff)
			what = "control character";
		else if (cp == '\n') {
			line++;
			column = 1;
		} else {
			column++;
		}
		if (what)
			break;
	}
	if (what)
		diag_error(r->diag, r->doc, line, column, "%s", what);
	return !what;
}

static struct node *read_document(struct reader *r)
{
	CLEANUP(node_freep) struct node *root = NULL;
	yaml_event_t ev;
	yaml_event_type_t type;

	do { /* stream start, document start, then the root or the stream's end */
		if (!next(r, &ev))
			return NULL;
		type = ev.type;
		if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT)
			yaml_event_delete(&ev);
	} while (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT);
	if (type == YAML_STREAM_END_EVENT) {
		root = new_node(r, &ev, NODE_TEXT);
		root->line = root->column = 1;
		root->text = xstrdup("");
		root->plain = true;
		return TAKE(root);
	}
	root = read_node(r, &ev, 0);
	yaml_event_delete(&ev);
	if (!root || !next(r, &ev)) /* document end */
		return NULL;
	yaml_event_delete(&ev);
	if (!next(r, &ev))
		return NULL;
	type = ev.type;
	if (type != YAML_STREAM_END_EVENT)
		diag_error(r->diag, r->doc, ev.start_mark.line + 1, ev.start_mark.column + 1,
			"a second document: one file holds one");
	yaml_event_delete(&ev);
	return type == YAML_STREAM_END_EVENT ? TAKE(root) : NULL;
}

struct node *yaml_read(const struct doc *doc, const char *text, size_t n, struct diag *d)
{
	struct reader r = {.doc = doc, .diag = d, .text = text, .n = n};
	struct node *root;

	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a BOM is no text */
		r.text += 3;
		r.n -= 3;
	}
	if (!check_bytes(&r))
		return NULL;
	if (!yaml_parser_initialize(&r.y))
		oom_(__FILE__, __LINE__);
	yaml_parser_set_encoding(&r.y, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.y, (const unsigned char *)r.text, r.n);
	root = read_document(&r);
	yaml_parser_delete(&r.y);
	return root;
}
