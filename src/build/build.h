/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * build.h - the steps of one build: stage, version, source package, root, dependencies, build,
 * collect, check, install test, lint. Knows nothing of stores and publishing: all it must know is
 * in its job.
 */
#pragma once
#include "model/job.h"
#include "version/version.h"

struct build_hooks {
	void (*step)(void *ctx, const char *name, bool start); /* progress; may be NULL */
	/* result.json and the artifacts are there; lint that decides nothing still runs */
	void (*ready)(void *ctx, const struct result *r);
	void (*note)(void *ctx, const char *what); /* what a long step does; may be NULL */
	void *ctx;
};

/* Run the job. Logs, result.json and artifacts go to job->output. A failed build is no error: look
 * at *ret. Errors are only those that kept the result from being written, and trouble of the
 * machine's disk (.sys as disk_fault), which leaves none. */
int build_run(const struct job *job, const struct build_hooks *hooks, struct result **ret,
	struct err *err);

/* Remove what a killed build left in job->output and elsewhere on the machine; some of it may only
 * be removed by those who own its ids. */
int build_sweep(const char *output, struct err *err);

/* Only the steps up to the version, and what came out; logs go to job->output. A source package's
 * is not computed: ret stays empty. */
int build_version(const struct job *job, struct version *ret, struct err *err);

/* What the step `build` runs inside, its source package lying at srpm: arguments, and the entry of
 * the environment (the caller's, NULL without a date: that of the build's result). */
void build_command(const struct target *t, int64_t date, const char *srpm, struct strv *ret_argv,
	char **ret_env);
/* What installs package files that are shown in /in, for a build or after it. */
void build_install_command(const struct target *t, const struct strv *files, struct strv *ret_argv);
