/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory of roots: what is opened, listed, left alone, removed, and what is broken. */
#include "base/base.h"
#include "base/fs.h"
#include "base/sig.h"
#include "root/host.h"
#include "scratch.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <cmocka.h>

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define KEY_B "ab00000000000000000000000000000000000000000000000000000000000000"

static char *roots;

static int setup(void **state)
{

	(void)state;
	return scratch_make("roots", &roots);
}

static int teardown(void **state)
{
	(void)state;
	return scratch_remove(&roots);
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

static void add_package(struct lock_packages *v, const char *nevra)
{
	*vec_push(v) = (struct lock_package){.nevra = xstrdup(nevra),
		.checksum = xstrdup(KEY_A),
		.repo = xstrdup("base"),
		.location = xstrdup("x.rpm")};
}

/* A root on KEY_A, of packages. */
static void put_on(const char *key)
{
	CLEANUP(root_freep) struct root *r = root_new(roots, key);
	auto_free char *layer = path_join(r->dir, "layer"), *file = path_join(layer, "f");
	struct root_mount *m = vec_push(&r->mounts);

	assert_int_equal(fs_mkdirs(layer, 0755, NULL), 0);
	assert_int_equal(fs_write(file, "1234567", 7, 0644, NULL), 0);
	m->at = xstrdup("/");
	strv_add(&m->layers, layer);
	strv_take(&m->layers, path_join(roots, KEY_A "/layer"));
	r->target = xstrdup("mini");
	r->base = xstrdup(KEY_A);
	r->lock = xcalloc(1, sizeof *r->lock);
	r->lock->target = xstrdup("mini");
	r->lock->arch = xstrdup("x86_64");
	add_package(&r->lock->base, "bash-1:5.2-1.x86_64");
	add_package(&r->lock->build, "gcc-12-3.x86_64");
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

static struct root_info *info_of(struct root_infos *v, const char *key)
{
	vec_foreach (v, i)
		if (str_eq(i->key, key))
			return i;
	fail_msg("no root %s", key);
	return NULL;
}

/* The lock of a root says what is in it, of the machine's own packages too. */
static void locks(void **state)
{
	CLEANUP(root_freep) struct root *host = NULL, *on = NULL;
	auto_free char *base = path_join(roots, KEY_A "/layer");

	(void)state;
	put_root(KEY_A);
	put_on(KEY_C);
	assert_int_equal(root_open(roots, KEY_A, &host, NULL), 0);
	assert_int_equal(host->lock->base.n, 1);
	assert_string_equal(host->lock->base.v[0].nevra, "bash-5.2-1.x86_64");
	assert_string_equal(host->lock->base.v[0].repo, "host");
	assert_null(host->base);
	assert_int_equal(root_open(roots, KEY_C, &on, NULL), 0);
	assert_int_equal(on->lock->base.n, 1);
	assert_string_equal(on->lock->build.v[0].nevra, "gcc-12-3.x86_64");
	assert_int_equal(on->manifest.n, 2);
	assert_string_equal(on->manifest.v[0], "bash-5.2-1.x86_64"); /* no epoch, as rpm -qa */
	assert_string_equal(on->base, KEY_A);
	assert_int_equal(on->size, 7); /* of its own layer */
	assert_string_equal(on->mounts.v[0].layers.v[1], base);
}

static void bases(void **state)
{
	CLEANUP(root_freep) struct root *on = NULL;
	struct root_infos infos = VEC_INIT;
	auto_free char *pid = xasprintf("%d", (int)getpid());
	auto_err struct err e = ERR_INIT;
	size_t n = 99;

	(void)state;
	put_root(KEY_A);
	put_on(KEY_C);
	set_used(KEY_A, 1000);
	set_used(KEY_C, 2000);
	assert_int_equal(root_list(roots, &infos, NULL), 0);
	assert_int_equal(info_of(&infos, KEY_A)->dependents, 1);
	assert_int_equal(info_of(&infos, KEY_A)->used, 2000);
	assert_int_equal(info_of(&infos, KEY_C)->packages, 2);
	assert_false(info_of(&infos, KEY_A)->in_use);
	vec_free(&infos, root_info_release);
	assert_int_equal(root_clean(roots, KEY_A, false, &n, &e), -ERR_LOCKED);
	assert_int_equal(root_open(roots, KEY_C, &on, NULL), 0);
	assert_int_equal(root_list(roots, &infos, NULL), 0);
	assert_true(info_of(&infos, KEY_A)->in_use);
	assert_true(strv_has(&info_of(&infos, KEY_A)->users, pid));
	assert_true(strv_has(&info_of(&infos, KEY_C)->users, pid));
	vec_free(&infos, root_info_release);
	assert_int_equal(root_clean(roots, NULL, false, &n, &e), 0);
	assert_int_equal(n, 0);
	root_free(TAKE(on));
	assert_int_equal(root_clean(roots, NULL, true, &n, &e), 0);
	assert_int_equal(n, 2);
}

static size_t used_in(size_t rounds)
{
	size_t used = 0;

	for (size_t i = 0; i < rounds; i++) {
		struct root_infos infos = VEC_INIT;

		assert_int_equal(root_list(roots, &infos, NULL), 0);
		assert_int_equal(infos.n, 2);
		vec_foreach (&infos, r)
			used += r->in_use;
		vec_free(&infos, root_info_release);
	}
	return used;
}

/* Nobody uses a root because he looks at it. */
static void lookers(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	put_root(KEY_A);
	put_on(KEY_C);
	if ((pid = fork()) == 0)
		_exit(used_in(200) != 0);
	assert_int_equal(used_in(200), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Nor does anybody wait for ever for who looks, or once he is to stop. */
static void stopped_looker(void **state)
{
	auto_close int look = -1;
	int status;
	pid_t pid;

	(void)state;
	put_root(KEY_A);
	look = root_look(roots);
	assert_true(look >= 0);
	if ((pid = fork()) == 0) {
		struct root_infos infos = VEC_INIT;

		sig_init();
		(void)raise(SIGTERM);
		_exit(root_list(roots, &infos, NULL) != 0 || infos.n != 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void collecting(void **state)
{
	enum sandbox_mode mode;
	uint64_t bytes;
	size_t n;

	(void)state;
	if (sandbox_mode(&mode, NULL) < 0)
		skip();
	put_root(KEY_A);
	put_root(KEY_B);
	put_on(KEY_C);
	set_used(KEY_A, 1000);
	set_used(KEY_B, 1500);
	set_used(KEY_C, 2000);
	/* a base was used when what stands on it was */
	assert_int_equal(root_gc(roots, 1800, 0, true, &n, &bytes, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(bytes, 5);
	assert_int_equal(root_gc(roots, 0, 17, false, &n, &bytes, NULL), 0);
	assert_int_equal(n, 0);
	assert_int_equal(root_gc(roots, 0, 12, false, &n, &bytes, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(count(), 2);
	assert_int_equal(root_gc(roots, 0, 5, false, &n, &bytes, NULL), 0);
	assert_int_equal(n, 1); /* what stands on the base, not the base */
	assert_int_equal(root_gc(roots, 3000, 0, false, &n, &bytes, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(count(), 0);
}

/* What a maker that lives is making stays. */
static void sweeping(void **state)
{
	auto_free char *live = path_join(roots, ".tmp-" KEY_A),
		       *dead = path_join(roots, ".tmp-" KEY_B);
	auto_free char *lock = path_join(roots, ".lock-" KEY_A);
	auto_close int dir = -1;
	int fd = -1;

	(void)state;
	assert_int_equal(fs_mkdirs(live, 0755, NULL), 0);
	assert_int_equal(fs_mkdirs(dead, 0755, NULL), 0);
	assert_int_equal(root_lock_key(roots, KEY_A, NULL, NULL, &fd, NULL), 0);
	assert_int_equal(root_lock(roots, &dir, NULL), 0);
	assert_int_equal(root_sweep(roots, NULL), 0);
	assert_true(fs_exists(live));
	assert_false(fs_exists(dead));
	root_unlock_key(roots, KEY_A, &fd);
	assert_int_equal(fd, -1);
	assert_false(fs_exists(lock));
	assert_int_equal(root_sweep(roots, NULL), 0);
	assert_false(fs_exists(live));
}

static void users(void **state)
{
	const struct stat st = {.st_dev = makedev(0xfe, 0), .st_ino = 77};
	auto_strv struct strv v = STRV_INIT;

	(void)state;
	root_users("1: FLOCK  ADVISORY  READ 12 fe:00:77 0 EOF\n"
		   "2: FLOCK  ADVISORY  READ 12 fe:00:77 0 EOF\n"
		   "3: POSIX  ADVISORY  READ 13 fe:00:77 0 EOF\n"
		   "4: FLOCK  ADVISORY  READ 14 fe:00:770 0 EOF\n"
		   "5: FLOCK  ADVISORY  READ 0 fe:00:77 0 EOF\n"
		   "6: FLOCK  ADVISORY  WRITE 15 fe:00:77 0 EOF\nrubbish\n",
		&st, &v);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[0], "12");
	assert_string_equal(v.v[1], "15");
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
		cmocka_unit_test_setup_teardown(locks, setup, teardown),
		cmocka_unit_test_setup_teardown(bases, setup, teardown),
		cmocka_unit_test_setup_teardown(lookers, setup, teardown),
		cmocka_unit_test_setup_teardown(stopped_looker, setup, teardown),
		cmocka_unit_test_setup_teardown(collecting, setup, teardown),
		cmocka_unit_test_setup_teardown(sweeping, setup, teardown),
		cmocka_unit_test(users),
		cmocka_unit_test_setup_teardown(broken, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
