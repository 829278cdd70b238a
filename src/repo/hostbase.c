/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repos/host-base: one package that provides what the machine has. The same name and version come
 * with other bytes whenever the machine changes, so that the file lies below its own hash.
 */
#include "repo/internal.h"

/* Older packages go the way of older metadata: an hour after nothing names them any more. */
static int drop_packages(struct repo *r, const char *keep, struct err *err)
{
	auto_free char *pool = path_join(r->dir, "pool");
	auto_strv struct strv names = STRV_INIT;
	int rc = fs_list(pool, &names, err);

	for (size_t i = 0; rc >= 0 && i < names.n; i++)
		if (names.v[i][0] != '.' && !str_eq(names.v[i], keep))
			rc = tree_retire(r, pool, names.v[i], err);
	return rc;
}

static int put_package(struct repo *r, const char *rpm, const char *href, struct err *err)
{
	auto_free char *path = path_join(r->dir, href), *dir = path_dir(path);
	int rc = fs_mkdirs(dir, 0755, err);

	if (rc < 0 || fs_exists(path))
		return rc;
	if (chmod(rpm, 0644) < 0)
		return err_errno(err, "cannot make '%s' readable", rpm);
	return stage_link(r, dir, path_base(path), rpm, err);
}

static int publish(struct repo *r, const char *rpm, const char *baseurl, struct err *err)
{
	CLEANUP(fragment_release) struct fragment f = {0};
	auto_metadata struct metadata m = {0};
	auto_update struct update u = {.dir = r->dir, .donor = r->dir, .m = &m, .parts = 1};
	auto_free char *snippet = NULL, *href = NULL;
	char sha[SHA256_HEX], key[17];
	struct stat st;
	int rc = sha256_file(rpm, sha, err);

	if (rc < 0)
		return rc;
	if (stat(rpm, &st) < 0)
		return err_errno(err, "cannot read '%s'", rpm);
	snprintf(key, sizeof key, "%.16s", sha);
	href = xasprintf("pool/%s/%s", key, path_base(rpm));
	rc = fragment_make(rpm, href, &f, err);
	if (rc < 0)
		return rc;
	metadata_begin(&m, 1);
	for (size_t i = 0; i < META_FILES; i++)
		metadata_add(&m, i, f.xml[i], strlen(f.xml[i]));
	/* the package's own time, so that the same package again changes nothing */
	metadata_end(&m, st.st_mtim.tv_sec);
	snippet = records_host_base(baseurl);
	if ((rc = stage_begin(r, err)) < 0 || (rc = put_package(r, rpm, href, err)) < 0 ||
		(rc = tree_update(r, &u, err)) < 0 ||
		(rc = stage_replace(r, r->dir, "host-base.repo", snippet, strlen(snippet), err)) <
			0 ||
		(rc = stage_commit(r, err)) < 0 || (rc = tree_drop_old(r, &u, err)) < 0)
		return rc;
	return drop_packages(r, key, err);
}

int repo_publish_host_base(const char *data, const char *rpm, const char *baseurl, struct err *err)
{
	CLEANUP(repo_closep) struct repo *r = NULL;
	int rc = repo_open(data, "host-base", &r, err);

	if (rc >= 0)
		rc = publish(r, rpm, baseurl, err);
	return rc < 0 ? err_wrap(err, "cannot publish host-base") : 0;
}
