/* SPDX-License-Identifier: GPL-3.0-or-later */
/* git_repo.h - scratch directory and real repositories for the tests of git/. */
#pragma once
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/proc.h"
#include "git/git.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char *tmp;        /* the scratch directory of one test */
static struct git *g;    /* opened on the repositories "up" and "up.git" in it */
static char *up, *m_dir; /* "up" (a repository made by import()) and the mirror */

/* A path in the scratch directory; the caller's. */
UNUSED static char *in_tmp(const char *name)
{
	return path_join(tmp, name);
}

UNUSED static int git_setup(void **state)
{
	auto_strv struct strv local = STRV_INIT;
	int r = scratch_make("git", &tmp);

	(void)state;
	if (r < 0)
		return r;
	up = in_tmp("up");
	m_dir = in_tmp("m/up.git");
	strv_add(&local, up);
	return git_open(tmp, &local, &g, NULL);
}

UNUSED static int git_teardown(void **state)
{
	int r = scratch_remove(&tmp);

	(void)state;
	git_free(g);
	free(up);
	free(m_dir);
	return r;
}

/* Run a program with plain configuration in dir; its output without the last newline. */
UNUSED static char *sh(const char *dir, const char *input, const char *const *argv)
{
	const char *env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=A",
		"GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=C",
		"GIT_COMMITTER_EMAIL=c@example.org", NULL};
	struct proc_opts o = {.argv = argv, .env = env, .cwd = dir, .input = input, .timeout = 60};
	auto_strbuf struct strbuf out = STRBUF_INIT, errs = STRBUF_INIT;
	struct proc_result res = {0};
	auto_err struct err e = ERR_INIT;

	if (proc_run(&o, &out, &errs, &res, &e) < 0 || res.exit != 0)
		fail_msg("%s %s: exit %d: %s%s", argv[0], argv[1], res.exit, sb_str(&errs),
			e.msg ? e.msg : "");
	return str_trim(sb_str(&out));
}
#define GIT(dir, ...) sh(dir, NULL, (const char *[]){"git", __VA_ARGS__, NULL})
#define RUN(...)      free(__VA_ARGS__)

/* A repository at path from a fast-import stream; bare unless `work`. */
UNUSED static void import(const char *path, const char *stream)
{
	if (!fs_exists(path))
		RUN(GIT(NULL, "init", "-q", "--bare", "-b", "main", path));
	RUN(sh(path, stream, (const char *[]){"git", "fast-import", "--quiet", "--force", NULL}));
}

/* "commit <ref>…" of a stream: one file f with the text, at the time. */
UNUSED static void add_commit(struct strbuf *s, const char *ref, const char *text, int64_t time)
{
	sb_addf(s,
		"commit refs/heads/%s\nauthor A U Thor <a@example.org> %lld +0000\n"
		"committer C O <c@example.org> %lld +0000\ndata %zu\n%s\n"
		"M 100644 inline f\ndata %zu\n%s\n",
		ref, (long long)time, (long long)time, strlen(text), text, strlen(text), text);
}

/* A file of the commit before it. */
UNUSED static void add_file(struct strbuf *s, const char *mode, const char *path, const char *text)
{
	sb_addf(s, "M %s inline %s\ndata %zu\n%s\n", mode, path, strlen(text), text);
}

UNUSED static void add_tag(struct strbuf *s, const char *name, const char *ref)
{
	sb_addf(s, "reset refs/tags/%s\nfrom refs/heads/%s\n\n", name, ref);
}

UNUSED static void put(const char *path, const char *text)
{
	auto_free char *dir = path_dir(path);

	assert_int_equal(fs_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(fs_write(path, text, strlen(text), 0644, NULL), 0);
}

UNUSED static void put_in(const char *dir, const char *name, const char *text)
{
	auto_free char *path = path_join(dir, name);

	put(path, text);
}

UNUSED static char *get(const char *path)
{
	char *s = NULL;

	assert_int_equal(fs_read(path, 1 << 20, &s, NULL, NULL), 0);
	return s;
}

/* Succeeds, or the test fails with the message. */
#define OK(expr)                                                                                   \
	do {                                                                                       \
		struct err ok_e = ERR_INIT;                                                        \
		struct err *e = &ok_e;                                                             \
                                                                                                   \
		if ((expr) < 0)                                                                    \
			fail_msg("%s: %s", #expr, ok_e.msg);                                       \
		err_clear(&ok_e);                                                                  \
	} while (0)

/* Fails with the code and a message that contains the text. */
#define FAILS(expr, want, text)                                                                    \
	do {                                                                                       \
		struct err f_e = ERR_INIT;                                                         \
		struct err *e = &f_e;                                                              \
                                                                                                   \
		if ((expr) >= 0)                                                                   \
			fail_msg("%s: no failure", #expr);                                         \
		if (f_e.code != (want) || !strstr(f_e.msg, text))                                  \
			fail_msg("%s: %s: %s", #expr, err_name(f_e.code), f_e.msg);                \
		err_clear(&f_e);                                                                   \
	} while (0)
