/* SPDX-License-Identifier: GPL-3.0-or-later */
/* root.c - a root as others see it, and its manifest on disk. */
#include "root/root.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/time.h"
#include "root/host.h"

#define MANIFEST "manifest.json"
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
	free(r->base);
	strv_release(&r->warnings);
	free(r->for_sandbox);
	auto_closep(&r->lock_fd);
	auto_closep(&r->base_fd);
	free(r);
}

struct root *root_new(const char *roots_dir, const char *key)
{
	struct root *r = xcalloc(1, sizeof *r);

	r->lock_fd = r->base_fd = -1;
	r->dir = path_join(roots_dir, key);
	(void)snprintf(r->key, sizeof r->key, "%s", key);
	return r;
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

/* Holes are nothing; a file of several names counts once in all. */
static uint64_t file_size(const struct stat *st)
{
	uint64_t used = (uint64_t)st->st_blocks * 512, n = (uint64_t)st->st_size;

	return (used < n ? used : n) / st->st_nlink;
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
			sum += file_size(&st);
	}
	return sum;
}

/* Layers below the directory of roots are written relative to the root's own, so that data/ can
 * move: "layer", "../<key of the base>/layer". */
static json_t *mounts_to_json(const struct root *r, const char *dir, uint64_t *ret_size)
{
	auto_free char *roots = path_dir(r->dir);
	auto_free char *own = xasprintf("%s/", r->dir), *near = xasprintf("%s/", roots);
	json_t *list = json_array();

	*ret_size = 0;
	vec_foreach (&r->mounts, m) {
		json_t *o = json_object(), *layers = json_array();

		json_put_str(o, "at", m->at);
		strv_foreach (&m->layers, l) {
			auto_free char *rel = NULL;

			if (str_starts(*l, own)) {
				auto_free char *now = path_join(dir, *l + strlen(own));

				*ret_size += tree_size(now, 0);
				rel = xstrdup(*l + strlen(own));
			} else if (str_starts(*l, near)) {
				rel = xasprintf("../%s", *l + strlen(near));
			}
			json_array_append_new(layers, json_string(rel ? rel : *l));
		}
		json_put(o, "layers", layers);
		json_array_append_new(list, o);
	}
	return list;
}

int root_save(const struct root *r, const char *dir, struct err *err)
{
	auto_free char *path = path_join(dir, MANIFEST), *lock = path_join(dir, ROOT_LOCK);
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
	json_put_str(j, "base", r->base);
	if (r->warnings.n)
		json_put_strv(j, "warnings", &r->warnings);
	/* the lock says the same and more */
	if (r->lock)
		json_put(j, "lock", lock_to_json(r->lock));
	else
		json_put_strv(j, "packages", &r->manifest);
	if ((rc = fs_write(lock, "", 0, 0644, err)) < 0)
		return rc;
	return json_write_atomic(path, j, err);
}

static char *layer_path(const struct root *r, const char *rel)
{
	auto_free char *roots = path_dir(r->dir);

	return str_starts(rel, "../") ? path_join(roots, rel + 3) : path_join(r->dir, rel);
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
			strv_take(&m->layers, layer_path(r, *l));
			if (!fs_is_dir(m->layers.v[m->layers.n - 1]))
				return err_set(err, ERR_CORRUPT, "root '%s' lacks its layer '%s'",
					r->dir, *l);
		}
	}
	return r->mounts.n ? 0 : err_set(err, ERR_CORRUPT, "root '%s': bad manifest", r->dir);
}

/* "name-1:2-3.noarch" as rpm -qa prints it: without the epoch. */
static void add_nvra(struct strv *out, const char *nevra)
{
	const char *colon = strchr(nevra, ':'), *dash = colon;

	while (dash && dash > nevra && *dash != '-')
		dash--;
	if (dash && *dash == '-')
		strv_addf(out, "%.*s-%s", (int)(dash - nevra), nevra, colon + 1);
	else
		strv_add(out, nevra);
}

/* The machine's own packages have no checksum: what they are the machine alone knows. */
static struct lock *host_lock(const struct root *r)
{
	struct lock *l = xcalloc(1, sizeof *l);

	l->target = xstrdup(r->target);
	l->arch = xstrdup(target_host_arch());
	strv_foreach (&r->manifest, p)
		*vec_push(&l->base) =
			(struct lock_package){.nevra = xstrdup(*p), .repo = xstrdup("host")};
	lock_packages_sort(&l->base);
	return l;
}

static int read_packages(const json_t *j, struct root *r, struct err *err)
{
	const json_t *lock = json_object_get(j, "lock");
	int rc;

	if (!lock) {
		json_get_strv(j, "packages", &r->manifest);
		r->lock = host_lock(r);
		return 0;
	}
	if ((rc = lock_from_json(lock, &r->lock, err)) < 0)
		return err_wrap(err, "root '%s'", r->dir);
	vec_foreach (&r->lock->base, p)
		add_nvra(&r->manifest, p->nevra);
	vec_foreach (&r->lock->build, p)
		add_nvra(&r->manifest, p->nevra);
	strv_sort(&r->manifest);
	return 0;
}

/* Times of the locks say when a root was used. */
static int share(struct root *r, struct err *err)
{
	int rc = root_share(r->dir, r->key, &r->lock_fd, err);

	if (rc >= 0)
		(void)futimens(r->lock_fd, NULL);
	return rc;
}

static int share_base(struct root *r, struct err *err)
{
	auto_free char *roots = path_dir(r->dir), *dir = NULL;

	if (!r->base)
		return 0;
	if (!str_is_name(r->base))
		return err_set(err, ERR_CORRUPT, "root '%s': bad manifest", r->dir);
	dir = path_join(roots, r->base);
	if (root_share(dir, r->base, &r->base_fd, NULL) < 0)
		return err_set(err, ERR_CORRUPT, "root '%s' lacks its base '%s'", r->dir, r->base);
	(void)futimens(r->base_fd, NULL);
	return 0;
}

static int load(struct root *r, json_t **ret, struct err *err)
{
	auto_free char *path = path_join(r->dir, MANIFEST);
	auto_json json_t *j = NULL;
	int rc = json_read(path, &j, err);

	if (rc < 0)
		return rc;
	if (json_get_int(j, "schema") != 1 || !str_eq_null(json_get_str(j, "key"), r->key))
		return err_set(err, ERR_CORRUPT, "root '%s': bad manifest", r->dir);
	r->target = xstrdup(json_get_str(j, "target") ?: "");
	r->base = xstrdup_null(json_get_str(j, "base"));
	json_get_strv(j, "warnings", &r->warnings);
	r->made = json_get_int(j, "made");
	r->size = (uint64_t)json_get_int(j, "size");
	*ret = TAKE(j);
	return 0;
}

int root_open(const char *roots_dir, const char *key, struct root **ret, struct err *err)
{
	CLEANUP(root_freep) struct root *r = root_new(roots_dir, key);
	auto_json json_t *j = NULL;
	int rc;

	if (!fs_exists(r->dir))
		return err_set(err, ERR_NOT_FOUND, "no root '%s'", key);
	if ((rc = share(r, err)) < 0 || (rc = load(r, &j, err)) < 0 ||
		(rc = share_base(r, err)) < 0 ||
		(rc = read_mounts(json_object_get(j, "mounts"), r, err)) < 0 ||
		(rc = read_packages(j, r, err)) < 0)
		return rc;
	*ret = TAKE(r);
	return 0;
}

int root_peek(const char *roots_dir, const char *key, struct root **ret, struct err *err)
{
	CLEANUP(root_freep) struct root *r = root_new(roots_dir, key);
	auto_json json_t *j = NULL;
	int rc;

	if ((rc = load(r, &j, err)) < 0 ||
		(rc = read_mounts(json_object_get(j, "mounts"), r, err)) < 0 ||
		(rc = read_packages(j, r, err)) < 0)
		return rc;
	*ret = TAKE(r);
	return 0;
}
