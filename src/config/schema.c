/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/schema.h"
#include "base/fs.h"
#include "base/text.h"

#define TEXT_MAX 4096 /* bytes of one value */

static const char *kind_name(const struct node *n)
{
	static const char *const names[] = {
		[NODE_TEXT] = "text", [NODE_LIST] = "a list", [NODE_MAP] = "a map"};

	return node_is_empty(n) ? "nothing" : names[n->kind];
}

static void fault(struct node *n, struct diag *d, const struct key *k, const char *want)
{
	if (n->kind == NODE_TEXT && !node_is_empty(n)) {
		auto_free char *shown = text_url_shown(n->text);

		node_error(d, n, "'%s' must be %s, not %s", k->name, want, Q(shown));
	} else {
		node_error(d, n, "'%s' must be %s, not %s", k->name, want, kind_name(n));
	}
	n->bad = true;
}

static bool has_control(const char *s)
{
	uint32_t cp = 0;

	for (size_t step; *s; s += step) {
		step = text_utf8(s, &cp);
		if (!step || cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029)
			return true;
	}
	return false;
}

/* A {word} that the type does not know, or NULL. */
static const char *bad_placeholder(const struct type *type, const char *s, size_t *ret_n)
{
	for (; (s = strchr(s, '{')); s++) {
		size_t n = strcspn(s, "}");

		if (!s[n] || (n == 8 && memcmp(s, "{project", n) == 0) ||
			(n == 5 && memcmp(s, "{name", n) == 0) ||
			(n == 4 && type->sha && memcmp(s, "{sha", n) == 0))
			continue;
		*ret_n = n + 1;
		return s;
	}
	return NULL;
}

/* `url: {project}` without quotes. */
static bool is_bare_placeholder(const struct node *n)
{
	return n->kind == NODE_MAP && n->keys.n == 1 && node_is_empty(n->items.v[0]) &&
	       (str_eq(n->keys.v[0]->text, "project") || str_eq(n->keys.v[0]->text, "name"));
}

static void check_text(const struct key *k, struct node *n, struct diag *d)
{
	auto_strbuf struct strbuf want = STRBUF_INIT;
	const char *hit;
	size_t len;

	if (n->bad)
		return;
	if (n->kind != NODE_TEXT || node_is_empty(n)) {
		fault(n, d, k,
			k->type->placeholders && is_bare_placeholder(n)
				? "a text: put {project} and {name} in quotes"
			: k->flags & KEY_LIST ? "a list of texts"
					      : "a single value");
	} else if (!*n->text) {
		if (k->type->empty)
			return;
		node_error(d, n, "'%s' must not be empty", k->name);
		n->bad = true;
	} else if (strlen(n->text) > TEXT_MAX) {
		node_error(d, n, "'%s' is longer than %d bytes", k->name, TEXT_MAX);
		n->bad = true;
	} else if (has_control(n->text)) {
		node_error(d, n, "'%s' must not contain line ends or control characters", k->name);
		n->bad = true;
	} else if (k->type->placeholders && (hit = bad_placeholder(k->type, n->text, &len))) {
		auto_free char *word = xstrndup(hit, len);

		node_error(d, n, "'%s': unknown placeholder %s (there are {project}%s)", k->name,
			Q(word), k->type->sha ? ", {name} and {sha}" : " and {name}");
		n->bad = true;
	} else if (!k->type->check(k, n->text, &want)) {
		fault(n, d, k, sb_str(&want));
	}
}

static void check_list(const struct key *k, struct node *list, struct diag *d)
{
	if (node_is_empty(list))
		return;
	if ((k->flags & KEY_ONE) && list->kind == NODE_TEXT) {
		check_text(k, list, d);
		return;
	}
	if (list->kind != NODE_LIST) {
		bool quote = k->type && list->kind == NODE_TEXT && strlen(list->text) < 60 &&
			     !has_control(list->text);
		auto_free char *want =
			!k->type ? xasprintf("a list of maps such as %s", k->sub->example)
			: k->flags & KEY_ONE ? xstrdup("a value or a list")
					     : xasprintf(quote ? "a list: [%s]" : "a list%s",
						       quote ? list->text : "");

		fault(list, d, k, want);
		return;
	}
	vec_foreach (&list->items, item) {
		if (k->type)
			check_text(k, *item, d);
		else if (!(*item)->bad)
			schema_check(k->sub, *item, d);
	}
}

static void check_free(const struct key *k, struct node *map, struct diag *d)
{
	if (node_is_empty(map))
		return;
	if (map->kind != NODE_MAP) {
		fault(map, d, k, "a map");
		return;
	}
	vec_foreach (&map->items, item)
		check_text(k, *item, d);
}

static bool holds_secret(const struct key *k, const struct node *n)
{
	auto_free char *shown = n->kind == NODE_TEXT ? text_url_shown(n->text) : NULL;

	return (k->flags & KEY_SECRET) || (shown && !str_eq(shown, n->text));
}

static void check_value(const struct key *k, struct node *n, struct diag *d)
{
	if (n->bad)
		return;
	if (k->flags & KEY_LIST)
		check_list(k, n, d);
	else if (k->flags & KEY_FREE)
		check_free(k, n, d);
	else if (k->type)
		check_text(k, n, d);
	else if (n->kind == NODE_MAP || node_is_empty(n))
		schema_check(k->sub, n, d);
	else
		fault(n, d, k, k->sub->example);
	if (!n->bad && (n->doc->mode & 04) && holds_secret(k, n))
		diag_warn(d, n->doc, n->line, n->column,
			"'%s' holds a password and everyone can read this file (chmod o-r %s)",
			k->name, n->doc->shown);
}

static const struct key *find_key(const struct schema *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->keys[i].name, name))
			return &s->keys[i];
	return NULL;
}

/* The key that was meant, or NULL. */
static const char *unknown_key(const struct schema *s, const struct node *key, struct diag *d)
{
	const char *names[32], *near;
	auto_strv struct strv known = STRV_INIT;
	auto_free char *list = NULL;

	if (diag_full(d))
		return NULL;
	if (s->outside && find_key(s->outside, key->text)) {
		node_error(d, key, "'%s' %s", key->text, s->outside_say);
		return NULL;
	}
	assert(s->n <= COUNTOF(names));
	for (size_t i = 0; i < s->n; i++) {
		names[i] = s->keys[i].name;
		strv_add(&known, names[i]);
	}
	near = str_nearest(key->text, names, s->n);
	if (near) {
		node_error(d, key, "unknown key %s (did you mean '%s'?)", Q(key->text), near);
		return near;
	}
	list = strv_join(&known, ", ");
	node_error(d, key, "unknown key %s in %s (known: %s)", Q(key->text), s->what, list);
	return NULL;
}

/* A key that was misspelt or is there but faulty is not missing as well. */
static void check_required(
	const struct schema *s, const struct node *map, const struct strv *meant, struct diag *d)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct key *k = &s->keys[i];
		bool there = strv_has(meant, k->name);

		if (!(k->flags & KEY_REQUIRED))
			continue;
		vec_foreach (&map->keys, key)
			there = there || str_eq((*key)->text, k->name);
		if (!there)
			node_error(d, map, "%s needs '%s' (%s)", s->what, k->name, k->help);
	}
}

void schema_check(const struct schema *s, struct node *map, struct diag *d)
{
	auto_strv struct strv meant = STRV_INIT;

	if (map->bad)
		return;
	if (map->kind != NODE_MAP && !node_is_empty(map)) {
		node_error(d, map, "%s must be a map such as %s, not %s", s->what, s->example,
			kind_name(map));
		map->bad = true;
		return;
	}
	for (size_t i = 0; i < map->keys.n; i++) {
		const struct key *k = find_key(s, map->keys.v[i]->text);
		const char *near;

		if (k) {
			check_value(k, map->items.v[i], d);
			continue;
		}
		near = unknown_key(s, map->keys.v[i], d);
		if (near)
			strv_add(&meant, near);
		map->items.v[i]->bad = true;
	}
	check_required(s, map, &meant, d);
	if (s->check)
		s->check(map, d);
}

const struct node *schema_find(
	const struct node *const *maps, size_t n, const char *key, size_t *ret_level)
{
	for (size_t i = 0; i < n; i++) {
		const struct node *hit = node_get(maps[i], key);

		if (!hit)
			continue;
		if (ret_level)
			*ret_level = i;
		return hit;
	}
	return NULL;
}

static void fill_item(const struct node *item, const struct key *k, struct strv *to)
{
	char *text = NULL;

	if (item->bad)
		return;
	k->type->put(item, NULL, &text);
	strv_take(to, text);
}

static void fill_list(const struct node *list, const struct key *k, struct strv *to)
{
	strv_release(to);
	if (list->kind == NODE_TEXT && *list->text)
		fill_item(list, k, to);
	vec_foreach (&list->items, item)
		fill_item(*item, k, to);
}

void schema_fill(const struct schema *s, const struct node *const *maps, size_t n,
	const struct subst *subst, void *to)
{
	const struct node **sub = xcalloc(n ?: 1, sizeof *sub);

	for (size_t i = 0; i < s->n; i++) {
		const struct key *k = &s->keys[i];
		const struct node *hit = schema_find(maps, n, k->name, NULL);
		char *at = (char *)to + k->offset;

		if (!hit || (k->flags & (KEY_MANUAL | KEY_FREE)))
			continue;
		if (k->flags & KEY_LIST) {
			fill_list(hit, k, (struct strv *)(void *)at);
		} else if (k->type) {
			k->type->put(hit, subst, at);
		} else {
			for (size_t j = 0; j < n; j++)
				sub[j] = node_get(maps[j], k->name);
			schema_fill(k->sub, sub, n, subst, at);
		}
	}
	free(sub);
}

char *node_path(const struct node *n, const char *text)
{
	auto_free char *joined = path_join(n->doc->dir, text);

	return path_abs(joined);
}

char *subst_text(const struct subst *subst, const char *text)
{
	auto_free char *half = NULL;

	if (!subst)
		return xstrdup(text);
	half = str_replace(text, "{project}", subst->project);
	return str_replace(half, "{name}", subst->name);
}
