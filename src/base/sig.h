/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sig.h - SIGINT, SIGTERM, SIGHUP as a state that loops look at. A signal handler needs a global;
 * this is the only one. SIGPIPE is ignored: writes report EPIPE.
 */
#pragma once
#include "base/err.h"

void sig_init(void);
/* The stop signal that came, 0 when none. */
int sig_pending(void);
/* "SIGINT"; "a signal" for others than these three. */
const char *sig_name(int sig);
/* A descriptor that becomes readable when a stop signal comes; -1 before sig_init. */
int sig_fd(void);
/* From now on SIGHUP asks for a reload instead of the end: sig_reload_fd becomes readable,
 * sig_reload is true once. */
void sig_hup_reloads(void);
int sig_reload_fd(void);
bool sig_reload(void);
/* In a child that was forked without exec: nothing has come, and its pipe is its own. */
void sig_forked(void);
/* ERR_SIGNAL when one came, else 0. */
int sig_check(struct err *err);
