/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layer.c - write into the layers of a sandbox, and read one file out of them. */
#include "sandbox/layer.h"
#include "base/fs.h"
#include <linux/openat2.h>

/* The deepest mount that the path lies on. */
struct sb_mount *sb_find_mount(struct sandbox *sb, const char *path, const char **ret_rel)
{
	struct sb_mount *best = &sb->mounts[0];
	const char *rel = path + 1;

	for (size_t i = 1; i < sb->n_mounts; i++) {
		size_t n = strlen(sb->mounts[i].at);

		if (str_starts(path, sb->mounts[i].at) && (!path[n] || path[n] == '/') &&
			n > strlen(best->at)) {
			best = &sb->mounts[i];
			rel = path + n + (path[n] == '/');
		}
	}
	rel += strspn(rel, "/");
	*ret_rel = *rel ? rel : ".";
	return best;
}

static int check_path(const char *path, struct err *err)
{
	auto_strv struct strv parts = STRV_INIT;

	strv_split(&parts, path, "/");
	if (*path != '/' || strv_has(&parts, ".."))
		return err_set(err, ERR_BUG, "'%s' is not a plain absolute path", path);
	return 0;
}

int sb_make_dirs(int dirfd, const char *rel, bool cross, int *ret_fd, struct err *err)
{
	auto_strv struct strv parts = STRV_INIT;
	auto_close int fd = openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const unsigned long xdev = cross ? 0 : RESOLVE_NO_XDEV;

	strv_split(&parts, rel, "/");
	strv_foreach (&parts, p) {
		int next;

		if (mkdirat(fd, *p, 0755) < 0 && errno != EEXIST)
			return err_errno(err, "cannot make directory '%s'", rel);
		next = fs_openat2(fd, *p, O_PATH | O_DIRECTORY,
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | xdev);
		if (next < 0)
			return err_errno(err, "cannot open directory '%s'", rel);
		close(fd);
		fd = next;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

struct put {
	const char *path;
	const void *data;
	size_t n;
	mode_t mode;
};

static int write_file(int dir, const struct put *p, struct err *err)
{
	const char *name = path_base(p->path);
	auto_close int fd = -1;

	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_errno(err, "cannot replace '%s'", p->path);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, p->mode);
	if (fd < 0)
		return err_errno(err, "cannot make '%s'", p->path);
	return fs_write_all(fd, p->data, p->n, err);
}

static int put_fn(struct sandbox *sb, void *arg, int sock, struct err *err)
{
	struct sb_msg done = {.type = SB_MSG_DONE};
	const struct put *p = arg;
	auto_free char *dir = path_dir(p->path);
	auto_close int fd = -1;
	const struct sb_mount *m;
	const char *rel;
	int r;

	m = sb_find_mount(sb, dir, &rel);
	umask(0);
	if ((r = sb_act_as(sb, SANDBOX_BUILDER, err)) < 0 ||
		(r = sb_make_dirs(m->merged, rel, false, &fd, err)) < 0)
		return r;
	if ((r = write_file(fd, p, err)) < 0)
		return r;
	sb_send(sock, &done, -1);
	return 0;
}

/* A layer in memory is full: that is the sandbox's own limit, no trouble of the machine's disk. */
static int put(struct sandbox *sb, struct put *p, struct err *err)
{
	int r = sb_outer_call(sb, put_fn, p, err);

	if (r < 0 && err && err->sys == ENOSPC && sb->tmpfs && !sb->keep)
		return err_set(err, ERR_BUILD, "a limit of the sandbox (disk, inodes) is reached");
	return r;
}

int sandbox_put_file(struct sandbox *sb, const char *path, const void *data, size_t n, mode_t mode,
	struct err *err)
{
	struct put p = {.path = path, .data = data ? data : "", .n = n, .mode = mode & 0777};
	int r = check_path(path, err);

	if (r >= 0)
		r = put(sb, &p, err);
	return r < 0 ? err_wrap(err, "cannot put '%s' into the sandbox", path) : 0;
}

/* Why a file of a layer is not to be taken, or NULL. */
static const char *refuse(const struct stat *st)
{
	const off_t slack = (off_t)(16 * MIB);

	if (S_ISLNK(st->st_mode))
		return "a symbolic link";
	if (S_ISFIFO(st->st_mode))
		return "a fifo";
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		return "a device";
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_nlink != 1)
		return "a file with hard links";
	if (st->st_mode & (S_ISUID | S_ISGID))
		return "a setuid or setgid file";
	if ((uint64_t)st->st_size > LIMIT_ARTIFACT)
		return "too big";
	if ((off_t)st->st_blocks * 512 + slack < st->st_size)
		return "a sparse file";
	return NULL;
}

/* O_PATH first: opening a fifo or a device to look at it has effects of its own. */
int sb_layer_open(int dirfd, const char *rel, struct stat *ret_st, struct err *err)
{
	auto_close int path = fs_open_beneath(dirfd, rel, O_PATH | O_NOFOLLOW, err);
	char proc[40];
	struct stat st;
	const char *why;
	int fd;

	if (path < 0)
		return path;
	if (fstat(path, &st) < 0)
		return err_errno(err, "cannot look at '%s'", rel);
	why = refuse(&st);
	if (why)
		return err_set(err, ERR_BUILD, "'%s' is refused: %s", rel, why);
	snprintf(proc, sizeof proc, "/proc/self/fd/%d", path);
	fd = open(proc, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, "cannot open '%s'", rel);
	*ret_st = st;
	return fd;
}

static int read_fn(struct sandbox *sb, void *arg, int sock, struct err *err)
{
	struct sb_msg done = {.type = SB_MSG_DONE};
	const char *rel;
	const struct sb_mount *m = sb_find_mount(sb, arg, &rel);
	struct stat st;
	auto_close int fd = sb_layer_open(m->upper, rel, &st, err);

	if (fd < 0)
		return fd;
	sb_send(sock, &done, fd);
	return 0;
}

int sandbox_read(struct sandbox *sb, const char *path, uint64_t max, char **ret, size_t *ret_n,
	struct err *err)
{
	auto_free char *copy = xstrdup(path);
	auto_close int sock = -1, fd = -1;
	struct sb_msg m;
	int pid, r = check_path(path, err);

	if (r < 0 || (r = sb_outer_start(sb, read_fn, copy, &pid, &sock, err)) < 0)
		return r;
	r = sb_expect(sock, SB_MSG_DONE, &m, &fd, err);
	sb_outer_end(pid);
	if (r >= 0)
		r = fs_read_fd(fd, max, ret, ret_n, err);
	return r < 0 ? err_wrap(err, "cannot read '%s' of the sandbox", path) : 0;
}
