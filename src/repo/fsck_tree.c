/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files and directories against what the store and the repositories say is there. */
#include "repo/fsck_internal.h"

/* ---- the pool ---- */

static bool is_there(struct fsck *f, const struct package *p, const char *path)
{
	char sha[SHA256_HEX];
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != p->size)
		return false;
	return !f->o->full || (sha256_file(path, sha, NULL) >= 0 && str_eq(sha, p->sha256));
}

/* What was built lies in the directory of its build, too. */
static enum repo_fsck_state put_back(
	struct fsck *f, int64_t build, const struct package *p, const char *path)
{
	auto_free char *kept = xasprintf("%s/builds/%lld/%s", f->data, (long long)build, p->file);
	struct package copy = *p;
	char sha[SHA256_HEX];

	if (sha256_file(kept, sha, NULL) < 0 || !str_eq(sha, p->sha256))
		return FSCK_LOST;
	if (!f->o->repair || stage_begin(f->r, NULL) < 0)
		return FSCK_FOUND;
	copy.path = kept;
	(void)unlink(path);
	return pool_put(f->r, &copy, NULL) >= 0 ? FSCK_REPAIRED : FSCK_FOUND;
}

static int check_package(void *ctx, int64_t build, const struct package *p, struct err *err UNUSED)
{
	struct fsck *f = ctx;
	auto_free char *href = pool_href(p), *path = path_join(f->r->dir, href);
	enum repo_fsck_state state;
	struct known *k;

	if (!hmap_has(&f->by_href, href)) {
		k = vec_push(&f->known);
		k->href = xstrdup(href);
		memcpy(k->sha256, p->sha256, SHA256_HEX);
		(void)hmap_set(&f->by_href, href, f->known.n - 1);
		(void)hmap_set(&f->by_sha, k->sha256, f->known.n - 1);
	}
	if (hmap_has(&f->pool, href))
		return 0;
	if (is_there(f, p, path)) {
		(void)hmap_set(&f->pool, href, 0);
		return 0;
	}
	state = put_back(f, build, p, path);
	(void)hmap_set(&f->pool, href, state != FSCK_REPAIRED);
	fsck_tell(f, state, "'%s' of build %lld is not %s", href, (long long)build,
		fs_exists(path) && state != FSCK_REPAIRED ? "what was published" : "there");
	return 0;
}

int fsck_pool(struct fsck *f, struct err *err)
{
	return store_packages_all(f->st, f->target, check_package, f, err);
}

static void orphan(struct fsck *f, const char *href)
{
	auto_free char *path = path_join(f->r->dir, href);

	if (hmap_has(&f->listed, href) || fsck_known(f, href, NULL))
		return;
	fsck_tell(f, f->o->repair && unlink(path) == 0 ? FSCK_REPAIRED : FSCK_FOUND,
		"'%s' is listed by no repository", href);
}

/* Only when it is known of all repositories what they list. */
int fsck_orphans(struct fsck *f, struct err *err)
{
	auto_free char *pool = path_join(f->r->dir, "pool");
	auto_strv struct strv letters = STRV_INIT;
	int r = !f->unread && fs_is_dir(pool) ? fs_list(pool, &letters, err) : 0;

	for (size_t i = 0; r >= 0 && i < letters.n; i++) {
		auto_free char *dir = path_join(pool, letters.v[i]);
		auto_strv struct strv names = STRV_INIT;

		r = fs_list(dir, &names, err);
		for (size_t k = 0; r >= 0 && k < names.n; k++) {
			auto_free char *sub = path_join(dir, names.v[k]);
			auto_strv struct strv files = STRV_INIT;

			r = fs_list(sub, &files, err);
			strv_foreach (&files, file) {
				auto_free char *href =
					xasprintf("pool/%s/%s/%s", letters.v[i], names.v[k], *file);

				orphan(f, href);
			}
			if (f->o->repair)
				(void)rmdir(sub);
		}
	}
	return r;
}

/* 1: it is in the database, 0: it is not. What cannot be asked is no answer: things are removed
 * because of it. */
static int has_build(struct fsck *f, int64_t id, struct store_build *ret, struct err *err)
{
	auto_err struct err e = ERR_INIT;
	int r = store_build_get(f->st, id, ret, &e);

	if (r == -ERR_NOT_FOUND)
		return 0;
	return r < 0 ? err_move(err, &e) : 1;
}

/* ---- directories of commits ---- */

/* Out of readers' sight first. */
static bool remove_commit(struct fsck *f, const char *rel)
{
	auto_free char *from = path_join(f->r->dir, rel), *to = NULL, *second = path_dir(from);
	auto_free char *first = path_dir(second);

	if (!f->o->repair || stage_begin(f->r, NULL) < 0)
		return false;
	to = stage_name(f->r);
	if (rename(from, to) < 0)
		return false;
	(void)rmdir(second);
	(void)rmdir(first);
	return fs_remove_tree(to, NULL) >= 0;
}

static bool write_commit(struct fsck *f, const char *rel, int64_t id)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	auto_free char *path = NULL, *text = NULL;
	struct package_vec packages = VEC_INIT;
	struct repo_commit c = {.build = &b, .packages = &packages};
	const char *name = strchr(path_base(rel), '_');
	bool good;

	if (!f->o->repair || store_build_get(f->st, id, &b, NULL) < 0)
		return false;
	c.upstream_shared = name && strchr(name + 1, '_');
	good = store_build_packages(f->st, id, &packages, NULL) >= 0;
	path = xasprintf("%s/%s/commit.yaml", f->r->dir, rel);
	text = records_commit(f->r, &c);
	good = good && fs_write_atomic(path, text, strlen(text), 0644, NULL) >= 0;
	vec_free(&packages, package_release);
	return good;
}

static int check_commit(struct fsck *f, const char *rel, const struct hmap *of, struct err *err)
{
	auto_free char *dir = path_join(f->r->dir, rel);
	CLEANUP(store_build_release) struct store_build b = {0};
	int64_t id = listing_build(dir);
	size_t want;
	int r = id ? has_build(f, id, &b, err) : 0;

	if (r < 0)
		return r;
	if (!id && hmap_get(of, rel, &want))
		fsck_tell(f, write_commit(f, rel, (int64_t)want) ? FSCK_REPAIRED : FSCK_FOUND,
			"%s has no commit.yaml", rel);
	else if (!id)
		fsck_tell(f, remove_commit(f, rel) ? FSCK_REPAIRED : FSCK_FOUND,
			"%s is of no build", rel);
	else if (!r || !str_eq(b.target, f->target))
		fsck_tell(f, remove_commit(f, rel) ? FSCK_REPAIRED : FSCK_FOUND,
			"%s is of build %lld, which is not in the database", rel, (long long)id);
	return 0;
}

static void check_published(struct fsck *f, const struct strv *repos, const struct hmap *of)
{
	strv_foreach (repos, rel) {
		auto_free char *repodata = xasprintf("%s/%s/repodata", f->r->dir, *rel);
		size_t id = 0;

		(void)hmap_get(of, *rel, &id);
		if (!fs_is_dir(repodata))
			fsck_tell(f, FSCK_LOST, "%s, the repository of build %zu, is not there",
				*rel, id);
	}
}

int fsck_commits(struct fsck *f, const struct strv *commits, struct err *err)
{
	auto_strv struct strv repos = STRV_INIT;
	auto_hmap struct hmap of = HMAP_INIT;
	struct store_ids ids = VEC_INIT;
	int r = store_published_repos(f->st, f->target, &repos, &ids, err);

	for (size_t i = 0; r >= 0 && i < repos.n; i++)
		(void)hmap_set(&of, repos.v[i], (size_t)ids.v[i]);
	vec_release(&ids);
	if (r < 0)
		return r;
	strv_foreach (commits, rel)
		if ((r = check_commit(f, *rel, &of, err)) < 0)
			return r;
	check_published(f, &repos, &of);
	return 0;
}

/* ---- rests ---- */

int fsck_rests(struct fsck *f, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_is_dir(f->r->tmp) ? fs_list(f->r->tmp, &names, err) : 0;

	strv_foreach (&names, n) {
		auto_free char *path = path_join(f->r->tmp, *n);

		fsck_tell(f,
			f->o->repair && fs_remove_tree(path, NULL) >= 0 ? FSCK_REPAIRED
									: FSCK_FOUND,
			"'%s' is the rest of something that was killed", path);
	}
	return r;
}

/* Directories of builds that the store does not know, and rests of gc. */
int fsck_builds(struct fsck *f, struct err *err)
{
	auto_free char *builds = path_join(f->data, "builds");
	auto_strv struct strv names = STRV_INIT;
	int r = fs_is_dir(builds) ? fs_list(builds, &names, err) : 0;

	strv_foreach (&names, n) {
		auto_free char *path = path_join(builds, *n);
		CLEANUP(store_build_release) struct store_build b = {0};
		bool rest = str_starts(*n, ".gc-");
		uint64_t id;

		if (!rest && (!str_u64(*n, &id) || id > INT64_MAX))
			continue;
		if (!rest && (r = has_build(f, (int64_t)id, &b, err)) != 0) {
			if (r < 0)
				return r;
			continue;
		}
		fsck_tell(f,
			f->o->repair && fs_remove_tree(path, NULL) >= 0 ? FSCK_REPAIRED
									: FSCK_FOUND,
			"'%s' is of %s", path,
			rest ? "a build that was deleted" : "no build in the database");
	}
	return r;
}
