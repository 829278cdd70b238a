/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * archive.c - tarballs, the same bytes for the same commit: git runs on objects alone (refs would
 * leak in through export-subst, as $Format:%d$ or %(describe)), its clock stands still (for %ar),
 * and libarchive packs with fixed levels and without time stamps.
 */
#include "base/fs.h"
#include "base/limits.h"
#include "git/internal.h"
#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <limits.h>

struct packer {
	struct archive *a;
	uint64_t n;
};

static const struct {
	const char *suffix;
	int (*add)(struct archive *);
	const char *module, *level;
} kinds[] = {
	{".tar", archive_write_add_filter_none, NULL, NULL},
	{".tar.gz", archive_write_add_filter_gzip, "gzip", "6"},
	{".tgz", archive_write_add_filter_gzip, "gzip", "6"},
	{".tar.bz2", archive_write_add_filter_bzip2, "bzip2", "9"},
	{".tbz2", archive_write_add_filter_bzip2, "bzip2", "9"},
	{".tar.xz", archive_write_add_filter_xz, "xz", "6"},
	{".txz", archive_write_add_filter_xz, "xz", "6"},
	{".tar.zst", archive_write_add_filter_zstd, "zstd", "9"},
};

static int packer_error(struct archive *a, struct err *err)
{
	const char *why = archive_error_string(a);

	return err_set(err, ERR_SYS, "cannot pack: %s", why ? why : "unknown reason");
}

static int pack(void *ctx, const char *data, size_t n, struct err *err)
{
	struct packer *p = ctx;

	p->n += n;
	if (p->n > LIMIT_UNPACKED)
		return err_set(err, ERR_SOURCE, "the tree is bigger than %" PRIu64 " GiB",
			LIMIT_UNPACKED / GIB);
	return archive_write_data(p->a, data, n) == (la_ssize_t)n ? 0 : packer_error(p->a, err);
}

static int add_filter(struct archive *a, const char *out, struct err *err)
{
	for (size_t i = 0; i < COUNTOF(kinds); i++) {
		const char *m = kinds[i].module;

		if (!str_ends(out, kinds[i].suffix))
			continue;
		/* ARCHIVE_WARN: libarchive would start a program for it */
		if (kinds[i].add(a) != ARCHIVE_OK)
			return packer_error(a, err);
		if (m && archive_write_set_filter_option(
				 a, m, "compression-level", kinds[i].level) != ARCHIVE_OK)
			return packer_error(a, err);
		if (m && str_eq(m, "gzip") &&
			archive_write_set_filter_option(a, m, "timestamp", NULL) != ARCHIVE_OK)
			return packer_error(a, err);
		return 0;
	}
	return err_set(err, ERR_SOURCE,
		"no kind of tarball that can be made (.tar .tar.gz .tgz .tar.bz2 .tar.xz "
		".tar.zst)");
}

static int packer_open(struct archive *a, int fd, const char *out, struct err *err)
{
	struct archive_entry *e;
	int r = add_filter(a, out, err);

	if (r < 0)
		return r;
	if (archive_write_set_format_raw(a) != ARCHIVE_OK ||
		archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
		archive_write_open_fd(a, fd) != ARCHIVE_OK)
		return packer_error(a, err);
	e = archive_entry_new();
	if (!e)
		oom_(__FILE__, __LINE__);
	archive_entry_set_filetype(e, AE_IFREG);
	r = archive_write_header(a, e) == ARCHIVE_OK ? 0 : packer_error(a, err);
	archive_entry_free(e);
	return r;
}

static int run(struct git *g, const struct git_call *c, int fd, const char *out, struct err *err)
{
	struct packer p = {.a = archive_write_new()};
	int r;

	if (!p.a)
		oom_(__FILE__, __LINE__);
	r = packer_open(p.a, fd, out, err);
	if (r >= 0)
		r = git_stream(g, c, pack, &p, err);
	if (r >= 0 && archive_write_close(p.a) != ARCHIVE_OK)
		r = packer_error(p.a, err);
	(void)archive_write_free(p.a);
	return r;
}

static int check_prefix(const char *prefix, struct err *err)
{
	auto_free char *clean = NULL;
	size_t n = strlen(prefix);

	if (n && (prefix[n - 1] != '/' || n > PATH_MAX / 2))
		return err_set(err, ERR_BUG, "archive prefix '%s' must end with '/'", prefix);
	return git_clean_sub(prefix, &clean, err);
}

int git_archive(struct git *g, const char *mirror, const char *sha, const char *prefix,
	const char *out, struct err *err)
{
	auto_free char *opt = xasprintf("--prefix=%s", prefix);
	auto_free char *tmp = xasprintf("%s.part", out);
	const char *args[] = {"archive", "--format=tar", opt, sha, NULL};
	struct git_call c = {.objects = mirror,
		.sha = sha,
		.args = args,
		.extra_env = "GIT_TEST_DATE_NOW=1000000000"};
	auto_close int fd = -1;
	int r = git_check_sha(sha, err);

	if (r < 0 || (r = check_prefix(prefix, err)) < 0)
		return r;
	(void)unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_errno(err, "cannot create '%s'", tmp);
	r = run(g, &c, fd, out, err);
	if (r >= 0 && rename(tmp, out) < 0)
		r = err_errno(err, "cannot rename '%s'", tmp);
	if (r < 0) {
		(void)unlink(tmp);
		return err_wrap(err, "'%s'", path_base(out));
	}
	return 0;
}
