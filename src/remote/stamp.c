/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stamp.c - what is asked of the repositories and what they have, as one checksum. */
#include "base/base.h"
#include "base/fs.h"
#include "base/time.h"
#include "remote/internal.h"
#include <inttypes.h>

static bool file_there(const struct repo *r, const struct repomd_file *f, const char *type)
{
	auto_free char *path = f->location ? repo_file(r, f, type) : NULL;
	struct stat st;

	if (!path)
		return true;
	return stat(path, &st) == 0 && (!f->size || (uint64_t)st.st_size == f->size);
}

bool repo_complete(const struct repo *r)
{
	return r->st.checksum && file_there(r, &r->st.md.primary, "primary") &&
	       file_there(r, &r->st.md.modules, "modules");
}

/* A repository on this machine is as we know it when its repomd.xml is the same file. */
static bool source_same(const struct repo *r)
{
	auto_free char *path = url_file_path(r->st.url);
	char mark[96];

	file_mark(path, mark);
	return *mark && str_eq(mark, r->st.source);
}

bool repo_fresh(const struct repo *r, const struct remote_conf *conf, int64_t now)
{
	int64_t age = now - r->st.fetched, expire = r->pub.conf->metadata_expire;

	if (!repo_complete(r))
		return false;
	if (url_is_file(r->st.url))
		return source_same(r);
	if (conf->offline || r->current)
		return true;
	/* a clock that went back proves nothing; a negative time is dnf's "never" */
	return !conf->refresh && age >= 0 && (expire < 0 || age < expire);
}

static void add_strv(struct sha256 *h, const struct strv *sv)
{
	auto_free char *n = xasprintf("%zu", sv->n);

	sha256_add_str(h, n);
	strv_foreach (sv, s)
		sha256_add_str(h, *s);
}

static void add_repo(struct sha256 *h, const struct repo *r)
{
	const struct target_repo *c = r->pub.conf;
	auto_free char *priority = xasprintf("%d", c->priority);

	sha256_add_str(h, c->id);
	sha256_add_str(h, path_base(r->pub.dir));
	sha256_add_str(h, r->st.checksum ?: "");
	sha256_add_str(h, priority);
	add_strv(h, &c->exclude);
	add_strv(h, &c->includepkgs);
	add_strv(h, &c->gpgkeys);
}

static void stamp(const struct repo *repos, size_t n, const struct target *t, char ret[65])
{
	struct sha256 *h = sha256_new();

	sha256_add_str(h, "remote 1");
	sha256_add_str(h, t->arch);
	add_strv(h, &t->modules);
	for (size_t i = 0; i < n; i++)
		add_repo(h, &repos[i]);
	sha256_end(h, ret);
}

void remote_stamp(const struct remote *r, char ret[65])
{
	stamp(r->repos.v, r->repos.n, r->target, ret);
}

bool remote_stamp_cached(const struct remote_conf *conf, const struct target *t, char ret[65])
{
	VEC(struct repo) repos = VEC_INIT;
	int64_t now = time_now();
	bool fresh = true;

	for (size_t i = 0; fresh && i < t->repos.n; i++) {
		struct repo *r = vec_push(&repos);

		fresh = repo_init(r, conf->cache, &t->repos.v[i], t, NULL) >= 0;
		if (!fresh)
			break;
		state_read(r->pub.dir, &r->st);
		fresh = repo_fresh(r, conf, now);
		/* in use: it is not to expire */
		if (fresh)
			(void)utimensat(AT_FDCWD, r->pub.dir, NULL, 0);
	}
	if (fresh)
		stamp(repos.v, repos.n, t, ret);
	vec_free(&repos, repo_release);
	return fresh;
}
