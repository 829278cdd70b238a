/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_payload.c - a look into the packed files of a package, in a process that can do no harm. */
#include "base/fs.h"
#include "base/limits.h"
#include "format/rpm/rpm_content.h"
#include <rpm/rpmarchive.h>
#include <rpm/rpmfi.h>
#include <rpm/rpmfiles.h>
#include <rpm/rpmlib.h>

struct reader {
	const char *file;
	rpmfiles files;
	size_t wanted;
	const struct format_jail *jail;
	elf_mask_fn *mask;
	void *ctx;
};

/* What file(1) said when it was packed ("setuid ELF 64-bit ..."). A wrong word makes no two
 * packages equal. */
static bool is_wanted(rpmfiles f, int i)
{
	const char *class = rpmfilesFClass(f, i);
	rpm_loff_t size = rpmfilesFSize(f, i);

	return class && (strstr(class, "ELF ") || str_eq(class, "current ar archive")) &&
	       S_ISREG(rpmfilesFMode(f, i)) && !(rpmfilesFFlags(f, i) & RPMFILE_GHOST) && size &&
	       size <= ELF_MAX;
}

static bool read_file(rpmfi fi, uint8_t *to, size_t n)
{
	while (n) {
		ssize_t got = rpmfiArchiveRead(fi, to, n);

		if (got <= 0 || (size_t)got > n)
			return false;
		to += got;
		n -= (size_t)got;
	}
	return true;
}

/* The hash for the file and all that are linked to it: the archive has the bytes of them once. */
static size_t tell(rpmfiles f, int i, const char *hex, struct strbuf *out)
{
	const int *links = NULL;
	uint32_t n = rpmfilesFLinks(f, i, &links);

	if (n <= 1) {
		links = &i;
		n = 1;
	}
	for (uint32_t k = 0; k < n && *hex; k++)
		sb_addf(out, "%d %s\n", links[k], hex);
	return n;
}

static int read_files(const struct reader *r, rpmfi fi, struct strbuf *out)
{
	size_t left = r->wanted;

	while (left && rpmfiNext(fi) >= 0) {
		int i = rpmfiFX(fi);
		size_t n = (size_t)rpmfilesFSize(r->files, i);
		char hex[SHA256_HEX] = "";

		if (!is_wanted(r->files, i) || !rpmfiArchiveHasContent(fi))
			continue;
		auto_free uint8_t *data = xmalloc(n);
		if (!read_file(fi, data, n))
			return -ERR_BUILD;
		if (!elf_content(data, n, r->mask, r->ctx, hex))
			*hex = '\0';
		n = tell(r->files, i, hex, out);
		left -= n < left ? n : left;
	}
	return 0;
}

/* The child. */
static int read_payload(void *arg, int out_fd)
{
	const struct reader *r = arg;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	auto_ts rpmts ts = rpm_ts_new();
	auto_fd FD_t fd = Fopen(r->file, "r.ufdio"), payload = NULL;
	auto_header Header h = NULL;
	char hex[SHA256_HEX];
	rpmfi fi;
	int rc;

	sha256_buf("", 0, hex); /* libcrypto reads its configuration the first time */
	/* this leaves the file where the payload starts */
	if (!fd || Ferror(fd) || rpmReadPackageFile(ts, fd, r->file, &h) != RPMRC_OK ||
		!(payload = rpm_payload_open(fd, h)) ||
		(rc = r->jail->confine(r->jail->ctx, NULL)) < 0)
		return -ERR_BUILD;
	fi = rpmfiNewArchiveReader(payload, r->files, RPMFI_ITER_READ_ARCHIVE);
	if (!fi)
		return -ERR_BUILD;
	rc = read_files(r, fi, &out);
	rpmfiArchiveClose(fi);
	(void)rpmfiFree(fi);
	return rc < 0 ? rc : fs_write_all(out_fd, out.s, out.n, NULL);
}

/* Lines of an index and a hash, from a child that may have been taken over. */
static bool parse(const char *text, size_t files, struct rpm_hashes *ret)
{
	auto_strv struct strv lines = STRV_INIT;

	strv_lines(&lines, text);
	ret->v = xcalloc(files, sizeof *ret->v);
	ret->n = files;
	strv_foreach (&lines, l) {
		char *end;
		unsigned long i = strtoul(*l, &end, 10);

		if (!(**l >= '0' && **l <= '9') || *end != ' ' || i >= files || ret->v[i] ||
			strlen(end + 1) != SHA256_HEX - 1 ||
			strspn(end + 1, "0123456789abcdef") != SHA256_HEX - 1)
			return false;
		ret->v[i] = xstrdup(end + 1);
	}
	return true;
}

static int read_wanted(struct reader *r, struct rpm_hashes *ret, struct err *err)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;
	int files = (int)rpmfilesFC(r->files), rc;

	for (int i = 0; i < files; i++)
		r->wanted += is_wanted(r->files, i);
	if (!r->wanted)
		return 0;
	rc = r->jail->run(r->jail->ctx, r->file, read_payload, r, &out, err);
	if (rc < 0)
		return rc;
	if (parse(sb_str(&out), (size_t)files, ret))
		return 0;
	rpm_hashes_release(ret);
	return err_set(err, ERR_BUILD, "'%s' cannot be read", r->file);
}

int rpm_payload_read(const char *file, Header h, const struct format_jail *jail, elf_mask_fn *mask,
	void *ctx, struct rpm_hashes *ret_hashes, struct err *err)
{
	struct reader r = {.file = file, .jail = jail, .mask = mask, .ctx = ctx};
	int rc;

	r.files = rpmfilesNew(NULL, h, 0, RPMFI_KEEPHEADER);
	rc = read_wanted(&r, ret_hashes, err);
	(void)rpmfilesFree(r.files);
	return rc;
}

void rpm_hashes_release(struct rpm_hashes *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i]);
	free(h->v);
	*h = (struct rpm_hashes){0};
}
