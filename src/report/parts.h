/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.h - what the pages of builds, projects and repositories are made of. */
#pragma once
#include "model/lock.h"
#include "report/excerpt.h"
#include "report/internal.h"
#include <zlib.h>

#define PARTS_LOG_PAGE   200 /* lines of a log before and behind the cause, on its page */
#define PARTS_LOG_BEFORE 6   /* the same in the box of the build's page */
#define PARTS_LOG_AFTER  3
#define PARTS_PACKAGES   1000 /* packages that the page of a repository lists */
#define PARTS_CHANGES    200  /* entries of a list of what changed */
#define PARTS_LINT       200  /* lines of a lint report */

/* ---- changes.c ---- */

/* "+nevra", "-nevra", "name evr -> evr"; sorted. */
void changes_root(const struct lock *from, const struct lock *to, struct strv *ret);
/* The lock of a build; NULL when it has none (it failed before) or no longer. */
struct lock *changes_lock(const struct report *r, int64_t id);

/* ---- served.c: the logs of a build, as far as readers of the pages may see them ---- */

/* data/builds/<n>; the caller's. */
char *served_kept(const struct report *r, int64_t id);
/*
 * Directory below repos/<target> that has the logs of the last try: the commit's, else builds/<n>,
 * into which they are linked here (a build that ended for reasons of the machine, one that runs).
 * *ret NULL: there are none. The caller's.
 */
int served_dir(struct report *r, const struct store_build *b, char **ret, struct err *err);
/* The same of an earlier try: builds/<n>/attempt-<k>. */
int served_attempt(struct report *r, const struct store_build *b, int64_t attempt, char **ret,
	struct err *err);
/* Its logs, those first that people want first. */
void served_names(const struct report *r, const char *target, const char *dir, struct strv *ret);
/* A file of builds/<n> that is not in the commit's directory (lint comes late): linked, too.
 * *ret_name as it is there; both NULL: it is nowhere. */
int served_late(struct report *r, const struct store_build *b, const char *dir, const char *name,
	char **ret_dir, char **ret_name, struct err *err);
/* dir/name as it is there, packed or not; NULL: it is not. The caller's. */
char *served_name(const struct report *r, const char *target, const char *dir, const char *name);
/* Open dir/name or dir/name.gz for gzread; NULL: there is none. */
gzFile served_open(const char *dir, const char *name);
int served_forget(struct report *r, const struct store_build *b, struct err *err);

/* ---- excerpt.c ---- */

/* <ol class="log">; ids: each line gets id="L<n>". */
void excerpt_html(struct strbuf *out, const struct excerpt *e, bool ids);
/* builds/<n>-log.html: the log around the cause. */
int log_page(struct report *r, const struct store_build *b, const char *served, bool *ret_written,
	struct err *err);

/* ---- facts.c: pieces that several pages have ---- */

/* <dt>name</dt><dd>; the caller goes on and ends with </dd>. */
void fact(struct strbuf *out, const char *name);
void fact_end(struct strbuf *out);
/* A project's name, linked when it has a page or is to have one. */
void fact_project(const struct report *r, struct strbuf *out, const struct page *p,
	const char *target, const char *project);
/* A hash of 12 digits, linked when there is a page of it. */
void fact_sha(struct strbuf *out, const char *sha, const char *url);
/* "abc subject, by author". Both commits of the build. */
void fact_commit(struct strbuf *out, const struct report *r, const struct store_build *b);
/* The first failure after the last success, when the project is broken now. */
bool fact_broken_since(
	struct report *r, const char *target, const char *project, struct store_build *ret);
/* For whom a build waits that has `waits`: a paragraph. */
void fact_waits(const struct report *r, struct strbuf *out, const struct page *p,
	const struct store_build *b);
/* <pre> of commands to copy. */
void fact_commands(struct strbuf *out, const struct strv *lines);
/* The three ways of adding the repository dir. */
void fact_add_repo(struct report *r, struct strbuf *out, const char *target, const char *dir);
/* "n words" with an s where it belongs. */
void fact_count(struct strbuf *out, size_t n, const char *word);

/* ---- spark.c ---- */

/* The times of builds (newest first) as bars, with the same in words. Nothing for less than two. */
void spark(struct strbuf *out, const struct store_builds *builds);
