/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - shared by the files of solve/ only; libsolv's types end here. */
#pragma once
#include "base/fs.h"
#include "base/map.h"
#include "base/str.h"
#include "solve/modules.h"
#include "solve/solve.h"
#include <solv/bitmap.h>
#include <solv/knownid.h>
#include <solv/pool.h>
#include <solv/queue.h>
#include <solv/repo.h>
#include <solv/solver.h>

static inline void solve_fclose(FILE *f)
{
	(void)fclose(f);
}
DEFINE_CLEANUP(FILE *, solve_fclose)
#define auto_file CLEANUP(solve_fclosep)

/* stream.c: metadata as a stream of checked XML. Decompressed by its first bytes; document types,
 * entities, other encodings than ASCII's supersets, absurd lengths and sizes end the stream. */
struct stream;
int stream_open(const char *path, uint64_t max, struct stream **ret, struct err *err);
/* The same of a text that is no XML: size and NUL bytes only. */
int stream_open_text(const char *path, uint64_t max, struct stream **ret, struct err *err);
FILE *stream_file(struct stream *st);
/* Why the stream was ended early, NULL: it was not. */
const char *stream_fault(const struct stream *st);
void stream_free(struct stream *st);
DEFINE_CLEANUP(struct stream *, stream_free)

/* index.c: which packages have a path: sorted numbers of (hash of the path, ordinal of the
 * package). Mapped from a file or owned. */
struct files_index {
	uint64_t *v;
	size_t n, cap;
	void *map;
	size_t map_size;
};
void files_index_release(struct files_index *x);
void files_index_add(struct files_index *x, const char *path, size_t n, size_t ordinal);
/* Once after the last add. */
void files_index_sort(struct files_index *x);
/* Ordinals of the packages with that path. */
void files_index_find(const struct files_index *x, const char *path, Queue *ret);
int files_index_write(
	const struct files_index *x, const char *path, size_t packages, struct err *err);
/* False when there is none or it is damaged. */
bool files_index_map(struct files_index *x, const char *path, size_t packages);
/* A fast hash against damage, not against people. */
uint64_t solve_digest(const void *data, size_t n);

/* primary.c: parse and check primary metadata, leaving libsolv's own form of what a solve needs and
 * the index of the paths in it. */
struct parsed {
	char *solv;
	size_t n;
	size_t packages;
	struct files_index files;
};
void parsed_release(struct parsed *p);
int primary_parse(const char *path, const char *id, struct parsed *ret, struct err *err);
/* All paths libsolv knows of the repository's packages. */
void primary_index(Repo *repo, struct files_index *x);
/* Whether a dependency of a stranger may be parsed: not too long, not too nested. */
bool dep_is_sane(const char *text);
/* No character that would matter in a file name or message. */
bool solve_is_word(const char *s);

/* filelists.c: index of a whole filelists file; ids: the repository's solvables by ordinal. */
int filelists_parse(
	const char *path, Pool *pool, const Queue *ids, struct files_index *ret, struct err *err);

/* cache.c: fill the empty repository from the cache, or by parsing (and cache that). */
int cache_load(const char *dir, const struct solve_repo *r, Repo *repo,
	struct files_index *ret_files, struct err *err);
int cache_filelists(const char *dir, const struct solve_repo *r, Pool *pool, const Queue *ids,
	struct files_index *ret, struct err *err);

enum hidden {
	HIDDEN_NOT,
	HIDDEN_ARCH,
	HIDDEN_EXCLUDED,
	HIDDEN_NOT_INCLUDED,
	HIDDEN_PRIORITY,
	HIDDEN_STREAM, /* of a module's stream that does not count */
	HIDDEN_MODULE, /* of no module, and a stream that counts has the name */
};

struct source {
	char *id, *primary;
	struct stat stat; /* of primary when it was read */
	int priority;
	struct strv exclude, includepkgs;
	bool include_all; /* no includepkgs were given */
	Repo *repo;
	Queue ids; /* solvables by ordinal */
	struct files_index files, filelists;
	bool local; /* package files: nothing more to load */
	bool has_filelists;
	bool hotfix; /* no module hides it */
	char *modules_path;
	struct modules modules;
};
VEC_TYPE(sources_vec, struct source);

struct solve {
	Pool *pool;
	char *arch, *cache;
	bool weak;
	struct sources_vec sources;
	unsigned char *hidden; /* enum hidden by solvable */
	int nhidden;
	Map considered;
	bool stale;          /* repositories changed since prepare */
	Id paths_done;       /* strings up to here were looked up as paths */
	struct strv enabled; /* "module:stream" */
	struct streams streams;
};
/* visible.c: decide what is hidden, give packages the paths others require, let libsolv index. */
void solve_prepare(struct solve *s);
/* Look up paths that became strings since; true when a package was given one. */
bool solve_paths(struct solve *s);

/* streams.c: which streams count, after any change of repositories; then, package by package,
 * whether that hides it. */
void streams_decide(struct solve *s);
enum hidden streams_hide(const struct solve *s, const struct source *src, const Solvable *v);
/* Why; the caller's. */
char *streams_reason(const struct solve *s, const struct source *src, const Solvable *v);
void streams_release(struct streams *st);
struct source *solve_source_of(const struct solve *s, const Solvable *v);
static inline bool solve_visible(const struct solve *s, Id p)
{
	return p < s->nhidden && s->hidden[p] == HIDDEN_NOT;
}
/* name-[epoch:]version-release.arch; the caller's. */
char *solvable_nevra(Pool *pool, const Solvable *v);
bool solvable_fits(Pool *pool, const Solvable *v, const char *pattern);

/* dep.c */
/* A dependency as rpm writes it; 0 when it is none. */
Id dep_parse(Pool *pool, const char *text);
bool dep_provided(Pool *pool, Id dep);
/* Paths in the dependency (nested too) nobody visible provides. */
void dep_lacking_paths(Pool *pool, Id dep, Queue *ret);
/* Visible solvables that fit name, glob, NEVRA, path or dependency. */
void dep_match(struct solve *s, const char *what, Queue *ret);
/* Best first: version, then architecture, then order of the repositories. */
void solve_sort_best(struct solve *s, Queue *q);

/* request.c: the request as libsolv's jobs. */
struct wanted {
	const char *text; /* borrowed from the request; NULL: a package that is there already */
	Id dep;           /* 0: none */
};
struct run {
	struct solve *s;
	const struct solve_request *q;
	Queue jobs;                /* pairs */
	VEC(struct wanted) wanted; /* one for each pair */
	Queue installed;
	Map have; /* installed, as a map */
};
int run_jobs(struct run *r, struct err *err);
void run_release(struct run *r);

/* explain.c: one line for problem i of the solver. */
char *explain(struct run *r, Solver *solv, Id problem);
