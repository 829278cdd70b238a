/* SPDX-License-Identifier: GPL-3.0-or-later */
/* live.h - one live line for each thing that goes on, at the bottom of a terminal; nothing where
 * stderr is none. Messages appear above them. */
#pragma once
#include <stdint.h>

/* text NULL: it is over. */
void live_set(int64_t id, const char *text);
/* As sched_opts.step: only a live line, a log of a run has a line per build, not per step. */
void live_step(int64_t build, const char *project, const char *step);
/* All lines away, for good. */
void live_end(void);
