/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json.h"
#include "store/internal.h"

void store_unreachable_release(struct store_unreachable *u)
{
	free(u->project);
	free(u->text);
}

int store_unreachable(
	struct store *st, const char *project, struct store_unreachables *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		project ? "select project, since, text from unreachable where project = ?"
			: "select project, since, text from unreachable order by project",
		&q, err);

	if (r < 0)
		return r;
	if (project)
		db_bind_text(q, 1, project);
	while ((r = db_step(st->db, q, err)) > 0)
		*vec_push(ret) = (struct store_unreachable){
			.project = db_text(q, 0),
			.since = sqlite3_column_int64(q, 1),
			.text = db_text(q, 2),
		};
	return r;
}

int store_unreachable_set(
	struct store *st, const char *project, int64_t since, const char *text, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"insert into unreachable values (?,?,?) "
		"on conflict (project) do update set text = excluded.text",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, project);
	db_bind_int(q, 2, since);
	db_bind_text(q, 3, text);
	return db_step(st->db, q, err);
}

int store_unreachable_clear(struct store *st, const char *project, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "delete from unreachable where project = ?", &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, project);
	return db_step(st->db, q, err);
}

json_t *store_unreachable_to_json(const struct store_unreachable *u)
{
	json_t *o = json_object();

	json_put_int(o, "since", u->since);
	json_put_str(o, "message", u->text);
	return o;
}
