/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repo/fsck.h"
#include "repo/fsck_internal.h"
#include <stdarg.h>

void fsck_tell(struct fsck *f, enum repo_fsck_state state, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		oom_(__FILE__, __LINE__);
	va_end(ap);
	f->fn(f->ctx, f->target, text, state == FSCK_FOUND && f->o->repair ? FSCK_LOST : state);
	free(text);
}

struct known *fsck_known(struct fsck *f, const char *href, const char *sha256)
{
	size_t i;

	if (href ? hmap_get(&f->by_href, href, &i) : hmap_get(&f->by_sha, sha256, &i))
		return &f->known.v[i];
	return NULL;
}

static void known_release(struct known *k)
{
	free(k->href);
}

static void clear(struct fsck *f)
{
	struct hmap *maps[] = {&f->by_href, &f->by_sha, &f->pool, &f->inodes, &f->listed};

	for (size_t i = 0; i < COUNTOF(maps); i++)
		hmap_release(maps[i]);
	vec_free(&f->known, known_release);
	strv_release(&f->broken);
	repo_close(TAKE(f->r));
	f->unread = f->current_is_broken = false;
	f->target = NULL;
}

static int list_all(struct fsck *f, struct strv *named, struct strv *commits, struct err *err)
{
	auto_strv struct strv heads = STRV_INIT;
	int r = listing_named(f->r->dir, named, err);

	if (r >= 0)
		r = listing_heads(f->r->dir, &heads, err);
	for (size_t i = 0; r >= 0 && i < heads.n; i++)
		r = listing_commits(f->r->dir, heads.v[i], commits, err);
	return r;
}

static int check_target(struct fsck *f, struct err *err)
{
	auto_strv struct strv named = STRV_INIT, commits = STRV_INIT;
	auto_free char *dir = repo_dir(f->data, f->target);
	int r;

	if (!fs_is_dir(dir) && !f->o->repair)
		return 0; /* opening would make it */
	if ((r = repo_open(f->data, f->target, &f->r, err)) < 0 || (r = fsck_rests(f, err)) < 0 ||
		(r = fsck_pool(f, err)) < 0 || (r = list_all(f, &named, &commits, err)) < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < named.n; i++)
		r = fsck_repository(f, named.v[i], err);
	for (size_t i = 0; r >= 0 && i < commits.n; i++)
		r = fsck_repository(f, commits.v[i], err);
	if (r < 0 || (r = fsck_mend(f, err)) < 0 || (r = fsck_current(f, err)) < 0 ||
		(r = fsck_commits(f, &commits, err)) < 0)
		return r;
	return fsck_orphans(f, err);
}

static void tell_store(void *ctx, const char *what, bool repaired)
{
	fsck_tell(ctx, repaired ? FSCK_REPAIRED : FSCK_FOUND, "%s", what);
}

int repo_fsck(const char *data, struct store *st, const struct repo_fsck_opts *o, repo_fsck_fn fn,
	void *ctx, struct err *err)
{
	struct fsck f = {.data = data, .st = st, .o = o, .fn = fn, .ctx = ctx};
	auto_strv struct strv targets = STRV_INIT;
	int r = store_check(st, o->repair, tell_store, &f, err);

	if (r >= 0)
		r = fsck_builds(&f, err);
	if (r >= 0)
		r = store_targets(st, &targets, err);
	for (size_t i = 0; r >= 0 && i < targets.n; i++) {
		f.target = targets.v[i];
		r = check_target(&f, err);
		clear(&f);
	}
	return r;
}
