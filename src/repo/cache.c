/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metadata fragments of the packages in use, so that a publish reads only what is new. The database
 * can be deleted at any time: what is missing is read again from the pool.
 */
#include "base/log.h"
#include "repo/internal.h"

#define SPARE 64 /* fragments not in use that may stay before they are swept */

static const char *const steps[] = {
	"create table fragment ("
	"  href text primary key, sha256 text not null,"
	"  primary_ text not null, filelists text not null, other text not null) without rowid;",
};
static const struct db_schema schema = {
	.application_id = 0x706b6d63, /* "pkmc" */
	.steps = steps,
	.n = COUNTOF(steps),
};

int cache_open(struct repo *r, struct err *err)
{
	auto_free char *dir = path_join(r->data, "cache");
	auto_free char *path = xasprintf("%s/metadata-%s.sqlite", dir, r->target);
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	int rc;

	if (r->cache)
		return 0;
	rc = fs_mkdirs(dir, 0755, err);
	if (rc < 0)
		return rc;
	rc = db_open(path, &schema, DB_CACHE, &r->cache, err);
	if (rc != -ERR_CORRUPT)
		return rc;
	trace("repo", "%s is thrown away: %s", path, err ? err->msg : "damaged");
	if (err)
		err_clear(err);
	for (size_t i = 0; i < COUNTOF(suffixes); i++) {
		auto_free char *file = xasprintf("%s%s", path, suffixes[i]);

		(void)unlink(file);
	}
	return db_open(path, &schema, DB_CACHE, &r->cache, err);
}

static int put(struct repo *r, const char *href, const struct fragment *f, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	int rc = db_query(r->cache, "insert or replace into fragment values (?,?,?,?,?)", &q, err);

	if (rc < 0)
		return rc;
	db_bind_text(q, 1, href);
	db_bind_text(q, 2, f->sha256);
	for (int i = 0; i < META_FILES; i++)
		db_bind_text(q, 3 + i, f->xml[i]);
	return db_step(r->cache, q, err);
}

int cache_add(struct repo *r, const struct entry *e, const char *nevra, struct err *err)
{
	CLEANUP(fragment_release) struct fragment f = {0};
	int rc = fragment_make(e->path, e->href, &f, err);

	if (rc < 0)
		return rc;
	if (!str_eq(f.sha256, e->sha256))
		return err_set(err, ERR_CORRUPT,
			"'%s' is not what was built: sha256 %s, expected %s", e->path, f.sha256,
			e->sha256);
	if (nevra && !str_eq(f.nevra, nevra))
		return err_set(err, ERR_SOURCE, "'%s' is package %s, expected %s", e->path, f.nevra,
			nevra);
	return put(r, e->href, &f, err);
}

/* What one walk over the fragments and the entries, both by href, is doing. */
struct walk {
	struct metadata *m;
	struct entries missing; /* borrowed entries */
	size_t unused;
};

static void use_row(sqlite3_stmt *q, struct metadata *m)
{
	for (int i = 0; i < META_FILES; i++)
		metadata_add(m, (size_t)i, sqlite3_column_blob(q, 2 + i),
			(size_t)sqlite3_column_bytes(q, 2 + i));
}

static int walk(struct repo *r, const struct entries *e, struct walk *w, struct err *err)
{
	auto_query sqlite3_stmt *q = NULL;
	const struct entry *next = e->v, *end = e->v + e->n;
	int rc = db_query(r->cache,
		"select href, sha256, primary_, filelists, other from fragment order by href", &q,
		err);

	while (rc >= 0 && (rc = db_step(r->cache, q, err)) > 0) {
		int order = -1;

		while (next < end && (order = strcmp(next->href, db_peek(q, 0))) < 0)
			*vec_push(&w->missing) = *next++;
		if (next == end || order != 0)
			w->unused++;
		else if (!str_eq(next->sha256, db_peek(q, 1)))
			*vec_push(&w->missing) = *next++;
		else
			use_row(q, &w->m[(next++)->part]);
	}
	while (rc >= 0 && next < end)
		*vec_push(&w->missing) = *next++;
	return rc;
}

/* Keep only fragments of e; seldom, so that it costs nothing on most publishes. */
static int prune(struct repo *r, const struct entries *e, struct err *err)
{
	auto_strv struct strv gone = STRV_INIT;
	const struct entry *next = e->v, *end = e->v + e->n;
	auto_tx struct db_tx tx = {0};
	int rc = db_tx_begin(r->cache, &tx, err);

	if (rc >= 0) {
		auto_query sqlite3_stmt *q = NULL;

		rc = db_query(r->cache, "select href from fragment order by href", &q, err);
		while (rc >= 0 && (rc = db_step(r->cache, q, err)) > 0) {
			while (next < end && strcmp(next->href, db_peek(q, 0)) < 0)
				next++;
			if (next == end || !str_eq(next->href, db_peek(q, 0)))
				strv_add(&gone, db_peek(q, 0));
		}
	}
	for (size_t i = 0; rc >= 0 && i < gone.n; i++) {
		auto_query sqlite3_stmt *q = NULL;

		rc = db_query(r->cache, "delete from fragment where href = ?", &q, err);
		if (rc < 0)
			break;
		db_bind_text(q, 1, gone.v[i]);
		rc = db_step(r->cache, q, err);
	}
	return rc < 0 ? rc : db_tx_commit(&tx, err);
}

static int add_missing(struct repo *r, const struct entries *missing, struct err *err)
{
	auto_tx struct db_tx tx = {0};
	int rc = db_tx_begin(r->cache, &tx, err);

	for (size_t i = 0; rc >= 0 && i < missing->n; i++)
		rc = cache_add(r, &missing->v[i], NULL, err);
	return rc < 0 ? rc : db_tx_commit(&tx, err);
}

int cache_metadata(struct repo *r, const struct entries *e, int64_t now, struct metadata m[PARTS],
	struct err *err)
{
	size_t counts[PARTS] = {0};
	struct walk w = {.m = m};
	int rc = 0;

	vec_foreach (e, it)
		counts[it->part]++;
	for (int round = 0; round < 2; round++) {
		w.missing.n = w.unused = 0;
		for (size_t p = 0; p < PARTS; p++) {
			metadata_release(&m[p]);
			metadata_begin(&m[p], counts[p]);
		}
		rc = walk(r, e, &w, err);
		if (rc < 0 || !w.missing.n)
			break;
		rc = round ? err_set(err, ERR_BUG, "fragments of %zu packages were not kept",
				     w.missing.n)
			   : add_missing(r, &w.missing, err);
		if (rc < 0)
			break;
	}
	for (size_t p = 0; rc >= 0 && p < PARTS; p++)
		metadata_end(&m[p], now);
	if (rc >= 0 && w.unused > SPARE + e->n / 4)
		rc = prune(r, e, err);
	vec_release(&w.missing);
	return rc;
}
