/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far each project was looked at, and requests to the process that holds the lock. */
#include "base/time.h"
#include "store/internal.h"

int store_seen_get(struct store *st, const char *target, const char *project, char **ret_upstream,
	char **ret_packaging, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select upstream, packaging from seen where target = ? and project = ?", &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_text(q, 2, project);
	r = db_step(st->db, q, err);
	if (r < 0)
		return r;
	*ret_upstream = xstrdup(r ? db_peek(q, 0) : "");
	*ret_packaging = xstrdup(r ? db_peek(q, 1) : "");
	return 0;
}

int store_seen_set(struct store *st, const char *target, const char *project, const char *upstream,
	const char *packaging, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "insert or replace into seen values (?,?,?,?)", &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_text(q, 2, project);
	db_bind_text(q, 3, upstream);
	db_bind_text(q, 4, packaging);
	return db_step(st->db, q, err);
}

int store_remote_get(struct store *st, const char *mirror, char **ret_refs, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "select refs from remote where url = ?", &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, mirror);
	r = db_step(st->db, q, err);
	if (r < 0)
		return r;
	*ret_refs = xstrdup(r ? db_peek(q, 0) : "");
	return 0;
}

int store_remote_set(struct store *st, const char *mirror, const char *refs, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "insert or replace into remote values (?,?)", &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, mirror);
	db_bind_text(q, 2, refs);
	return db_step(st->db, q, err);
}

int store_request_add(struct store *st, const char *verb, const char *arg, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "insert into request (verb, arg, at) values (?,?,?)", &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, verb);
	db_bind_text(q, 2, arg);
	db_bind_int(q, 3, time_now());
	return db_step(st->db, q, err);
}

int store_requests(struct store *st, struct store_requests *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "select id, verb, arg from request order by id", &q, err);

	if (r < 0)
		return r;
	while ((r = db_step(st->db, q, err)) > 0) {
		*vec_push(ret) = (struct store_request){
			.id = sqlite3_column_int64(q, 0),
			.verb = db_text(q, 1),
			.arg = db_text(q, 2),
		};
	}
	return r;
}

int store_request_done(struct store *st, int64_t id, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "delete from request where id = ?", &q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	return db_step(st->db, q, err);
}

void store_request_release(struct store_request *r)
{
	free(r->verb);
	free(r->arg);
	*r = (struct store_request){0};
}
