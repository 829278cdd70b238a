/* SPDX-License-Identifier: GPL-3.0-or-later */
/* launch.h - start pid 1 of a command. */
#pragma once
#include "sandbox/internal.h"

/* in->sock is the sandbox's end of the socket and closed here; parent_sock is ours. *ret_pid is
 * pid 1, our child: kill it and everything inside is dead. */
int sb_launch(struct sb_inside *in, int parent_sock, int *ret_pid, struct err *err);
