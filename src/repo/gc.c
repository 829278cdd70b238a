/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Target by target: what the named repositories list, which builds go, those deleted, then what all
 * repositories list that are left, and the pool swept of the rest. Each unit of work is small;
 * where the work stands between two of them is kept here.
 */
#include "repo/gc.h"
#include "base/time.h"
#include "repo/gc_internal.h"

static void clear_target(struct repo_gc *g)
{
	struct strv *lists[] = {&g->projects, &g->heads, &g->dirs, &g->letters, &g->names};
	struct hmap *maps[] = {&g->gone, &g->named, &g->now, &g->read, &g->kept};
	char **strings[] = {&g->dir, &g->tmp, &g->marker, &g->stamp};

	for (size_t i = 0; i < COUNTOF(lists); i++)
		strv_release(lists[i]);
	for (size_t i = 0; i < COUNTOF(maps); i++)
		hmap_release(maps[i]);
	for (size_t i = 0; i < COUNTOF(strings); i++)
		str_set(strings[i], NULL);
}

static void item_release(struct repo_gc_item *i)
{
	store_build_release(&i->build);
	free(i->repo);
	free(i->why);
}

void repo_gc_free(struct repo_gc *g)
{
	if (!g)
		return;
	clear_target(g);
	vec_free(&g->items, item_release);
	strv_release(&g->targets);
	free(g->data);
	free(g);
}

int repo_gc_plan(const char *data, struct store *st, const struct repo_gc_policy *p, bool dry_run,
	struct repo_gc **ret, struct err *err)
{
	CLEANUP(repo_gc_freep) struct repo_gc *g = xcalloc(1, sizeof *g);
	int r = store_targets(st, &g->targets, err);

	if (r < 0)
		return r;
	g->data = path_abs(data);
	g->st = st;
	g->policy = *p;
	g->dry = dry_run;
	*ret = TAKE(g);
	return 0;
}

void repo_gc_on_delete(
	struct repo_gc *g, void (*fn)(void *ctx, const struct repo_gc_item *i), void *ctx)
{
	g->deleted = fn;
	g->ctx = ctx;
}

const struct repo_gc_items *repo_gc_chosen(const struct repo_gc *g)
{
	return &g->items;
}

struct repo_gc_sums repo_gc_sums(const struct repo_gc *g)
{
	return g->sums;
}

/* ---- what moves ---- */

/* Publishing between two steps changes what is listed: seen by the files that readers follow. */
static char *stamp_of(const struct repo_gc *g)
{
	static const char *const names[] = {"current", "consistent"};
	struct strbuf b = STRBUF_INIT;

	for (size_t i = 0; i < COUNTOF(names); i++) {
		auto_free char *path = xasprintf("%s/%s/repodata/repomd.xml", g->dir, names[i]);
		struct stat st = {0};

		(void)stat(path, &st);
		sb_addf(&b, "%llu %lld.%ld %lld ", (unsigned long long)st.st_ino,
			(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (long long)st.st_size);
	}
	return sb_take(&b);
}

static void mark_anew(struct repo_gc *g)
{
	strv_release(&g->heads);
	strv_release(&g->dirs);
	strv_release(&g->letters);
	strv_release(&g->names);
	g->letter = 0;
	g->phase = GC_LIST;
	g->at = 0;
	free(g->stamp);
	g->stamp = stamp_of(g);
}

/* ---- the phases ---- */

/* What an earlier run that was killed had begun to remove. */
static int sweep_rests(struct repo_gc *g, struct err *err)
{
	auto_free char *builds = path_join(g->data, "builds");
	auto_strv struct strv names = STRV_INIT;
	int r = fs_is_dir(builds) ? fs_list(builds, &names, err) : 0;

	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		auto_free char *path = path_join(builds, names.v[i]);

		if (str_starts(names.v[i], ".gc-"))
			r = fs_remove_tree(path, err);
	}
	return r;
}

static int next_target(struct repo_gc *g, struct err *err)
{
	int r = !g->target && !g->dry ? sweep_rests(g, err) : 0;

	clear_target(g);
	if (r < 0)
		return r;
	if (g->target == g->targets.n) {
		g->phase = GC_DONE;
		return 0;
	}
	g->dir = repo_dir(g->data, g->targets.v[g->target]);
	g->tmp = path_join(g->dir, ".new");
	g->marker = path_join(g->dir, ".gc");
	g->first = g->items.n;
	g->target++;
	g->phase = GC_NAMED;
	return 0;
}

static int read_named(struct repo_gc *g, struct err *err)
{
	auto_strv struct strv named = STRV_INIT;
	struct store_standings v = VEC_INIT;
	int r = fs_is_dir(g->dir) ? listing_named(g->dir, &named, err) : 0;

	for (size_t i = 0; r >= 0 && i < named.n; i++)
		if ((r = gc_mark(g, named.v[i], &g->named, err)) >= 0)
			r = gc_mark_now(g, named.v[i], err);
	if (r >= 0)
		r = store_standings(g->st, g->targets.v[g->target - 1], &v, err);
	vec_foreach (&v, s)
		strv_add(&g->projects, s->project);
	vec_free(&v, store_standing_release);
	g->phase = GC_PICK;
	g->at = 0;
	return r;
}

/* All builds are chosen: is there anything to do? The file says so until the pool is swept. */
static int picked(struct repo_gc *g, struct err *err)
{
	bool any = g->items.n > g->first, before = fs_exists(g->marker);

	if (!any && !before) {
		g->phase = GC_TARGET;
		return 0;
	}
	g->at = g->first;
	g->phase = GC_DELETE;
	if (g->dry || before || !fs_is_dir(g->dir))
		return 0;
	return fs_write_atomic(g->marker, "", 0, 0644, err);
}

static int list_commits(struct repo_gc *g, struct err *err)
{
	int r = 0;

	if (!fs_is_dir(g->dir)) {
		g->phase = GC_TARGET;
		return 0;
	}
	if (!g->heads.n) {
		if ((r = listing_named(g->dir, &g->dirs, err)) < 0 ||
			(r = listing_heads(g->dir, &g->heads, err)) < 0)
			return r;
		g->at = 0;
	}
	if (g->at < g->heads.n)
		return listing_commits(g->dir, g->heads.v[g->at++], &g->dirs, err);
	g->phase = GC_MARK;
	g->at = 0;
	return 0;
}

static int mark_next(struct repo_gc *g, struct err *err)
{
	int r;

	if (g->at < g->dirs.n) {
		const char *rel = g->dirs.v[g->at++];

		/* those that go are away, but in a dry run */
		return g->dry && hmap_has(&g->gone, rel) ? 0 : gc_mark(g, rel, NULL, err);
	}
	r = gc_mark_published(g, err);
	g->phase = GC_SWEEP;
	g->at = g->letter = 0;
	return r;
}

static int unit(struct repo_gc *g, struct err *err)
{
	switch (g->phase) {
	case GC_TARGET:
		return next_target(g, err);
	case GC_NAMED:
		return read_named(g, err);
	case GC_PICK:
		return g->at < g->projects.n ? gc_pick(g, err) : picked(g, err);
	case GC_DELETE:
		if (g->at < g->items.n)
			return gc_delete(g, err);
		mark_anew(g);
		return 0;
	case GC_LIST:
		return list_commits(g, err);
	case GC_MARK:
		return mark_next(g, err);
	case GC_SWEEP:
		return gc_sweep(g, err);
	case GC_DONE:
		break;
	}
	return 0;
}

int repo_gc_step(struct repo_gc *g, unsigned ms, struct err *err)
{
	uint64_t end = time_mono_ms() + ms;
	int r;

	if (g->phase >= GC_LIST && g->phase <= GC_SWEEP) {
		auto_free char *now = stamp_of(g);

		if (!str_eq(now, g->stamp))
			mark_anew(g);
	}
	do {
		r = unit(g, err);
	} while (r >= 0 && g->phase != GC_DONE && time_mono_ms() < end);
	if (r < 0)
		return err_wrap(err, "cannot remove what is old");
	return g->phase != GC_DONE;
}
