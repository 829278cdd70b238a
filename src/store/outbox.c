/* SPDX-License-Identifier: GPL-3.0-or-later */
/* News that wait, and what people were told. */
#include "store/outbox.h"
#include "store/internal.h"

#define NEWS_COLUMNS                                                                               \
	"id, at, channel, rcpt, kind, data, tries, not_before, why, limited, mail from outbox "

void store_news_release(struct store_news *n)
{
	free(n->channel);
	free(n->rcpt);
	free(n->kind);
	free(n->data);
	free(n->why);
	*n = (struct store_news){0};
}

static int news_rows(struct store *st, sqlite3_stmt *q, struct store_news_vec *ret, struct err *err)
{
	int r;

	while ((r = db_step(st->db, q, err)) > 0)
		*vec_push(ret) = (struct store_news){
			.id = sqlite3_column_int64(q, 0),
			.at = sqlite3_column_int64(q, 1),
			.channel = db_text(q, 2),
			.rcpt = db_text(q, 3),
			.kind = db_text(q, 4),
			.data = db_text(q, 5),
			.tries = sqlite3_column_int64(q, 6),
			.not_before = sqlite3_column_int64(q, 7),
			.why = db_text(q, 8),
			.limited = sqlite3_column_int64(q, 9) != 0,
			.mail = sqlite3_column_int64(q, 10),
		};
	return r;
}

int store_outbox_add(struct store *st, const struct store_news *n, int64_t *ret_id, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"insert into outbox (at, channel, rcpt, kind, data, not_before) "
		"values (?,?,?,?,?,?)",
		&q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, n->at);
	db_bind_text(q, 2, n->channel);
	db_bind_text(q, 3, n->rcpt);
	db_bind_text(q, 4, n->kind);
	db_bind_text(q, 5, n->data);
	db_bind_int(q, 6, n->not_before);
	r = db_step(st->db, q, err);
	if (r >= 0 && ret_id)
		*ret_id = sqlite3_last_insert_rowid(st->db->sq);
	return r;
}

int store_outbox_waiting(struct store *st, size_t max, struct store_news_vec *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select * from (select " NEWS_COLUMNS "where sent = 0 and channel <> 'held' "
		"order by not_before, id limit ?) order by id",
		&q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, max ? (int64_t)max : -1);
	return news_rows(st, q, ret, err);
}

int store_outbox_recent(struct store *st, const char *channel, const char *rcpt, const char *kind,
	int64_t since, struct store_news_vec *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select " NEWS_COLUMNS "where kind = ? and at > ? and channel = ? and rcpt = ? "
		"order by id",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, kind);
	db_bind_int(q, 2, since);
	db_bind_text(q, 3, channel);
	db_bind_text(q, 4, rcpt);
	return news_rows(st, q, ret, err);
}

int store_outbox_sent(struct store *st, int64_t id, int64_t mail, int64_t now, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "update outbox set sent = ?2, mail = ?3, why = null where id = ?1",
		&q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, now > 0 ? now : 1);
	db_bind_int(q, 3, mail);
	return db_step(st->db, q, err);
}

static int put_off(struct store *st, const char *sql, int64_t id, int64_t not_before,
	const char *why, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, sql, &q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, not_before);
	db_bind_text(q, 3, why);
	return db_step(st->db, q, err);
}

int store_outbox_later(
	struct store *st, int64_t id, int64_t not_before, const char *why, struct err *err)
{
	return put_off(st,
		"update outbox set tries = tries + 1, not_before = ?2, why = ?3 where id = ?1", id,
		not_before, why, err);
}

int store_outbox_limit(
	struct store *st, int64_t id, int64_t not_before, const char *why, struct err *err)
{
	return put_off(st, "update outbox set limited = 1, not_before = ?2, why = ?3 where id = ?1",
		id, not_before, why, err);
}

int store_outbox_drop(struct store *st, int64_t id, struct err *err)
{
	return id_exec(st, "delete from outbox where id = ?", id, err);
}

int store_outbox_rate(struct store *st, const char *rcpt, int64_t since, size_t *ret,
	int64_t *ret_first, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select count(distinct mail), coalesce(min(sent), 0) from outbox "
		"where rcpt = ? and sent > ? and sent > 0",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, rcpt);
	db_bind_int(q, 2, since);
	if ((r = db_step(st->db, q, err)) < 0)
		return r;
	*ret = (size_t)sqlite3_column_int64(q, 0);
	*ret_first = sqlite3_column_int64(q, 1);
	return 0;
}

int store_outbox_expire(struct store *st, int64_t before, struct err *err)
{
	return id_exec(st, "delete from outbox where sent > 0 and sent < ?", before, err);
}

/* ---- what was told ---- */

int store_told_get(struct store *st, const char *target, const char *project, int64_t *ret_build,
	int64_t *ret_at, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(
		st->db, "select build, at from told where target = ? and project = ?", &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_text(q, 2, project);
	if ((r = db_step(st->db, q, err)) < 0)
		return r;
	*ret_build = r ? sqlite3_column_int64(q, 0) : 0;
	*ret_at = r ? sqlite3_column_int64(q, 1) : 0;
	return 0;
}

int store_told_set(struct store *st, const char *target, const char *project, int64_t build,
	int64_t at, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		build ? "insert or replace into told values (?,?,?,?)"
		      : "delete from told where target = ? and project = ?",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_text(q, 2, project);
	if (build) {
		db_bind_int(q, 3, build);
		db_bind_int(q, 4, at);
	}
	return db_step(st->db, q, err);
}

/* ---- what is on its way ---- */

static int any_row(struct store *st, sqlite3_stmt *q, bool *ret, struct err *err)
{
	int r = db_step(st->db, q, err);

	if (r < 0)
		return r;
	*ret = r > 0;
	return 0;
}

/* One that waits counts while the one it waits for moves: who waits for ever is no reason to wait
 * for. */
int store_others_coming(
	struct store *st, const char *target, int64_t but, bool *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select 1 from build b where b.state in (0, 1, 4) and +b.target = ?1 and "
		"b.id <> ?2 and not exists (select 1 from hold h where h.project in ('', "
		"b.project)) and (b.waits is null or b.state <> 0 or exists (select 1 from build w "
		"where w.target = ?1 and w.project = b.waits and w.id <> ?2 and w.state in (0, 1, "
		"4) "
		"and (w.state <> 0 or w.waits is null))) limit 1",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_int(q, 2, but);
	return any_row(st, q, ret, err);
}

int store_same_coming(struct store *st, const struct store_build *b, bool *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select 1 from build where state in (0, 1) and waits is null and project = ? and "
		"upstream_sha = ? and packaging_sha = ? and target <> ? limit 1",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, b->project);
	db_bind_text(q, 2, b->upstream_sha);
	db_bind_text(q, 3, b->packaging_sha);
	db_bind_text(q, 4, b->target);
	return any_row(st, q, ret, err);
}
