/* SPDX-License-Identifier: GPL-3.0-or-later */
/* remote.c - the repositories of a target, their directories, what is said of them. */
#include "remote/remote.h"
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "remote/internal.h"
#include <inttypes.h>

static int expand_all(
	const struct strv *in, const struct target *t, struct strv *out, struct err *err)
{
	strv_foreach (in, u) {
		char *s = NULL;
		int r = url_expand(*u, t, &s, err);

		if (r < 0)
			return r;
		strv_take(out, s);
	}
	return 0;
}

static int expand_one(const char *in, const struct target *t, char **out, struct err *err)
{
	return str_empty(in) ? 0 : url_expand(in, t, out, err);
}

static void hash_opt(struct sha256 *h, const char *s)
{
	sha256_add_str(h, s ?: "");
}

/* "<id>-<16 digits>": other URLs or other keys are another repository. */
static char *directory(const struct repo *r, const char *cache)
{
	struct sha256 *h = sha256_new();
	char hex[SHA256_HEX];

	strv_foreach (&r->urls, u)
		sha256_add_str(h, *u);
	hash_opt(h, r->metalink);
	hash_opt(h, r->mirrorlist);
	strv_foreach (&r->gpgkeys, k)
		sha256_add_str(h, *k);
	sha256_add_str(h, r->pub.conf->repo_gpgcheck ? "signed" : "");
	sha256_end(h, hex);
	return xasprintf("%s/repos/%s-%.16s", cache, r->pub.conf->id, hex);
}

static int check_url(const char *url, struct err *err)
{
	if (url_is_remote(url) || url_is_file(url))
		return 0;
	auto_free char *shown = text_url_shown(url);
	return err_set(err, ERR_CONFIG, "URL '%s' is neither http nor https nor file", shown);
}

static int init(struct repo *r, const struct target *t, struct err *err)
{
	const struct target_repo *c = r->pub.conf;
	int rc;

	if (!str_is_name(c->id))
		return err_set(err, ERR_CONFIG, "that is no name");
	if ((rc = expand_all(&c->urls, t, &r->urls, err)) < 0 ||
		(rc = expand_all(&c->gpgkeys, t, &r->gpgkeys, err)) < 0 ||
		(rc = expand_one(c->metalink, t, &r->metalink, err)) < 0 ||
		(rc = expand_one(c->mirrorlist, t, &r->mirrorlist, err)) < 0)
		return rc;
	strv_foreach (&r->urls, u) {
		if ((rc = check_url(*u, err)) < 0)
			return rc;
	}
	if ((r->metalink && (rc = check_url(r->metalink, err)) < 0) ||
		(r->mirrorlist && (rc = check_url(r->mirrorlist, err)) < 0))
		return rc;
	if (!r->urls.n && !r->metalink && !r->mirrorlist)
		return err_set(err, ERR_CONFIG, "it has no URL");
	if (c->repo_gpgcheck && !r->gpgkeys.n)
		return err_set(err, ERR_CONFIG, "repo_gpgcheck needs a gpgkey");
	return 0;
}

int repo_init(struct repo *r, const char *cache, const struct target_repo *conf,
	const struct target *t, struct err *err)
{
	int rc;

	*r = (struct repo){.pub = {.conf = conf}};
	if ((rc = init(r, t, err)) < 0)
		return err_wrap(err, "repository '%s'", conf->id);
	r->pub.dir = directory(r, cache);
	return 0;
}

void remote_repo_release(struct remote_repo *p)
{
	free(p->dir);
	free(p->checksum);
	strv_release(&p->bases);
	free(p->primary);
	free(p->filelists);
	free(p->modules);
	free(p->primary_sum);
	free(p->filelists_sum);
	*p = (struct remote_repo){0};
}

bool repo_can_ask(const struct remote *r, const struct repo *repo)
{
	return !r->conf.offline || (repo->st.url && url_is_file(repo->st.url));
}

void repo_release(struct repo *r)
{
	remote_repo_release(&r->pub);
	strv_release(&r->urls);
	free(r->metalink);
	free(r->mirrorlist);
	strv_release(&r->gpgkeys);
	state_release(&r->st);
	rpm_keys_free(r->keys);
}

/* The suffix says how it is packed; nothing else of a foreign name is kept. */
static const char *suffix(const char *location)
{
	static const char *const known[] = {".gz", ".xz", ".zst", ".bz2"};

	for (size_t i = 0; i < COUNTOF(known); i++) {
		if (str_ends(location, known[i]))
			return known[i];
	}
	return "";
}

char *repo_file(const struct repo *r, const struct repomd_file *f, const char *type)
{
	return xasprintf("%s/%s-%s.%s%s", r->pub.dir, f->checksum, type,
		str_eq(type, "modules") ? "yaml" : "xml", suffix(f->location));
}

void repo_set_public(struct repo *r)
{
	struct remote_repo *p = &r->pub;
	const struct repomd *md = &r->st.md;

	str_set(&p->checksum, r->st.checksum);
	p->revision = md->revision;
	p->fetched = r->st.fetched;
	strv_release(&p->bases);
	strv_copy(&p->bases, &r->st.bases);
	free(p->primary);
	p->primary = repo_file(r, &md->primary, "primary");
	str_set(&p->primary_sum, md->primary.checksum);
	str_set(&p->filelists, NULL);
	str_set(&p->filelists_sum, md->filelists.checksum);
	free(p->modules);
	p->modules = md->modules.location ? repo_file(r, &md->modules, "modules") : NULL;
}

int remote_open(const struct remote_conf *conf, const struct target *t, struct remote **ret,
	struct err *err)
{
	CLEANUP(remote_freep) struct remote *r = xcalloc(1, sizeof *r);
	int rc;

	r->conf = *conf;
	r->conf.cache = r->cache = path_abs(conf->cache);
	r->target = t;
	vec_foreach (&t->repos, c) {
		struct repo *repo = vec_push(&r->repos);

		if ((rc = repo_init(repo, r->cache, c, t, err)) < 0)
			return rc;
	}
	auto_free char *packages = path_join(r->cache, "packages");
	auto_free char *repos = path_join(r->cache, "repos");
	if ((rc = fs_mkdirs(packages, 0755, err)) < 0 || (rc = fs_mkdirs(repos, 0755, err)) < 0 ||
		(rc = http_new(&conf->http, &r->http, err)) < 0)
		return rc;
	*ret = TAKE(r);
	return 0;
}

void remote_free(struct remote *r)
{
	if (!r)
		return;
	vec_free(&r->repos, repo_release);
	http_free(r->http);
	free(r->cache);
	free(r);
}

size_t remote_count(const struct remote *r)
{
	return r->repos.n;
}

const struct remote_repo *remote_at(const struct remote *r, size_t i)
{
	return &r->repos.v[i].pub;
}

void remote_warn(const struct remote *r, const struct repo *repo, const char *line)
{
	auto_free char *text = xasprintf("repository '%s': %s", repo->pub.conf->id, line);

	if (r->conf.warn)
		r->conf.warn(r->conf.ctx, text);
}

#define PROGRESS_MS 500 /* between two lines */

struct progress {
	const struct remote *remote;
	const char *what;
	uint64_t last;
};

static void show_progress(void *ctx, uint64_t had, uint64_t wanted, size_t done, size_t n)
{
	struct progress *p = ctx;
	uint64_t now = time_mono_ms();
	auto_strbuf struct strbuf sb = STRBUF_INIT;

	if (now - p->last < PROGRESS_MS)
		return;
	p->last = now;
	sb_add(&sb, p->what);
	if (n > 1)
		sb_addf(&sb, " %zu of %zu,", done, n);
	sb_addf(&sb, " %.1f", (double)had / 1e6);
	if (wanted)
		sb_addf(&sb, " of %.1f", (double)wanted / 1e6);
	sb_add(&sb, " MB");
	p->remote->conf.progress(p->remote->conf.ctx, sb_str(&sb));
}

int remote_http(
	struct remote *r, const char *what, struct http_get *list, size_t n, struct err *err)
{
	struct progress p = {.remote = r, .what = what, .last = time_mono_ms()};

	return http_fetch(r->http, list, n, r->conf.progress ? show_progress : NULL, &p, err);
}
