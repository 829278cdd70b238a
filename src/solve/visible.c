/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * visible.c - which packages may be chosen at all, decided before libsolv sees them: its own
 * priorities are a preference among providers, dnf's hide a name for good.
 */
#include "base/base.h"
#include "solve/internal.h"
#include <fnmatch.h>
#include <limits.h>
#include <solv/poolarch.h>

char *solvable_nevra(Pool *pool, const Solvable *v)
{
	const char *evr = pool_id2str(pool, v->evr);

	return xasprintf("%s-%s.%s", pool_id2str(pool, v->name),
		str_starts(evr, "0:") ? evr + 2 : evr, pool_id2str(pool, v->arch));
}

static bool form(const char *pattern, char *text)
{
	bool fits = fnmatch(pattern, text, 0) == 0;

	free(text);
	return fits;
}

/* The pattern against name, name.arch, name-version, name-version-release[.arch], with the epoch
 * before the version or not. */
bool solvable_fits(Pool *pool, const Solvable *v, const char *pattern)
{
	const char *name = pool_id2str(pool, v->name), *arch = pool_id2str(pool, v->arch);
	const char *evr = pool_id2str(pool, v->evr), *colon = strchr(evr, ':');
	size_t literal = strcspn(pattern, "*?[\\"), n = strlen(name);
	const char *vr = colon ? colon + 1 : evr;
	int dash;

	if (strncmp(pattern, name, literal < n ? literal : n) != 0)
		return false;
	if (fnmatch(pattern, name, 0) == 0)
		return true;
	dash = (int)strcspn(vr, "-");
	return form(pattern, xasprintf("%s.%s", name, arch)) ||
	       form(pattern, xasprintf("%s-%s.%s", name, vr, arch)) ||
	       form(pattern, xasprintf("%s-%s.%s", name, evr, arch)) ||
	       form(pattern, xasprintf("%s-%s", name, vr)) ||
	       form(pattern, xasprintf("%s-%s", name, evr)) ||
	       form(pattern, xasprintf("%s-%.*s", name, dash, vr));
}

static bool fits_any(Pool *pool, const Solvable *v, const struct strv *patterns)
{
	strv_foreach (patterns, p) {
		if (solvable_fits(pool, v, *p))
			return true;
	}
	return false;
}

static enum hidden by_itself(const struct solve *s, const struct source *src, const Solvable *v)
{
	if (v->arch == ARCH_SRC || v->arch == ARCH_NOSRC || !pool_arch2score(s->pool, v->arch))
		return HIDDEN_ARCH;
	if (fits_any(s->pool, v, &src->exclude))
		return HIDDEN_EXCLUDED;
	if (!src->include_all && !fits_any(s->pool, v, &src->includepkgs))
		return HIDDEN_NOT_INCLUDED;
	return streams_hide(s, src, v);
}

static void hide(struct solve *s)
{
	Pool *pool = s->pool;
	auto_free int *lowest = xmalloc((size_t)pool->ss.nstrings * sizeof *lowest);

	free(s->hidden);
	s->nhidden = pool->nsolvables;
	s->hidden = xmalloc((size_t)s->nhidden);
	memset(s->hidden, HIDDEN_ARCH, (size_t)s->nhidden);
	for (int i = 0; i < pool->ss.nstrings; i++)
		lowest[i] = INT_MAX;
	streams_decide(s);
	vec_foreach (&s->sources, src) {
		for (int i = 0; i < src->ids.count; i++) {
			Id p = src->ids.elements[i];
			const Solvable *v = pool_id2solvable(pool, p);

			s->hidden[p] = (unsigned char)by_itself(s, src, v);
			if (!s->hidden[p] && src->priority < lowest[v->name])
				lowest[v->name] = src->priority;
		}
	}
	map_free(&s->considered);
	map_init(&s->considered, pool->nsolvables);
	vec_foreach (&s->sources, src) {
		for (int i = 0; i < src->ids.count; i++) {
			Id p = src->ids.elements[i];

			if (!s->hidden[p] &&
				src->priority > lowest[pool_id2solvable(pool, p)->name])
				s->hidden[p] = HIDDEN_PRIORITY;
			if (!s->hidden[p])
				MAPSET(&s->considered, p);
		}
	}
}

/* All packages of the index that have the path provide it from now on. */
static bool give(struct solve *s, struct source *src, const struct files_index *x, Id path)
{
	CLEANUP(queue_free) Queue q = {0};
	bool any = false;

	queue_init(&q);
	files_index_find(x, pool_id2str(s->pool, path), &q);
	for (int i = 0; i < q.count; i++) {
		Solvable *v;

		if (q.elements[i] >= src->ids.count)
			continue; /* of a damaged index */
		v = pool_id2solvable(s->pool, src->ids.elements[q.elements[i]]);
		v->provides = repo_addid_dep(src->repo, v->provides, path, SOLVABLE_FILEMARKER);
		any = any || solve_visible(s, src->ids.elements[q.elements[i]]);
	}
	return any;
}

static bool look_up(struct solve *s, Id path)
{
	bool any = false;

	vec_foreach (&s->sources, src)
		any = give(s, src, &src->files, path) || any;
	if (any)
		return true;
	vec_foreach (&s->sources, src) {
		if (src->has_filelists)
			any = give(s, src, &src->filelists, path) || any;
	}
	return any;
}

bool solve_paths(struct solve *s)
{
	Id end = s->pool->ss.nstrings;
	bool any = false;

	for (Id id = s->paths_done < 2 ? 2 : s->paths_done; id < end; id++) {
		const char *str = pool_id2str(s->pool, id);

		if (str[0] == '/' && str[1])
			any = look_up(s, id) || any;
	}
	s->paths_done = end;
	return any;
}

void solve_prepare(struct solve *s)
{
	if (s->stale) {
		hide(s);
		s->paths_done = 0;
		s->pool->considered = &s->considered;
	}
	if (solve_paths(s) || s->stale)
		pool_createwhatprovides(s->pool);
	s->stale = false;
}

struct source *solve_source_of(const struct solve *s, const Solvable *v)
{
	vec_foreach (&s->sources, src) {
		if (src->repo == v->repo)
			return src;
	}
	return NULL;
}
