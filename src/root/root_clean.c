/* SPDX-License-Identifier: GPL-3.0-or-later */
/* root_clean.c - roots that go: named ones, all, those nobody used for long, the oldest until all
 * fit. Under the directory's lock; a root goes before the one it stands on. */
#include "base/base.h"
#include "base/fs.h"
#include "root/cache.h"

/* Away from where it can be found first, then removed. */
static int remove_root(const char *roots_dir, const char *name, struct err *err)
{
	auto_free char *from = path_join(roots_dir, name);
	auto_free char *to = xasprintf("%s/" ROOT_TMP_PREFIX "gone-%s", roots_dir, name);

	if (rename(from, to) < 0)
		return err_errno(err, "cannot rename '%s'", from);
	return sandbox_remove_tree(to, err);
}

int root_discard(const char *roots_dir, const char *key, struct err *err)
{
	auto_free char *dir = path_join(roots_dir, key);

	return fs_exists(dir) ? remove_root(roots_dir, key, err) : 0;
}

static int try_alone(const char *roots_dir, const char *dir, int *ret_fd, struct err *err)
{
	auto_close int look UNUSED = root_look(roots_dir);
	struct stat st;

	return root_try_alone(dir, ret_fd, &st, err);
}

/* 1: gone, or would be; 0: somebody took it meanwhile. */
static int remove_unused(
	const char *roots_dir, const char *key, bool dry_run, int *ret_gone, struct err *err)
{
	auto_free char *dir = path_join(roots_dir, key);
	auto_err struct err e = ERR_INIT;
	auto_close int alone = -1;
	int r = try_alone(roots_dir, dir, &alone, &e);

	*ret_gone = 0;
	if (r < 0 && e.code != ERR_NOT_FOUND) /* without a lock it is half removed */
		return err_move(err, &e);
	if (r >= 0 && alone < 0)
		return 0;
	*ret_gone = 1;
	return dry_run ? 0 : remove_root(roots_dir, key, err);
}

static struct root_info *find(struct root_infos *v, const char *key)
{
	vec_foreach (v, i)
		if (key && str_eq(i->key, key))
			return i;
	return NULL;
}

/* What a policy chose, the ones that stand on others first. */
struct gc {
	const char *roots_dir;
	bool dry_run;
	struct root_infos infos;
	uint64_t total; /* bytes of those that are left */
	size_t n;
	uint64_t bytes;
};

static void gc_release(struct gc *g)
{
	vec_free(&g->infos, root_info_release);
}

static int compare(const void *a, const void *b)
{
	const struct root_info *x = a, *y = b;

	if (x->used != y->used)
		return x->used < y->used ? -1 : 1;
	if (!x->base != !y->base)
		return x->base ? -1 : 1;
	return strcmp(x->key, y->key);
}

static int gc_open(struct gc *g, int *ret_lock, struct err *err)
{
	int r;

	if (!fs_is_dir(g->roots_dir))
		return 0;
	if ((r = root_lock(g->roots_dir, ret_lock, err)) < 0 ||
		(!g->dry_run && (r = root_sweep(g->roots_dir, err)) < 0) ||
		(r = root_list(g->roots_dir, &g->infos, err)) < 0)
		return r;
	/* a base was used when what stands on it was: it comes after that */
	if (g->infos.n)
		qsort(g->infos.v, g->infos.n, sizeof *g->infos.v, compare);
	vec_foreach (&g->infos, i)
		g->total += i->size;
	return 0;
}

static int gc_remove(struct gc *g, struct root_info *i, struct err *err)
{
	struct root_info *base = find(&g->infos, i->base);
	int gone, r;

	if (!i->key[0] || i->in_use || i->dependents)
		return 0;
	r = remove_unused(g->roots_dir, i->key, g->dry_run, &gone, err);
	if (r < 0 || !gone)
		return r;
	if (base)
		base->dependents--;
	g->n++;
	g->bytes += i->size;
	g->total -= i->size;
	i->key[0] = '\0';
	return 0;
}

int root_gc(const char *roots_dir, int64_t unused_since, uint64_t max_size, bool dry_run,
	size_t *ret_n, uint64_t *ret_bytes, struct err *err)
{
	CLEANUP(gc_release) struct gc g = {.roots_dir = roots_dir, .dry_run = dry_run};
	auto_close int lock = -1;
	int r = gc_open(&g, &lock, err);

	vec_foreach (&g.infos, i)
		if (r >= 0 && i->used < unused_since)
			r = gc_remove(&g, i, err);
	vec_foreach (&g.infos, i)
		if (r >= 0 && max_size && g.total > max_size)
			r = gc_remove(&g, i, err);
	if (r < 0)
		return r;
	*ret_n = g.n;
	*ret_bytes = g.bytes;
	return 0;
}

int root_expire(const char *roots_dir, const char *target, int64_t unused_since, struct err *err)
{
	struct root_infos infos = VEC_INIT;
	int r = root_list(roots_dir, &infos, err);

	vec_foreach (&infos, i) {
		int gone;

		if (r < 0 || i->used >= unused_since || i->dependents || !str_eq(i->target, target))
			continue;
		r = remove_unused(roots_dir, i->key, false, &gone, err);
	}
	vec_free(&infos, root_info_release);
	return r;
}

static int in_use(const struct root_info *i, struct err *err)
{
	if (i->dependents)
		return err_set(err, ERR_LOCKED, "root '%s' is the base of %zu other root%s", i->key,
			i->dependents, i->dependents == 1 ? "" : "s");
	if (i->users.n) {
		auto_free char *who = strv_join(&i->users, ", ");

		return err_set(err, ERR_LOCKED, "root '%s' is in use by process %s", i->key, who);
	}
	return err_set(err, ERR_LOCKED, "root '%s' is in use", i->key);
}

static int clean_listed(struct gc *g, const char *key, size_t *ret_found, struct err *err)
{
	int r = 0;

	/* two rounds: the order of use is that of standing on one another but for clocks set back
	 */
	for (int round = 0; round < 2; round++)
		vec_foreach (&g->infos, i)
			if (r >= 0 && i->key[0] && (!key || str_starts(i->key, key))) {
				*ret_found += round == 0;
				r = gc_remove(g, i, err);
			}
	if (!key)
		return r;
	vec_foreach (&g->infos, i)
		if (r >= 0 && i->key[0] && str_starts(i->key, key))
			r = in_use(i, err);
	return r;
}

/* What is named like a root and cannot be opened. */
static int clean_broken(struct gc *g, const char *key, size_t *ret_found, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_is_dir(g->roots_dir) ? fs_list(g->roots_dir, &names, err) : 0;

	strv_foreach (&names, n) {
		int gone;

		if (r < 0 || !root_is_key(*n) || (key && !str_starts(*n, key)) ||
			find(&g->infos, *n))
			continue;
		++*ret_found;
		r = remove_unused(g->roots_dir, *n, g->dry_run, &gone, err);
		if (r >= 0 && !gone && key)
			r = err_set(err, ERR_LOCKED, "root '%s' is in use", *n);
		g->n += r >= 0 && gone;
	}
	return r;
}

int root_clean(const char *roots_dir, const char *key, bool dry_run, size_t *ret_n, struct err *err)
{
	CLEANUP(gc_release) struct gc g = {.roots_dir = roots_dir, .dry_run = dry_run};
	auto_close int lock = -1;
	size_t found = 0;
	int r = gc_open(&g, &lock, err);

	if (r < 0 || (r = clean_broken(&g, key, &found, err)) < 0 ||
		(r = clean_listed(&g, key, &found, err)) < 0)
		return r;
	if (key && !found)
		return err_set(err, ERR_NOT_FOUND, "no root '%s'", key);
	*ret_n = g.n;
	return 0;
}
