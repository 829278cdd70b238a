/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fs.h - files and directories. Functions take a directory descriptor and a relative name where
 * that matters; pass AT_FDCWD otherwise. All descriptors are O_CLOEXEC.
 */
#pragma once
#include "base/str.h"
#include <fcntl.h>
#include <sys/stat.h>

/* dir + "/" + name; the caller's. An absolute name stays as it is. */
char *path_join(const char *dir, const char *name);
/* The part after the last slash; borrowed. */
const char *path_base(const char *path);
/* The part before the last slash, "." when there is none; the caller's. */
char *path_dir(const char *path);
/* The absolute form of a path whether or not it exists; the caller's. */
char *path_abs(const char *path);

/* mkdir -p; an existing directory is fine. */
int fs_mkdirs(const char *path, mode_t mode, struct err *err);
bool fs_exists(const char *path);
bool fs_is_dir(const char *path);
/* A whole file, refused when longer than max (ERR_CORRUPT, sys EFBIG). NUL-terminated; ret_n may
 * be NULL. */
int fs_read(const char *path, uint64_t max, char **ret, size_t *ret_n, struct err *err);
int fs_read_at(
	int dirfd, const char *path, uint64_t max, char **ret, size_t *ret_n, struct err *err);
int fs_read_fd(int fd, uint64_t max, char **ret, size_t *ret_n, struct err *err);
/* write(2) until all is written. */
int fs_write_all(int fd, const void *data, size_t n, struct err *err);
/* Create or replace in place; not atomic. */
int fs_write(const char *path, const void *data, size_t n, mode_t mode, struct err *err);
/* Temporary neighbour, fsync, rename: readers see the old or the new file. */
int fs_write_atomic(const char *path, const void *data, size_t n, mode_t mode, struct err *err);
int fs_fsync_dir(const char *path, struct err *err);
/* Copy a regular file (reflink or copy_file_range where possible); dst must not exist. */
int fs_copy(const char *src, const char *dst, mode_t mode, struct err *err);
/* Hard link, or copy where links are not possible; an existing dst is an error. */
int fs_link_or_copy(const char *src, const char *dst, struct err *err);
/* rm -rf without following links; a missing path is fine, a mount point in it is an error. */
int fs_remove_tree(const char *path, struct err *err);
/* Names in a directory (without . and ..), sorted by bytes. */
int fs_list(const char *path, struct strv *ret, struct err *err);
/* A new directory "<prefix>XXXXXX" of mode 0700; *ret_path is the caller's. */
int fs_tmpdir(const char *prefix, char **ret_path, struct err *err);
/* openat2 with RESOLVE_BENEATH|NO_SYMLINKS|NO_MAGICLINKS|NO_XDEV: for trees others can write. */
int fs_open_beneath(int dirfd, const char *path, int flags, struct err *err);
/* openat2(2) itself with RESOLVE_ flags: -1 and errno on failure. */
int fs_openat2(int dirfd, const char *path, int flags, uint64_t resolve);
/* An exclusive flock on path, created if missing; *ret_fd keeps it. ERR_LOCKED names the holder's
 * pid, which is written into the file. */
int fs_lock(const char *path, int *ret_fd, struct err *err);
/* The same, waiting for the holder; ERR_LOCKED after so many seconds, ERR_SIGNAL when asked to
 * stop. */
int fs_lock_wait(const char *path, unsigned seconds, int *ret_fd, struct err *err);
