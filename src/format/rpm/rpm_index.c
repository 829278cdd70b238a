/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_index.c - package files by what they provide. */
#include "format/rpm/rpm_index.h"
#include "format/rpm/rpm.h"
#include <rpm/rpmfiles.h>
#include <rpm/rpmlib.h>

static void candidate_release(struct rpm_candidate *c)
{
	free(c->path);
	free(c->name);
	(void)headerFree(c->h);
}

void rpm_index_release(struct rpm_index *x)
{
	vec_free(&x->all, candidate_release);
	for (size_t i = 0; i < x->lists.n; i++)
		vec_release(&x->lists.v[i]);
	vec_release(&x->lists);
	hmap_release(&x->names);
}

static void note(struct rpm_index *x, const char *name, size_t candidate)
{
	size_t at;

	if (!hmap_get(&x->names, name, &at)) {
		at = x->lists.n;
		(void)vec_push(&x->lists);
		(void)hmap_set(&x->names, name, at);
	}
	if (x->lists.v[at].n && x->lists.v[at].v[x->lists.v[at].n - 1] == candidate)
		return; /* the same name provided twice */
	*vec_push(&x->lists.v[at]) = candidate;
}

int rpm_index_read(struct rpm_index *x, const struct strv *files, struct err *err)
{
	strv_foreach (files, f) {
		Header h = NULL;
		int r = rpm_header(*f, &h, err);

		if (r < 0)
			return r;
		if (headerIsSource(h)) {
			(void)headerFree(h);
			continue;
		}
		size_t i = x->all.n;
		char *name = rpm_tag(h, RPMTAG_NAME);
		*vec_push(&x->all) = (struct rpm_candidate){
			.path = xstrdup(*f), .name = name ?: xstrdup(""), .h = h};
		auto_ds rpmds ds = rpmdsNew(h, RPMTAG_PROVIDENAME, 0);
		while (rpmdsNext(ds) >= 0)
			note(x, rpmdsN(ds), i);
	}
	return 0;
}

static bool has_file(Header h, const char *path)
{
	rpmfiles files = rpmfilesNew(NULL, h, RPMTAG_BASENAMES, RPMFI_FLAGS_ONLY_FILENAMES);
	bool found = rpmfilesFindFN(files, path) >= 0;

	(void)rpmfilesFree(files);
	return found;
}

static bool better(const struct rpm_candidate *a, const struct rpm_candidate *b, const char *dep)
{
	bool an = str_eq(a->name, dep), bn = str_eq(b->name, dep);
	int names = strcmp(a->name, b->name);

	if (an != bn)
		return an;
	return names ? names < 0 : rpmVersionCompare(a->h, b->h) > 0;
}

struct rpm_candidate *rpm_index_find(struct rpm_index *x, rpmds dep)
{
	const char *name = rpmdsN(dep);
	struct rpm_candidate *best = NULL;
	size_t at;

	if (!name)
		return NULL;
	if (hmap_get(&x->names, name, &at)) {
		vec_foreach (&x->lists.v[at], i) {
			struct rpm_candidate *c = &x->all.v[*i];

			if (rpmdsAnyMatchesDep(c->h, dep, 1) && (!best || better(c, best, name)))
				best = c;
		}
	}
	if (best || *name != '/')
		return best;
	vec_foreach (&x->all, c) {
		if (has_file(c->h, name) && (!best || better(c, best, name)))
			best = c;
	}
	return best;
}
