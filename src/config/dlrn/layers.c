/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/dlrn/info.h"

bool layer_add(struct layer *l, const struct node *map)
{
	if (l->n == COUNTOF(l->maps))
		return false;
	l->maps[l->n++] = map;
	return true;
}

bool layer_has(const struct layer *l, const char *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->maps[i]->kind == NODE_MAP && node_has(l->maps[i], key))
			return true;
	return false;
}

void layer_below(const struct layer *l, const char *key, struct layer *ret)
{
	struct layer below = {0}; /* ret may be l */

	for (size_t i = 0; i < l->n; i++) {
		const struct node *n = node_get(l->maps[i], key);

		if (n && n->kind == NODE_MAP)
			(void)layer_add(&below, n);
	}
	*ret = below;
}

const struct layer *layers_with(const struct layers *ls, const char *key)
{
	for (size_t i = 0; i < ls->n; i++)
		if (layer_has(&ls->of[i], key))
			return &ls->of[i];
	return NULL;
}

static const struct node *layers_value(const struct layers *ls, const char *key)
{
	const struct layer *l = layers_with(ls, key);
	const struct node *hit = NULL;

	for (size_t i = 0; l && i < l->n; i++) {
		const struct node *n = node_get(l->maps[i], key);

		if (n && !node_is_empty(n))
			hit = n;
	}
	return hit;
}

const struct node *layers_text(const struct layers *ls, const char *key)
{
	const struct node *n = layers_value(ls, key);

	return n && n->kind == NODE_TEXT ? n : NULL;
}

char *layers_filled(
	struct dlrn *d, const struct layers *ls, const char *key, const struct node **ret_node)
{
	const struct node *n = layers_value(ls, key);
	auto_strbuf struct strbuf b = STRBUF_INIT;

	if (n && n->kind != NODE_TEXT) {
		info_leave(d, n, key, "is a list or a map, one text is understood");
		n = NULL;
	}
	if (ret_node)
		*ret_node = n;
	for (const char *s = n ? n->text : ""; *s; s++) {
		size_t len = s[0] == '%' && s[1] == '(' ? strcspn(s, ")") : 0;
		auto_free char *word = NULL;
		const struct node *put;

		if (*s != '%') {
			sb_addc(&b, *s);
		} else if (s[1] == '%') {
			sb_addc(&b, *s++);
		} else if (!len || !s[len] || s[len + 1] != 's') {
			info_leave(d, n, n->text, "%s: only %%(key)s can be filled in", key);
			return NULL;
		} else {
			word = xstrndup(s + 2, len - 2);
			put = layers_text(ls, word);
			if (!put) {
				info_leave(d, n, n->text, "%s: the package has no '%s' to fill in",
					key, word);
				return NULL;
			}
			if (strstr(put->text, "%("))
				info_leave(d, n, n->text,
					"%s: the %%(...)s in '%s' stays, rdoinfo fills in once",
					key, word);
			sb_add(&b, put->text);
			s += len + 1;
		}
		if (b.n > DLRN_TEXT) {
			info_leave(d, n, n->text, "%s: longer than %d bytes", key, DLRN_TEXT);
			return NULL;
		}
	}
	return n ? sb_take(&b) : NULL;
}
