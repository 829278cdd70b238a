/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host.c - the root of the `host` target: found by what the machine offers, made when it is new. */
#include "root/host.h"
#include "base/base.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/time.h"

/* Counts up when what is made from the same facts changes. */
#define RECIPE "6"

/* Every change of the machine's packages leaves a root behind. */
#define KEEP_UNUSED (14 * 24 * 3600) /* seconds */

#define STAMP_FILE "host.json"

static void plan_release(struct host_plan *p)
{
	free(p->dir);
	host_facts_release(&p->facts);
}

/* Everything that may change the root, seen in a few stat calls. */
static int quick_stamp(char ret[SHA256_HEX], struct err *err)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_free char *facts = host_facts_stamp();
	int r = root_mode_text(&b, err);

	if (r < 0)
		return r;
	sb_add(&b, RECIPE "\n");
	sb_add(&b, facts);
	sha256_buf(b.s, b.n, ret);
	return 0;
}

/* The root that this stamp led to last time; NULL when that is not known or it is gone. */
static struct root *known(const char *roots_dir, const char *stamp)
{
	auto_free char *path = path_join(roots_dir, STAMP_FILE);
	auto_json json_t *j = NULL;
	struct root *root = NULL;
	const char *key;

	if (json_read(path, &j, NULL) < 0 || !str_eq_null(json_get_str(j, "stamp"), stamp))
		return NULL;
	key = json_get_str(j, "key");
	if (!key || strlen(key) != SHA256_HEX - 1 || !str_is_name(key) ||
		root_open(roots_dir, key, &root, NULL) < 0)
		return NULL;
	return root;
}

static int remember(const char *roots_dir, const char *stamp, const char *key, struct err *err)
{
	auto_free char *path = path_join(roots_dir, STAMP_FILE);
	auto_json json_t *j = json_object();

	json_put_str(j, "stamp", stamp);
	json_put_str(j, "key", key);
	return json_write_atomic(path, j, err);
}

/* VERSION_ID of the machine's system, "0" when it has none (rolling ones). */
static char *os_version(void)
{
	auto_free char *text = NULL;
	auto_strv struct strv lines = STRV_INIT;

	if (fs_read("/etc/os-release", LIMIT_OUTPUT, &text, NULL, NULL) < 0)
		return xstrdup("0");
	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		auto_free char *v = NULL;

		if (!str_starts(*l, "VERSION_ID="))
			continue;
		v = str_replace(*l + strlen("VERSION_ID="), "\"", "");
		if (*v && !v[strspn(v, "0123456789.")])
			return TAKE(v);
	}
	return xstrdup("0");
}

static int write_spec(const struct host_plan *p, struct err *err)
{
	auto_free char *path = path_join(p->dir, "in/host-base.spec"), *spec = NULL;
	auto_free char *version = os_version(), *release = NULL;
	char date[15];

	/* grows with the machine, and differs where the contents do */
	time_compact(p->date, date);
	release = xasprintf("%s.%.8s", date, p->key);
	spec = host_base_spec(&p->facts, version, release);
	return fs_write(path, spec, strlen(spec), 0644, err);
}

/* Collect the facts and write the skeleton; the key says what came out. */
static int plan(struct host_plan *p, struct err *err)
{
	CLEANUP(sha256_freep) struct sha256 *h = sha256_new();
	auto_free char *skel = path_join(p->dir, "in/skel");
	auto_strbuf struct strbuf mode = STRBUF_INIT;
	int r;

	if (p->progress)
		p->progress("reading what the machine offers");
	p->date = host_native_time();
	if ((r = root_mode_text(&mode, err)) < 0 || (r = host_facts_collect(&p->facts, err)) < 0)
		return r;
	sha256_add_str(h, "host " RECIPE);
	sha256_add_str(h, sb_str(&mode));
	strv_foreach (&p->facts.packages, s)
		sha256_add_str(h, *s);
	strv_foreach (&p->facts.provides, s)
		sha256_add_str(h, *s);
	if ((r = fs_mkdirs(skel, 0755, err)) < 0 || (r = host_skeleton(skel, "/etc", h, err)) < 0)
		return r;
	sha256_end(TAKE(h), p->key);
	return write_spec(p, err);
}

static struct root_mount *add_mount(struct root *r, const char *at)
{
	struct root_mount *m = vec_push(&r->mounts);

	m->at = xstrdup(at);
	return m;
}

/* The temporary directory becomes the root's. */
static int finish(
	const char *roots_dir, const struct host_plan *p, struct root **ret, struct err *err)
{
	CLEANUP(root_freep) struct root *r = root_new(roots_dir, p->key);
	static const char *const scaffold[] = {"in", "bare", "make.log"};
	auto_free char *layer = path_join(r->dir, "layer"), *usr = path_join(r->dir, "usr");
	auto_free char *made_usr = path_join(p->dir, "usr");
	struct root_mount *m;
	int rc;

	for (size_t i = 0; i < COUNTOF(scaffold); i++) {
		auto_free char *path = path_join(p->dir, scaffold[i]);

		if ((rc = fs_remove_tree(path, err)) < 0)
			return rc;
	}
	strv_add(&add_mount(r, "/")->layers, layer);
	m = add_mount(r, "/usr");
	if (fs_is_dir(made_usr))
		strv_add(&m->layers, usr);
	strv_add(&m->layers, "/usr");
	strv_copy(&r->manifest, &p->facts.packages);
	r->target = xstrdup("host");
	rc = root_save(r, p->dir, err);
	return rc < 0 ? rc : root_place(r, p->dir, ret, err);
}

/* The lock of roots_dir is held. */
static int make(const char *roots_dir, struct host_plan *p, struct root **ret, struct err *err)
{
	auto_free char *prefix = path_join(roots_dir, ".tmp-"), *rpm = NULL;
	int r = host_need_tools(err);

	if (r < 0 || (r = root_check_place(roots_dir, err)) < 0 ||
		(r = fs_tmpdir(prefix, &p->dir, err)) < 0 || (r = plan(p, err)) < 0)
		return r;
	if (root_open(roots_dir, p->key, ret, NULL) >= 0)
		return 0; /* the same as an earlier one: only times had changed */
	if ((r = root_discard(roots_dir, p->key, err)) < 0) /* if a broken one is there */
		return r;
	if ((r = host_make(p, &rpm, err)) < 0 || (r = finish(roots_dir, p, ret, err)) < 0)
		return r;
	(void)root_expire(roots_dir, "host", time_now() - KEEP_UNUSED, NULL);
	return 0;
}

int root_host(
	const char *dir, void (*progress)(const char *what), struct root **ret, struct err *err)
{
	auto_free char *roots_dir = path_abs(dir);
	CLEANUP(plan_release) struct host_plan p = {.progress = progress};
	auto_close int lock = -1;
	char stamp[SHA256_HEX];
	struct root *root;
	int r;

	if ((r = quick_stamp(stamp, err)) < 0)
		return r;
	root = known(roots_dir, stamp);
	if (root) {
		*ret = root;
		return 0;
	}
	if ((r = fs_mkdirs(roots_dir, 0755, err)) < 0 || (r = root_lock(roots_dir, &lock, err)) < 0)
		return r;
	/* somebody else may have made it while we waited */
	if ((r = quick_stamp(stamp, err)) < 0)
		return r;
	root = known(roots_dir, stamp);
	if (!root) {
		if ((r = root_sweep(roots_dir, err)) < 0)
			return r;
		r = make(roots_dir, &p, &root, err);
		(void)root_sweep(roots_dir, NULL); /* what it leaves, made or not */
		if (r < 0)
			return err_wrap(err, "making the root of target 'host'");
		if ((r = remember(roots_dir, stamp, root->key, err)) < 0) {
			root_free(root);
			return r;
		}
	}
	*ret = root;
	return 0;
}

int root_host_base(
	const char *roots_dir, const char *cache_dir UNUSED, char **ret_rpm, struct err *err)
{
	CLEANUP(root_freep) struct root *r = NULL;
	auto_strv struct strv names = STRV_INIT;
	int rc = root_host(roots_dir, NULL, &r, err);

	if (rc < 0 || (rc = fs_list(r->dir, &names, err)) < 0)
		return rc;
	strv_foreach (&names, n)
		if (str_starts(*n, "host-base-") && str_ends(*n, ".rpm")) {
			*ret_rpm = path_join(r->dir, *n);
			return 0;
		}
	return err_set(err, ERR_CORRUPT, "root '%s' has no host-base package", r->dir);
}
