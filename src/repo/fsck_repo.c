/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One repository directory: its metadata, what that lists, its link to the pool, its .repo file. */
#include "repo/fsck_internal.h"

#define REPOMD_MAX (1024 * 1024)

struct reading {
	struct fsck *f;
	const char *rel;
	bool tell;
};

/* A package is told of once, however many repositories list it. */
static void check_listed(const struct reading *x, const struct listed *l)
{
	auto_free char *path = NULL;
	const struct known *k;
	struct stat st;

	(void)hmap_set(&x->f->listed, l->href, 0);
	k = fsck_known(x->f, l->href, NULL);
	if (k && !str_eq(k->sha256, l->sha256) && x->tell)
		fsck_tell(x->f, FSCK_LOST, "%s lists '%s' with another checksum than was published",
			x->rel, l->href);
	if (hmap_has(&x->f->pool, l->href))
		return;
	path = path_join(x->f->r->dir, l->href);
	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == l->size) {
		(void)hmap_set(&x->f->pool, l->href, 0);
		return;
	}
	(void)hmap_set(&x->f->pool, l->href, 1);
	fsck_tell(x->f, FSCK_LOST, "%s lists '%s', which is %s", x->rel, l->href,
		fs_exists(path) ? "of another size" : "not there");
}

static int listed(void *ctx, const struct listed *l, struct err *err UNUSED)
{
	check_listed(ctx, l);
	return 0;
}

/* The same file is linked into many repositories: its bytes are read once. */
static bool is_whole(struct fsck *f, const char *path)
{
	auto_free char *key = NULL;
	struct stat st;
	size_t bad;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	key = xasprintf("%llu %llu %s", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino, path_base(path));
	if (hmap_get(&f->inodes, key, &bad))
		return !bad;
	bad = listing_check(path, NULL) < 0;
	(void)hmap_set(&f->inodes, key, bad);
	return !bad;
}

static char *check_part(struct reading *x, const char *repodata)
{
	auto_free char *path = path_join(repodata, "repomd.xml"), *repomd = NULL;
	auto_strv struct strv names = STRV_INIT;
	const char *primary = NULL;

	if (fs_read(path, REPOMD_MAX, &repomd, NULL, NULL) < 0)
		return xstrdup("repomd.xml cannot be read");
	listing_names(repomd, &names);
	if (names.n != META_FILES || !strstr(repomd, "</repomd>"))
		return xstrdup("repomd.xml is not whole");
	strv_foreach (&names, n) {
		auto_free char *file = path_join(repodata, *n);

		if (!is_whole(x->f, file))
			return xasprintf("%s is %s", *n, fs_exists(file) ? "damaged" : "not there");
		if (str_ends(*n, "-primary.xml.gz"))
			primary = *n;
	}
	str_set(&path, NULL);
	path = path_join(repodata, primary ? primary : "");
	if (!primary || listing_read(path, listed, x, NULL) < 0)
		return xstrdup("its list of packages cannot be read");
	return NULL;
}

char *fsck_metadata(struct fsck *f, const char *rel)
{
	struct reading x = {.f = f, .rel = rel, .tell = true};

	for (enum part p = 0; p < PARTS; p++) {
		auto_free char *repodata =
			*part_dirs[p] ? xasprintf("%s/%s/%s/repodata", f->r->dir, rel, part_dirs[p])
				      : xasprintf("%s/%s/repodata", f->r->dir, rel);
		char *why = check_part(&x, repodata);

		if (why)
			return why;
	}
	return NULL;
}

/* The links of the three parts. */
static void check_links(struct fsck *f, const char *rel)
{
	unsigned depth = strchr(rel, '/') ? 3 : 1;
	auto_free char *pool = path_join(f->r->dir, "pool");
	struct stat want, st;

	if (stat(pool, &want) < 0)
		return; /* told by what lists its packages */
	for (enum part p = 0; p < PARTS; p++) {
		auto_free char *dir = *part_dirs[p]
					      ? xasprintf("%s/%s/%s", f->r->dir, rel, part_dirs[p])
					      : xasprintf("%s/%s", f->r->dir, rel);
		auto_free char *path = path_join(dir, "pool");
		auto_strbuf struct strbuf to = STRBUF_INIT;
		bool mended = false;

		if (!fs_is_dir(dir) || (stat(path, &st) == 0 && st.st_ino == want.st_ino &&
					       st.st_dev == want.st_dev))
			continue;
		for (unsigned i = 0; i < depth + (p != PART_MAIN); i++)
			sb_add(&to, "../");
		sb_add(&to, "pool");
		if (f->o->repair) {
			(void)unlink(path);
			mended = symlink(sb_str(&to), path) == 0;
		}
		fsck_tell(f, mended ? FSCK_REPAIRED : FSCK_FOUND, "'%s' does not lead to the pool",
			path);
	}
}

static void check_snippet(struct fsck *f, const char *rel)
{
	auto_free char *dir = path_join(f->r->dir, rel), *text = NULL, *path = NULL;
	auto_strv struct strv names = STRV_INIT;
	bool mended = false;

	if (fs_list(dir, &names, NULL) < 0)
		return;
	strv_foreach (&names, n)
		if (str_ends(*n, ".repo"))
			return;
	if (f->o->repair) {
		text = repo_snippet(f->o->reponame, f->o->baseurl, f->target, rel);
		path = xasprintf("%s/%s.repo", dir, f->o->reponame);
		mended = fs_write_atomic(path, text, strlen(text), 0644, NULL) >= 0;
	}
	fsck_tell(f, mended ? FSCK_REPAIRED : FSCK_FOUND, "%s has no .repo file", rel);
}

int fsck_repository(struct fsck *f, const char *rel, struct err *err UNUSED)
{
	auto_free char *repodata = xasprintf("%s/%s/repodata", f->r->dir, rel), *why = NULL;

	if (!fs_is_dir(repodata))
		return 0; /* the record of a failed build */
	check_links(f, rel);
	check_snippet(f, rel);
	why = fsck_metadata(f, rel);
	if (why)
		strv_addf(&f->broken, "%s\n%s", rel, why);
	if (why && str_eq(rel, "current"))
		f->current_is_broken = true;
	return 0;
}
