/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_lib.h - librpm with our errors and cleanup; inside format/rpm/ only. */
#pragma once
#include "base/str.h"
#include <rpm/header.h>
#include <rpm/rpmds.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmts.h>
#include <rpm/rpmtypes.h>

static inline void header_unref(Header h)
{
	(void)headerFree(h);
}
DEFINE_CLEANUP(Header, header_unref)
static inline void ds_unref(rpmds ds)
{
	(void)rpmdsFree(ds);
}
DEFINE_CLEANUP(rpmds, ds_unref)
static inline void ts_unref(rpmts ts)
{
	(void)rpmtsFree(ts);
}
DEFINE_CLEANUP(rpmts, ts_unref)
static inline void fd_unref(FD_t fd)
{
	(void)Fclose(fd);
}
DEFINE_CLEANUP(FD_t, fd_unref)

#define auto_header CLEANUP(header_unrefp)
#define auto_ds     CLEANUP(ds_unrefp)
#define auto_ts     CLEANUP(ts_unrefp)
#define auto_fd     CLEANUP(fd_unrefp)

/* librpm's messages between these two go into sb (first error lines only) instead of stderr. */
void rpm_log_begin(struct strbuf *sb);
void rpm_log_end(void);
/* The first line that was logged, without "error: "; "" when none. The caller's. */
char *rpm_log_first(const struct strbuf *sb);

/* A transaction set that knows no keys and no database: for reading files. */
rpmts rpm_ts_new(void);
/* 0: digests of header and payload are there and right, as `rpmkeys -K --nosignature`; with a ring
 * the signature too, by a key of it. 1: they are not; ret_log has what librpm said. */
int rpm_verify(const char *path, rpmKeyring ring, struct strbuf *ret_log, struct err *err);
/* Header of a package file, not verified. */
int rpm_header(const char *path, Header *ret, struct err *err);
/* The packed files behind the header, which fd was read up to; NULL: packed in an unknown way. */
FD_t rpm_payload_open(FD_t fd, Header h);
/* ERR_BUILD: its metadata would spoil that of a repository for all readers; names `file`. */
int rpm_check_fit(Header h, const char *file, struct err *err);
/* A tag as text; the caller's, NULL when missing. */
char *rpm_tag(Header h, rpmTagVal tag);
/* "name >= 1", a path or a rich dependency, as rpm prints them; the caller's. */
char *rpm_ds_text(rpmds ds);
