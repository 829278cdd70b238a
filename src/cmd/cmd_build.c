/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_build.c - `packmill build` and `packmill source`. */
#include "base/disk.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/sig.h"
#include "base/text.h"
#include "base/time.h"
#include "build/build.h"
#include "cmd/repos.h"
#include "cmd/scratch.h"

static struct layout_args args;
static const char *output, *job_file, *lock_file, *memory, *disk, *log_size;
static uint64_t time_limit;
static bool no_install_test, lint_fatal;
static struct repos_args repos;

/* Who started us shows it. */
static void job_step(void *ctx, const char *name, bool start)
{
	(void)ctx;
	if (start)
		(void)dprintf(STDOUT_FILENO, "step %s\n", name);
}

static void job_note(void *ctx, const char *what)
{
	auto_strbuf struct strbuf clean = STRBUF_INIT;

	(void)ctx;
	text_term(&clean, what, 200);
	(void)dprintf(STDOUT_FILENO, "step %s\n", sb_str(&clean));
}

/* Who started us waits for this byte, then publishes while we lint. */
static void ready(void *ctx, const struct result *r)
{
	(void)ctx;
	(void)r;
	(void)!write(STDOUT_FILENO, "\n", 1);
}

static int carry_out(const char *file, struct err *err)
{
	static const struct build_hooks hooks = {
		.step = job_step, .ready = ready, .note = job_note};
	CLEANUP(result_freep) struct result *res = NULL;
	CLEANUP(job_freep) struct job *job = NULL;
	auto_json json_t *j = NULL;
	int r;

	if ((r = json_read(file, &j, err)) < 0 || (r = job_from_json(j, &job, err)) < 0)
		return err_wrap(err, "job '%s'", file);
	return build_run(job, &hooks, &res, err);
}

/* Why there is no result is told to who started us, and reported by him; he says -q. */
static int run_job(const char *file, struct err *err)
{
	int r = carry_out(file, err);
	struct stat st;

	if (r >= 0 || !global.quiet || fstat(STDOUT_FILENO, &st) < 0 || !S_ISFIFO(st.st_mode))
		return r;
	/* who told us to stop knows */
	if (r == -ERR_SIGNAL) {
		cmd_set_reported();
		return r;
	}
	if (disk_fault(err->sys))
		(void)dprintf(STDOUT_FILENO, "disk %d\n", err->sys);
	if (dprintf(STDOUT_FILENO, "%s\n", err->msg) > 0)
		cmd_set_reported();
	return r;
}

static int set_limits(struct limits *l, struct err *err)
{
	const struct {
		const char *text, *name;
		uint64_t *to, min; /* as in packmill.yaml */
		const char *least;
	} sizes[] = {
		{memory, "memory", &l->memory, 16 * MIB, "16M"},
		{disk, "disk", &l->disk, 16 * MIB, "16M"},
		{log_size, "log", &l->log, 4 * KIB, "4K"},
	};

	for (size_t i = 0; i < COUNTOF(sizes); i++) {
		if (!sizes[i].text)
			continue;
		if (!size_parse(sizes[i].text, sizes[i].to))
			return err_set(err, ERR_USAGE, "--%s: '%s' is no size (4G, 512M, ...)",
				sizes[i].name, sizes[i].text);
		if (*sizes[i].to && *sizes[i].to < sizes[i].min)
			return err_set(err, ERR_USAGE,
				"--%s: at least %s, or 0 for no limit, not '%s'", sizes[i].name,
				sizes[i].least, sizes[i].text);
	}
	if (time_limit)
		l->time = time_limit;
	return 0;
}

static int print_result(const struct result *res, struct err *err)
{
	if (global.json)
		return cmd_print_json(result_to_json(res), err);
	if (res->status != STATUS_SUCCESS)
		return 0;
	vec_foreach (&res->artifacts, p)
		printf("%s/%s\n", output, p->file);
	return cmd_flush(err);
}

static int verdict(const struct result *res, struct err *err)
{
	auto_strbuf struct strbuf where = STRBUF_INIT;

	if (res->status == STATUS_SUCCESS)
		return 0;
	if (res->cause_log) {
		sb_addf(&where, " (%s/%s", output, res->cause_log);
		if (res->cause_line)
			sb_addf(&where, ":%lld", (long long)res->cause_line);
		sb_addc(&where, ')');
	}
	return err_set_(err,
		res->status != STATUS_RETRY ? ERR_BUILD
		: res->error                ? res->error
					    : ERR_SYS,
		0, "%s: %s%s", res->cause_step, res->cause_message, sb_str(&where));
}

static int build_in(int argc, char **argv, const char *scratch, bool source_only, struct err *err)
{
	CLEANUP(result_freep) struct result *res = NULL;
	CLEANUP(job_freep) struct job *job = NULL;
	auto_free char *git = path_join(scratch, ".git-mirrors");
	int r;

	if ((r = fs_mkdirs(git, 0700, err)) < 0 ||
		(r = layout_job(&args, argc, argv, git, &job, err)) < 0 ||
		(r = set_limits(&job->limits, err)) < 0)
		return r;
	if (lock_file && job->target->host)
		return err_set(err, ERR_USAGE,
			"--lock: target 'host' is this machine; only roots from repositories can "
			"be "
			"made again");
	if (global.dry_run) {
		log_info("would build %s (%s) on %s into %s", argc ? argv[0] : args.packaging,
			layout_name(job->layout), job->target->name, output);
		return 0;
	}
	job->source_only = source_only;
	job->no_install_test = no_install_test;
	job->lint_fatal = lint_fatal;
	job->offline = repos.offline;
	job->refresh = repos.refresh;
	job->lock = lock_file ? path_abs(lock_file) : NULL;
	job->output = path_join(scratch, "out");
	if ((r = build_run(job, &scratch_hooks, &res, err)) < 0 ||
		(r = scratch_deliver(job->output, output, err)) < 0 ||
		(r = print_result(res, err)) < 0)
		return r;
	return verdict(res, err);
}

static int run(int argc, char **argv, bool source_only, struct err *err)
{
	auto_free char *scratch = NULL, *dir = NULL;
	bool there;
	int r;

	if (job_file)
		return run_job(job_file, err);
	if (!output)
		return err_set(err, ERR_USAGE, "-o DIR is needed: where results go");
	dir = path_abs(output);
	there = fs_exists(dir);
	if (there && !fs_is_dir(dir))
		return err_set(err, ERR_CONFLICT, "-o: '%s' is not a directory", output);
	/* a hidden neighbour of the results: there is room for them, a rename does, and nothing of
	 * an earlier build gets mixed in */
	r = global.dry_run ? fs_tmpdir(P_tmpdir "/packmill-", &scratch, err)
			   : scratch_make(dir, &scratch, err);
	if (r < 0)
		return r;
	r = build_in(argc, argv, scratch, source_only, err);
	(void)fs_remove_tree(scratch, NULL);
	if (r < 0 && !there)
		(void)rmdir(dir); /* when nothing came of it */
	return r;
}

static int run_build(int argc, char **argv, struct err *err)
{
	return run(argc, argv, false, err);
}

static int run_source(int argc, char **argv, struct err *err)
{
	return run(argc, argv, true, err);
}

static const struct opt build_opts[] = {
	{'o', "output", OPT_STRING, "DIR", "where packages, logs and result.json go", &output},
	LAYOUT_OPTS(args),
	{0, "memory", OPT_STRING, "SIZE", "memory limit (default 4G)", &memory},
	{0, "disk", OPT_STRING, "SIZE", "limit of what the build may write (default 8G)", &disk},
	{0, "log", OPT_STRING, "SIZE", "log limit (default 64M)", &log_size},
	{0, "time", OPT_DURATION, "TIME", "time limit of a step (default 2h)", &time_limit},
	{0, "no-install-test", OPT_FLAG, NULL, "do not install what was built", &no_install_test},
	{0, "lint-fatal", OPT_FLAG, NULL, "errors of rpmlint fail the build", &lint_fatal},
	{0, "lock", OPT_STRING, "FILE", "build in exactly the root of this lock file", &lock_file},
	REPOS_OPTS(repos),
	{0, "job", OPT_STRING, "FILE", "carry out the job described in FILE", &job_file},
	OPT_END,
};

static const struct opt source_opts[] = {
	{'o', "output", OPT_STRING, "DIR", "where the source package and logs go", &output},
	LAYOUT_OPTS(args),
	REPOS_OPTS(repos),
	OPT_END,
};

const struct cmd cmd_build = {
	.name = "build",
	.args = "FILE.src.rpm | DIR | --upstream URL[#REF] --packaging URL[#REF]",
	.help = "make the source package and build it",
	.group = GROUP_LOCAL,
	.opts = build_opts,
	.run = run_build,
};

const struct cmd cmd_source = {
	.name = "source",
	.args = "DIR | --upstream URL[#REF] --packaging URL[#REF]",
	.help = "make the source package",
	.group = GROUP_LOCAL,
	.opts = source_opts,
	.run = run_source,
};
