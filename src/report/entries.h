/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entries.h - the order of the queue, numbers only. */
#pragma once
#include "report/internal.h"
#include "store/pages.h"

#define ENTRIES_PLAYED 500 /* beginnings that are estimated: each is a look at every project */

struct entry {
	int64_t id;
	enum store_state state;
	const char *target;     /* borrowed from what was played */
	double start, estimate; /* as in struct report_entry */
	bool held;
};
VEC_TYPE(entries, struct entry);

/* What waits or runs, on all targets. */
int entries_waiting(struct report *r, struct store_waiting_vec *ret, struct err *err);
/* `all` by target, project and number. */
int entries_play(struct report *r, const struct store_waiting_vec *all, const struct strv *held,
	int64_t now, struct entries *ret, struct err *err);
/* A build of the project is over: how long they take is asked for again. */
void entries_ask_again(struct report *r, const char *target, const char *project);
