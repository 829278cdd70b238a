/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions about builds and packages. Each walks an index; none grows with the history. */
#include "store/internal.h"

int store_build_get(struct store *st, int64_t id, struct store_build *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "select " BUILD_COLUMNS "from build b where b.id = ?", &q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	r = build_one(st->db, q, ret, err);
	if (!r)
		return build_missing(id, err);
	return r < 0 ? r : 0;
}

int store_build_steps(struct store *st, int64_t id, struct result *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(
		st->db, "select name, seconds, exit from step where build = ? order by n", &q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	while ((r = db_step(st->db, q, err)) > 0) {
		struct build_step *s = vec_push(&ret->steps);

		s->name = xstrdup(db_peek(q, 0));
		s->seconds = sqlite3_column_double(q, 1);
		s->exit = sqlite3_column_int(q, 2);
	}
	return r;
}

int store_build_artifacts(struct store *st, int64_t id, struct package_vec *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select " PACKAGE_COLUMNS "from artifact where build = ? order by file", &q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	return package_rows(st->db, q, ret, err);
}

int store_build_packages(struct store *st, int64_t id, struct package_vec *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select " PACKAGE_COLUMNS "from package where build = ? order by file", &q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	return package_rows(st->db, q, ret, err);
}

int store_targets(struct store *st, struct strv *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "select distinct target from project order by target", &q, err);

	if (r < 0)
		return r;
	while ((r = db_step(st->db, q, err)) > 0)
		strv_add(ret, db_peek(q, 0));
	return r;
}

/* ---- lists of builds ---- */

enum list_bits {
	LIST_TARGET = 1,
	LIST_PROJECT = 2,
	LIST_STATE = 4,
	LIST_PUBLISHED = 8,
	LIST_OLDEST = 16,
};

static const char *list_sql(struct store *st, unsigned bits)
{
	auto_strbuf struct strbuf sql = STRBUF_INIT;

	if (st->list_sql[bits])
		return st->list_sql[bits];
	sb_add(&sql, "select " BUILD_COLUMNS "from build b where 1");
	if (bits & LIST_TARGET)
		sb_add(&sql, " and b.target = ?1");
	if (bits & LIST_PROJECT)
		sb_add(&sql, " and b.project = ?2");
	if (bits & LIST_STATE)
		sb_add(&sql, " and b.state = ?3");
	if (bits & LIST_PUBLISHED)
		sb_add(&sql, " and b.published > 0");
	sb_addf(&sql, " order by b.id%s limit ?4", bits & LIST_OLDEST ? "" : " desc");
	return st->list_sql[bits] = sb_take(&sql);
}

int store_builds(
	struct store *st, const struct store_filter *f, struct store_builds *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	unsigned bits = (f->target ? LIST_TARGET : 0) | (f->project ? LIST_PROJECT : 0) |
			(f->state >= 0 ? LIST_STATE : 0) | (f->published ? LIST_PUBLISHED : 0) |
			(f->oldest_first ? LIST_OLDEST : 0);
	int r = db_query(st->db, list_sql(st, bits), &q, err);

	if (r < 0)
		return r;
	if (f->target)
		db_bind_text(q, 1, f->target);
	if (f->project)
		db_bind_text(q, 2, f->project);
	if (f->state >= 0)
		db_bind_int(q, 3, f->state);
	db_bind_int(q, 4, f->limit > 0 ? f->limit : -1);
	return build_rows(st->db, q, ret, err);
}

/* ---- one build per project ---- */

static int builds_of_target(struct store *st, const char *sql, const char *target,
	struct store_builds *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, sql, &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	return build_rows(st->db, q, ret, err);
}

int store_last_builds(
	struct store *st, const char *target, struct store_builds *ret, struct err *err)
{
	return builds_of_target(st,
		"select " BUILD_COLUMNS "from project p join build b on b.id = ("
		"select max(id) from build where target = p.target and project = p.project "
		"and state in (2, 3)) where p.target = ? order by p.project",
		target, ret, err);
}

int store_newest_builds(
	struct store *st, const char *target, struct store_builds *ret, struct err *err)
{
	return builds_of_target(st,
		"select " BUILD_COLUMNS "from project p join build b on b.id = ("
		"select max(id) from build where target = p.target and project = p.project) "
		"where p.target = ? order by p.project",
		target, ret, err);
}

int store_published_builds(
	struct store *st, const char *target, struct store_builds *ret, struct err *err)
{
	return builds_of_target(st,
		"select " BUILD_COLUMNS "from project p join build b on b.id = " LAST_PUBLISHED
		" where p.target = ? order by p.project",
		target, ret, err);
}

int store_last_published(struct store *st, const char *target, const char *project,
	struct store_build *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select " BUILD_COLUMNS "from build b where b.target = ? and b.project = ? and "
		"b.published > 0 order by b.published desc limit 1",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_text(q, 2, project);
	r = build_one(st->db, q, ret, err);
	if (!r)
		return err_set(err, ERR_NOT_FOUND, "nothing of %s is published yet", project);
	return r < 0 ? r : 0;
}

/* ---- published packages ---- */

int store_published_packages(
	struct store *st, const char *target, struct package_vec *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select " PACKAGE_COLUMNS
		"from project p join package k on k.build = " LAST_PUBLISHED
		" where p.target = ? and k.kind = 'main' order by p.project, k.file",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	return package_rows(st->db, q, ret, err);
}

int store_published_files(struct store *st, const char *target, const char *except_project,
	struct package_vec *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select " PACKAGE_COLUMNS
		"from project p join package k on k.build = " LAST_PUBLISHED
		" where p.target = ?1 and p.project is not ?2 order by p.project, k.file",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_text(q, 2, except_project);
	return package_rows(st->db, q, ret, err);
}

int store_nevra_sha(
	struct store *st, const char *target, const char *nevra, char **ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select sha256 from package where target = ? and nevra = ? limit 1", &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_text(q, 2, nevra);
	r = db_step(st->db, q, err);
	if (r < 0)
		return r;
	*ret = r ? db_text(q, 0) : NULL;
	return 0;
}
