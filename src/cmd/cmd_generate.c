/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hidden: what the build makes from the tables of options. `generate man FILE.scd` fills the
 * places of a manual page's source that must not drift from the program:
 *
 *	@synopsis@        the command's usage
 *	@commands@        all commands by group
 *	@option output@   the option with its argument and its one line; the page goes on from there
 */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "cmd/cmd.h"
#include "config/config.h"

static int run(int argc, char **argv, struct err *err);
static const char *const subcommands[] = {"completion", "config", "man", "options", NULL};

const struct cmd cmd_generate = {
	.name = "generate",
	.args = "completion | config | man FILE.scd | options [COMMAND]",
	.help = "print what is made from the tables of options",
	.subcommands = subcommands,
	.run = run,
};

/* Option lists: command, brief, long, argument; the global ones under "packmill". */

static void list_options(const char *cmd, const struct opt *o)
{
	for (; o && o->name; o++)
		printf("%s\t%s%c\t--%s\t%s\n", cmd, o->brief ? "-" : "", o->brief ? o->brief : '-',
			o->name, o->arg ? o->arg : "-");
}

static int generate_options(const char *name, struct err *err)
{
	const struct cmd *cmd = name ? cmd_lookup(name, err) : NULL;

	if (name && !cmd)
		return -(int)ERR_USAGE;
	if (!name)
		list_options("packmill", global_opt_table);
	for (const struct cmd *const *c = cmds; *c; c++)
		if (cmd ? *c == cmd : (*c)->group != NULL)
			list_options((*c)->name, (*c)->opts);
	return cmd_flush(err);
}

/* Manual pages (scdoc). */

static void man_text(const char *s)
{
	for (; *s; s++) {
		if (*s == '*' || *s == '_' || *s == '\\' || *s == '[' || *s == ']' || *s == '|')
			putchar('\\');
		putchar(*s);
	}
}

static void man_option(const struct opt *o)
{
	if (o->brief)
		printf("*-%c*, ", o->brief);
	printf("*--%s*", o->name);
	if (o->arg)
		printf(" _%s_", o->arg);
	printf("\n\t");
	putchar(o->help[0] >= 'a' && o->help[0] <= 'z' ? o->help[0] - 'a' + 'A' : o->help[0]);
	man_text(o->help + 1);
	printf(".\n");
}

static void man_synopsis(const struct cmd *cmd)
{
	printf("*packmill %s*%s", cmd->name, cmd->opts ? " \\[options\\]" : "");
	if (cmd->args) {
		putchar(' ');
		man_text(cmd->args);
	}
	putchar('\n');
}

static void man_commands(void)
{
	const char *group = "";

	for (const struct cmd *const *c = cmds; *c; c++) {
		if (!(*c)->group)
			continue;
		if (!str_eq((*c)->group, group))
			printf("## %s\n\n", (*c)->group);
		group = (*c)->group;
		printf("*packmill-%s*(1)\n\t", (*c)->name);
		man_text((*c)->help);
		printf("\n\n");
	}
}

/* One line of the page; false when its marker means nothing. */
static bool man_line(const struct cmd *cmd, const char *line)
{
	auto_free char *name = NULL;
	const struct opt *o = cmd ? cmd->opts : global_opt_table;
	size_t n = strlen(line);

	if (line[0] != '@' || n < 3 || line[n - 1] != '@') {
		printf("%s\n", line);
		return true;
	}
	if (str_eq(line, "@commands@")) {
		man_commands();
		return true;
	}
	if (str_eq(line, "@synopsis@") && cmd) {
		man_synopsis(cmd);
		return true;
	}
	if (!str_starts(line, "@option "))
		return false;
	name = xstrndup(line + 8, n - 9);
	for (; o && o->name; o++)
		if (str_eq(o->name, name)) {
			man_option(o);
			return true;
		}
	return false;
}

static int generate_man(const char *path, struct err *err)
{
	const char *base = path_base(path);
	auto_free char *verb = NULL, *text = NULL;
	auto_strv struct strv lines = STRV_INIT;
	const struct cmd *cmd = NULL;
	int r;

	/* packmill-build.1.scd speaks of build, packmill.1.scd of no command */
	if (str_starts(base, "packmill-") && str_ends(base, ".1.scd")) {
		verb = xstrndup(base + 9, strlen(base) - 9 - 6);
		cmd = cmd_lookup(verb, err);
		if (!cmd)
			return err_wrap(err, "%s", path);
	}
	if ((r = fs_read(path, MIB, &text, NULL, err)) < 0)
		return r;
	strv_lines(&lines, text);
	strv_foreach (&lines, line)
		if (!man_line(cmd, *line))
			return err_set(err, ERR_USAGE, "%s:%zu: '%s' names nothing", path,
				(size_t)(line - lines.v) + 1, *line);
	return cmd_flush(err);
}

/* Completion (bash). */

static void bash_words(const struct opt *o)
{
	for (; o && o->name; o++) {
		if (o->brief)
			printf(" -%c", o->brief);
		printf(" --%s", o->name);
	}
}

/* Options with a value: "-o|--output) what ;;" */
static void bash_values(const char *cmd, const struct opt *o)
{
	for (; o && o->name; o++) {
		if (!o->arg)
			continue;
		if (o->brief)
			printf("\t%s:-%c) echo %s ;;\n", cmd, o->brief, o->arg);
		printf("\t%s:--%s) echo %s ;;\n", cmd, o->name, o->arg);
	}
}

static const char bash_tail[] =
	"_packmill_fill()\n"
	"{\n"
	"\tcase \"$1\" in\n"
	"\tDIR) mapfile -t COMPREPLY < <(compgen -d -- \"$2\") ;;\n"
	"\tTARGET) mapfile -t COMPREPLY < <(compgen -W \"$(packmill -q target list 2>/dev/null |\n"
	"\t\tsed -n '2,$s/ .*//p')\" -- \"$2\") ;;\n"
	"\tPROJECT) mapfile -t COMPREPLY < <(compgen -W \"$(packmill -q status 2>/dev/null |\n"
	"\t\tsed -n '2,$s/ .*//p')\" -- \"$2\") ;;\n"
	"\t*) mapfile -t COMPREPLY < <(compgen -f -- \"$2\") ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"_packmill()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} cmd='' i kind\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tif [[ -n $(_packmill_value '' \"${COMP_WORDS[i]}\") ]]; then\n"
	"\t\t\ti=$((i + 1))\n"
	"\t\telif [[ ${COMP_WORDS[i]} != -* ]]; then\n"
	"\t\t\tcmd=${COMP_WORDS[i]}\n"
	"\t\t\tbreak\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tkind=$(_packmill_value \"$cmd\" \"$prev\")\n"
	"\tif [[ -n $kind ]]; then\n"
	"\t\t_packmill_fill \"$kind\" \"$cur\"\n"
	"\telif [[ $cur == -* || -z $cmd ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$(_packmill_words \"$cmd\" \"$cur\")\" -- "
	"\"$cur\")\n"
	"\telif [[ $prev == \"$cmd\" && -n $(_packmill_subcommands \"$cmd\") ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$(_packmill_subcommands \"$cmd\")\" -- "
	"\"$cur\")\n"
	"\telse\n"
	"\t\t_packmill_fill FILE \"$cur\"\n"
	"\tfi\n"
	"}\n"
	"complete -o filenames -F _packmill packmill\n";

static void bash_functions(void)
{
	printf("_packmill_words()\n{\n\tcase \"$1:$2\" in\n");
	for (const struct cmd *const *c = cmds; *c; c++) {
		if (!(*c)->group || !(*c)->opts)
			continue;
		printf("\t%s:*) echo '", (*c)->name);
		bash_words((*c)->opts);
		bash_words(global_opt_table);
		printf("' ;;\n");
	}
	printf("\t:-* | *:-*) echo '");
	bash_words(global_opt_table);
	printf("' ;;\n\t*) echo '");
	for (const struct cmd *const *c = cmds; *c; c++)
		if ((*c)->group)
			printf(" %s", (*c)->name);
	printf("' ;;\n\tesac\n}\n\n_packmill_value()\n{\n\tcase \"$1:$2\" in\n");
	for (const struct cmd *const *c = cmds; *c; c++)
		if ((*c)->group)
			bash_values((*c)->name, (*c)->opts);
	bash_values("*", global_opt_table);
	printf("\tesac\n}\n\n_packmill_subcommands()\n{\n\tcase \"$1\" in\n");
	printf("\thelp) _packmill_words '' '' ;;\n");
	for (const struct cmd *const *c = cmds; *c; c++) {
		if (!(*c)->group || !(*c)->subcommands)
			continue;
		printf("\t%s) echo '", (*c)->name);
		for (const char *const *s = (*c)->subcommands; *s; s++)
			printf(" %s", *s);
		printf("' ;;\n");
	}
	printf("\tesac\n}\n\n");
}

static int generate_completion(struct err *err)
{
	printf("# SPDX-License-Identifier: GPL-3.0-or-later\n"
	       "# bash completion for packmill; made by the program from its tables of "
	       "options\n\n");
	bash_functions();
	fputs(bash_tail, stdout);
	return cmd_flush(err);
}

/* The configuration of the service: the template with the service's directory. */
static int generate_config(struct err *err)
{
	auto_free char *text =
		str_replace(config_template(), "data: ./data", "data: /var/lib/packmill");

	fputs(text, stdout);
	return cmd_flush(err);
}

static int run(int argc, char **argv, struct err *err)
{
	if (global.json)
		return err_set(err, ERR_USAGE, "generate has no JSON");
	if (argc == 1 && str_eq(argv[0], "completion"))
		return generate_completion(err);
	if (argc == 1 && str_eq(argv[0], "config"))
		return generate_config(err);
	if (argc == 2 && str_eq(argv[0], "man"))
		return generate_man(argv[1], err);
	if ((argc == 1 || argc == 2) && str_eq(argv[0], "options"))
		return generate_options(argc == 2 ? argv[1] : NULL, err);
	return err_set(err, ERR_USAGE, "usage: packmill generate %s", cmd_generate.args);
}
