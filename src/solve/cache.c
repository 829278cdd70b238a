/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cache.c - parsed metadata by checksum: <checksum>.solv, its paths in <checksum>.files, all paths
 * in <checksum>.filelists. Each is written whole and renamed, and carries a digest: what is damaged
 * or of another libsolv is made anew.
 */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "solve/internal.h"
#include <solv/repo_solv.h>
#include <stdio_ext.h>

struct header {
	char magic[8];
	uint64_t n, packages, digest;
};
static const char magic_[8] = "PMSOLV01";

static char *cache_path(const char *dir, const char *checksum, const char *ending)
{
	return dir && checksum && str_is_name(checksum)
		       ? xasprintf("%s/%s.%s", dir, checksum, ending)
		       : NULL;
}

static bool add_solv(Repo *repo, char *data, size_t n, size_t packages)
{
	auto_file FILE *f = n ? fmemopen(data, n, "r") : NULL;

	if (!f)
		return false;
	/* libsolv reads byte by byte */
	(void)__fsetlocking(f, FSETLOCKING_BYCALLER);
	(void)setvbuf(f, NULL, _IOFBF, 1 << 16);
	return repo_add_solv(repo, f, 0) == 0 && (size_t)repo->nsolvables == packages;
}

static bool cache_read(const char *path, Repo *repo)
{
	auto_free char *data = NULL;
	struct header h;
	size_t n;

	if (!path || fs_read(path, LIMIT_PRIMARY, &data, &n, NULL) < 0 || n < sizeof h)
		return false;
	memcpy(&h, data, sizeof h);
	if (memcmp(h.magic, magic_, sizeof h.magic) != 0 || h.n != n - sizeof h ||
		h.digest != solve_digest(data + sizeof h, h.n))
		return false;
	return add_solv(repo, data + sizeof h, h.n, h.packages);
}

/* A cache that cannot be written is no failure: the next one parses again. */
static void cache_write(const char *path, const struct parsed *p)
{
	struct header h = {
		.n = p->n, .packages = p->packages, .digest = solve_digest(p->solv, p->n)};
	auto_strbuf struct strbuf b = STRBUF_INIT;

	memcpy(h.magic, magic_, sizeof h.magic);
	sb_addn(&b, &h, sizeof h);
	sb_addn(&b, p->solv, p->n);
	(void)fs_write_atomic(path, b.s, b.n, 0644, NULL);
}

int cache_load(const char *dir, const struct solve_repo *r, Repo *repo,
	struct files_index *ret_files, struct err *err)
{
	auto_free char *solv = cache_path(dir, r->checksum, "solv");
	auto_free char *files = cache_path(dir, r->checksum, "files");
	CLEANUP(parsed_release) struct parsed parsed = {0};
	int rc;

	if (cache_read(solv, repo)) {
		if (files_index_map(ret_files, files, (size_t)repo->nsolvables))
			return 0;
	}
	repo_empty(repo, 0);
	if ((rc = primary_parse(r->primary, r->id, &parsed, err)) < 0)
		return rc;
	if (!add_solv(repo, parsed.solv, parsed.n, parsed.packages))
		return err_set(err, ERR_BUG, "libsolv cannot read what it wrote");
	if (solv) {
		cache_write(solv, &parsed);
		(void)files_index_write(&parsed.files, files, parsed.packages, NULL);
	}
	*ret_files = parsed.files;
	parsed.files = (struct files_index){0};
	return 0;
}

int cache_filelists(const char *dir, const struct solve_repo *r, Pool *pool, const Queue *ids,
	struct files_index *ret, struct err *err)
{
	auto_free char *path = cache_path(dir, r->checksum, "filelists");
	int rc;

	if (path && files_index_map(ret, path, (size_t)ids->count))
		return 0;
	if ((rc = filelists_parse(r->filelists, pool, ids, ret, err)) < 0)
		return rc;
	if (path)
		(void)files_index_write(ret, path, (size_t)ids->count, NULL);
	return 0;
}
