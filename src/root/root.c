/* SPDX-License-Identifier: GPL-3.0-or-later */
/* root.c - a root as others see it, and its manifest on disk. */
#include "root/root.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/time.h"
#include "root/host.h"
#include <sys/file.h>

#define MANIFEST "manifest.json"
#define LOCK     "lock"
#define DEPTH    64

static void mount_release(struct root_mount *m)
{
	free(m->at);
	strv_release(&m->layers);
}

void root_free(struct root *r)
{
	if (!r)
		return;
	free(r->dir);
	free(r->target);
	vec_free(&r->mounts, mount_release);
	strv_release(&r->manifest);
	lock_free(r->lock);
	free(r->for_sandbox);
	if (r->lock_fd >= 0)
		(void)close(r->lock_fd);
	free(r);
}

struct root *root_new(const char *roots_dir, const char *key)
{
	struct root *r = xcalloc(1, sizeof *r);

	r->lock_fd = -1;
	r->dir = path_join(roots_dir, key);
	(void)snprintf(r->key, sizeof r->key, "%s", key);
	return r;
}

int root_get(const struct target *t, const char *roots_dir, const char *cache_dir,
	void (*progress)(const char *what), struct root **ret, struct err *err)
{
	const struct root_source_conf conf = {
		.target = t, .roots_dir = roots_dir, .cache_dir = cache_dir};
	CLEANUP(root_source_freep) struct root_source *s = NULL;
	auto_free char *dir = path_abs(roots_dir);
	int r;

	if (t->host)
		return host_root(dir, progress, ret, err);
	r = root_source_open(&conf, &s, err);
	return r < 0 ? r : root_source_base(s, ret, err);
}

void root_mounts(struct root *r, struct sandbox_conf *conf)
{
	if (!r->for_sandbox) {
		r->for_sandbox = xcalloc(r->mounts.n, sizeof *r->for_sandbox);
		for (size_t i = 0; i < r->mounts.n; i++)
			r->for_sandbox[i] = (struct sandbox_mount){
				.at = r->mounts.v[i].at,
				.layers = (const char *const *)r->mounts.v[i].layers.v,
				.n_layers = r->mounts.v[i].layers.n,
			};
	}
	conf->mounts = r->for_sandbox;
	conf->n_mounts = r->mounts.n;
}

static uint64_t tree_size(const char *path, unsigned depth)
{
	auto_strv struct strv names = STRV_INIT;
	uint64_t sum = 0;

	/* what we may not read (empty homes of other ids) counts nothing */
	if (depth > DEPTH || fs_list(path, &names, NULL) < 0)
		return 0;
	strv_foreach (&names, n) {
		auto_free char *p = path_join(path, *n);
		struct stat st;

		if (lstat(p, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			sum += tree_size(p, depth + 1);
		else if (S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
	}
	return sum;
}

/* Layers below the root's own directory are written relative to it, so that data/ can move. */
static json_t *mounts_to_json(const struct root *r, const char *dir, uint64_t *ret_size)
{
	auto_free char *prefix = xasprintf("%s/", r->dir);
	json_t *list = json_array();

	*ret_size = 0;
	vec_foreach (&r->mounts, m) {
		json_t *o = json_object(), *layers = json_array();

		json_put_str(o, "at", m->at);
		strv_foreach (&m->layers, l) {
			const char *rel = str_starts(*l, prefix) ? *l + strlen(prefix) : *l;

			if (rel != *l) {
				auto_free char *now = path_join(dir, rel);

				*ret_size += tree_size(now, 0);
			}
			json_array_append_new(layers, json_string(rel));
		}
		json_put(o, "layers", layers);
		json_array_append_new(list, o);
	}
	return list;
}

int root_save(const struct root *r, const char *dir, struct err *err)
{
	auto_free char *path = path_join(dir, MANIFEST), *lock = path_join(dir, LOCK);
	auto_json json_t *j = json_object();
	json_t *mounts;
	uint64_t size;
	int rc;

	mounts = mounts_to_json(r, dir, &size);
	json_put_int(j, "schema", 1);
	json_put_str(j, "key", r->key);
	json_put_str(j, "target", r->target);
	json_put_int(j, "made", time_now());
	json_put_int(j, "size", (int64_t)size);
	json_put(j, "mounts", mounts);
	json_put_strv(j, "packages", &r->manifest);
	if ((rc = fs_write(lock, "", 0, 0644, err)) < 0)
		return rc;
	return json_write_atomic(path, j, err);
}

static int read_mounts(const json_t *list, struct root *r, struct err *err)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
	{
		const char *at = json_get_str(o, "at");
		auto_strv struct strv layers = STRV_INIT;
		struct root_mount *m;

		json_get_strv(o, "layers", &layers);
		if (!at || !layers.n)
			return err_set(err, ERR_CORRUPT, "root '%s': bad manifest", r->dir);
		m = vec_push(&r->mounts);
		m->at = xstrdup(at);
		strv_foreach (&layers, l) {
			strv_take(&m->layers, path_join(r->dir, *l));
			if (!fs_is_dir(m->layers.v[m->layers.n - 1]))
				return err_set(err, ERR_CORRUPT, "root '%s' lacks its layer '%s'",
					r->dir, *l);
		}
	}
	return r->mounts.n ? 0 : err_set(err, ERR_CORRUPT, "root '%s': bad manifest", r->dir);
}

/* Take a share of the lock: the root stays as long as we have it. Its time says when it was used.
 */
static int share(struct root *r, struct err *err)
{
	auto_free char *path = path_join(r->dir, LOCK);
	struct stat a, b;
	int rc;

	r->lock_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r->lock_fd < 0)
		return err_errno(err, "cannot open '%s'", path);
	do
		rc = flock(r->lock_fd, LOCK_SH);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return err_errno(err, "cannot lock '%s'", path);
	/* who removes a root has the lock while it renames it away */
	if (stat(path, &a) < 0 || fstat(r->lock_fd, &b) < 0 || a.st_ino != b.st_ino)
		return err_set(err, ERR_NOT_FOUND, "root '%s' was removed meanwhile", r->key);
	(void)futimens(r->lock_fd, NULL);
	return 0;
}

int root_open(const char *roots_dir, const char *key, struct root **ret, struct err *err)
{
	CLEANUP(root_freep) struct root *r = root_new(roots_dir, key);
	auto_free char *path = path_join(r->dir, MANIFEST);
	auto_json json_t *j = NULL;
	int rc;

	if (!fs_exists(r->dir))
		return err_set(err, ERR_NOT_FOUND, "no root '%s'", key);
	if ((rc = share(r, err)) < 0 || (rc = json_read(path, &j, err)) < 0)
		return rc;
	if (json_get_int(j, "schema") != 1 || !str_eq_null(json_get_str(j, "key"), key))
		return err_set(err, ERR_CORRUPT, "root '%s': bad manifest", r->dir);
	if ((rc = read_mounts(json_object_get(j, "mounts"), r, err)) < 0)
		return rc;
	json_get_strv(j, "packages", &r->manifest);
	r->target = xstrdup_null(json_get_str(j, "target"));
	r->made = json_get_int(j, "made");
	r->size = (uint64_t)json_get_int(j, "size");
	*ret = TAKE(r);
	return 0;
}
