/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "cmd/cmd.h"

#define COLUMN 30 /* where the explanations start */

char *help_synopsis(const struct cmd *cmd)
{
	return xasprintf("packmill %s%s%s%s", cmd->name, cmd->opts ? " [options]" : "",
		str_empty(cmd->args) ? "" : " ", cmd->args ? cmd->args : "");
}

static void print_opts(const struct opt *o)
{
	for (; o && o->name; o++) {
		char brief[5] = "    ";
		int used;

		if (o->brief)
			snprintf(brief, sizeof brief, "-%c, ", o->brief);
		used = printf(
			"  %s--%s%s%s", brief, o->name, o->arg ? " " : "", o->arg ? o->arg : "");
		printf("%*s%s\n", used < COLUMN - 1 ? COLUMN - used : 2, "", o->help);
	}
}

static void print_group(const char *group)
{
	printf("\n%s:\n", group);
	for (const struct cmd *const *c = cmds; *c; c++)
		if ((*c)->group && str_eq((*c)->group, group))
			printf("  %-12s%s\n", (*c)->name, (*c)->help);
}

static bool group_seen(const struct cmd *const *upto)
{
	for (const struct cmd *const *c = cmds; c < upto; c++)
		if ((*c)->group && str_eq((*c)->group, (*upto)->group))
			return true;
	return false;
}

void help_overview(void)
{
	printf("usage: packmill <command> [options]\n\n"
	       "Makes a tested package of every upstream commit and publishes it in a "
	       "repository.\n");
	for (const struct cmd *const *c = cmds; *c; c++)
		if ((*c)->group && !group_seen(c))
			print_group((*c)->group);
	printf("\nOptions of every command:\n");
	print_opts(global_opt_table);
	printf("\n'packmill help COMMAND' explains a command.\n");
}

void help_command(const struct cmd *cmd)
{
	auto_free char *usage = help_synopsis(cmd);

	printf("usage: %s\n\n%c%s.\n", usage,
		cmd->help[0] >= 'a' && cmd->help[0] <= 'z' ? cmd->help[0] - 'a' + 'A'
							   : cmd->help[0],
		cmd->help + 1);
	if (cmd->opts) {
		printf("\nOptions:\n");
		print_opts(cmd->opts);
	}
	printf("\nOptions of every command:\n");
	print_opts(global_opt_table);
	printf("\nMore: man packmill-%s\n", cmd->name);
}
