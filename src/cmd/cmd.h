/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd.h - one table of commands and, per command, one table of options. --help, the man pages'
 * option lists and the shell completion come from these tables.
 */
#pragma once
#include "base/err.h"
#include "base/str.h"

enum opt_kind { OPT_FLAG, OPT_STRING, OPT_NUMBER, OPT_LIST };

struct opt {
	char brief;       /* 'o', or 0 */
	const char *name; /* "output" */
	enum opt_kind kind;
	const char *arg; /* "DIR" in help; NULL for flags. Completion: DIR, FILE, TARGET, PROJECT */
	const char *help; /* one line, no capital, no full stop */
	void *var;        /* bool *, const char **, uint64_t *, struct strv * */
};
#define OPT_END                                                                                    \
	{                                                                                          \
		0                                                                                  \
	}

struct cmd {
	const char *name;
	const char *args;               /* "[DIR]", "N" */
	const char *help;               /* one line */
	const char *group;              /* heading in `packmill help` */
	const struct opt *opts;         /* of this command, OPT_END last; NULL none */
	const char *const *subcommands; /* "list", ... for completion; NULL none */
	/* argv: positional arguments only. The exit status is 0, or from err. */
	int (*run)(int argc, char **argv, struct err *err);
};

/* Options every command has. */
struct global_opts {
	const char *config; /* -c */
	const char *dir;    /* -C, already applied */
	bool json, quiet, dry_run;
	uint64_t timeout; /* seconds, 0 none */
	uint64_t verbose;
};
extern struct global_opts global;

extern const struct cmd *const cmds[]; /* NULL-terminated, in help order */
const struct cmd *cmd_find(const char *name);

/* Parse the options of one command; *ret_args gets the positionals (borrowed, NULL-terminated).
 * ERR_USAGE names the unknown option and the nearest one. `--` ends options. */
int opt_parse(const struct cmd *cmd, int argc, char **argv, struct strv *ret_args, struct err *err);

/* A command that ends with another status than its error's (run: 4 or 5 after a full report). */
void cmd_set_status(int status);

/* Shared by commands: print JSON with "schema" added (takes ownership), a table of columns. */
struct json_t;
int cmd_print_json(struct json_t *j, struct err *err);
struct table; /* columns padded to width, escaped for the terminal */
struct table *table_new(const char *const *headings);
void table_row(struct table *t, ...) __attribute__((sentinel));
int table_print(struct table *t, struct err *err); /* frees */
/* fflush stdout and say when it failed (/dev/full, closed). */
int cmd_flush(struct err *err);
