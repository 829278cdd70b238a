/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bisection.h - the parts of `packmill bisect`: what is asked and what was found so far, kept in
 * data/bisect/<project>/<target>/state.json; how one commit is tried; what is told at the end.
 *
 * Beside that file lies a directory per pair of commits that was built here, as data/builds/N is:
 * nothing of it is published or stands in the database.
 */
#pragma once
#include "base/map.h"
#include "cmd/common.h"
#include "cmd/repos.h"
#include "git/git.h"
#include "sched/bisect.h"

/* Whose build told the verdict. */
enum origin {
	ORIGIN_NONE,     /* nobody's: left out by hand */
	ORIGIN_RECORDED, /* the instance's */
	ORIGIN_EARLIER,  /* made by an earlier bisection */
	ORIGIN_MADE,     /* made by this one */
};

struct tried {
	char *sha;
	enum bisect_verdict verdict;
	enum origin origin;
	int64_t build; /* RECORDED: its number */
	int64_t exit;  /* of the command; -1: it was not started */
	char *message; /* why it is not good; NULL */
	char *log;     /* absolute path; NULL */
	int64_t line;  /* in it, 0 unknown */
};
VEC_TYPE(tried_vec, struct tried);
void tried_release(struct tried *t);

struct bisection {
	/* what is asked */
	struct config *cfg;
	const struct config_project *project;
	const struct target *target;
	bool packaging;    /* over the packaging's commits, else the upstream's */
	const char *run;   /* the command; NULL: the build itself */
	const char *files; /* directory shown to it; NULL */
	struct repos_args repos;
	char good[GIT_SHA], bad[GIT_SHA];
	char other[GIT_SHA]; /* commit of the other repository; "" in one-git layouts */
	/* where it is looked up */
	struct git *git;
	struct store *store;
	char *dir;     /* data/bisect/<project>/<target> */
	char *mirror;  /* of the commits */
	char *scratch; /* of a dry run; NULL */
	int lock_fd;
	struct store_builds
		builds;        /* all recorded ones of the project on the target, newest first */
	struct strv published; /* host: files of other projects */
	struct strv shas;      /* after good up to bad, oldest first */
	struct hmap index;     /* of shas */
	/* what was found */
	struct bisect_commits commits; /* as shas */
	struct tried_vec tried;        /* in order, GOOD and BAD too */
	int64_t started;
	bool finished;
};
void bisection_release(struct bisection *b);

/* A commit as it was named. */
struct named {
	const char *what, *word; /* "GOOD", as typed */
	char sha[GIT_SHA];
	const struct store_build *build; /* NULL: not named by a build's number */
};

/* bisection_ask.c: what is asked. */
/* Configuration, project and target; target NULL: the first that the project has. */
int bisection_open(struct bisection *b, const char *project, const char *target, struct err *err);
int bisection_target(struct bisection *b, const char *name, struct err *err);
/* The repositories and what the instance knows of the project, once the target is there. */
int bisection_look(struct bisection *b, struct err *err);
/* The commit of a word: hash, branch, tag, build number. */
int bisection_resolve(const struct bisection *b, struct named *n, struct err *err);
/* GOOD must come before BAD. */
int bisection_order(const struct bisection *b, const struct named *good, const struct named *bad,
	struct err *err);
/* The commit of the other repository: `word`, else what BAD was built with, else the newest. */
int bisection_other(
	struct bisection *b, const struct named *bad, const char *word, struct err *err);
/* The commits in between, once all that is asked is known. */
int bisection_list(struct bisection *b, struct err *err);

/* bisection_state.c */
/* Takes over what an interrupted one of the same question found; one of another question is given
 * up. *ret_resumed: how many commits were tried then. */
int bisection_load(struct bisection *b, bool any_other, size_t *ret_resumed, struct err *err);
int bisection_save(const struct bisection *b, struct err *err);
/* Remove all of it; not while one runs. */
int bisection_reset(const struct config *cfg, const char *project, const char *target, bool dry_run,
	struct err *err);
/* data/bisect/<project>/<target>; the caller's. */
char *bisection_dir(const struct config *cfg, const char *project, const char *target);

/* bisection_try.c */
/* Remove what killed commands left in dir. */
int bisection_sweep(const char *dir, struct err *err);
/* Whether nothing must be built to try it. */
bool bisection_is_cheap(const struct bisection *b, const char *sha);
/* Build and command; ERR_SYS and the like: nothing is known of the commit. ERR_BUILD: the command
 * wants the bisection to end. */
int bisection_try(struct bisection *b, const char *sha, struct tried *ret, struct err *err);

/* bisection_report.c */
/* What came of it, on stdout. */
int bisection_report(const struct bisection *b, const struct bisect_step *end, struct err *err);
/* "1a2b3c4d5e6f subject" for a message; the caller's. */
char *bisection_name(const struct bisection *b, const char *sha);
/* How a verdict came about: "build 12, recorded"; the caller's. */
char *bisection_origin(const struct tried *t);
