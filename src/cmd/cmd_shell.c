/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_shell.c - `packmill shell`: a shell or one command in a build root. */
#include "base/base.h"
#include "base/log.h"
#include "cmd/enter.h"

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

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(target_freep) struct target *t = NULL;
	CLEANUP(root_freep) struct root *root = NULL;
	auto_free char *roots = NULL, *cache = NULL;
	struct enter_opts o = {.argv = argc ? (const char *const *)argv : NULL,
		.as_root = as_root,
		.network = network};
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
	return enter_root(root, cache, &o, err);
}
