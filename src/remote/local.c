/* SPDX-License-Identifier: GPL-3.0-or-later */
/* local.c - a repository in a directory of ours, read where it lies. */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "remote/internal.h"

int remote_read_local(const char *dir, struct remote_repo *ret, struct err *err)
{
	auto_free char *path = path_join(dir, "repodata/repomd.xml"), *text = NULL;
	struct repomd md = {0};
	char sum[SHA256_HEX];
	size_t n = 0;
	int r = fs_read(path, LIMIT_REPOMD, &text, &n, err);

	if (r < 0)
		return r;
	if ((r = repomd_parse(text, n, &md, err)) < 0)
		return err_wrap(err, "'%s'", path);
	sha256_buf(text, n, sum);
	*ret = (struct remote_repo){
		.dir = xstrdup(dir),
		.checksum = xstrdup(sum),
		.revision = md.revision,
		.primary = path_join(dir, md.primary.location),
		.primary_sum = xstrdup(md.primary.checksum),
		.modules = md.modules.location ? path_join(dir, md.modules.location) : NULL,
		.filelists = md.filelists.location ? path_join(dir, md.filelists.location) : NULL,
		.filelists_sum = xstrdup_null(md.filelists.checksum),
	};
	repomd_release(&md);
	return 0;
}
