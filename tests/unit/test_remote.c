/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What repositories say is read, what is wrong with it refused; cache and stamps by file URL. */
#include "base/base.h"
#include "base/fs.h"
#include "base/time.h"
#include "remote/internal.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <sys/time.h>

#include <cmocka.h>

#define SUM64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DATA(type, location, sum, more)                                                            \
	"<data type=\"" type "\"><checksum type=\"" sum "\">" SUM64 "</checksum>"                  \
	"<location " location "/>" more "</data>"
#define REPOMD(body)                                                                               \
	"<?xml version=\"1.0\"?><repomd xmlns=\"http://linux.duke.edu/metadata/repo\">"            \
	"<revision>42</revision>" body "</repomd>"
#define GOOD "href=\"repodata/p.xml.gz\""

static void reads_repomd(void **state)
{
	static const char text[] = REPOMD(DATA("primary", GOOD, "sha256",
		"<size>7</size><open-size>70</open-size><timestamp>99.5</timestamp>")
			DATA("filelists", "href=\"f.xml.zst\"", "sha256", "")
				DATA("primary_db", "href=\"../x\"", "sha", ""));
	auto_err struct err err = ERR_INIT;
	struct repomd md = {0};

	(void)state;
	assert_int_equal(repomd_parse(text, strlen(text), &md, &err), 0);
	assert_int_equal(md.revision, 42);
	assert_int_equal(md.newest, 99);
	assert_string_equal(md.primary.location, "repodata/p.xml.gz");
	assert_string_equal(md.primary.checksum, SUM64);
	assert_int_equal(md.primary.size, 7);
	assert_int_equal(md.primary.open_size, 70);
	assert_string_equal(md.filelists.location, "f.xml.zst");
	assert_null(md.modules.location);
	repomd_release(&md);
}

static const struct {
	const char *text, *why;
} bad_repomd[] = {
	{"", "line"},
	{"<repomd>", "line 1"},
	{"<a/>", "it is no repomd.xml but <a>"},
	{REPOMD(""), "it lists no primary"},
	{REPOMD(DATA("primary", GOOD, "md5", "")), "its primary has a checksum of kind 'md5' only"},
	{REPOMD(DATA("primary", GOOD, "sha512", "")), NULL}, /* told by its length */
	{REPOMD("<data type=\"primary\"><location " GOOD "/></data>"),
		"its primary has no checksum"},
	{REPOMD("<data type=\"primary\"/>"), "its primary has no location"},
	{REPOMD(DATA("primary", "href=\"../p\"", "sha256", "")),
		"the location '../p' of its primary leaves the repository"},
	{REPOMD(DATA("primary", "href=\"/p\"", "sha256", "")),
		"the location '/p' of its primary is an absolute path"},
	{REPOMD(DATA("primary", "href=\"ftp://x/p\"", "sha256", "")),
		"the location 'ftp://x/p' of its primary is a URL of its own"},
	{REPOMD(DATA("primary", "href=\"a&#10;b\"", "sha256", "")),
		"the location 'a\nb' of its primary has control characters"},
	{REPOMD(DATA("primary", "xml:base=\"http://x/\" href=\"p\"", "sha256", "")),
		"its primary lies elsewhere (xml:base)"},
	{REPOMD(DATA("primary", "href=\"p.xml.zck\"", "sha256", "")),
		"its primary is packed with zchunk only"},
	{REPOMD(DATA("primary", GOOD, "sha256", "<size>99999999999999</size>")),
		"its primary is said to be too large"},
	{"<!DOCTYPE a><repomd/>", "it has a document type, which is refused"},
	{"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><repomd>&x;</repomd>",
		"it has a document type, which is refused"},
};

static void refuses_repomd(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(bad_repomd); i++) {
		auto_err struct err err = ERR_INIT;
		struct repomd md = {0};
		int r = repomd_parse(bad_repomd[i].text, strlen(bad_repomd[i].text), &md, &err);

		print_message("%s\n", bad_repomd[i].why ?: "fine");
		if (!bad_repomd[i].why) {
			assert_int_equal(r, 0);
			repomd_release(&md);
			continue;
		}
		assert_int_equal(r, -ERR_SOURCE);
		assert_non_null(strstr(err.msg, bad_repomd[i].why));
	}
}

#define HASH      "<verification><hash type=\"sha256\">" SUM64 "</hash></verification>"
#define URL(p, u) "<url preference=\"" p "\">" u "/repodata/repomd.xml</url>"
#define METALINK(body)                                                                             \
	"<metalink xmlns:mm0=\"http://x/\"><files><file name=\"repomd.xml\"><size>5</size>" body   \
	"</file></files></metalink>"

static void reads_metalink(void **state)
{
	static const char text[] = METALINK(HASH
		"<mm0:alternates><mm0:alternate>" HASH "</mm0:alternate></mm0:alternates>"
		"<resources>" URL("1", "http://low") URL("9", "rsync://x") URL("8", "file:///etc")
			URL("90", "https://first/x") URL("7", "http://low") "</resources>");
	auto_err struct err err = ERR_INIT;
	struct mirrors m = {.bases = STRV_INIT};

	(void)state;
	assert_int_equal(metalink_parse(text, strlen(text), false, &m, &err), 0);
	assert_int_equal(m.bases.n, 2);
	assert_string_equal(m.bases.v[0], "https://first/x/");
	assert_string_equal(m.bases.v[1], "http://low/");
	assert_int_equal(m.sums.n, 2);
	assert_string_equal(m.sums.v[0].sha256, SUM64);
	assert_int_equal(m.sums.v[0].size, 5);
	assert_int_equal(m.sums.v[1].size, 0);
	mirrors_release(&m);
}

static void refuses_mirrors(void **state)
{
	static const struct {
		const char *text, *why;
		bool list;
	} rows[] = {
		{METALINK(URL("1", "http://a")), "it has no sha256 or sha512 of repomd.xml", false},
		{METALINK(HASH URL("1", "file:///a")), "it lists no mirror with http or https",
			false},
		{"<metalink/>", "it does not speak of repomd.xml", false},
		{"<!DOCTYPE metalink><metalink/>", "it has a document type", false},
		{"<html/>", "it is no metalink but <html>", false},
		{"# none\nfile:///etc\nftp://x/\n", "it lists no mirror with http or https", true},
		{"<html>sorry</html>", "it lists no mirror with http or https", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_err struct err err = ERR_INIT;
		struct mirrors m = {.bases = STRV_INIT};

		assert_int_equal((rows[i].list ? mirrorlist_parse : metalink_parse)(
					 rows[i].text, strlen(rows[i].text), false, &m, &err),
			-ERR_SOURCE);
		assert_non_null(strstr(err.msg, rows[i].why));
	}
}

static void reads_mirrorlist(void **state)
{
	static const char text[] = "# x\r\nhttp://a/b\r\n\nhttps://c/\nfile:///d\n";
	static const char link[] = "\n" METALINK(HASH URL("1", "http://a"));
	struct mirrors m = {.bases = STRV_INIT};

	(void)state;
	assert_int_equal(mirrorlist_parse(text, strlen(text), false, &m, NULL), 0);
	assert_int_equal(m.bases.n, 2);
	assert_string_equal(m.bases.v[0], "http://a/b/");
	mirrors_release(&m);
	assert_int_equal(mirrorlist_parse(text, strlen(text), true, &m, NULL), 0);
	assert_int_equal(m.bases.n, 3);
	mirrors_release(&m);
	assert_int_equal(mirrorlist_parse(link, strlen(link), false, &m, NULL), 0);
	assert_int_equal(m.sums.n, 1);
	mirrors_release(&m);
}

static void expands_urls(void **state)
{
	static const struct {
		const char *arch, *in, *out;
	} rows[] = {
		{"x86_64", "http://x/$releasever/$basearch/", "http://x/9/x86_64/"},
		{"i686", "http://x/$basearch/$arch", "http://x/i386/i686"},
		{"x86_64", "http://x/${releasever}a/$releaseverx/$other",
			"http://x/9a/$releaseverx/$other"},
		{"x86_64", "http://x/$", "http://x/$"},
	};
	struct target t = {.releasever = xstrdup("9")};
	auto_err struct err err = ERR_INIT;
	char *s = NULL;

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		str_set(&t.arch, rows[i].arch);
		assert_int_equal(url_expand(rows[i].in, &t, &s, NULL), 0);
		assert_string_equal(s, rows[i].out);
		free(s);
	}
	str_set(&t.releasever, "");
	assert_int_equal(url_expand("$releasever", &t, &s, &err), -ERR_CONFIG);
	free(t.arch);
	free(t.releasever);
}

static void paths_and_urls(void **state)
{
	auto_free char *a = url_file_path("file:///a%20b"), *b = url_file_path("file:/c");
	auto_free char *c = url_file_path("file://localhost/d"), *d = url_file_path("file://h/d");
	auto_free char *below = url_below("http://x/y", "a b/c++-1^2~3.rpm");

	(void)state;
	assert_string_equal(a, "/a b");
	assert_string_equal(b, "/c");
	assert_string_equal(c, "/d");
	assert_null(d);
	assert_string_equal(below, "http://x/y/a%20b/c%2B%2B-1%5E2~3.rpm");
}

/* A repository of one metadata file in a new directory; the target asks for it by file URL. */
struct place {
	char *dir, *cache;
	struct target t;
	struct remote_conf conf;
};

static void write_repo(const struct place *p, int revision, const char *primary)
{
	auto_free char *data = path_join(p->dir, "p.xml"), *md = path_join(p->dir, "repodata");
	auto_free char *repomd = path_join(md, "repomd.xml"), *text = NULL;
	char sum[SHA256_HEX];

	sha256_buf(primary, strlen(primary), sum);
	text = xasprintf("<repomd><revision>%d</revision><data type=\"primary\">"
			 "<checksum type=\"sha256\">%s</checksum><location href=\"p.xml\"/>"
			 "<size>%zu</size></data></repomd>",
		revision, sum, strlen(primary));
	assert_int_equal(fs_mkdirs(md, 0755, NULL), 0);
	assert_int_equal(fs_write(data, primary, strlen(primary), 0644, NULL), 0);
	assert_int_equal(fs_write_atomic(repomd, text, strlen(text), 0644, NULL), 0);
}

static int make_place(void **state)
{
	struct place *p = xcalloc(1, sizeof *p);
	struct target_repo *r;

	assert_int_equal(scratch_make("remote", &p->dir), 0);
	p->cache = path_join(p->dir, "cache");
	p->conf.cache = p->cache;
	p->t.arch = xstrdup("x86_64");
	p->t.releasever = xstrdup("");
	r = vec_push(&p->t.repos);
	r->id = xstrdup("base");
	r->metadata_expire = 3600;
	strv_addf(&r->urls, "file://%s", p->dir);
	write_repo(p, 5, "<one/>");
	*state = p;
	return 0;
}

static int drop_place(void **state)
{
	struct place *p = *state;

	assert_int_equal(scratch_remove(&p->dir), 0);
	target_release(&p->t);
	free(p->cache);
	free(p);
	return 0;
}

static int refresh(const struct place *p, struct err *err)
{
	CLEANUP(remote_freep) struct remote *r = NULL;
	int rc = remote_open(&p->conf, &p->t, &r, err);

	return rc < 0 ? rc : remote_refresh(r, err);
}

static void stamps(void **state)
{
	struct place *p = *state;
	CLEANUP(remote_freep) struct remote *r = NULL;
	auto_err struct err err = ERR_INIT;
	char a[65] = "", b[65] = "";

	assert_false(remote_stamp_cached(&p->conf, &p->t, a));
	assert_int_equal(remote_open(&p->conf, &p->t, &r, &err), 0);
	assert_int_equal(remote_refresh(r, &err), 0);
	assert_int_equal(remote_at(r, 0)->revision, 5);
	assert_true(fs_exists(remote_at(r, 0)->primary));
	remote_stamp(r, a);
	assert_true(remote_stamp_cached(&p->conf, &p->t, b));
	assert_string_equal(a, b);
	/* what is asked of it counts */
	p->t.repos.v[0].priority = 7;
	assert_true(remote_stamp_cached(&p->conf, &p->t, b));
	assert_string_not_equal(a, b);
	p->t.repos.v[0].priority = 0;
	strv_add(&p->t.repos.v[0].exclude, "x");
	assert_true(remote_stamp_cached(&p->conf, &p->t, b));
	assert_string_not_equal(a, b);
	/* what it has, too */
	strv_release(&p->t.repos.v[0].exclude);
	write_repo(p, 6, "<two/>");
	assert_false(remote_stamp_cached(&p->conf, &p->t, b));
	assert_int_equal(remote_refresh(r, &err), 0);
	assert_int_equal(remote_at(r, 0)->revision, 6);
	remote_stamp(r, b);
	assert_string_not_equal(a, b);
}

static void state_that_is_none(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "{\"schema\": 1}",
		"{\"schema\": 2, \"checksum\": \"x\"}",
		"{\"schema\": 1, \"checksum\": \"" SUM64 "\", \"url\": \"file:///x\", \"bases\": "
		"[\"file:///x\"], \"primary\": {\"location\": \"../x\", \"checksum\": \"" SUM64
		"\"}}"};
	struct place *p = *state;
	auto_strv struct strv names = STRV_INIT;
	auto_free char *repos = path_join(p->cache, "repos");
	char stamp[65];

	assert_int_equal(refresh(p, NULL), 0);
	assert_int_equal(fs_list(repos, &names, NULL), 0);
	auto_free char *dir = path_join(repos, names.v[0]), *path = path_join(dir, "state.json");
	for (size_t i = 0; i < COUNTOF(texts); i++) {
		assert_int_equal(fs_write(path, texts[i], strlen(texts[i]), 0644, NULL), 0);
		assert_false(remote_stamp_cached(&p->conf, &p->t, stamp));
		assert_int_equal(refresh(p, NULL), 0);
		assert_true(remote_stamp_cached(&p->conf, &p->t, stamp));
	}
}

static void older_is_refused(void **state)
{
	struct place *p = *state;
	auto_err struct err err = ERR_INIT;

	assert_int_equal(refresh(p, NULL), 0);
	write_repo(p, 4, "<old/>");
	assert_int_equal(refresh(p, &err), -ERR_NET);
	assert_non_null(strstr(err.msg, "its revision 4 is older than 5, which was seen last"));
}

static void configuration(void **state)
{
	struct place *p = *state;
	struct target_repo *r = &p->t.repos.v[0];
	auto_err struct err err = ERR_INIT;

	r->repo_gpgcheck = true;
	assert_int_equal(refresh(p, &err), -ERR_CONFIG);
	assert_string_equal(err.msg, "repository 'base': repo_gpgcheck needs a gpgkey");
	strv_add(&r->gpgkeys, "/nonexistent/key");
	assert_int_equal(refresh(p, &err), -ERR_CONFIG);
	assert_true(str_starts(err.msg, "repository 'base': gpgkey '/nonexistent/key': "));
	str_set(&r->id, "../x");
	assert_int_equal(refresh(p, &err), -ERR_CONFIG);
	str_set(&r->id, "base");
	strv_add(&r->urls, "ftp://x/");
	assert_int_equal(refresh(p, &err), -ERR_CONFIG);
	assert_non_null(strstr(err.msg, "neither http nor https nor file"));
}

static void own_files_and_strangers(void **state)
{
	struct place *p = *state;
	CLEANUP(remote_freep) struct remote *r = NULL;
	struct lock_packages v = VEC_INIT;
	auto_err struct err err = ERR_INIT;
	char sum[SHA256_HEX];

	sha256_buf("<one/>", 6, sum);
	*vec_push(&v) = (struct lock_package){.nevra = xstrdup("a-1-1.noarch"),
		.checksum = xstrdup(sum),
		.repo = xstrdup(LOCK_OWN),
		.location = path_join(p->dir, "p.xml"),
		.size = 6};
	*vec_push(&v) =
		(struct lock_package){.nevra = xstrdup("host-1-1.noarch"), .repo = xstrdup("host")};
	assert_int_equal(remote_open(&p->conf, &p->t, &r, NULL), 0);
	assert_int_equal(remote_fetch(r, &v, NULL), 0);
	assert_string_equal(v.v[0].path, v.v[0].location);
	assert_null(v.v[1].path);
	v.v[0].checksum[0] = v.v[0].checksum[0] == '0' ? '1' : '0';
	assert_int_equal(remote_fetch(r, &v, &err), -ERR_SOURCE);
	assert_non_null(strstr(err.msg, "package 'a-1-1.noarch' of repository 'own': "));
	str_set(&v.v[0].repo, "gone");
	str_set(&v.v[0].location, "a.rpm");
	assert_int_equal(remote_fetch(r, &v, &err), -ERR_NOT_FOUND);
	lock_packages_release(&v);
}

static void local_metadata(void **state)
{
	struct place *p = *state;
	struct remote_repo r = {0};

	assert_int_equal(remote_read_local(p->dir, &r, NULL), 0);
	assert_int_equal(r.revision, 5);
	assert_true(fs_exists(r.primary));
	assert_null(r.filelists);
	remote_repo_release(&r);
	assert_int_equal(remote_read_local("/nonexistent", &r, NULL), -ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_repomd),
		cmocka_unit_test(refuses_repomd),
		cmocka_unit_test(reads_metalink),
		cmocka_unit_test(refuses_mirrors),
		cmocka_unit_test(reads_mirrorlist),
		cmocka_unit_test(expands_urls),
		cmocka_unit_test(paths_and_urls),
		cmocka_unit_test_setup_teardown(stamps, make_place, drop_place),
		cmocka_unit_test_setup_teardown(state_that_is_none, make_place, drop_place),
		cmocka_unit_test_setup_teardown(older_is_refused, make_place, drop_place),
		cmocka_unit_test_setup_teardown(configuration, make_place, drop_place),
		cmocka_unit_test_setup_teardown(own_files_and_strangers, make_place, drop_place),
		cmocka_unit_test_setup_teardown(local_metadata, make_place, drop_place),
	};

	return cmocka_run_group_tests_name("remote", tests, NULL, NULL);
}
