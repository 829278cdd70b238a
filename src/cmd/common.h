/* SPDX-License-Identifier: GPL-3.0-or-later */
/* common.h - what several commands need: where things are, the configuration, the source layout
 * named on the command line. */
#pragma once
#include "cmd/cmd.h"
#include "config/config.h"
#include "model/job.h"
#include "store/store.h"

/* Where target files are searched: ., ./targets, those of the source tree when the program runs
 * from its build directory, the installed ones. */
void cmd_target_dirs(struct strv *ret);
/* A target by name; its errors are printed. */
int cmd_load_target(const char *name, struct target **ret, struct err *err);
/* Errors of a configuration on stderr, each as it is; main adds nothing to them. */
void cmd_report_lines(const struct strv *lines);
/* Cache of commands without a configuration: XDG_CACHE_HOME/packmill, /var/cache/packmill for
 * root, ~/.cache/packmill; the caller's. */
int cmd_cache_dir(char **ret, struct err *err);
/* Where roots and their cache are: of the configuration when there is one, else of that cache; the
 * caller's. */
int cmd_roots_dir(char **ret_roots, char **ret_cache, struct err *err);
/* The configuration of -c (./packmill.yaml); all of its errors and warnings are printed. */
int cmd_load_config(struct config **ret, struct err *err);
/* The state of the configured instance, read only. */
int cmd_store(const struct config *cfg, struct store **ret, struct err *err);
/* About how long, in a column: "42s", "5m", "3h"; the caller's. */
char *cmd_span(double seconds);
/* What sched_stalled said, for people; NULL: nothing. */
void cmd_say_stalled(const char *why);
/* N, #N: a build number. */
int cmd_build_number(const char *s, int64_t *ret, struct err *err);

/* What is being done: one live line on a terminal, plain lines elsewhere, nothing with -q. NULL
 * takes the live line away; so does the caller before it prints anything else. */
void cmd_progress(const char *what);

/* LAYOUT-ARGS of build, source and version. */
struct layout_args {
	const char *target, *upstream, *packaging, *layout, *spec, *path, *policy, *numbering;
	uint64_t minor, rebuild;
};
/* Entries of an option table. */
#define LAYOUT_OPTS(a)                                                                             \
	{'t', "target", OPT_STRING, "TARGET", "what to build for (default: host)", &(a).target},   \
		{0, "upstream", OPT_STRING, "URL[#REF]", "upstream git repository",                \
			&(a).upstream},                                                            \
		{0, "packaging", OPT_STRING, "URL[#REF]", "packaging git repository",              \
			&(a).packaging},                                                           \
		{0, "layout", OPT_STRING, "LAYOUT",                                                \
			"srpm, standard or two-git (default: guessed)", &(a).layout},              \
		{0, "path", OPT_STRING, "DIR", "directory inside the packaging repository",        \
			&(a).path},                                                                \
		{0, "spec", OPT_STRING, "FILE", "spec file, when there are several", &(a).spec},   \
		{0, "policy", OPT_STRING, "POLICY", "version policy: dlrn, keep, describe",        \
			&(a).policy},                                                              \
		{0, "numbering", OPT_STRING, "NUMBERING",                                          \
			"of policy dlrn: 0.date.hash, 0.1.date.hash, minor.date.hash",             \
			&(a).numbering},                                                           \
		{0, "minor", OPT_NUMBER, "N", "the first number of minor.date.hash", &(a).minor},  \
	{                                                                                          \
		0, "rebuild", OPT_NUMBER, "N", "append .N to the release: the same commit again",  \
			&(a).rebuild                                                               \
	}

/* A job without output directory. scratch: a directory for git mirrors that the caller removes. */
int layout_job(const struct layout_args *a, int argc, char **argv, const char *scratch,
	struct job **ret, struct err *err);
