/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sched/news: what is news, for whom, and when it goes out. Nothing is delivered here but to hooks.
 */
#include "base/base.h"
#include "base/time.h"
#include "sched/internal.h"
#include "scratch.h"
#include "store/internal.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char *tmp;
static struct store *st;
static struct config cfg;
static struct news *news;

#define OK(call)                                                                                   \
	do {                                                                                       \
		auto_err struct err e_ = ERR_INIT;                                                 \
		struct err *err = &e_;                                                             \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, e_.msg);                                         \
	} while (0)

static void add_project(const char *name)
{
	struct config_project *p = vec_push(&cfg.projects);

	p->project = xstrdup(name);
	p->name = xstrdup(name);
	strv_addf(&p->maintainers, "%s@example.org", name);
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(scratch_make("news", &tmp), 0);
	OK(store_open(tmp, false, &st, err));
	cfg = (struct config){.data = tmp, .notify = {.rate = 30}};
	cfg.name = xstrdup("trunk");
	cfg.notify.smtp = xstrdup("localhost:1");
	cfg.notify.from = xstrdup("ci@example.org");
	strv_add(&cfg.notify.operators, "ops@example.org");
	add_project("foo");
	add_project("bar");
	OK(news_open(&cfg, st, &news, err));
	return 0;
}

static void project_release(struct config_project *p)
{
	free(p->project);
	free(p->name);
	strv_release(&p->maintainers);
}

static int teardown(void **state)
{
	(void)state;
	news_close(news);
	store_close(st);
	vec_free(&cfg.projects, project_release);
	strv_release(&cfg.notify.operators);
	free(cfg.name);
	free(cfg.notify.smtp);
	free(cfg.notify.from);
	free(cfg.notify.hook);
	return scratch_remove(&tmp);
}

static int64_t queue(const char *target, const char *project, const char *commit)
{
	auto_free char *t = xstrdup(target), *p = xstrdup(project), *c = xstrdup(commit);
	struct store_build b = {.target = t, .project = p, .upstream_sha = c, .packaging_sha = c};
	int64_t id = 0;

	b.queued = 1000;
	OK(store_build_add(st, &b, &id, NULL, err));
	return id;
}

static const char *blamed;

/* A queued build ends, as the scheduler records it. */
static void ends(int64_t id, enum build_status status, enum cause_kind cause, const char *message)
{
	CLEANUP(store_standing_release) struct store_standing before = {0};
	CLEANUP(store_build_release) struct store_build b = {0};
	CLEANUP(result_release) struct result res = {.status = status, .cause = cause};

	str_set(&res.cause_step, cause == CAUSE_NONE ? NULL : "a step");
	str_set(&res.cause_message, message);
	OK(store_build_get(st, id, &b, err));
	(void)store_standing(st, b.target, b.project, &before, NULL);
	OK(store_build_start(st, id, err));
	OK(store_build_finish(st, id, &res, err));
	if (blamed)
		OK(store_build_set_blamed(st, id, blamed, err));
	store_build_release(&b);
	OK(store_build_get(st, id, &b, err));
	OK(news_outcome(news, &b, &before, &res, err));
}

/* "failed foo@example.org, ..." of what waits and was not looked at before. */
static int64_t seen;

static char *told(void)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct store_news_vec all = VEC_INIT;

	OK(store_outbox_waiting(st, 0, &all, err));
	vec_foreach (&all, n) {
		if (n->id <= seen)
			continue;
		sb_addf(&b, "%s%s %s", b.n ? ", " : "", n->kind, *n->rcpt ? n->rcpt : n->channel);
		seen = n->id;
	}
	vec_free(&all, store_news_release);
	return sb_take(&b);
}

static void assert_told(const char *want)
{
	auto_free char *got = told();

	assert_string_equal(got, want);
}

/* A history of one project: the commits' outcomes, and who is told after each. */
static void decisions(void **state)
{
	static const struct {
		const char *project, *commit;
		enum build_status status;
		enum cause_kind cause;
		const char *blamed, *told;
	} rows[] = {
		/* the first outcome ever is a failure, and only the first of a row is told */
		{"foo", "1", STATUS_FAILED, CAUSE_BUILD, NULL, "failed foo@example.org"},
		{"foo", "2", STATUS_FAILED, CAUSE_SOURCE, NULL, ""},
		{"foo", "3", STATUS_SUCCESS, CAUSE_NONE, NULL, "fixed foo@example.org"},
		{"foo", "4", STATUS_SUCCESS, CAUSE_NONE, NULL, ""},
		{"foo", "5", STATUS_FAILED, CAUSE_TEST, NULL, "failed foo@example.org"},
		{"foo", "6", STATUS_SUCCESS, CAUSE_NONE, NULL, "fixed foo@example.org"},
		/* somebody else's failure, and its end */
		{"foo", "7", STATUS_FAILED, CAUSE_DEPENDENCY, "bar", ""},
		{"foo", "8", STATUS_SUCCESS, CAUSE_NONE, NULL, ""},
		/* then its own */
		{"foo", "9", STATUS_FAILED, CAUSE_DEPENDENCY, "bar", ""},
		{"foo", "10", STATUS_FAILED, CAUSE_BUILD, NULL, "failed foo@example.org"},
		{"foo", "11", STATUS_FAILED, CAUSE_DEPENDENCY, "bar", ""},
		{"foo", "12", STATUS_SUCCESS, CAUSE_NONE, NULL, "fixed foo@example.org"},
		/* the machine's trouble is the operators', the same once an hour */
		{"foo", "13", STATUS_FAILED, CAUSE_INFRASTRUCTURE, NULL,
			"infrastructure ops@example.org"},
		{"bar", "14", STATUS_FAILED, CAUSE_INFRASTRUCTURE, NULL, ""},
		{"foo", "15", STATUS_SUCCESS, CAUSE_NONE, NULL, ""},
		/* what is worth a retry is not known yet */
		{"foo", "16", STATUS_RETRY, CAUSE_INFRASTRUCTURE, NULL, ""},
		/* a project that worked and lacks something now */
		{"foo", "17", STATUS_FAILED, CAUSE_DEPENDENCY, NULL, "failed foo@example.org"},
		{"nobody", "18", STATUS_FAILED, CAUSE_BUILD, NULL, ""},
	};

	(void)state;
	seen = 0;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		int64_t id = queue("host", rows[i].project, rows[i].commit);

		blamed = rows[i].blamed;
		ends(id, rows[i].status, rows[i].cause, "no such thing 17");
		blamed = NULL;
		assert_told(rows[i].told);
	}
}

/* The first builds of all: who lacks what others may bring is not told of. */
static void bootstrap(void **state)
{
	int64_t foo, bar, other;

	(void)state;
	seen = 0;
	foo = queue("host", "foo", "1");
	bar = queue("host", "bar", "1");
	other = queue("el9", "bar", "1");
	ends(foo, STATUS_FAILED, CAUSE_DEPENDENCY, "nothing provides bar");
	assert_told("");
	/* the queue has run empty, and it still fails */
	ends(bar, STATUS_SUCCESS, CAUSE_NONE, NULL);
	assert_told("failed foo@example.org");
	ends(other, STATUS_FAILED, CAUSE_DEPENDENCY, "x");
	assert_told("failed bar@example.org");
}

static void bootstrap_well(void **state)
{
	int64_t foo, bar, waits;

	(void)state;
	seen = 0;
	foo = queue("host", "foo", "1");
	bar = queue("host", "bar", "1");
	ends(foo, STATUS_FAILED, CAUSE_DEPENDENCY, "nothing provides bar");
	waits = queue("host", "foo", "2");
	ends(bar, STATUS_SUCCESS, CAUSE_NONE, NULL);
	assert_told("");
	ends(waits, STATUS_SUCCESS, CAUSE_NONE, NULL);
	assert_told("");
	/* one that waits behind a failure holds nothing back */
	waits = queue("host", "foo", "3");
	OK(store_build_set_waits(st, waits, "bar", err));
	ends(queue("host", "baz", "1"), STATUS_FAILED, CAUSE_DEPENDENCY, "x");
	add_project("qux");
	ends(queue("host", "qux", "1"), STATUS_FAILED, CAUSE_DEPENDENCY, "x");
	assert_told("failed qux@example.org");
}

static void trouble(void **state)
{
	(void)state;
	seen = 0;
	OK(news_trouble(news, "disk is full (pid 17)", err));
	assert_told("infrastructure ops@example.org");
	OK(news_trouble(news, "disk is full (pid 18)", err));
	assert_told("");
	OK(news_trouble(news, "cannot poll https://example.org", err));
	assert_told("infrastructure ops@example.org");
	/* an hour later */
	OK(db_exec(st->db, "update outbox set at = at - 3601", err));
	OK(news_trouble(news, "disk is full (pid 19)", err));
	assert_told("infrastructure ops@example.org");
}

static void put(const char *rcpt, const char *project, const char *target, int64_t at)
{
	auto_free char *data = xasprintf("{\"schema\":1,\"event\":\"failed\",\"project\":\"%s\","
					 "\"target\":\"%s\",\"upstream_sha\":\"a\","
					 "\"packaging_sha\":\"b\"}",
		project, target);
	auto_free char *to = xstrdup(rcpt), *mail = xstrdup("mail"), *kind = xstrdup("failed");
	struct store_news n = {.at = at, .channel = mail, .rcpt = to, .kind = kind, .data = data};

	OK(store_outbox_add(st, &n, NULL, err));
}

/* "a:1 a:1 b:3": the address and the mail's number of each piece of news that goes out */
static char *taken(int64_t now, unsigned flags)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct store_news_vec due = VEC_INIT;

	OK(news_take(news, now, flags, &due, err));
	vec_foreach (&due, d) {
		auto_free char *line =
			xasprintf("sent %lld %lld", (long long)d->id, (long long)d->mail);

		sb_addf(&b, "%s%s:%lld", b.n ? " " : "", d->rcpt, (long long)d->mail);
		OK(news_line(news, line, err));
	}
	vec_free(&due, store_news_release);
	OK(news_ended(news, err));
	return sb_take(&b);
}

static void assert_taken(int64_t now, unsigned flags, const char *want)
{
	auto_free char *got = taken(now, flags);

	assert_string_equal(got, want);
}

static void targets(void **state)
{
	int64_t now = time_now();

	(void)state;
	put("a", "foo", "host", now);
	put("b", "foo", "host", now);
	put("a", "bar", "host", now);
	put("a", "foo", "el9", now);
	assert_int_equal(news_due(news, now), 0);
	assert_taken(now, 0, "a:1 a:1 b:2 a:3");
	assert_int_equal(news_due(news, now), -1);
}

/* One target is done, the same commit is on its way on another. */
static void settles(void **state)
{
	int64_t now = time_now(), due;
	struct store_build b = {0};

	(void)state;
	b.target = (char[]){"el9"};
	b.project = (char[]){"foo"};
	b.upstream_sha = (char[]){"a"};
	b.packaging_sha = (char[]){"b"};
	OK(store_build_add(st, &b, &due, NULL, err));
	put("a", "foo", "host", now);
	assert_taken(now, 0, "");
	assert_int_equal(news_due(news, now), 120);
	assert_taken(now + 120, 0, "a:1");
	put("a", "foo", "host", now);
	assert_taken(now, NEWS_LAST, "a:2");
}

static void digest(void **state)
{
	int64_t now = time_now();

	(void)state;
	cfg.notify.digest = 600;
	put("a", "foo", "host", now - 100);
	put("a", "bar", "host", now);
	put("b", "bar", "host", now);
	assert_int_equal(news_due(news, now), 500);
	assert_taken(now, NEWS_LAST, "");
	assert_taken(now + 500, 0, "a:1 a:1");
	assert_taken(now + 500, NEWS_ALL, "b:3");
}

static void rate(void **state)
{
	int64_t now = time_now(), sent;

	(void)state;
	cfg.notify.rate = 2;
	put("a", "p1", "host", now);
	put("a", "p2", "host", now);
	put("a", "p3", "host", now);
	put("b", "p3", "host", now);
	put("a", "p4", "host", now);
	assert_taken(now, 0, "a:1 a:2 b:4");
	sent = time_now(); /* or before */
	assert_int_equal(news_due(news, now) > 3500, 1);
	/* even when somebody wants everything now */
	assert_taken(now, NEWS_ALL, "");
	put("a", "p5", "host", now);
	assert_taken(now + 10, 0, "");
	assert_taken(sent + 3601, 0, "a:3 a:3 a:3");
}

static void later(void **state)
{
	int64_t now = time_now(), said;
	struct store_news_vec due = VEC_INIT;

	(void)state;
	put("a", "foo", "host", now);
	OK(news_take(news, now, 0, &due, err));
	assert_int_equal(due.n, 1);
	/* on its way it is not taken again */
	assert_int_equal(news_due(news, now), -1);
	assert_taken(now, NEWS_ALL, "");
	vec_free(&due, store_news_release);
	OK(news_take(news, now, 0, &due, err));
	OK(news_line(news, "later 1 60 no server", err));
	said = time_now(); /* or before */
	assert_in_range(news_due(news, now), 60, said + 60 - now);
	/* the clock is set back by a month: nothing waits for that long */
	assert_int_equal(news_due(news, now - 30 * 86400), 0);
	assert_taken(said + 60, 0, "a:1");
	/* the delivering process dies */
	put("a", "foo", "host", now);
	OK(news_take(news, now, 0, &due, err));
	OK(news_ended(news, err));
	said = time_now();
	assert_in_range(news_due(news, now), 60, said + 60 - now);
	vec_free(&due, store_news_release);
	assert_int_equal(news_line(news, "rubbish", NULL), -ERR_BUG);
	assert_int_equal(news_line(news, "sent", NULL), -ERR_BUG);
}

static uint64_t now_ms = 1;

static uint64_t fake_clock(void)
{
	return now_ms;
}

/* A remote that is away for a while is nobody's business, one that stays away the operators'. */
static void remotes(void **state)
{
	const struct sched_opts opts = {0};
	/* stalled: nothing is delivered */
	struct sched s = {.cfg = &cfg, .opts = &opts, .store = st, .news = news, .stalled = true};
	struct project p = {.conf = &cfg.projects.v[0]};
	auto_err struct err e = ERR_INIT;

	(void)state;
	seen = 0;
	s.loop = loop_new(fake_clock);
	*vec_push(&s.projects) = &p;
	(void)err_set(&e, ERR_NET, "no route to host");
	poll_trouble(&s, &p, &e);
	poll_tell(&s);
	assert_told("");
	now_ms += UINT64_C(3600) * 1000;
	poll_trouble(&s, &p, &e);
	poll_tell(&s);
	assert_told("infrastructure ops@example.org");
	poll_tell(&s);
	assert_told("");
	poll_trouble(&s, &p, NULL);
	poll_trouble(&s, &p, &e);
	poll_tell(&s);
	assert_told("");
	loop_free(s.loop);
	vec_release(&s.projects);
	hmap_release(&s.touched);
	free(p.trouble);
	free(p.kept);
}

/* What fails for days, and what is held, does not hide what may go now. */
static void crowd(void **state)
{
	char texts[][8] = {"mail", "held", "hook", "failed", "", "{}"};
	struct store_news row = {
		.channel = texts[0], .rcpt = texts[4], .kind = texts[3], .data = texts[5]};
	struct store_news_vec all = VEC_INIT;
	int64_t id;

	(void)state;
	row.not_before = time_now() + 600;
	OK(store_outbox_add(st, &row, NULL, err));
	row.not_before = 0;
	row.channel = texts[1];
	OK(store_outbox_add(st, &row, NULL, err));
	row.channel = texts[2];
	OK(store_outbox_add(st, &row, &id, err));
	OK(store_outbox_waiting(st, 1, &all, err));
	assert_int_equal(all.n, 1);
	assert_int_equal(all.v[0].id, id);
	vec_free(&all, store_news_release);
}

static void strays(void **state)
{
	struct store_news_vec all = VEC_INIT;

	(void)state;
	put("a", "foo", "host", time_now());
	str_set(&cfg.notify.smtp, NULL);
	assert_taken(time_now(), 0, "");
	OK(store_outbox_waiting(st, 0, &all, err));
	assert_int_equal(all.n, 0);
}

/* The log's lines that matter are in the news. */
static void excerpts(void **state)
{
	struct store_news_vec all = VEC_INIT;
	auto_free char *dir = path_join(tmp, "builds/1"), *log = path_join(dir, "build.log");
	auto_strbuf struct strbuf text = STRBUF_INIT;
	struct result res = {.status = STATUS_FAILED, .cause = CAUSE_BUILD, .cause_line = 50};
	struct store_build b = {.id = 1, .state = BUILD_FAILED};

	(void)state;
	for (int i = 1; i <= 100; i++)
		sb_addf(&text, "line %d\n", i);
	OK(fs_mkdirs(dir, 0755, err));
	OK(fs_write(log, text.s, text.n, 0644, err));
	b.target = (char[]){"host"};
	b.project = (char[]){"foo"};
	res.cause_log = (char[]){"build.log"};
	OK(news_outcome(news, &b, NULL, &res, err));
	OK(store_outbox_waiting(st, 0, &all, err));
	assert_int_equal(all.n, 1);
	assert_non_null(strstr(all.v[0].data, "line 40\\nline 41\\n"));
	assert_non_null(strstr(all.v[0].data, "line 52\\n\""));
	assert_null(strstr(all.v[0].data, "line 39"));
	vec_free(&all, store_news_release);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(decisions, setup, teardown),
		cmocka_unit_test_setup_teardown(bootstrap, setup, teardown),
		cmocka_unit_test_setup_teardown(bootstrap_well, setup, teardown),
		cmocka_unit_test_setup_teardown(trouble, setup, teardown),
		cmocka_unit_test_setup_teardown(targets, setup, teardown),
		cmocka_unit_test_setup_teardown(settles, setup, teardown),
		cmocka_unit_test_setup_teardown(digest, setup, teardown),
		cmocka_unit_test_setup_teardown(rate, setup, teardown),
		cmocka_unit_test_setup_teardown(later, setup, teardown),
		cmocka_unit_test_setup_teardown(remotes, setup, teardown),
		cmocka_unit_test_setup_teardown(crowd, setup, teardown),
		cmocka_unit_test_setup_teardown(strays, setup, teardown),
		cmocka_unit_test_setup_teardown(excerpts, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
