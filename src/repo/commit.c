/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies beside the metadata of a commit: its logs and commit.yaml; the record of a failure. */
#include "repo/internal.h"

static bool is_record(const char *name)
{
	return name[0] != '.' &&
	       (str_ends(name, ".log") || str_ends(name, ".log.gz") || str_eq(name, "result.json"));
}

static int link_logs(
	struct repo *r, const char *logs, const char *dir, bool replace, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int rc = logs ? fs_list(logs, &names, err) : 0;

	for (size_t i = 0; rc >= 0 && i < names.n; i++) {
		auto_free char *src = path_join(logs, names.v[i]),
			       *dst = path_join(dir, names.v[i]);
		struct stat st;

		if (!is_record(names.v[i]) || lstat(src, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		if ((st.st_mode & 0777) != 0644 && chmod(src, 0644) < 0)
			return err_errno(err, "cannot make '%s' readable", src);
		if (replace) {
			/* of an earlier try, packed since */
			auto_free char *packed = xasprintf("%s.gz", dst);

			(void)unlink(packed);
		}
		rc = replace ? stage_link(r, dir, names.v[i], src, err)
			     : fs_link_or_copy(src, dst, err);
	}
	return rc;
}

int commit_records(
	struct repo *r, const struct repo_commit *c, const char *dir, bool replace, struct err *err)
{
	auto_free char *text = records_commit(r, c), *path = path_join(dir, "commit.yaml");
	int rc = link_logs(r, c->logs, dir, replace, err);

	if (rc < 0)
		return rc;
	if (replace)
		return stage_replace(r, dir, "commit.yaml", text, strlen(text), err);
	return stage_write(path, text, strlen(text), err);
}

int commit_new(struct repo *r, const struct repo_commit *c, const char *path, char **ret_tmp,
	struct err *err)
{
	auto_free char *tmp = stage_name(r), *parent = path_dir(path);
	int rc = fs_mkdirs(tmp, 0755, err);

	if (rc >= 0)
		rc = fs_mkdirs(parent, 0755, err);
	if (rc >= 0)
		rc = commit_records(r, c, tmp, false, err);
	if (rc < 0)
		return rc;
	stage_install(r, tmp, path);
	if (ret_tmp)
		*ret_tmp = TAKE(tmp);
	return 0;
}

int repo_record_failure(struct repo *r, struct store *st UNUSED, const struct repo_commit *c,
	char **ret_dir, struct err *err)
{
	auto_free char *rel = repo_commit_dir(c->build, c->upstream_shared);
	auto_free char *path = path_join(r->dir, rel);
	int rc = stage_begin(r, err);

	/* a repository that is there stays: the failure is of a later try */
	if (rc >= 0 && fs_is_dir(path))
		rc = commit_records(r, c, path, true, err);
	else if (rc >= 0)
		rc = commit_new(r, c, path, NULL, err);
	if (rc >= 0)
		rc = stage_commit(r, err);
	if (rc < 0)
		return err_wrap(
			err, "cannot record the failed build %lld", (long long)c->build->id);
	*ret_dir = TAKE(rel);
	return 0;
}
