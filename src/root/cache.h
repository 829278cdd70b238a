/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cache.h - the directory of roots, as the kinds of roots see it (docs/dev/roots.md). Private to
 * root/.
 *
 *	<key>/        a finished root; its `lock` file: who uses it has a share
 *	.lock         who removes something, or makes a host root, has it
 *	.lock-<key>   who makes this root has it
 *	.tmp-*        half made or half removed
 */
#pragma once
#include "root/root.h"
#include <sys/stat.h>

struct root *root_new(const char *roots_dir, const char *key);
/* Open a finished root and take a share of its lock and of its base's; ERR_NOT_FOUND when there is
 * none. */
int root_open(const char *roots_dir, const char *key, struct root **ret, struct err *err);
/* The same without shares and without counting as use: only to look at. */
int root_peek(const char *roots_dir, const char *key, struct root **ret, struct err *err);
/* Write the manifest into dir; layers below the directory of roots are kept relative. */
int root_save(const struct root *r, const char *dir, struct err *err);
/* The directory dir, saved, becomes the root's own; it is opened before anybody can remove it. */
int root_place(const struct root *r, const char *dir, struct root **ret, struct err *err);
/* The layers carry the ids of the mode they were made in: text for the key. */
int root_mode_text(struct strbuf *b, struct err *err);
/* ERR_DENIED when layers cannot be made on this file system. */
int root_check_place(const char *roots_dir, struct err *err);

/* Remove the roots of a target that nobody used since then; the lock is held. */
int root_expire(const char *roots_dir, const char *target, int64_t unused_since, struct err *err);
/* Remove a root that cannot be opened; the lock is held. A missing one is fine. */
int root_discard(const char *roots_dir, const char *key, struct err *err);
/* Wait for the lock of the whole directory. */
int root_lock(const char *roots_dir, int *ret_fd, struct err *err);
/* Wait for the lock of making one root; root_unlock_key with its descriptor gives it back. That it
 * has to be waited for is said once through note, which may be NULL. */
typedef void (*root_note)(void *ctx, const char *what);
int root_lock_key(const char *roots_dir, const char *key, root_note note, void *ctx, int *ret_fd,
	struct err *err);
void root_unlock_key(const char *roots_dir, const char *key, int *fd);
/* Remove what makers that died left; the lock is held. */
int root_sweep(const char *roots_dir, struct err *err);
/* A share of the lock below a root's directory: *ret_fd. */
int root_share(const char *dir, const char *key, int *ret_fd, struct err *err);
#define ROOT_LOCK       "lock"
#define ROOT_TMP_PREFIX ".tmp-"

/* Who looks whether roots are used takes their locks for a moment: two at once would take each
 * other for users. Waits for those before, though not for ever: it can be right all the same.
 * Returns what to close, -1 when there is no such directory. */
int root_look(const char *roots_dir);

/* The lock of a root, when nobody uses it: *ret_fd, else -1. *ret_st: when it was used. Called
 * with root_look. */
int root_try_alone(const char *dir, int *ret_fd, struct stat *ret_st, struct err *err);
bool root_is_key(const char *name);
/* Who holds a lock of this file, from the text of /proc/locks: pids are added, each once. */
void root_users(const char *locks, const struct stat *st, struct strv *ret);
