/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proc_start.h - private to base/proc: a child with the write ends of pipes as its output. */
#pragma once
#include "base/proc.h"

/* out and err: descriptors for stdout and stderr where the options name none, -1: /dev/null. */
int proc_spawn(const struct proc_opts *o, int out, int errfd, int *ret_pid, int *ret_pidfd,
	struct err *err);
