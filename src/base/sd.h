/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sd.h - the protocol of sd_notify(3): how a service manager is told how we are. */
#pragma once
#include "base/base.h"

/* Lines "READY=1", "STATUS=...". Does nothing without a manager; a manager that does not listen is
 * no error. */
void sd_notify(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Milliseconds within which the manager wants to hear WATCHDOG=1; 0: not at all. */
uint64_t sd_watchdog_ms(void);
/* Reload begins (READY=1 ends it). */
void sd_reloading(void);
