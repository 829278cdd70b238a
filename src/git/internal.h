/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - how the parts of git/ call the git program. */
#pragma once
#include "base/proc.h"
#include "git/git.h"

struct git {
	char *dir;         /* ours: the config file and two repositories without refs */
	struct strv env;   /* the whole environment of git */
	struct strv local; /* allowed local paths, absolute, each also with symlinks resolved */
};

/*
 * One call. Either on a repository with its refs and config (gitdir), or on the objects of a mirror
 * alone (objects, with the hash that is asked for): then git runs in a repository of ours that has
 * no refs, no config and no attributes, so that nothing but the objects can decide the answer.
 */
struct git_call {
	const char *gitdir;  /* NULL: none */
	const char *objects; /* mirror */
	const char *sha;     /* with objects: tells the hash kind */
	const char *const *args;
	const char *input;
	const char *extra_env; /* "NAME=value" or NULL */
	const char *protocols; /* transports it may use; NULL: none */
	int in_fd, out_fd, err_fd;
	unsigned timeout; /* seconds; 0: GIT_TIME_LOCAL */
};

#define GIT_PROTOCOLS_LOCAL  "file"
#define GIT_PROTOCOLS_REMOTE "https:http:ssh:git"

#define GIT_TIME_LOCAL  1800 /* reading a mirror */
#define GIT_TIME_REMOTE 120  /* asking a remote for its refs */
#define GIT_TIME_FETCH  7200 /* a first clone may be big */

/* An empty bare repository in dir (existing or not). */
int git_make_repo(const char *dir, bool sha256, struct err *err);

/* Run to the end; a non-zero exit is not an error: look at *ret_exit. */
int git_call(struct git *g, const struct git_call *c, struct strbuf *out, struct strbuf *errs,
	int *ret_exit, struct err *err);
/* The same where anything but 0 is ERR_SOURCE with git's own words. */
int git_check(struct git *g, const struct git_call *c, struct strbuf *out, struct err *err);
/* Start without waiting (proc_start); git and its helpers are the process group *ret_pid. */
int git_start(
	struct git *g, const struct git_call *c, int *ret_pid, int *ret_pidfd, struct err *err);
/* The line of git's stderr that says why, without "fatal: "; the caller's. */
char *git_why(const char *errs);

/* Run it as git_check does, but hand stdout to `sink` piece by piece. A negative return of sink
 * ends git and is passed on. */
typedef int git_sink(void *ctx, const char *data, size_t n, struct err *err);
int git_stream(struct git *g, const struct git_call *c, git_sink *sink, void *ctx, struct err *err);

/* The repository of a local url that may be used: *ret_path the path for git, *ret_gitdir its
 * .git (or itself when bare). *ret_path stays NULL when url is remote. */
int git_local(struct git *g, const char *url, char **ret_path, char **ret_gitdir, struct err *err);
/* url without a password, for messages; the caller's. */
char *git_url_shown(const char *url);
/* What git's failure on a remote means: ERR_NET, ERR_DENIED, ERR_SOURCE; a local one is never a
 * matter of the network. */
int git_remote_error(const char *url, bool local, const char *errs, struct err *err);
/* Whether git left refs out because the source is a shallow clone. */
bool git_says_shallow(const char *errs);

bool git_is_sha(const char *s);                      /* 40 or 64 lowercase digits */
int git_check_sha(const char *sha, struct err *err); /* ERR_BUG when it is none */
/* A directory inside a tree: "" or "a/b"; no "..", not absolute. *ret without ./ and end slashes.
 */
int git_clean_sub(const char *sub, char **ret, struct err *err);
/* s with bad UTF-8 replaced by U+FFFD, cut to max bytes at a character; the caller's. */
char *git_utf8(const char *s, size_t max);

/* What git prints, taken apart; on their own so that they can be fed with anything. */
/* "<sha>\t<ref>" or "<sha> <ref>" lines; anything else is left out. */
void git_parse_refs(const char *text, struct strv *ret);
/* log --numstat -z; a record that is none is left out. */
void git_parse_numstat(const char *text, size_t n, struct git_changes *ret);
/* ls-tree -r -z, and cat-file --batch of the commit and then the files, to the new directory. */
int git_unpack(const char *sha, const struct strbuf *listing, const struct strbuf *objects,
	const char *dir, struct err *err);
