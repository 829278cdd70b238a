/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where readers find a build's logs. Those of a build with a verdict lie in the directory of its
 * commit (repo/commit.c). A build without one has no such directory, or one with the logs of
 * another try: its own are linked into builds/<n> beside its page.
 */
#include "base/fs.h"
#include "report/parts.h"

char *served_kept(const struct report *r, int64_t id)
{
	return xasprintf("%s/builds/%lld", r->conf.data, (long long)id);
}

static bool is_log(const char *name)
{
	return name[0] != '.' && (str_ends(name, ".log") || str_ends(name, ".log.gz"));
}

static bool has_logs(const char *path)
{
	auto_strv struct strv names = STRV_INIT;

	if (!fs_is_dir(path) || fs_list(path, &names, NULL) < 0)
		return false;
	strv_foreach (&names, n)
		if (is_log(*n))
			return true;
	return false;
}

/* Shown under a name of its own and renamed, unless it is the same file already. */
static int link_one(const char *from, const char *to, const struct stat *st, struct err *err)
{
	auto_free char *tmp = xasprintf("%s.new", to);
	struct stat there;
	int rc;

	if (lstat(to, &there) == 0 && there.st_ino == st->st_ino && there.st_dev == st->st_dev)
		return 0;
	(void)unlink(tmp);
	rc = fs_link_or_copy(from, tmp, err);
	if (rc >= 0 && rename(tmp, to) < 0)
		rc = err_errno(err, "cannot replace '%s'", to);
	return rc;
}

static int link_file(const char *from, const char *to, const char *name, struct err *err)
{
	auto_free char *src = path_join(from, name), *dst = path_join(to, name);
	struct stat st;

	if (lstat(src, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if ((st.st_mode & 0777) != 0644 && chmod(src, 0644) < 0)
		return err_errno(err, "cannot make '%s' readable", src);
	return link_one(src, dst, &st, err);
}

/* What a log is gone from is gone here, too: gc made a .gz of it. */
static int drop_stale(const char *from, const char *to, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int rc = fs_list(to, &names, err);

	for (size_t i = 0; rc >= 0 && i < names.n; i++) {
		auto_free char *src = path_join(from, names.v[i]);
		auto_free char *dst = path_join(to, names.v[i]);

		if (is_log(names.v[i]) && !fs_exists(src) && unlink(dst) < 0 && errno != ENOENT)
			return err_errno(err, "cannot remove '%s'", dst);
	}
	return rc;
}

static int link_dir(const char *from, const char *to, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int rc = fs_list(from, &names, err);

	if (rc >= 0)
		rc = fs_mkdirs(to, 0755, err);
	for (size_t i = 0; rc >= 0 && i < names.n; i++)
		if (is_log(names.v[i]))
			rc = link_file(from, to, names.v[i], err);
	return rc < 0 ? rc : drop_stale(from, to, err);
}

/* rel below repos/<target>; *ret is rel when there is anything. */
static int serve(struct report *r, const struct store_build *b, const char *from, const char *rel,
	char **ret, struct err *err)
{
	auto_free char *to = xasprintf("%s/%s/%s", r->repos, b->target, rel);
	int rc = 0;

	if (has_logs(from))
		rc = link_dir(from, to, err);
	else if (!has_logs(to)) /* else what was kept has been collected; this is still good */
		return 0;
	if (rc < 0)
		return err_wrap(err, "logs of build %lld", (long long)b->id);
	*ret = xstrdup(rel);
	return 0;
}

int served_dir(struct report *r, const struct store_build *b, char **ret, struct err *err)
{
	auto_free char *rel = xasprintf("builds/%lld", (long long)b->id), *commit = NULL;
	auto_free char *from = served_kept(r, b->id);

	*ret = NULL;
	if (b->state == BUILD_SUCCESS || b->state == BUILD_FAILED)
		commit = report_dir(r, b);
	if (commit) {
		*ret = TAKE(commit);
		return 0;
	}
	return serve(r, b, from, rel, ret, err);
}

int served_attempt(
	struct report *r, const struct store_build *b, int64_t attempt, char **ret, struct err *err)
{
	auto_free char *rel =
		xasprintf("builds/%lld/attempt-%lld", (long long)b->id, (long long)attempt);
	auto_free char *from = xasprintf("%s/%s", r->conf.data, rel);

	*ret = NULL;
	return serve(r, b, from, rel, ret, err);
}

char *served_name(const struct report *r, const char *target, const char *dir, const char *name)
{
	static const char *const suffixes[] = {"", ".gz"};

	for (size_t i = 0; dir && i < COUNTOF(suffixes); i++) {
		auto_free char *file = xasprintf("%s%s", name, suffixes[i]);
		auto_free char *path = xasprintf("%s/%s/%s/%s", r->repos, target, dir, file);

		if (fs_exists(path))
			return TAKE(file);
	}
	return NULL;
}

int served_late(struct report *r, const struct store_build *b, const char *dir, const char *name,
	char **ret_dir, char **ret_name, struct err *err)
{
	auto_free char *rel = xasprintf("builds/%lld", (long long)b->id);
	auto_free char *to = xasprintf("%s/%s/%s", r->repos, b->target, rel);
	auto_free char *there = served_name(r, b->target, dir, name);
	auto_free char *from = served_kept(r, b->id), *packed = xasprintf("%s.gz", name);
	int rc;

	*ret_dir = *ret_name = NULL;
	if (there) {
		*ret_dir = xstrdup(dir);
		*ret_name = TAKE(there);
		return 0;
	}
	if ((rc = fs_mkdirs(to, 0755, err)) < 0 || (rc = link_file(from, to, name, err)) < 0 ||
		(rc = link_file(from, to, packed, err)) < 0 || (rc = drop_stale(from, to, err)) < 0)
		return rc;
	*ret_name = served_name(r, b->target, rel, name);
	*ret_dir = *ret_name ? TAKE(rel) : NULL;
	return 0;
}

void served_names(const struct report *r, const char *target, const char *dir, struct strv *ret)
{
	static const char *const first[] = {"build.log", "root.log", "state.log"};
	auto_free char *path = xasprintf("%s/%s/%s", r->repos, target, dir);
	auto_strv struct strv names = STRV_INIT;

	if (fs_list(path, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < COUNTOF(first); i++)
		strv_foreach (&names, n)
			if (str_starts(*n, first[i]) && is_log(*n))
				strv_add(ret, *n);
	strv_foreach (&names, n)
		if (is_log(*n) && !strv_has(ret, *n))
			strv_add(ret, *n);
}

static gzFile open_one(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	gzFile f;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	f = gzdopen(fd, "r");
	if (f)
		(void)take_fd(&fd);
	return f;
}

gzFile served_open(const char *dir, const char *name)
{
	auto_free char *path = path_join(dir, name), *packed = xasprintf("%s.gz", path);

	return open_one(path) ?: open_one(packed);
}

int served_forget(struct report *r, const struct store_build *b, struct err *err)
{
	auto_free char *log = xasprintf("%s/builds/%lld-log.html", b->target, (long long)b->id);
	auto_free char *dir = xasprintf("%s/%s/builds/%lld", r->repos, b->target, (long long)b->id);
	int rc = write_remove(r, log, err);

	return rc < 0 ? rc : fs_remove_tree(dir, err);
}
