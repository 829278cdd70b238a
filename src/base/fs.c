/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fs.h"
#include "base/sig.h"
#include "base/time.h"
#include <dirent.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>

#define CHUNK ((size_t)128 * 1024)

char *path_join(const char *dir, const char *name)
{
	if (*name == '/' || !*dir)
		return xstrdup(name);
	return xasprintf("%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

/* `..` stays: what it means depends on links in the part before it. */
char *path_abs(const char *path)
{
	auto_free char *cwd = *path == '/' ? xstrdup("/") : getcwd(NULL, 0);
	auto_free char *joined = path_join(cwd ? cwd : ".", path);
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_strv struct strv parts = STRV_INIT;

	strv_split(&parts, joined, "/");
	for (size_t i = 0; i < parts.n; i++)
		if (!str_eq(parts.v[i], "."))
			sb_addf(&b, "/%s", parts.v[i]);
	if (!b.n)
		sb_addc(&b, '/');
	return sb_take(&b);
}

bool fs_exists(const char *path)
{
	struct stat st;

	return fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool fs_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int fs_mkdirs(const char *path, mode_t mode, struct err *err)
{
	auto_free char *p = xstrdup(path);
	size_t n = strlen(p);

	while (n > 1 && p[n - 1] == '/')
		p[--n] = '\0';
	for (char *s = p + strspn(p, "/"); (s = strchr(s, '/')); s++) {
		*s = '\0';
		/* what is really wrong shows when the last directory is made */
		(void)mkdir(p, 0755);
		*s = '/';
	}
	if (mkdir(p, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return err_errno(err, "cannot make directory '%s'", path);
	if (!fs_is_dir(p))
		return err_sys_(err, ENOTDIR, "cannot make directory '%s'", path);
	return 0;
}

int fs_read_fd(int fd, uint64_t max, char **ret, size_t *ret_n, struct err *err)
{
	auto_free char *buf = NULL;
	size_t n = 0, cap = 0;

	for (;;) {
		ssize_t k;

		if (n + 1 >= cap) {
			cap = cap ? cap * 2 : 4096;
			buf = xrealloc(buf, cap);
		}
		k = read(fd, buf + n, cap - n - 1);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_errno(err, "cannot read");
		if (k == 0)
			break;
		n += (size_t)k;
		if (n > max)
			return err_set_(
				err, ERR_CORRUPT, EFBIG, "more than %" PRIu64 " bytes", max);
	}
	buf[n] = '\0';
	*ret = TAKE(buf);
	if (ret_n)
		*ret_n = n;
	return 0;
}

int fs_read_at(
	int dirfd, const char *path, uint64_t max, char **ret, size_t *ret_n, struct err *err)
{
	auto_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return err_errno(err, "cannot open '%s'", path);
	r = fs_read_fd(fd, max, ret, ret_n, err);
	if (r < 0)
		(void)err_wrap(err, "'%s'", path);
	return r;
}

int fs_read(const char *path, uint64_t max, char **ret, size_t *ret_n, struct err *err)
{
	return fs_read_at(AT_FDCWD, path, max, ret, ret_n, err);
}

int fs_write_all(int fd, const void *data, size_t n, struct err *err)
{
	const char *p = data;

	while (n) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_errno(err, "cannot write");
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

/* Write, optionally fsync, and close; the error of close(2) counts (NFS, quotas). */
static int write_and_close(
	int *fd, const char *path, const void *data, size_t n, bool sync, struct err *err)
{
	int r = fs_write_all(*fd, data, n, err);

	if (r < 0) {
		(void)err_wrap(err, "'%s'", path);
		return r;
	}
	if (sync && fsync(*fd) < 0)
		return err_errno(err, "cannot sync '%s'", path);
	if (close(take_fd(fd)) < 0)
		return err_errno(err, "cannot write '%s'", path);
	return 0;
}

int fs_write(const char *path, const void *data, size_t n, mode_t mode, struct err *err)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, mode);

	if (fd < 0)
		return err_errno(err, "cannot create '%s'", path);
	return write_and_close(&fd, path, data, n, false, err);
}

/* A new hidden file next to path; the umask counts, so mkostemp would not do. */
static int open_neighbour(const char *path, mode_t mode, char **ret_tmp, int *ret_fd)
{
	auto_free char *dir = path_dir(path);

	for (int tries = 0; tries < 100; tries++) {
		auto_free char *name = NULL, *tmp = NULL;
		uint64_t rnd = 0;
		int fd;

		if (getrandom(&rnd, sizeof rnd, 0) != sizeof rnd)
			return -1;
		name = xasprintf(".tmp-%016" PRIx64, rnd);
		tmp = path_join(dir, name);
		fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return -1;
		*ret_tmp = TAKE(tmp);
		*ret_fd = fd;
		return 0;
	}
	errno = EEXIST;
	return -1;
}

int fs_write_atomic(const char *path, const void *data, size_t n, mode_t mode, struct err *err)
{
	auto_free char *tmp = NULL;
	auto_close int fd = -1;
	int r;

	if (open_neighbour(path, mode, &tmp, &fd) < 0)
		return err_errno(err, "cannot create '%s'", path);
	r = write_and_close(&fd, path, data, n, true, err);
	if (r == 0 && rename(tmp, path) < 0)
		r = err_errno(err, "cannot replace '%s'", path);
	if (r < 0)
		(void)unlink(tmp);
	return r;
}

int fs_fsync_dir(const char *path, struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_errno(err, "cannot sync '%s'", path);
	return 0;
}

/* Errors of copy_file_range that mean "not here" rather than "not at all". */
static bool not_supported(int e)
{
	return e == EXDEV || e == EINVAL || e == ENOSYS || e == EOPNOTSUPP || e == EPERM ||
	       e == EBADF || e == ETXTBSY;
}

static int copy_plain(int in, int out, struct err *err)
{
	auto_free char *buf = xmalloc(CHUNK);

	for (;;) {
		ssize_t n = read(in, buf, CHUNK);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "cannot read");
		if (n == 0)
			return 0;
		r = fs_write_all(out, buf, (size_t)n, err);
		if (r < 0)
			return r;
	}
}

static int copy_data(int in, int out, struct err *err)
{
	ssize_t n;

	if (ioctl(out, FICLONE, in) == 0)
		return 0;
	do
		n = copy_file_range(in, NULL, out, NULL, (size_t)1 << 30, 0);
	while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 && !not_supported(errno))
		return err_errno(err, "cannot copy");
	/* goes on from where it stopped; some file systems claim 0 bytes wrongly */
	return copy_plain(in, out, err);
}

int fs_copy(const char *src, const char *dst, mode_t mode, struct err *err)
{
	/* O_NONBLOCK: a FIFO must not hold us up */
	auto_close int in = open(src, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	auto_close int out = -1;
	struct stat st;
	int r;

	if (in < 0 || fstat(in, &st) < 0)
		return err_errno(err, "cannot open '%s'", src);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_SYS, "cannot copy '%s': not a regular file", src);
	out = open(dst, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (out < 0)
		return err_errno(err, "cannot create '%s'", dst);
	r = copy_data(in, out, err);
	if (r < 0)
		(void)err_wrap(err, "copy '%s' to '%s'", src, dst);
	else if (close(take_fd(&out)) < 0)
		r = err_errno(err, "cannot write '%s'", dst);
	if (r < 0)
		(void)unlink(dst);
	return r;
}

int fs_link_or_copy(const char *src, const char *dst, struct err *err)
{
	struct stat st;

	if (link(src, dst) == 0)
		return 0;
	if (errno != EXDEV && errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP)
		return err_errno(err, "cannot link '%s' to '%s'", src, dst);
	if (lstat(src, &st) < 0)
		return err_errno(err, "cannot link '%s'", src);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_SYS, "cannot link '%s': not a regular file", src);
	return fs_copy(src, dst, st.st_mode & 0777, err);
}

int fs_list(const char *path, struct strv *ret, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return err_errno(err, "cannot read directory '%s'", path);
	while (errno = 0, (e = readdir(d)))
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			strv_add(&names, e->d_name);
	if (errno) {
		int r = err_errno(err, "cannot read directory '%s'", path);

		(void)closedir(d);
		return r;
	}
	(void)closedir(d);
	strv_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		strv_take(ret, TAKE(names.v[i]));
	return 0;
}

int fs_tmpdir(const char *prefix, char **ret_path, struct err *err)
{
	auto_free char *path = xasprintf("%sXXXXXX", prefix);

	if (!mkdtemp(path))
		return err_errno(err, "cannot make directory '%s'", path);
	*ret_path = TAKE(path);
	return 0;
}

int fs_openat2(int dirfd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = resolve};
	long fd;

	if (flags & O_CREAT)
		how.mode = 0644;
	/* EAGAIN: the tree was changed during the walk and the kernel cannot tell what it was */
	for (int tries = 0; tries < 32; tries++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return (int)fd;
	}
	return -1;
}

int fs_open_beneath(int dirfd, const char *path, int flags, struct err *err)
{
	int fd = fs_openat2(dirfd, path, flags,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);

	return fd < 0 ? err_errno(err, "cannot open '%s'", path) : fd;
}

static int locked_error(int fd, const char *path, struct err *err)
{
	char buf[32] = "";
	ssize_t n = pread(fd, buf, sizeof buf - 1, 0);
	uint64_t pid;

	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	if (!str_u64(buf, &pid))
		return err_set(err, ERR_LOCKED, "'%s' is locked by another process", path);
	return err_set(err, ERR_LOCKED, "'%s' is locked by process %" PRIu64, path, pid);
}

int fs_lock(const char *path, int *ret_fd, struct err *err)
{
	auto_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	auto_free char *pid = xasprintf("%ld\n", (long)getpid());
	struct stat st;
	int r;

	if (fd < 0)
		return err_errno(err, "cannot open lock file '%s'", path);
	/* flock asks for no more than reading: who may read it could keep us out */
	if (fstat(fd, &st) == 0 && (st.st_mode & 077) && st.st_uid == geteuid())
		(void)fchmod(fd, 0600);
	do
		r = flock(fd, LOCK_EX | LOCK_NB);
	while (r < 0 && errno == EINTR);
	if (r < 0 && errno == EWOULDBLOCK)
		return locked_error(fd, path, err);
	if (r < 0)
		return err_errno(err, "cannot lock '%s'", path);
	if (ftruncate(fd, 0) < 0)
		return err_errno(err, "cannot write '%s'", path);
	r = fs_write_all(fd, pid, strlen(pid), err);
	if (r < 0) {
		(void)err_wrap(err, "'%s'", path);
		return r;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int fs_lock_wait(const char *path, unsigned seconds, int *ret_fd, struct err *err)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	const double start = time_mono();
	int r;

	/* not flock's own waiting: a stop signal may come before it begins */
	for (;;) {
		auto_err struct err e = ERR_INIT;

		if (fs_lock(path, ret_fd, &e) >= 0)
			return 0;
		if (e.code != ERR_LOCKED || time_mono() - start > seconds)
			return err_move(err, &e);
		if ((r = sig_check(err)) < 0)
			return r;
		(void)nanosleep(&pause, NULL);
	}
}
