/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_shell.c - `packmill shell`: a shell or one command in a build root. */
#include "base/base.h"
#include "base/fs.h"
#include "base/log.h"
#include "cmd/common.h"
#include "root/root.h"

static const char *target_name;
static bool as_root, network;

static int run(int argc, char **argv, struct err *err);

static const struct opt opts[] = {
	{'t', "target", OPT_STRING, "TARGET", "whose root (default: host)", &target_name},
	{0, "root", OPT_FLAG, NULL, "as root of the root, not as the user builder", &as_root},
	{0, "network", OPT_FLAG, NULL, "with the network of this machine", &network},
	OPT_END,
};

const struct cmd cmd_shell = {
	.name = "shell",
	.args = "[-- COMMAND [ARGUMENT]...]",
	.help = "start a shell or a command in a build root",
	.group = GROUP_LOCAL,
	.opts = opts,
	.run = run,
};

static void progress(const char *what)
{
	log_info("%s", what);
}

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

static int enter(struct root *root, const char *state, char **argv, int argc, struct err *err)
{
	static const char *const login[] = {"/bin/bash", "-l", NULL};
	CLEANUP(sandbox_freep) struct sandbox *sb = NULL;
	struct sandbox_conf conf = {.state = state, .limits = LIMITS_DEFAULT, .network = network};
	bool tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	struct sandbox_cmd cmd = {.argv = argc ? (const char *const *)argv : login,
		.as_root = as_root,
		.tty = tty,
		.log_fd = tty ? 0 : STDOUT_FILENO};
	struct sandbox_verdict v;
	const char *limit;
	int r;

	conf.limits.time = 0;
	conf.limits.log = 0;
	root_mounts(root, &conf);
	if ((r = sandbox_open(&conf, &sb, err)) < 0 ||
		(network && (r = put_resolver(sb, err)) < 0) ||
		(r = sandbox_run(sb, &cmd, NULL, &v, err)) < 0)
		return r;
	limit = sandbox_limit_name(v.limit);
	if (limit)
		log_warn("a limit was reached: %s", limit);
	cmd_set_status(v.exit);
	return 0;
}

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(target_freep) struct target *t = NULL;
	CLEANUP(root_freep) struct root *root = NULL;
	auto_free char *roots = NULL, *cache = NULL, *prefix = NULL, *state = NULL;
	int r;

	if ((r = cmd_load_target(target_name ? target_name : "host", &t, err)) < 0)
		return r;
	if (global.dry_run) {
		log_info("would start %s in the root of target %s", argc ? argv[0] : "a shell",
			t->name);
		return 0;
	}
	if ((r = cmd_roots_dir(&roots, &cache, err)) < 0 ||
		(r = root_get(t, roots, cache, progress, &root, err)) < 0)
		return r;
	prefix = path_join(cache, "shell-");
	if ((r = fs_mkdirs(cache, 0755, err)) < 0 || (r = sandbox_sweep(cache, err)) < 0 ||
		(r = fs_tmpdir(prefix, &state, err)) < 0)
		return r;
	r = enter(root, state, argv, argc, err);
	(void)sandbox_remove_tree(state, NULL);
	return r;
}
