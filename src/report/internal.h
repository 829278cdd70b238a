/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - what the files of report/ share. */
#pragma once
#include "base/map.h"
#include "report/page.h"
#include "report/report.h"
#include "report/web.h"

struct report {
	struct report_conf conf; /* its pointers are to what follows */
	char *data, *name, *baseurl;
	struct strv targets;
	struct report_projects projects;
	struct store *st;
	char *repos;            /* data/repos */
	struct hmap by_project; /* into conf.projects */
	/* "target project" into seconds; below 0: to be asked for */
	struct hmap estimate_of;
	VEC(double) estimates;
	/* "target project\tother" of what waits for another, as the queue's page last had it */
	struct strv waits;
	bool waits_changed; /* since the status pages were written */
	int64_t day;        /* days since 1970 to which all targets count, 0 none */
	int64_t shown_day;  /* the same of the page that is being written */
	int64_t now;        /* a test's clock; 0: the real one */
	struct anew *anew;  /* report_begin; NULL: all is written */
};

/* ---- write.c: files below repos/ ---- */

/* Replaced by rename, and only when it differs; directories are made. rel: below data/repos. Not
 * synced: a page can be made again, and report_start does so after a crash. */
int write_page(struct report *r, const char *rel, const struct strbuf *text, struct err *err);
/* Takes ownership of j and adds "schema": 1 in front. */
int write_json(struct report *r, const char *rel, json_t *j, struct err *err);
/* A missing file is fine. */
int write_remove(struct report *r, const char *rel, struct err *err);

/* ---- stamp.c: whether all pages are as this program would write them ---- */

/* A hash of all that they depend on beside the store, and of this start of the machine: what was
 * written since is not lost. The caller's. */
char *stamp_text(const struct report *r);
/* Whether repos/.pages has it. */
bool stamp_is(const struct report *r, const char *stamp);
int stamp_write(struct report *r, const char *stamp, struct err *err);

/* ---- anew.c ---- */

void anew_free(struct anew *a);

/* ---- css.c ---- */

extern const char page_css[];

/* ---- report.c ---- */

/* NULL: not configured (any more). */
const struct report_project *report_project_of(const struct report *r, const char *project);
int report_css(struct report *r, struct err *err);
/* The pages of a target that a finished build touches, but for its own. */
int report_lists(struct report *r, const char *target, struct err *err);
/* What one build is on, but for the lists. */
int report_of_build(struct report *r, const struct store_build *b, struct err *err);
bool report_builds_for(const struct report_project *p, const char *target);
int64_t report_now(const struct report *r);
/* repos/<dir below> as others reach it, percent-encoded; the caller's. */
char *report_url(const struct report *r, const char *below);

/* ---- pieces.c: what several pages say of a build ---- */

/* Whether data/repos/<target>/<rel> is there, for what may be linked. */
bool report_has(const struct report *r, const char *target, const char *rel);
/* Where the build's logs lie, below repos/<target>; NULL: nowhere. The caller's. */
char *report_dir(const struct report *r, const struct store_build *b);
/* Its number, linked when it has a page by now; the same for a project's name. */
void piece_build(const struct report *r, struct strbuf *out, const struct page *p,
	const char *target, int64_t id);
void piece_project(const struct report *r, struct strbuf *out, const struct page *p,
	const char *target, const char *project);
/* "waits for foo, whose build 12 failed" */
void piece_waits(const struct report *r, struct strbuf *out, const struct page *p,
	const char *target, const char *whom);
/* Subject, author, both hashes, linked where that is known. */
void piece_commit(const struct report *r, struct strbuf *out, const struct store_build *b);
/* A hash of 8 digits, linked to url unless that is NULL. what: "upstream", "packaging". */
void piece_sha(struct strbuf *out, const char *what, const char *url, const char *sha);
/* Links to its log (the one that says why, else build.log) and, once published, its repository. */
void piece_log(const struct report *r, struct strbuf *out, const struct page *p,
	const struct store_build *b);
void piece_repository(const struct report *r, struct strbuf *out, const struct page *p,
	const struct store_build *b);
/* Why it failed in one line, and for whom; nothing for others. */
void piece_cause(const struct report *r, struct strbuf *out, const struct page *p,
	const struct store_build *b);

/* ---- web.c ---- */

/* web_commit of a build's commits, by its project's configuration. */
char *web_upstream(const struct report *r, const struct store_build *b);
char *web_packaging(const struct report *r, const struct store_build *b);

/* ---- data.c: the same build as JSON and as a feed's entry ---- */

json_t *data_build(const struct report *r, const struct store_build *b);
/* NULL: null. */
json_t *data_unreachable(const struct store_unreachable *u);

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

/* ---- latest.c, status.c, queue.c, index.c ---- */

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
