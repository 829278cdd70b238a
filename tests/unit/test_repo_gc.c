/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which builds go; that slices and a publish between them are no danger; reading of metadata. */
#include "base/base.h"
#include "repo/gc_internal.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

#include "store_fixture.h"

/* A primary file of our kind in dir/repodata, and repomd.xml that names it. */
static char *put_repo(const char *dir, const char *const *hrefs, size_t n, bool more)
{
	auto_free char *repodata = path_join(dir, "repodata"), *repomd = NULL, *path = NULL;
	auto_free char *text = NULL;
	auto_metadata struct metadata m = {0};

	metadata_begin(&m, n);
	for (size_t i = 0; i < n; i++) {
		auto_free char *xml = xasprintf(
			"<package type=\"rpm\">\n  <checksum type=\"sha256\" pkgid=\"YES\">%064d"
			"</checksum>\n  <description>&lt;location href=\"x\"\n"
			"&lt;location href=\"pool/evil\"/&gt;</description>\n"
			"  <size package=\"%zu\" installed=\"1\" archive=\"1\"/>\n"
			"  <location href=\"%s\"/>\n</package>\n",
			1, i + 10, hrefs[i]);

		metadata_add(&m, META_PRIMARY, xml, strlen(xml));
	}
	metadata_end(&m, 1);
	OK(fs_mkdirs(repodata, 0755, err));
	path = path_join(repodata, m.files[META_PRIMARY].name);
	OK(fs_write(path, m.files[META_PRIMARY].gz.s, m.files[META_PRIMARY].gz.n, 0644, err));
	repomd = path_join(repodata, "repomd.xml");
	text = xasprintf("<repomd><location href=\"repodata/%s\"/></repomd>%s",
		m.files[META_PRIMARY].name, more ? "<x/>" : "");
	OK(fs_write_atomic(repomd, text, strlen(text), 0644, err));
	return TAKE(path);
}

static void put_file(const char *rel)
{
	auto_free char *path = path_join(tmp, rel), *dir = path_dir(path);

	OK(fs_mkdirs(dir, 0755, err));
	OK(fs_write(path, "0123456789", 10, 0644, err));
}

static bool there(const char *rel)
{
	auto_free char *path = path_join(tmp, rel);

	return fs_exists(path);
}

/* ---- reading ---- */

static int collect(void *ctx, const struct listed *l, struct err *err UNUSED)
{
	sb_addf(ctx, "%s %llu;", l->href, (unsigned long long)l->size);
	return 0;
}

static void test_listing(void **state)
{
	static const char *const hrefs[] = {"pool/a/a/a.rpm", "pool/b/b/b.rpm"};
	auto_strbuf struct strbuf got = STRBUF_INIT;
	auto_err struct err e = ERR_INIT;
	auto_free char *path = put_repo(tmp, hrefs, 2, false);
	auto_free char *repodata = path_join(tmp, "repodata"), *other = NULL;
	auto_strv struct strv names = STRV_INIT;
	int fd;

	(void)state;
	OK(listing_read(path, collect, &got, err));
	assert_string_equal(sb_str(&got), "pool/a/a/a.rpm 10;pool/b/b/b.rpm 11;");
	OK(listing_primaries(repodata, &names, err));
	assert_int_equal(names.n, 1);

	/* bytes lost, bytes changed, another name */
	other = path_join(repodata, "0000-primary.xml.gz");
	assert_int_equal(link(path, other), 0);
	assert_int_equal(listing_read(other, collect, &got, &e), -ERR_CORRUPT);
	err_clear(&e);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(listing_read(path, collect, &got, &e), -ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "is damaged"));
	err_clear(&e);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(listing_primaries(repodata, &names, &e), -ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "which is not there"));
}

static void test_listing_paths(void **state)
{
	static const char *const bad[] = {"../x.rpm", "/etc/passwd", "a&amp;b.rpm"};

	(void)state;
	for (size_t i = 0; i < COUNTOF(bad); i++) {
		auto_free char *path = put_repo(tmp, &bad[i], 1, false);
		auto_strbuf struct strbuf got = STRBUF_INIT;

		assert_int_equal(listing_read(path, collect, &got, NULL), -ERR_CORRUPT);
	}
}

/* ---- choosing ---- */

static struct repo_gc *begin(const struct repo_gc_policy *p, bool dry)
{
	struct repo_gc *g = NULL;

	OK(repo_gc_plan(tmp, st, p, dry, &g, err));
	return g;
}

static void finish_gc(struct repo_gc *g)
{
	auto_err struct err e = ERR_INIT;
	int r;

	while ((r = repo_gc_step(g, 0, &e)) > 0)
		;
	if (r < 0)
		fail_msg("%s", e.msg);
}

static void expect_chosen(const struct repo_gc_policy *p, const char *want)
{
	CLEANUP(repo_gc_freep) struct repo_gc *g = begin(p, true);
	auto_strbuf struct strbuf got = STRBUF_INIT;

	finish_gc(g);
	vec_foreach (repo_gc_chosen(g), i)
		sb_addf(&got, "%lld %s;", (long long)i->build.id, i->why);
	assert_string_equal(sb_str(&got), want);
}

static void at_time(int64_t id, int64_t t)
{
	auto_free char *sql = xasprintf(
		"update build set finished = %lld where id = %lld", (long long)t, (long long)id);

	OK(db_exec(st->db, sql, err));
}

static void test_choose(void **state)
{
	int64_t b[8];

	(void)state;
	for (size_t i = 1; i < COUNTOF(b); i++) {
		char sha[4];

		snprintf(sha, sizeof sha, "%zu", i);
		b[i] = add("t", "p", sha);
	}
	publish(b[1], "p-1-1.noarch", "1");
	finish(b[2], STATUS_FAILED, NULL, NULL);
	publish(b[3], "p-3-1.noarch", "3");
	finish(b[4], STATUS_FAILED, NULL, NULL);
	finish(b[5], STATUS_FAILED, NULL, NULL);
	OK(store_build_cancel(st, b[6], NULL, err));
	for (int i = 1; i < 7; i++)
		at_time(b[i], i * 1000);

	expect_chosen(&(struct repo_gc_policy){.now = 1000000}, "");
	/* 3: last success, 4: first failure, 5: last; 7 is queued */
	expect_chosen(&(struct repo_gc_policy){.now = 1000000, .age = 86400},
		"6 older than 1d;2 older than 1d;1 older than 1d;");
	expect_chosen(&(struct repo_gc_policy){.now = 1000000, .age = 86400, .newest = 1},
		"2 older than 1d;1 older than 1d;");
	expect_chosen(&(struct repo_gc_policy){.now = 7500, .age = 5500}, "1 older than 5500s;");
	expect_chosen(&(struct repo_gc_policy){.now = 7500, .count = 4},
		"2 not among the newest 4;1 not among the newest 4;");
	expect_chosen(
		&(struct repo_gc_policy){.now = 7500, .count = 5}, "1 not among the newest 5;");
	expect_chosen(&(struct repo_gc_policy){.now = 7500, .count = 1, .newest = 9}, "");
	OK(store_build_set_pinned(st, b[1], true, err));
	expect_chosen(
		&(struct repo_gc_policy){.now = 7500, .count = 4}, "2 not among the newest 4;");
	/* a clock that was put back makes nothing old */
	expect_chosen(&(struct repo_gc_policy){.now = 10, .age = 86400}, "");
}

/* ---- deleting ---- */

static const char *const both[] = {"pool/p/p/p-1-1.noarch.rpm", "pool/p/p/p-2-1.noarch.rpm"};
static int forgotten;

static void on_delete(void *ctx UNUSED, const struct repo_gc_item *i)
{
	forgotten += (int)i->build.id;
}

static int64_t two_builds(void)
{
	int64_t a = add("t", "p", "1"), b = add("t", "p", "2");
	auto_free char *current = path_join(tmp, "repos/t/current"), *path = NULL;

	publish(a, "p-1-1.noarch", "1");
	publish(b, "p-2-1.noarch", "2");
	put_file("repos/t/pool/p/p/p-1-1.noarch.rpm");
	put_file("repos/t/pool/p/p/p-2-1.noarch.rpm");
	put_file("builds/1/build.log");
	put_file("builds/2/build.log");
	path = put_repo(current, &both[1], 1, false);
	return a;
}

static const struct repo_gc_policy one = {.now = 1, .count = 1};

static void test_delete(void **state)
{
	CLEANUP(repo_gc_freep) struct repo_gc *g = NULL;
	struct repo_gc_sums s;

	(void)state;
	two_builds();
	g = begin(&one, false);
	repo_gc_on_delete(g, on_delete, NULL);
	forgotten = 0;
	finish_gc(g);
	s = repo_gc_sums(g);
	assert_int_equal(s.builds, 1);
	assert_int_equal(s.packages, 1);
	assert_int_equal(s.bytes, 10);
	assert_int_equal(forgotten, 1);
	assert_false(there("builds/1"));
	assert_true(there("builds/2/build.log"));
	assert_false(there(both[0]));
	assert_false(there("repos/t/pool/p/p/p-1-1.noarch.rpm"));
	assert_true(there("repos/t/pool/p/p/p-2-1.noarch.rpm"));
	assert_false(there("repos/t/.gc"));
}

/* Step by step; a publish comes between the marking and the sweeping. */
static void test_publish_between(void **state)
{
	CLEANUP(repo_gc_freep) struct repo_gc *g = NULL;
	auto_free char *current = path_join(tmp, "repos/t/current"), *path = NULL;

	(void)state;
	two_builds();
	g = begin(&one, false);
	while (g->phase != GC_SWEEP)
		assert_int_equal(repo_gc_step(g, 0, NULL), 1);
	path = put_repo(current, both, 2, true);
	put_file("repos/t/pool/n/new/new.rpm");
	assert_int_equal(repo_gc_step(g, 0, NULL), 1);
	assert_true(g->phase != GC_SWEEP);
	finish_gc(g);
	assert_true(there("repos/t/pool/p/p/p-1-1.noarch.rpm"));
}

/* Asked for again, or pinned, after it was chosen. */
static void test_changed_between(void **state)
{
	CLEANUP(repo_gc_freep) struct repo_gc *g = NULL;
	int64_t a;

	(void)state;
	a = two_builds();
	g = begin(&one, false);
	while (g->phase != GC_DELETE)
		assert_int_equal(repo_gc_step(g, 0, NULL), 1);
	OK(store_build_requeue(st, a, "recheck", err));
	finish_gc(g);
	assert_int_equal(repo_gc_sums(g).builds, 0);
	assert_true(there("builds/1/build.log"));
}

static void test_damaged(void **state)
{
	CLEANUP(repo_gc_freep) struct repo_gc *g = NULL;
	auto_err struct err e = ERR_INIT;
	int r;

	(void)state;
	two_builds();
	put_file("repos/t/11/22/1122_33/repodata/repomd.xml");
	g = begin(&one, false);
	while ((r = repo_gc_step(g, 0, &e)) > 0)
		;
	assert_int_equal(r, -ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "packmill fsck"));
	assert_true(there("repos/t/pool/p/p/p-1-1.noarch.rpm"));
	assert_true(there("repos/t/.gc"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_listing), T(test_listing_paths), T(test_choose),
		T(test_delete), T(test_publish_between), T(test_changed_between), T(test_damaged)};

	return cmocka_run_group_tests_name("repo_gc", tests, NULL, NULL);
}
