/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source.h - where roots come from, as its parts see it: metadata and solver, loaded when they are
 * needed, and what was asked before. Private to root/.
 */
#pragma once
#include "remote/remote.h"
#include "root/rpm.h"
#include "solve/solve.h"

struct root_source {
	struct root_source_conf conf; /* its paths are ours below */
	char *roots, *cache, *own;
	struct remote *remote; /* NULL until asked */
	bool refreshed;
	bool gone;                   /* a package that the metadata has is nowhere */
	struct solve *solve;         /* NULL until something must be solved */
	struct remote_repo own_repo; /* with a dir when there is one */
	char stamp[SHA256_HEX];      /* of all metadata, own included; "" not known yet */
	struct lock *lock;           /* the base set; NULL until asked */
	char question[SHA256_HEX];   /* that it answers */
	struct root *base;           /* its root; NULL until asked, and once it was handed out */
};

/* Let go of all that was read and solved. */
void source_forget(struct root_source *s);
/* What the metadata is now, from the cache alone when nothing has expired. */
int source_stamp(struct root_source *s, struct err *err);
/* Have the metadata of all repositories. */
int source_refresh(struct root_source *s, struct err *err);
/* Solve, fetching filelists where they are needed; locations of our own packages become paths. */
int source_solve(struct root_source *s, const struct solve_request *q, const char *testcase,
	struct solve_result *ret, struct err *err);
/* Package files that join the pool, above everything else; their repository's id is SOURCE_FILES.
 */
#define SOURCE_FILES "files"
int source_add_files(struct root_source *s, const struct strv *files, struct err *err);

/* asked.c: <roots>/.asked/<what was asked> is a link to the root that answered. The caller's. */
char *asked_key(const char *roots, const char *question);
void asked_remember(const char *roots, const char *question, const char *key);
