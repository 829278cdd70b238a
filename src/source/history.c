/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history.c - the mirror once more as <tree>/.git, for builds that ask git for their version (pbr,
 * setuptools_scm): hard links where possible, HEAD at our commit. It is only read inside the root,
 * where it is shown read-only.
 */
#include "base/fs.h"
#include "base/limits.h"
#include "source/parts.h"

#define MAX_DEPTH 32

static int link_tree(const char *from, const char *to, int depth, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_mkdirs(to, 0755, err);

	if (r < 0 || (r = fs_list(from, &names, err)) < 0)
		return r;
	strv_foreach (&names, n) {
		auto_free char *src = path_join(from, *n), *dst = path_join(to, *n);
		struct stat st;

		if (lstat(src, &st) < 0)
			return err_errno(err, "cannot read '%s'", src);
		if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
			r = link_tree(src, dst, depth + 1, err);
		else if (S_ISREG(st.st_mode) && !str_ends(*n, ".lock"))
			r = fs_link_or_copy(src, dst, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Whether one of the files that say how to build names a tool that asks git. */
bool source_wants_history(const struct source *s)
{
	static const char *const files[] = {"setup.py", "setup.cfg", "pyproject.toml"};
	static const char *const tools[] = {"pbr", "setuptools_scm", "setuptools-scm", "versioneer",
		"hatch-vcs", "dunamai", "poetry-dynamic", "git"};

	for (size_t i = 0; i < COUNTOF(files); i++) {
		auto_free char *text = source_read_inert(s, files[i]);

		for (size_t k = 0; text && k < COUNTOF(tools); k++) {
			if (strstr(text, tools[k]))
				return true;
		}
	}
	return false;
}

int source_history(const char *mirror, const char *sha, const char *git_dir, struct err *err)
{
	static const char *const dirs[] = {"objects", "refs"};
	static const char *const files[] = {"config", "packed-refs"};
	auto_free char *head = path_join(git_dir, "HEAD"), *text = xasprintf("%s\n", sha);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < COUNTOF(dirs); i++) {
		auto_free char *from = path_join(mirror, dirs[i]);
		auto_free char *to = path_join(git_dir, dirs[i]);

		r = link_tree(from, to, 0, err);
	}
	for (size_t i = 0; r >= 0 && i < COUNTOF(files); i++) {
		auto_free char *from = path_join(mirror, files[i]);
		auto_free char *to = path_join(git_dir, files[i]);

		if (fs_exists(from))
			r = fs_copy(from, to, 0644, err);
	}
	if (r >= 0)
		r = fs_write(head, text, strlen(text), 0644, err);
	return r < 0 ? err_wrap(err, "history of the upstream") : 0;
}
