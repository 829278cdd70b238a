/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - what the files of store/ share. */
#pragma once
#include "store/db.h"
#include "store/store.h"

struct store {
	struct db *db;
	char *list_sql[64]; /* texts of store_builds by which filters are set */
};

extern const struct db_schema store_schema;

/* The columns of a build in the order build_row reads them. */
#define BUILD_COLUMNS                                                                              \
	"b.id, b.target, b.project, b.name, b.component, b.upstream_url, b.upstream_sha, "         \
	"b.packaging_url, b.packaging_sha, b.rebuild, b.state, b.cause, b.cause_step, b.message, " \
	"b.log, b.cause_line, b.evr, b.nvr, b.repo, b.trigger_, b.author, b.subject, "             \
	"b.commit_time, b.packaging_time, b.date, b.queued, b.started, b.finished, b.seconds, "    \
	"b.published "
void build_row(sqlite3_stmt *q, struct store_build *ret);

/* The columns of an artifact in the order package_row reads them. */
#define PACKAGE_COLUMNS "file, nevra, sha256, size, kind, build_time "
int package_row(sqlite3_stmt *q, struct package_vec *ret, struct err *err);
/* Step through q, appending each row. */
int package_rows(struct db *db, sqlite3_stmt *q, struct package_vec *ret, struct err *err);
int build_rows(struct db *db, sqlite3_stmt *q, struct store_builds *ret, struct err *err);
