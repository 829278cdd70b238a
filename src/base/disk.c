/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/disk.h"
#include "base/fs.h"
#include "base/time.h"
#include <sys/statvfs.h>
#include <unistd.h>

#define TRIAL ((size_t)64 * 1024)

bool disk_fault(int sys)
{
	switch (sys) {
	case ENOSPC:
	case EDQUOT:
	case EROFS:
	case EIO:
	case EUCLEAN:
		return true;
	default:
		return false;
	}
}

static uint64_t part_of(uint64_t all, uint64_t most, unsigned quarters)
{
	uint64_t part = all / DISK_RESERVE_PART;

	return (part < most ? part : most) / 4 * quarters;
}

/* The reserves of a file system; 0 of inodes: it does not count them. */
static void reserves(
	const struct statvfs *fs, unsigned quarters, uint64_t *ret_bytes, uint64_t *ret_inodes)
{
	*ret_bytes = part_of((uint64_t)fs->f_blocks * fs->f_frsize, DISK_RESERVE, quarters);
	*ret_inodes = part_of(fs->f_files, DISK_RESERVE_INODES, quarters);
}

bool disk_is_low(int fd)
{
	uint64_t bytes, inodes;
	struct statvfs fs;

	if (fstatvfs(fd, &fs) < 0)
		return false;
	reserves(&fs, 4, &bytes, &inodes);
	return (uint64_t)fs.f_bavail * fs.f_frsize < bytes || fs.f_favail < inodes;
}

int disk_look(const char *dir, unsigned quarters, struct err *err)
{
	uint64_t bytes, inodes;
	struct statvfs fs;
	char size[32];

	if (statvfs(dir, &fs) < 0)
		return disk_fault(errno) ? err_errno(err, "'%s'", dir) : 0;
	if (fs.f_flag & ST_RDONLY)
		return err_sys_(err, EROFS, "'%s'", dir);
	reserves(&fs, quarters, &bytes, &inodes);
	if ((uint64_t)fs.f_bavail * fs.f_frsize < bytes) {
		reserves(&fs, 4, &bytes, &inodes);
		size_format(bytes, size, sizeof size);
		return err_sys_(err, ENOSPC, "less than %s is free for '%s'", size, dir);
	}
	if (fs.f_favail < inodes) {
		reserves(&fs, 4, &bytes, &inodes);
		return err_sys_(err, ENOSPC, "less than %llu files can be made in '%s'",
			(unsigned long long)inodes, dir);
	}
	return 0;
}

static int trial(int fd)
{
	auto_free char *data = xmalloc(TRIAL);

	memset(data, 0xa5, TRIAL); /* not what a file system keeps in no room at all */
	if (fs_write_all(fd, data, TRIAL, NULL) < 0)
		return -1;
	return fdatasync(fd);
}

int disk_try(const char *dir, unsigned quarters, struct err *err)
{
	auto_free char *path = xasprintf("%s/.trial-%ld", dir, (long)getpid());
	auto_close int fd = -1;
	int r = disk_look(dir, quarters, err), saved;

	if (r < 0)
		return r;
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return disk_fault(errno) ? err_errno(err, "cannot write in '%s'", dir) : 0;
	r = trial(fd);
	saved = errno;
	(void)unlink(path);
	errno = saved;
	return r < 0 && disk_fault(errno) ? err_errno(err, "cannot write in '%s'", dir) : 0;
}
