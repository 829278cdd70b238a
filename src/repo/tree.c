/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Directories on disk. Two kinds: one nobody reads yet (below tmp), filled and then renamed into
 * place; and `current` and `consistent`, which are read all the time: new content-named files
 * first, repomd.xml by rename, old files an hour later.
 */
#include "base/time.h"
#include "repo/internal.h"
#include <linux/fs.h>
#include <sys/syscall.h>

#define KEEP_SECONDS 3600 /* a reader may still ask for metadata it learned of before */
#define REPOMD_MAX   (1024 * 1024)

/* ---- below tmp ---- */

int tree_sweep(struct repo *r, struct err *err)
{
	int rc = fs_remove_tree(r->tmp, err);

	r->serial = 0;
	return rc < 0 ? rc : fs_mkdirs(r->tmp, 0755, err);
}

int tree_tmp(struct repo *r, char **ret, struct err *err)
{
	auto_free char *path = xasprintf("%s/%u", r->tmp, r->serial++);

	if (mkdir(path, 0755) < 0)
		return err_errno(err, "cannot create '%s'", path);
	*ret = TAKE(path);
	return 0;
}

static int write_synced(const char *path, const void *data, size_t n, struct err *err)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int rc;

	if (fd < 0)
		return err_errno(err, "cannot create '%s'", path);
	rc = fs_write_all(fd, data, n, err);
	if (rc < 0)
		return err_wrap(err, "%s", path);
	if (fsync(fd) < 0 || close(take_fd(&fd)) < 0)
		return err_errno(err, "cannot write '%s'", path);
	return 0;
}

int tree_write(const char *dir, const char *name, const void *data, size_t n, struct err *err)
{
	auto_free char *path = path_join(dir, name);

	return write_synced(path, data, n, err);
}

static bool same_bytes(const char *path, const void *data, size_t n)
{
	auto_free char *there = NULL;
	size_t len = 0;

	return fs_read(path, n, &there, &len, NULL) >= 0 && len == n && memcmp(there, data, n) == 0;
}

int tree_replace(struct repo *r, const char *dir, const char *name, const void *data, size_t n,
	struct err *err)
{
	auto_free char *path = path_join(dir, name);
	auto_free char *tmp = xasprintf("%s/%u", r->tmp, r->serial++);
	int rc;

	if (same_bytes(path, data, n))
		return 0;
	rc = write_synced(tmp, data, n, err);
	if (rc < 0)
		return rc;
	if (rename(tmp, path) < 0)
		return err_errno(err, "cannot replace '%s'", path);
	return fs_fsync_dir(dir, err);
}

int tree_link(struct repo *r, const char *dir, const char *name, const char *src, struct err *err)
{
	auto_free char *path = path_join(dir, name);
	auto_free char *tmp = xasprintf("%s/%u", r->tmp, r->serial++);
	int rc = fs_link_or_copy(src, tmp, err);

	if (rc < 0)
		return rc;
	/* two names of one file: rename would do nothing and leave both */
	if (rename(tmp, path) < 0)
		return err_errno(err, "cannot replace '%s'", path);
	(void)unlink(tmp);
	return 0;
}

/* ---- directories nobody reads yet ---- */

/* "../../../pool": from depth directories below repos/<target>. */
static int pool_link(const char *dir, unsigned depth, struct err *err)
{
	auto_strbuf struct strbuf to = STRBUF_INIT;
	auto_free char *path = path_join(dir, "pool");

	for (unsigned i = 0; i < depth; i++)
		sb_add(&to, "../");
	sb_add(&to, "pool");
	if (symlink(sb_str(&to), path) < 0 && errno != EEXIST)
		return err_errno(err, "cannot create '%s'", path);
	return 0;
}

/* repodata/ and the link of one part, made when missing. */
static int make_part(const char *dir, unsigned depth, enum part p, struct err *err)
{
	auto_free char *sub = path_join(dir, part_dirs[p]), *repodata = NULL;
	int rc;

	if (!*part_dirs[p])
		str_set(&sub, dir);
	repodata = path_join(sub, "repodata");
	rc = fs_mkdirs(repodata, 0755, err);
	return rc < 0 ? rc : pool_link(sub, depth + (*part_dirs[p] ? 1 : 0), err);
}

static char *repodata_of(const char *dir, enum part p)
{
	return *part_dirs[p] ? xasprintf("%s/%s/repodata", dir, part_dirs[p])
			     : xasprintf("%s/repodata", dir);
}

int tree_fill(const char *dir, unsigned depth, const struct metadata m[PARTS], struct err *err)
{
	for (enum part p = 0; p < PARTS; p++) {
		auto_free char *repodata = repodata_of(dir, p), *up = path_dir(repodata);
		int rc = make_part(dir, depth, p, err);

		for (size_t i = 0; rc >= 0 && i < META_FILES; i++)
			rc = tree_write(repodata, m[p].files[i].name, m[p].files[i].gz.s,
				m[p].files[i].gz.n, err);
		if (rc >= 0)
			rc = tree_write(
				repodata, "repomd.xml", m[p].repomd, strlen(m[p].repomd), err);
		if (rc >= 0)
			rc = fs_fsync_dir(repodata, err);
		if (rc >= 0)
			rc = fs_fsync_dir(up, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int tree_install(const char *tmp, const char *path, struct err *err)
{
	auto_free char *parent = path_dir(path), *up = path_dir(parent);
	int rc = fs_mkdirs(parent, 0755, err);

	if (rc < 0)
		return rc;
	if (rename(tmp, path) < 0) {
		if (errno != ENOTEMPTY && errno != EEXIST)
			return err_errno(err, "cannot create '%s'", path);
		/* the record of an earlier failure gives way */
		if (syscall(SYS_renameat2, AT_FDCWD, tmp, AT_FDCWD, path, RENAME_EXCHANGE) < 0)
			return err_errno(err, "cannot replace '%s'", path);
		rc = fs_remove_tree(tmp, err);
	}
	if (rc >= 0)
		rc = fs_fsync_dir(parent, err);
	return rc < 0 ? rc : fs_fsync_dir(up, err);
}

/* ---- directories that are read all the time ---- */

static off_t size_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? -1 : st.st_size;
}

/* A content-named file into repodata, from the same file elsewhere or from memory. */
static int place(struct repo *r, const char *repodata, const char *donor,
	const struct metadata_file *f, struct err *err)
{
	auto_free char *path = path_join(repodata, f->name), *from = path_join(donor, f->name);

	if (size_of(path) == (off_t)f->gz.n)
		return 0;
	if (size_of(from) == (off_t)f->gz.n && tree_link(r, repodata, f->name, from, NULL) >= 0)
		return 0;
	return tree_replace(r, repodata, f->name, f->gz.s, f->gz.n, err);
}

/*
 * When a file was first seen unneeded is kept as the time of an empty file below .old: its own
 * times are shared with other directories.
 */
static char *mark_of(const struct repo *r, const char *dir, const char *name)
{
	auto_free char *rel = str_replace(dir + strlen(r->dir), "/", "+");

	return xasprintf("%s/.old/%s+%s", r->dir, rel, name);
}

int tree_retire(struct repo *r, const char *dir, const char *name, struct err *err)
{
	auto_free char *path = path_join(dir, name), *mark = mark_of(r, dir, name);
	struct stat st;
	int64_t now = time_now();
	int rc;

	/* a time ahead of ours is of a clock that was put back since */
	if (lstat(mark, &st) < 0 || st.st_mtim.tv_sec > now) {
		auto_free char *marks = path_dir(mark);

		rc = fs_mkdirs(marks, 0755, err);
		return rc < 0 ? rc : fs_write(mark, "", 0, 0644, err);
	}
	if (now - st.st_mtim.tv_sec < KEEP_SECONDS)
		return 0;
	rc = fs_remove_tree(path, err);
	if (rc >= 0)
		(void)unlink(mark);
	return rc;
}

static int drop_old(struct repo *r, const char *repodata, const char *repomd, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int rc = fs_list(repodata, &names, err);

	for (size_t i = 0; rc >= 0 && i < names.n; i++) {
		auto_free char *href = xasprintf("repodata/%s\"", names.v[i]);

		if (str_eq(names.v[i], "repomd.xml"))
			continue;
		if (!strstr(repomd, href)) {
			rc = tree_retire(r, repodata, names.v[i], err);
		} else {
			auto_free char *mark = mark_of(r, repodata, names.v[i]);

			(void)unlink(mark); /* in use again */
		}
	}
	return rc;
}

static int update_part(struct repo *r, const char *repodata, const char *donor,
	const struct metadata *m, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < META_FILES; i++)
		rc = place(r, repodata, donor, &m->files[i], err);
	if (rc >= 0)
		rc = fs_fsync_dir(repodata, err);
	if (rc >= 0)
		rc = tree_replace(r, repodata, "repomd.xml", m->repomd, strlen(m->repomd), err);
	return rc < 0 ? rc : drop_old(r, repodata, m->repomd, err);
}

int tree_update(struct repo *r, const char *dir, const char *donor, const struct metadata m[PARTS],
	struct err *err)
{
	/* main last: who follows it finds the sources there already */
	for (enum part p = PARTS; p-- > 0;) {
		auto_free char *repodata = repodata_of(dir, p), *from = repodata_of(donor, p);
		int rc = make_part(dir, 1, p, err);

		if (rc >= 0)
			rc = update_part(r, repodata, from, &m[p], err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int tree_update_main(struct repo *r, const char *dir, const struct metadata *m, struct err *err)
{
	auto_free char *repodata = repodata_of(dir, PART_MAIN);
	int rc = fs_mkdirs(repodata, 0755, err);

	return rc < 0 ? rc : update_part(r, repodata, repodata, m, err);
}

/* Files named by our own repomd.xml. */
static void repomd_names(const char *repomd, struct strv *ret)
{
	static const char mark[] = "href=\"repodata/";

	for (const char *s = repomd; (s = strstr(s, mark));) {
		s += sizeof mark - 1;
		strv_addn(ret, s, strcspn(s, "\""));
	}
}

int tree_follow(struct repo *r, const char *dir, const char *from, struct err *err)
{
	for (enum part p = PARTS; p-- > 0;) {
		auto_free char *repodata = repodata_of(dir, p), *src = repodata_of(from, p);
		auto_free char *path = path_join(src, "repomd.xml"), *repomd = NULL;
		auto_strv struct strv names = STRV_INIT;
		size_t n = 0;
		int rc = fs_read(path, REPOMD_MAX, &repomd, &n, err);

		if (rc >= 0)
			rc = make_part(dir, 1, p, err);
		if (rc >= 0)
			repomd_names(repomd, &names);
		for (size_t i = 0; rc >= 0 && i < names.n; i++) {
			auto_free char *there = path_join(repodata, names.v[i]);
			auto_free char *file = path_join(src, names.v[i]);

			if (size_of(there) < 0 || size_of(there) != size_of(file))
				rc = tree_link(r, repodata, names.v[i], file, err);
		}
		if (rc >= 0)
			rc = fs_fsync_dir(repodata, err);
		if (rc >= 0)
			rc = tree_replace(r, repodata, "repomd.xml", repomd, n, err);
		if (rc >= 0)
			rc = drop_old(r, repodata, repomd, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
