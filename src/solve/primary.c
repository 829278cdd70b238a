/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * primary.c - parsed by libsolv in a pool of its own, checked, and written out again without what
 * no solve needs: descriptions, licences, times, file lists (they become the index).
 */
#include "base/base.h"
#include "base/limits.h"
#include "base/sig.h"
#include "base/text.h"
#include "solve/internal.h"
#include <solv/chksum.h>
#include <solv/repo_rpmmd.h>
#include <solv/repo_write.h>

DEFINE_CLEANUP(Pool *, pool_free)

void parsed_release(struct parsed *p)
{
	free(p->solv);
	files_index_release(&p->files);
}

bool dep_is_sane(const char *text)
{
	size_t parens = 0;

	for (const char *p = text; (p = strchr(p, '(')); p++)
		parens++;
	return *text && strlen(text) <= LIMIT_DEP && parens <= LIMIT_DEP_PARENS &&
	       !strpbrk(text, "\n\r");
}

bool solve_is_word(const char *s)
{
	if (!*s || strlen(s) > LIMIT_NEVRA)
		return false;
	for (; *s; s++) {
		if ((unsigned char)*s <= ' ' || *s == 0x7f || *s == '/' || *s == '\\')
			return false;
	}
	return true;
}

static const char *fault(Pool *pool, Id p)
{
	Solvable *v = pool_id2solvable(pool, p);
	const char *location, *evr = pool_id2str(pool, v->evr);
	Id type = 0;

	if (!v->name || !v->arch || !v->evr || !solve_is_word(pool_id2str(pool, v->name)) ||
		!solve_is_word(evr) || !solve_is_word(pool_id2str(pool, v->arch)) ||
		!strchr(evr, '-'))
		return "no name, version, release and architecture fit for a package";
	location = solvable_lookup_location(v, NULL);
	if (!location || lock_location_fault(location) ||
		solvable_lookup_str(v, SOLVABLE_MEDIABASE))
		return "a location outside of the repository";
	if (!solvable_lookup_checksum(v, SOLVABLE_CHECKSUM, &type) ||
		(type != REPOKEY_TYPE_SHA256 && type != REPOKEY_TYPE_SHA384 &&
			type != REPOKEY_TYPE_SHA512))
		return "no checksum of type sha256, sha384 or sha512";
	return NULL;
}

static int check(Repo *repo, struct err *err)
{
	Pool *pool = repo->pool;
	Solvable *v;
	Id p;

	if (repo->nsolvables > LIMIT_REPO_PACKAGES)
		return err_set(
			err, ERR_SOURCE, "%d packages are more than allowed", repo->nsolvables);
	FOR_REPO_SOLVABLES(repo, p, v)
	{
		const char *why = fault(pool, p);
		auto_strbuf struct strbuf name = STRBUF_INIT;

		if (!why)
			continue;
		text_term(&name, v->name ? pool_id2str(pool, v->name) : "", 100);
		return err_set(err, ERR_SOURCE, "package '%s' has %s", sb_str(&name), why);
	}
	return 0;
}

struct indexing {
	struct files_index *x;
	Id last;
	size_t ordinal;
	char path[4096];
};

static int add_path(void *data, Solvable *v, Repodata *rd, Repokey *key, KeyValue *kv)
{
	struct indexing *in = data;
	Id p = v ? pool_solvable2id(v->repo->pool, v) : 0;
	const char *dir;
	int n;

	(void)key;
	if (!v)
		return 0;
	while (in->last < p) {
		in->last++;
		if (pool_id2solvable(v->repo->pool, in->last)->repo == v->repo)
			in->ordinal++;
	}
	dir = repodata_dir2str(rd, kv->id, NULL);
	n = snprintf(
		in->path, sizeof in->path, "%s%s%s", dir, str_eq(dir, "/") ? "" : "/", kv->str);
	if (n > 0 && (size_t)n < sizeof in->path)
		files_index_add(in->x, in->path, (size_t)n, in->ordinal);
	return 0;
}

void primary_index(Repo *repo, struct files_index *x)
{
	struct indexing in = {.x = x, .last = repo->start - 1, .ordinal = SIZE_MAX};

	for (int i = 1; i < repo->nrepodata; i++)
		repodata_internalize(repo_id2repodata(repo, i));
	/* by solvable, so that ordinals need no table */
	repo_search(repo, 0, SOLVABLE_FILELIST, NULL, 0, add_path, &in);
	files_index_sort(x);
}

/* What stays of the metadata; dependencies, names and versions always do. */
static int keep(Repo *repo, Repokey *key, void *data)
{
	switch (key->name) {
	case SOLVABLE_CHECKSUM:
	case SOLVABLE_MEDIADIR:
	case SOLVABLE_MEDIAFILE:
	case SOLVABLE_DOWNLOADSIZE:
		return KEY_STORAGE_INCORE;
	case SOLVABLE_SUMMARY:
	case SOLVABLE_DESCRIPTION:
	case SOLVABLE_FILELIST:
	case SOLVABLE_LICENSE:
	case SOLVABLE_GROUP:
	case SOLVABLE_URL:
	case SOLVABLE_PACKAGER:
	case SOLVABLE_BUILDHOST:
	case SOLVABLE_BUILDTIME:
	case SOLVABLE_INSTALLSIZE:
	case SOLVABLE_SOURCENAME:
	case SOLVABLE_SOURCEARCH:
	case SOLVABLE_SOURCEEVR:
	case SOLVABLE_HEADEREND:
	case SOLVABLE_PKGID:
		return KEY_STORAGE_DROPPED;
	default:
		return repo_write_stdkeyfilter(repo, key, data);
	}
}

static int write_solv(Repo *repo, struct parsed *ret, struct err *err)
{
	Repowriter *w = repowriter_create(repo);
	FILE *out = open_memstream(&ret->solv, &ret->n);
	int rc;

	assert(out);
	repowriter_set_keyfilter(w, keep, NULL);
	rc = repowriter_write(w, out);
	if (fclose(out))
		rc = -1;
	repowriter_free(w);
	return rc ? err_set(err, ERR_BUG, "libsolv cannot write what it read") : 0;
}

int primary_parse(const char *path, const char *id, struct parsed *ret, struct err *err)
{
	CLEANUP(stream_freep) struct stream *st = NULL;
	CLEANUP(pool_freep) Pool *pool = pool_create();
	CLEANUP(parsed_release) struct parsed out = {0};
	Repo *repo;
	int r, rc;

	if ((r = stream_open(path, LIMIT_PRIMARY, &st, err)) < 0)
		return r;
	pool_setdisttype(pool, DISTTYPE_RPM);
	repo = repo_create(pool, id);
	rc = repo_add_rpmmd(repo, stream_file(st), NULL, 0);
	if ((r = sig_check(err)) < 0)
		return r;
	if (stream_fault(st))
		return err_set(err, ERR_SOURCE, "primary metadata has %s", stream_fault(st));
	if (rc) {
		auto_strbuf struct strbuf why = STRBUF_INIT;

		text_term(&why, pool_errstr(pool), 200);
		return err_set(err, ERR_SOURCE, "primary metadata: %s", sb_str(&why));
	}
	if ((r = check(repo, err)) < 0)
		return r;
	primary_index(repo, &out.files);
	out.packages = (size_t)repo->nsolvables;
	if ((r = write_solv(repo, &out, err)) < 0)
		return r;
	*ret = out;
	out = (struct parsed){0};
	return 0;
}
