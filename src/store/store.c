/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fs.h"
#include "store/internal.h"

int store_open(const char *dir, bool read_only, struct store **ret, struct err *err)
{
	CLEANUP(store_closep) struct store *st = xcalloc(1, sizeof *st);
	auto_free char *path = path_join(dir, "packmill.db");
	int r = read_only ? 0 : fs_mkdirs(dir, 0755, err);

	if (r < 0)
		return r;
	r = db_open(path, &store_schema, read_only ? DB_READ_ONLY : 0, &st->db, err);
	if (r < 0)
		return r;
	*ret = TAKE(st);
	return 0;
}

void store_close(struct store *st)
{
	if (!st)
		return;
	db_close(st->db);
	for (size_t i = 0; i < COUNTOF(st->list_sql); i++)
		free(st->list_sql[i]);
	free(st);
}

int store_begin(struct store *st, struct err *err)
{
	return db_begin(st->db, err);
}

int store_commit(struct store *st, struct err *err)
{
	return db_commit(st->db, err);
}

void store_rollback(struct store *st)
{
	db_rollback(st->db);
}

static const char *const states[] = {
	[BUILD_QUEUED] = "queued",
	[BUILD_RUNNING] = "running",
	[BUILD_SUCCESS] = "success",
	[BUILD_FAILED] = "failed",
	[BUILD_RETRY] = "retry",
	[BUILD_CANCELLED] = "cancelled",
};

const char *store_state_name(enum store_state s)
{
	return (size_t)s < COUNTOF(states) ? states[s] : "unknown";
}

void store_build_release(struct store_build *b)
{
	free(b->target);
	free(b->project);
	free(b->name);
	free(b->component);
	free(b->upstream_url);
	free(b->upstream_sha);
	free(b->packaging_url);
	free(b->packaging_sha);
	free(b->cause);
	free(b->cause_step);
	free(b->message);
	free(b->log);
	free(b->evr);
	free(b->nvr);
	free(b->repo);
	free(b->trigger);
	free(b->detail);
	free(b->waits);
	free(b->blamed);
	free(b->content);
	free(b->author);
	free(b->subject);
	*b = (struct store_build){0};
}

void build_row(sqlite3_stmt *q, struct store_build *ret)
{
	int c = 0;

	ret->id = sqlite3_column_int64(q, c++);
	ret->target = db_text(q, c++);
	ret->project = db_text(q, c++);
	ret->name = db_text(q, c++);
	ret->component = db_text(q, c++);
	ret->upstream_url = db_text(q, c++);
	ret->upstream_sha = db_text(q, c++);
	ret->packaging_url = db_text(q, c++);
	ret->packaging_sha = db_text(q, c++);
	ret->rebuild = sqlite3_column_int64(q, c++);
	ret->state = (enum store_state)sqlite3_column_int(q, c++);
	ret->cause = db_text(q, c++);
	ret->cause_step = db_text(q, c++);
	ret->message = db_text(q, c++);
	ret->log = db_text(q, c++);
	ret->cause_line = sqlite3_column_int64(q, c++);
	ret->evr = db_text(q, c++);
	ret->nvr = db_text(q, c++);
	ret->repo = db_text(q, c++);
	ret->trigger = db_text(q, c++);
	ret->author = db_text(q, c++);
	ret->subject = db_text(q, c++);
	ret->commit_time = sqlite3_column_int64(q, c++);
	ret->packaging_time = sqlite3_column_int64(q, c++);
	ret->date = sqlite3_column_int64(q, c++);
	ret->queued = sqlite3_column_int64(q, c++);
	ret->started = sqlite3_column_int64(q, c++);
	ret->finished = sqlite3_column_int64(q, c++);
	ret->seconds = sqlite3_column_double(q, c++);
	ret->published = sqlite3_column_int64(q, c++) > 0;
	ret->detail = db_text(q, c++);
	ret->by = sqlite3_column_int64(q, c++);
	ret->waits = db_text(q, c++);
	ret->blamed = db_text(q, c++);
	ret->attempt = sqlite3_column_int64(q, c++);
	ret->retries = sqlite3_column_int64(q, c++);
	ret->priority = sqlite3_column_int64(q, c++);
	ret->not_before = sqlite3_column_int64(q, c++);
	ret->pinned = sqlite3_column_int64(q, c++) != 0;
	ret->content = db_text(q, c++);
}

int package_row(sqlite3_stmt *q, struct package_vec *ret, struct err *err)
{
	struct package *p = vec_push(ret);
	const char *sha = db_peek(q, 2);

	p->file = db_text(q, 0);
	p->size = (uint64_t)sqlite3_column_int64(q, 3);
	p->build_time = sqlite3_column_int64(q, 5);
	if (strlen(sha) != SHA256_HEX - 1 || !package_set_nevra(p, db_peek(q, 1)) ||
		!package_kind_parse(db_peek(q, 4), &p->kind))
		return err_set(err, ERR_CORRUPT, "the record of package %s is not complete",
			p->file ? p->file : "?");
	memcpy(p->sha256, sha, SHA256_HEX);
	return 0;
}

int package_rows(struct db *db, sqlite3_stmt *q, struct package_vec *ret, struct err *err)
{
	int r;

	while ((r = db_step(db, q, err)) > 0) {
		r = package_row(q, ret, err);
		if (r < 0)
			return r;
	}
	return r;
}

int build_rows(struct db *db, sqlite3_stmt *q, struct store_builds *ret, struct err *err)
{
	int r;

	while ((r = db_step(db, q, err)) > 0)
		build_row(q, vec_push(ret));
	return r;
}

int build_one(struct db *db, sqlite3_stmt *q, struct store_build *ret, struct err *err)
{
	int r = db_step(db, q, err);

	if (r <= 0)
		return r;
	*ret = (struct store_build){0};
	build_row(q, ret);
	return 1;
}

int build_missing(int64_t id, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "there is no build %lld", (long long)id);
}
