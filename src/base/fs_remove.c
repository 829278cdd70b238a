/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fs.h"
#include "base/vec.h"
#include <dirent.h>
#include <linux/openat2.h>

/*
 * Removing a tree. Frames are the directories from the top down to where we are. Only the last
 * OPEN_DIRS of them are open; going up into a closed one opens `..` and checks that it is the
 * directory that we came down from.
 */
#define OPEN_DIRS 48
#define RESCANS   16

struct rm_frame {
	DIR *d; /* NULL: closed to save descriptors */
	dev_t dev;
	ino_t ino;
	unsigned scans;
	char *name; /* in the frame above */
};

struct rm {
	const char *path;
	int top; /* the directory that holds the tree */
	VEC(struct rm_frame) frames;
};

static void rm_frame_release(struct rm_frame *f)
{
	if (f->d)
		(void)closedir(f->d);
	free(f->name);
}

static void rm_release(struct rm *rm)
{
	if (rm->top >= 0)
		(void)close(rm->top);
	vec_free(&rm->frames, rm_frame_release);
}

/* Ours, but without rwx for us: make it so, through a descriptor and never through a link. */
static int rm_unlock_dir(int parent, const char *name)
{
	auto_close int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char proc[64];

	if (fd < 0)
		return -1;
	(void)snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	return chmod(proc, 0700);
}

static int rm_open_dir(int parent, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	/* NO_XDEV sees bind mounts of the same file system too, which st_dev does not */
	int fd = fs_openat2(parent, name, flags, RESOLVE_NO_XDEV);

	if (fd < 0 && errno == EACCES && rm_unlock_dir(parent, name) == 0)
		fd = fs_openat2(parent, name, flags, RESOLVE_NO_XDEV);
	return fd;
}

/* The open parent of the last frame, or -1 with errno. */
static int rm_parent(struct rm *rm)
{
	struct rm_frame *f = &rm->frames.v[rm->frames.n - 1], *up = f - 1;
	struct stat st;
	int fd;

	if (rm->frames.n == 1)
		return rm->top;
	if (up->d)
		return dirfd(up->d);
	fd = fs_openat2(dirfd(f->d), "..", O_RDONLY | O_DIRECTORY, RESOLVE_NO_XDEV);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || st.st_dev != up->dev || st.st_ino != up->ino)
		errno = ESTALE; /* somebody moves directories around under us */
	else
		up->d = fdopendir(fd);
	if (!up->d)
		(void)close(fd);
	return up->d ? dirfd(up->d) : -1;
}

static int rm_fail(const struct rm *rm, const char *name, struct err *err)
{
	int sys = errno;

	if (sys == EXDEV)
		return err_sys_(
			err, EBUSY, "cannot remove '%s': '%s' is a mount point", rm->path, name);
	if (str_eq(name, path_base(rm->path)))
		return err_sys_(err, sys, "cannot remove '%s'", rm->path);
	return err_sys_(err, sys, "cannot remove '%s' in '%s'", name, rm->path);
}

static int rm_push(struct rm *rm, int parent, const char *name, struct err *err)
{
	int fd = rm_open_dir(parent, name);
	struct rm_frame *f;
	struct stat st;
	DIR *d;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return rm_fail(rm, name, err);
	if (fstat(fd, &st) < 0 || !(d = fdopendir(fd))) {
		int r = rm_fail(rm, name, err);

		(void)close(fd);
		return r;
	}
	if ((st.st_mode & 0700) != 0700)
		(void)fchmod(fd, 0700); /* where that fails, removing will say why */
	f = vec_push(&rm->frames);
	*f = (struct rm_frame){.d = d, .dev = st.st_dev, .ino = st.st_ino, .name = xstrdup(name)};
	if (rm->frames.n > OPEN_DIRS) {
		struct rm_frame *far = f - OPEN_DIRS;

		if (far->d)
			(void)closedir(far->d);
		far->d = NULL;
	}
	return 0;
}

static bool is_directory(int dir, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* The last frame has been read to its end. */
static int rm_pop(struct rm *rm, struct err *err)
{
	struct rm_frame *f = &rm->frames.v[rm->frames.n - 1];
	int parent = rm_parent(rm);

	if (parent < 0)
		return rm_fail(rm, f->name, err);
	if (unlinkat(parent, f->name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		if ((errno != ENOTEMPTY && errno != EEXIST) || ++f->scans > RESCANS)
			return rm_fail(rm, f->name, err);
		/* reading while removing may skip entries */
		rewinddir(f->d);
		return 0;
	}
	rm_frame_release(f);
	rm->frames.n--;
	return 0;
}

/* One entry of the last frame. */
static int rm_step(struct rm *rm, struct err *err)
{
	DIR *d = rm->frames.v[rm->frames.n - 1].d;
	struct dirent *e;

	errno = 0;
	e = readdir(d);
	if (!e)
		return errno ? rm_fail(rm, rm->frames.v[rm->frames.n - 1].name, err)
			     : rm_pop(rm, err);
	if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
		return 0;
	if (is_directory(dirfd(d), e))
		return rm_push(rm, dirfd(d), e->d_name, err);
	if (unlinkat(dirfd(d), e->d_name, 0) < 0 && errno != ENOENT)
		return rm_fail(rm, e->d_name, err);
	return 0;
}

static int rm_run(struct rm *rm, const char *base, struct err *err)
{
	struct stat st;
	int r;

	if (fstatat(rm->top, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : rm_fail(rm, base, err);
	if (!S_ISDIR(st.st_mode)) {
		if (unlinkat(rm->top, base, 0) == 0 || errno == ENOENT)
			return 0;
		return rm_fail(rm, base, err);
	}
	r = rm_push(rm, rm->top, base, err);
	while (r == 0 && rm->frames.n)
		r = rm_step(rm, err);
	return r;
}

int fs_remove_tree(const char *path, struct err *err)
{
	CLEANUP(rm_release) struct rm rm = {.path = path, .top = -1, .frames = VEC_INIT};
	auto_free char *p = xstrdup(path), *dir = NULL;
	size_t n = strlen(p);

	while (n > 1 && p[n - 1] == '/')
		p[--n] = '\0';
	if (!*p || str_eq(p, "/") || str_eq(path_base(p), ".") || str_eq(path_base(p), ".."))
		return err_set(err, ERR_BUG, "refusing to remove '%s'", path);
	rm.path = p;
	dir = path_dir(p);
	rm.top = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rm.top < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (rm.top < 0)
		return err_errno(err, "cannot open '%s'", dir);
	return rm_run(&rm, path_base(p), err);
}
