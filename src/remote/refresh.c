/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refresh.c - all repositories current: lists of mirrors, then repomd.xml (ask.c), then the
 * metadata files it lists, each step for all repositories at once; then state.json makes it true.
 */
#include "remote/refresh.h"
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

#define WAIT 3600 /* seconds for another process; large metadata over a slow line */

VEC_TYPE(jobs, struct job);

static void job_release(struct job *j)
{
	mirrors_release(&j->m);
	state_release(&j->next);
	free(j->new_path);
	free(j->new_sig);
	strv_release(&j->problems);
	err_clear(&j->err);
	if (j->lock >= 0)
		(void)close(j->lock);
}

/* One process works in a repository's directory; others wait and then find it done. */
static int lock_dir(struct job *j, bool *ret_waited, struct err *err)
{
	auto_free char *path = path_join(j->repo->pub.dir, "lock");
	int r = fs_mkdirs(j->repo->pub.dir, 0755, err);

	if (r < 0 || fs_lock(path, &j->lock, NULL) >= 0)
		return r < 0 ? r : 0;
	*ret_waited = true;
	return fs_lock_wait(path, WAIT, &j->lock, err);
}

static int fetch_list(struct job *j, const char *url, const char *kind, char **ret, size_t *ret_n,
	struct err *err)
{
	auto_free char *what = xasprintf("%s: %s", j->repo->pub.conf->id, kind);
	auto_free char *path = path_join(j->repo->pub.dir, kind);
	auto_free char *part = xasprintf("%s.part", path);
	struct http_get g = {.path = path, .max = LIMIT_REPOMD};
	int r;

	(void)unlink(path);
	(void)unlink(part);
	strv_add(&g.urls, url);
	r = remote_http(j->remote, what, &g, 1, err);
	path = NULL; /* the get's */
	if (r >= 0)
		r = fs_read(g.path, LIMIT_REPOMD, ret, ret_n, err);
	http_get_release(&g);
	return r < 0 ? r : 0;
}

/* A metalink names the very repomd.xml that we have: nothing is to be asked. */
static bool list_says_same(const struct job *j)
{
	vec_foreach (&j->m.sums, s) {
		if (s->sha256 && j->repo->st.checksum && str_eq(s->sha256, j->repo->st.checksum))
			return s == j->m.sums.v && repo_complete(j->repo);
	}
	return false;
}

static int find_mirrors(struct job *j, struct err *err)
{
	const struct repo *repo = j->repo;
	const char *list = repo->metalink ?: repo->mirrorlist;
	auto_free char *text = NULL;
	size_t n = 0;
	int r;

	if (!list) {
		strv_foreach (&repo->urls, u)
			strv_addf(&j->m.bases, "%s%s", *u, str_ends(*u, "/") ? "" : "/");
		return 0;
	}
	if ((r = fetch_list(j, list, repo->metalink ? "metalink" : "mirrorlist", &text, &n, err)) <
		0)
		return r;
	r = (repo->metalink ? metalink_parse : mirrorlist_parse)(
		text, n, url_is_file(list), &j->m, err);
	if (r < 0) {
		auto_free char *shown = text_url_shown(list);

		if (r != -ERR_SIGNAL && err)
			err->code = ERR_NET;
		return err_wrap(err, "%s", shown);
	}
	if (!list_says_same(j))
		return 0;
	j->repo->st.fetched = time_now();
	strv_release(&j->repo->st.bases);
	strv_copy(&j->repo->st.bases, &j->m.bases);
	j->judged = true;
	return 0;
}

static bool only_remote(const struct repo *r)
{
	strv_foreach (&r->urls, u) {
		if (url_is_file(*u))
			return false;
	}
	return !(r->metalink && url_is_file(r->metalink)) &&
	       !(r->mirrorlist && url_is_file(r->mirrorlist));
}

/* A job for a repository that must be asked; none when another process did it while we waited. */
static int add_job(
	struct remote *r, struct repo *repo, int64_t started, struct jobs *jobs, struct err *err)
{
	struct job *j;
	bool waited = false;
	int rc;

	if (r->conf.offline && only_remote(repo)) {
		if (!repo_complete(repo))
			return err_set(err, ERR_NET,
				"its metadata is not in the cache, and we are offline");
		repo->current = true;
		return 0;
	}
	j = vec_push(jobs);
	*j = (struct job){.repo = repo,
		.remote = r,
		.lock = -1,
		.new_path = path_join(repo->pub.dir, "repomd.new"),
		.new_sig = path_join(repo->pub.dir, "repomd.new.asc")};
	if ((rc = lock_dir(j, &waited, err)) < 0)
		return rc;
	state_read(repo->pub.dir, &repo->st);
	j->judged = repo_fresh(repo, &r->conf, time_now()) ||
		    (waited && repo_complete(repo) && !url_is_file(repo->st.url) &&
			    repo->st.fetched >= started);
	return j->judged ? 0 : find_mirrors(j, err);
}

static struct http_get metadata_get(const struct repo *repo, const struct repomd_file *f,
	const char *type, const struct strv *bases)
{
	struct http_get g = {.path = repo_file(repo, f, type),
		.checksum = xstrdup(f->checksum),
		.size = f->size,
		.max = LIMIT_REPO_FILE};

	urls_below(bases, f->location, &g.urls);
	return g;
}

/* Verified before it got its name; but a crash may have emptied it since, and a disk spoiled it. */
static bool have(const struct job *j, const struct repomd_file *f, const char *type)
{
	auto_free char *path = f->location ? repo_file(j->repo, f, type) : NULL;

	return !path || digest_file(path, f->checksum, NULL) >= 0;
}

static void metadata_result(struct job *j, const struct http_get *g)
{
	auto_free char *first = NULL;

	if (g->done || g->unchanged) {
		strv_foreach (&g->problems, p)
			remote_warn(j->remote, j->repo, *p);
		return;
	}
	if (j->err.code)
		return;
	for (size_t i = 0; i + 1 < g->problems.n; i++)
		remote_warn(j->remote, j->repo, g->problems.v[i]);
	first = g->problems.n ? xstrdup(g->problems.v[g->problems.n - 1])
			      : xstrdup(g->err.msg ?: "its metadata cannot be had");
	job_problem(j, g->err.code ?: ERR_NET, first);
}

static int fetch_metadata(struct remote *r, struct jobs *jobs, struct err *err)
{
	struct http_get *list = xcalloc(jobs->n * 2 + 1, sizeof *list);
	struct job **owner = xcalloc(jobs->n * 2 + 1, sizeof *owner);
	auto_strv struct strv whats = STRV_INIT;
	auto_err struct err e = ERR_INIT;
	size_t n = 0;
	int rc = 0;

	vec_foreach (jobs, j) {
		const struct repomd_file *files[] = {&j->next.md.primary, &j->next.md.modules};
		static const char *const types[] = {"primary", "modules"};

		for (size_t i = 0; i < COUNTOF(files) && j->changed && !j->err.code; i++) {
			if (have(j, files[i], types[i]))
				continue;
			strv_addf(&whats, "%s: %s", j->repo->pub.conf->id, types[i]);
			owner[n] = j;
			list[n++] = metadata_get(j->repo, files[i], types[i], &j->next.bases);
		}
	}
	if (n)
		rc = remote_http(r, n == 1 ? whats.v[0] : "metadata", list, n, &e);
	rc = rc == -ERR_SIGNAL ? err_move(err, &e) : 0;
	for (size_t i = 0; i < n; i++) {
		if (rc >= 0)
			metadata_result(owner[i], &list[i]);
		http_get_release(&list[i]);
	}
	free(list);
	free(owner);
	return rc;
}

static bool referenced(const struct state *st, const char *name)
{
	const struct repomd_file *files[] = {&st->md.primary, &st->md.filelists, &st->md.modules};

	for (size_t i = 0; i < COUNTOF(files); i++) {
		if (files[i]->checksum && str_starts(name, files[i]->checksum))
			return true;
	}
	return false;
}

#define KEEP_OLD (24 * 3600) /* others may still read what was current */

static void drop_old(const struct repo *r)
{
	auto_strv struct strv names = STRV_INIT;
	int64_t now = time_now();

	if (fs_list(r->pub.dir, &names, NULL) < 0)
		return;
	strv_foreach (&names, n) {
		auto_free char *path = path_join(r->pub.dir, *n);
		bool home = str_starts(*n, ".gpg-");
		struct stat st;

		if ((!home && strspn(*n, "0123456789abcdef") < 64) || referenced(&r->st, *n) ||
			lstat(path, &st) < 0 || now - st.st_ctim.tv_sec < KEEP_OLD)
			continue;
		(void)fs_remove_tree(path, NULL);
	}
}

static int commit(struct job *j, struct err *err)
{
	struct repo *repo = j->repo;
	auto_free char *path = path_join(repo->pub.dir, "repomd.xml");
	auto_free char *sig = path_join(repo->pub.dir, "repomd.xml.asc");
	int r;

	if (j->changed) {
		if (rename(j->new_path, path) < 0)
			return err_errno(err, "cannot replace '%s'", path);
		(void)unlink(sig);
		if (j->next.keys && rename(j->new_sig, sig) < 0)
			return err_errno(err, "cannot replace '%s'", sig);
		state_release(&repo->st);
		repo->st = j->next;
		j->next = (struct state){0};
	}
	if ((r = state_write(repo->pub.dir, &repo->st, err)) < 0)
		return r;
	drop_old(repo);
	return 0;
}

/* Between repomd.xml and the files it lists a repository may move on: once more from the start. */
static bool again(struct jobs *jobs)
{
	bool any = false;

	vec_foreach (jobs, j) {
		if (!j->changed || !j->err.code)
			continue;
		err_clear(&j->err);
		state_release(&j->next);
		j->judged = j->changed = false;
		j->whole = true;
		j->at = 0;
		any = true;
	}
	return any;
}

static int refresh_jobs(struct remote *r, struct jobs *jobs, struct err *err)
{
	int rc = ask_all(r, jobs->v, jobs->n, err);

	if (rc >= 0)
		rc = fetch_metadata(r, jobs, err);
	if (rc >= 0 && again(jobs)) {
		rc = ask_all(r, jobs->v, jobs->n, err);
		if (rc >= 0)
			rc = fetch_metadata(r, jobs, err);
	}
	return rc;
}

/* Offline, what lies on a medium that is not there is taken from the cache, too. */
static bool make_do(const struct job *j)
{
	return j->remote->conf.offline && repo_complete(j->repo) && j->err.code != ERR_SIGNAL;
}

static int finish(struct jobs *jobs, struct err *err)
{
	int rc = 0;

	vec_foreach (jobs, j) {
		auto_err struct err e = ERR_INIT;
		bool asked = j->changed || j->m.bases.n;

		if (!j->err.code && asked && commit(j, &e) < 0)
			(void)err_move(&j->err, &e);
		if (!j->err.code || make_do(j))
			j->repo->current = true;
		else if (rc >= 0 && (rc = err_move(err, &j->err)) < 0)
			(void)err_wrap(err, "repository '%s'", j->repo->pub.conf->id);
	}
	return rc;
}

static int by_dir(const void *a, const void *b)
{
	struct repo *const *x = a, *const *y = b;

	return strcmp((*x)->pub.dir, (*y)->pub.dir);
}

/* Those to be asked, in an order that all processes lock in. */
static size_t stale(struct remote *r, struct repo **ret)
{
	int64_t now = time_now();
	size_t n = 0;

	vec_foreach (&r->repos, repo) {
		repo->current = false;
		state_read(repo->pub.dir, &repo->st);
		repo->current = repo_fresh(repo, &r->conf, now);
		if (!repo->current)
			ret[n++] = repo;
	}
	if (n)
		qsort(ret, n, sizeof *ret, by_dir);
	return n;
}

int remote_refresh(struct remote *r, struct err *err)
{
	auto_free struct repo **todo = xcalloc(r->repos.n + 1, sizeof *todo);
	struct jobs jobs = VEC_INIT;
	int64_t started = time_now();
	size_t n = stale(r, todo);
	int rc = 0;

	for (size_t i = 0; i < n && rc >= 0; i++) {
		auto_err struct err e = ERR_INIT;

		if ((rc = add_job(r, todo[i], started, &jobs, &e)) >= 0)
			continue;
		if (jobs.n && jobs.v[jobs.n - 1].repo == todo[i] && rc != -ERR_SIGNAL) {
			(void)err_move(&jobs.v[jobs.n - 1].err, &e);
			rc = 0;
			continue;
		}
		(void)err_move(err, &e);
		(void)err_wrap(err, "repository '%s'", todo[i]->pub.conf->id);
	}
	if (rc >= 0)
		rc = refresh_jobs(r, &jobs, err);
	if (rc >= 0)
		rc = finish(&jobs, err);
	vec_free(&jobs, job_release);
	vec_foreach (&r->repos, repo) {
		if (rc < 0 || !repo->current)
			continue;
		repo_set_public(repo);
		(void)utimensat(AT_FDCWD, repo->pub.dir, NULL, 0);
	}
	return rc < 0 ? rc : 0;
}

int remote_filelists(struct remote *r, size_t i, struct err *err)
{
	struct repo *repo = &r->repos.v[i];
	const struct repomd_file *f = &repo->st.md.filelists;
	auto_free char *what = xasprintf("%s: filelists", repo->pub.conf->id);
	auto_free char *path = f->location ? repo_file(repo, f, "filelists") : NULL;
	int rc = 0;

	if (!path)
		return err_set(
			err, ERR_NOT_FOUND, "repository '%s' has no filelists", repo->pub.conf->id);
	if (!fs_exists(path)) {
		struct http_get g = {.path = NULL};

		if (!repo_can_ask(r, repo))
			return err_set(err, ERR_NET,
				"repository '%s': its filelists are not in the cache, and we are "
				"offline",
				repo->pub.conf->id);
		g = metadata_get(repo, f, "filelists", &repo->st.bases);
		rc = remote_http(r, what, &g, 1, err);
		for (size_t k = 0; k + (rc < 0) < g.problems.n; k++)
			remote_warn(r, repo, g.problems.v[k]);
		http_get_release(&g);
	}
	if (rc < 0)
		return err_wrap(err, "repository '%s'", repo->pub.conf->id);
	free(repo->pub.filelists);
	repo->pub.filelists = TAKE(path);
	return 0;
}
