/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "format/rpm/rpm.h"
#include "solve/internal.h"
#include <solv/poolarch.h>
#include <solv/repo_rpmdb.h>

int solve_new(const struct solve_conf *conf, struct solve **ret, struct err *err)
{
	CLEANUP(solve_freep) struct solve *s = xcalloc(1, sizeof *s);
	int r;

	if (!conf->arch || !str_is_name(conf->arch))
		return err_set(err, ERR_USAGE, "no architecture to solve for");
	if (conf->cache && (r = fs_mkdirs(conf->cache, 0755, err)) < 0)
		return r;
	s->arch = xstrdup(conf->arch);
	s->cache = xstrdup_null(conf->cache);
	s->weak = conf->weak;
	if (conf->modules)
		strv_copy(&s->enabled, conf->modules);
	s->stale = true;
	s->pool = pool_create();
	pool_setdisttype(s->pool, DISTTYPE_RPM);
	pool_setarch(s->pool, s->arch);
	if (!s->pool->id2arch)
		return err_set(err, ERR_USAGE, "no architecture '%s'", s->arch);
	map_init(&s->considered, 0);
	*ret = TAKE(s);
	return 0;
}

static void source_release(struct source *src)
{
	free(src->id);
	free(src->primary);
	strv_release(&src->exclude);
	strv_release(&src->includepkgs);
	queue_free(&src->ids);
	free(src->modules_path);
	modules_release(&src->modules);
	files_index_release(&src->files);
	files_index_release(&src->filelists);
	if (src->repo)
		repo_free(src->repo, 0);
}

void solve_free(struct solve *s)
{
	if (!s)
		return;
	vec_free(&s->sources, source_release);
	streams_release(&s->streams);
	strv_release(&s->enabled);
	if (s->pool)
		pool_free(s->pool);
	map_free(&s->considered);
	free(s->hidden);
	free(s->arch);
	free(s->cache);
	free(s);
}

static struct source *source_named(struct solve *s, const char *id)
{
	vec_foreach (&s->sources, src) {
		if (str_eq(src->id, id))
			return src;
	}
	return NULL;
}

/* Put the new source in the place of the one of its id, which loses its packages. */
static void install(struct solve *s, struct source *fresh)
{
	struct source *old = source_named(s, fresh->id);

	if (old)
		source_release(old);
	else
		old = vec_push(&s->sources);
	*old = *fresh;
	*fresh = (struct source){0};
	queue_init(&fresh->ids);
	s->stale = true;
}

static void note_ids(struct source *src)
{
	Solvable *v;
	Id p;

	queue_empty(&src->ids);
	FOR_REPO_SOLVABLES(src->repo, p, v)
	queue_push(&src->ids, p);
}

/* The same primary metadata: by its file, as the checksum changes when file lists come to it. */
static bool same(const struct source *a, const struct solve_repo *r)
{
	struct stat sb;

	return str_eq_null(a->primary, r->primary) && stat(r->primary, &sb) == 0 &&
	       sb.st_ino == a->stat.st_ino && sb.st_dev == a->stat.st_dev &&
	       sb.st_size == a->stat.st_size && sb.st_mtim.tv_sec == a->stat.st_mtim.tv_sec &&
	       sb.st_mtim.tv_nsec == a->stat.st_mtim.tv_nsec;
}

static int add_filelists(
	struct solve *s, struct source *src, const struct solve_repo *r, struct err *err)
{
	struct files_index x = {0};
	int rc;

	if (!r->filelists)
		return 0;
	if ((rc = cache_filelists(s->cache, r, s->pool, &src->ids, &x, err)) < 0)
		return rc;
	files_index_release(&src->filelists);
	src->filelists = x;
	src->has_filelists = true;
	return 0;
}

static void take_options(struct source *src, const struct solve_repo *r)
{
	src->priority = r->priority;
	src->hotfix = r->hotfix;
	strv_release(&src->exclude);
	strv_release(&src->includepkgs);
	src->exclude = src->includepkgs = (struct strv)STRV_INIT;
	if (r->exclude)
		strv_copy(&src->exclude, r->exclude);
	if (r->includepkgs)
		strv_copy(&src->includepkgs, r->includepkgs);
	src->include_all = !src->includepkgs.n;
}

static int add_modules(struct source *src, const struct solve_repo *r, struct err *err)
{
	struct modules m = {0};
	int rc;

	if (str_eq_null(src->modules_path, r->modules))
		return 0;
	if (r->modules && (rc = modules_read(r->modules, &m, err)) < 0)
		return rc;
	modules_release(&src->modules);
	src->modules = m;
	free(src->modules_path);
	src->modules_path = xstrdup_null(r->modules);
	return 0;
}

static int add_new(struct solve *s, const struct solve_repo *r, struct err *err)
{
	CLEANUP(source_release)
	struct source src = {
		.id = xstrdup(r->id),
		.primary = xstrdup(r->primary),
	};
	int rc;

	queue_init(&src.ids);
	if (stat(r->primary, &src.stat) < 0) /* the cache may do */
		src.stat = (struct stat){0};
	src.repo = repo_create(s->pool, src.id);
	s->stale = true; /* the pool grows even when this fails */
	if ((rc = cache_load(s->cache, r, src.repo, &src.files, err)) < 0)
		return rc;
	take_options(&src, r);
	note_ids(&src);
	if ((rc = add_filelists(s, &src, r, err)) < 0 || (rc = add_modules(&src, r, err)) < 0)
		return rc;
	install(s, &src);
	return 0;
}

int solve_add_repo(struct solve *s, const struct solve_repo *r, struct err *err)
{
	struct source *old = source_named(s, r->id);
	int rc;

	if (old && !old->local && same(old, r)) {
		s->stale = true;
		if ((rc = add_modules(old, r, err)) < 0 ||
			(!old->has_filelists && (rc = add_filelists(s, old, r, err)) < 0))
			return err_wrap(err, "repository '%s'", r->id);
		take_options(old, r);
		return 0;
	}
	rc = add_new(s, r, err);
	return rc < 0 ? err_wrap(err, "repository '%s'", r->id) : 0;
}

int solve_add_files(
	struct solve *s, const char *id, int priority, const struct strv *paths, struct err *err)
{
	CLEANUP(source_release)
	struct source src = {.id = xstrdup(id),
		.priority = priority,
		.local = true,
		.include_all = true,
		.hotfix = true};
	int r;

	queue_init(&src.ids);
	if ((r = rpm_init(err)) < 0)
		return r;
	src.repo = repo_create(s->pool, src.id);
	s->stale = true;
	strv_foreach (paths, p) {
		if (!repo_add_rpm(src.repo, *p,
			    REPO_REUSE_REPODATA | REPO_NO_INTERNALIZE | RPM_ADD_WITH_SHA256SUM |
				    RPM_ADD_NO_RPMLIBREQS))
			return err_set(err, ERR_SOURCE, "cannot read package '%s': %s", *p,
				pool_errstr(s->pool));
	}
	repo_internalize(src.repo);
	note_ids(&src);
	if (src.ids.count)
		primary_index(src.repo, &src.files);
	install(s, &src);
	return 0;
}

size_t solve_count(const struct solve *s)
{
	size_t n = 0;

	vec_foreach (&s->sources, src)
		n += (size_t)src->ids.count;
	return n;
}

void solve_request_release(struct solve_request *q)
{
	strv_release(&q->install);
	strv_release(&q->conflicts);
	strv_release(&q->files);
}

void solve_problem_release(struct solve_problem *p)
{
	free(p->text);
}

void solve_result_release(struct solve_result *r)
{
	lock_packages_release(&r->packages);
	vec_free(&r->problems, solve_problem_release);
	strv_release(&r->needs_files);
}
