/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * git.h - bare mirrors and what is read from them, by the git program in a hard environment:
 * no hooks, no system or user configuration, no prompts, transports from an allow-list, names from
 * outside only behind `--` or --end-of-options, refs resolved once to full hashes.
 */
#pragma once
#include "base/str.h"
#include "base/vec.h"

#define GIT_SHA 65 /* a full hash (SHA-1 or SHA-256) and NUL */

/* How git is called: the environment and the generated global config. */
struct git;
/* state_dir gets the generated config file. local_paths: directories that url may name (file
 * transport is refused for all others); they become safe.directory. */
int git_open(
	const char *state_dir, const struct strv *local_paths, struct git **ret, struct err *err);
void git_free(struct git *g);
DEFINE_CLEANUP(struct git *, git_free)

/* A URL or path fit to be handed to git: no leading '-', no control characters, a transport we
 * allow (https, http, ssh, git, file for local paths), no `ext::`. ERR_CONFIG says what is wrong.
 */
int git_check_url(const char *url, struct err *err);
/* Branch, tag or hash: no leading '-', git's ref rules. */
int git_check_ref(const char *ref, struct err *err);
/* Whether url names a path of this machine; *ret_path its absolute form (the caller's). */
bool git_url_is_local(const char *url, char **ret_path);

/* Ask the remote for its refs without fetching: "<sha> <refname>" lines of HEAD, branches and tags,
 * "refs/tags/x^{}" for what an annotated tag names; for an idle poll.
 * ERR_NET: cannot be reached (retry); ERR_DENIED: needs a password; ERR_SOURCE: local path is
 * missing or no repository; ERR_CONFIG: a local path that git_open was not told of. */
int git_ls_remote(struct git *g, const char *url, struct strv *ret_lines, struct err *err);
/* The same for several urls at once, at most `jobs` children; errs[i].code tells the outcome. */
int git_ls_remote_many(struct git *g, const char *const *urls, size_t n, unsigned jobs,
	struct strv *ret_lines, struct err *errs, struct err *err);
/* The same, telling each outcome as soon as it is known; e->code ERR_OK: lines are what it said. */
typedef void git_asked(void *ctx, size_t i, const struct strv *lines, const struct err *e);
int git_ls_remote_each(struct git *g, const char *const *urls, size_t n, unsigned jobs,
	git_asked *asked, void *ctx, struct err *err);
/* Create or update a bare mirror (heads and tags, pruned). Atomic: an interrupted first clone
 * leaves nothing. One process at a time writes a mirror; a damaged one is made again. */
int git_mirror(struct git *g, const char *url, const char *mirror, struct err *err);

/* Full hash of a commit by branch, tag or hash; NULL ref: the remote's HEAD. ERR_SOURCE lists near
 * refs when it is missing, and says when the repository is empty. */
int git_resolve(
	struct git *g, const char *mirror, const char *ref, char ret_sha[GIT_SHA], struct err *err);
/* last..head by first parent, oldest first. last "" gives head only. *ret_rewritten when last is
 * no ancestor (force-push): then the list is head only. */
int git_new_commits(struct git *g, const char *mirror, const char *last, const char *head,
	struct strv *ret_shas, bool *ret_rewritten, struct err *err);

/* Where two commits part: the newest commit both come from; "" when they share nothing. */
int git_merge_base(struct git *g, const char *mirror, const char *a, const char *b,
	char ret_sha[GIT_SHA], struct err *err);

struct git_commit {
	char sha[GIT_SHA];
	int64_t author_time, commit_time;           /* seconds since 1970; clamped into 0..2^33 */
	char *author_name, *author_email, *subject; /* UTF-8, bad bytes replaced */
};
void git_commit_release(struct git_commit *c);
int git_commit_info(struct git *g, const char *mirror, const char *sha, struct git_commit *ret,
	struct err *err);

/* What a commit did to a file, against its first parent. */
struct git_change {
	char *path;             /* UTF-8, bad bytes replaced */
	int64_t added, removed; /* lines; -1 in a binary file */
};
VEC_TYPE(git_changes, struct git_change);
void git_change_release(struct git_change *c);
int git_changes(struct git *g, const char *mirror, const char *sha, struct git_changes *ret,
	struct err *err);

/* Nearest reachable tag that `accept` takes (NULL: any), and the commits since it by
 * `git rev-list --count tag..sha`. *ret_tag NULL when there is none (commits: all). Two tags on
 * one commit: the higher version. */
int git_describe(struct git *g, const char *mirror, const char *sha,
	bool (*accept)(const char *tag), char **ret_tag, int64_t *ret_commits, struct err *err);

/* `git archive` of the commit as a tarball; compression by out's suffix (.tar .tar.gz .tgz .tar.bz2
 * .tar.xz .tar.zst), prefix as given ("name-1.0/" or ""). Byte-identical for the same commit:
 * export-ignore and export-subst apply, but without refs. */
int git_archive(struct git *g, const char *mirror, const char *sha, const char *prefix,
	const char *out, struct err *err);
/* The tree of the commit (or its subdirectory) as files below the new directory dir, the commit's
 * date as their time: no devices, sizes capped. Links that would lead out are left out; their
 * number is returned. Submodules are empty directories. ERR_SOURCE when sub does not exist. */
int git_export(struct git *g, const char *mirror, const char *sha, const char *sub, const char *dir,
	struct err *err);
/* Names in the tree at sub ("" top), directories with a trailing slash. */
int git_ls_tree(struct git *g, const char *mirror, const char *sha, const char *sub,
	struct strv *ret, struct err *err);
