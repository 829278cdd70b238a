/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tries of a build. */
#include "base/time.h"
#include "store/internal.h"

int attempt_record(struct store *st, int64_t id, struct err *err)
{
	return id_exec(st,
		"insert or replace into attempt select id, attempt, state, cause, cause_step, "
		"message, started, finished, seconds from build where id = ?",
		id, err);
}

void store_attempt_release(struct store_attempt *a)
{
	free(a->cause);
	free(a->cause_step);
	free(a->message);
	*a = (struct store_attempt){0};
}

int store_build_attempts(struct store *st, int64_t id, struct store_attempts *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select n, state, cause, cause_step, message, started, finished, seconds "
		"from attempt where build = ? order by n",
		&q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	while ((r = db_step(st->db, q, err)) > 0) {
		*vec_push(ret) = (struct store_attempt){
			.n = sqlite3_column_int64(q, 0),
			.state = (enum store_state)sqlite3_column_int(q, 1),
			.cause = db_text(q, 2),
			.cause_step = db_text(q, 3),
			.message = db_text(q, 4),
			.started = sqlite3_column_int64(q, 5),
			.finished = sqlite3_column_int64(q, 6),
			.seconds = sqlite3_column_double(q, 7),
		};
	}
	return r;
}

/* When it ended nobody knows: the time of its end is the time it was found. */
static int record_cut_off(struct store *st, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"insert or replace into attempt select id, attempt, 4, 'infrastructure', null, "
		"'interrupted', started, ?1, max(0, ?1 - started) from build where state = 1",
		&q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, time_now());
	return db_step(st->db, q, err);
}

static int requeue(struct store *st, size_t *ret_n, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "update build set state = 0 where state = 1", &q, err);

	if (r >= 0)
		r = db_step(st->db, q, err);
	if (r >= 0)
		*ret_n = (size_t)sqlite3_changes(st->db->sq);
	return r;
}

int store_build_untry(struct store *st, int64_t id, struct err *err)
{
	return id_exec(st,
		"update build set state = 0, attempt = max(attempt - 1, 0) where id = ? and state "
		"= 1",
		id, err);
}

int store_requeue_running(struct store *st, size_t *ret_n, struct err *err)
{
	auto_tx struct db_tx tx = {0};
	size_t n = 0;
	int r = db_tx_begin(st->db, &tx, err);

	if (r >= 0)
		r = record_cut_off(st, err);
	if (r >= 0)
		r = requeue(st, &n, err);
	if (r >= 0)
		r = db_tx_commit(&tx, err);
	if (r >= 0 && ret_n)
		*ret_n = n;
	return r;
}
