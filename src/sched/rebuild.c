/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rebuild.c - what a build's outcome means for others.
 *
 * That it ends: a project is not built again because of a build that itself (or what triggered it,
 * and so on up to the root) was one of that project's. Each chain of triggers thus has a project
 * once, whatever cycles there are; and a dependent that waits in the queue is not queued twice.
 */
#include "sched/rebuild.h"
#include "base/log.h"
#include "base/time.h"
#include "sched/internal.h"

/* What one outcome sets off. */
struct fallout {
	struct sched *s;
	struct graph *g;
	const struct store_build *b;
	struct hmap chain; /* projects of the builds that led to b, its own included */
	bool chain_known;
	size_t queued;
};

static int learn(struct sched *s, struct graph *g, const char *target, const char *project,
	const struct strv *build_requires, const struct strv *provides, const struct strv *requires,
	struct err *err)
{
	const struct strv *lists[] = {
		[DEP_BUILD_REQUIRES] = build_requires,
		[DEP_PROVIDES] = provides,
		[DEP_REQUIRES] = requires,
	};

	for (size_t i = 0; i < COUNTOF(lists); i++) {
		int r = lists[i] && !s->aside ? store_deps_set(s->store, target, project,
							(enum store_dep)i, lists[i], err)
					      : 0;

		if (r < 0)
			return r;
	}
	graph_set(g, project, build_requires, provides, requires);
	return 0;
}

int rebuild_declared(struct sched *s, struct graph *g, const char *target, const char *project,
	const struct result *res, struct err *err)
{
	if (res->status != STATUS_SUCCESS)
		return 0;
	return learn(s, g, target, project, &res->build_requires, &res->provides, NULL, err);
}

int rebuild_chain(struct store *st, int64_t by, struct store_builds *ret, struct err *err)
{
	auto_hmap struct hmap seen = HMAP_INIT;

	while (by > 0) {
		auto_free char *key = xasprintf("%lld", (long long)by);
		auto_err struct err e = ERR_INIT;
		struct store_build b = {0};
		int r;

		if (!hmap_set(&seen, key, 0))
			return 0;
		r = store_build_get(st, by, &b, &e);
		if (r == -ERR_NOT_FOUND)
			return 0;
		if (r < 0)
			return err_move(err, &e);
		by = b.by;
		*vec_push(ret) = b;
	}
	return 0;
}

/* The projects of the builds that led to this one. */
static int find_chain(struct fallout *f, struct err *err)
{
	struct store_builds chain = VEC_INIT;
	int r = rebuild_chain(f->s->store, f->b->by, &chain, err);

	hmap_set(&f->chain, f->b->project, 0);
	f->chain_known = r >= 0;
	vec_foreach (&chain, b)
		hmap_set(&f->chain, b->project, 0);
	vec_free(&chain, store_build_release);
	return r;
}

static int requeue(
	struct fallout *f, int64_t id, const char *trigger, const char *detail, struct err *err)
{
	int r = store_build_requeue(f->s->store, id, trigger, err);

	return r < 0 ? r : store_build_set_detail(f->s->store, id, detail, f->b->id, err);
}

/* The same commit and date once more. The strings are borrowed. */
static struct store_build next_of(const struct fallout *f, const struct store_build *last,
	int64_t n, char *reason, char *trigger)
{
	const struct config_project *p = config_project(f->s->cfg, last->project);

	return (struct store_build){
		.target = last->target,
		.project = last->project,
		.name = last->name,
		.component = last->component,
		.upstream_url = last->upstream_url,
		.upstream_sha = last->upstream_sha,
		.packaging_url = last->packaging_url,
		.packaging_sha = last->packaging_sha,
		.author = last->author,
		.subject = last->subject,
		.commit_time = last->commit_time,
		.packaging_time = last->packaging_time,
		.date = last->date,
		.rebuild = n,
		.trigger = trigger,
		.detail = reason,
		.by = f->b->id,
		.priority = p ? p->priority : 0,
		.queued = time_now(),
	};
}

/*
 * Queue `last` again as its next rebuild. One that is queued already will do; one that failed is
 * tried again; one that runs began before this, and one more follows it.
 */
static int queue_rebuild(
	struct fallout *f, const struct store_build *last, const char *reason, struct err *err)
{
	auto_free char *why = xstrdup(reason);
	char trigger[] = "rebuild";

	for (int64_t n = last->rebuild + 1;; n++) {
		CLEANUP(store_build_release) struct store_build old = {0};
		struct store_build b = next_of(f, last, n, why, trigger);
		bool is_new = false;
		int64_t id = 0;
		int r = store_build_add(f->s->store, &b, &id, &is_new, err);

		if (r < 0)
			return r;
		if (is_new) {
			f->queued++;
			log_info("%s: build %lld on %s: rebuild, %s", b.project, (long long)id,
				b.target, reason);
			return 0;
		}
		if ((r = store_build_get(f->s->store, id, &old, err)) < 0)
			return r;
		if (old.state == BUILD_QUEUED || old.state == BUILD_RETRY)
			return 0;
		if (old.state == BUILD_FAILED || old.state == BUILD_CANCELLED) {
			f->queued++;
			return requeue(f, id, trigger, reason, err);
		}
	}
}

static int rebuild_one(struct fallout *f, const char *project, const char *reason, struct err *err)
{
	CLEANUP(store_build_release) struct store_build last = {0};
	int r = f->chain_known ? 0 : find_chain(f, err);

	if (r < 0)
		return r;
	if (hmap_has(&f->chain, project)) {
		log_verbose("%s: no rebuild because of build %lld (%s), which %s itself led to",
			project, (long long)f->b->id, reason, project);
		return 0;
	}
	r = store_last_published(f->s->store, f->b->target, project, &last, err);
	if (r == -ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	return r < 0 ? r : queue_rebuild(f, &last, reason, err);
}

/* A build of the project that failed for want of what is there now. */
static int try_again(struct fallout *f, const char *project, struct err *err)
{
	struct store_filter filter = {
		.target = f->b->target, .project = project, .state = -1, .limit = 1};
	struct store_builds newest = VEC_INIT;
	auto_free char *why = xasprintf("%s provides more now", f->b->project);
	int r = store_builds(f->s->store, &filter, &newest, err);

	vec_foreach (&newest, n) {
		if (r < 0 || n->state != BUILD_FAILED ||
			!str_eq_null(n->cause, cause_kind_name(CAUSE_DEPENDENCY)))
			continue;
		f->queued++;
		r = requeue(f, n->id, "dependency", why, err);
	}
	vec_free(&newest, store_build_release);
	return r < 0 ? r : 0;
}

/*
 * Rebuilds of other commits of the same project that still wait: the build that was published now
 * has what they were queued for, unless it began before; then it is built again in their place.
 */
static int supersede_in(
	struct fallout *f, const struct result *res, enum store_state state, struct err *err)
{
	const struct store_build *b = f->b;
	struct store_build again = *b; /* strings borrowed */
	struct store_filter filter = {
		.target = b->target, .project = b->project, .state = (int)state};
	struct store_builds waiting = VEC_INIT;
	auto_free char *who = xasprintf("build %lld of a newer commit", (long long)b->id);
	int r = store_builds(f->s->store, &filter, &waiting, err);

	again.date = res->date;
	vec_foreach (&waiting, w) {
		if (r < 0 || !w->rebuild || w->id == b->id ||
			(str_eq_null(w->upstream_sha, b->upstream_sha) &&
				str_eq_null(w->packaging_sha, b->packaging_sha)))
			continue;
		r = store_build_cancel(f->s->store, w->id, who, err);
		if (r >= 0 && b->started <= w->queued)
			r = queue_rebuild(
				f, &again, w->detail ? w->detail : "a dependency changed", err);
	}
	vec_free(&waiting, store_build_release);
	return r < 0 ? r : 0;
}

static int supersede(struct fallout *f, const struct result *res, struct err *err)
{
	int r = supersede_in(f, res, BUILD_RETRY, err);

	return r < 0 ? r : supersede_in(f, res, BUILD_QUEUED, err);
}

/* Whether what was published differs from what was before. */
static int has_changed(struct fallout *f, const struct result *res, bool *ret, struct err *err)
{
	CLEANUP(store_build_release) struct store_build last = {0};
	int r = store_success_before(f->s->store, f->b, &last, err);

	if (r < 0 && r != -ERR_NOT_FOUND)
		return r;
	if (r < 0)
		err_clear(err);
	*ret = r < 0 || !last.content || !str_eq_null(last.content, res->content);
	return 0;
}

static int published(struct fallout *f, const struct result *res, struct err *err)
{
	struct graph_dependents dependents = VEC_INIT;
	auto_strv struct strv served = STRV_INIT;
	bool changed;
	int r;

	if ((r = has_changed(f, res, &changed, err)) < 0)
		return r;
	r = graph_affected(f->g, f->b->project, &res->provides, changed, &dependents, err);
	if (r == -ERR_NOT_FOUND) { /* no longer configured for this target */
		err_clear(err);
		return 0;
	}
	vec_foreach (&dependents, d)
		if (r >= 0)
			r = rebuild_one(f, d->project, d->reason, err);
	vec_free(&dependents, graph_dependent_release);
	if (r < 0)
		return r;
	graph_newly_served(f->g, f->b->project, &res->provides, &served);
	strv_foreach (&served, p)
		if ((r = try_again(f, *p, err)) < 0)
			return r;
	return supersede(f, res, err);
}

int rebuild_after(struct sched *s, struct graph *g, const struct store_build *b,
	const struct result *res, size_t *ret_n, struct err *err)
{
	struct fallout f = {.s = s, .g = g, .b = b};
	bool good = res->status == STATUS_SUCCESS;
	auto_err struct err e = ERR_INIT;
	int r = good ? published(&f, res, &e) : 0;

	hmap_release(&f.chain);
	/* without a version there was no source package */
	if (r >= 0 && (good || res->version))
		r = learn(s, g, b->target, b->project, &res->build_requires,
			good ? &res->provides : NULL, good ? &res->requires : NULL, &e);
	if (r < 0)
		return err_move(err, &e);
	*ret_n = f.queued;
	return 0;
}
