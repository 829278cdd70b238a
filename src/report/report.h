/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - what happened as pages: static HTML, JSON, Atom and badges below data/repos, each file
 * replaced atomically, complete without JavaScript and without anything from elsewhere. A change
 * rewrites the pages it touches in a time that does not grow with the history: lists are cut
 * (REPORT_LIST), and everything is asked of the store through an index.
 *
 *	repos/index.html                       the targets
 *	repos/<target>/report.html .json .atom latest builds
 *	repos/<target>/status_report.html .json      projects, red first
 *	repos/<target>/queue.html .json
 *	repos/<target>/projects/<project>.html .json .atom .svg
 *	repos/<target>/builds/<n>.html .json
 *	repos/<target>/<repository>/index.html       of current, consistent and each commit
 */
#pragma once
#include "store/store.h"

#define REPORT_LIST 100 /* entries of a list of builds */

struct report_project {
	const char *project, *name, *component;
	const char *web_upstream, *web_packaging; /* page of a commit with {sha}; NULL: guessed from
						     the url of the build */
	const struct strv *maintainers;
	const struct strv *targets; /* a subset of the instance's; empty or NULL: all */
	bool upstream_shared;       /* another project shares both repositories (repo_commit_dir) */
};
VEC_TYPE(report_projects, struct report_project);

/* What pages must know beside the store. report_open copies it; the strings of projects (and what
 * else they point to) are borrowed and must stay as long as the report. */
struct report_conf {
	const char *data;    /* the data directory */
	const char *name;    /* repository id */
	const char *baseurl; /* where repos/ is reachable, no trailing slash */
	const struct strv *targets;
	const struct report_projects *projects;
	unsigned jobs; /* builds at once, for estimates */
};

struct report;
int report_open(
	const struct report_conf *conf, struct store *st, struct report **ret, struct err *err);
void report_close(struct report *r);
DEFINE_CLEANUP(struct report *, report_close)

/* A build ended (or was published, cancelled): its page, its project's, the lists, the repository's
 * page, the badge. */
int report_build(struct report *r, int64_t id, struct err *err);
/* Only the page of a build: its lint report has come, its logs were packed. */
int report_page(struct report *r, int64_t id, struct err *err);
/* The queue changed: commits were found, builds began, the order moved. */
int report_queue(struct report *r, const char *target, struct err *err);
/* Who cannot be looked at for new commits (store_unreachable) has changed: the target's status; the
 * projects' own pages are report_waits'. */
int report_status(struct report *r, const char *target, struct err *err);
/* Whom these projects wait for has changed: the own pages of the first `most`; they are taken off
 * the list. The first that cannot be written ends it; one that had no room comes back as its last.
 */
int report_waits(
	struct report *r, const char *target, struct strv *projects, size_t most, struct err *err);
/*
 * When packmill starts, and after the configuration changed. After a kill: the lists, and the pages
 * of the newest builds that have none yet. After the machine was started anew (pages are not
 * synced: the last of them may be torn), or when the program or the configuration is another: the
 * projects' pages, too. The time does not grow with the history.
 */
int report_start(struct report *r, struct err *err);
/* The same bit by bit, between other things. report_begin again begins anew. report_step: 1 there
 * is more, 0 all is done (or nothing was begun), negative: it failed and is given up. It takes
 * about so many milliseconds, a page at least; 0: until all is done. */
int report_begin(struct report *r, struct err *err);
int report_step(struct report *r, unsigned ms, struct err *err);

/* Whether report_start wrote these pages, of this program and configuration, and their style sheet.
 */
bool report_fresh(const struct report *r);
/* Everything anew, the page of each build too: `packmill report`; minutes with a long history.
 * progress may be NULL. */
int report_all(struct report *r, void (*progress)(size_t done, size_t all), struct err *err);
/* The pages of a build that is forgotten; after store_build_delete. */
int report_forget(struct report *r, const struct store_build *b, struct err *err);
/* Costs nothing but on a new day (UTC): then what counts days is written anew. To be called now and
 * then. */
int report_tick(struct report *r, int64_t now, struct err *err);

/* ---- questions that commands ask, too ---- */

/* The queue in the order in which it will likely be carried out: running ones, those that wait for
 * a worker, those of which nobody can say when. */
struct report_entry {
	struct store_build build;
	double estimate; /* seconds it will take, 0 unknown */
	double start;    /* seconds from now until it begins; negative: it has begun so long ago;
			    INFINITY: too far off to say; NAN: on hold, or it waits for a
			    project whose last build failed */
	bool held;       /* it or everything is on hold */
};
VEC_TYPE(report_entries, struct report_entry);
void report_entry_release(struct report_entry *e);
/* target NULL: of all (workers are shared by all targets anyway). now: seconds since 1970. */
int report_entries(struct report *r, const char *target, int64_t now, struct report_entries *ret,
	struct err *err);

/* What changed since the last success of the project. */
struct report_change {
	int64_t since;                     /* that build; 0: it never succeeded before */
	char *upstream_from, *upstream_to; /* hashes, NULL when they are the same */
	char *packaging_from, *packaging_to;
	/* packages of the root: "+foo-1-1.noarch", "-bar-...", "foo 1-1 -> 2-1"; sorted */
	struct strv root;
	bool root_known; /* both locks are still there */
};
void report_change_release(struct report_change *c);
int report_changes(
	struct report *r, const struct store_build *b, struct report_change *ret, struct err *err);
