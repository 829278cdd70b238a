/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which builds go, project by project. */
#include "repo/gc_internal.h"

/* Everything known of a project while its builds are looked at. */
struct pick {
	struct repo_gc *g;
	struct store_standing standing;
	int64_t published; /* the build whose packages `current` has, 0 none */
	uint64_t rank;     /* finished builds seen, newest first */
};

/* "30d", "12h", "90s" */
static char *age_text(uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	while (i + 1 < COUNTOF(units) && seconds % units[i].seconds)
		i++;
	return xasprintf("%llu%c", (unsigned long long)(seconds / units[i].seconds), units[i].unit);
}

/* The rule by which a build goes, the caller's; NULL: none. */
static char *rule(const struct pick *p, const struct store_build *b)
{
	const struct repo_gc_policy *k = &p->g->policy;

	if (k->age && k->now > b->finished && (uint64_t)(k->now - b->finished) > k->age) {
		auto_free char *age = age_text(k->age);

		return xasprintf("older than %s", age);
	}
	if (k->count && p->rank > k->count)
		return xasprintf("not among the newest %llu", (unsigned long long)k->count);
	return NULL;
}

/* A named repository, say `consistent`, lists one of its packages. */
static int is_listed(struct repo_gc *g, int64_t id, bool *ret, bool *ret_now, struct err *err)
{
	struct package_vec v = VEC_INIT;
	int r = store_build_packages(g->st, id, &v, err);

	*ret = *ret_now = false;
	vec_foreach (&v, p) {
		auto_free char *href = pool_href(p);

		*ret |= hmap_has(&g->named, href);
		*ret_now |= hmap_has(&g->now, href);
	}
	vec_free(&v, package_release);
	return r;
}

static int consider(struct pick *p, struct store_build *b, struct err *err)
{
	const struct store_standing *s = &p->standing;
	auto_free char *why = NULL;
	struct repo_gc_item *i;
	bool listed = false, now = false;
	int r;

	if (b->state != BUILD_SUCCESS && b->state != BUILD_FAILED && b->state != BUILD_CANCELLED)
		return 0;
	p->rank++;
	if (p->rank <= p->g->policy.newest || b->pinned || b->id == p->published ||
		b->id == s->last || b->id == s->last_success || b->id == s->first_failure ||
		!(why = rule(p, b)))
		return 0;
	if (b->published && (r = is_listed(p->g, b->id, &listed, &now, err)) < 0)
		return r;
	p->g->sums.held += listed && !now;
	if (listed)
		return 0;
	i = vec_push(&p->g->items);
	i->repo = gc_build_dir(p->g, b);
	i->why = TAKE(why);
	i->build = *b;
	*b = (struct store_build){0};
	if (i->repo)
		(void)hmap_set(&p->g->gone, i->repo, 0);
	return 0;
}

int gc_pick(struct repo_gc *g, struct err *err)
{
	const char *target = g->targets.v[g->target - 1], *project = g->projects.v[g->at];
	struct store_filter f = {.target = target, .project = project, .state = -1};
	struct store_builds v = VEC_INIT;
	struct store_build last = {0};
	struct pick p = {.g = g};
	int r;

	g->at++;
	if (!g->policy.age && !g->policy.count)
		return 0;
	r = store_standing(g->st, target, project, &p.standing, err);
	if (r < 0)
		return r;
	r = store_last_published(g->st, target, project, &last, err);
	p.published = r < 0 ? 0 : last.id;
	store_build_release(&last);
	if (r == -ERR_NOT_FOUND) {
		err_clear(err);
		r = 0;
	}
	if (r >= 0)
		r = store_builds(g->st, &f, &v, err);
	for (size_t i = 0; r >= 0 && i < v.n; i++)
		r = consider(&p, &v.v[i], err);
	vec_free(&v, store_build_release);
	store_standing_release(&p.standing);
	return r;
}
