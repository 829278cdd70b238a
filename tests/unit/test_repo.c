/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "base/json.h"
#include "repo/internal.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char *tmp;

#define OK(call)                                                                                   \
	do {                                                                                       \
		auto_err struct err e_ = ERR_INIT;                                                 \
		struct err *err = &e_;                                                             \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, e_.msg);                                         \
	} while (0)

static int setup(void **state)
{

	(void)state;
	assert_int_equal(scratch_make("repo", &tmp), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return scratch_remove(&tmp);
}

#define UP   "1111111111222222222233333333334444444444"
#define PACK "5555555555666666666677777777778888888888"

static char up[] = UP, pack[] = PACK, project[] = "hello", target[] = "t";

static struct store_build build_of(void)
{
	return (struct store_build){.target = target,
		.project = project,
		.upstream_sha = up,
		.packaging_sha = pack,
		.state = BUILD_SUCCESS};
}

static void test_commit_dir(void **state)
{
	struct store_build b = build_of();
	auto_free char *plain = repo_commit_dir(&b, false), *shared = repo_commit_dir(&b, true);
	auto_free char *rebuilt = NULL, *other = NULL;
	char name[] = "other";

	(void)state;
	assert_string_equal(plain, "11/11/" UP "_55555555");
	assert_true(str_starts(shared, "11/11/" UP "_55555555_"));
	assert_int_equal(strlen(shared), strlen(plain) + 9);
	b.rebuild = 1;
	rebuilt = repo_commit_dir(&b, false);
	assert_int_equal(strlen(rebuilt), strlen(plain) + 9);
	assert_string_not_equal(rebuilt, shared);
	b.rebuild = 0;
	b.project = name;
	other = repo_commit_dir(&b, true);
	assert_string_not_equal(other, shared);
}

static void test_snippet(void **state)
{
	auto_free char *s = repo_snippet("trunk", "https://x/y", "c9", "current");
	auto_free char *host = repo_snippet("trunk", "https://x/y", "host", "aa/bb/c");
	auto_free char *id = NULL, *url = NULL;

	(void)state;
	assert_non_null(strstr(s, "[trunk]\n"));
	assert_non_null(strstr(s, "\nbaseurl=https://x/y/c9/current\nenabled=1\n"));
	assert_non_null(strstr(s, "[trunk-source]\n"));
	assert_non_null(strstr(s, "\nbaseurl=https://x/y/c9/current/source\nenabled=0\n"));
	assert_non_null(strstr(s, "[trunk-debuginfo]\n"));
	assert_non_null(strstr(s, "\nbaseurl=https://x/y/c9/current/debug\nenabled=0\n"));
	assert_null(strstr(s, "host-base"));
	assert_non_null(strstr(host, "[host-base]\nname=what this machine has\n"
				     "baseurl=https://x/y/host-base\nenabled=1\n"));
	assert_null(strstr(host, "[trunk]\nname=trunk\nmetadata_expire"));
	assert_true(records_parse_snippet(s, "c9", &id, &url));
	assert_string_equal(id, "trunk");
	assert_string_equal(url, "https://x/y");
	assert_false(records_parse_snippet("[x]\nname=y\n", "c9", &id, &url));
	assert_false(records_parse_snippet(s, "c10", &id, &url));
}

static void push(struct store_builds *v, const char *name, enum store_state state, const char *nvr)
{
	struct store_build *b = vec_push(v);

	b->project = xstrdup(name);
	b->upstream_sha = xstrdup(UP);
	b->packaging_sha = xstrdup(PACK);
	b->nvr = xstrdup_null(nvr);
	b->state = state;
	b->finished = 17;
}

/* Hashes are those of the last success, the status is that of the last build. */
static void test_versions(void **state)
{
	struct store_builds published = VEC_INIT, last = VEC_INIT;
	struct store_build now = build_of();
	char nvr[] = "hello-2-1", url[] = "https://x/a,\"b\"\n=cmd()", component[] = "base";
	char repo[] = "11/11/" UP "_55555555_01234567";
	auto_free char *text = NULL, *alone = NULL, *want = NULL;
	char ext[SHA256_HEX];

	(void)state;
	push(&published, "alpha", BUILD_SUCCESS, "alpha-1-1");
	push(&published, "hello", BUILD_SUCCESS, "hello-1-1");
	push(&last, "alpha", BUILD_FAILED, NULL);
	push(&last, "beta", BUILD_FAILED, NULL);
	push(&last, "hello", BUILD_FAILED, NULL);
	now.nvr = nvr;
	now.upstream_url = url;
	now.component = component;
	now.repo = repo;
	now.finished = 99;
	records_extended(&now, true, ext);
	text = records_versions(&published, &last, &now);
	want = xasprintf("Project,Source Repo,Source Sha,Dist Repo,Dist Sha,Status,"
			 "Last Success Timestamp,Component,Extended Sha,Pkg NVR\n"
			 "alpha,," UP ",," PACK ",FAILED,17,None,None,alpha-1-1\n"
			 "beta,," UP ",," PACK ",FAILED,17,None,None,\n"
			 "hello,\"https://x/a,\"\"b\"\" =cmd()\"," UP ",," PACK
			 ",SUCCESS,99,base,%s,hello-2-1\n",
		ext);
	assert_string_equal(text, want);
	alone = records_versions(&published, &last, NULL);
	assert_non_null(strstr(alone, "\nhello,," UP ",," PACK ",FAILED,17,None,None,hello-1-1\n"));
	vec_free(&published, store_build_release);
	vec_free(&last, store_build_release);
}

static void test_commit_yaml(void **state)
{
	struct store_build b = build_of();
	struct package_vec packages = VEC_INIT;
	struct repo_commit c = {.build = &b, .packages = &packages};
	struct repo r = {.target = target};
	auto_free char *good = NULL, *bad = NULL;
	char message[] = "a: [b, \"c\"]\n- injected: \\ yes\x1b";

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct package *p = vec_push(&packages);

		package_set_nevra(p, i ? "hello-1-1.src" : "hello-1-1.noarch");
		p->file = xasprintf("%s.rpm", p->nevra);
		p->kind = i ? PACKAGE_SOURCE : PACKAGE_MAIN;
	}
	b.commit_time = 12;
	good = records_commit(&r, &c);
	assert_true(str_starts(good,
		"commits:\n- artifacts: \"repos/t/pool/h/hello/hello-1-1.src.rpm,"
		"repos/t/pool/h/hello/hello-1-1.noarch.rpm\"\n  commit_hash: \"" UP "\"\n"));
	assert_non_null(strstr(good, "\n  dt_commit: \"12\"\n"));
	assert_non_null(strstr(good, "\n  extended_hash: \"None\"\n"));
	assert_non_null(strstr(good, "\n  status: \"SUCCESS\"\n"));
	b.state = BUILD_FAILED;
	b.message = message;
	bad = records_commit(&r, &c);
	assert_non_null(strstr(bad, "\n  artifacts: \"\"\n") ?: strstr(bad, "- artifacts: \"\"\n"));
	assert_null(strstr(bad, "\n- injected"));
	assert_null(strchr(bad, '\x1b'));
	assert_non_null(strstr(bad, "\n  status: \"FAILED\"\n"));
	vec_free(&packages, package_release);
}

/* ---- the pool ---- */

static void test_pool_names(void **state)
{
	static const char *const bad[] = {"../x.rpm", "a/b.rpm", ".x.rpm", "-x.rpm", "x y.rpm",
		"x\n.rpm", "x<b>.rpm", "x%2f.rpm", "", "x\".rpm"};
	CLEANUP(store_closep) struct store *st = NULL;
	CLEANUP(repo_closep) struct repo *r = NULL;
	auto_err struct err e = ERR_INIT;
	struct package p = {0};

	(void)state;
	OK(store_open(tmp, false, &st, err));
	OK(repo_open(tmp, "t", &r, err));
	package_set_nevra(&p, "hello-1~rc1^2+x-1.noarch");
	p.path = xstrdup("/nonexistent");
	p.file = xstrdup("hello-1~rc1^2+x-1.noarch.rpm");
	OK(pool_check(r, st, &p, tmp, err));
	for (size_t i = 0; i < COUNTOF(bad); i++) {
		str_set(&p.file, bad[i]);
		assert_int_equal(pool_check(r, st, &p, tmp, &e), -ERR_SOURCE);
	}
	str_set(&p.file, "hello.rpm");
	str_set(&p.name, "../hello");
	assert_int_equal(pool_check(r, st, &p, tmp, &e), -ERR_SOURCE);
	package_release(&p);
}

static void test_pool_conflict(void **state)
{
	CLEANUP(store_closep) struct store *st = NULL;
	CLEANUP(repo_closep) struct repo *r = NULL;
	auto_err struct err e = ERR_INIT;
	auto_free char *path = NULL, *there = NULL, *text = NULL, *commit = path_join(tmp, "c");
	auto_free char *repodata = path_join(commit, "repodata");
	auto_free char *repomd = path_join(repodata, "repomd.xml");
	struct package p = {0};
	char before[SHA256_HEX];

	(void)state;
	OK(store_open(tmp, false, &st, err));
	OK(repo_open(tmp, "t", &r, err));
	OK(stage_begin(r, err));
	package_set_nevra(&p, "Hello-1-1.noarch");
	p.file = xstrdup("Hello-1-1.noarch.rpm");
	p.path = path_join(tmp, "one");
	OK(fs_write(p.path, "one", 3, 0600, err));
	OK(sha256_file(p.path, p.sha256, err));
	memcpy(before, p.sha256, sizeof before);
	OK(pool_put(r, &p, err));
	OK(pool_put(r, &p, err)); /* again: nothing to do */
	there = repo_pool_path(r->dir, &p);
	path = path_join(tmp, "repos/t/pool/h/Hello/Hello-1-1.noarch.rpm");
	assert_string_equal(path, there);
	OK(pool_check(r, st, &p, tmp, err));

	/* other bytes, and a commit repository is there: published */
	sha256_buf("two", 3, p.sha256);
	OK(fs_mkdirs(repodata, 0755, err));
	OK(fs_write(repomd, "x", 1, 0644, err));
	assert_int_equal(pool_check(r, st, &p, commit, &e), -ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "Hello-1-1.noarch"));
	assert_non_null(strstr(e.msg, before));
	assert_non_null(strstr(e.msg, p.sha256));
	/* nobody ever named it: left by a publish that was killed, and replaced */
	OK(fs_remove_tree(commit, err));
	OK(pool_check(r, st, &p, commit, err));
	free(TAKE(p.path));
	p.path = path_join(tmp, "two");
	OK(fs_write(p.path, "two", 3, 0600, err));
	OK(pool_put(r, &p, err));
	OK(fs_read(there, 100, &text, NULL, err));
	assert_string_equal(text, "two");
	package_release(&p);
}

static void test_nothing_published(void **state)
{
	CLEANUP(store_closep) struct store *st = NULL;
	CLEANUP(repo_closep) struct repo *r = NULL;
	struct store_build b = build_of();
	struct package_vec none = VEC_INIT;
	struct repo_commit c = {
		.build = &b, .packages = &none, .reponame = "trunk", .baseurl = "file:///x"};
	auto_err struct err e = ERR_INIT;
	auto_free char *dir = NULL, *cur = path_join(tmp, "repos/t/current");
	char odd[] = "HEAD";

	(void)state;
	OK(store_open(tmp, false, &st, err));
	OK(repo_open(tmp, "t", &r, err));
	OK(repo_move_consistent(r, err));
	OK(repo_update_versions(r, st, err));
	assert_int_equal(repo_publish(r, st, &c, &dir, &e), -ERR_BUILD);
	c.reponame = "../x";
	assert_int_equal(repo_publish(r, st, &c, &dir, &e), -ERR_CONFIG);
	b.upstream_sha = odd;
	assert_int_equal(repo_publish(r, st, &c, &dir, &e), -ERR_BUG);
	assert_null(dir);
	assert_false(fs_exists(cur));
}

/* A failure leaves commit.yaml and the logs, and a later try replaces them. */
static void test_failure(void **state)
{
	CLEANUP(store_closep) struct store *st = NULL;
	CLEANUP(repo_closep) struct repo *r = NULL;
	struct store_build b = build_of();
	struct package_vec none = VEC_INIT;
	auto_free char *logs = path_join(tmp, "logs"), *log = path_join(logs, "build.log");
	auto_free char *dir = NULL, *again = NULL, *text = NULL;
	struct repo_commit c = {.build = &b, .packages = &none, .logs = logs};
	auto_free char *yaml = xasprintf("%s/repos/t/11/11/" UP "_55555555/commit.yaml", tmp);
	auto_free char *copy = xasprintf("%s/repos/t/11/11/" UP "_55555555/build.log", tmp);
	char one[] = "first", two[] = "second";

	(void)state;
	OK(store_open(tmp, false, &st, err));
	OK(repo_open(tmp, "t", &r, err));
	OK(fs_mkdirs(logs, 0700, err));
	OK(fs_write(log, "old", 3, 0600, err));
	b.state = BUILD_FAILED;
	b.message = one;
	OK(repo_record_failure(r, st, &c, &dir, err));
	assert_string_equal(dir, "11/11/" UP "_55555555");
	OK(fs_read(yaml, 10000, &text, NULL, err));
	assert_non_null(strstr(text, "first"));
	free(TAKE(text));
	assert_int_equal(unlink(log), 0);
	OK(fs_write(log, "new", 3, 0600, err));
	b.message = two;
	OK(repo_record_failure(r, st, &c, &again, err));
	OK(fs_read(yaml, 10000, &text, NULL, err));
	assert_non_null(strstr(text, "second"));
	free(TAKE(text));
	OK(fs_read(copy, 100, &text, NULL, err));
	assert_string_equal(text, "new");
}

/* ---- metadata ---- */

static void test_not_a_package(void **state)
{
	auto_free char *path = path_join(tmp, "x.rpm");
	auto_err struct err e = ERR_INIT;
	struct fragment f = {0};

	(void)state;
	OK(fs_write(path, "no package", 10, 0644, err));
	assert_int_equal(fragment_make(path, "pool/x", &f, &e), -ERR_SOURCE);
	assert_non_null(strstr(e.msg, path));
	assert_int_equal(fragment_make(tmp, "pool/x", &f, &e), -ERR_SOURCE); /* a directory */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(fragment_make(path, "pool/x", &f, &e), -ERR_NOT_FOUND);
}

static void test_join(void **state)
{
	auto_metadata struct metadata a = {0}, b = {0};
	auto_strbuf struct strbuf big = STRBUF_INIT;
	struct metadata *both[] = {&a, &b};

	(void)state;
	for (int i = 0; i < 40000; i++)
		sb_addf(&big, "<package n=\"%d\"/>\n", i);
	for (size_t i = 0; i < 2; i++) {
		metadata_begin(both[i], 1);
		for (size_t k = 0; k < META_FILES; k++)
			metadata_add(both[i], k, big.s, big.n);
		metadata_end(both[i], 1000);
	}
	/* the same packages give the same bytes */
	assert_string_equal(a.repomd, b.repomd);
	for (size_t k = 0; k < META_FILES; k++) {
		struct metadata_file *f = &a.files[k];
		auto_free char *open = xmalloc(f->open_size + 1);
		z_stream z = {.next_in = (const Bytef *)f->gz.s, .avail_in = (uInt)f->gz.n};
		char sha[SHA256_HEX];

		assert_string_equal(f->name, b.files[k].name);
		assert_true(f->gz.n < f->open_size / 4);
		assert_int_equal(inflateInit2(&z, 31), Z_OK);
		z.next_out = (Bytef *)open;
		z.avail_out = (uInt)f->open_size + 1;
		assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
		assert_int_equal(z.total_out, f->open_size);
		inflateEnd(&z);
		sha256_buf(open, f->open_size, sha);
		assert_string_equal(sha, f->open_sha256);
		assert_true(str_starts(f->name, f->sha256));
		assert_non_null(strstr(a.repomd, f->name));
	}
}

static void test_lists(void **state)
{
	auto_metadata struct metadata m = {0};
	auto_free char *repodata = path_join(tmp, "repodata"), *repomd = NULL, *primary = NULL;
	auto_strbuf struct strbuf big = STRBUF_INIT;

	(void)state;
	assert_false(tree_lists(tmp, PART_MAIN, "pool/a/a/a.rpm"));
	for (int i = 0; i < 9000; i++)
		sb_addf(&big, "<package><location href=\"pool/p/p%d/p%d.rpm\"/></package>\n", i, i);
	metadata_begin(&m, 9000);
	for (size_t k = 0; k < META_FILES; k++)
		metadata_add(&m, k, big.s, big.n);
	metadata_end(&m, 1000);
	OK(fs_mkdirs(repodata, 0755, err));
	repomd = path_join(repodata, "repomd.xml");
	primary = path_join(repodata, m.files[META_PRIMARY].name);
	OK(fs_write(repomd, m.repomd, strlen(m.repomd), 0644, err));
	assert_true(tree_lists(tmp, PART_MAIN, "pool/a/a/a.rpm")); /* unreadable: to be safe */
	OK(fs_write(primary, m.files[META_PRIMARY].gz.s, m.files[META_PRIMARY].gz.n, 0644, err));
	assert_false(tree_lists(tmp, PART_MAIN, "pool/a/a/a.rpm"));
	assert_false(tree_lists(tmp, PART_MAIN, "pool/p/p1/p1.rp"));
	for (int i = 0; i < 9000; i += 100) {
		auto_free char *href = xasprintf("pool/p/p%d/p%d.rpm", i, i);

		assert_true(tree_lists(tmp, PART_MAIN, href));
	}
}

static void test_cache_thrown_away(void **state)
{
	CLEANUP(repo_closep) struct repo *r = NULL;
	auto_free char *dir = path_join(tmp, "cache");
	auto_free char *path = path_join(dir, "metadata-t.sqlite");

	(void)state;
	OK(fs_mkdirs(dir, 0755, err));
	OK(fs_write(path, "this is no database, and never was", 34, 0644, err));
	OK(repo_open(tmp, "t", &r, err));
	OK(cache_open(r, err));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_commit_dir), T(test_snippet), T(test_versions),
		T(test_commit_yaml), T(test_pool_names), T(test_pool_conflict),
		T(test_nothing_published), T(test_failure), T(test_not_a_package), T(test_join),
		T(test_lists), T(test_cache_thrown_away)};

	return cmocka_run_group_tests_name("repo", tests, NULL, NULL);
}
