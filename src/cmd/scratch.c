/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/scratch.h"
#include "base/fs.h"
#include "cmd/common.h"
#include <signal.h>

#define PREFIX ".packmill-"

/* Scratch directories have the process in their names: those of dead ones go. */
static int sweep(const char *dir, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(dir, &names, err);

	strv_foreach (&names, n) {
		auto_free char *path = path_join(dir, *n), *out = path_join(path, "out");
		const char *pid = str_starts(*n, PREFIX) ? *n + strlen(PREFIX) : "";
		auto_free char *number = xstrndup(pid, strcspn(pid, "-"));
		uint64_t k;

		if (!str_u64(number, &k) || !k || k > INT32_MAX || kill((pid_t)k, 0) == 0 ||
			errno != ESRCH)
			continue;
		if ((r = build_sweep(out, err)) < 0 || (r = fs_remove_tree(path, err)) < 0)
			break;
	}
	return r;
}

int scratch_make(const char *dir, char **ret, struct err *err)
{
	auto_free char *prefix = xasprintf("%s/" PREFIX "%ld-", dir, (long)getpid());
	int r;

	if ((r = fs_mkdirs(dir, 0755, err)) < 0 || (r = sweep(dir, err)) < 0)
		return r;
	return fs_tmpdir(prefix, ret, err);
}

int scratch_deliver(const char *from, const char *to, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(from, &names, err);

	if (r < 0)
		return r;
	strv_foreach (&names, n) {
		auto_free char *a = path_join(from, *n), *b = path_join(to, *n);

		if (rename(a, b) < 0)
			return err_errno(err, "move '%s' to '%s'", *n, to);
	}
	return 0;
}

static void step(void *ctx UNUSED, const char *name, bool start)
{
	cmd_progress(start ? name : NULL);
}

static void note(void *ctx UNUSED, const char *what)
{
	cmd_progress(what);
}

const struct build_hooks scratch_hooks = {.step = step, .note = note};
