/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mirror.c - bare mirrors. They can always be made again, so a damaged one is; a lock that a killed
 * git left is removed, as only one process at a time writes a mirror.
 */
#include "base/fs.h"
#include "base/time.h"
#include "git/internal.h"
#include <signal.h>

#define PACKS_MAX     50
#define LOOSE_MAX     27    /* times 256 */
#define TEMPORARY_AGE 86400 /* seconds: longer than any fetch */

#define HEAD_REF "refs/packmill/head" /* what the remote's HEAD names */

/* What a fetch is about. */
struct fetch {
	struct git *g;
	const char *url; /* as given, for messages */
	const char *src; /* for git: url or absolute path */
	bool local;
};

static int run_fetch(const struct fetch *f, const char *gitdir, bool head, struct strbuf *errs,
	int *exit, struct err *err)
{
	const char *args[] = {"fetch", "--quiet", "--force", "--prune", "--no-tags", "--no-auto-gc",
		"--no-write-fetch-head", "--no-recurse-submodules", "--no-show-forced-updates",
		"--end-of-options", f->src, "+refs/heads/*:refs/heads/*",
		"+refs/tags/*:refs/tags/*", head ? "+HEAD:" HEAD_REF : NULL, NULL};
	struct git_call c = {.gitdir = gitdir,
		.args = args,
		.timeout = GIT_TIME_FETCH,
		.protocols = f->local ? GIT_PROTOCOLS_LOCAL : GIT_PROTOCOLS_REMOTE};

	return git_call(f->g, &c, NULL, errs, exit, err);
}

static int forget_head(const struct fetch *f, const char *gitdir, struct err *err)
{
	const char *args[] = {"update-ref", "-d", HEAD_REF, NULL};

	return git_check(f->g, &(struct git_call){.gitdir = gitdir, .args = args}, NULL, err);
}

/* Fetch with HEAD, or without where it names nothing (empty repository, branch renamed). */
static int fetch_once(
	const struct fetch *f, const char *gitdir, struct strbuf *errs, struct err *err)
{
	int exit, r = run_fetch(f, gitdir, true, errs, &exit, err);

	if (r >= 0 && exit != 0 && strstr(sb_str(errs), "remote ref HEAD")) {
		sb_truncate(errs, 0);
		r = forget_head(f, gitdir, err);
		if (r >= 0)
			r = run_fetch(f, gitdir, false, errs, &exit, err);
	}
	if (r == -ERR_TIMEOUT)
		return err_set(err, ERR_NET, "'%s' took longer than %d s", f->url, GIT_TIME_FETCH);
	if (r < 0)
		return r;
	/* refs that need the cut are left out with a warning only */
	if (exit != 0 || git_says_shallow(sb_str(errs)))
		return git_remote_error(f->src, f->local, sb_str(errs), err);
	return 0;
}

/* "<mirror>.new.<pid>" of processes that are gone. */
static void sweep(const char *mirror)
{
	auto_free char *dir = path_dir(mirror), *prefix = NULL;
	auto_strv struct strv names = STRV_INIT;

	prefix = xasprintf("%s.new.", path_base(mirror));
	if (fs_list(dir, &names, NULL) < 0)
		return;
	strv_foreach (&names, name) {
		auto_free char *path = path_join(dir, *name);
		uint64_t pid;

		if (str_starts(*name, prefix) && str_u64(*name + strlen(prefix), &pid) &&
			pid <= INT32_MAX && (pid == (uint64_t)getpid() || kill((pid_t)pid, 0) < 0))
			(void)fs_remove_tree(path, NULL);
	}
}

static int fetch_new(const struct fetch *f, const char *tmp, struct err *err)
{
	auto_strbuf struct strbuf errs = STRBUF_INIT;
	auto_err struct err e = ERR_INIT;
	int r;

	if ((r = git_make_repo(tmp, false, err)) < 0)
		return r;
	r = fetch_once(f, tmp, &errs, &e);
	if (r < 0 && strstr(sb_str(&errs), "mismatched algorithms")) {
		sb_truncate(&errs, 0);
		err_clear(&e);
		if ((r = fs_remove_tree(tmp, err)) < 0 || (r = git_make_repo(tmp, true, err)) < 0)
			return r;
		r = fetch_once(f, tmp, &errs, &e);
	}
	return r < 0 ? err_move(err, &e) : 0;
}

/* A new mirror takes its name only when it is whole; an old one is exchanged and removed. */
static int create(const struct fetch *f, const char *mirror, bool replace, struct err *err)
{
	auto_free char *tmp = xasprintf("%s.new.%ld", mirror, (long)getpid());
	auto_free char *dir = path_dir(mirror);
	int r;

	if ((r = fs_mkdirs(dir, 0755, err)) < 0)
		return r;
	sweep(mirror);
	r = fetch_new(f, tmp, err);
	if (r >= 0 && renameat2(AT_FDCWD, tmp, AT_FDCWD, mirror, replace ? RENAME_EXCHANGE : 0) < 0)
		r = err_errno(err, "cannot rename '%s'", tmp);
	if (r < 0 || replace)
		(void)fs_remove_tree(tmp, NULL);
	return r;
}

static bool contains_any(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strstr(text, *words))
			return true;
	return false;
}

static bool is_damaged(const char *errs)
{
	static const char *const words[] = {"is corrupt", "is empty", "bad object",
		"not a git repo", "missing object", "unable to read", "bad tree", "bad pack",
		"did not receive expected", "mismatched algorithms", "cannot lock ref",
		"invalid sha1 pointer", "did not send all", "bad config", "packfile", "inflate",
		"unresolved deltas", NULL};

	return contains_any(errs, words);
}

static void remove_locks(const char *dir, unsigned depth)
{
	auto_strv struct strv names = STRV_INIT;

	if (depth > 16 || fs_list(dir, &names, NULL) < 0)
		return;
	strv_foreach (&names, name) {
		auto_free char *path = path_join(dir, *name);

		if (str_ends(*name, ".lock"))
			(void)unlink(path);
		else if (depth)
			remove_locks(path, depth + 1);
	}
}

/* A git that was killed leaves locks where it wrote: refs, the commit graph, the packs' index. */
static void unlock(const char *mirror)
{
	static const char *const dirs[] = {"refs", "objects/info", "objects/pack"};

	remove_locks(mirror, 0);
	for (size_t i = 0; i < COUNTOF(dirs); i++) {
		auto_free char *dir = path_join(mirror, dirs[i]);

		remove_locks(dir, 1);
	}
}

/* It leaves what it was writing, too: of a first fetch that may be gigabytes. */
static void remove_old_temporary(const char *mirror)
{
	static const char *const dirs[] = {"objects/info/commit-graphs", "objects/pack"};

	for (size_t i = 0; i < COUNTOF(dirs); i++) {
		auto_free char *dir = path_join(mirror, dirs[i]);
		auto_strv struct strv names = STRV_INIT;

		if (fs_list(dir, &names, NULL) < 0)
			continue;
		strv_foreach (&names, name) {
			auto_free char *path = path_join(dir, *name);
			struct stat st;

			if (str_starts(*name, "tmp_") && lstat(path, &st) == 0 &&
				S_ISREG(st.st_mode) && st.st_mtime < time_now() - TEMPORARY_AGE)
				(void)unlink(path);
		}
	}
}

static int update(const struct fetch *f, const char *mirror, struct err *err)
{
	auto_strbuf struct strbuf errs = STRBUF_INIT;
	auto_err struct err e = ERR_INIT;
	int r = fetch_once(f, mirror, &errs, &e);

	if (r == -ERR_SIGNAL || r >= 0)
		return r < 0 ? err_move(err, &e) : 0;
	if (strstr(sb_str(&errs), ".lock': File exists")) {
		unlock(mirror);
		sb_truncate(&errs, 0);
		err_clear(&e);
		r = fetch_once(f, mirror, &errs, &e);
	}
	if (r < 0 && e.code != ERR_NET && e.code != ERR_DENIED && is_damaged(sb_str(&errs)))
		return create(f, mirror, true, err);
	return r < 0 ? err_move(err, &e) : 0;
}

/* As git gc --auto asks: many packs, or many loose objects in the one directory that is looked at.
 */
static bool is_fragmented(const char *mirror)
{
	auto_free char *packs = path_join(mirror, "objects/pack");
	auto_free char *loose = path_join(mirror, "objects/17");
	auto_strv struct strv p = STRV_INIT, l = STRV_INIT;
	size_t n = 0;

	(void)fs_list(packs, &p, NULL);
	(void)fs_list(loose, &l, NULL);
	strv_foreach (&p, name)
		n += str_ends(*name, ".pack");
	return n > PACKS_MAX || l.n > LOOSE_MAX;
}

/* Nothing is thrown away: what no ref names any more may be a commit of a recorded build. */
static int repack(const struct fetch *f, const char *mirror, struct err *err)
{
	const char *args[] = {"repack", "-a", "-d", "-l", "-q", "--keep-unreachable", NULL};
	struct git_call c = {.gitdir = mirror, .args = args, .timeout = GIT_TIME_FETCH};

	return is_fragmented(mirror) ? git_check(f->g, &c, NULL, err) : 0;
}

static int check_shallow(const char *url, const char *gitdir, struct err *err)
{
	auto_free char *path = path_join(gitdir, "shallow");

	if (!fs_exists(path))
		return 0;
	return err_set(err, ERR_SOURCE,
		"'%s' is a shallow clone, its history is cut: run git fetch --unshallow there",
		url);
}

int git_mirror(struct git *g, const char *url, const char *mirror, struct err *err)
{
	auto_free char *path = NULL, *gitdir = NULL, *real = realpath(mirror, NULL);
	auto_free char *shown = git_url_shown(url);
	struct fetch f = {.g = g, .url = shown};
	int r = git_local(g, url, &path, &gitdir, err);

	if (r < 0 || (gitdir && (r = check_shallow(path, gitdir, err)) < 0))
		return r;
	f.src = path ? path : url;
	f.local = path != NULL;
	if (!real)
		return create(&f, mirror, false, err);
	sweep(real);
	remove_old_temporary(real);
	r = update(&f, real, err);
	return r < 0 ? r : repack(&f, real, err);
}
