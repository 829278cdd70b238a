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
	"b.published, b.detail, b.by_, b.waits, b.blamed, b.attempt, b.retries, b.priority, "      \
	"b.not_before, b.pinned, b.content "
void build_row(sqlite3_stmt *q, struct store_build *ret);

/* id of the last published build of project row p */
#define LAST_PUBLISHED                                                                             \
	"(select id from build where target = p.target and project = p.project and "               \
	"published > 0 order by published desc limit 1)"

/* The columns of an artifact in the order package_row reads them. */
#define PACKAGE_COLUMNS "file, nevra, sha256, size, kind, build_time "
int package_row(sqlite3_stmt *q, struct package_vec *ret, struct err *err);
/* Step through q, appending each row. */
int package_rows(struct db *db, sqlite3_stmt *q, struct package_vec *ret, struct err *err);
int build_rows(struct db *db, sqlite3_stmt *q, struct store_builds *ret, struct err *err);
/* The first row into ret: 1; 0: there is none, ret is untouched. */
int build_one(struct db *db, sqlite3_stmt *q, struct store_build *ret, struct err *err);
/* ERR_NOT_FOUND. */
int build_missing(int64_t id, struct err *err);

/* Run q, a change that must touch exactly the build named: else ERR_NOT_FOUND. */
int build_change(struct store *st, sqlite3_stmt *q, int64_t id, struct err *err);
/* Run a statement whose one parameter is a number: a build, say. */
int id_exec(struct store *st, const char *sql, int64_t id, struct err *err);
/* Keep the try that the build's row tells of. */
int attempt_record(struct store *st, int64_t id, struct err *err);
/* The build's row has the outcome already. */
int standing_outcome(
	struct store *st, int64_t id, enum store_state state, int64_t now, struct err *err);
