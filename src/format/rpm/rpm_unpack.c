/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_unpack.c - the files of a source package, by librpm's own archive reader. */
#include "base/fs.h"
#include "base/limits.h"
#include "format/rpm/rpm.h"
#include "format/rpm/rpm_lib.h"
#include <rpm/rpmarchive.h>
#include <rpm/rpmfi.h>
#include <rpm/rpmfiles.h>
#include <rpm/rpmlib.h>

struct unpack {
	const char *srpm, *dir;
	uint64_t left; /* bytes that may still come */
	char *spec;
};

/* A plain file name: what rpmbuild packs is one directory without links. */
static bool plain_file(const char *name, rpm_mode_t mode)
{
	return S_ISREG(mode) && *name && *name != '-' && !strchr(name, '/') && !str_eq(name, ".") &&
	       !str_eq(name, "..") && strlen(name) <= 255;
}

static int copy_out(struct unpack *u, rpmfi fi, int fd, const char *name, struct err *err)
{
	char buf[65536];
	rpm_loff_t rest = rpmfiFSize(fi);

	if (rest > u->left)
		return err_set(err, ERR_SOURCE, "'%s' unpacks to too much", path_base(u->srpm));
	u->left -= rest;
	while (rest) {
		size_t want = rest < sizeof buf ? (size_t)rest : sizeof buf;
		ssize_t n = rpmfiArchiveRead(fi, buf, want);
		int r;

		if (n <= 0)
			return err_set(err, ERR_SOURCE, "'%s': cannot unpack '%s'",
				path_base(u->srpm), name);
		if ((r = fs_write_all(fd, buf, (size_t)n, err)) < 0)
			return r;
		rest -= (rpm_loff_t)n;
	}
	return 0;
}

static int unpack_one(struct unpack *u, rpmfi fi, struct err *err)
{
	const char *name = rpmfiBN(fi);
	bool spec = rpmfiFFlags(fi) & RPMFILE_SPECFILE;
	struct timespec t = {.tv_sec = (time_t)rpmfiFMtime(fi)}, times[2] = {t, t};

	if (!plain_file(name, rpmfiFMode(fi)))
		return err_set(
			err, ERR_SOURCE, "'%s': '%s' is no plain file", path_base(u->srpm), name);
	if (spec && u->spec)
		return err_set(err, ERR_SOURCE, "'%s' has two specs: %s, %s", path_base(u->srpm),
			u->spec, name);
	auto_free char *to = xasprintf("%s/%s/%s", u->dir, spec ? "SPECS" : "SOURCES", name);
	auto_close int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		rpmfiFMode(fi) & 0111 ? 0755 : 0644);
	if (fd < 0)
		return err_errno(err, "cannot create '%s'", to);
	int r = copy_out(u, fi, fd, name, err);
	if (r < 0)
		return r;
	if (futimens(fd, times) < 0)
		return err_errno(err, "cannot set the time of '%s'", to);
	if (spec)
		u->spec = xstrdup(name);
	return 0;
}

static int unpack_all(struct unpack *u, FD_t payload, Header h, struct err *err)
{
	rpmfiles files = rpmfilesNew(NULL, h, 0, RPMFI_KEEPHEADER);
	rpmfi fi = rpmfiNewArchiveReader(payload, files, RPMFI_ITER_READ_ARCHIVE);
	int r = 0, rc = 0;

	if (!fi || rpmfilesFC(files) > (int)LIMIT_FILES)
		r = err_set(err, ERR_SOURCE, "'%s': cannot read its files", path_base(u->srpm));
	while (r >= 0 && (rc = rpmfiNext(fi)) >= 0)
		r = unpack_one(u, fi, err);
	if (r >= 0 && rc != RPMERR_ITER_END)
		r = err_set(err, ERR_SOURCE, "'%s': its payload ends early", path_base(u->srpm));
	if (fi)
		rpmfiArchiveClose(fi);
	(void)rpmfiFree(fi);
	(void)rpmfilesFree(files);
	return r;
}

static int unpack(struct unpack *u, struct err *err)
{
	auto_ts rpmts ts = rpm_ts_new();
	auto_fd FD_t fd = Fopen(u->srpm, "r.ufdio"), payload = NULL;
	auto_header Header h = NULL;
	int r;

	if (!fd || Ferror(fd))
		return err_errno(err, "cannot open '%s'", u->srpm);
	/* it was verified by rpm_read; this leaves the file where the payload starts */
	if (rpmReadPackageFile(ts, fd, u->srpm, &h) != RPMRC_OK || !headerIsSource(h))
		return err_set(err, ERR_SOURCE, "'%s' is no source package", path_base(u->srpm));
	payload = rpm_payload_open(fd, h);
	if (!payload) {
		auto_free char *packer = rpm_tag(h, RPMTAG_PAYLOADCOMPRESSOR);

		return err_set(err, ERR_SOURCE, "'%s' is packed with '%s', which is not known here",
			path_base(u->srpm), packer ? packer : "");
	}
	if ((r = unpack_all(u, payload, h, err)) < 0)
		return r;
	return u->spec ? 0 : err_set(err, ERR_SOURCE, "'%s' has no spec", path_base(u->srpm));
}

int rpm_unpack_source(const char *srpm, const char *dir, char **ret_spec, struct err *err)
{
	auto_strbuf struct strbuf log = STRBUF_INIT;
	auto_free char *specs = path_join(dir, "SPECS"), *sources = path_join(dir, "SOURCES");
	struct unpack u = {.srpm = srpm, .dir = dir, .left = LIMIT_UNPACKED};
	int r = fs_mkdirs(specs, 0755, err);

	if (r < 0 || (r = fs_mkdirs(sources, 0755, err)) < 0)
		return r;
	rpm_log_begin(&log);
	r = unpack(&u, err);
	rpm_log_end();
	if (r < 0) {
		free(u.spec);
		return r;
	}
	*ret_spec = u.spec;
	return 0;
}
