/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files below repos/. A page is written beside itself and renamed into place: a reader, and whoever
 * looks after a kill, finds the old or the new one whole. Nothing is synced: all of it can be made
 * again from the store, which is synced, and report_start does.
 */
#include "base/fs.h"
#include "report/internal.h"

static bool is_same(const char *path, const struct strbuf *text)
{
	auto_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	auto_free char *old = NULL;
	struct stat st;
	size_t n = 0;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size != text->n)
		return false;
	return fs_read_fd(fd, text->n, &old, &n, NULL) >= 0 && n == text->n &&
	       memcmp(old, sb_str(text), n) == 0;
}

static int write_new(const char *tmp, const char *path, const struct strbuf *text, struct err *err)
{
	auto_close int fd = -1;
	int r;

	(void)unlink(tmp); /* of one that was killed; what comes in its place is ours */
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(err, "cannot create '%s'", tmp);
	r = fs_write_all(fd, sb_str(text), text->n, err);
	if (r >= 0 && fchmod(fd, 0644) < 0)
		r = err_errno(err, "cannot write '%s'", tmp);
	/* quota and network file systems report here */
	if (r >= 0 && close(take_fd(&fd)) < 0)
		r = err_errno(err, "cannot write '%s'", tmp);
	if (r >= 0 && rename(tmp, path) < 0)
		r = err_errno(err, "cannot replace '%s'", path);
	if (r < 0)
		(void)unlink(tmp);
	return r;
}

int write_page(struct report *r, const char *rel, const struct strbuf *text, struct err *err)
{
	auto_free char *path = path_join(r->repos, rel), *dir = path_dir(path);
	auto_free char *tmp = xasprintf("%s/.%s.new", dir, path_base(path));
	auto_err struct err first = ERR_INIT;
	int rc;

	if (is_same(path, text))
		return 0;
	rc = write_new(tmp, path, text, &first);
	if (rc != -ERR_NOT_FOUND)
		return rc < 0 ? err_move(err, &first) : 0;
	if ((rc = fs_mkdirs(dir, 0755, err)) < 0)
		return rc;
	return write_new(tmp, path, text, err);
}

int write_json(struct report *r, const char *rel, json_t *j, struct err *err)
{
	auto_json json_t *owned = j, *all = json_object();
	auto_strbuf struct strbuf text = STRBUF_INIT;
	auto_free char *s = NULL;

	json_put_int(all, "schema", 1);
	if (json_object_update(all, owned) < 0)
		oom_(__FILE__, __LINE__);
	s = json_text(all);
	sb_add(&text, s);
	return write_page(r, rel, &text, err);
}

int write_remove(struct report *r, const char *rel, struct err *err)
{
	auto_free char *path = path_join(r->repos, rel);

	if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
		return err_errno(err, "cannot remove '%s'", path);
	return 0;
}
