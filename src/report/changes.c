/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changed since the last success: the two commits, and the packages of the build root. */
#include "base/fs.h"
#include "model/lock.h"
#include "report/parts.h"

/* ---- packages of two roots ---- */

struct item {
	struct package k;
	const char *checksum; /* borrowed from the lock */
	bool same;            /* the other root has it too */
};
VEC_TYPE(items, struct item);

static void item_release(struct item *i)
{
	package_release(&i->k);
}

static void add(struct items *to, const struct lock_packages *from)
{
	vec_foreach (from, p) {
		struct item i = {.checksum = p->checksum};

		if (package_set_nevra(&i.k, p->nevra))
			*vec_push(to) = i;
	}
}

static int by_name_arch(const struct item *x, const struct item *y)
{
	int c = strcmp(x->k.name, y->k.name);

	return c ? c : strcmp(x->k.arch, y->k.arch);
}

static int by_name_arch_evr(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int c = by_name_arch(x, y);

	return c ? c : strcmp(x->k.nevra, y->k.nevra);
}

static struct items items_of(const struct lock *l)
{
	struct items v = VEC_INIT;

	add(&v, &l->base);
	add(&v, &l->build);
	if (v.n)
		qsort(v.v, v.n, sizeof *v.v, by_name_arch_evr);
	return v;
}

/* Packages of one name and architecture; mostly one, a kernel may be there twice. */
struct group {
	struct item *v;
	size_t n;
};

static struct group group_at(const struct items *all, size_t i)
{
	struct group g = {.v = all->v + i};

	while (i + g.n < all->n && by_name_arch(g.v, &g.v[g.n]) == 0)
		g.n++;
	return g;
}

static bool rebuilt(const struct item *from, const struct item *to)
{
	return from->checksum && to->checksum && !str_eq(from->checksum, to->checksum);
}

/* The only one that the other root has not; NULL: there are none or several. */
static const struct item *only(const struct group *g)
{
	const struct item *found = NULL;

	for (size_t i = 0; i < g->n; i++) {
		if (g->v[i].same)
			continue;
		if (found)
			return NULL;
		found = &g->v[i];
	}
	return found;
}

static void moved(const struct item *from, const struct item *to, struct strv *ret)
{
	auto_free char *x = package_evr(&from->k), *y = package_evr(&to->k);

	strv_addf(ret, "%s %s -> %s%s", to->k.name, x, y, str_eq(x, y) ? " (rebuilt)" : "");
}

static void compare_groups(const struct group *from, const struct group *to, struct strv *ret)
{
	const struct item *x, *y;

	for (size_t i = 0; i < from->n; i++)
		for (size_t k = 0; k < to->n; k++)
			if (!to->v[k].same && str_eq(from->v[i].k.nevra, to->v[k].k.nevra) &&
				!rebuilt(&from->v[i], &to->v[k])) {
				from->v[i].same = to->v[k].same = true;
				break;
			}
	x = only(from);
	y = only(to);
	if (x && y) {
		moved(x, y, ret);
		return;
	}
	for (size_t i = 0; i < from->n; i++)
		if (!from->v[i].same)
			strv_addf(ret, "-%s", from->v[i].k.nevra);
	for (size_t i = 0; i < to->n; i++)
		if (!to->v[i].same)
			strv_addf(ret, "+%s", to->v[i].k.nevra);
}

void changes_root(const struct lock *from, const struct lock *to, struct strv *ret)
{
	struct items x = items_of(from), y = items_of(to);
	const struct group none = {0};

	for (size_t i = 0, k = 0; i < x.n || k < y.n;) {
		int c = i == x.n ? 1 : k == y.n ? -1 : by_name_arch(&x.v[i], &y.v[k]);
		struct group a = c <= 0 ? group_at(&x, i) : none;
		struct group b = c >= 0 ? group_at(&y, k) : none;

		compare_groups(&a, &b, ret);
		i += a.n;
		k += b.n;
	}
	strv_sort(ret);
	vec_free(&x, item_release);
	vec_free(&y, item_release);
}

/* ---- of a build ---- */

/* The lock of a build; NULL when it has none (it failed before) or no longer. */
struct lock *changes_lock(const struct report *r, int64_t id)
{
	auto_free char *path = xasprintf("%s/builds/%lld/" LOCK_FILE, r->conf.data, (long long)id);
	struct lock *l = NULL;

	return lock_read(path, &l, NULL) < 0 ? NULL : l;
}

static void roots(const struct report *r, const struct store_build *from,
	const struct store_build *to, struct report_change *ret)
{
	CLEANUP(lock_freep) struct lock *x = changes_lock(r, from->id);
	CLEANUP(lock_freep) struct lock *y = changes_lock(r, to->id);

	ret->root_known = x && y;
	if (x && y)
		changes_root(x, y, &ret->root);
}

static void hashes(const char *from, const char *to, char **ret_from, char **ret_to)
{
	if (str_eq(from ?: "", to ?: ""))
		return;
	*ret_from = xstrdup(from ?: "");
	*ret_to = xstrdup(to ?: "");
}

int report_changes(
	struct report *r, const struct store_build *b, struct report_change *ret, struct err *err)
{
	CLEANUP(store_build_release) struct store_build good = {0};
	auto_err struct err e = ERR_INIT;
	int rc = store_success_before(r->st, b, &good, &e);

	*ret = (struct report_change){0};
	if (rc == -ERR_NOT_FOUND)
		return 0;
	if (rc < 0)
		return err_move(err, &e);
	ret->since = good.id;
	hashes(good.upstream_sha, b->upstream_sha, &ret->upstream_from, &ret->upstream_to);
	hashes(good.packaging_sha, b->packaging_sha, &ret->packaging_from, &ret->packaging_to);
	roots(r, &good, b, ret);
	return 0;
}

void report_change_release(struct report_change *c)
{
	free(c->upstream_from);
	free(c->upstream_to);
	free(c->packaging_from);
	free(c->packaging_to);
	strv_release(&c->root);
}
