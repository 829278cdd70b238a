/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - shared by the files of remote/. */
#pragma once
#include "base/digest.h"
#include "base/hash.h"
#include "format/rpm/rpm_keys.h"
#include "remote/remote.h"

/* One metadata file as repomd.xml lists it. */
struct repomd_file {
	char *location, *checksum; /* NULL: the repository has none */
	uint64_t size, open_size;
};
struct repomd {
	int64_t revision; /* 0: none, or no number */
	int64_t newest;   /* latest timestamp of its files: the revision of those without one */
	struct repomd_file primary, filelists, modules;
};
void repomd_release(struct repomd *m);
/* ERR_SOURCE says what is wrong with it; one that has no primary is no repomd.xml. */
int repomd_parse(const char *text, size_t n, struct repomd *ret, struct err *err);

/* What repomd.xml may be, as a metalink says: the current one and its alternates. */
struct repomd_sum {
	char *sha256, *sha512;
	uint64_t size;
};
struct mirrors {
	struct strv bases; /* end in '/' */
	VEC(struct repomd_sum) sums;
};
void mirrors_release(struct mirrors *m);
/* local: mirrors on this machine (file:) are believed, for the list is itself a file here. */
int metalink_parse(const char *text, size_t n, bool local, struct mirrors *ret, struct err *err);
/* One URL a line; a metalink where one is found instead, as dnf. */
int mirrorlist_parse(const char *text, size_t n, bool local, struct mirrors *ret, struct err *err);

/* location.c */
/* $releasever, $basearch, $arch replaced; ERR_CONFIG when there is no $releasever to put there. */
int url_expand(const char *url, const struct target *t, char **ret, struct err *err);
/* http:, https:, file: */
bool url_is_remote(const char *url);
bool url_is_file(const char *url);
/* The path of a file: URL, percent signs decoded; NULL: none. The caller's. */
char *url_file_path(const char *url);
/* base + location with everything encoded that a path must not hold; the caller's. */
char *url_below(const char *base, const char *location);
/* The same below each base, in their order, added to ret. */
void urls_below(const struct strv *bases, const char *location, struct strv *ret);

/* state.c: what is known of a repository, in its directory's state.json. */
struct state {
	char *checksum; /* sha256 of repomd.xml; NULL: never had one */
	struct repomd md;
	int64_t fetched; /* when it was last known to be current */
	char *url;       /* where repomd.xml came from, with its validators */
	char *etag, *modified;
	char *source; /* file URL: size and times of that file, "" others */
	char *keys;   /* set of keys that signed it; "" not asked for */
	struct strv bases;
};
void state_release(struct state *st);
/* Leaves *ret empty when there is none or it is no state: then it is fetched anew. */
void state_read(const char *dir, struct state *ret);
int state_write(const char *dir, const struct state *st, struct err *err);
/* Size, inode and times of a file as text, "" when it is not there. */
void file_mark(const char *path, char ret[96]);

struct repo {
	struct remote_repo pub; /* first: what remote_at gives */
	struct strv urls;       /* expanded */
	char *metalink, *mirrorlist;
	struct strv gpgkeys; /* expanded, with their '#' */
	struct state st;
	struct rpm_keys *keys;    /* NULL until keys_load */
	bool keys_asked, current; /* by this process */
};
struct remote {
	struct remote_conf conf; /* cache: own copy */
	char *cache;
	const struct target *target;
	struct http *http;
	VEC(struct repo) repos;
};

/* remote.c */
int repo_init(struct repo *r, const char *cache, const struct target_repo *conf,
	const struct target *t, struct err *err);
void repo_release(struct repo *r);
/* Whether what the cache lacks may be asked for: offline only a repository of this machine. */
bool repo_can_ask(const struct remote *r, const struct repo *repo);
/* The path of one of its metadata files; the caller's. */
char *repo_file(const struct repo *r, const struct repomd_file *f, const char *type);
void repo_set_public(struct repo *r);
void remote_warn(const struct remote *r, const struct repo *repo, const char *line);

/* stamp.c */
/* What the cache has needs no question at `now`. */
bool repo_fresh(const struct repo *r, const struct remote_conf *conf, int64_t now);
/* All files of its state are there with their sizes. */
bool repo_complete(const struct repo *r);

/* http_fetch with the remote's progress; `what` is being fetched. Problems stay in the list. */
int remote_http(
	struct remote *r, const char *what, struct http_get *list, size_t n, struct err *err);

/* keys.c */
int keys_load(struct remote *r, struct repo *repo, struct err *err);
/* verify.c: is `sig` a signature of `file` by one of these keys? Runs gpg in a home of its own
 * below dir. ERR_SOURCE: no. */
int keys_verify_detached(const struct rpm_keys *keys, const char *dir, const char *file,
	const char *sig, struct err *err);
