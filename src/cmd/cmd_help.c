/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "cmd/cmd.h"

static int run(int argc, char **argv, struct err *err);

const struct cmd cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.help = "explain packmill or one of its commands",
	.group = GROUP_HELP,
	.run = run,
};

static int run(int argc, char **argv, struct err *err)
{
	const struct cmd *cmd;
	int r = cmd_need_args(&cmd_help, argc, argv, 0, 1, err);

	if (r < 0)
		return r;
	if (argc == 0) {
		help_overview();
		return cmd_flush(err);
	}
	cmd = cmd_lookup(argv[0], err);
	if (!cmd)
		return -(int)ERR_USAGE;
	help_command(cmd);
	return cmd_flush(err);
}
