/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db.h - the SQLite adapter: open with a schema version, statements kept once prepared, nested
 * transactions, SQLite's codes turned into ours. The only header that shows sqlite3; used by store/
 * and by the metadata cache of repo/.
 *
 * PACKMILL_TRACE=store prints each statement with its time.
 */
#pragma once
#include "base/str.h"
#include "base/vec.h"
#include <sqlite3.h>

/* What a database must look like: steps[i] takes it from version i to i+1. */
struct db_schema {
	int32_t application_id;
	const char *const *steps;
	size_t n;
};

enum db_flags {
	DB_READ_ONLY = 1 << 0,
	DB_CACHE = 1 << 1, /* can be made again: a power cut may take the last changes */
};

struct db_kept {
	const char *sql;
	sqlite3_stmt *q;
};

struct db {
	sqlite3 *sq;
	char *path;
	unsigned depth; /* open transactions */
	VEC(struct db_kept) kept;
};

/*
 * Open, create and bring forward. ERR_NOT_FOUND (read-only and missing or empty), ERR_CORRUPT
 * (damaged, newer than this program, older and read-only, another program's). A database that is
 * refused is not changed.
 */
int db_open(const char *path, const struct db_schema *schema, unsigned flags, struct db **ret,
	struct err *err);
void db_close(struct db *db);
DEFINE_CLEANUP(struct db *, db_close)

/*
 * The statement for sql, prepared once: sql is remembered by its address, so it must live as long
 * as db. The caller holds it in an auto_query variable, which resets it at the end of the scope.
 */
int db_query(struct db *db, const char *sql, sqlite3_stmt **ret, struct err *err);
#define auto_query CLEANUP(db_resetp)
void db_resetp(sqlite3_stmt **q);
/* 1: a row, 0: done. */
int db_step(struct db *db, sqlite3_stmt *q, struct err *err);
/* Parameters by their number; text is borrowed until the statement is reset. */
void db_bind_text(sqlite3_stmt *q, int i, const char *s);
void db_bind_textn(sqlite3_stmt *q, int i, const char *s, size_t n);
void db_bind_int(sqlite3_stmt *q, int i, int64_t v);
void db_bind_real(sqlite3_stmt *q, int i, double v);
/* A column's text as the caller's copy; NULL stays NULL. */
char *db_text(sqlite3_stmt *q, int col);
/* A column's text up to the next step, "" for NULL. */
const char *db_peek(sqlite3_stmt *q, int col);
/* Run text of one or more statements without parameters. */
int db_exec(struct db *db, const char *sql, struct err *err);

/* Transactions nest: an inner one that ends without db_commit takes back only its own changes. */
int db_begin(struct db *db, struct err *err);
int db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db);

struct db_tx {
	struct db *db; /* NULL once committed */
};
#define auto_tx CLEANUP(db_tx_end)
int db_tx_begin(struct db *db, struct db_tx *ret, struct err *err);
int db_tx_commit(struct db_tx *tx, struct err *err);
void db_tx_end(struct db_tx *tx);
