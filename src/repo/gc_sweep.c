/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pool, one directory at a time: what no repository lists goes. */
#include "repo/gc_internal.h"

static int sweep_file(struct repo_gc *g, const char *href, const char *path, struct err *err)
{
	struct stat st;

	if (hmap_has(&g->kept, href) || lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (!g->dry && unlink(path) < 0)
		return err_errno(err, "cannot remove '%s'", path);
	g->sums.packages++;
	g->sums.bytes += (uint64_t)st.st_size;
	return 0;
}

static int sweep_name(struct repo_gc *g, const char *letter, const char *name, struct err *err)
{
	auto_free char *rel = xasprintf("pool/%s/%s", letter, name);
	auto_free char *dir = path_join(g->dir, rel);
	auto_strv struct strv files = STRV_INIT;
	int r = fs_is_dir(dir) ? fs_list(dir, &files, err) : 0;

	for (size_t i = 0; r >= 0 && i < files.n; i++) {
		auto_free char *href = path_join(rel, files.v[i]);
		auto_free char *path = path_join(dir, files.v[i]);

		r = sweep_file(g, href, path, err);
	}
	if (!g->dry)
		(void)rmdir(dir); /* an empty one */
	return r;
}

/* Metadata that `current` or `consistent` keeps for its readers holds packages: they are looked at
 * again the next time. */
static bool has_old_metadata(const struct repo_gc *g)
{
	static const char *const names[] = {"current", "consistent"};

	for (size_t i = 0; i < COUNTOF(names); i++) {
		auto_free char *repodata = xasprintf("%s/%s/repodata", g->dir, names[i]);
		auto_strv struct strv primaries = STRV_INIT;

		if (fs_is_dir(repodata) && listing_primaries(repodata, &primaries, NULL) >= 0 &&
			primaries.n > 1)
			return true;
	}
	return false;
}

static int done(struct repo_gc *g, struct err *err)
{
	g->phase = GC_TARGET;
	if (g->dry || has_old_metadata(g))
		return 0;
	if (unlink(g->marker) < 0 && errno != ENOENT)
		return err_errno(err, "cannot remove '%s'", g->marker);
	return 0;
}

int gc_sweep(struct repo_gc *g, struct err *err)
{
	auto_free char *pool = path_join(g->dir, "pool"), *dir = NULL;
	int r = 0;

	if (!g->letters.n && fs_is_dir(pool))
		r = fs_list(pool, &g->letters, err);
	if (r < 0)
		return r;
	if (g->at < g->names.n)
		return sweep_name(g, g->letters.v[g->letter - 1], g->names.v[g->at++], err);
	if (g->letter == g->letters.n)
		return done(g, err);
	dir = path_join(pool, g->letters.v[g->letter++]);
	strv_release(&g->names);
	g->at = 0;
	return fs_is_dir(dir) ? fs_list(dir, &g->names, err) : 0;
}
