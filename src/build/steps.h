/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steps.h - what the steps of a build share; inside build/ only. */
#pragma once
#include "build/build.h"
#include "format/rpm/rpm.h"
#include "git/git.h"
#include "model/runner.h"
#include "root/root.h"
#include "sandbox/sandbox.h"
#include "source/source.h"
#include "version/version.h"

struct build_logs {
	int state; /* state.log: Start/Finish lines with times */
	int root;  /* root.log: making the root, dependencies, install test */
	int build; /* build.log: everything rpmbuild printed */
};

#define WORK_PREFIX ".work-" /* scratch of a build, in its output directory */

struct build {
	const struct job *job;
	const struct build_hooks *hooks;
	struct result *res;
	struct build_logs logs;
	char *work; /* scratch below the output directory, removed at the end */
	struct git *git;
	struct root *root;
	struct root_source *repos; /* where it came from; NULL: this machine */
	struct root *base;         /* without BuildRequires: repos_sandbox */
	size_t roots_used;
	struct sandbox *sandbox;
	struct runner runner;
	char *dbpath; /* host: copy of the root's rpm database, for librpm on this side */
	struct source source;
	struct version version;
	struct strv defines; /* "name value": handed to every rpm program */
	char *epoch_env;     /* "SOURCE_DATE_EPOCH=n", NULL when there is no date */
	char *srpm;          /* path of the source package */
	struct package srpm_info;
	struct strv extra; /* host: published packages installed for this build */
	struct strv files; /* base names of what was collected */
	const char *step;  /* the one that runs */
};

/* Record why the build failed (the first call counts) and give the code that stops it. */
int build_fail(struct build *b, enum cause_kind kind, const char *log, int64_t line,
	struct err *err, const char *fmt, ...) PRINTF_LIKE(6, 7);
/* The limit that ended a command, as a failure. */
int build_fail_limit(struct build *b, const char *limit, const char *log, struct err *err);

/* logs.c */
int logs_open(struct build_logs *l, const char *dir, struct err *err);
void logs_close(struct build_logs *l);
void logs_state(const struct build_logs *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
void logs_root(const struct build_logs *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The last part of a log file; *ret_first_line the number of its first line. */
int logs_tail(
	const char *dir, const char *name, char **ret, int64_t *ret_first_line, struct err *err);

/* command.c: how rpm programs are called. */
void command_defines(const struct target *t, struct strv *ret);
/* The define that goes with a date is added; the environment's entry is the caller's. */
char *command_date(int64_t date, struct strv *defines);
void command_rebuild(const struct strv *defines, const char *srpm, struct strv *ret);

/* runner.c: commands in the build's sandbox, logged to log_fd. */
void runner_init(struct build *b);
int runner_exec(struct build *b, struct sandbox *sb, const struct runner_cmd *cmd, int log_fd,
	struct strbuf *ret_out, struct sandbox_verdict *ret, struct err *err);
/* A fresh sandbox over the build's root. */
int runner_sandbox(struct build *b, const char *name, struct sandbox **ret, struct err *err);
/* --define arguments for rpm programs, appended. */
void runner_defines(const struct build *b, struct strv *argv);

/* The steps, in order. */
int step_root(struct build *b, struct err *err);
int step_stage(struct build *b, struct err *err);
int step_version(struct build *b, struct err *err);
int step_source(struct build *b, struct err *err);
int step_dependencies(struct build *b, struct err *err);
int step_build(struct build *b, struct err *err);
int step_collect(struct build *b, struct err *err);
int collect_source(struct build *b, struct err *err); /* the source package alone */
int step_install(struct build *b, struct err *err);
int step_lint(struct build *b, struct err *err);

/* deps.c: satisfy the BuildRequires in a source header. */
int deps_satisfy(struct build *b, const char *srpm, struct err *err);
/* Problems as one line. */
char *deps_problems(const struct rpm_problems *p);
/* Install package files in a sandbox with its own rpm, as its root. */
int deps_install(struct build *b, struct sandbox *sb, const struct strv *files, const char *name,
	struct sandbox_verdict *ret, struct err *err);

/* learn.c: into the result. BuildRequires of a source package (or what stands for one in a round of
 * %generate_buildrequires); what the packages that were collected provide, require, are; the same
 * of the staged spec alone. */
int learn_source(struct build *b, const char *srpm, struct err *err);
int learn_packages(struct build *b, struct err *err);
int learn_declared(struct build *b, struct err *err);
/* The build fails: what its BuildRequires lack, and plainly when that is the project itself. */
int learn_missing(struct build *b, const char *problems, struct err *err);

/* repos.c: the same for roots that come from repositories. */
int repos_root(struct build *b, struct err *err);
int repos_satisfy(struct build *b, const char *srpm, struct err *err);
/* The files and what they need over the base root, or why that cannot be had. */
int repos_needs(struct build *b, const struct strv *files, struct strv *ret_files,
	struct strv *ret_why, struct err *err);
/* A fresh sandbox over the base root. */
int repos_sandbox(struct build *b, const char *name, struct sandbox **ret, struct err *err);
