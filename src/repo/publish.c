/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"
#include "repo/internal.h"

/* One publish under way. */
struct publish {
	struct repo *r;
	struct store *st;
	const struct repo_commit *c;
	char *rel, *path; /* the commit directory: below repos/<target>, absolute */
	char *versions;   /* text of versions.csv */
	struct entries all;
	struct metadata m[PARTS];
};

static void publish_clear(struct publish *p)
{
	free(p->rel);
	free(p->path);
	free(p->versions);
	vec_free(&p->all, entry_release);
	for (size_t i = 0; i < PARTS; i++)
		metadata_release(&p->m[i]);
}

/* path NULL: where it lies in the pool */
static struct entry entry_of(const struct repo *r, const struct package *p, const char *path)
{
	struct entry e = {.href = pool_href(p), .part = part_of(p->kind)};

	e.path = path ? xstrdup(path) : path_join(r->dir, e.href);
	memcpy(e.sha256, p->sha256, SHA256_HEX);
	return e;
}

static bool is_hash(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	return n >= 8 && n <= 64 && strspn(s, "0123456789abcdef") == n;
}

/* All that can be refused is refused here, before anything a reader sees is touched. */
static int check(struct publish *p, struct err *err)
{
	const struct store_build *b = p->c->build;
	size_t main_packages = 0;

	if (!is_hash(b->upstream_sha) || !is_hash(b->packaging_sha))
		return err_set(err, ERR_BUG, "build %lld has no full hashes", (long long)b->id);
	if (!str_is_name(p->c->reponame))
		return err_set(err, ERR_CONFIG, "'%s' cannot be a repository id", p->c->reponame);
	vec_foreach (p->c->packages, k) {
		int rc = pool_check(p->r, p->st, k, p->path, err);

		if (rc < 0)
			return rc;
		main_packages += k->kind == PACKAGE_MAIN;
	}
	if (!main_packages)
		return err_set(err, ERR_BUILD, "there is no package to publish");
	return 0;
}

/* Reads the packages; what they say must be what the build said. */
static int read_packages(struct publish *p, struct err *err)
{
	auto_tx struct db_tx tx = {0};
	int rc = db_tx_begin(p->r->cache, &tx, err);

	for (size_t i = 0; rc >= 0 && i < p->c->packages->n; i++) {
		const struct package *k = &p->c->packages->v[i];
		CLEANUP(entry_release) struct entry e = entry_of(p->r, k, k->path);

		rc = cache_add(p->r, &e, k->nevra, err);
	}
	return rc < 0 ? rc : db_tx_commit(&tx, err);
}

static int by_href(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->href, y->href);
}

/* Every project's last good packages, this build's in place of its project's. */
static int gather(struct publish *p, struct err *err)
{
	struct package_vec others = VEC_INIT;
	size_t n = 0;
	int rc = store_published_files(p->st, p->r->target, p->c->build->project, &others, err);

	vec_foreach (&others, k)
		*vec_push(&p->all) = entry_of(p->r, k, NULL);
	vec_foreach (p->c->packages, k)
		*vec_push(&p->all) = entry_of(p->r, k, NULL);
	vec_free(&others, package_release);
	if (rc < 0)
		return rc;
	qsort(p->all.v, p->all.n, sizeof *p->all.v, by_href);
	/* two projects may have made the same file */
	for (size_t i = 0; i < p->all.n; i++) {
		if (n && str_eq(p->all.v[n - 1].href, p->all.v[i].href))
			entry_release(&p->all.v[i]);
		else
			p->all.v[n++] = p->all.v[i];
	}
	p->all.n = n;
	return 0;
}

static int list_versions(struct publish *p, struct err *err)
{
	struct store_builds published = VEC_INIT, last = VEC_INIT;
	struct store_build now = *p->c->build;
	int rc = store_published_builds(p->st, p->r->target, &published, err);

	now.repo = p->rel;
	if (rc >= 0)
		rc = store_last_builds(p->st, p->r->target, &last, err);
	if (rc >= 0)
		p->versions = records_versions(&published, &last, &now);
	vec_free(&published, store_build_release);
	vec_free(&last, store_build_release);
	return rc;
}

/* <reponame>.repo and versions.csv; replace: the directory is being read. */
static int texts(struct publish *p, const char *dir, const char *rel, bool replace, struct err *err)
{
	const struct repo_commit *c = p->c;
	auto_free char *snippet = repo_snippet(c->reponame, c->baseurl, p->r->target, rel);
	auto_free char *name = xasprintf("%s.repo", c->reponame);
	const char *const pairs[][2] = {{name, snippet}, {"versions.csv", p->versions}};
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < COUNTOF(pairs); i++) {
		auto_free char *path = path_join(dir, pairs[i][0]);
		size_t n = strlen(pairs[i][1]);

		rc = replace ? stage_replace(p->r, dir, pairs[i][0], pairs[i][1], n, err)
			     : stage_write(path, pairs[i][1], n, err);
	}
	return rc;
}

/* The commit repository. Once there it never changes, but for the records beside it. *ret_dir:
 * where it lies until the end of this publish. */
static int make_commit(struct publish *p, char **ret_dir, struct err *err)
{
	auto_free char *repomd = path_join(p->path, "repodata/repomd.xml"), *tmp = NULL;
	int rc;

	if (fs_exists(repomd)) {
		rc = commit_records(p->r, p->c, p->path, true, err);
		if (rc >= 0)
			*ret_dir = xstrdup(p->path);
		return rc;
	}
	rc = commit_new(p->r, p->c, p->path, &tmp, err);
	if (rc >= 0)
		rc = tree_fill(tmp, 3, p->m, err);
	if (rc >= 0)
		rc = texts(p, tmp, p->rel, false, err);
	if (rc >= 0)
		*ret_dir = TAKE(tmp);
	return rc;
}

/* Everything so far is unseen; stage_commit shows the commit repository, then `current`. */
static int show(struct publish *p, struct err *err)
{
	auto_free char *dir = path_join(p->r->dir, "current"), *commit = NULL;
	auto_update struct update u = {.dir = dir, .m = p->m, .parts = PARTS};
	auto_free char *text = records_commit(p->r, p->c);
	int rc = make_commit(p, &commit, err);

	u.donor = commit;
	if (rc >= 0)
		rc = tree_update(p->r, &u, err);
	if (rc >= 0)
		rc = texts(p, dir, "current", true, err);
	if (rc >= 0)
		rc = stage_replace(p->r, dir, "commit.yaml", text, strlen(text), err);
	if (rc >= 0)
		rc = stage_commit(p->r, err);
	return rc < 0 ? rc : tree_drop_old(p->r, &u, err);
}

static int run(struct publish *p, struct err *err)
{
	int rc = check(p, err);

	if (rc < 0)
		return rc;
	if ((rc = stage_begin(p->r, err)) < 0 || (rc = cache_open(p->r, err)) < 0 ||
		(rc = read_packages(p, err)) < 0 || (rc = gather(p, err)) < 0 ||
		(rc = list_versions(p, err)) < 0)
		return rc;
	vec_foreach (p->c->packages, k)
		if ((rc = pool_put(p->r, k, err)) < 0)
			return rc;
	rc = cache_metadata(p->r, &p->all, time_now(), p->m, err);
	return rc < 0 ? rc : show(p, err);
}

int repo_publish(struct repo *r, struct store *st, const struct repo_commit *c, char **ret_dir,
	struct err *err)
{
	CLEANUP(publish_clear) struct publish p = {.r = r, .st = st, .c = c};
	int rc;

	p.rel = repo_commit_dir(c->build, c->upstream_shared);
	p.path = path_join(r->dir, p.rel);
	rc = run(&p, err);
	if (rc < 0)
		return err_wrap(err, "cannot publish %s", c->build->project);
	*ret_dir = TAKE(p.rel);
	return 0;
}
