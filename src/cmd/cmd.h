/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd.h - one table of commands and, per command, one table of options. --help, the man pages'
 * option lists and the shell completion come from these tables.
 *
 * A new command: cmd_<verb>.c defines `const struct cmd cmd_<verb>`, one line each in cmds.c and
 * meson.build, docs/man/packmill-<verb>.1.scd (HACKING.md).
 */
#pragma once
#include "base/err.h"
#include "base/str.h"

enum opt_kind {
	OPT_FLAG,     /* bool * */
	OPT_COUNT,    /* uint64_t *, one more each time */
	OPT_STRING,   /* const char **, borrowed from argv */
	OPT_NUMBER,   /* uint64_t * */
	OPT_DURATION, /* uint64_t *, seconds; "90", "15m", "2h" */
	OPT_LIST,     /* struct strv *, one more each time */
};

struct opt {
	char brief;       /* 'o', or 0 */
	const char *name; /* "output" */
	enum opt_kind kind;
	const char *arg; /* "DIR" in help; NULL for flags. Completion: DIR, FILE, TARGET, PROJECT */
	const char *help; /* one line, no capital, no full stop */
	void *var;        /* by kind */
};
#define OPT_END                                                                                    \
	{                                                                                          \
		0                                                                                  \
	}

/* Headings of `packmill help`; a command whose group is NULL is hidden. */
#define GROUP_LOCAL    "Without a configuration file"
#define GROUP_INSTANCE "With a configuration file (packmill.yaml)"
#define GROUP_HELP     "Help"

struct cmd {
	const char *name;
	const char *args;       /* "[DIR]", "N" */
	const char *help;       /* one line */
	const char *group;      /* heading in `packmill help`; NULL: hidden */
	const struct opt *opts; /* of this command, OPT_END last; NULL none */
	bool command; /* its arguments are a command: what follows the first word is the command's
			 own */
	const char *const *subcommands; /* "list", ... for completion, NULL last; NULL none */
	/* argv: positional arguments only. The exit status is 0, or from err. */
	int (*run)(int argc, char **argv, struct err *err);
};

/* Options every command has, before or after its name. */
struct global_opts {
	const char *config; /* -c; default packmill.yaml */
	const char *dir;    /* -C, already applied */
	bool json, quiet, dry_run;
	bool help, version; /* seen to by main */
	uint64_t timeout;   /* seconds, 0 none; main sees to it */
	uint64_t verbose;
};
extern struct global_opts global;
extern const struct opt global_opt_table[];

extern const struct cmd *const cmds[]; /* NULL-terminated, in help order */
const struct cmd *cmd_find(const char *name);
/* The same, but NULL with ERR_USAGE naming the nearest command. */
const struct cmd *cmd_lookup(const char *name, struct err *err);

/* Parse the options of one command (argv after its name); *ret_args gets the positionals.
 * ERR_USAGE names the unknown option and the nearest one. `--` ends options. */
int opt_parse(const struct cmd *cmd, int argc, char **argv, struct strv *ret_args, struct err *err);
/* Options before the command's name only; *ret_n is how many arguments they took. */
int opt_parse_front(int argc, char **argv, int *ret_n, struct err *err);

/* Of an option (n bytes of name) of another tool: ours with the same meaning, and what to say of it
 * where there is none ("is a command here: packmill status"). NULL: not known. */
const char *foreign_ours(const char *name, size_t n);
const char *foreign_say(const char *name, size_t n);

/* ERR_USAGE unless min <= argc <= max (max < 0: any number) and none is empty. */
int cmd_need_args(const struct cmd *cmd, int argc, char **argv, int min, int max, struct err *err);
/* A command that ends with another status than its error's (run: 4 or 5 after a full report). */
void cmd_set_status(int status);
int cmd_get_status(void);
/* The error was printed line by line already: main takes its status only. */
void cmd_set_reported(void);
bool cmd_was_reported(void);

/* `packmill help` and `packmill help COMMAND` on stdout. */
void help_overview(void);
void help_command(const struct cmd *cmd);
/* "packmill build [options] DIR"; the caller's. */
char *help_synopsis(const struct cmd *cmd);

/* Shared by commands: print JSON with "schema" added (takes ownership), a table of columns. */
struct json_t;
int cmd_print_json(struct json_t *j, struct err *err);
struct table; /* columns padded to width, escaped for the terminal */
struct table *table_new(const char *const *headings);
void table_row(struct table *t, ...) __attribute__((sentinel));
int table_print(struct table *t, struct err *err); /* frees */
/* fflush stdout and say when it failed (/dev/full, closed). */
int cmd_flush(struct err *err);
/* Whether text for this descriptor may carry colour: a terminal, no NO_COLOR, no TERM=dumb. */
bool cmd_color(int fd);

/*
 * --timeout: fork; the child goes on (false), the parent waits for it, ends it and all that
 * descends from it when the time is over, and gets true and the exit status.
 */
bool supervise(uint64_t seconds, const char *what, int *ret_status);
/* In the child: the time is over, the parent reports it. */
bool supervise_expired(void);
