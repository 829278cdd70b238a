/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pages of builds, projects and repositories, whole, against tests/data/pages/. After a wanted
 * change: PACKMILL_UPDATE=1 build/tests/unit/test_pages, and look at the difference.
 */
#include "base/base.h"
#include "base/fs.h"
#include "report/contents.h"
#include "scratch.h"
#include "store/internal.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OK(call)                                                                                   \
	do {                                                                                       \
		auto_err struct err e_ = ERR_INIT;                                                 \
		struct err *err = &e_;                                                             \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, e_.msg);                                         \
	} while (0)

#define SHA(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define RUDE   "<script>alert(1)</script> \"&'\x1b[31m\xe2\x80\xae\xff"

#define MANY 1150

static char *tmp;
static struct store *st;
static struct report *rep;
static struct strv targets, maintainers;
static struct report_projects projects;

static int setup(void **state)
{
	struct report_conf conf = {.name = "trunk",
		.baseurl = "https://packages.example.org/repos",
		.targets = &targets,
		.projects = &projects,
		.jobs = 2};
	auto_strbuf struct strbuf css = STRBUF_INIT;

	(void)state;
	assert_int_equal(scratch_make("pages", &tmp), 0);
	OK(store_open(tmp, false, &st, err));
	strv_add(&targets, "el9");
	strv_add(&maintainers, "team@example.org");
	strv_add(&maintainers, RUDE);
	*vec_push(&projects) = (struct report_project){.project = "hello",
		.name = "hello",
		.component = "base",
		.web_upstream = "https://git.example.org/hello/commit/{sha}",
		.maintainers = &maintainers};
	conf.data = tmp;
	OK(report_open(&conf, st, &rep, err));
	rep->now = 1700200000;
	/* so that a kept scratch directory can be looked at */
	sb_add(&css, page_css);
	OK(write_page(rep, PAGE_CSS, &css, err));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	report_close(rep);
	store_close(st);
	strv_release(&targets);
	strv_release(&maintainers);
	vec_release(&projects);
	return scratch_remove(&tmp);
}

/* ---- what there is ---- */

static void put(const char *rel, const char *text)
{
	auto_free char *path = path_join(tmp, rel), *dir = path_dir(path);

	OK(fs_mkdirs(dir, 0755, err));
	OK(fs_write(path, text, strlen(text), 0644, err));
}

static int64_t add(const char *project, const char *up, const char *pack, const char *subject)
{
	char t[] = "el9", trigger[] = "commit", url[] = "https://github.com/example/hello.git";
	struct store_build b = {.queued = 1700000000,
		.commit_time = 1699990000,
		.target = t,
		.trigger = trigger,
		.packaging_url = url};
	auto_free char *p = xstrdup(project), *u = xstrdup(up), *k = xstrdup(pack);
	auto_free char *s = xstrdup(subject), *a = xstrdup("Jane Doe"), *n = xstrdup(project);
	int64_t id = 0;

	b.project = p;
	b.name = n;
	b.upstream_sha = u;
	b.packaging_sha = k;
	b.subject = s;
	b.author = a;
	OK(store_build_add(st, &b, &id, NULL, err));
	return id;
}

static void step(struct result *r, const char *name, double seconds, int code)
{
	struct build_step *s = vec_push(&r->steps);

	s->name = xstrdup(name);
	s->seconds = seconds;
	s->exit = code;
}

static void artifact(struct result *r, const char *nevra, enum package_kind kind)
{
	struct package *p = vec_push(&r->artifacts);

	assert_true(package_set_nevra(p, nevra));
	p->file = xasprintf("%s.rpm", nevra);
	p->size = 123456;
	p->kind = kind;
	memset(p->sha256, 'c', SHA256_HEX - 1);
}

/* The database takes the clock's times; pages shall not differ by them. */
static void at(int64_t id, int64_t start)
{
	auto_free char *sql = xasprintf("update build set started = %lld, finished = %lld where "
					"id = %lld",
		(long long)start, (long long)start + 40, (long long)id);
	auto_free char *attempt =
		xasprintf("update attempt set started = %lld + 100 * n, finished = %lld + 100 * n "
			  "where build = %lld",
			(long long)start, (long long)start + 40, (long long)id);

	OK(db_exec(st->db, sql, err));
	OK(db_exec(st->db, attempt, err));
}

static void standing_at(const char *project, int64_t t)
{
	auto_free char *sql = xasprintf("update standing set last_success_time = %lld, "
					"first_failure_time = %lld where project = '%s'",
		(long long)t, (long long)t + 3600, project);

	OK(db_exec(st->db, sql, err));
}

static void lock_of(int64_t id, const char *const *nevras)
{
	auto_free char *rel = xasprintf("builds/%lld/" LOCK_FILE, (long long)id);
	auto_free char *path = path_join(tmp, rel), *dir = path_dir(path);
	char t[] = "el9", arch[] = "x86_64", repo[] = "baseos", sum[65];
	struct lock l = {.target = t, .arch = arch};

	memset(sum, 'a', 64);
	sum[64] = '\0';
	for (; *nevras; nevras++) {
		auto_free char *location = xasprintf("%s.rpm", *nevras);

		*vec_push(&l.base) = (struct lock_package){.nevra = xstrdup(*nevras),
			.checksum = xstrdup(sum),
			.repo = xstrdup(repo),
			.location = TAKE(location)};
	}
	OK(fs_mkdirs(dir, 0755, err));
	OK(lock_write(path, &l, err));
	lock_packages_release(&l.base);
}

static void repo_at(const char *dir, const char *repomd, int64_t head)
{
	auto_free char *md = xasprintf("repos/el9/%s/repodata/repomd.xml", dir);
	auto_free char *yaml = xasprintf("repos/el9/%s/commit.yaml", dir);
	auto_free char *text =
		xasprintf("commits:\n- artifacts: \"\"\n  id: \"%lld\"\n", (long long)head);

	put(md, repomd);
	put(yaml, text);
}

static void success(int64_t id, const char *evr, const char *dir, int64_t start)
{
	struct result r = {.status = STATUS_SUCCESS};
	auto_free char *main_ = xasprintf("hello-%s.noarch", evr);
	auto_free char *src = xasprintf("hello-%s.src", evr);

	r.name = xstrdup("hello");
	r.version = xstrndup(evr, strcspn(evr, "-"));
	r.release = xstrdup(strchr(evr, '-') + 1);
	step(&r, "source", 0.5, 0);
	step(&r, "build", 36.25, 0);
	step(&r, "install test", 0.02, 0);
	artifact(&r, main_, PACKAGE_MAIN);
	artifact(&r, src, PACKAGE_SOURCE);
	OK(store_build_start(st, id, err));
	OK(store_build_finish(st, id, &r, err));
	OK(store_build_published(st, id, dir, err));
	at(id, start);
	result_release(&r);
}

static void failure(int64_t id, enum build_status status, const char *message, int64_t start)
{
	struct result r = {.status = status,
		.cause = status == STATUS_RETRY ? CAUSE_INFRASTRUCTURE : CAUSE_BUILD,
		.cause_line = status == STATUS_RETRY ? 0 : 12};

	r.cause_step = xstrdup(status == STATUS_RETRY ? "start" : "%build");
	r.cause_message = xstrdup(message);
	r.cause_log = status == STATUS_RETRY ? NULL : xstrdup("build.log");
	step(&r, "source", 0.5, 0);
	step(&r, "build", 3.25, 1);
	OK(store_build_start(st, id, err));
	OK(store_build_finish(st, id, &r, err));
	at(id, start);
	result_release(&r);
}

/* ---- comparing ---- */

static void golden(const char *rel, const char *name)
{
	auto_free char *path = xasprintf("%s/repos/el9/%s", tmp, rel), *got = NULL, *want = NULL;
	auto_free char *file =
		xasprintf("%s/tests/data/pages/%s", getenv("PACKMILL_SOURCE") ?: ".", name);
	const char *update = getenv("PACKMILL_UPDATE");

	OK(fs_read(path, UINT64_C(1) << 24, &got, NULL, err));
	if (update) {
		OK(fs_write(file, got, strlen(got), 0644, err));
		return;
	}
	OK(fs_read(file, UINT64_C(1) << 24, &want, NULL, err));
	if (!str_eq(got, want)) {
		size_t i = 0;

		while (got[i] && got[i] == want[i])
			i++;
		while (i && got[i - 1] != '\n')
			i--;
		fail_msg("%s is not as tests/data/pages/%s has it; from the first difference:\n"
			 "want %.200s\ngot  %.200s",
			rel, name, want + i, got + i);
	}
}

static char *page(const char *rel)
{
	auto_free char *path = xasprintf("%s/repos/el9/%s", tmp, rel);
	char *text = NULL;

	OK(fs_read(path, UINT64_C(1) << 24, &text, NULL, err));
	return text;
}

static void write_build(int64_t id)
{
	CLEANUP(store_build_release) struct store_build b = {0};

	OK(store_build_get(st, id, &b, err));
	OK(page_of_build(rep, &b, err));
}

static void write_repo(int64_t id)
{
	CLEANUP(store_build_release) struct store_build b = {0};

	OK(store_build_get(st, id, &b, err));
	OK(page_of_repo(rep, "el9", b.repo, &b, err));
	OK(page_of_repo(rep, "el9", "current", NULL, err));
	OK(page_of_repo(rep, "el9", "consistent", NULL, err));
}

static void say_log(int64_t id)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_free char *rel = xasprintf("builds/%lld/build.log", (long long)id);

	for (int i = 1; i <= 20; i++)
		sb_addf(&b,
			i == 12  ? "\x1b[1;31mhello.c:%d:\x1b[0m error: <b>no</b>\n"
			: i == 9 ? "progress 1%%\rprogress %d%%\n"
				 : "line %d\n",
			i);
	put(rel, sb_str(&b));
}

/* Green, broken, retried; the whole pages. */
static void test_story(void **state)
{
	static const char *const root1[] = {"bash-5.1-9.x86_64", "gcc-11-1.x86_64",
		"kernel-5-1.x86_64", "old-1-1.noarch", NULL};
	static const char *const root2[] = {"bash-5.1-9.x86_64", "gcc-12-1.x86_64",
		"kernel-5-1.x86_64", "kernel-6-1.x86_64", "new-2:1-1.noarch", NULL};
	int64_t good = add("hello", SHA("a"), SHA("1"), "one");
	int64_t bad = add("hello", SHA("b"), SHA("1"), RUDE);
	int64_t again = add("hello", SHA("c"), SHA("2"), "three");
	auto_free char *text = NULL;

	(void)state;
	success(good, "1.0-1", "aa/aa/one", 1700000100);
	lock_of(good, root1);
	put("builds/1/build.log", "all is well\n");
	put("builds/1/rpmlint.log", "hello.noarch: W: no-documentation\n"
				    "hello.noarch: E: <bad>\n1 packages checked\n");
	put("repos/el9/aa/aa/one/build.log", "all is well\n");
	put("repos/el9/pool/h/hello/hello-1.0-1.noarch.rpm", "x");
	repo_at("aa/aa/one", "<one/>", good);
	repo_at("current", "<one/>", good);
	repo_at("consistent", "<one/>", good);
	failure(bad, STATUS_FAILED, "hello.c:12: error: <b>no</b>", 1700003700);
	lock_of(bad, root2);
	say_log(bad);
	standing_at("hello", 1700000140);
	write_build(good);
	write_build(bad);
	write_repo(good);
	OK(store_unreachable_set(st, "hello", 1700190000, "upstream: " RUDE, err));
	OK(page_of_project(rep, "el9", "hello", err));
	golden("builds/1.html", "good.html");
	golden("builds/1.json", "good.json");
	golden("builds/2.html", "bad.html");
	golden("builds/2.json", "bad.json");
	golden("builds/2-log.html", "bad-log.html");
	golden("projects/hello.html", "project.html");
	golden("aa/aa/one/index.html", "repository.html");
	golden("current/index.json", "repository.json");

	failure(again, STATUS_RETRY, "the build process was killed by signal 9", 1700007300);
	put("builds/3/state.log", "killed\n");
	write_build(again);
	text = page("builds/3.html");
	assert_non_null(strstr(text, "killed by signal 9"));
	assert_non_null(strstr(text, "href=\"../builds/3/state.log\""));
}

/* The second try is good: the first keeps its logs, the page of the log goes. */
static void test_tries(void **state)
{
	int64_t id = add("hello", SHA("d"), SHA("2"), "four");
	auto_free char *text = NULL, *rel = xasprintf("builds/%lld", (long long)id);
	auto_free char *first = xasprintf("%s/attempt-1/state.log", rel);
	auto_free char *log = xasprintf("%s/repos/el9/%s-log.html", tmp, rel);
	auto_free char *html = xasprintf("%s.html", rel), *href = NULL;

	(void)state;
	failure(id, STATUS_RETRY, "no space left", 1700010000);
	success(id, "1.1-1", "dd/dd/four", 1700010300);
	put(first, "full\n");
	put("repos/el9/dd/dd/four/build.log", "well\n");
	write_build(id);
	text = page(html);
	href = xasprintf("href=\"../%s\"", first);
	assert_non_null(strstr(text, href));
	assert_non_null(strstr(text, "href=\"../dd/dd/four/build.log\""));
	assert_non_null(strstr(text, "no space left"));
	assert_false(fs_exists(log));
	assert_null(strstr(text, "class=\"box"));
	OK(served_forget(rep, &(struct store_build){.id = id, .target = targets.v[0]}, err));
	OK(served_forget(rep, &(struct store_build){.id = id, .target = targets.v[0]}, err));
}

/* Who waits says for whom, on the page of its project, too. */
static void test_waits(void **state)
{
	int64_t id = add("needs", SHA("7"), SHA("8"), "waits");
	auto_free char *text = NULL, *html = xasprintf("builds/%lld.html", (long long)id);
	auto_free char *own = NULL;

	(void)state;
	OK(store_build_set_waits(st, id, "hello", err));
	OK(page_of_project(rep, "el9", "needs", err));
	text = page("projects/needs.html");
	assert_non_null(strstr(text, "waits</h2>"));
	assert_non_null(strstr(text, "It waits for <a href=\"../projects/hello.html\">"));
	write_build(id);
	own = page(html);
	assert_non_null(strstr(own, "<h2 id=\"cause\">Waits</h2>"));
	assert_null(strstr(own, "packmill reproduce"));
}

/* What a moving repository was before tells what changed; writing it again changes nothing. */
static void test_repositories(void **state)
{
	int64_t id = add("hello", SHA("e"), SHA("2"), "five");
	int64_t old = add("hello", SHA("f"), SHA("2"), "six");
	auto_free char *text = NULL, *again = NULL, *consistent = NULL, *late = NULL;

	(void)state;
	success(id, "1.2-1", "ee/ee/five", 1700020000);
	repo_at("ee/ee/five", "<five/>", id);
	repo_at("current", "<five/>", id);
	write_repo(id);
	text = page("ee/ee/five/index.html");
	assert_non_null(strstr(text, "1 upgraded"));
	assert_non_null(strstr(text, "<bdi>1.0-1</bdi> \xe2\x86\x92 <bdi>1.2-1</bdi>"));
	assert_non_null(strstr(text, "../../../aa/aa/one/index.html"));
	again = page("current/index.html");
	assert_non_null(strstr(again, "1 upgraded"));
	consistent = page("consistent/index.html");
	assert_null(strstr(consistent, "1.2-1"));
	assert_non_null(strstr(consistent, "1.0-1"));
	write_repo(id);
	free(take_ptr_(&text));
	text = page("ee/ee/five/index.html");
	assert_non_null(strstr(text, "1 upgraded"));

	/* published before pages were written: no list, no difference, but a page */
	success(old, "1.3-1", "ff/ff/six", 1700030000);
	repo_at("ff/ff/six", "<six/>", old);
	write_repo(old);
	late = page("ff/ff/six/index.html");
	assert_non_null(strstr(late, "was not written down"));
	assert_non_null(strstr(late, "1.3-1"));
	assert_null(strstr(late, "What changed"));
}

/* The page and the JSON of a commit are cut, as there are many; that of `current` is whole. */
static void test_many(void **state)
{
	int64_t id = add("many", SHA("9"), SHA("9"), "many");
	struct result r = {.status = STATUS_SUCCESS};
	auto_free char *html = NULL, *commit = NULL, *current = NULL;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		auto_free char *nevra = xasprintf("many-%05d-1-1.noarch", i);

		artifact(&r, nevra, PACKAGE_MAIN);
	}
	OK(store_build_start(st, id, err));
	OK(store_build_finish(st, id, &r, err));
	OK(store_build_published(st, id, "99/99/many", err));
	result_release(&r);
	repo_at("99/99/many", "<many/>", id);
	repo_at("current", "<many/>", id);
	write_repo(id);
	html = page("99/99/many/index.html");
	assert_non_null(strstr(html, "The first 1000 of 1"));
	assert_non_null(strstr(html, "many-00998"));
	assert_null(strstr(html, "<bdi>many-01100</bdi></th>"));
	assert_non_null(strstr(html, "and 9"));
	commit = page("99/99/many/index.json");
	current = page("current/packages.csv");
	assert_null(strstr(strstr(commit, "\"packages\""), "many-01100"));
	assert_non_null(strstr(current, "many-01100,1-1,noarch,123456,many,"));
}

static struct lock *lock_with(const char *const *nevras, const char *checksum)
{
	struct lock *l = xcalloc(1, sizeof *l);

	for (; *nevras; nevras++)
		*vec_push(&l->base) = (struct lock_package){
			.nevra = xstrdup(*nevras), .checksum = xstrdup_null(checksum)};
	return l;
}

static void test_root_changes(void **state)
{
	static const struct {
		const char *from[6], *to[6], *want;
	} rows[] = {
		{{NULL}, {NULL}, ""},
		{{"a-1-1.noarch"}, {"a-1-1.noarch"}, ""},
		{{NULL}, {"a-1-1.noarch"}, "+a-1-1.noarch"},
		{{"a-1-1.noarch"}, {NULL}, "-a-1-1.noarch"},
		{{"a-1-1.noarch"}, {"a-1:1-1.noarch"}, "a 1-1 -> 1:1-1"},
		{{"a-1-1.noarch"}, {"a-1-1.x86_64"}, "+a-1-1.x86_64|-a-1-1.noarch"},
		{{"a-1-1.i686", "a-1-1.x86_64"}, {"a-1-1.i686", "a-2-1.x86_64"}, "a 1-1 -> 2-1"},
		{{"k-1-1.x", "k-2-1.x"}, {"k-2-1.x", "k-3-1.x"}, "k 1-1 -> 3-1"},
		{{"k-1-1.x", "k-2-1.x"}, {"k-3-1.x"}, "+k-3-1.x|-k-1-1.x|-k-2-1.x"},
		{{"b-1-1.x", "a-1-1.x"}, {"c-1-1.x", "a-1-2.x"}, "+c-1-1.x|-b-1-1.x|a 1-1 -> 1-2"},
	};
	static const char *const one[] = {"a-1-1.x", "b-1-1.x", NULL};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		CLEANUP(lock_freep) struct lock *from = lock_with(rows[i].from, NULL);
		CLEANUP(lock_freep) struct lock *to = lock_with(rows[i].to, "aa");
		auto_strv struct strv got = STRV_INIT;
		auto_free char *text = NULL;

		changes_root(from, to, &got);
		text = strv_join(&got, "|");
		assert_string_equal(text, rows[i].want);
	}
	{
		CLEANUP(lock_freep) struct lock *from = lock_with(one, "aa");
		CLEANUP(lock_freep) struct lock *to = lock_with(one, "bb");
		auto_strv struct strv got = STRV_INIT;
		auto_free char *text = NULL;

		changes_root(from, to, &got);
		text = strv_join(&got, "|");
		assert_string_equal(text, "a 1-1 -> 1-1 (rebuilt)|b 1-1 -> 1-1 (rebuilt)");
	}
}

static void test_changes(void **state)
{
	CLEANUP(store_build_release) struct store_build b = {0}, first = {0};
	CLEANUP(report_change_release) struct report_change c = {0}, none = {0};

	(void)state;
	OK(store_build_get(st, 2, &b, err));
	OK(report_changes(rep, &b, &c, err));
	assert_int_equal(c.since, 1);
	assert_string_equal(c.upstream_from, SHA("a"));
	assert_string_equal(c.upstream_to, SHA("b"));
	assert_null(c.packaging_from);
	assert_true(c.root_known);
	assert_int_equal(c.root.n, 4);
	assert_string_equal(c.root.v[0], "+kernel-6-1.x86_64");
	assert_string_equal(c.root.v[3], "gcc 11-1 -> 12-1");
	OK(store_build_get(st, 1, &first, err));
	OK(report_changes(rep, &first, &none, err));
	assert_int_equal(none.since, 0);
	assert_false(none.root_known);
}

static void test_excerpt(void **state)
{
	static const struct {
		const char *text;
		int64_t line;
		const char *want; /* "first:mark:more:lines" */
	} rows[] = {
		{"", 3, "1:3:0:"},
		{"a", 1, "1:1:0:a"},
		{"a\nb\nc\nd\ne\nf\n", 4, "2:4:1:b|c|d|e"},
		{"a\nb\nc\nd\ne\nf\n", 1, "1:1:1:a|b"},
		{"a\nb\nc\nd\ne\nf\n", 6, "4:6:0:d|e|f"},
		{"a\nb\nc\nd\ne\nf\n", 0, "4:0:0:d|e|f"},
		{"a\nb\n", 9, "7:9:0:"},
		{"\033[1;31mred\033[0m \033]0;title\a.\n", 1, "1:1:0:red ."},
		{"\033]8;;http://x\033\\link\033\n\033[", 1, "1:1:0:link|"},
		{"10%\r20%\r\nnext\r", 1, "1:1:0:20%|next"},
	};
	auto_free char *path = path_join(tmp, "excerpt");

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		CLEANUP(excerpt_release) struct excerpt e = {0};
		auto_free char *lines = NULL, *got = NULL;

		OK(fs_write(path, rows[i].text, strlen(rows[i].text), 0644, err));
		assert_true(excerpt_read(tmp, "excerpt", rows[i].line, 2, 1, &e));
		lines = strv_join(&e.lines, "|");
		got = xasprintf(
			"%lld:%lld:%d:%s", (long long)e.first, (long long)e.mark, e.more, lines);
		assert_string_equal(got, rows[i].want);
	}
	assert_false(excerpt_read(tmp, "nonexistent", 1, 1, 1, &(struct excerpt){0}));
	assert_false(excerpt_read(tmp, "repos", 1, 1, 1, &(struct excerpt){0}));
}

/* A line without an end, bytes that are no text. */
static void test_excerpt_big(void **state)
{
	auto_free char *path = path_join(tmp, "big"), *big = xmalloc(1 << 20);
	CLEANUP(excerpt_release) struct excerpt e = {0}, tail = {0};

	(void)state;
	memset(big, 'x', 1 << 20);
	big[5] = '\0';
	big[100] = '\n';
	OK(fs_write(path, big, 1 << 20, 0644, err));
	assert_true(excerpt_read(tmp, "big", 2, 5, 5, &e));
	assert_int_equal(e.lines.n, 2);
	assert_in_range(strlen(e.lines.v[1]), 2000, 2010);
	assert_true(excerpt_read(tmp, "big", 0, 5, 5, &tail));
	assert_int_equal(tail.first, 1);
	assert_int_equal(tail.lines.n, 2);
}

static void test_spark(void **state)
{
	struct store_builds builds = VEC_INIT;
	auto_strbuf struct strbuf out = STRBUF_INIT;

	(void)state;
	*vec_push(&builds) = (struct store_build){.state = BUILD_SUCCESS, .seconds = 10};
	*vec_push(&builds) = (struct store_build){.state = BUILD_QUEUED, .seconds = 99};
	spark(&out, &builds);
	assert_string_equal(sb_str(&out), "");
	*vec_push(&builds) = (struct store_build){.state = BUILD_FAILED, .seconds = 30};
	spark(&out, &builds);
	assert_non_null(strstr(sb_str(&out), "Median 20 s, longest 30 s, 1 failed."));
	assert_non_null(strstr(sb_str(&out), "<title"));
	vec_release(&builds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_story),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_repositories),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_root_changes),
		cmocka_unit_test(test_excerpt),
		cmocka_unit_test(test_excerpt_big),
		cmocka_unit_test(test_spark),
	};

	return cmocka_run_group_tests_name("pages", tests, setup, teardown);
}
