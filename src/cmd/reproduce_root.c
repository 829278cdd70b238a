/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reproduce_root.c - the packages of two roots. */
#include "base/map.h"
#include "base/text.h"
#include "cmd/reproduce.h"
#include <ctype.h>

#define SHOWN 20 /* lines of what differs */

void root_diff_release(struct root_diff *d)
{
	vec_release(&d->changes);
	lock_packages_release(&d->sorted_then);
	lock_packages_release(&d->sorted_now);
}

static void all_packages(const struct lock *l, struct lock_packages *ret)
{
	lock_packages_copy(ret, &l->base);
	lock_packages_copy(ret, &l->build);
	lock_packages_sort(ret);
}

/* "name.arch". Where the name ends is plain for rpm; a package of the machine may have a version
 * without release, so that the part before the last must look like a version, too. */
static char *name_arch(const char *nevra)
{
	const char *dot = strrchr(nevra, '.');
	size_t end = dot ? (size_t)(dot - nevra) : strlen(nevra), cut = end;

	for (int parts = 0; parts < 2; parts++) {
		size_t at = cut;

		while (at > 1 && nevra[at - 1] != '-')
			at--;
		if (at <= 1 || (parts && !isdigit((unsigned char)nevra[at])))
			break;
		cut = at - 1;
	}
	return xasprintf("%.*s%s", (int)cut, nevra, dot ?: "");
}

static char *identity(const struct lock_package *p)
{
	return xasprintf("%s %s", p->nevra, p->checksum ?: "");
}

static void index_packages(const struct lock_packages *v, struct hmap *ret)
{
	for (size_t i = 0; i < v->n; i++) {
		auto_free char *id = identity(&v->v[i]);

		(void)hmap_set(ret, id, i);
	}
}

void root_diff(const struct lock *then, const struct lock *now, struct root_diff *ret)
{
	auto_hmap struct hmap in_then = HMAP_INIT, in_now = HMAP_INIT, open = HMAP_INIT;

	all_packages(then, &ret->sorted_then);
	all_packages(now, &ret->sorted_now);
	index_packages(&ret->sorted_then, &in_then);
	index_packages(&ret->sorted_now, &in_now);
	ret->total = ret->sorted_then.n;
	vec_foreach (&ret->sorted_then, p) {
		auto_free char *id = identity(p), *name = name_arch(p->nevra);

		if (hmap_has(&in_now, id)) {
			ret->identical++;
			continue;
		}
		(void)hmap_set(&open, name, ret->changes.n);
		*vec_push(&ret->changes) = (struct root_change){.then = p};
	}
	vec_foreach (&ret->sorted_now, p) {
		auto_free char *id = identity(p), *name = name_arch(p->nevra);
		size_t at;

		if (hmap_has(&in_then, id))
			continue;
		if (hmap_get(&open, name, &at) && !ret->changes.v[at].now) {
			ret->changes.v[at].now = p;
			continue;
		}
		ret->more++;
		*vec_push(&ret->changes) = (struct root_change){.now = p};
	}
}

/* " - nevra", with the checksum where the names alone would say nothing. */
static void add_side(struct strbuf *sb, char sign, const struct lock_package *p, bool checksum)
{
	if (!p)
		return;
	sb_addf(sb, "%s%c ", sb->n ? " " : "", sign);
	text_term(sb, p->nevra, 200);
	if (checksum && p->checksum)
		sb_addf(sb, " (%.12s)", p->checksum);
}

void root_diff_print(const struct root_diff *d, FILE *to)
{
	size_t n = 0;

	fprintf(to, "root identical: %zu/%zu", d->identical, d->total);
	if (d->more)
		fprintf(to, ", %zu more", d->more);
	fputc('\n', to);
	vec_foreach (&d->changes, c) {
		auto_strbuf struct strbuf sb = STRBUF_INIT;
		bool same = c->then && c->now && str_eq(c->then->nevra, c->now->nevra);

		if (n++ == SHOWN)
			break;
		add_side(&sb, '-', c->then, same);
		add_side(&sb, '+', c->now, same);
		fprintf(to, "%s\n", sb_str(&sb));
	}
	if (d->changes.n > SHOWN)
		fprintf(to, "and %zu more\n", d->changes.n - SHOWN);
}

static json_t *side_to_json(const struct lock_package *p)
{
	json_t *o;

	if (!p)
		return json_null();
	o = json_object();
	json_put_str(o, "nevra", p->nevra);
	json_put_str(o, "checksum", p->checksum);
	return o;
}

json_t *root_diff_to_json(const struct root_diff *d)
{
	json_t *o = json_object(), *list = json_array();

	json_put_int(o, "identical", (int64_t)d->identical);
	json_put_int(o, "total", (int64_t)d->total);
	vec_foreach (&d->changes, c) {
		json_t *change = json_object();

		json_put(change, "recorded", side_to_json(c->then));
		json_put(change, "now", side_to_json(c->now));
		json_array_append_new(list, change);
	}
	json_put(o, "differences", list);
	return o;
}
