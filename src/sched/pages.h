/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pages.h - src/report for the projects of a configuration. */
#pragma once
#include "config/config.h"
#include "report/report.h"

/* cfg and st are borrowed as long as the report is open. After a reload: report_close, open with
 * the new one, report_start. */
int pages_open(const struct config *cfg, struct store *st, struct report **ret, struct err *err);
