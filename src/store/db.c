/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/db.h"
#include "base/fs.h"
#include "base/log.h"

#define BUSY_TIMEOUT_MS 20000

/* SQLite's last error as ours. */
static int db_error(struct db *db, struct err *err)
{
	const char *msg = sqlite3_errmsg(db->sq);

	switch (sqlite3_errcode(db->sq)) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(err, ERR_CORRUPT,
			"%s is damaged (%s): restore it from a copy, or move it away to start anew",
			db->path, msg);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, ERR_LOCKED, "%s is held by another process", db->path);
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
	case SQLITE_FULL:
	case SQLITE_NOMEM:
		return err_set(err, ERR_SYS, "%s: %s", db->path, msg);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return err_set(err, ERR_DENIED, "%s: %s", db->path, msg);
	default:
		return err_set(err, ERR_BUG, "%s: %s", db->path, msg);
	}
}

int db_exec(struct db *db, const char *sql, struct err *err)
{
	if (sqlite3_exec(db->sq, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, err);
	return 0;
}

/* ---- statements ---- */

int db_query(struct db *db, const char *sql, sqlite3_stmt **ret, struct err *err)
{
	sqlite3_stmt *q = NULL;

	vec_foreach (&db->kept, k) {
		if (k->sql != sql)
			continue;
		assert(!sqlite3_stmt_busy(k->q));
		*ret = k->q;
		return 0;
	}
	if (sqlite3_prepare_v3(db->sq, sql, -1, SQLITE_PREPARE_PERSISTENT, &q, NULL) != SQLITE_OK)
		return db_error(db, err);
	*vec_push(&db->kept) = (struct db_kept){sql, q};
	*ret = q;
	return 0;
}

void db_resetp(sqlite3_stmt **q)
{
	if (!*q)
		return;
	sqlite3_reset(*q);
	sqlite3_clear_bindings(*q);
}

int db_step(struct db *db, sqlite3_stmt *q, struct err *err)
{
	switch (sqlite3_step(q)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return db_error(db, err);
	}
}

/* A bind fails only for a wrong number or a busy statement: our own bugs. */
void db_bind_textn(sqlite3_stmt *q, int i, const char *s, size_t n)
{
	int rc = sqlite3_bind_text64(q, i, s, n, SQLITE_STATIC, SQLITE_UTF8);

	assert(rc == SQLITE_OK);
	(void)rc;
}

void db_bind_text(sqlite3_stmt *q, int i, const char *s)
{
	db_bind_textn(q, i, s, s ? strlen(s) : 0);
}

void db_bind_int(sqlite3_stmt *q, int i, int64_t v)
{
	int rc = sqlite3_bind_int64(q, i, v);

	assert(rc == SQLITE_OK);
	(void)rc;
}

void db_bind_real(sqlite3_stmt *q, int i, double v)
{
	int rc = sqlite3_bind_double(q, i, v);

	assert(rc == SQLITE_OK);
	(void)rc;
}

char *db_text(sqlite3_stmt *q, int col)
{
	return xstrdup_null((const char *)sqlite3_column_text(q, col));
}

const char *db_peek(sqlite3_stmt *q, int col)
{
	const char *s = (const char *)sqlite3_column_text(q, col);

	return s ? s : "";
}

/* ---- transactions ---- */

/* The write lock is taken at once: a reader that turns writer later could only fail. */
int db_begin(struct db *db, struct err *err)
{
	int r = db_exec(db, db->depth ? "savepoint inner" : "begin immediate", err);

	if (r >= 0)
		db->depth++;
	return r;
}

int db_commit(struct db *db, struct err *err)
{
	int r;

	assert(db->depth > 0);
	r = db_exec(db, db->depth > 1 ? "release inner" : "commit", err);
	if (r >= 0)
		db->depth--;
	return r;
}

void db_rollback(struct db *db)
{
	assert(db->depth > 0);
	db->depth--;
	/* a full disk may have rolled back all of it already */
	if (sqlite3_get_autocommit(db->sq))
		return;
	sqlite3_exec(db->sq, db->depth ? "rollback to inner; release inner" : "rollback", NULL,
		NULL, NULL);
}

int db_tx_begin(struct db *db, struct db_tx *ret, struct err *err)
{
	int r = db_begin(db, err);

	if (r >= 0)
		ret->db = db;
	return r;
}

int db_tx_commit(struct db_tx *tx, struct err *err)
{
	int r = db_commit(tx->db, err);

	if (r >= 0)
		tx->db = NULL;
	return r;
}

void db_tx_end(struct db_tx *tx)
{
	if (tx->db)
		db_rollback(tx->db);
	tx->db = NULL;
}

/* ---- open and close ---- */

static int trace_statement(unsigned what UNUSED, void *ctx UNUSED, void *p, void *x)
{
	char *sql = sqlite3_expanded_sql(p);
	sqlite3_int64 ns;

	memcpy(&ns, x, sizeof ns);
	trace("store", "%.2f ms %.400s", (double)ns / 1e6, sql ? sql : sqlite3_sql(p));
	sqlite3_free(sql);
	return 0;
}

static int pragma_int(struct db *db, const char *sql, int64_t *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(db, sql, &q, err);

	if (r < 0)
		return r;
	r = db_step(db, q, err);
	if (r < 0)
		return r;
	*ret = r ? sqlite3_column_int64(q, 0) : 0;
	return 0;
}

/* Whether it is ours and how old; *ret_version 0 for a new, empty one. */
static int check_version(
	struct db *db, const struct db_schema *s, int64_t *ret_version, struct err *err)
{
	int64_t id, version, tables;
	int r = pragma_int(db, "pragma application_id", &id, err);

	if (r >= 0)
		r = pragma_int(db, "pragma user_version", &version, err);
	if (r >= 0)
		r = pragma_int(db, "select count(*) from sqlite_schema", &tables, err);
	if (r < 0)
		return r;
	if (id != s->application_id && (id || version || tables))
		return err_set(err, ERR_CORRUPT, "%s is a database of another program", db->path);
	if (version > (int64_t)s->n)
		return err_set(err, ERR_CORRUPT,
			"%s has schema %lld, this program knows %zu: use the newer packmill",
			db->path, (long long)version, s->n);
	*ret_version = version;
	return 0;
}

static int migrate(struct db *db, const struct db_schema *s, struct err *err)
{
	auto_free char *id = xasprintf("pragma application_id = %d", (int)s->application_id);
	auto_tx struct db_tx tx = {0};
	int64_t version;
	int r = db_tx_begin(db, &tx, err);

	if (r >= 0) /* again: another process may have been first */
		r = check_version(db, s, &version, err);
	if (r >= 0)
		r = db_exec(db, id, err);
	for (size_t i = r < 0 ? s->n : (size_t)version; i < s->n; i++) {
		auto_free char *set = xasprintf("pragma user_version = %zu", i + 1);

		r = db_exec(db, s->steps[i], err);
		if (r >= 0)
			r = db_exec(db, set, err);
		if (r < 0)
			return err_wrap(err, "to schema %zu", i + 1);
	}
	if (r < 0)
		return r;
	return db_tx_commit(&tx, err);
}

static int set_up(struct db *db, const struct db_schema *s, unsigned flags, struct err *err)
{
	int64_t version;
	int r;

	sqlite3_extended_result_codes(db->sq, 0);
	sqlite3_busy_timeout(db->sq, BUSY_TIMEOUT_MS);
	if (trace_on("store"))
		sqlite3_trace_v2(db->sq, SQLITE_TRACE_PROFILE, trace_statement, NULL);
	/* nothing is written, not even at close, before we know that it is ours */
	sqlite3_db_config(db->sq, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	r = check_version(db, s, &version, err);
	if (r < 0)
		return r;
	if (flags & DB_READ_ONLY) {
		if (!version)
			return err_set(err, ERR_NOT_FOUND, "%s is empty", db->path);
		if (version < (int64_t)s->n)
			return err_set(err, ERR_CORRUPT,
				"%s has schema %lld, this program needs %zu: `packmill run` "
				"brings it forward",
				db->path, (long long)version, s->n);
		return 0;
	}
	/* a cache is opened often: its log is left for a later time */
	sqlite3_db_config(db->sq, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (flags & DB_CACHE) != 0, NULL);
	/* rows of a cache are large: few big pages instead of many chained small ones */
	r = flags & DB_CACHE && !version ? db_exec(db, "pragma page_size = 32768", err) : 0;
	if (r >= 0)
		r = db_exec(db, "pragma journal_mode = wal; pragma foreign_keys = on", err);
	if (r >= 0)
		r = db_exec(db,
			flags & DB_CACHE
				? "pragma synchronous = normal; pragma wal_autocheckpoint = 64"
				: "pragma synchronous = full",
			err);
	if (r >= 0 && version < (int64_t)s->n)
		r = migrate(db, s, err);
	return r;
}

/*
 * A reader that may not write the directory cannot open a WAL database that nobody has open: there
 * is no shared memory file and it cannot make one. Without a log beside it the file is complete.
 */
static int open_immutable(struct db *db)
{
	auto_free char *wal = xasprintf("%s-wal", db->path);
	auto_free char *uri = NULL;
	auto_strbuf struct strbuf esc = STRBUF_INIT;

	if (fs_exists(wal))
		return SQLITE_CANTOPEN;
	for (const char *s = db->path; *s; s++) {
		if (strchr("?#%", *s))
			sb_addf(&esc, "%%%02x", (unsigned)(unsigned char)*s);
		else
			sb_addc(&esc, *s);
	}
	uri = xasprintf("file:%s?immutable=1", sb_str(&esc));
	sqlite3_close(db->sq);
	db->sq = NULL;
	return sqlite3_open_v2(uri, &db->sq, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
}

static bool can_read(struct db *db)
{
	int rc = sqlite3_exec(db->sq, "select 1 from sqlite_schema limit 1", NULL, NULL, NULL);

	return rc != SQLITE_CANTOPEN && rc != SQLITE_READONLY;
}

/*
 * Locks of SQLite are for all who can read the file: any user of the machine could hold up every
 * writer. A file that is there is not opened for this: closing it would give up the locks that this
 * process has on it.
 */
static void close_to_others(const char *path)
{
	static const char *const names[] = {"", "-wal", "-shm"};
	auto_close int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	struct stat st;

	for (size_t i = 0; fd < 0 && i < COUNTOF(names); i++) {
		auto_free char *file = xasprintf("%s%s", path, names[i]);

		if (lstat(file, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 07) &&
			st.st_uid == geteuid())
			(void)chmod(file, st.st_mode & 0770);
	}
}

int db_open(const char *path, const struct db_schema *schema, unsigned flags, struct db **ret,
	struct err *err)
{
	CLEANUP(db_closep) struct db *db = xcalloc(1, sizeof *db);
	int mode = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, rc, r;

	db->path = xstrdup(path);
	if (flags & DB_READ_ONLY) {
		if (access(path, F_OK) < 0)
			return err_errno(err, "%s", path);
		mode = SQLITE_OPEN_READONLY;
	} else {
		close_to_others(path);
	}
	rc = sqlite3_open_v2(path, &db->sq, mode, NULL);
	if (rc == SQLITE_OK && (flags & DB_READ_ONLY) && !can_read(db))
		rc = open_immutable(db);
	if (rc != SQLITE_OK)
		return db_error(db, err);
	r = set_up(db, schema, flags, err);
	if (r < 0)
		return r;
	*ret = TAKE(db);
	return 0;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	vec_foreach (&db->kept, k)
		sqlite3_finalize(k->q);
	vec_release(&db->kept);
	sqlite3_close(db->sq);
	free(db->path);
	free(db);
}
