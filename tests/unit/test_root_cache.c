/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory of roots: what is opened, listed, left alone, removed, and what is broken. */
#include "base/base.h"
#include "base/fs.h"
#include "root/host.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "ab00000000000000000000000000000000000000000000000000000000000000"

static char *roots;

static int setup(void **state)
{
	const char *base = getenv("TMPDIR");
	auto_free char *prefix = path_join(base && *base ? base : "/tmp", "packmill-test-roots.");

	(void)state;
	return fs_tmpdir(prefix, &roots, NULL);
}

static int teardown(void **state)
{
	int r = fs_remove_tree(roots, NULL);

	(void)state;
	free(roots);
	roots = NULL;
	return r;
}

/* A root with one file in its layer. */
static void put_root(const char *key)
{
	CLEANUP(root_freep) struct root *r = root_new(roots, key);
	auto_free char *layer = path_join(r->dir, "layer"), *file = path_join(layer, "f");
	struct root_mount *m;

	assert_int_equal(fs_mkdirs(layer, 0755, NULL), 0);
	assert_int_equal(fs_write(file, "12345", 5, 0644, NULL), 0);
	m = vec_push(&r->mounts);
	m->at = xstrdup("/");
	strv_add(&m->layers, layer);
	m = vec_push(&r->mounts);
	m->at = xstrdup("/usr");
	strv_add(&m->layers, "/usr");
	strv_add(&r->manifest, "bash-5.2-1.x86_64");
	r->target = xstrdup("host");
	assert_int_equal(root_save(r, r->dir, NULL), 0);
}

static size_t count(void)
{
	struct root_infos infos = VEC_INIT;
	size_t n;

	assert_int_equal(root_list(roots, &infos, NULL), 0);
	n = infos.n;
	vec_free(&infos, root_info_release);
	return n;
}

static void opening(void **state)
{
	CLEANUP(root_freep) struct root *r = NULL;
	struct sandbox_conf conf = {0};
	auto_free char *layer = path_join(roots, KEY_A "/layer");
	auto_err struct err e = ERR_INIT;

	(void)state;
	put_root(KEY_A);
	assert_int_equal(root_open(roots, KEY_A, &r, &e), 0);
	assert_string_equal(r->key, KEY_A);
	assert_string_equal(r->target, "host");
	assert_int_equal(r->size, 5);
	assert_int_equal(r->manifest.n, 1);
	root_mounts(r, &conf);
	assert_int_equal(conf.n_mounts, 2);
	assert_string_equal(conf.mounts[0].at, "/");
	assert_string_equal(conf.mounts[0].layers[0], layer);
	assert_string_equal(conf.mounts[1].at, "/usr");
	assert_string_equal(conf.mounts[1].layers[0], "/usr");
	assert_int_equal(root_open(roots, KEY_B, &r, &e), -ERR_NOT_FOUND);
}

/* data/ may be moved: layers are found where the root is now. */
static void moving(void **state)
{
	auto_free char *to = xasprintf("%s.moved", roots);
	CLEANUP(root_freep) struct root *r = NULL;

	(void)state;
	put_root(KEY_A);
	assert_int_equal(rename(roots, to), 0);
	assert_int_equal(root_open(to, KEY_A, &r, NULL), 0);
	assert_true(str_starts(r->mounts.v[0].layers.v[0], to));
	assert_int_equal(rename(to, roots), 0);
}

static void finding(void **state)
{
	CLEANUP(root_freep) struct root *r = NULL;
	auto_err struct err e = ERR_INIT;

	(void)state;
	put_root(KEY_A);
	put_root(KEY_B);
	assert_int_equal(root_find(roots, "ab", &r, &e), 0);
	assert_string_equal(r->key, KEY_B);
	assert_int_equal(root_find(roots, "a", &r, &e), -ERR_USAGE);
	assert_int_equal(root_find(roots, "", &r, &e), -ERR_NOT_FOUND);
	assert_int_equal(root_find(roots, "../..", &r, &e), -ERR_NOT_FOUND);
}

static void cleaning(void **state)
{
	CLEANUP(root_freep) struct root *r = NULL;
	auto_free char *tmp = path_join(roots, ".tmp-dead"), *other = path_join(roots, "other");
	auto_err struct err e = ERR_INIT;
	enum sandbox_mode mode;
	size_t n = 99;

	(void)state;
	if (sandbox_mode(&mode, NULL) < 0)
		skip();
	put_root(KEY_A);
	put_root(KEY_B);
	assert_int_equal(fs_mkdirs(tmp, 0755, NULL), 0);
	assert_int_equal(fs_mkdirs(other, 0755, NULL), 0);
	assert_int_equal(root_open(roots, KEY_A, &r, &e), 0);
	assert_int_equal(root_clean(roots, NULL, true, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(count(), 2);
	assert_true(fs_exists(tmp)); /* a dry run */
	assert_int_equal(root_clean(roots, KEY_A, false, &n, &e), -ERR_LOCKED);
	assert_int_equal(root_clean(roots, "ffff", false, &n, &e), -ERR_NOT_FOUND);
	assert_int_equal(root_clean(roots, NULL, false, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(count(), 1);
	assert_false(fs_exists(tmp));
	assert_true(fs_exists(other)); /* not ours */
	root_free(TAKE(r));
	assert_int_equal(root_clean(roots, "aaaa", false, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(count(), 0);
}

static void set_used(const char *key, time_t when)
{
	auto_free char *path = xasprintf("%s/%s/lock", roots, key);
	const struct timespec t[2] = {{.tv_sec = when}, {.tv_sec = when}};

	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static void expiring(void **state)
{
	CLEANUP(root_freep) struct root *r = NULL;
	enum sandbox_mode mode;

	(void)state;
	if (sandbox_mode(&mode, NULL) < 0)
		skip();
	put_root(KEY_A);
	put_root(KEY_B);
	set_used(KEY_A, 1000);
	assert_int_equal(root_expire(roots, "other", 2000, NULL), 0);
	assert_int_equal(root_expire(roots, "host", 1000, NULL), 0);
	assert_int_equal(count(), 2);
	assert_int_equal(root_open(roots, KEY_A, &r, NULL), 0);
	set_used(KEY_A, 1000);
	assert_int_equal(root_expire(roots, "host", 2000, NULL), 0);
	assert_int_equal(count(), 2); /* in use */
	root_free(TAKE(r));
	assert_int_equal(root_expire(roots, "host", 2000, NULL), 0);
	assert_int_equal(count(), 1);
	assert_int_equal(root_open(roots, KEY_B, &r, NULL), 0);
}

/* A share is taken of the lock that is there, not of one that was renamed away. */
static void vanishing(void **state)
{
	auto_free char *from = path_join(roots, KEY_A), *to = path_join(roots, "gone");
	CLEANUP(root_freep) struct root *r = NULL;

	(void)state;
	put_root(KEY_A);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(root_open(roots, KEY_A, &r, NULL), -ERR_NOT_FOUND);
	assert_int_equal(count(), 0);
}

static void broken(void **state)
{
	static const char *const manifests[] = {
		"",
		"{",
		"[]",
		"{\"schema\": 2, \"key\": \"" KEY_A "\"}",
		"{\"schema\": 1, \"key\": \"" KEY_B "\", \"mounts\": []}",
		"{\"schema\": 1, \"key\": \"" KEY_A "\"}",
		"{\"schema\": 1, \"key\": \"" KEY_A "\", \"mounts\": []}",
		"{\"schema\": 1, \"key\": \"" KEY_A "\", \"mounts\": [1]}",
		"{\"schema\": 1, \"key\": \"" KEY_A "\", \"mounts\": [{\"at\": \"/\"}]}",
		"{\"schema\": 1, \"key\": \"" KEY_A
		"\", \"mounts\": [{\"at\": \"/\", \"layers\": [\"no-such\"]}]}",
	};
	auto_free char *path = path_join(roots, KEY_A "/manifest.json");

	(void)state;
	put_root(KEY_A);
	for (size_t i = 0; i < COUNTOF(manifests); i++) {
		CLEANUP(root_freep) struct root *r = NULL;
		auto_err struct err e = ERR_INIT;

		assert_int_equal(fs_write(path, manifests[i], strlen(manifests[i]), 0644, NULL), 0);
		assert_true(root_open(roots, KEY_A, &r, &e) < 0);
		assert_non_null(e.msg);
		assert_null(r);
		assert_int_equal(count(), 0);
	}
	assert_int_equal(root_discard(roots, KEY_A, NULL), 0);
	assert_int_equal(root_discard(roots, KEY_A, NULL), 0); /* not there: fine */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(opening, setup, teardown),
		cmocka_unit_test_setup_teardown(moving, setup, teardown),
		cmocka_unit_test_setup_teardown(finding, setup, teardown),
		cmocka_unit_test_setup_teardown(cleaning, setup, teardown),
		cmocka_unit_test_setup_teardown(expiring, setup, teardown),
		cmocka_unit_test_setup_teardown(vanishing, setup, teardown),
		cmocka_unit_test_setup_teardown(broken, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
