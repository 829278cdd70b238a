/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lists, the feed and the badge of a small world, against tests/data/report; a second clock and
 * second runs. PACKMILL_UPDATE=1 writes what came out over what was expected.
 */
#include "base/base.h"
#include "report/entries.h"
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "store_fixture.h"

#define NOW 1700000000 /* 2023-11-14 22:13:20 */
#define DAY 86400

static struct report_projects projects;
static struct strv targets;
static struct report *rep;

static void configure(const char *project, const char *component, const struct strv *on)
{
	*vec_push(&projects) =
		(struct report_project){.project = project, .component = component, .targets = on};
}

static int open_report(void **state)
{
	struct report_conf conf = {
		.name = "trunk", .baseurl = "https://packages.example.org/r", .jobs = 2};
	static struct strv other;

	if (setup(state) < 0)
		return -1;
	strv_addl(&targets, "mini", "other", NULL);
	if (!other.n)
		strv_add(&other, "other");
	configure("broken", "base", NULL);
	configure("good", NULL, NULL);
	configure("follower", NULL, NULL);
	configure("elsewhere", NULL, &other);
	configure("new", NULL, NULL);
	configure("vanished", NULL, NULL);
	conf.data = tmp;
	conf.targets = &targets;
	conf.projects = &projects;
	OK(report_open(&conf, st, &rep, err));
	vec_release(&projects);
	strv_release(&targets);
	rep->now = NOW;
	return 0;
}

static int close_report(void **state)
{
	report_close(rep);
	rep = NULL;
	return teardown(state);
}

/* The store's clock is the real one. */
static void sql(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void sql(const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		fail();
	va_end(ap);
	OK(db_exec(st->db, text, err));
}

static int64_t queue_build(const char *target, const char *project, int64_t when)
{
	static unsigned n;
	auto_free char *up = xasprintf("%08xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ++n);
	auto_free char *pack = xasprintf("%08xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", n);
	auto_free char *t = xstrdup(target), *p = xstrdup(project);
	auto_free char *url = xasprintf("https://github.com/o/%s.git", project);
	char author[] = "Ann <script>Author</script> \u202egnihton", trigger[] = "commit";
	char subject[] = "Fix \"it\" & <b>more</b>\nin two lines", git[] = "/srv/git/packaging";
	struct store_build b = {.target = t,
		.project = p,
		.upstream_sha = up,
		.packaging_sha = pack,
		.upstream_url = url,
		.packaging_url = git,
		.author = author,
		.subject = subject,
		.trigger = trigger,
		.queued = when,
		.commit_time = when - 60};
	int64_t id = 0;

	OK(store_build_add(st, &b, &id, NULL, err));
	return id;
}

static int64_t ended(const char *project, enum build_status status, int64_t when)
{
	struct result res = {.status = status};
	struct build_step *s = vec_push(&res.steps);
	int64_t id = queue_build("mini", project, when - 100);

	s->name = xstrdup("build");
	s->seconds = 90;
	str_set(&res.name, project);
	str_set(&res.version, "1.0~rc<1>");
	res.release = xasprintf("%lld.el9", (long long)id);
	if (status != STATUS_SUCCESS) {
		res.cause = CAUSE_BUILD;
		str_set(&res.cause_step, "build");
		str_set(&res.cause_message, "error: <img src=x onerror=alert(1)> \x1b[0m\xff");
		str_set(&res.cause_log, "build.log");
	}
	OK(store_build_start(st, id, err));
	OK(store_build_finish(st, id, &res, err));
	if (status == STATUS_SUCCESS) {
		auto_free char *dir = xasprintf("aa/bb/c%lld", (long long)id);
		auto_free char *path = xasprintf("%s/repos/mini/%s", tmp, dir);
		auto_free char *log = path_join(path, "build.log");

		OK(store_build_published(st, id, dir, err));
		OK(fs_mkdirs(path, 0755, err));
		OK(fs_write(log, "log\n", 4, 0644, err));
	}
	result_release(&res);
	sql("update build set started = %lld, finished = %lld where id = %lld",
		(long long)when - 90, (long long)when, (long long)id);
	sql("update standing set last_success_time = case when last_success = %lld then %lld else "
	    "last_success_time end, first_failure_time = case when first_failure = %lld then %lld "
	    "else first_failure_time end",
		(long long)id, (long long)when, (long long)id, (long long)when);
	return id;
}

/* broken succeeded ten days ago and fails for three, follower because of it; good is good. */
static void make_world(void)
{
	int64_t id;

	ended("broken", STATUS_SUCCESS, NOW - 10 * DAY);
	ended("good", STATUS_SUCCESS, NOW - 5 * DAY);
	ended("follower", STATUS_SUCCESS, NOW - 5 * DAY + 60);
	ended("broken", STATUS_FAILED, NOW - 3 * DAY);
	ended("broken", STATUS_FAILED, NOW - 2 * DAY);
	id = ended("follower", STATUS_FAILED, NOW - DAY);
	OK(store_build_set_blamed(st, id, "broken", err));
	ended("good", STATUS_SUCCESS, NOW - 3600);
	/* the queue: one runs, one of it waits for that, one for what failed, a retry, one on hold
	 */
	id = queue_build("mini", "good", NOW - 50);
	OK(store_build_start(st, id, err));
	sql("update build set started = %d where id = %lld", NOW - 30, (long long)id);
	queue_build("mini", "good", NOW - 40);
	id = queue_build("mini", "follower", NOW - 30);
	OK(store_build_set_waits(st, id, "broken", err));
	id = ended("elsewhere", STATUS_RETRY, NOW - 20);
	sql("update build set target = 'other', not_before = %d where id = %lld", NOW + 600,
		(long long)id);
	id = queue_build("mini", "new", NOW - 10);
	OK(store_build_set_waits(st, id, "broken", err));
	OK(store_hold(st, "new", true, err));
	/* nobody knows whether there is anything new of these; a server's words are a stranger's */
	ended("vanished", STATUS_SUCCESS, NOW - 4 * DAY);
	OK(store_unreachable_set(st, "vanished", NOW - 2 * DAY,
		"upstream: <b>'/srv/git/vanished'</b>: \u202edoes not appear to be a git "
		"repository",
		err));
	OK(store_unreachable_set(st, "follower", NOW - 600, "packaging: no route to host", err));
}

static char *slurp(const char *rel)
{
	auto_free char *path = xasprintf("%s/repos/%s", tmp, rel);
	char *text = NULL;

	OK(fs_read(path, 16 << 20, &text, NULL, err));
	return text;
}

static void golden(const char *rel)
{
	auto_free char *name = str_replace(rel, "/", "_");
	auto_free char *path =
		xasprintf("%s/tests/data/report/%s", getenv("PACKMILL_SOURCE"), name);
	auto_free char *got = slurp(rel), *want = NULL;

	if (getenv("PACKMILL_UPDATE"))
		OK(fs_write(path, got, strlen(got), 0644, err));
	OK(fs_read(path, 16 << 20, &want, NULL, err));
	if (!str_eq(got, want)) {
		auto_free char *kept = xasprintf("%s/%s", getenv("TMPDIR") ?: "/tmp", name);

		OK(fs_write(kept, got, strlen(got), 0644, err));
		fail_msg("%s is not as in %s: see %s", rel, path, kept);
	}
}

static void test_pages(void **state)
{
	static const char *const all[] = {"index.html", "index.json", "mini/report.html",
		"mini/report.json", "mini/report.atom", "mini/status_report.html",
		"mini/status_report.json", "mini/queue.html", "mini/queue.json",
		"mini/projects/broken.svg", "mini/projects/good.svg", "mini/projects/new.svg",
		"other/report.html", "other/queue.html"};

	(void)state;
	make_world();
	OK(lists_latest(rep, "mini", err));
	OK(lists_latest(rep, "other", err));
	/* the status page says who waits as the queue's page saw it */
	OK(lists_queue(rep, "mini", err));
	OK(lists_queue(rep, "other", err));
	OK(lists_status(rep, "mini", err));
	OK(lists_index(rep, err));
	OK(badge_write(rep, "mini", "broken", err));
	OK(badge_write(rep, "mini", "good", err));
	OK(badge_write(rep, "mini", "new", err));
	for (size_t i = 0; i < COUNTOF(all); i++)
		golden(all[i]);
}

static ino_t inode(const char *rel)
{
	auto_free char *path = xasprintf("%s/repos/%s", tmp, rel);
	struct stat s;

	assert_int_equal(stat(path, &s), 0);
	return s.st_ino;
}

/* What is the same is left alone; a new day makes the days count on. */
static void test_unchanged(void **state)
{
	ino_t status, latest;

	(void)state;
	make_world();
	OK(report_start(rep, err));
	status = inode("mini/status_report.html");
	latest = inode("mini/report.html");
	OK(report_start(rep, err));
	assert_int_equal(status, inode("mini/status_report.html"));
	rep->now = NOW + 3600;
	OK(report_tick(rep, NOW + 3600, err));
	assert_int_equal(status, inode("mini/status_report.html"));
	rep->now = NOW + 2 * 3600;
	OK(report_tick(rep, NOW + 2 * 3600, err));
	assert_int_not_equal(status, inode("mini/status_report.html"));
	assert_int_equal(latest, inode("mini/report.html"));
	status = inode("mini/status_report.html");
	OK(report_tick(rep, NOW + 3 * 3600, err));
	assert_int_equal(status, inode("mini/status_report.html"));
}

/* Half a page is never seen, a left-over of a kill is in nobody's way, a torn page is mended. */
static void test_replace(void **state)
{
	auto_free char *page = xasprintf("%s/repos/mini/report.html", tmp);
	auto_free char *left = xasprintf("%s/repos/mini/.report.html.new", tmp);
	auto_free char *outside = xasprintf("%s/outside", tmp);
	auto_free char *good = NULL, *now = NULL, *out = NULL;

	(void)state;
	make_world();
	OK(report_start(rep, err));
	good = slurp("mini/report.html");
	OK(fs_write(page, "", 0, 0644, err));
	OK(fs_write(outside, "mine", 4, 0644, err));
	assert_int_equal(symlink(outside, left), 0);
	OK(report_start(rep, err));
	now = slurp("mini/report.html");
	assert_string_equal(good, now);
	OK(fs_read(outside, 100, &out, NULL, err));
	assert_string_equal(out, "mine");
	assert_false(fs_exists(left));
}

static void test_forget(void **state)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	auto_free char *page = NULL, *before = NULL, *after = NULL;
	int64_t id;

	(void)state;
	make_world();
	id = ended("good", STATUS_FAILED, NOW - 5);
	OK(report_build(rep, id, err));
	page = xasprintf("%s/repos/mini/builds/%lld.html", tmp, (long long)id);
	assert_true(fs_exists(page));
	before = slurp("mini/report.html");
	OK(store_build_get(st, id, &b, err));
	OK(store_build_delete(st, id, err));
	OK(report_forget(rep, &b, err));
	assert_false(fs_exists(page));
	after = slurp("mini/report.html");
	assert_string_not_equal(before, after);
}

/* ---- the order of the queue ---- */

static int64_t wait_for(const char *project, int64_t priority)
{
	int64_t id = queue_build("mini", project, NOW);

	if (priority)
		OK(store_build_set_priority(st, id, priority, err));
	return id;
}

static void order(struct report_entries *ret)
{
	vec_free(ret, report_entry_release);
	OK(report_entries(rep, "mini", NOW, ret, err));
}

/* Two workers, nothing known of any: each takes a minute. */
static void test_order(void **state)
{
	struct report_entries q = VEC_INIT;
	int64_t many[3], one, first;
	static const int starts[] = {0, 0, 60, 60, 120};

	(void)state;
	for (size_t i = 0; i < COUNTOF(many); i++)
		many[i] = wait_for("good", 0);
	one = wait_for("broken", 0);
	first = wait_for("new", 5);
	order(&q);
	assert_int_equal(q.n, 5);
	/* priority, then the oldest; the one with many waits for its own, which serves the other */
	assert_int_equal(q.v[0].build.id, many[0]);
	assert_int_equal(q.v[1].build.id, first);
	assert_int_equal(q.v[2].build.id, many[1]);
	assert_int_equal(q.v[3].build.id, one);
	assert_int_equal(q.v[4].build.id, many[2]);
	for (size_t i = 0; i < q.n; i++)
		assert_int_equal((int)q.v[i].start, starts[i]);
	/* what it waits for goes first; what waits for a failed one has no time; so has a held one
	 */
	OK(store_build_set_waits(st, one, "good", err));
	order(&q);
	assert_int_equal(q.v[4].build.id, one);
	assert_int_equal((int)q.v[4].start, 180);
	OK(store_build_set_waits(st, one, "follower", err));
	OK(store_hold(st, "new", true, err));
	order(&q);
	assert_int_equal(q.v[3].build.id, one);
	assert_true(isnan(q.v[3].start) && !q.v[3].held);
	assert_int_equal(q.v[4].build.id, first);
	assert_true(isnan(q.v[4].start) && q.v[4].held);
	OK(store_hold(st, "", true, err));
	order(&q);
	for (size_t i = 0; i < q.n; i++)
		assert_true(isnan(q.v[i].start));
	vec_free(&q, report_entry_release);
}

/* Running ones occupy workers; one that takes too long is taken to end soon. */
static void test_running(void **state)
{
	struct report_entries q = VEC_INIT;
	int64_t a = wait_for("good", 0), b = wait_for("broken", 0), c = wait_for("new", 0);

	(void)state;
	OK(store_build_start(st, a, err));
	OK(store_build_start(st, b, err));
	sql("update build set started = %d where id = %lld", NOW - 20, (long long)a);
	sql("update build set started = %d where id = %lld", NOW - 1000, (long long)b);
	order(&q);
	assert_int_equal(q.n, 3);
	assert_int_equal(q.v[0].build.id, b);
	assert_int_equal((int)q.v[0].start, -1000);
	assert_int_equal(q.v[1].build.id, a);
	assert_int_equal(q.v[2].build.id, c);
	assert_int_equal((int)q.v[2].start, 5);
	vec_free(&q, report_entry_release);
}

/* A long queue is played as far as anybody reads; the rest comes later, but it comes. */
static void test_long(void **state)
{
	struct report_entries q = VEC_INIT;
	auto_free char *json = NULL;

	(void)state;
	OK(store_begin(st, err));
	for (int i = 0; i < ENTRIES_PLAYED; i++)
		wait_for("good", 0);
	for (int i = 0; i < 9; i++)
		wait_for("broken", 0);
	OK(store_commit(st, err));
	OK(store_hold(st, "new", true, err));
	wait_for("new", 0);
	order(&q);
	assert_int_equal(q.n, ENTRIES_PLAYED + 10);
	/* one after the other: broken is served in turn, good fills the rest */
	assert_false(isinf(q.v[ENTRIES_PLAYED - 1].start));
	for (size_t i = ENTRIES_PLAYED; i < q.n - 1; i++)
		assert_true(isinf(q.v[i].start));
	assert_true(isnan(q.v[q.n - 1].start));
	vec_free(&q, report_entry_release);
	OK(lists_queue(rep, "mini", err));
	json = slurp("mini/queue.json");
	assert_non_null(strstr(json, "\"held_back\": 1,"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_report, close_report)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_pages), T(test_unchanged), T(test_replace),
		T(test_forget), T(test_order), T(test_running), T(test_long)};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
