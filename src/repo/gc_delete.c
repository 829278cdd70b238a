/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Builds go a few at a time: their directories are renamed to where no reader looks, that is made
 * durable, then the store forgets them, then the directories are removed. Killed before the store
 * forgets, the next run chooses them again; after, it finds what lies aside.
 */
#include "repo/gc_internal.h"

#define BATCH 16

/* Only what says that it is this build's: two builds may have had a claim to one name. */
char *gc_build_dir(const struct repo_gc *g, const struct store_build *b)
{
	for (int shared = 0; shared < 2; shared++) {
		auto_free char *rel = b->repo ? xstrdup(b->repo) : repo_commit_dir(b, shared != 0);
		auto_free char *dir = path_join(g->dir, rel);

		if (!str_empty(b->upstream_sha) && listing_build(dir) == b->id)
			return TAKE(rel);
		if (b->repo)
			break;
	}
	return NULL;
}

/* What was chosen may have been asked for again since. */
static int is_as_chosen(struct repo_gc *g, const struct store_build *b, struct err *err)
{
	CLEANUP(store_build_release) struct store_build now = {0};
	int r = store_build_get(g->st, b->id, &now, err);

	if (r < 0)
		return r;
	return now.state == b->state && now.finished == b->finished && !now.pinned &&
	       now.attempt == b->attempt;
}

static int move_aside(const char *from, const char *to, struct err *err)
{
	int r = fs_remove_tree(to, err);

	if (r < 0)
		return r;
	if (rename(from, to) < 0 && errno != ENOENT)
		return err_errno(err, "cannot move '%s' away", from);
	return 0;
}

static char *aside_repo(const struct repo_gc *g, const struct repo_gc_item *i)
{
	return xasprintf("%s/gc-%lld", g->tmp, (long long)i->build.id);
}

static char *aside_logs(const struct repo_gc *g, const struct repo_gc_item *i)
{
	return xasprintf("%s/builds/.gc-%lld", g->data, (long long)i->build.id);
}

static int hide(struct repo_gc *g, const struct repo_gc_item *i, struct err *err)
{
	auto_free char *logs = xasprintf("%s/builds/%lld", g->data, (long long)i->build.id);
	auto_free char *repo = i->repo ? path_join(g->dir, i->repo) : NULL;
	auto_free char *to_repo = aside_repo(g, i), *to_logs = aside_logs(g, i);
	int r = 0;

	if (repo) {
		auto_free char *second = path_dir(repo), *first = path_dir(second);

		r = fs_mkdirs(g->tmp, 0755, err);
		if (r >= 0)
			r = move_aside(repo, to_repo, err);
		/* those that hold other commits stay */
		(void)rmdir(second);
		(void)rmdir(first);
	}
	return r < 0 ? r : move_aside(logs, to_logs, err);
}

static int sync_dir(const char *path, struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || syncfs(fd) < 0)
		return err_errno(err, "cannot write below '%s'", path);
	return 0;
}

static int forget(struct repo_gc *g, const bool *go, size_t first, size_t n, struct err *err)
{
	int r = store_begin(g->st, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < n; i++)
		if (go[i])
			r = store_build_delete(g->st, g->items.v[first + i].build.id, err);
	if (r >= 0)
		r = store_commit(g->st, err);
	if (r < 0)
		store_rollback(g->st);
	return r;
}

static void count(struct repo_gc *g, const struct repo_gc_item *i)
{
	g->sums.builds++;
	g->sums.repositories += i->repo && i->build.published;
}

static int clear_away(struct repo_gc *g, const struct repo_gc_item *i, struct err *err)
{
	auto_free char *repo = aside_repo(g, i), *logs = aside_logs(g, i);
	int r = fs_remove_tree(repo, err);

	if (r >= 0)
		r = fs_remove_tree(logs, err);
	if (r < 0)
		return r;
	count(g, i);
	if (g->deleted)
		g->deleted(g->ctx, i);
	return 0;
}

int gc_delete(struct repo_gc *g, struct err *err)
{
	size_t first = g->at, n = g->items.n - first;
	bool go[BATCH] = {false};
	int r = 0;

	n = n < BATCH ? n : BATCH;
	for (size_t i = 0; g->dry && i < n; i++)
		count(g, &g->items.v[first + i]);
	g->at += n;
	if (g->dry)
		return 0;
	for (size_t i = 0; r >= 0 && i < n; i++) {
		const struct repo_gc_item *item = &g->items.v[first + i];

		r = is_as_chosen(g, &item->build, err);
		go[i] = r > 0;
		if (r > 0)
			r = hide(g, item, err);
	}
	if (r < 0 || (r = sync_dir(g->data, err)) < 0 || (r = forget(g, go, first, n, err)) < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < n; i++)
		if (go[i])
			r = clear_away(g, &g->items.v[first + i], err);
	return r;
}
