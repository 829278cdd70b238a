/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reproduce_record.c - what is kept of a build, and of what it was made from. */
#include "base/fs.h"
#include "cmd/reproduce.h"
#include "git/git.h"
#include "repo/repo.h"

void record_release(struct record *r)
{
	free(r->dir);
	free(r->repo);
	free(r->data);
	job_free(r->job);
	result_free(r->result);
	lock_free(r->lock);
	*r = (struct record){0};
}

/* A file of the build's directory; *ret the path even when it is not there. */
static int need(
	const struct record *rec, const char *name, const char *why, char **ret, struct err *err)
{
	*ret = path_join(rec->dir, name);
	if (fs_exists(*ret))
		return 0;
	return err_set(err, ERR_NOT_FOUND, "build %lld cannot be reproduced: no file '%s' (%s)",
		(long long)rec->id, *ret, why);
}

static int read_files(struct record *rec, struct err *err)
{
	auto_free char *job = NULL, *lock = NULL, *result = NULL;
	auto_json json_t *j = NULL, *k = NULL;
	int r;

	if ((r = need(rec, "job.json", "it was not started yet, or nothing is left of it", &job,
		     err)) < 0 ||
		(r = need(rec, "result.json", "it has no outcome yet", &result, err)) < 0 ||
		(r = need(rec, LOCK_FILE, "it did not come as far as its root", &lock, err)) < 0)
		return r;
	if ((r = json_read(job, &j, err)) < 0)
		return r;
	if ((r = job_from_json(j, &rec->job, err)) < 0)
		return err_wrap(err, "'%s'", job);
	if ((r = json_read(result, &k, err)) < 0)
		return r;
	if ((r = result_from_json(k, &rec->result, err)) < 0)
		return err_wrap(err, "'%s'", result);
	rec->job->lock = TAKE(lock);
	return lock_read(rec->job->lock, &rec->lock, err);
}

/* The same again: as it was asked for, with what was found out meanwhile. */
static void prepare_job(struct record *rec)
{
	struct job *j = rec->job;
	auto_free char *roots = path_join(rec->data, "roots"),
		       *cache = path_join(rec->data, "cache");

	j->date = rec->date;
	j->allow_lower = true;
	j->no_install_test = true;
	str_set(&j->roots, roots);
	str_set(&j->cache, cache);
	str_set(&j->output, NULL);
}

int record_read(const char *number, struct record *ret, struct err *err)
{
	CLEANUP(record_release) struct record rec = {0};
	CLEANUP(store_build_release) struct store_build b = {0};
	CLEANUP(config_freep) struct config *cfg = NULL;
	CLEANUP(store_closep) struct store *st = NULL;
	int r;

	if ((r = cmd_build_number(number, &rec.id, err)) < 0 ||
		(r = cmd_load_config(&cfg, err)) < 0 || (r = cmd_store(cfg, &st, err)) < 0 ||
		(r = store_build_get(st, rec.id, &b, err)) < 0)
		return r;
	rec.data = xstrdup(cfg->data);
	rec.dir = xasprintf("%s/builds/%lld", cfg->data, (long long)rec.id);
	rec.repo = repo_dir(cfg->data, b.target);
	if ((r = read_files(&rec, err)) < 0)
		return r;
	rec.date = b.date ? b.date : rec.result->date;
	prepare_job(&rec);
	*ret = rec;
	rec = (struct record){0};
	return 0;
}

static int need_commit(const struct record *rec, struct git *git, const struct job_git *g,
	const char *what, struct err *err)
{
	struct git_commit c = {0};
	int r;

	if (str_empty(g->mirror) || str_empty(g->sha))
		return 0;
	if (!fs_is_dir(g->mirror))
		return err_set(err, ERR_NOT_FOUND,
			"build %lld cannot be reproduced: the mirror of its %s, '%s', is gone",
			(long long)rec->id, what, g->mirror);
	if ((r = git_commit_info(git, g->mirror, g->sha, &c, err)) == -ERR_SIGNAL)
		return r;
	git_commit_release(&c);
	if (r >= 0)
		return 0;
	err_clear(err);
	return err_set(err, ERR_NOT_FOUND,
		"build %lld cannot be reproduced: its %s commit %.12s is gone from the mirror '%s'",
		(long long)rec->id, what, g->sha, g->mirror);
}

int record_sources(const struct record *rec, const char *scratch, struct err *err)
{
	const struct job *j = rec->job;
	const char *there = j->dir ?: j->srpm;
	CLEANUP(git_freep) struct git *git = NULL;
	auto_free char *state = path_join(scratch, "git");
	auto_strv struct strv local = STRV_INIT;
	int r;

	if (there && !fs_exists(there))
		return err_set(err, ERR_NOT_FOUND,
			"build %lld cannot be reproduced: its source '%s' is gone",
			(long long)rec->id, there);
	if (j->upstream.mirror)
		strv_add(&local, j->upstream.mirror);
	if (j->packaging.mirror)
		strv_add(&local, j->packaging.mirror);
	if (!local.n)
		return 0;
	if ((r = fs_mkdirs(state, 0700, err)) < 0 || (r = git_open(state, &local, &git, err)) < 0 ||
		(r = need_commit(rec, git, &j->upstream, "upstream", err)) < 0)
		return r;
	return need_commit(rec, git, &j->packaging, "packaging", err);
}

static bool has_bytes(const char *path, const char *sha256)
{
	char now[SHA256_HEX];

	return fs_exists(path) && sha256_file(path, now, NULL) >= 0 && str_eq(now, sha256);
}

char *record_file(const struct record *rec, const struct package *p)
{
	auto_free char *path = path_join(rec->dir, p->file), *pool = NULL;

	if (has_bytes(path, p->sha256))
		return TAKE(path);
	pool = repo_pool_path(rec->repo, p);
	return has_bytes(pool, p->sha256) ? TAKE(pool) : NULL;
}

char *record_source(const struct record *rec)
{
	auto_strv struct strv names = STRV_INIT;

	vec_foreach (&rec->result->artifacts, p)
		if (p->kind == PACKAGE_SOURCE)
			return record_file(rec, p);
	/* a failed build left it beside its logs */
	if (fs_list(rec->dir, &names, NULL) < 0)
		return NULL;
	strv_foreach (&names, n)
		if (str_ends(*n, ".src.rpm"))
			return path_join(rec->dir, *n);
	return NULL;
}
