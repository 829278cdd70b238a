/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which pages a change touches. */
#include "base/disk.h"
#include "base/fs.h"
#include "base/text.h"
#include "base/time.h"
#include "report/entries.h"
#include "report/parts.h"

int report_open(const struct report_conf *conf, struct store *st, struct report **ret,
	struct err *err UNUSED)
{
	CLEANUP(report_closep) struct report *r = xcalloc(1, sizeof *r);

	r->st = st;
	r->data = xstrdup(conf->data);
	r->name = xstrdup(conf->name);
	r->baseurl = xstrdup(conf->baseurl);
	strv_copy(&r->targets, conf->targets);
	vec_foreach (conf->projects, p)
		*vec_push(&r->projects) = *p;
	r->conf = (struct report_conf){.data = r->data,
		.name = r->name,
		.baseurl = r->baseurl,
		.targets = &r->targets,
		.projects = &r->projects,
		.jobs = conf->jobs};
	r->repos = path_join(conf->data, "repos");
	for (size_t i = 0; i < conf->projects->n; i++)
		(void)hmap_set(&r->by_project, conf->projects->v[i].project, i);
	*ret = TAKE(r);
	return 0;
}

void report_close(struct report *r)
{
	if (!r)
		return;
	anew_free(r->anew);
	hmap_release(&r->by_project);
	hmap_release(&r->estimate_of);
	vec_release(&r->estimates);
	strv_release(&r->waits);
	free(r->repos);
	free(r->data);
	free(r->name);
	free(r->baseurl);
	strv_release(&r->targets);
	vec_release(&r->projects);
	free(r);
}

const struct report_project *report_project_of(const struct report *r, const char *project)
{
	size_t i;

	return hmap_get(&r->by_project, project, &i) ? &r->conf.projects->v[i] : NULL;
}

bool report_builds_for(const struct report_project *p, const char *target)
{
	return !p->targets || !p->targets->n || strv_has(p->targets, target);
}

int64_t report_now(const struct report *r)
{
	return r->now ? r->now : time_now();
}

char *report_url(const struct report *r, const char *below)
{
	auto_strbuf struct strbuf url = STRBUF_INIT;

	sb_add(&url, r->conf.baseurl);
	sb_addc(&url, '/');
	text_url_path(&url, below);
	return sb_take(&url);
}

int report_css(struct report *r, struct err *err)
{
	auto_strbuf struct strbuf css = STRBUF_INIT;

	sb_add(&css, page_css);
	return write_page(r, PAGE_CSS, &css, err);
}

/* The queue's page, and the status pages when it showed that others wait than before; status: that
 * of the target anyway. */
static int queue_and_waits(struct report *r, const char *target, bool status, struct err *err)
{
	int rc = lists_queue(r, target, err);
	bool all = r->waits_changed;

	r->waits_changed = false;
	for (size_t i = 0; rc >= 0 && i < r->conf.targets->n; i++)
		if (all || (status && str_eq(r->conf.targets->v[i], target)))
			rc = lists_status(r, r->conf.targets->v[i], err);
	return rc;
}

/* The pages of a target that a finished build touches, but for its own. */
int report_lists(struct report *r, const char *target, struct err *err)
{
	int rc = lists_latest(r, target, err);

	return rc < 0 ? rc : queue_and_waits(r, target, true, err);
}

static int repos_of(struct report *r, const struct store_build *b, struct err *err)
{
	int rc;

	if (!b->published || !b->repo)
		return 0;
	if ((rc = page_of_repo(r, b->target, b->repo, b, err)) < 0 ||
		(rc = page_of_repo(r, b->target, "current", NULL, err)) < 0)
		return rc;
	return page_of_repo(r, b->target, "consistent", NULL, err);
}

/* What one build is on, but for the lists; its own page first, the others link to what is there. */
int report_of_build(struct report *r, const struct store_build *b, struct err *err)
{
	int rc;

	if ((rc = page_of_build(r, b, err)) < 0 || (rc = repos_of(r, b, err)) < 0 ||
		(rc = page_of_project(r, b->target, b->project, err)) < 0)
		return rc;
	return badge_write(r, b->target, b->project, err);
}

int report_build(struct report *r, int64_t id, struct err *err)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	int rc = store_build_get(r->st, id, &b, err);

	if (rc < 0)
		return rc;
	entries_ask_again(r, b.target, b.project);
	if ((rc = report_of_build(r, &b, err)) < 0 || (rc = report_lists(r, b.target, err)) < 0 ||
		(rc = lists_index(r, err)) < 0)
		return err_wrap(err, "pages of build %lld", (long long)id);
	return 0;
}

int report_page(struct report *r, int64_t id, struct err *err)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	int rc = store_build_get(r->st, id, &b, err);

	return rc < 0 ? rc : page_of_build(r, &b, err);
}

int report_queue(struct report *r, const char *target, struct err *err)
{
	int rc = queue_and_waits(r, target, false, err);

	return rc < 0 ? err_wrap(err, "the queue's page") : 0;
}

int report_status(struct report *r, const char *target, struct err *err)
{
	int rc = lists_status(r, target, err);

	return rc < 0 ? err_wrap(err, "the status page") : 0;
}

int report_waits(
	struct report *r, const char *target, struct strv *projects, size_t most, struct err *err)
{
	auto_strv struct strv left = STRV_INIT;
	char *failed = NULL;
	int rc = 0;

	for (size_t i = 0; i < projects->n; i++) {
		char *p = projects->v[i];

		if (i >= most || failed) {
			strv_take(&left, p);
			continue;
		}
		if ((rc = page_of_project(r, target, p, err)) < 0)
			failed = p;
		else
			free(p);
	}
	if (failed && err && disk_fault(err->sys))
		strv_take(&left, failed);
	else
		free(failed);
	projects->n = 0;
	strv_release(projects);
	*projects = left;
	left = (struct strv)STRV_INIT;
	return rc < 0 ? err_wrap(err, "pages of who waits") : 0;
}

/* ---- many at once ---- */

/* A build that was never tried has no page: the queue tells of it. */
static bool has_page(const struct store_build *b)
{
	return b->attempt > (b->state == BUILD_RUNNING) || b->finished;
}

static int own_pages(struct report *r, const struct store_builds *builds, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < builds->n; i++) {
		const struct store_build *b = &builds->v[i];

		if (has_page(b))
			rc = page_of_build(r, b, err);
		if (rc >= 0 && b->published && b->repo)
			rc = page_of_repo(r, b->target, b->repo, b, err);
	}
	return rc;
}

/* Projects, moving repositories and lists, after the pages of builds. */
static int rest(struct report *r, const char *target, struct err *err)
{
	int rc = page_of_repo(r, target, "current", NULL, err);

	if (rc >= 0)
		rc = page_of_repo(r, target, "consistent", NULL, err);
	for (size_t i = 0; rc >= 0 && i < r->conf.projects->n; i++) {
		const struct report_project *p = &r->conf.projects->v[i];

		if (!report_builds_for(p, target))
			continue;
		rc = page_of_project(r, target, p->project, err);
		if (rc >= 0)
			rc = badge_write(r, target, p->project, err);
	}
	return rc < 0 ? rc : report_lists(r, target, err);
}

#define BATCH 200 /* builds in memory at once */

static int all_builds(struct report *r, const char *target, size_t *done, size_t all,
	void (*progress)(size_t, size_t), struct err *err)
{
	int64_t after = 0;

	for (;;) {
		struct store_builds builds = VEC_INIT;
		int rc = store_builds_after(r->st, target, after, BATCH, &builds, err);
		size_t n = builds.n;

		if (rc >= 0)
			rc = own_pages(r, &builds, err);
		if (n)
			after = builds.v[n - 1].id;
		vec_free(&builds, store_build_release);
		if (rc < 0)
			return rc;
		*done += n;
		if (progress)
			progress(*done, all);
		if (n < BATCH)
			return 0;
	}
}

int report_all(struct report *r, void (*progress)(size_t done, size_t all), struct err *err)
{
	size_t done = 0, all = 0;
	int rc = report_css(r, err);

	for (size_t i = 0; rc >= 0 && i < r->conf.targets->n; i++) {
		int64_t n = 0;

		rc = store_builds_count(r->st, r->conf.targets->v[i], &n, err);
		all += (size_t)n;
	}
	for (size_t i = 0; rc >= 0 && i < r->conf.targets->n; i++) {
		rc = all_builds(r, r->conf.targets->v[i], &done, all, progress, err);
		if (rc >= 0)
			rc = rest(r, r->conf.targets->v[i], err);
	}
	if (rc >= 0)
		rc = lists_index(r, err);
	return rc < 0 ? err_wrap(err, "pages") : 0;
}

/* ---- what time does ---- */

int report_tick(struct report *r, int64_t now, struct err *err)
{
	int64_t day = now / 86400;
	int rc = 0;

	if (day == r->day)
		return 0;
	for (size_t i = 0; rc >= 0 && i < r->conf.targets->n; i++)
		rc = lists_status(r, r->conf.targets->v[i], err);
	if (rc < 0)
		return err_wrap(err, "pages of a new day");
	r->day = day;
	return 0;
}

int report_forget(struct report *r, const struct store_build *b, struct err *err)
{
	auto_free char *html = xasprintf("%s/builds/%lld.html", b->target, (long long)b->id);
	auto_free char *json = xasprintf("%s/builds/%lld.json", b->target, (long long)b->id);
	int64_t since = 0;
	int rc;

	if ((rc = write_remove(r, html, err)) < 0 || (rc = write_remove(r, json, err)) < 0 ||
		(rc = served_forget(r, b, err)) < 0 ||
		(rc = page_of_project(r, b->target, b->project, err)) < 0 ||
		(rc = store_ended_since(r->st, b->target, REPORT_LIST, &since, err)) < 0)
		return err_wrap(err, "pages of build %lld", (long long)b->id);
	/* most of what is forgotten is far below what the lists show */
	if (b->finished < since)
		return 0;
	if ((rc = report_lists(r, b->target, err)) < 0)
		return err_wrap(err, "pages without build %lld", (long long)b->id);
	return 0;
}
