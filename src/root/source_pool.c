/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source_pool.c - metadata and solver of a source of roots, loaded when something needs them. */
#include "base/base.h"
#include "base/fs.h"
#include "root/source.h"

#define OWN_PRIORITY   0 /* target files begin at 1 */
#define FILES_PRIORITY (-1)
#define SOLV_DIR       "solv" /* below the cache */

void source_forget(struct root_source *s)
{
	lock_free(s->lock);
	root_free(s->base);
	solve_free(s->solve);
	remote_free(s->remote);
	remote_repo_release(&s->own_repo);
	s->lock = NULL;
	s->base = NULL;
	s->solve = NULL;
	s->remote = NULL;
	s->own_repo = (struct remote_repo){0};
	s->refreshed = s->gone = false;
	*s->stamp = '\0';
}

static struct remote_conf remote_conf_of(const struct root_source *s)
{
	return (struct remote_conf){
		.cache = s->cache,
		.offline = s->conf.offline,
		.refresh = s->conf.refresh,
		.progress = s->conf.progress,
		.warn = s->conf.warn,
		.ctx = s->conf.ctx,
	};
}

/* The state of the instance's own repository; one that is not there yet has none. */
static int read_own(struct root_source *s, struct err *err)
{
	auto_err struct err e = ERR_INIT;

	if (!s->own || s->own_repo.dir)
		return 0;
	if (remote_read_local(s->own, &s->own_repo, &e) < 0 && e.code != ERR_NOT_FOUND)
		return err_move(err, &e);
	return 0;
}

static void set_stamp(struct root_source *s, const char *remote)
{
	struct sha256 *h = sha256_new();

	sha256_add_str(h, remote);
	sha256_add_str(h, s->own_repo.checksum ?: "");
	sha256_end(h, s->stamp);
}

int source_refresh(struct root_source *s, struct err *err)
{
	const struct remote_conf conf = remote_conf_of(s);
	char now[SHA256_HEX];
	int r;

	if (s->refreshed)
		return 0;
	if ((r = read_own(s, err)) < 0 ||
		(!s->remote && (r = remote_open(&conf, s->conf.target, &s->remote, err)) < 0) ||
		(r = remote_refresh(s->remote, err)) < 0)
		return r;
	s->refreshed = true;
	remote_stamp(s->remote, now);
	set_stamp(s, now);
	return 0;
}

int source_stamp(struct root_source *s, struct err *err)
{
	const struct remote_conf conf = remote_conf_of(s);
	char now[SHA256_HEX];
	int r;

	if (*s->stamp)
		return 0;
	if (s->conf.refresh || !remote_stamp_cached(&conf, s->conf.target, now))
		return source_refresh(s, err);
	if ((r = read_own(s, err)) < 0)
		return r;
	set_stamp(s, now);
	return 0;
}

static int add_repo(struct root_source *s, const char *id, int priority,
	const struct remote_repo *m, const char *filelists, struct err *err)
{
	char sum[SHA256_HEX];
	struct sha256 *h = sha256_new();
	const struct solve_repo repo = {
		.id = id,
		.priority = priority,
		.primary = m->primary,
		.filelists = filelists,
		.checksum = sum,
		.modules = m->modules,
		.hotfix = str_eq(id, LOCK_OWN),
		.exclude = m->conf ? &m->conf->exclude : NULL,
		.includepkgs = m->conf ? &m->conf->includepkgs : NULL,
	};

	sha256_add_str(h, m->primary_sum);
	sha256_add_str(h, m->filelists_sum ?: "");
	sha256_end(h, sum);
	return solve_add_repo(s->solve, &repo, err);
}

static int add_all(struct root_source *s, struct err *err)
{
	for (size_t i = 0; i < remote_count(s->remote); i++) {
		const struct remote_repo *m = remote_at(s->remote, i);
		int r = add_repo(s, m->conf->id, m->conf->priority, m, m->filelists, err);

		if (r < 0)
			return r;
	}
	return s->own_repo.dir ? add_repo(s, LOCK_OWN, OWN_PRIORITY, &s->own_repo, NULL, err) : 0;
}

static int load(struct root_source *s, struct err *err)
{
	auto_free char *dir = path_join(s->cache, SOLV_DIR);
	const struct solve_conf conf = {.arch = s->conf.target->arch,
		.cache = dir,
		.weak = s->conf.target->weak,
		.modules = &s->conf.target->modules};
	int r;

	if (s->solve)
		return 0;
	if ((r = source_refresh(s, err)) < 0 || (r = fs_mkdirs(dir, 0755, err)) < 0 ||
		(r = solve_new(&conf, &s->solve, err)) < 0)
		return r;
	r = add_all(s, err);
	if (r < 0) {
		solve_free(s->solve);
		s->solve = NULL;
	}
	return r;
}

int source_add_files(struct root_source *s, const struct strv *files, struct err *err)
{
	int r = load(s, err);

	return r < 0 ? r : solve_add_files(s->solve, SOURCE_FILES, FILES_PRIORITY, files, err);
}

static int add_filelists(struct root_source *s, const char *id, struct err *err)
{
	if (str_eq(id, LOCK_OWN))
		return add_repo(s, id, OWN_PRIORITY, &s->own_repo, s->own_repo.filelists, err);
	for (size_t i = 0; i < remote_count(s->remote); i++) {
		const struct remote_repo *m = remote_at(s->remote, i);
		int r;

		if (!str_eq(m->conf->id, id))
			continue;
		if ((r = remote_filelists(s->remote, i, err)) < 0)
			return r;
		m = remote_at(s->remote, i);
		return add_repo(s, id, m->conf->priority, m, m->filelists, err);
	}
	return err_set(err, ERR_BUG, "file lists of unknown repository '%s'", id);
}

/* Locations of what we published ourselves become paths: such a lock holds outside of the
 * repository, too. */
static void settle(const struct root_source *s, struct lock_packages *v)
{
	vec_foreach (v, p) {
		if (str_eq_null(p->repo, LOCK_OWN) && *p->location != '/') {
			auto_free char *path = path_join(s->own, p->location);

			str_set(&p->location, path);
		} else if (str_eq_null(p->repo, SOURCE_FILES)) {
			str_set(&p->repo, LOCK_OWN);
		}
	}
}

int source_solve(struct root_source *s, const struct solve_request *q, const char *testcase,
	struct solve_result *ret, struct err *err)
{
	int r = load(s, err);

	/* each round adds the file lists of one repository at least */
	for (size_t round = 0; r >= 0 && round <= s->conf.target->repos.n + 1; round++) {
		struct solve_result res = {0};

		r = solve_run(s->solve, q, testcase, &res, err);
		if (r >= 0 && !res.needs_files.n) {
			settle(s, &res.packages);
			*ret = res;
			return 0;
		}
		strv_foreach (&res.needs_files, id)
			if (r >= 0)
				r = add_filelists(s, *id, err);
		solve_result_release(&res);
	}
	return r < 0 ? r : err_set(err, ERR_BUG, "the solver keeps asking for file lists");
}

/* What is gone is parsed again when it is needed. */
static int expire_solv(
	const char *dir, int64_t unused_since, bool dry_run, uint64_t *n, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;

	if (!fs_is_dir(dir))
		return 0;
	if (fs_list(dir, &names, err) < 0)
		return -(int)err->code;
	strv_foreach (&names, name) {
		auto_free char *path = path_join(dir, *name);
		struct stat st;

		if (lstat(path, &st) < 0 || st.st_mtim.tv_sec >= unused_since)
			continue;
		if (!dry_run && unlink(path) < 0 && errno != ENOENT)
			return err_errno(err, "cannot remove '%s'", path);
		*n += (uint64_t)st.st_blocks * 512;
	}
	return 0;
}

int root_cache_gc(const char *cache_dir, int64_t unused_since, bool dry_run, uint64_t *ret_bytes,
	struct err *err)
{
	auto_free char *solv = path_join(cache_dir, SOLV_DIR);
	uint64_t n = 0;
	int r;

	*ret_bytes = 0;
	if (!fs_is_dir(cache_dir))
		return 0;
	if ((r = remote_expire(cache_dir, unused_since, dry_run, &n, err)) < 0 ||
		(r = expire_solv(solv, unused_since, dry_run, &n, err)) < 0)
		return r;
	*ret_bytes = n;
	return 0;
}
