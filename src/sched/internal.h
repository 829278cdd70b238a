/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - what the parts of sched/ share: one supervisor, its loop, what it knows in memory.
 */
#pragma once
#include "base/loop.h"
#include "base/map.h"
#include "git/git.h"
#include "report/report.h"
#include "sched/graph.h"
#include "sched/news.h"
#include "sched/plan.h"
#include "sched/sched.h"
#include "store/store.h"

#define RETRY_FIRST  60   /* seconds to a try after trouble of the machine; then 4 times that */
#define RETRY_MOST   3600 /* but never longer */
#define STALL_MOST   60   /* the same between looks whether there is room again */
#define GRACE_MS     2500 /* between asking a process to end and killing it */
#define LINT_MOST_MS (15 * 60 * UINT64_C(1000)) /* a lint that decides nothing is ended then */
#define SAID_MAX     4096                       /* of the reason why there is no result */
#define LOCK_MOST    8192 /* bytes of the lock file: who holds it, and why nothing begins */
/* Below the data directory: probes of a plan beside another packmill that has the instance. */
#define PROBES_ASIDE "probe-aside"

/* A remote repository, asked once however many projects use it. */
struct remote {
	char *url;
	char *mirror; /* bare mirror below data/git */
	char *holds;  /* what is in it: the url and a hash of its refs; "" unknown */
	char *says;   /* the same of the last answer */
	bool busy;    /* a project that is being looked at uses it */
	const struct project *fetcher; /* for whom it is being fetched */
};

/* A commit that was found. */
struct found {
	char *since; /* for targets that were looked at up to this one ("": never) */
	char *sha, *author, *subject;
	int64_t time;
};

/* A project as the poller sees it. */
struct project {
	const struct config_project *conf;
	struct remote *upstream, *packaging; /* upstream NULL: one git */
	bool busy;                           /* being looked at in this round */
	uint64_t asked;                      /* ... since this time of the loop */
	uint64_t fetched;                    /* ... and its fetch began then */
	bool moved;                          /* ... and something is to be fetched or listed */
	bool fetching;
	bool ready;      /* ... and what was found can be queued */
	bool answered;   /* it was looked at once at least */
	bool once_more;  /* somebody asked for another look while one went on */
	char *up, *pack; /* hashes of the heads, NULL: the mirror knows */
	int64_t pack_time;
	VEC(struct found) found;
	char *trouble;     /* why it could not be looked at; NULL: it could */
	unsigned failures; /* in a row */
	uint64_t broken;   /* since this time of the loop */
	bool told;         /* operators know */
	char *kept;        /* what the store says, or is to say, of its trouble: one line; NULL */
	int64_t since;     /* ... and since when */
	bool no_room;      /* the disk was full when it was fetched */
	uint64_t again;    /* after failures: not before this time of the loop */
};

/* A build in the queue: the row in the database has the rest. */
struct item {
	int64_t id, priority;
	uint64_t at;     /* of the loop: not before */
	int64_t tries;   /* that ended for reasons of the machine since it was asked for */
	bool asked;      /* by a person: does not wait for failures */
	bool rebuild;    /* of a commit that was built before */
	bool fresh;      /* a commit that nothing was done with yet */
	int64_t starved; /* tries that the disk had no room for, though some later */
};

/* The builds of one project on one target: one after another, in the order of commits. */
enum { LANE_BEFORE = 1, LANE_NOW = 2 };

#define PATIENCE_MS (15 * UINT64_C(1000)) /* with remotes that do not answer */

struct lane {
	char *target, *project;
	const struct config_project *conf; /* NULL: no longer configured */
	struct target *tconf;
	VEC(struct item) queue; /* by id */
	struct worker *worker;  /* the one at work, NULL none */
	char *seen_up, *seen_pack;
	uint64_t served; /* builds begun, counted among those that could go on */
	unsigned in;     /* LANE_*: whether it could go on at the last look, and can now */
	bool probed;     /* asked its source package once for its place in the order */
	bool held, warned;
	/* where it stands: as the store's standing */
	enum store_state state;
	int64_t last, last_success;
	/* of the look at the order that is going on */
	unsigned round;
	bool waits;
	const struct lane *blocker;
	int64_t said_id; /* the build that was last said to wait, and for which one */
	int64_t said_for;
};

/* What is known of a target. */
struct goal {
	char *name;
	struct graph *graph;
	unsigned published; /* how often something was */
	size_t projects;
	unsigned round;     /* of the look for which `unknown` was found */
	bool unknown;       /* it has a project of which nothing is known that may be needed */
	char *no_root;      /* plan: why there is no root to look at projects in */
	bool queue_changed; /* its queue page is to be written */
	bool reach_changed; /* ... its status page: who cannot be looked at */
	/* projects whose pages do not say yet whom they wait for, or whether they are in reach */
	struct strv waits_changed;
};

/* A process that carries out a build, or looks at a source package for its dependencies. */
struct worker {
	struct sched *s;
	struct lane *lane;
	const struct config *cfg; /* it began under */
	const struct config_project *conf;
	struct target *target;
	struct store_build build;
	struct item item;
	struct result *res; /* NULL: not there yet */
	char *dir;          /* data/builds/<n>; of a probe below data/probe */
	char *repo;         /* directory below repos/<target>, when published */
	int pidfd, out;     /* -1: ended, closed */
	struct strbuf said;
	struct loop_timer kill, late;
	double start;
	unsigned published; /* the goal's when it began */
	bool probe;
	bool lints;      /* the result is out; what it still does decides nothing */
	bool unfinished; /* the result could not be published or recorded yet */
	bool recorded;   /* it is in the store: what comes after that is tried again alone */
	size_t set_off;  /* builds that the record queued */
	char *cancelled; /* by whom; NULL: it is not */
	char *disk;      /* why the machine's disk kept it from a result; NULL: it did not */
	bool told;       /* to end */
};

/* A forked helper and what it says, line by line. */
struct helper {
	struct sched *s;
	const char *name;
	void *ctx;
	int pidfd, out;
	struct strbuf said;
	int (*on_line)(struct sched *s, void *ctx, const char *line, struct err *err);
	int (*on_end)(struct sched *s, void *ctx, bool ok, struct err *err);
	struct loop_timer kill;
};

struct sched {
	const struct config *cfg;
	VEC(struct config *) old; /* replaced ones: builds that began under them go on */
	const struct sched_opts *opts;
	struct config **current; /* whose configuration a reload replaces; NULL: none */
	bool daemon, stopping;
	bool aside;     /* plan: another packmill has the instance, nothing is kept */
	bool recovered; /* nothing is left of an earlier supervisor */
	int lock_fd;
	struct sched_summary sum;
	struct store *store;
	struct git *git;
	struct loop *loop;
	struct hmap
		failed; /* builds of a single pass by number: 1, the last outcome was a failure */
	struct hmap touched;       /* projects that had something to do in this pass */
	struct hmap cycles;        /* "target: a -> b -> a": said */
	struct plan_commits would; /* dry run: what was found and is not queued */
	VEC(struct remote *) remotes;
	VEC(struct project *) projects;
	struct hmap project_index; /* by name */
	VEC(struct lane *) lanes;
	struct hmap lane_index; /* "target/project" */
	VEC(struct goal *) goals;
	VEC(struct worker *) workers;
	VEC(struct helper *) helpers;
	bool dirty;     /* what may start is to be looked at anew */
	unsigned round; /* of looks at the order */
	bool hold_all;
	bool once_more;       /* some project is to be */
	uint64_t first_ready; /* when the first project of this round was ready to be queued */
	/* the disk is full, or the like: nothing new begins */
	bool stalled;
	unsigned stalls;
	char *stall_why;
	bool stall_told;     /* to operators */
	bool reload_again;   /* there was no room for another configuration */
	uint64_t tell_after; /* what became of news could not be stored: not before that */
	struct loop_timer poll, request, retry, stall, pages, anew, chores, watchdog, tell, slice;
	struct repo_gc *gc;    /* old builds are being removed */
	struct report *report; /* NULL: no pages */
	struct news *news;     /* NULL: nobody is told */
	char *pages_why;       /* what was last wrong with the pages */
	bool pages_behind;     /* some could not be written */
	bool trouble_changed;  /* who cannot be looked at: the store does not have all of it yet */
	uint64_t watchdog_ms;
	char *status; /* as the service manager was told last */
};

/* run.c */
bool sched_wants(const struct sched *s, const struct config_project *p);
/* Whether the configuration can be worked with. */
int sched_check(const struct config *cfg, const struct sched_opts *opts, struct err *err);
int sched_open_git(const struct config *cfg, struct git **ret, struct err *err);

/* stall.c */
/* Trouble that may pass (a full disk): nothing new begins, what is at hand is tried again. Other
 * errors are returned. */
int sched_stall(struct sched *s, struct err *e, struct err *err);
/* Whether the disks below the data directory can be written and have the reserve of base/disk.h. */
int sched_disk(const struct sched *s, struct err *err);
/* The same without trying: before a build begins. */
int sched_room(const struct sched *s, struct err *err);
/* A worker whose result could not be published or recorded yet; NULL: there is none. */
struct worker *sched_unfinished(const struct sched *s);

/* reload.c */
int sched_reload(struct sched *s, struct err *err);

/* chores.c: now and waiting for it, or each hour. */
void chores_now(struct sched *s);
void chores_timer(struct sched *s);
/* Remove old builds by `keep`, in slices; nothing when it is being done. */
void gc_start(struct sched *s);
void gc_close(struct sched *s);

/* lane.c: what is in the queue, and where each project stands. */
int lanes_open(struct sched *s, struct err *err);
void lanes_close(struct sched *s);
/* The configuration changed. */
int lanes_configure(struct sched *s, struct err *err);
struct lane *lane_find(const struct sched *s, const char *target, const char *project);
/* As lane_find, made when it is not there. */
struct lane *lane_get(struct sched *s, const char *target, const char *project);
void lane_add(struct sched *s, struct lane *l, const struct item *it);
void lane_remove(struct lane *l, int64_t id);
struct item *lane_item(struct lane *l, int64_t id);
struct goal *goal_find(const struct sched *s, const char *target);
/* A row of the queue that is not in memory yet. */
void lane_add_row(struct sched *s, const struct store_build *b);
int lanes_load_held(struct sched *s, struct err *err);
/* Rows that others put into the queue (rebuilds): read them. */
int lanes_add_rows(struct sched *s, int64_t after_id, struct err *err);

/* pick.c: start what may start. */
int pick_start(struct sched *s, struct err *err);
/* Whether one more may begin beside those that are at work. */
bool pick_has_room(const struct sched *s);
/* Whether the project's place in the order is known. */
bool pick_knows(const struct sched *s, const struct lane *l);
/* Whether anything is to be done now or will be without a new commit. */
bool pick_idle(const struct sched *s);

/* poll.c: who has something new. project NULL: all; now: whatever their backoff. */
int poll_open(struct sched *s, struct err *err);
void poll_close(struct sched *s);
int poll_start(struct sched *s, const char *project, bool now, struct err *err);
/* Looks that were asked for while others went on. */
int poll_again(struct sched *s, struct err *err);
bool poll_busy(const struct sched *s);
struct remote *poll_remote(const struct sched *s, const char *url);
struct project *poll_project(const struct sched *s, const char *name);
/* The look at it is over. */
void poll_done(struct project *p);
/* What was listed of it so far is listed again. */
void poll_forget(struct project *p);
/* Full hash of what is followed or pinned, from what the remote said; "" when it did not say. */
void poll_resolve(const struct strv *refs, const struct config_git *g, char ret_sha[GIT_SHA]);

/* trouble.c */
/* It could not be looked at, or (e NULL) it can. */
void poll_trouble(struct sched *s, struct project *p, const struct err *e);
/* Operators hear of what could not be looked at for an hour. */
void poll_tell(struct sched *s);
/* What the store has of the projects, which are there. */
int trouble_open(struct sched *s, struct err *err);
/* What has changed since goes into the store, that of projects which are not configured goes away.
 */
int trouble_keep(struct sched *s, struct err *err);

/* fetch.c: fetch and list, in helpers. commits.c: queue what they found. */
void commits_start(struct sched *s);
/* --head-only: commits before that build that nothing was done with yet give way. */
int commits_drop_older(struct sched *s, struct lane *l, int64_t newest, struct err *err);
int commits_flush(struct sched *s, struct err *err);

/* plan_say.c: dry run: a commit that would be queued; what the pass would do, and as lines.
 * ret_unknown: projects whose place in the order is not known. */
void plan_found(
	struct sched *s, const struct project *p, const struct lane *l, const struct found *f);
int plan_of_all(struct sched *s, struct sched_plan *ret, struct strv *ret_cycles,
	size_t *ret_unknown, struct err *err);
int plan_say(struct sched *s, struct err *err);
/* plan_probe.c: dry run: ask the projects that have something to come for their place in the order,
 * as a run does. What could not be asked stays unknown, and that is said. */
int plan_probe(struct sched *s, struct err *err);
/* A probe of a plan told nothing. */
void plan_probe_failed(struct worker *w);
/* Each cycle once. */
void cycles_say(struct sched *s);

/* work.c: the life of a build. */
int work_start(struct sched *s, struct lane *l, const struct item *it, struct err *err);
int work_probe(struct sched *s, struct lane *l, const struct item *it, struct err *err);
/* The same of a commit that is not in the queue. */
int work_probe_commit(
	struct sched *s, struct lane *l, const struct plan_commit *c, struct err *err);
/* The result is in w->res: publish and record it. Or w->disk says why there is none: back into the
 * queue. */
int work_finish(struct worker *w, struct err *err);
/* NULL: the row cannot be read. */
struct worker *worker_new(struct sched *s, struct lane *l, const struct item *it, struct err *err);
void worker_free(struct worker *w);
/* Seconds until the next try, after so many before this one. */
uint64_t retry_delay(int64_t tries);
/* job.c */
int work_job(struct worker *w, struct err *err);
/* publish.c */
/* Whether another project has the same two repositories: the directories of its commits then need
 * its name (repo_commit_dir). */
bool sched_shares_both(const struct config *cfg, const struct config_project *p);
/* All packages are in `dir` as the result names them. */
bool work_whole(const char *dir, const struct result *res);
int work_publish(struct worker *w, struct err *err);
void work_no_result(struct worker *w, const char *message);
void work_fill(struct worker *w);
void work_save_result(const struct worker *w);

/* child.c: its process. */
int child_start(struct worker *w, const char *job, struct err *err);
/* Ask it to end, then kill it. */
void child_tell(struct worker *w);
/* All of them and the helpers, and wait. */
void child_stop_all(struct sched *s);
size_t child_building(const struct sched *s);
size_t child_linting(const struct sched *s);

/* recover.c: what an earlier supervisor left: results are adopted, the rest goes back. */
int recover(struct sched *s, struct err *err);

/* helper.c */
int helper_start(struct sched *s, const char *name, int (*fn)(void *ctx, int out_fd), void *ctx,
	int (*on_line)(struct sched *s, void *ctx, const char *line, struct err *err),
	int (*on_end)(struct sched *s, void *ctx, bool ok, struct err *err), struct err *err);
void helper_free(struct helper *h);
/* End those of the name (NULL: all), with what they started, and wait. */
void helpers_stop(struct sched *s, const char *name);
bool helper_runs(const struct sched *s, const char *name);

/* request.c: what other commands ask for. */
int request_look(struct sched *s, struct err *err);

/* after.c: what follows an outcome: the record, order, rebuilds, news, pages. */
int after_open(struct sched *s, struct err *err);
void after_close(struct sched *s);
/* All that is recorded of an outcome, in one transaction, once: called again it only brings memory
 * up to date. */
int after_record(struct worker *w, bool published, struct err *err);
int after_outcome(struct worker *w, struct err *err);
int after_cancel(struct sched *s, int64_t id, const char *target, struct err *err);
int after_probe(struct worker *w, struct err *err);

/* show.c: pages. */
int show_open(struct sched *s, struct err *err);
void show_close(struct sched *s);
void queue_changed(struct sched *s, const char *target);
void show_build(struct sched *s, int64_t id);
/* Whom its next build waits for is another one now. */
void waits_changed(struct sched *s, const struct lane *l);
/* Whether it can be looked at for new commits; trouble_keep comes before its pages. */
void reach_changed(struct sched *s, const struct project *p);
/* Its lint report has come. */
void show_lint(struct sched *s, int64_t id);
/* Pages that could not be written are made up for. */
void show_again(struct sched *s);
/* The end of one pass. */
void show_pass(struct sched *s);

/* tell.c: news, and their delivery by a helper. */
int tell_open(struct sched *s, struct err *err);
void tell_close(struct sched *s);
/* In the transaction of the record; before: the standing until then. */
int tell_outcome(struct worker *w, const struct store_standing *before, struct err *err);
/* False: it could not be noted; to be told again. */
bool tell_trouble(struct sched *s, const char *what);
/* Deliver what is due, or look again when it is. */
void tell_look(struct sched *s);
/* At the end of a pass: deliver and wait for it. */
void tell_last(struct sched *s);
