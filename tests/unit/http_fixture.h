/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http_fixture.h - a server, a scratch directory and a file "f" for the tests of net/http. */
#pragma once
#include "base/base.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/sig.h"
#include "http_server.h"
#include "net/http.h"
#include "scratch.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <cmocka.h>

#define SIZE 300000

static char *tmp, *dir, *path; /* scratch, what is served, where downloads go */
static struct srv *srv;
static struct http *http;
static char body[SIZE], sum[SHA256_HEX]; /* of the served file "f" */

UNUSED static int setup(void **state)
{

	(void)state;
	if (scratch_make("http", &tmp) < 0)
		return -1;
	dir = path_join(tmp, "www");
	path = path_join(tmp, "got");
	for (size_t i = 0; i < SIZE; i++)
		body[i] = (char)(i * 31 + i / 251);
	sha256_buf(body, SIZE, sum);
	if (fs_mkdirs(dir, 0755, NULL) < 0 ||
		http_new(&(struct http_conf){.retries = -1}, &http, NULL) < 0)
		return -1;
	srv = srv_start(dir, 0, NULL);
	return srv ? 0 : -1;
}

UNUSED static int teardown(void **state)
{
	int r;

	(void)state;
	http_free(http);
	srv_stop(srv);
	r = scratch_remove(&tmp);
	free(dir);
	free(path);
	return r;
}

UNUSED static void put(const char *where, const char *name, const void *data, size_t n)
{
	auto_free char *p = path_join(where, name);

	assert_int_equal(fs_write(p, data, n, 0644, NULL), 0);
}

/* Each test: "f" is served, nothing was fetched yet. */
UNUSED static int fresh(void **state)
{
	static const char *const names[] = {"got", "got.part", "got.part.from"};

	(void)state;
	for (size_t i = 0; i < COUNTOF(names); i++) {
		auto_free char *p = path_join(tmp, names[i]);

		(void)unlink(p);
	}
	(void)pthread_mutex_lock(&srv->lock);
	strv_release(&srv->log);
	(void)pthread_mutex_unlock(&srv->lock);
	put(dir, "f", body, SIZE);
	return 0;
}

/* "/cut/f" -> a URL of the server; others stay. */
UNUSED static void add_url(struct http_get *g, const char *url)
{
	if (*url == '/')
		strv_addf(&g->urls, "%s%s", srv->url, url);
	else
		strv_add(&g->urls, url);
}

/* A download of one or two mirrors with checksum and size of "f". */
UNUSED static struct http_get want(const char *url, const char *second)
{
	struct http_get g = {.size = SIZE};

	g.path = xstrdup(path);
	g.checksum = xstrdup(sum);
	add_url(&g, url);
	if (second)
		add_url(&g, second);
	return g;
}

/* Without checksum and size. */
UNUSED static struct http_get plain(const char *url)
{
	struct http_get g = want(url, NULL);

	str_set(&g.checksum, NULL);
	g.size = 0;
	g.max = MIB;
	return g;
}

UNUSED static int fetch(struct http_get *g)
{
	auto_err struct err e = ERR_INIT;
	int r = http_fetch(http, g, 1, NULL, NULL, &e);

	assert_int_equal(r, -(int)e.code);
	assert_int_equal(r, -(int)g->err.code);
	assert_true(r == 0 ? g->done || g->unchanged : !g->done && !g->unchanged);
	return r;
}

UNUSED static bool in_tmp(const char *name)
{
	auto_free char *p = path_join(tmp, name);

	return fs_exists(p);
}

UNUSED static void expect_whole(void)
{
	auto_free char *got = NULL;
	size_t n = 0;

	assert_int_equal(fs_read(path, GIB, &got, &n, NULL), 0);
	assert_int_equal(n, SIZE);
	assert_memory_equal(got, body, SIZE);
	assert_false(in_tmp("got.part"));
	assert_false(in_tmp("got.part.from"));
}

UNUSED static void expect_problem(const struct http_get *g, size_t i, const char *text)
{
	assert_true(g->problems.n > i);
	if (!strstr(g->problems.v[i], text))
		fail_msg("'%s' is not in '%s'", text, g->problems.v[i]);
	assert_true(str_starts(g->problems.v[i], g->urls.v[i]));
}

UNUSED static void expect_requests(const char *prefix, size_t n)
{
	srv_idle(srv);
	assert_int_equal(srv_count(srv, prefix), n);
}
