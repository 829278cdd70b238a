/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/pages.h"
#include "store/internal.h"

int store_ended(struct store *st, const char *target, int64_t limit, struct store_builds *ret,
	struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select " BUILD_COLUMNS "from build b where b.target = ?1 and "
		"b.state in (2, 3, 4, 5) order by b.finished desc, b.id desc limit ?2",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_int(q, 2, limit);
	return build_rows(st->db, q, ret, err);
}

int store_ended_since(
	struct store *st, const char *target, int64_t limit, int64_t *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select finished from build where target = ?1 and state in (2, 3, 4, 5) "
		"order by finished desc, id desc limit 1 offset ?2",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_int(q, 2, limit - 1);
	r = db_step(st->db, q, err);
	if (r >= 0)
		*ret = r ? sqlite3_column_int64(q, 0) : 0;
	return r < 0 ? r : 0;
}

void store_waiting_release(struct store_waiting *w)
{
	free(w->target);
	free(w->project);
	free(w->waits);
	*w = (struct store_waiting){0};
}

int store_waiting(
	struct store *st, const char *target, struct store_waiting_vec *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select id, target, project, state, waits, priority, not_before, started "
		"from build where target = ? and state in (0, 1, 4) order by project, id",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	while ((r = db_step(st->db, q, err)) > 0)
		*vec_push(ret) = (struct store_waiting){
			.id = sqlite3_column_int64(q, 0),
			.target = db_text(q, 1),
			.project = db_text(q, 2),
			.state = (enum store_state)sqlite3_column_int(q, 3),
			.waits = db_text(q, 4),
			.priority = sqlite3_column_int64(q, 5),
			.not_before = sqlite3_column_int64(q, 6),
			.started = sqlite3_column_int64(q, 7),
		};
	return r;
}

int store_builds_after(struct store *st, const char *target, int64_t after, int64_t limit,
	struct store_builds *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select " BUILD_COLUMNS "from build b where b.target = ?1 and b.id > ?2 "
		"order by b.id limit ?3",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_int(q, 2, after);
	db_bind_int(q, 3, limit);
	return build_rows(st->db, q, ret, err);
}

int store_builds_count(struct store *st, const char *target, int64_t *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "select count(*) from build where target = ?", &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	r = db_step(st->db, q, err);
	if (r > 0)
		*ret = sqlite3_column_int64(q, 0);
	return r < 0 ? r : 0;
}

void store_listed_release(struct store_listed *l)
{
	free(l->nevra);
	free(l->project);
}

int store_listed(
	struct store *st, const char *target, struct store_listed_vec *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select k.nevra, p.project, k.build, k.size from project p join package k on "
		"k.build = " LAST_PUBLISHED
		" where p.target = ? and k.kind = 'main' order by p.project, k.file",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	while ((r = db_step(st->db, q, err)) > 0)
		*vec_push(ret) = (struct store_listed){
			.nevra = db_text(q, 0),
			.project = db_text(q, 1),
			.build = sqlite3_column_int64(q, 2),
			.size = (uint64_t)sqlite3_column_int64(q, 3),
		};
	return r;
}
