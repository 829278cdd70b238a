/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loop.h - one poll(2) loop: descriptors and timers, each with a function of its owner. Timers are
 * of a clock that never jumps. A function that fails ends the loop with its error.
 */
#pragma once
#include "base/vec.h"

struct err;
typedef int loop_fn(void *ctx, struct err *err);

/* Part of its owner; zeroed but for fn and ctx it is off. */
struct loop_timer {
	uint64_t at; /* milliseconds of loop_now; 0: off */
	loop_fn *fn;
	void *ctx;
};

struct loop;
/* clock: milliseconds; NULL: time_mono_ms. */
struct loop *loop_new(uint64_t (*clock)(void));
void loop_free(struct loop *l);
DEFINE_CLEANUP(struct loop *, loop_free)
uint64_t loop_now(const struct loop *l);
/* fn is called whenever fd is readable or at its end. The descriptor stays the caller's. */
void loop_watch(struct loop *l, int fd, loop_fn *fn, void *ctx);
void loop_unwatch(struct loop *l, int fd);
/* Once, in so many milliseconds; what was set before counts no more. The timer must stay where it
 * is until loop_forget. */
void loop_in(struct loop *l, struct loop_timer *t, uint64_t ms);
void loop_off(struct loop_timer *t);
void loop_forget(struct loop *l, struct loop_timer *t);
/* Wait until something is to be done and do that. */
int loop_step(struct loop *l, struct err *err);
