/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where projects stand, and what their history says. Each step costs an index look-up or two. */
#include "store/internal.h"

#define STANDING_COLUMNS                                                                           \
	"target, project, state, last, last_success, last_success_time, first_failure, "           \
	"first_failure_time, n_success, n_failed "

void store_standing_release(struct store_standing *s)
{
	free(s->target);
	free(s->project);
	*s = (struct store_standing){0};
}

static void standing_row(sqlite3_stmt *q, struct store_standing *ret)
{
	*ret = (struct store_standing){
		.target = db_text(q, 0),
		.project = db_text(q, 1),
		.state = (enum store_state)sqlite3_column_int(q, 2),
		.last = sqlite3_column_int64(q, 3),
		.last_success = sqlite3_column_int64(q, 4),
		.last_success_time = sqlite3_column_int64(q, 5),
		.first_failure = sqlite3_column_int64(q, 6),
		.first_failure_time = sqlite3_column_int64(q, 7),
		.n_success = sqlite3_column_int64(q, 8),
		.n_failed = sqlite3_column_int64(q, 9),
	};
}

int store_standings(
	struct store *st, const char *target, struct store_standings *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		target ? "select " STANDING_COLUMNS "from standing where target = ? "
			 "order by target, project"
		       : "select " STANDING_COLUMNS "from standing order by target, project",
		&q, err);

	if (r < 0)
		return r;
	if (target)
		db_bind_text(q, 1, target);
	while ((r = db_step(st->db, q, err)) > 0)
		standing_row(q, vec_push(ret));
	return r;
}

int store_standing(struct store *st, const char *target, const char *project,
	struct store_standing *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select " STANDING_COLUMNS "from standing where target = ? and project = ?", &q,
		err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, target);
	db_bind_text(q, 2, project);
	r = db_step(st->db, q, err);
	if (r < 0)
		return r;
	if (!r)
		return err_set(err, ERR_NOT_FOUND, "no build of %s is over yet", project);
	standing_row(q, ret);
	return 0;
}

/* ---- kept up ---- */

static int save(struct store *st, const struct store_standing *s, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(
		st->db, "insert or replace into standing values (?,?,?,?,?,?,?,?,?,?)", &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, s->target);
	db_bind_text(q, 2, s->project);
	db_bind_int(q, 3, s->state);
	db_bind_int(q, 4, s->last);
	db_bind_int(q, 5, s->last_success);
	db_bind_int(q, 6, s->last_success_time);
	db_bind_int(q, 7, s->first_failure);
	db_bind_int(q, 8, s->first_failure_time);
	db_bind_int(q, 9, s->n_success);
	db_bind_int(q, 10, s->n_failed);
	return db_step(st->db, q, err);
}

/* One build next to `id` by sql; none: 0 and 0. */
static int neighbour(struct store *st, const char *sql, const struct store_standing *s, int64_t id,
	int64_t *ret_id, int64_t *ret_time, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, sql, &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, s->target);
	db_bind_text(q, 2, s->project);
	db_bind_int(q, 3, id);
	r = db_step(st->db, q, err);
	if (r < 0)
		return r;
	*ret_id = r ? sqlite3_column_int64(q, 0) : 0;
	*ret_time = r ? sqlite3_column_int64(q, 1) : 0;
	return 0;
}

static int success_before(struct store *st, struct store_standing *s, int64_t id, struct err *err)
{
	return neighbour(st,
		"select id, finished from build where target = ? and project = ? and state = 2 "
		"and id < ? order by id desc limit 1",
		s, id, &s->last_success, &s->last_success_time, err);
}

static int failure_after(struct store *st, struct store_standing *s, int64_t id, struct err *err)
{
	return neighbour(st,
		"select id, finished from build where target = ? and project = ? and "
		"state in (2, 3) and state = 3 and id > ? order by id limit 1",
		s, id, &s->first_failure, &s->first_failure_time, err);
}

static int count_success(
	struct store *st, struct store_standing *s, int64_t id, int64_t now, struct err *err)
{
	s->n_success++;
	if (id >= s->last) {
		s->first_failure = s->first_failure_time = 0;
	} else if (id >= s->first_failure && s->first_failure) {
		int r = failure_after(st, s, id, err);

		if (r < 0)
			return r;
		if (!s->first_failure && s->state == BUILD_FAILED) {
			/* the last one failed and is queued again: its row does not say so now */
			s->first_failure = s->last;
			s->first_failure_time = now;
		}
	}
	if (id >= s->last_success) {
		s->last_success = id;
		s->last_success_time = now;
	}
	return 0;
}

static int count_failure(
	struct store *st, struct store_standing *s, int64_t id, int64_t now, struct err *err)
{
	int r;

	s->n_failed++;
	if (id == s->last_success) {
		r = success_before(st, s, id, err);
		return r < 0 ? r : failure_after(st, s, s->last_success, err);
	}
	if (id > s->last_success && (!s->first_failure || id < s->first_failure)) {
		s->first_failure = id;
		s->first_failure_time = now;
	}
	return 0;
}

static int outcome(struct store *st, struct store_standing *s, int64_t id, enum store_state state,
	int64_t now, struct err *err)
{
	int r = state == BUILD_SUCCESS ? count_success(st, s, id, now, err)
				       : count_failure(st, s, id, now, err);
	if (r < 0)
		return r;
	if (id >= s->last) {
		s->last = id;
		s->state = state;
	}
	return save(st, s, err);
}

static int of_build(struct store *st, int64_t id, struct store_standing *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select b.target, b.project, s.state, s.last, s.last_success, "
		"s.last_success_time, s.first_failure, s.first_failure_time, s.n_success, "
		"s.n_failed from build b left join standing s on s.target = b.target and "
		"s.project = b.project where b.id = ?",
		&q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	r = db_step(st->db, q, err);
	if (r > 0)
		standing_row(q, ret);
	return r < 0 ? r : 0;
}

int standing_outcome(
	struct store *st, int64_t id, enum store_state state, int64_t now, struct err *err)
{
	CLEANUP(store_standing_release) struct store_standing s = {0};
	int r;

	if (state != BUILD_SUCCESS && state != BUILD_FAILED)
		return 0;
	r = of_build(st, id, &s, err); /* zeroes for the first outcome */
	if (r >= 0)
		r = outcome(st, &s, id, state, now, err);
	return r;
}

/* ---- what the history says ---- */

int store_success_before(
	struct store *st, const struct store_build *b, struct store_build *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select " BUILD_COLUMNS "from build b where b.target = ? and b.project = ? and "
		"b.state = 2 and b.id < ? order by b.id desc limit 1",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, b->target);
	db_bind_text(q, 2, b->project);
	db_bind_int(q, 3, b->id);
	r = build_one(st->db, q, ret, err);
	if (!r)
		return err_set(err, ERR_NOT_FOUND, "no build of %s before %lld succeeded",
			b->project, (long long)b->id);
	return r < 0 ? r : 0;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define ESTIMATE_OF 9 /* how many builds a median is taken of, at most */

/* Of the rows of sql; 0 rows: *ret stays, returns 0. */
static int median(struct store *st, const char *sql, const char *target, const char *project,
	double *ret, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	double v[ESTIMATE_OF];
	size_t n = 0;
	int r = db_query(st->db, sql, &q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, ESTIMATE_OF);
	if (target) {
		db_bind_text(q, 2, target);
		db_bind_text(q, 3, project);
	}
	while ((r = db_step(st->db, q, err)) > 0)
		if (n < ESTIMATE_OF)
			v[n++] = sqlite3_column_double(q, 0);
	if (r < 0 || !n)
		return r;
	qsort(v, n, sizeof *v, by_size);
	*ret = n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
	return 1;
}

int store_estimate(
	struct store *st, const char *target, const char *project, double *ret, struct err *err)
{
	double seconds = 0;
	int r = median(st,
		"select seconds from build where target = ?2 and project = ?3 and state = 2 "
		"order by id desc limit ?1",
		target, project, &seconds, err);

	if (!r)
		r = median(st,
			"select seconds from build where target = ?2 and project = ?3 and "
			"state in (2, 3) order by id desc limit ?1",
			target, project, &seconds, err);
	if (!r)
		r = median(st,
			"select seconds from build where state = 2 order by id desc limit ?1", NULL,
			NULL, &seconds, err);
	if (r < 0)
		return r;
	*ret = seconds;
	return 0;
}
