/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * remote.h - other people's rpm-md repositories: metadata, mirrors, keys and packages, checked and
 * cached below data/cache, so that a second use needs no network. Semantics of options as dnf's.
 *
 *	repos/<id>-<hash of what it is>/          repomd.xml, its signature, metadata, state.json
 *	packages/<first two digits>/<checksum>    package files by content, shared by all
 *
 * Nothing is taken over unchecked: repomd.xml's signature (repo_gpgcheck) or the metalink's
 * checksum, the size and checksum of each metadata file, of each package, its header against the
 * metadata, its signature by one of the repository's own keys when it has gpgkeys. An older
 * revision than last seen is refused.
 */
#pragma once
#include "model/lock.h"
#include "model/target.h"
#include "net/http.h"

struct remote_conf {
	const char *cache; /* data/cache; created */
	bool offline;      /* take what the cache has; ERR_NET names what is missing */
	bool refresh;      /* ask even when metadata_expire has not passed */
	struct http_conf http;
	void (*progress)(void *ctx, const char *what); /* one line at a time; may be NULL */
	void (*warn)(void *ctx, const char *line); /* a mirror that failed or lied; may be NULL */
	void *ctx;
};

/* One repository, its current metadata as files on this machine (compressed as they came). */
struct remote_repo {
	const struct target_repo *conf;    /* borrowed from the target */
	char *dir;                         /* its cache directory */
	char *checksum;                    /* sha256 of repomd.xml: changes with anything in it */
	int64_t revision, fetched;         /* as repomd.xml says, 0 none; seconds since 1970 */
	struct strv bases;                 /* base URLs, best first */
	char *primary, *filelists;         /* paths; filelists NULL until remote_filelists */
	char *modules;                     /* path; NULL: none */
	char *primary_sum, *filelists_sum; /* checksums of the files as they came */
};

struct remote;
/* Keeps pointers into the target: it must outlive the result. */
int remote_open(const struct remote_conf *conf, const struct target *t, struct remote **ret,
	struct err *err);
void remote_free(struct remote *r);
DEFINE_CLEANUP(struct remote *, remote_free)

/* Make the metadata of all repositories current: what is younger than metadata_expire is not asked
 * for, file URLs always are, else conditional requests. All or none: one that fails is the error,
 * naming it. */
int remote_refresh(struct remote *r, struct err *err);
/* Changes whenever the metadata of any repository or what is asked of them does; valid after
 * remote_refresh. Costs a few stat calls. */
void remote_stamp(const struct remote *r, char ret[65]);
/* What remote_refresh would find without network and parsing, from the cache alone, when nothing
 * has expired; false when it must be asked. This is how a warm root is ready in a millisecond. */
bool remote_stamp_cached(const struct remote_conf *conf, const struct target *t, char ret[65]);
size_t remote_count(const struct remote *r);
const struct remote_repo *remote_at(const struct remote *r, size_t i);
/* Have the filelists of repository i too. */
int remote_filelists(struct remote *r, size_t i, struct err *err);

/* Have all packages in the cache and fill their `path`. LOCK_OWN packages are files already: their
 * checksum is verified in place. One line of error per package that cannot be had, joined. A
 * package whose repository the target no longer has is taken from the cache by checksum, else
 * ERR_NOT_FOUND. */
int remote_fetch(struct remote *r, struct lock_packages *packages, struct err *err);

/* A repository that this instance wrote itself, read in place: dir, checksum, revision, primary and
 * filelists are set. ERR_NOT_FOUND when it has no metadata yet. Release with remote_repo_release.
 */
int remote_read_local(const char *dir, struct remote_repo *ret, struct err *err);
void remote_repo_release(struct remote_repo *r);

/* Remove cached packages not used since then, and metadata of repositories not used since then;
 * *ret_bytes is what that frees. */
int remote_expire(const char *cache, int64_t unused_since, bool dry_run, uint64_t *ret_bytes,
	struct err *err);
