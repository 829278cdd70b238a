/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter.h"
#include "base/fs.h"
#include "base/log.h"

/* Names are looked up where the machine looks them up; a root has nothing of its own to say. */
static int put_resolver(struct sandbox *sb, struct err *err)
{
	auto_free char *text = NULL;
	size_t n;
	int r = fs_read("/etc/resolv.conf", 64 * KIB, &text, &n, err);

	if (r == -ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	return r < 0 ? r : sandbox_put_file(sb, "/etc/resolv.conf", text, n, 0644, err);
}

static int enter(struct root *root, const char *state, const struct enter_opts *o, struct err *err)
{
	static const char *const login[] = {"/bin/bash", "-l", NULL};
	CLEANUP(sandbox_freep) struct sandbox *sb = NULL;
	struct sandbox_conf conf = {
		.state = state, .limits = LIMITS_DEFAULT, .network = o->network};
	bool tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	struct sandbox_cmd cmd = {.argv = o->argv ?: login,
		.env = o->env,
		.as_root = o->as_root,
		.tty = tty,
		.log_fd = tty ? 0 : STDOUT_FILENO};
	struct sandbox_verdict v;
	const char *limit;
	int r;

	conf.limits.time = 0;
	conf.limits.log = 0;
	root_mounts(root, &conf);
	if ((r = sandbox_open(&conf, &sb, err)) < 0 ||
		(o->network && (r = put_resolver(sb, err)) < 0) ||
		(o->fill && (r = o->fill(o->ctx, sb, err)) < 0) ||
		(r = sandbox_run(sb, &cmd, NULL, &v, err)) < 0)
		return r;
	limit = sandbox_limit_name(v.limit);
	if (limit)
		log_warn("a limit was reached: %s", limit);
	cmd_set_status(v.exit);
	return 0;
}

int enter_root(struct root *root, const char *cache, const struct enter_opts *o, struct err *err)
{
	auto_free char *prefix = path_join(cache, "shell-"), *state = NULL;
	int r;

	if ((r = fs_mkdirs(cache, 0755, err)) < 0 || (r = sandbox_sweep(cache, err)) < 0 ||
		(r = fs_tmpdir(prefix, &state, err)) < 0)
		return r;
	r = enter(root, state, o, err);
	(void)sandbox_remove_tree(state, NULL);
	return r;
}
