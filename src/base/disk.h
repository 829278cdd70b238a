/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disk.h - whether the file system below a directory can take more. What fails for want of that
 * says nothing about what was being done: it is to be done again when there is room.
 */
#pragma once
#include "base/base.h"

struct err;

/* Room that is left alone, so that what runs can be ended, published and recorded: this, or so much
 * of a small file system. */
#define DISK_RESERVE        (UINT64_C(256) << 20) /* bytes */
#define DISK_RESERVE_INODES 1000
#define DISK_RESERVE_PART   50 /* 1/50 */

/* Of an errno: no room, no quota, read-only, an error of the device. 0 is none. */
bool disk_fault(int sys);
/* Whether less than the reserve is free on the file system of an open file. What cannot be asked
 * has room. */
bool disk_is_low(int fd);
/*
 * ERR_SYS with .sys as disk_fault: read-only, or less free (for others than root) than the reserve,
 * times `quarters` / 4: who waits for room asks for a bit more than who begins. The message is the
 * same as long as the trouble is. A directory that is not there is no trouble. Changes nothing.
 */
int disk_look(const char *dir, unsigned quarters, struct err *err);
/* The same, then a small file is written, synced and removed: a quota, a broken device. */
int disk_try(const char *dir, unsigned quarters, struct err *err);
