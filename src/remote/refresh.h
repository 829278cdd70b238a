/* SPDX-License-Identifier: GPL-3.0-or-later */
/* refresh.h - one repository on its way to current metadata. Private to remote/. */
#pragma once
#include "remote/internal.h"

struct job {
	struct repo *repo;
	struct remote *remote;
	struct mirrors m;
	size_t at; /* mirror that is asked */
	int lock;
	bool judged;  /* `next` is what it will be */
	bool changed; /* there is a new repomd.xml to be taken over */
	bool whole;   /* no conditional request: what we have is of no use */
	struct state next;
	char *new_path, *new_sig; /* of repomd.xml and its signature until they are taken over */
	struct strv problems;
	struct err err; /* why it failed in the end */
};

/* ask.c: repomd.xml of all jobs that are neither judged nor failed, mirror after mirror. Only what
 * ends everything (ERR_SIGNAL) is an error. */
int ask_all(struct remote *r, struct job *jobs, size_t n, struct err *err);
/* A mirror is no good: named in a warning when there is another one to try. */
void job_problem(struct job *j, enum err_code code, const char *line);
