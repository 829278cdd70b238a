/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of projects' dependencies, and which projects are on hold. */
#include "store/internal.h"

void store_dep_row_release(struct store_dep_row *d)
{
	free(d->project);
	free(d->dep);
	*d = (struct store_dep_row){0};
}

static int read_deps(struct store *st, sqlite3_stmt *q, struct store_dep_rows *ret, struct err *err)
{
	int r;

	while ((r = db_step(st->db, q, err)) > 0) {
		*vec_push(ret) = (struct store_dep_row){
			.project = db_text(q, 0),
			.kind = (enum store_dep)sqlite3_column_int(q, 1),
			.dep = db_text(q, 2),
		};
	}
	return r;
}

int store_deps(struct store *st, const char *target, const char *project,
	struct store_dep_rows *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		project ? "select project, kind, dep from dep where target = ?1 and project = ?2 "
			  "order by project, kind, dep"
			: "select project, kind, dep from dep where target = ?1 "
			  "order by project, kind, dep",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	if (project)
		db_bind_text(q, 2, project);
	return read_deps(st, q, ret, err);
}

static int known(struct store *st, const char *target, const char *project, enum store_dep kind,
	struct strv *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select dep from dep where target = ? and project = ? and kind = ? order by dep",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_text(q, 2, project);
	db_bind_int(q, 3, kind);
	while ((r = db_step(st->db, q, err)) > 0)
		strv_add(ret, db_peek(q, 0));
	return r;
}

/* Sorted, each once. */
static void normalize(const struct strv *deps, struct strv *ret)
{
	auto_strv struct strv sorted = STRV_INIT;

	strv_copy(&sorted, deps);
	strv_sort(&sorted);
	strv_foreach (&sorted, d)
		if (!ret->n || !str_eq(ret->v[ret->n - 1], *d))
			strv_add(ret, *d);
}

static bool same(const struct strv *a, const struct strv *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!str_eq(a->v[i], b->v[i]))
			return false;
	return true;
}

static int change_dep(struct store *st, const char *sql, const char *target, const char *project,
	enum store_dep kind, const char *dep, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, sql, &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_text(q, 2, project);
	db_bind_int(q, 3, kind);
	if (dep)
		db_bind_text(q, 4, dep);
	return db_step(st->db, q, err);
}

/* Most commits change no dependency: then nothing is written. */
int store_deps_set(struct store *st, const char *target, const char *project, enum store_dep kind,
	const struct strv *deps, struct err *err)
{
	static const char *const insert = "insert into dep values (?,?,?,?)";
	auto_strv struct strv old = STRV_INIT, new = STRV_INIT;
	auto_tx struct db_tx tx = {0};
	int r = known(st, target, project, kind, &old, err);

	if (r < 0)
		return r;
	normalize(deps, &new);
	if (same(&old, &new))
		return 0;
	r = db_tx_begin(st->db, &tx, err);
	if (r >= 0)
		r = change_dep(st, "delete from dep where target = ? and project = ? and kind = ?",
			target, project, kind, NULL, err);
	for (size_t i = 0; r >= 0 && i < new.n; i++)
		r = change_dep(st, insert, target, project, kind, new.v[i], err);
	if (r < 0)
		return r;
	return db_tx_commit(&tx, err);
}

int store_hold(struct store *st, const char *project, bool on, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		on ? "insert or ignore into hold values (?)" : "delete from hold where project = ?",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, project);
	return db_step(st->db, q, err);
}

int store_held(struct store *st, struct strv *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "select project from hold order by project", &q, err);

	if (r < 0)
		return r;
	while ((r = db_step(st->db, q, err)) > 0)
		strv_add(ret, db_peek(q, 0));
	return r;
}
