/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repo/internal.h"

#define SNIPPET_MAX (64 * 1024)

char *repo_dir(const char *data, const char *target)
{
	return xasprintf("%s/repos/%s", data, target);
}

char *repo_current_dir(const char *data, const char *target)
{
	return xasprintf("%s/repos/%s/current", data, target);
}

int repo_open(const char *data, const char *target, struct repo **ret, struct err *err)
{
	CLEANUP(repo_closep) struct repo *r = xcalloc(1, sizeof *r);
	int rc;

	r->data = path_abs(data);
	r->target = xstrdup(target);
	r->dir = repo_dir(r->data, target);
	r->tmp = path_join(r->dir, ".new");
	rc = fs_mkdirs(r->dir, 0755, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(r);
	return 0;
}

void repo_close(struct repo *r)
{
	if (!r)
		return;
	stage_clear(r);
	db_close(r->cache);
	free(r->data);
	free(r->target);
	free(r->dir);
	free(r->tmp);
	free(r);
}

/* <id>.repo of `current`, pointing to `consistent`. */
static int move_snippet(
	struct repo *r, const char *from, const char *dir, const char *name, struct err *err)
{
	auto_free char *path = path_join(from, name), *text = NULL, *id = NULL, *url = NULL;
	auto_free char *moved = NULL;
	int rc = fs_read(path, SNIPPET_MAX, &text, NULL, err);

	if (rc < 0)
		return rc;
	if (!records_parse_snippet(text, r->target, &id, &url))
		return 0;
	moved = repo_snippet(id, url, r->target, "consistent");
	return stage_replace(r, dir, name, moved, strlen(moved), err);
}

int repo_move_consistent(struct repo *r, struct err *err)
{
	auto_free char *from = path_join(r->dir, "current"), *dir = path_join(r->dir, "consistent");
	auto_update struct update u = {.dir = dir, .donor = from, .parts = PARTS};
	auto_strv struct strv names = STRV_INIT;
	int rc;

	if (!fs_is_dir(from))
		return 0;
	rc = stage_begin(r, err);
	if (rc >= 0)
		rc = tree_update(r, &u, err);
	if (rc >= 0)
		rc = fs_list(from, &names, err);
	for (size_t i = 0; rc >= 0 && i < names.n; i++) {
		auto_free char *src = path_join(from, names.v[i]);

		if (str_ends(names.v[i], ".repo"))
			rc = move_snippet(r, from, dir, names.v[i], err);
		else if (str_eq(names.v[i], "versions.csv") || str_eq(names.v[i], "commit.yaml"))
			rc = stage_link(r, dir, names.v[i], src, err);
	}
	if (rc >= 0)
		rc = stage_commit(r, err);
	if (rc >= 0)
		rc = tree_drop_old(r, &u, err);
	return rc < 0 ? err_wrap(err, "cannot move `consistent` of %s", r->target) : 0;
}

int repo_update_versions(struct repo *r, struct store *st, struct err *err)
{
	auto_free char *dir = path_join(r->dir, "current"), *text = NULL;
	struct store_builds published = VEC_INIT, last = VEC_INIT;
	int rc;

	if (!fs_is_dir(dir))
		return 0;
	rc = store_published_builds(st, r->target, &published, err);
	if (rc >= 0)
		rc = store_last_builds(st, r->target, &last, err);
	if (rc >= 0)
		rc = stage_begin(r, err);
	if (rc >= 0) {
		text = records_versions(&published, &last, NULL);
		rc = stage_replace(r, dir, "versions.csv", text, strlen(text), err);
		if (rc >= 0)
			rc = stage_commit(r, err);
	}
	vec_free(&published, store_build_release);
	vec_free(&last, store_build_release);
	return rc;
}
