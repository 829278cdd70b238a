/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metadata made again. What a repository lists is still told by any one whole file of its three:
 * primary has locations, the others have checksums of packages that the store or another repository
 * knows. Then all is written anew from the packages themselves.
 */
#include "base/time.h"
#include "repo/fsck_internal.h"

struct gathering {
	struct entries *e;
	struct fsck *f;
	enum part part;
};

static void add(struct gathering *g, const char *href, const char *sha256)
{
	struct entry *e = vec_push(g->e);

	e->href = xstrdup(href);
	e->path = path_join(g->f->r->dir, href);
	e->part = g->part;
	memcpy(e->sha256, sha256, SHA256_HEX);
}

static int from_primary(void *ctx, const struct listed *l, struct err *err UNUSED)
{
	add(ctx, l->href, l->sha256);
	return 0;
}

/* False: one of the packages is not known. */
static bool from_ids(struct gathering *g, const struct strv *ids)
{
	strv_foreach (ids, id) {
		const struct known *k = fsck_known(g->f, NULL, *id);

		if (!k)
			return false;
		add(g, k->href, k->sha256);
	}
	return true;
}

static bool gather_part(struct gathering *g, const char *repodata)
{
	auto_strv struct strv names = STRV_INIT;
	auto_free char *repomd = NULL, *path = path_join(repodata, "repomd.xml");
	size_t before = g->e->n;

	/* without repomd.xml the files are taken as they lie there */
	if (fs_read(path, (size_t)1024 * 1024, &repomd, NULL, NULL) >= 0)
		listing_names(repomd, &names);
	if (!names.n && fs_list(repodata, &names, NULL) < 0)
		return false;
	for (int primary = 1; primary >= 0; primary--)
		strv_foreach (&names, n) {
			auto_free char *file = path_join(repodata, *n);
			auto_strv struct strv ids = STRV_INIT;

			if (str_ends(*n, "-primary.xml.gz") != primary || !fs_exists(file))
				continue;
			if (primary ? listing_read(file, from_primary, g, NULL) >= 0
				    : listing_ids(file, &ids, NULL) >= 0 && from_ids(g, &ids))
				return true;
			while (g->e->n > before)
				entry_release(&g->e->v[--g->e->n]);
		}
	return false;
}

static bool gather(struct fsck *f, const char *rel, struct entries *e)
{
	struct gathering g = {.e = e, .f = f};

	for (g.part = 0; g.part < PARTS; g.part++) {
		auto_free char *repodata =
			*part_dirs[g.part]
				? xasprintf("%s/%s/%s/repodata", f->r->dir, rel, part_dirs[g.part])
				: xasprintf("%s/%s/repodata", f->r->dir, rel);

		if (!gather_part(&g, repodata))
			return false;
	}
	return true;
}

static int gather_published(struct fsck *f, struct entries *e, struct err *err)
{
	struct gathering g = {.e = e, .f = f};
	struct package_vec v = VEC_INIT;
	int r = store_published_files(f->st, f->target, NULL, &v, err);

	vec_foreach (&v, p) {
		auto_free char *href = pool_href(p);

		g.part = part_of(p->kind);
		add(&g, href, p->sha256);
	}
	vec_free(&v, package_release);
	return r;
}

static int by_href(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->href, y->href);
}

/* Sorted, each location once. */
static void settle(struct entries *e)
{
	size_t n = 0;

	if (e->n)
		qsort(e->v, e->n, sizeof *e->v, by_href);
	for (size_t i = 0; i < e->n; i++) {
		if (n && str_eq(e->v[n - 1].href, e->v[i].href))
			entry_release(&e->v[i]);
		else
			e->v[n++] = e->v[i];
	}
	e->n = n;
}

/* A damaged file has the name of the whole one that takes its place. */
static void drop_damaged(const char *dir)
{
	for (enum part p = 0; p < PARTS; p++) {
		auto_free char *repodata = *part_dirs[p]
						   ? xasprintf("%s/%s/repodata", dir, part_dirs[p])
						   : xasprintf("%s/repodata", dir);
		auto_strv struct strv names = STRV_INIT;

		if (!fs_is_dir(repodata) || fs_list(repodata, &names, NULL) < 0)
			continue;
		strv_foreach (&names, n) {
			auto_free char *path = path_join(repodata, *n);

			if (str_ends(*n, ".xml.gz") && listing_check(path, NULL) < 0)
				(void)unlink(path);
		}
	}
}

static int write_anew(struct fsck *f, const char *rel, struct entries *e, struct err *err)
{
	auto_free char *dir = path_join(f->r->dir, rel);
	struct metadata m[PARTS] = {0};
	auto_update struct update u = {.dir = dir, .donor = dir, .m = m, .parts = PARTS};
	int r;

	settle(e);
	if ((r = stage_begin(f->r, err)) >= 0 && (r = cache_open(f->r, err)) >= 0 &&
		(r = cache_metadata(f->r, e, time_now(), m, err)) >= 0) {
		drop_damaged(dir);
		if ((r = tree_update(f->r, &u, err)) >= 0)
			r = stage_commit(f->r, err);
	}
	for (size_t p = 0; p < PARTS; p++)
		metadata_release(&m[p]);
	hmap_release(&f->inodes);
	return r;
}

static bool all_there(const struct entries *e)
{
	vec_foreach (e, x)
		if (!fs_exists(x->path))
			return false;
	return true;
}

static enum repo_fsck_state mend(struct fsck *f, const char *rel, struct err *err)
{
	enum repo_fsck_state state = FSCK_LOST;
	struct entries e = VEC_INIT;
	auto_free char *still = NULL;
	bool known;

	/* what it lists is a question to the store */
	if (str_eq(rel, "current"))
		known = gather_published(f, &e, err) >= 0;
	else
		known = gather(f, rel, &e);
	if (!f->o->repair && known && all_there(&e))
		state = FSCK_FOUND;
	else if (f->o->repair && known && write_anew(f, rel, &e, err) >= 0 &&
		 !(still = fsck_metadata(f, rel)))
		state = FSCK_REPAIRED;
	vec_free(&e, entry_release);
	return state;
}

int fsck_mend(struct fsck *f, struct err *err UNUSED)
{
	strv_foreach (&f->broken, b) {
		auto_err struct err why = ERR_INIT;
		char *reason = strchr(*b, '\n');
		enum repo_fsck_state state;

		*reason++ = '\0';
		if ((state = mend(f, *b, &why)) != FSCK_REPAIRED)
			f->unread = true;
		fsck_tell(f, state, "the metadata of %s: %s%s%s", *b, reason, why.msg ? "; " : "",
			why.msg ? why.msg : "");
	}
	return 0;
}

/* ---- current ---- */

static int count_missing(void *ctx, const struct listed *l, struct err *err UNUSED)
{
	struct hmap *there = ctx;
	auto_free char *key = xasprintf("%s %s", l->href, l->sha256);

	(void)hmap_set(there, key, 0);
	return 0;
}

static bool lists_exactly(struct fsck *f, const struct entries *e)
{
	auto_hmap struct hmap there = HMAP_INIT;

	for (enum part p = 0; p < PARTS; p++) {
		auto_free char *repodata =
			*part_dirs[p] ? xasprintf("%s/current/%s/repodata", f->r->dir, part_dirs[p])
				      : xasprintf("%s/current/repodata", f->r->dir);
		auto_free char *path = path_join(repodata, "repomd.xml"), *repomd = NULL;
		auto_strv struct strv names = STRV_INIT;

		if (fs_read(path, (size_t)1024 * 1024, &repomd, NULL, NULL) < 0)
			return false;
		listing_names(repomd, &names);
		strv_foreach (&names, n) {
			auto_free char *file = path_join(repodata, *n);

			if (str_ends(*n, "-primary.xml.gz") &&
				listing_read(file, count_missing, &there, NULL) < 0)
				return false;
		}
	}
	vec_foreach (e, x) {
		auto_free char *key = xasprintf("%s %s", x->href, x->sha256);

		if (!hmap_has(&there, key))
			return false;
	}
	return there.n == e->n;
}

int fsck_current(struct fsck *f, struct err *err)
{
	auto_free char *dir = path_join(f->r->dir, "current");
	struct entries e = VEC_INIT;
	bool mended = false;
	int r = gather_published(f, &e, err);

	settle(&e);
	/* broken: told, and mended from the store, already */
	if (r >= 0 && !f->current_is_broken && (e.n || fs_is_dir(dir)) && !lists_exactly(f, &e)) {
		auto_err struct err why = ERR_INIT;

		mended = f->o->repair && write_anew(f, "current", &e, &why) >= 0 &&
			 lists_exactly(f, &e) && repo_update_versions(f->r, f->st, &why) >= 0;
		fsck_tell(f, mended ? FSCK_REPAIRED : FSCK_FOUND,
			"current does not list what was published last%s%s", why.msg ? ": " : "",
			why.msg ? why.msg : "");
		if (mended)
			r = fsck_repository(f, "current", err);
	}
	vec_free(&e, entry_release);
	return r;
}
