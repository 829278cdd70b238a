/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * anew.c - what is written when packmill starts, as a list of small parts between which others have
 * their turn. Each part asks the store when it is written: none is older than what a build that
 * ends meanwhile writes.
 */
#include "base/fs.h"
#include "base/time.h"
#include "report/parts.h"
#include "store/pages.h"

struct part {
	int (*fn)(struct report *r, const struct part *p, struct err *err);
	const char *target, *name; /* of the configuration */
	int64_t id;
};

struct anew {
	VEC(struct part) parts;
	size_t done;
	int64_t day;
	char *stamp; /* NULL: what there was fits */
};

void anew_free(struct anew *a)
{
	if (!a)
		return;
	vec_release(&a->parts);
	free(a->stamp);
	free(a);
}

/* ---- the parts ---- */

/* A build that gc has removed meanwhile has no pages. */
static int get(struct report *r, const struct part *p, struct store_build *ret, struct err *err)
{
	auto_err struct err e = ERR_INIT;
	int rc = store_build_get(r->st, p->id, ret, &e);

	return rc == -ERR_NOT_FOUND ? 0 : rc < 0 ? err_move(err, &e) : 1;
}

static int a_build(struct report *r, const struct part *p, struct err *err)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	int rc = get(r, p, &b, err);

	if (rc <= 0 || (rc = page_of_build(r, &b, err)) < 0)
		return rc;
	return b.published && b.repo ? page_of_repo(r, b.target, b.repo, &b, err) : 0;
}

/* With the pages of others that it is on. */
static int missed_build(struct report *r, const struct part *p, struct err *err)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	int rc = get(r, p, &b, err);

	return rc <= 0 ? rc : report_of_build(r, &b, err);
}

static int a_repository(struct report *r, const struct part *p, struct err *err)
{
	return page_of_repo(r, p->target, p->name, NULL, err);
}

static int a_project(struct report *r, const struct part *p, struct err *err)
{
	int rc = page_of_project(r, p->target, p->name, err);

	return rc < 0 ? rc : badge_write(r, p->target, p->name, err);
}

static int the_lists(struct report *r, const struct part *p, struct err *err)
{
	return report_lists(r, p->target, err);
}

static int the_index(struct report *r, const struct part *p UNUSED, struct err *err)
{
	return lists_index(r, err);
}

/* ---- the list of them ---- */

static void add(struct anew *a, const struct part *p)
{
	*vec_push(&a->parts) = *p;
}

/* Whether the page was written after the build ended. */
static bool is_written(const struct report *r, const struct store_build *b)
{
	auto_free char *path =
		xasprintf("%s/%s/builds/%lld.html", r->repos, b->target, (long long)b->id);
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 0 && st.st_mtime >= b->finished;
}

/* Of the newest builds: all of them, or those whose pages a kill prevented. */
static int newest(struct report *r, const char *target, struct anew *a, struct err *err)
{
	struct store_builds builds = VEC_INIT;
	int rc = store_ended(r->st, target, REPORT_LIST, &builds, err);

	vec_foreach (&builds, b)
		if (a->stamp || !is_written(r, b))
			add(a, &(struct part){a->stamp ? a_build : missed_build, .id = b->id});
	vec_free(&builds, store_build_release);
	return rc;
}

static void rest(const struct report *r, const char *target, struct anew *a)
{
	add(a, &(struct part){a_repository, target, "current", 0});
	add(a, &(struct part){a_repository, target, "consistent", 0});
	vec_foreach (r->conf.projects, p)
		if (report_builds_for(p, target))
			add(a, &(struct part){a_project, target, p->project, 0});
}

int report_begin(struct report *r, struct err *err)
{
	struct anew *a = xcalloc(1, sizeof *a);
	int rc;

	anew_free(r->anew);
	r->anew = a;
	a->day = report_now(r) / 86400;
	a->stamp = stamp_text(r);
	if (stamp_is(r, a->stamp))
		str_set(&a->stamp, NULL);
	else if (!a->stamp)
		a->stamp = xstrdup("");
	rc = report_css(r, err);
	strv_foreach (r->conf.targets, t) {
		if (rc >= 0)
			rc = newest(r, *t, a, err);
		if (a->stamp)
			rest(r, *t, a);
		add(a, &(struct part){the_lists, *t, NULL, 0});
	}
	add(a, &(struct part){the_index, NULL, NULL, 0});
	if (rc >= 0)
		return 0;
	anew_free(TAKE(r->anew));
	return err_wrap(err, "pages");
}

static int end(struct report *r, struct err *err)
{
	const char *stamp = r->anew->stamp;
	int rc = str_empty(stamp) ? 0 : stamp_write(r, stamp, err);

	if (rc >= 0)
		r->day = r->anew->day;
	return rc;
}

int report_step(struct report *r, unsigned ms, struct err *err)
{
	uint64_t until = time_mono_ms() + ms;
	struct anew *a = r->anew;
	int rc = 0;

	if (!a)
		return 0;
	while (rc >= 0 && a->done < a->parts.n) {
		const struct part *p = &a->parts.v[a->done++];

		rc = p->fn(r, p, err);
		if (rc >= 0 && ms && time_mono_ms() >= until && a->done < a->parts.n)
			return 1;
	}
	if (rc >= 0)
		rc = end(r, err);
	anew_free(TAKE(r->anew));
	return rc < 0 ? err_wrap(err, "pages") : 0;
}

int report_start(struct report *r, struct err *err)
{
	int rc = report_begin(r, err);

	return rc < 0 ? rc : report_step(r, 0, err);
}
