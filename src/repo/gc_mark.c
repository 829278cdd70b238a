/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the repositories list. */
#include "base/limits.h"
#include "repo/gc_internal.h"

struct marking {
	struct repo_gc *g;
	struct hmap *also;
};

static int mark(void *ctx, const struct listed *l, struct err *err UNUSED)
{
	struct marking *m = ctx;

	(void)hmap_set(&m->g->kept, l->href, 0);
	if (m->also)
		(void)hmap_set(m->also, l->href, 0);
	return 0;
}

static int mark_part(struct marking *m, const char *repodata, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = listing_primaries(repodata, &names, err);

	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		auto_free char *path = NULL;

		/* its name is the checksum of its bytes: the same name lists the same */
		if (!m->also && hmap_has(&m->g->read, names.v[i]))
			continue;
		path = path_join(repodata, names.v[i]);
		r = listing_read(path, mark, m, err);
		(void)hmap_set(&m->g->read, names.v[i], 0);
	}
	return r;
}

int gc_mark(struct repo_gc *g, const char *rel, struct hmap *also, struct err *err)
{
	struct marking m = {g, also};

	for (enum part p = 0; p < PARTS; p++) {
		auto_free char *repodata =
			*part_dirs[p] ? xasprintf("%s/%s/%s/repodata", g->dir, rel, part_dirs[p])
				      : xasprintf("%s/%s/repodata", g->dir, rel);
		int r = fs_is_dir(repodata) ? mark_part(&m, repodata, err) : 0;

		if (r < 0)
			return err_wrap(
				err, "no package is removed before `packmill fsck` finds all well");
	}
	return 0;
}

static int mark_now(void *ctx, const struct listed *l, struct err *err UNUSED)
{
	struct repo_gc *g = ctx;

	(void)hmap_set(&g->now, l->href, 0);
	return 0;
}

static int mark_part_now(struct repo_gc *g, const char *repodata, struct err *err)
{
	auto_free char *path = path_join(repodata, "repomd.xml"), *repomd = NULL;
	auto_strv struct strv names = STRV_INIT;
	int r = fs_read(path, LIMIT_REPOMD, &repomd, NULL, err);

	if (r < 0)
		return r;
	listing_names(repomd, &names);
	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		auto_free char *primary = path_join(repodata, names.v[i]);

		if (str_ends(names.v[i], "-primary.xml.gz"))
			r = listing_read(primary, mark_now, g, err);
	}
	return r;
}

int gc_mark_now(struct repo_gc *g, const char *rel, struct err *err)
{
	int r = 0;

	for (enum part p = 0; p < PARTS && r >= 0; p++) {
		auto_free char *repodata =
			*part_dirs[p] ? xasprintf("%s/%s/%s/repodata", g->dir, rel, part_dirs[p])
				      : xasprintf("%s/%s/repodata", g->dir, rel);

		r = fs_is_dir(repodata) ? mark_part_now(g, repodata, err) : 0;
	}
	return r;
}

int gc_mark_published(struct repo_gc *g, struct err *err)
{
	struct package_vec v = VEC_INIT;
	int r = store_published_files(g->st, g->targets.v[g->target - 1], NULL, &v, err);

	vec_foreach (&v, p) {
		auto_free char *href = pool_href(p);

		(void)hmap_set(&g->kept, href, 0);
	}
	vec_free(&v, package_release);
	return r;
}
