/* SPDX-License-Identifier: GPL-3.0-or-later */
/* root_db.c - a root's rpm database, for librpm on this side: it writes even where it only reads.
 */
#include "base/fs.h"
#include "root/root.h"

static char *find_database(const struct root *r)
{
	for (size_t i = 0; i < r->mounts.n; i++) {
		const struct root_mount *m = &r->mounts.v[i];

		for (size_t k = 0; k < m->layers.n && str_eq(m->at, "/"); k++) {
			auto_free char *dir = path_join(m->layers.v[k], "var/lib/rpm");

			if (fs_is_dir(dir))
				return TAKE(dir);
		}
	}
	return NULL;
}

int root_copy_database(const struct root *root, const char *to, struct err *err)
{
	auto_free char *from = find_database(root);
	auto_strv struct strv names = STRV_INIT;
	int r;

	if (!from)
		return err_set(err, ERR_CORRUPT, "root '%s' has no rpm database", root->dir);
	if ((r = fs_mkdirs(to, 0755, err)) < 0 || (r = fs_list(from, &names, err)) < 0)
		return r;
	strv_foreach (&names, n) {
		auto_free char *src = path_join(from, *n), *dst = path_join(to, *n);
		struct stat st;

		if (lstat(src, &st) < 0 || !S_ISREG(st.st_mode) || str_starts(*n, "."))
			continue;
		if ((r = fs_copy(src, dst, 0644, err)) < 0)
			return r;
	}
	return 0;
}
