/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the database is whole and says the same everywhere. */
#include "store/internal.h"

/* One line per row of sql; "ok" is none. */
static int tell_rows(struct store *st, const char *sql, const char *what, store_check_fn fn,
	void *ctx, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, sql, &q, err);

	while (r >= 0 && (r = db_step(st->db, q, err)) > 0) {
		auto_free char *text = xasprintf("%s%s", what, db_peek(q, 0));

		if (!str_eq(db_peek(q, 0), "ok"))
			fn(ctx, text, false);
	}
	return r;
}

/*
 * What the builds say. A build that is queued again counts with its former outcome, which its row
 * no longer tells, and gc may have taken old ones: the standing is wrong only where a row says so.
 */
#define SAID                                                                                       \
	"(select *, coalesce((select min(id) from build o where o.target = w.target and "          \
	"o.project = w.project and o.state in (2, 3) and o.id > good), 0) as bad from ("           \
	"select target, project, max(id) as last, "                                                \
	"coalesce(max(case when state = 2 then id end), 0) as good, "                              \
	"sum(state = 2) as n_success, sum(state = 3) as n_failed "                                 \
	"from build where state in (2, 3) group by target, project) w) "

#define STATE(column) "coalesce((select state from build where id = s." column "), 0)"

/* clang-format off */
static const char wrong_sql[] =
	"select w.target, w.project from " SAID "w left join standing s on s.target = w.target "
	"and s.project = w.project where s.last is null or s.last < w.last or "
	"s.last_success < w.good or s.n_success < w.n_success or s.n_failed < w.n_failed or "
	"s.first_failure > 0 and s.first_failure < s.last_success or "
	"s.last_success = w.good and w.bad > 0 and "
	"(s.first_failure = 0 or s.first_failure > w.bad) or "
	STATE("last") " in (2, 3) and " STATE("last") " <> s.state or "
	STATE("last_success") " = 3 or " STATE("first_failure") " = 2";
/* clang-format on */

static int renew(struct store *st, const char *target, const char *project, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"insert or replace into standing select w.target, w.project, "
		"(select state from build where id = w.last), w.last, w.good, "
		"coalesce((select finished from build where id = w.good), 0), w.bad, "
		"coalesce((select finished from build where id = w.bad), 0), "
		"max(w.n_success, coalesce(s.n_success, 0)), "
		"max(w.n_failed, coalesce(s.n_failed, 0)) from " SAID
		"w left join standing s on s.target = w.target and s.project = w.project "
		"where w.target = ? and w.project = ?",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_text(q, 2, project);
	return db_step(st->db, q, err);
}

static int find_wrong(
	struct store *st, struct strv *targets, struct strv *projects, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, wrong_sql, &q, err);

	while (r >= 0 && (r = db_step(st->db, q, err)) > 0) {
		strv_add(targets, db_peek(q, 0));
		strv_add(projects, db_peek(q, 1));
	}
	return r;
}

static int check_standings(
	struct store *st, bool repair, store_check_fn fn, void *ctx, struct err *err)
{
	auto_strv struct strv targets = STRV_INIT, projects = STRV_INIT;
	int r = find_wrong(st, &targets, &projects, err);

	for (size_t i = 0; r >= 0 && i < targets.n; i++) {
		auto_free char *text = xasprintf("the standing of %s on %s is not what its builds "
						 "say",
			projects.v[i], targets.v[i]);

		if (repair)
			r = renew(st, targets.v[i], projects.v[i], err);
		if (r >= 0)
			fn(ctx, text, repair);
	}
	return r;
}

int store_check(struct store *st, bool repair, store_check_fn fn, void *ctx, struct err *err)
{
	int r = tell_rows(
		st, "pragma integrity_check(20)", "the database is damaged: ", fn, ctx, err);

	if (r >= 0)
		r = tell_rows(st,
			"select \"table\" || ' ' || coalesce(rowid, '') from "
			"pragma_foreign_key_check "
			"limit 20",
			"the database has a row without its build: ", fn, ctx, err);
	return r < 0 ? r : check_standings(st, repair, fn, ctx, err);
}

int store_packages_all(struct store *st, const char *target,
	int (*fn)(void *ctx, int64_t build, const struct package *p, struct err *err), void *ctx,
	struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select " PACKAGE_COLUMNS ", build from package where target = ? order by build, "
		"file",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	while ((r = db_step(st->db, q, err)) > 0) {
		struct package_vec v = VEC_INIT;

		r = package_row(q, &v, err);
		if (r >= 0)
			r = fn(ctx, sqlite3_column_int64(q, 6), &v.v[0], err);
		vec_free(&v, package_release);
		if (r < 0)
			return r;
	}
	return r;
}

int store_published_repos(struct store *st, const char *target, struct strv *ret_repos,
	struct store_ids *ret_ids, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select repo, id from build where target = ? and published > 0 and "
		"repo is not null",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	while ((r = db_step(st->db, q, err)) > 0) {
		strv_add(ret_repos, db_peek(q, 0));
		*vec_push(ret_ids) = sqlite3_column_int64(q, 1);
	}
	return r;
}
