/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * logs.h - the logs of builds, packed with gzip once they are old: what every browser, pager and
 * web server can read. build.log becomes build.log.gz, in data/builds/N and, where it is the same
 * file, in the build's commit directory.
 */
#pragma once
#include "base/err.h"

/* The log `name` of a build's directory as it lies there: dir/name or dir/name.gz, the caller's;
 * ERR_NOT_FOUND. gzopen reads both. */
int repo_log_path(const char *dir, const char *name, char **ret, struct err *err);

/*
 * Pack the logs of builds that ended before `before` (seconds since 1970; by the time of their
 * result.json), those of their earlier attempts too. Logs below 16 KiB are left alone: they would
 * save next to nothing. Opens no database: fit for a process of its own beside one that builds and
 * publishes. max: builds to pack in one call, 0 all. *ret_n logs, *ret_saved bytes.
 */
int repo_logs_compress(const char *data, int64_t before, size_t max, size_t *ret_n,
	uint64_t *ret_saved, struct err *err);
