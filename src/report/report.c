/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which pages a change touches. */
#include "base/fs.h"
#include "base/text.h"
#include "base/time.h"
#include "report/internal.h"

int report_open(
	const struct report_conf *conf, struct store *st, struct report **ret, struct err *err)
{
	CLEANUP(report_closep) struct report *r = xcalloc(1, sizeof *r);
	int rc;

	r->conf = *conf;
	r->st = st;
	r->repos = path_join(conf->data, "repos");
	for (size_t i = 0; i < conf->projects->n; i++)
		(void)hmap_set(&r->by_project, conf->projects->v[i].project, i);
	if ((rc = fs_mkdirs(r->repos, 0755, err)) < 0)
		return rc;
	*ret = TAKE(r);
	return 0;
}

void report_close(struct report *r)
{
	if (!r)
		return;
	hmap_release(&r->by_project);
	free(r->repos);
	free(r);
}

const struct report_project *report_project_of(const struct report *r, const char *project)
{
	size_t i;

	return hmap_get(&r->by_project, project, &i) ? &r->conf.projects->v[i] : NULL;
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

static int write_css(struct report *r, struct err *err)
{
	struct strbuf css = {0};
	int rc;

	sb_add(&css, page_css);
	rc = write_page(r, PAGE_CSS, &css, err);
	sb_release(&css);
	return rc;
}

/* The pages of a target that a finished build touches, but for its own. */
static int lists(struct report *r, const char *target, struct err *err)
{
	int rc;

	if ((rc = write_css(r, err)) < 0 || (rc = lists_latest(r, target, err)) < 0 ||
		(rc = lists_status(r, target, err)) < 0 || (rc = lists_queue(r, target, err)) < 0)
		return rc;
	return lists_index(r, err);
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

int report_build(struct report *r, int64_t id, struct err *err)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	int rc = store_build_get(r->st, id, &b, err);

	if (rc < 0)
		return rc;
	/* its own page first: the lists link to it */
	if ((rc = page_of_build(r, &b, err)) < 0 || (rc = repos_of(r, &b, err)) < 0 ||
		(rc = page_of_project(r, b.target, b.project, err)) < 0 ||
		(rc = badge_write(r, b.target, b.project, err)) < 0 ||
		(rc = lists(r, b.target, err)) < 0)
		return err_wrap(err, "pages of build %lld", (long long)id);
	return 0;
}

int report_queue(struct report *r, const char *target, struct err *err)
{
	int rc = lists_queue(r, target, err);

	return rc < 0 ? err_wrap(err, "the queue's page") : 0;
}
