/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.h - messages to the person at the terminal, on stderr. Only cmd/ and sched/ call these:
 * library code returns errors. Text is escaped for the terminal here.
 */
#pragma once
#include "base/base.h"

enum log_level { LOG_QUIET = -1, LOG_NORMAL, LOG_VERBOSE };

void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* "packmill: ..." always. */
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* "packmill: warning: ..." always. */
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* progress: not with -q. */
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* only with -v. */
void log_verbose(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Called before and after each message: whoever draws live lines takes them away and puts them
 * back. NULL: nobody. */
void log_around(void (*before)(void), void (*after)(void));

/* PACKMILL_TRACE=proc,store,sandbox: a trace line when the area (or "all") is named. */
bool trace_on(const char *area);
void trace(const char *area, const char *fmt, ...) PRINTF_LIKE(2, 3);
