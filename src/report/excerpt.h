/* SPDX-License-Identifier: GPL-3.0-or-later */
/* excerpt.h - the lines of a log that matter, for pages and for mails. */
#pragma once
#include "base/str.h"

/* Lines of a text file around one; without the colours and rewritten lines of terminals. */
struct excerpt {
	struct strv lines;
	int64_t first; /* number of the first, from 1 */
	int64_t mark;  /* the line it is about, 0: none */
	bool more;     /* there are lines behind the last */
};
/* Of the log dir/name, or dir/name.gz. line 0: its end. False: there is none. */
bool excerpt_read(const char *dir, const char *name, int64_t line, size_t before, size_t after,
	struct excerpt *ret);
void excerpt_release(struct excerpt *e);
