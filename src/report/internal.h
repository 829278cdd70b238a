/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - what the files of report/ share. */
#pragma once
#include "base/map.h"
#include "report/page.h"
#include "report/report.h"

struct report {
	struct report_conf conf; /* borrowed strings and vectors */
	struct store *st;
	char *repos;            /* data/repos */
	struct hmap by_project; /* into conf.projects */
	int64_t day;            /* days since 1970 for which "days since" was written, 0 never */
	int64_t now;            /* a test's clock; 0: the real one */
};

/* ---- write.c: files below repos/ ---- */

/* Replaced by rename, and only when it differs; directories are made. rel: below data/repos. Not
 * synced: a page can be made again, and report_start does so after a crash. */
int write_page(struct report *r, const char *rel, const struct strbuf *text, struct err *err);
/* Takes ownership of j and adds "schema": 1 in front. */
int write_json(struct report *r, const char *rel, json_t *j, struct err *err);
/* A missing file is fine. */
int write_remove(struct report *r, const char *rel, struct err *err);

/* ---- css.c ---- */

extern const char page_css[];

/* ---- report.c ---- */

/* NULL: not configured (any more). */
const struct report_project *report_project_of(const struct report *r, const char *project);
int64_t report_now(const struct report *r);
/* repos/<dir below> as others reach it, percent-encoded; the caller's. */
char *report_url(const struct report *r, const char *below);

/* ---- web.c: pages of commits at the forge they come from ---- */

/* pattern with {sha}, else guessed from the clone url; NULL: none. The caller's; always passes
 * html_url_ok. */
char *web_commit(const char *pattern, const char *url, const char *sha);
/* Of a build's commits, by its project's configuration. */
char *web_upstream(const struct report *r, const struct store_build *b);
char *web_packaging(const struct report *r, const struct store_build *b);

/* ---- data.c: the same build as JSON and as a feed's entry ---- */

json_t *data_build(const struct report *r, const struct store_build *b);

/* ---- atom.c: RFC 4287 ---- */

struct atom {
	const char *title;
	const char *below; /* of the feed, below repos/ : "host/report.atom" */
	const char *page;  /* of its page, below repos/ */
};
/* The builds, newest first, as a feed: ids (RFC 4151) never change. */
void atom_feed(struct report *r, struct strbuf *out, const struct atom *a,
	const struct store_builds *builds);

/* ---- badge.c ---- */

/* repos/<target>/projects/<project>.svg */
int badge_write(struct report *r, const char *target, const char *project, struct err *err);

/* ---- lists.c ---- */

int lists_latest(struct report *r, const char *target, struct err *err);
int lists_status(struct report *r, const char *target, struct err *err);
int lists_queue(struct report *r, const char *target, struct err *err);
int lists_index(struct report *r, struct err *err);

/* ---- build_page.c, project_page.c, repo_page.c ---- */

/* builds/<n>.html .json */
int page_of_build(struct report *r, const struct store_build *b, struct err *err);
/* projects/<project>.html .json .atom */
int page_of_project(struct report *r, const char *target, const char *project, struct err *err);
/* <dir>/index.html of "current", "consistent", "aa/bb/..."; b: the build published there, NULL for
 * moving ones. A directory that is no repository is passed over. */
int page_of_repo(struct report *r, const char *target, const char *dir, const struct store_build *b,
	struct err *err);
