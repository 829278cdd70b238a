/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "base/json.h"
#include "cmd/cmd.h"

static int run(int argc, char **argv, struct err *err);

const struct cmd cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.help = "explain packmill or one of its commands",
	.group = GROUP_HELP,
	.run = run,
};

static json_t *options_json(const struct opt *o)
{
	json_t *list = json_array();

	for (; o && o->name; o++) {
		json_t *j = json_object();
		char brief[] = {o->brief, '\0'};

		json_put_str(j, "name", o->name);
		json_put_str(j, "brief", o->brief ? brief : NULL);
		json_put_str(j, "argument", o->arg);
		json_put_str(j, "help", o->help);
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *command_json(const struct cmd *cmd)
{
	auto_free char *usage = help_synopsis(cmd);
	json_t *j = json_object();

	json_put_str(j, "name", cmd->name);
	json_put_str(j, "usage", usage);
	json_put_str(j, "help", cmd->help);
	json_put(j, "options", options_json(cmd->opts));
	return j;
}

static json_t *overview_json(void)
{
	json_t *j = json_object(), *list = json_array();

	for (const struct cmd *const *c = cmds; *c; c++)
		if ((*c)->group)
			json_array_append_new(list, command_json(*c));
	json_put(j, "commands", list);
	json_put(j, "options", options_json(global_opt_table));
	return j;
}

static int run(int argc, char **argv, struct err *err)
{
	const struct cmd *cmd;
	int r = cmd_need_args(&cmd_help, argc, argv, 0, 1, err);

	if (r < 0)
		return r;
	if (argc == 0 && global.json)
		return cmd_print_json(overview_json(), err);
	if (argc == 0) {
		help_overview();
		return cmd_flush(err);
	}
	cmd = cmd_lookup(argv[0], err);
	if (!cmd)
		return -(int)ERR_USAGE;
	if (global.json)
		return cmd_print_json(command_json(cmd), err);
	help_command(cmd);
	return cmd_flush(err);
}
