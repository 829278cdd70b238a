/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm.c - roots of rpm packages: their keys, and the cache that they are made into. */
#include "root/rpm.h"
#include "base/base.h"
#include "base/fs.h"
#include "root/cache.h"

/* Counts up when what is made from the same packages changes. */
#define RECIPE "rpm 1"

/* Keys that the package had to be signed by: a root made without asking for a signature must not
 * answer where one is asked for, though its packages are the same. */
static void add_keys(struct sha256 *h, const struct target *t, const char *repo)
{
	if (!t || !repo)
		return;
	vec_foreach (&t->repos, r) {
		if (!str_eq(r->id, repo) || !r->gpgkeys.n)
			continue;
		sha256_add_str(h, "keys");
		sha256_add_str(h, repo);
		sha256_add_str(h, t->releasever ?: "");
		strv_foreach (&r->gpgkeys, k)
			sha256_add_str(h, *k);
	}
}

static void add_packages(struct sha256 *h, const struct target *t, const struct lock_packages *v)
{
	struct lock_packages sorted = VEC_INIT;

	lock_packages_copy(&sorted, v);
	lock_packages_sort(&sorted);
	vec_foreach (&sorted, p) {
		sha256_add_str(h, p->nevra);
		sha256_add_str(h, p->checksum ?: "");
		add_keys(h, t, p->repo);
	}
	lock_packages_release(&sorted);
}

int rpm_root_key(const struct target *t, const struct lock_packages *base,
	const struct lock_packages *build, char ret[SHA256_HEX], struct err *err)
{
	struct sha256 *h;
	auto_strbuf struct strbuf mode = STRBUF_INIT;
	char key[SHA256_HEX];
	int r = root_mode_text(&mode, err);

	if (r < 0)
		return r;
	h = sha256_new();
	sha256_add_str(h, RECIPE);
	sha256_add_str(h, target_host_arch());
	sha256_add_str(h, sb_str(&mode));
	add_packages(h, t, base);
	sha256_end(h, key);
	if (build && build->n) {
		h = sha256_new();
		sha256_add_str(h, key);
		add_packages(h, t, build);
		sha256_end(h, key);
	}
	memcpy(ret, key, sizeof key);
	return 0;
}

/* A layer to be made, or found made. */
struct wanted {
	const struct rpm_root_conf *conf;
	const char *roots_dir, *key;
	const struct lock *lock;     /* of the whole root */
	struct lock_packages *added; /* by this layer */
	struct root *base;           /* NULL: this is the base layer */
};

static int fetch(const struct wanted *w, struct err *err)
{
	int r = w->conf->fetch(w->conf->fetch_ctx, w->added, err);

	if (r < 0)
		return r;
	vec_foreach (w->added, p)
		if (!p->path && str_eq_null(p->repo, "host"))
			return err_set(err, ERR_CONFLICT,
				"package '%s' is one of a machine, which cannot be fetched",
				p->nevra);
		else if (!p->path)
			return err_set(err, ERR_BUG, "package '%s' was not fetched", p->nevra);
	return 0;
}

static struct lock *copy_lock(const struct wanted *w)
{
	struct lock *l = xcalloc(1, sizeof *l);

	l->target = xstrdup(w->lock->target);
	l->arch = xstrdup(w->lock->arch);
	lock_packages_copy(&l->base, &w->lock->base);
	lock_packages_sort(&l->base);
	if (w->base) {
		lock_packages_copy(&l->build, &w->lock->build);
		lock_packages_sort(&l->build);
	}
	return l;
}

static int place(const struct wanted *w, const char *dir, const struct strv *warnings,
	struct root **ret, struct err *err)
{
	CLEANUP(root_freep) struct root *r = root_new(w->roots_dir, w->key);
	struct root_mount *m = vec_push(&r->mounts);
	int rc;

	m->at = xstrdup("/");
	strv_take(&m->layers, path_join(r->dir, "layer"));
	if (w->base) {
		strv_copy(&m->layers, &w->base->mounts.v[0].layers);
		r->base = xstrdup(w->base->key);
		strv_copy(&r->warnings, &w->base->warnings);
	}
	strv_copy(&r->warnings, warnings);
	r->target = xstrdup(w->lock->target);
	r->lock = copy_lock(w);
	rc = root_save(r, dir, err);
	return rc < 0 ? rc : root_place(r, dir, ret, err);
}

/* Who died elsewhere left things too; but nobody waits for somebody else's cleaning. */
static void sweep(const char *roots_dir)
{
	auto_free char *path = path_join(roots_dir, ".lock");
	auto_close int fd = -1;

	if (fs_lock(path, &fd, NULL) >= 0)
		(void)root_sweep(roots_dir, NULL);
}

static int make_in(const struct wanted *w, const char *dir, struct root **ret, struct err *err)
{
	auto_strv struct strv warnings = STRV_INIT;
	const struct rpm_make m = {.dir = dir,
		.base = w->base,
		.packages = w->added,
		.target = w->conf->target,
		.progress = w->conf->progress,
		.ctx = w->conf->ctx,
		.ret_warnings = &warnings};
	int r;

	if ((r = fetch(w, err)) < 0 || (r = sandbox_remove_tree(dir, err)) < 0)
		return r;
	if (mkdir(dir, 0700) < 0)
		return err_errno(err, "cannot make directory '%s'", dir);
	r = rpm_make_layer(&m, err);
	return r < 0 ? r : place(w, dir, &warnings, ret, err);
}

/* The key's lock is held. */
static int make(const struct wanted *w, struct root **ret, struct err *err)
{
	auto_free char *dir = xasprintf("%s/" ROOT_TMP_PREFIX "%s", w->roots_dir, w->key);
	auto_close int lock = -1;
	int r;

	if (root_open(w->roots_dir, w->key, ret, NULL) >= 0)
		return 0; /* while we waited */
	sweep(w->roots_dir);
	if ((r = root_lock(w->roots_dir, &lock, err)) < 0 ||
		(r = root_discard(w->roots_dir, w->key, err)) < 0)
		return r;
	auto_closep(&lock);
	lock = -1;
	r = make_in(w, dir, ret, err);
	if (r < 0)
		(void)sandbox_remove_tree(dir, NULL);
	return r;
}

static int obtain(const struct wanted *w, struct root **ret, struct err *err)
{
	int lock = -1, r;

	if (root_open(w->roots_dir, w->key, ret, NULL) >= 0)
		return 0;
	if ((r = root_lock_key(w->roots_dir, w->key, w->conf->progress, w->conf->ctx, &lock, err)) <
		0)
		return r;
	r = make(w, ret, err);
	root_unlock_key(w->roots_dir, w->key, &lock);
	return r < 0 ? err_wrap(err, "making a root of target '%s'", w->lock->target) : 0;
}

static int get(const struct rpm_root_conf *conf, const char *roots_dir, const struct lock *l,
	struct root *base, struct root **ret, struct err *err)
{
	const struct lock_packages none = VEC_INIT;
	struct lock_packages added = VEC_INIT;
	char key[SHA256_HEX];
	struct wanted w = {.conf = conf,
		.roots_dir = roots_dir,
		.key = key,
		.lock = l,
		.added = &added,
		.base = base};
	int r = rpm_root_key(conf->target, &l->base, base ? &l->build : &none, key, err);

	if (r < 0)
		return r;
	lock_packages_copy(&added, base ? &l->build : &l->base);
	lock_packages_sort(&added);
	r = obtain(&w, ret, err);
	lock_packages_release(&added);
	return r;
}

int rpm_root_get(
	const struct rpm_root_conf *conf, const struct lock *l, struct root **ret, struct err *err)
{
	CLEANUP(root_freep) struct root *base = NULL;
	auto_free char *dir = path_abs(conf->roots_dir);
	char key[SHA256_HEX];
	int r;

	if (!str_eq(l->arch, target_host_arch()))
		return err_set(err, ERR_CONFIG, "a root for %s cannot be made on %s", l->arch,
			target_host_arch());
	if ((r = rpm_root_key(conf->target, &l->base, &l->build, key, err)) < 0)
		return r;
	if (root_open(dir, key, ret, NULL) >= 0)
		return 0;
	if ((r = fs_mkdirs(dir, 0755, err)) < 0 || (r = root_check_place(dir, err)) < 0 ||
		(r = get(conf, dir, l, NULL, &base, err)) < 0)
		return r;
	if (!l->build.n) {
		*ret = TAKE(base);
		return 0;
	}
	return get(conf, dir, l, base, ret, err);
}
