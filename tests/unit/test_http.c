/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http_fixture.h"

static void basics(void **state)
{
	struct http_get g = want("/f", NULL), p = plain("/redirect/f");

	(void)state;
	assert_int_equal(fetch(&g), 0);
	assert_true(g.done);
	expect_whole();
	assert_int_equal(g.got, SIZE);
	assert_string_equal(g.from, g.urls.v[0]);
	assert_non_null(g.ret_etag);
	assert_non_null(g.ret_modified);
	assert_int_equal(g.problems.n, 0);
	assert_int_equal(fetch(&p), 0);
	expect_whole();
	assert_true(str_ends(p.from, "/f") && !strstr(p.from, "redirect"));
	http_get_release(&g);
	http_get_release(&p);
}

/* Each of these is named in the problems, and the second mirror gives the file. */
static void bad_mirrors(void **state)
{
	static const struct {
		const char *url, *why;
	} rows[] = {
		{"/404/f", "HTTP status 404"},
		{"/503/f", "HTTP status 503"},
		{"/401/f", "HTTP status 401"},
		{"/nothing", "HTTP status 404"},
		{"/cut/f", "150000 bytes remaining"},
		{"/reset/f", "reset"},
		{"/close/f", "Empty reply"},
		{"/lie/f", "another checksum"},
		{"/lie/no-length/f", "another checksum"},
		{"/truncate/f", "has 150000 bytes instead of 300000"},
		{"/truncate/no-length/f", "ended after 150000 of 300000"},
		{"/grow/f", "has 301000 bytes instead of 300000"},
		{"/grow/no-length/f", "sends more than 300000 bytes"},
		{"/endless/f", "sends more than 300000 bytes"},
		{"/endless-head/f", "eader"},
		{"/loop/f", "Maximum (8) redirects"},
		{"/to-file/f", "redirects to a protocol that is not allowed"},
		{"/redirect/404/f", "HTTP status 404"},
		{"http://127.0.0.1:1/f", "127.0.0.1"},
		{"http://", "URL"},
		{"ftp://127.0.0.1:1/f", "not a http, https or file URL"},
		{"no-scheme", ""},
		{"file:///nonexistent/f", "no such file"},
		{"file:///dev/zero", "not a regular file"},
		{"FILE:///", "not a regular file"},
		{"file://other.example.org/f", ""},
	};

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct http_get g = want(rows[i].url, "/f");

		(void)fresh(state);
		assert_int_equal(fetch(&g), 0);
		assert_int_equal(g.problems.n, 1);
		expect_problem(&g, 0, rows[i].why);
		assert_string_equal(g.from, g.urls.v[1]);
		expect_whole();
		http_get_release(&g);
	}
}

static void silent_mirrors(void **state)
{
	static const char *const urls[] = {"/stall/f", "/drip/f", "/hang/f"};
	/* no server that could be slow, too */
	auto_free char *good = xasprintf("file://%s/f", dir);
	/* curl looks at the speed of some seconds: high enough that the half that came is soon slow
	 */
	struct http_conf conf = {.stall_secs = 1, .stall_rate = 100000, .retries = -1};
	CLEANUP(http_freep) struct http *h = NULL;
	auto_err struct err e = ERR_INIT;
	struct http_get g[COUNTOF(urls)];

	(void)state;
	assert_int_equal(http_new(&conf, &h, &e), 0);
	for (size_t i = 0; i < COUNTOF(urls); i++) {
		g[i] = want(urls[i], i == 1 ? good : NULL);
		free(g[i].path);
		g[i].path = xasprintf("%s%zu", path, i);
	}
	assert_int_equal(http_fetch(h, g, COUNTOF(g), NULL, NULL, &e), -(int)ERR_NET);
	for (size_t i = 0; i < COUNTOF(urls); i++) {
		expect_problem(&g[i], 0, "stalled: ");
		assert_int_equal(g[i].done, i == 1);
		http_get_release(&g[i]);
	}
	assert_true(in_tmp("got0.part"));
	assert_true(in_tmp("got1"));
	/* nothing came: nothing is left */
	assert_false(in_tmp("got2.part"));
	assert_true(str_starts(e.msg, "http://127.0.0.1"));
}

static void failures(void **state)
{
	struct http_get a = want("/404/f", "/410/f"), b = want("/404/f", "/503/f"),
			c = want("file:///nonexistent/f", NULL),
			d = want("/lie/f", "/lie/no-length/f"), n = want("/f", NULL),
			k = want("/f", NULL),
			secret = want("http://user:secret@127.0.0.1:1/f", NULL);

	(void)state;
	assert_int_equal(fetch(&a), -(int)ERR_NOT_FOUND);
	assert_true(str_starts(a.err.msg, "all 2 mirrors failed, the last: http://"));
	assert_int_equal(fetch(&b), -(int)ERR_NET);
	assert_int_equal(b.problems.n, 2);
	assert_int_equal(fetch(&c), -(int)ERR_NOT_FOUND);
	assert_string_equal(c.err.msg, "file:///nonexistent/f: no such file");
	assert_int_equal(fetch(&secret), -(int)ERR_NET);
	assert_null(strstr(secret.err.msg, "secret"));
	assert_int_equal(fetch(&d), -(int)ERR_NET);
	strv_release(&n.urls);
	assert_int_equal(fetch(&n), -(int)ERR_NET);
	str_set(&k.checksum, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	assert_int_equal(fetch(&k), -(int)ERR_CORRUPT);
	assert_false(in_tmp("got") || in_tmp("got.part") || in_tmp("got.part.from"));
	http_get_release(&a);
	http_get_release(&b);
	http_get_release(&c);
	http_get_release(&d);
	http_get_release(&n);
	http_get_release(&k);
	http_get_release(&secret);
}

/* Trouble with our own disk is no mirror's fault. */
static void own_disk(void **state)
{
	struct http_get a = want("/f", "/f"), b = want("/f", "/f"), c = want("/f", NULL);
	auto_free char *part = path_join(tmp, "got.part");

	(void)state;
	free(a.path);
	a.path = path_join(tmp, "no/such/directory");
	assert_int_equal(fetch(&a), -(int)ERR_SYS);
	assert_int_equal(a.problems.n, 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(fetch(&b), -(int)ERR_SYS);
	assert_int_equal(b.problems.n, 0);
	assert_int_equal(rmdir(path), 0);
	/* what was complete is taken without a server */
	str_set(&c.urls.v[0], "http://127.0.0.1:1/f");
	assert_int_equal(fetch(&c), 0);
	expect_whole();
	assert_int_equal(symlink("f", part), 0);
	assert_int_equal(unlink(path), 0);
	http_get_release(&c);
	c = want("/f", NULL);
	assert_int_equal(fetch(&c), -(int)ERR_SYS);
	http_get_release(&a);
	http_get_release(&b);
	http_get_release(&c);
}

static void resume(void **state)
{
	struct http_get a = want("/cut/f", NULL), b = want("/redirect/f", NULL);

	(void)state;
	assert_int_equal(fetch(&a), -(int)ERR_NET);
	assert_int_equal(a.got, SIZE / 2);
	assert_true(in_tmp("got.part") && in_tmp("got.part.from") && !in_tmp("got"));
	assert_int_equal(fetch(&b), 0);
	assert_int_equal(b.got, SIZE / 2);
	expect_whole();
	expect_requests("GET /f 206 150000 bytes=150000-", 1);
	http_get_release(&a);
	http_get_release(&b);
	/* a mirror that cuts, one that cuts the rest, one that has all: each goes on */
	(void)fresh(state);
	a = want("/cut/f", "/reset/f");
	add_url(&a, "/no-validator/f");
	assert_int_equal(fetch(&a), 0);
	assert_int_equal(a.got, SIZE);
	assert_int_equal(a.problems.n, 2);
	expect_whole();
	expect_requests("GET /no-validator/f 206 75000 bytes=225000-", 1);
	http_get_release(&a);
}

/* Trouble that may pass is given time; what is wrong stays wrong. */
static void rounds(void **state)
{
	CLEANUP(http_freep) struct http *h = NULL;
	struct http_get a = want("/flaky/f", "/404/f"), b = want("/cut/f", NULL),
			c = want("/404/f", "/lie/f");
	auto_err struct err e = ERR_INIT;

	(void)fresh(state);
	assert_int_equal(http_new(&(struct http_conf){.retries = 1, .pause_ms = 10}, &h, NULL), 0);
	assert_int_equal(http_fetch(h, &a, 1, NULL, NULL, &e), 0);
	assert_int_equal(a.problems.n, 2);
	expect_whole();
	(void)fresh(state);
	/* the second round goes on with what the first one got */
	assert_int_equal(http_fetch(h, &b, 1, NULL, NULL, &e), -(int)ERR_NET);
	assert_true(b.got > SIZE / 2);
	(void)fresh(state);
	assert_int_equal(http_fetch(h, &c, 1, NULL, NULL, &e), -(int)ERR_NET);
	expect_requests("GET /lie/f 200", 1);
	http_get_release(&a);
	http_get_release(&b);
	http_get_release(&c);
}

/* Something is in the .part; the server, the checksum or the validators decide what it is worth. */
static void resume_table(void **state)
{
	enum part { NONE, GOOD, BAD, FULL, BAD_FULL, LONG };
	enum from { NOTE_NO, NOTE_RIGHT, NOTE_OLD, NOTE_WEAK, NOTE_DATE, NOTE_OTHER, NOTE_JUNK };
	static const struct {
		const char *url;
		bool checksum;
		enum part part;
		enum from note;
		uint64_t got;
	} rows[] = {
		{"/f", true, GOOD, NOTE_NO, SIZE - 1000},
		{"/f", true, GOOD, NOTE_RIGHT, SIZE - 1000},
		{"/f", true, GOOD, NOTE_OTHER, SIZE - 1000},
		{"/f", true, GOOD, NOTE_OLD, SIZE},
		{"/no-range/f", true, GOOD, NOTE_RIGHT, SIZE},
		{"/bad-range/f", true, GOOD, NOTE_RIGHT, SIZE},
		{"/no-length/f", true, GOOD, NOTE_RIGHT, SIZE - 1000},
		/* poisoned: the rest first, then all of it */
		{"/f", true, BAD, NOTE_NO, 2 * SIZE - 1000},
		{"/f", true, BAD, NOTE_RIGHT, 2 * SIZE - 1000},
		{"/f", true, FULL, NOTE_NO, 0},
		{"/f", true, BAD_FULL, NOTE_RIGHT, SIZE},
		{"/f", true, LONG, NOTE_NO, SIZE},
		/* without checksum only the validators tell */
		{"/f", false, GOOD, NOTE_RIGHT, SIZE - 1000},
		{"/date-only/f", false, GOOD, NOTE_DATE, SIZE - 1000},
		{"/f", false, BAD, NOTE_NO, SIZE},
		{"/f", false, BAD, NOTE_OLD, SIZE},
		{"/f", false, BAD, NOTE_WEAK, SIZE},
		{"/f", false, BAD, NOTE_OTHER, SIZE},
		{"/f", false, BAD, NOTE_JUNK, SIZE},
		{"/no-range/f", false, BAD, NOTE_RIGHT, SIZE},
		{"/bad-range/f", false, BAD, NOTE_RIGHT, SIZE},
		{"/f", false, FULL, NOTE_RIGHT, SIZE},
		{"/f", false, BAD_FULL, NOTE_RIGHT, SIZE},
		{"/f", false, LONG, NOTE_RIGHT, SIZE},
	};
	static char junk[MIB + 1];

	memset(junk, 'j', sizeof junk);
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		static const size_t sizes[] = {0, 1000, 1000, SIZE, SIZE, sizeof junk};
		struct http_get probe = plain("/f"), g;
		auto_free char *note = NULL;
		bool good = rows[i].part == GOOD || rows[i].part == FULL;

		(void)fresh(state);
		assert_int_equal(fetch(&probe), 0);
		assert_int_equal(unlink(path), 0);
		g = rows[i].checksum ? want(rows[i].url, NULL) : plain(rows[i].url);
		put(tmp, "got.part", good ? body : junk, sizes[rows[i].part]);
		switch (rows[i].note) {
		case NOTE_NO:
			break;
		case NOTE_JUNK:
			note = xasprintf("%s\n%s", g.urls.v[0], probe.ret_etag);
			break;
		case NOTE_DATE:
			note = xasprintf("%s\n\n%s\n", g.urls.v[0], probe.ret_modified);
			break;
		default:
			note = xasprintf("%s\n%s%s\n\n",
				rows[i].note == NOTE_OTHER ? "http://other/f" : g.urls.v[0],
				rows[i].note == NOTE_WEAK ? "W/" : "",
				rows[i].note == NOTE_OLD ? "\"old\"" : probe.ret_etag);
		}
		if (note)
			put(tmp, "got.part.from", note, strlen(note));
		if (fetch(&g) < 0)
			fail_msg("row %zu: %s", i, g.err.msg);
		if (g.got != rows[i].got)
			fail_msg("row %zu: %zu bytes came", i, (size_t)g.got);
		assert_int_equal(g.problems.n, 0);
		expect_whole();
		http_get_release(&probe);
		http_get_release(&g);
	}
}

static void unchanged(void **state)
{
	struct http_get a = plain("/f"), b = plain("/f"), c = plain("/date-only/f"),
			d = plain("/no-condition/f"), f = plain("/f");
	static const struct timespec past[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
	auto_free char *served = path_join(dir, "f");

	(void)state;
	/* what is written below is later, however coarse the clock of files is */
	assert_int_equal(utimensat(AT_FDCWD, served, past, 0), 0);
	assert_int_equal(fetch(&a), 0);
	b.etag = xstrdup(a.ret_etag);
	b.modified = xstrdup(a.ret_modified);
	put(tmp, "got.part", "x", 1);
	assert_int_equal(fetch(&b), 0);
	assert_true(b.unchanged && !b.done);
	assert_int_equal(b.got, 0);
	assert_string_equal(b.ret_etag, a.ret_etag);
	expect_whole();
	c.modified = xstrdup(a.ret_modified);
	assert_int_equal(fetch(&c), 0);
	assert_true(c.unchanged);
	d.etag = xstrdup(a.ret_etag);
	assert_int_equal(fetch(&d), 0);
	assert_true(d.done && !d.unchanged);
	/* another file by now */
	f.etag = xstrdup(a.ret_etag);
	body[7]++;
	put(dir, "f", body, SIZE - 1);
	put(dir, "f", body, SIZE);
	assert_int_equal(fetch(&f), 0);
	assert_true(f.done && !f.unchanged);
	expect_whole();
	body[7]--;
	http_get_release(&a);
	http_get_release(&b);
	http_get_release(&c);
	http_get_release(&d);
	http_get_release(&f);
}

static void caps(void **state)
{
	static const char *const urls[] = {"/f", "/no-length/f", "/endless/f", "file"};

	(void)state;
	for (size_t i = 0; i < COUNTOF(urls); i++) {
		auto_free char *url = xasprintf("file://%s/f", dir);
		struct http_get g = plain(str_eq(urls[i], "file") ? url : urls[i]);

		g.max = 1000;
		assert_int_equal(fetch(&g), -(int)ERR_NET);
		expect_problem(&g, 0, "more than 1000");
		assert_false(in_tmp("got") || in_tmp("got.part"));
		http_get_release(&g);
	}
}

static void files(void **state)
{
	auto_free char *url = xasprintf("file://%s/f", dir);
	struct http_get a = want(url, NULL), b = want("/cut/f", url), c = plain(url);

	assert_int_equal(fetch(&a), 0);
	expect_whole();
	(void)fresh(state);
	assert_int_equal(fetch(&b), 0);
	expect_whole();
	/* asked with validators, a file URL gives the file */
	c.etag = xstrdup("\"x\"");
	assert_int_equal(fetch(&c), 0);
	assert_true(c.done);
	expect_whole();
	http_get_release(&a);
	http_get_release(&b);
	http_get_release(&c);
}

static void checksums(void **state)
{
	static const struct {
		const char *sum;
		int r;
	} rows[] = {
		{"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc23"
		 "58baeca134c825a7",
			0},
		{"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
		 "36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
			0},
		{"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 0},
		{"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ae", -(int)ERR_NET},
		{"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag",
			-(int)ERR_CORRUPT},
		{"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
			-(int)ERR_CORRUPT},
		{"", -(int)ERR_CORRUPT},
	};

	put(dir, "abc", "abc", 3);
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		struct http_get g = plain("/abc");

		(void)fresh(state);
		str_set(&g.checksum, rows[i].sum);
		assert_int_equal(fetch(&g), rows[i].r);
		assert_int_equal(in_tmp("got"), rows[i].r == 0);
		http_get_release(&g);
	}
}

/* An empty file is a file. */
static void empty(void **state)
{
	struct http_get g = plain("/empty");

	(void)state;
	put(dir, "empty", "", 0);
	assert_int_equal(fetch(&g), 0);
	assert_true(in_tmp("got") && !in_tmp("got.part"));
	http_get_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(basics, fresh),
		cmocka_unit_test_setup(bad_mirrors, fresh),
		cmocka_unit_test_setup(silent_mirrors, fresh),
		cmocka_unit_test_setup(failures, fresh),
		cmocka_unit_test_setup(own_disk, fresh),
		cmocka_unit_test_setup(resume, fresh),
		cmocka_unit_test_setup(rounds, fresh),
		cmocka_unit_test_setup(resume_table, fresh),
		cmocka_unit_test_setup(unchanged, fresh),
		cmocka_unit_test_setup(caps, fresh),
		cmocka_unit_test_setup(files, fresh),
		cmocka_unit_test_setup(checksums, fresh),
		cmocka_unit_test_setup(empty, fresh),
	};

	/* no proxy of the machine's between us and the server */
	(void)setenv("no_proxy", "*", 1);
	return cmocka_run_group_tests(tests, setup, teardown);
}
