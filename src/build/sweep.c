/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sweep.c - what a killed build left in its output directory. */
#include "base/fs.h"
#include "build/build.h"
#include "build/steps.h"

/* A sandbox that somebody still holds was not swept. */
static bool has_sandbox(const char *work)
{
	auto_strv struct strv names = STRV_INIT;

	if (fs_list(work, &names, NULL) < 0)
		return true;
	strv_foreach (&names, n) {
		auto_free char *lock = xasprintf("%s/%s/sandbox.lock", work, *n);

		if (fs_exists(lock))
			return true;
	}
	return false;
}

int build_sweep(const char *output, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r;

	if (!fs_exists(output))
		return 0;
	if ((r = fs_list(output, &names, err)) < 0)
		return r;
	strv_foreach (&names, n) {
		auto_free char *dir = path_join(output, *n);

		if (!str_starts(*n, WORK_PREFIX))
			continue;
		if ((r = sandbox_sweep(dir, err)) < 0)
			return r;
		if (!has_sandbox(dir) && (r = sandbox_remove_tree(dir, err)) < 0)
			return r;
	}
	return 0;
}
