/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a build: queued, running, finished, published. */
#include "base/time.h"
#include "store/internal.h"

int build_change(struct store *st, sqlite3_stmt *q, int64_t id, struct err *err)
{
	int r = db_step(st->db, q, err);

	if (r < 0)
		return r;
	if (!sqlite3_changes(st->db->sq))
		return build_missing(id, err);
	return 0;
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static int find_build(
	struct store *st, const struct store_build *b, int64_t *ret_id, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"select id from build where target = ? and project = ? and upstream_sha = ? "
		"and packaging_sha = ? and rebuild = ?",
		&q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, b->target);
	db_bind_text(q, 2, b->project);
	db_bind_text(q, 3, or_empty(b->upstream_sha));
	db_bind_text(q, 4, or_empty(b->packaging_sha));
	db_bind_int(q, 5, b->rebuild);
	r = db_step(st->db, q, err);
	if (r > 0)
		*ret_id = sqlite3_column_int64(q, 0);
	return r;
}

static int add_project(struct store *st, const struct store_build *b, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "insert or ignore into project values (?, ?)", &q, err);

	if (r < 0)
		return r;
	db_bind_text(q, 1, b->target);
	db_bind_text(q, 2, b->project);
	return db_step(st->db, q, err);
}

static int insert_build(
	struct store *st, const struct store_build *b, int64_t *ret_id, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"insert into build (target, project, name, component, upstream_url, upstream_sha, "
		"packaging_url, packaging_sha, rebuild, state, trigger_, author, subject, "
		"commit_time, packaging_time, date, queued, detail, by_, priority) values "
		"(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		&q, err);
	int i = 1;

	if (r < 0)
		return r;
	db_bind_text(q, i++, b->target);
	db_bind_text(q, i++, b->project);
	db_bind_text(q, i++, b->name);
	db_bind_text(q, i++, b->component);
	db_bind_text(q, i++, b->upstream_url);
	db_bind_text(q, i++, or_empty(b->upstream_sha));
	db_bind_text(q, i++, b->packaging_url);
	db_bind_text(q, i++, or_empty(b->packaging_sha));
	db_bind_int(q, i++, b->rebuild);
	db_bind_int(q, i++, BUILD_QUEUED);
	db_bind_text(q, i++, b->trigger);
	db_bind_text(q, i++, b->author);
	db_bind_text(q, i++, b->subject);
	db_bind_int(q, i++, b->commit_time);
	db_bind_int(q, i++, b->packaging_time);
	db_bind_int(q, i++, b->date);
	db_bind_int(q, i++, b->queued ? b->queued : time_now());
	db_bind_text(q, i++, b->detail);
	db_bind_int(q, i++, b->by);
	db_bind_int(q, i++, b->priority);
	r = db_step(st->db, q, err);
	if (r >= 0)
		*ret_id = sqlite3_last_insert_rowid(st->db->sq);
	return r;
}

int store_build_add(struct store *st, const struct store_build *b, int64_t *ret_id, bool *ret_new,
	struct err *err)
{
	auto_tx struct db_tx tx = {0};
	int64_t id = 0;
	bool is_new;
	int r = db_tx_begin(st->db, &tx, err);

	if (r >= 0)
		r = find_build(st, b, &id, err);
	if (r < 0)
		return r;
	is_new = r == 0;
	if (is_new) {
		r = add_project(st, b, err);
		if (r >= 0)
			r = insert_build(st, b, &id, err);
		if (r < 0)
			return r;
	}
	r = db_tx_commit(&tx, err);
	if (r < 0)
		return r;
	if (ret_id)
		*ret_id = id;
	if (ret_new)
		*ret_new = is_new;
	return 0;
}

int store_build_start(struct store *st, int64_t id, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"update build set state = 1, started = ?2, attempt = attempt + 1, not_before = 0, "
		"waits = null where id = ?1",
		&q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, time_now());
	return build_change(st, q, id, err);
}

static enum store_state state_of(enum build_status s)
{
	switch (s) {
	case STATUS_SUCCESS:
		return BUILD_SUCCESS;
	case STATUS_FAILED:
		return BUILD_FAILED;
	case STATUS_RETRY:
		return BUILD_RETRY;
	}
	return BUILD_FAILED;
}

/* A build that was not started (its source could not be had) has begun a try all the same. */
static int update_outcome(
	struct store *st, int64_t id, const struct result *r, int64_t now, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	auto_free char *evr = NULL, *nvr = NULL;
	double seconds = 0;
	int i = 2;
	int rc = db_query(st->db,
		"update build set state = ?2, cause = ?3, cause_step = ?4, message = ?5, log = ?6, "
		"cause_line = ?7, evr = coalesce(?8, evr), nvr = coalesce(?9, nvr), "
		"date = case when ?10 then ?10 else date end, finished = ?11, seconds = ?12, "
		"content = coalesce(?13, content), retries = retries + (?2 = 4), "
		"attempt = attempt + (state <> 1), "
		"started = case when state = 1 then started else ?11 end, "
		"waits = null, blamed = null, not_before = 0 where id = ?1",
		&q, err);

	if (rc < 0)
		return rc;
	if (r->version && r->release) {
		evr = r->epoch
			      ? xasprintf("%lld:%s-%s", (long long)r->epoch, r->version, r->release)
			      : xasprintf("%s-%s", r->version, r->release);
		if (r->name)
			nvr = xasprintf("%s-%s-%s", r->name, r->version, r->release);
	}
	vec_foreach (&r->steps, s)
		seconds += s->seconds;
	db_bind_int(q, 1, id);
	db_bind_int(q, i++, state_of(r->status));
	db_bind_text(q, i++, r->cause == CAUSE_NONE ? NULL : cause_kind_name(r->cause));
	db_bind_text(q, i++, r->cause_step);
	db_bind_text(q, i++, r->cause_message);
	db_bind_text(q, i++, r->cause_log);
	db_bind_int(q, i++, r->cause_line);
	db_bind_text(q, i++, evr);
	db_bind_text(q, i++, nvr);
	db_bind_int(q, i++, r->date);
	db_bind_int(q, i++, now);
	db_bind_real(q, i++, seconds);
	db_bind_text(q, i++, r->content);
	return build_change(st, q, id, err);
}

int id_exec(struct store *st, const char *sql, int64_t id, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, sql, &q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	return db_step(st->db, q, err);
}

static int insert_step(
	struct store *st, int64_t id, size_t n, const struct build_step *s, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db, "insert into step values (?,?,?,?,?)", &q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, (int64_t)n);
	db_bind_text(q, 3, s->name);
	db_bind_real(q, 4, s->seconds);
	db_bind_int(q, 5, s->exit);
	return db_step(st->db, q, err);
}

static int insert_artifact(struct store *st, int64_t id, const struct package *p, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"insert into artifact (build, file, nevra, sha256, size, kind, build_time) "
		"values (?,?,?,?,?,?,?)",
		&q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	db_bind_text(q, 2, p->file);
	db_bind_text(q, 3, p->nevra);
	db_bind_text(q, 4, p->sha256);
	db_bind_int(q, 5, (int64_t)p->size);
	db_bind_text(q, 6, package_kind_name(p->kind));
	db_bind_int(q, 7, p->build_time);
	return db_step(st->db, q, err);
}

int store_build_finish(struct store *st, int64_t id, const struct result *res, struct err *err)
{
	auto_tx struct db_tx tx = {0};
	int64_t now = time_now();
	int r = db_tx_begin(st->db, &tx, err);

	if (r >= 0)
		r = update_outcome(st, id, res, now, err);
	if (r >= 0)
		r = attempt_record(st, id, err);
	if (r >= 0)
		r = standing_outcome(st, id, state_of(res->status), now, err);
	if (r >= 0)
		r = id_exec(st, "delete from step where build = ?", id, err);
	if (r >= 0)
		r = id_exec(st, "delete from artifact where build = ?", id, err);
	for (size_t i = 0; r >= 0 && i < res->steps.n; i++)
		r = insert_step(st, id, i, &res->steps.v[i], err);
	for (size_t i = 0; r >= 0 && i < res->artifacts.n; i++)
		r = insert_artifact(st, id, &res->artifacts.v[i], err);
	if (r < 0)
		return r;
	return db_tx_commit(&tx, err);
}

/* The place in the order of publishing: a build published later is the project's last good one,
 * even when its commit is older. */
static int set_published(struct store *st, int64_t id, const char *repo, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"update build set repo = ?2, published = 1 + coalesce((select max(published) from "
		"build o where o.target = build.target and o.project = build.project and "
		"o.published > 0), 0) where id = ?1",
		&q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	db_bind_text(q, 2, repo);
	return build_change(st, q, id, err);
}

int store_build_published(struct store *st, int64_t id, const char *repo, struct err *err)
{
	auto_tx struct db_tx tx = {0};
	int r = db_tx_begin(st->db, &tx, err);

	if (r >= 0)
		r = set_published(st, id, repo, err);
	if (r >= 0)
		r = id_exec(st, "delete from package where build = ?", id, err);
	/* kept apart from artifact: a recheck of a published build changes only the latter */
	if (r >= 0)
		r = id_exec(st,
			"insert into package select a.*, b.target from artifact a "
			"join build b on b.id = a.build where a.build = ?",
			id, err);
	if (r < 0)
		return r;
	return db_tx_commit(&tx, err);
}

int store_build_requeue(struct store *st, int64_t id, const char *trigger, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int r = db_query(st->db,
		"update build set state = 0, trigger_ = coalesce(?2, trigger_), queued = ?3, "
		"cause = null, cause_step = null, message = null, log = null, cause_line = null, "
		"waits = null, blamed = null, not_before = 0, "
		"detail = case when ?2 is null then detail end, "
		"by_ = case when ?2 is null then by_ else 0 end, "
		"retries = case when ?2 is null then retries else 0 end where id = ?1",
		&q, err);

	if (r < 0)
		return r;
	db_bind_int(q, 1, id);
	db_bind_text(q, 2, trigger);
	db_bind_int(q, 3, time_now());
	return build_change(st, q, id, err);
}
