/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people and the scheduler change of a build besides its outcome. */
#include "base/time.h"
#include "store/internal.h"

static int set_int(struct store *st, const char *sql, int64_t id, int64_t v, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, sql, &q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, v);
	return build_change(st, q, id, err);
}

/* get: reads the text that set writes; the row is left alone when it says the same. */
static int set_text(struct store *st, const char *get, const char *set, int64_t id, const char *v,
	struct err *err)
{
	auto_query sqlite3_stmt *old = NULL;
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, get, &old, err);

	if (r < 0)
		return r;
	db_bind_int(old, 1, id);
	r = db_step(st->db, old, err);
	if (r > 0 && str_eq_null((const char *)sqlite3_column_text(old, 0), v))
		return 0;
	if (r >= 0)
		r = db_query(st->db, set, &q, err);
	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	db_bind_text(q, 2, v);
	return build_change(st, q, id, err);
}

int store_build_set_detail(
	struct store *st, int64_t id, const char *detail, int64_t by, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "update build set detail = ?2, by_ = ?3 where id = ?1", &q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	db_bind_text(q, 2, detail);
	db_bind_int(q, 3, by);
	return build_change(st, q, id, err);
}

int store_build_set_not_before(struct store *st, int64_t id, int64_t when, struct err *err)
{
	return set_int(st, "update build set not_before = ?2 where id = ?1", id, when, err);
}

int store_build_set_waits(struct store *st, int64_t id, const char *project, struct err *err)
{
	return set_text(st, "select waits from build where id = ?1",
		"update build set waits = ?2 where id = ?1", id, project, err);
}

int store_build_set_blamed(struct store *st, int64_t id, const char *project, struct err *err)
{
	return set_text(st, "select blamed from build where id = ?1",
		"update build set blamed = ?2 where id = ?1", id, project, err);
}

int store_build_set_priority(struct store *st, int64_t id, int64_t priority, struct err *err)
{
	return set_int(st, "update build set priority = ?2 where id = ?1", id, priority, err);
}

int store_build_set_pinned(struct store *st, int64_t id, bool pinned, struct err *err)
{
	return set_int(st, "update build set pinned = ?2 where id = ?1", id, pinned, err);
}

static int get_state(struct store *st, int64_t id, enum store_state *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "select state from build where id = ?", &q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	r = db_step(st->db, q, err);
	if (r < 0)
		return r;
	if (!r)
		return build_missing(id, err);
	*ret = (enum store_state)sqlite3_column_int(q, 0);
	return 0;
}

static int set_cancelled(struct store *st, int64_t id, const char *who, struct err *err)
{
	auto_free char *text = who ? xasprintf("cancelled by %s", who) : xstrdup("cancelled");
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"update build set state = 5, finished = ?2, message = ?3, cause = null, "
		"cause_step = null, log = null, cause_line = null, not_before = 0, waits = null, "
		"blamed = null, seconds = case when state = 1 then max(0, ?2 - started) "
		"else seconds end where id = ?1",
		&q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, time_now());
	db_bind_text(q, 3, text);
	return build_change(st, q, id, err);
}

int store_build_cancel(struct store *st, int64_t id, const char *who, struct err *err)
{
	auto_tx struct db_tx tx = {0};
	enum store_state state;
	int r = db_tx_begin(st->db, &tx, err);

	if (r >= 0)
		r = get_state(st, id, &state, err);
	if (r < 0)
		return r;
	if (state != BUILD_QUEUED && state != BUILD_RUNNING && state != BUILD_RETRY)
		return err_set(err, ERR_CONFLICT, "build %lld is over: %s", (long long)id,
			store_state_name(state));
	r = set_cancelled(st, id, who, err);
	if (r >= 0 && state == BUILD_RUNNING)
		r = attempt_record(st, id, err);
	if (r < 0)
		return r;
	return db_tx_commit(&tx, err);
}

int store_build_delete(struct store *st, int64_t id, struct err *err)
{
	static const char *const all[] = {"delete from step where build = ?",
		"delete from artifact where build = ?", "delete from package where build = ?",
		"delete from attempt where build = ?", "delete from build where id = ?"};
	auto_tx struct db_tx tx = {0};
	enum store_state state;
	int r = db_tx_begin(st->db, &tx, err);

	if (r >= 0)
		r = get_state(st, id, &state, err);
	if (r < 0)
		return r;
	if (state == BUILD_RUNNING)
		return err_set(err, ERR_CONFLICT, "build %lld runs", (long long)id);
	for (size_t i = 0; r >= 0 && i < COUNTOF(all); i++)
		r = id_exec(st, all[i], id, err);
	if (r < 0)
		return r;
	return db_tx_commit(&tx, err);
}
