/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bisection_try.c - is one commit good? Its build is the instance's when that has one, else made
 * here, in a process of its own as the instance makes them. Then the command, where there is one,
 * over what was built. Trouble of the machine says nothing of a commit: it is tried again, then
 * told.
 */
#include "base/fs.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sig.h"
#include "base/time.h"
#include "build/build.h"
#include "cmd/bisection.h"
#include "cmd/installed.h"
#include "cmd/reproduce.h"
#include "repo/repo.h"
#include "sched/job.h"
#include <poll.h>

#define WAIT_FIRST 1 /* seconds before the second try, then four times as long each */
#define WAIT_MOST  60
#define RUN_LOG    "run.log"
#define FILES_AT   "/files" /* where --files is seen */
#define EXIT_SKIP  125      /* as git bisect run's */
#define EXIT_ABORT 128

static const char *upstream_of(const struct bisection *b, const char *sha)
{
	return b->packaging && *b->other ? b->other : sha;
}

static const char *packaging_of(const struct bisection *b, const char *sha)
{
	return b->packaging || !*b->other ? sha : b->other;
}

static char *pair_dir(const struct bisection *b, const char *sha)
{
	return xasprintf("%s/%.12s-%.12s", b->dir, upstream_of(b, sha), packaging_of(b, sha));
}

/*
 * Failures that say something of the commit. Not those of the publisher, nor of the steps before
 * the build (there a version is refused for being lower than one that is published), nor those that
 * another project's failure explains: such a commit is built here, which tells.
 */
static bool says_something(const struct store_build *r)
{
	if (r->state == BUILD_SUCCESS)
		return true;
	return r->state == BUILD_FAILED && !r->blamed && r->cause &&
	       (str_eq(r->cause, cause_kind_name(CAUSE_BUILD)) ||
		       str_eq(r->cause, cause_kind_name(CAUSE_TEST)) ||
		       str_eq(r->cause, cause_kind_name(CAUSE_DEPENDENCY)) ||
		       str_eq(r->cause, cause_kind_name(CAUSE_LIMITS)));
}

/* The newest build of the pair that the instance has. */
static const struct store_build *recorded(const struct bisection *b, const char *sha)
{
	vec_foreach (&b->builds, r)
		if (says_something(r) && str_eq(r->upstream_sha, upstream_of(b, sha)) &&
			str_eq(r->packaging_sha, packaging_of(b, sha)))
			return r;
	return NULL;
}

bool bisection_is_cheap(const struct bisection *b, const char *sha)
{
	auto_free char *dir = pair_dir(b, sha), *result = path_join(dir, "result.json");

	return recorded(b, sha) || fs_exists(result);
}

/* Its packages, as the pool or the directory of the build still has them; false: some are gone. */
static int recorded_files(const struct bisection *b, const struct store_build *r, struct strv *ret,
	bool *ret_all, struct err *err)
{
	CLEANUP(record_release)
	struct record rec = {
		.id = r->id,
		.dir = xasprintf("%s/builds/%lld", b->cfg->data, (long long)r->id),
		.repo = repo_dir(b->cfg->data, b->target->name),
	};
	struct package_vec packages = VEC_INIT;
	int rc = store_build_artifacts(b->store, r->id, &packages, err);

	*ret_all = packages.n > 0;
	vec_foreach (&packages, p) {
		char *path = p->kind == PACKAGE_MAIN ? record_file(&rec, p) : NULL;

		if (path)
			strv_take(ret, path);
		else if (p->kind == PACKAGE_MAIN)
			*ret_all = false;
	}
	vec_free(&packages, package_release);
	return rc;
}

static char *mirror(const struct bisection *b, const char *kind)
{
	return xasprintf("%s/git/%s/%s.git", b->cfg->data, b->project->project, kind);
}

/* What the scheduler would ask for, but for what only a published build has: its number, its place
 * in the order of versions. */
static int make_job(const struct bisection *b, const char *sha, const char *dir, struct job **ret,
	struct err *err)
{
	const struct config_project *p = b->project;
	auto_free char *up = mirror(b, "upstream");
	auto_free char *pack = mirror(b, "packaging");
	const struct job_commit commit = {
		.upstream_sha = upstream_of(b, sha),
		.upstream_mirror = up,
		.packaging_sha = packaging_of(b, sha),
		.packaging_mirror = pack,
	};
	CLEANUP(job_freep) struct job *j = NULL;
	int r = job_of_commit(b->cfg, p, b->target, &commit, &j, err);

	if (r < 0)
		return r;
	j->trigger = xstrdup("bisect");
	j->queued = time_now();
	j->allow_lower = true;
	j->offline = b->repos.offline;
	j->refresh = b->repos.refresh;
	j->output = xstrdup(dir);
	if (b->target->host)
		strv_copy(&j->published, &b->published);
	else
		j->own = repo_current_dir(b->cfg->data, b->target->name);
	*ret = TAKE(j);
	return 0;
}

/* Why it has no result: what it said but for its steps. */
static int no_result(const struct strbuf *out, const struct proc_result *p, struct err *err)
{
	auto_strv struct strv lines = STRV_INIT;

	strv_lines(&lines, sb_str(out));
	strv_foreach (&lines, l)
		if (**l && !str_starts(*l, "step "))
			return err_set(err, ERR_SYS, "%s", *l);
	if (p->signal)
		return err_set(
			err, ERR_SYS, "the build process was killed by signal %d", p->signal);
	return err_set(
		err, ERR_SYS, "the build process ended with status %d and no result", p->exit);
}

static int start_build(const char *dir, const char *file, struct err *err)
{
	const char *argv[] = {"/proc/self/exe", "build", "-q", "--job", file, NULL};
	const struct proc_opts o = {.argv = argv, .cwd = dir, .err_fd = STDERR_FILENO};
	auto_free char *result = path_join(dir, "result.json");
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct proc_result p = {0};
	int r = proc_run(&o, &out, NULL, &p, err);

	if (r < 0 || (r = sig_check(err)) < 0)
		return r;
	return fs_exists(result) ? 0 : no_result(&out, &p, err);
}

static int read_result(const char *dir, struct result **ret, struct err *err)
{
	auto_free char *path = path_join(dir, "result.json");
	auto_json json_t *j = NULL;
	int r = json_read(path, &j, err);

	return r < 0 ? r : result_from_json(j, ret, err);
}

static int build_once(const struct bisection *b, const char *sha, const char *dir,
	struct result **ret, struct err *err)
{
	auto_free char *file = path_join(dir, "job.json");
	CLEANUP(job_freep) struct job *job = NULL;
	auto_json json_t *j = NULL;
	int r;

	if ((r = build_sweep(dir, err)) < 0 || (r = fs_remove_tree(dir, err)) < 0 ||
		(r = fs_mkdirs(dir, 0755, err)) < 0 || (r = make_job(b, sha, dir, &job, err)) < 0)
		return r;
	j = job_to_json(job);
	if ((r = json_write_atomic(file, j, err)) < 0 || (r = start_build(dir, file, err)) < 0 ||
		(r = read_result(dir, ret, err)) < 0)
		return r;
	if ((*ret)->status != STATUS_RETRY)
		return 0;
	return err_set(err, ERR_SYS, "%s: %s", (*ret)->cause_step ?: "build",
		(*ret)->cause_message ?: "it failed");
}

/* ERR_SIGNAL when told to stop meanwhile. */
static int wait_a_while(unsigned seconds, struct err *err)
{
	struct pollfd p = {sig_fd(), POLLIN, 0};

	(void)poll(&p, 1, (int)seconds * 1000);
	return sig_check(err);
}

/* Whether the same may succeed later; waits then. */
static int again(const struct bisection *b, const char *sha, unsigned attempt, struct err *err)
{
	unsigned seconds = WAIT_FIRST;
	int r;

	if (err->code == ERR_SIGNAL || !err_retryable(err->code) || attempt >= b->cfg->retries)
		return -(int)err->code;
	for (unsigned i = 0; i < attempt && seconds < WAIT_MOST; i++)
		seconds *= 4;
	seconds = seconds < WAIT_MOST ? seconds : WAIT_MOST;
	log_warn("%.12s: %s; tried again in %u s", sha, err->msg, seconds);
	err_clear(err);
	r = wait_a_while(seconds, err);
	return r;
}

/* The build of the pair that was made here, now or before. */
static int scratch_build(const struct bisection *b, const char *sha, struct tried *t,
	struct result **ret, struct err *err)
{
	auto_free char *dir = pair_dir(b, sha), *path = path_join(dir, "result.json");
	struct stat st;
	int r;

	if (stat(path, &st) == 0 && read_result(dir, ret, NULL) >= 0) {
		if ((*ret)->status != STATUS_RETRY) {
			t->origin = st.st_mtime > b->started ? ORIGIN_MADE : ORIGIN_EARLIER;
			return 0;
		}
		result_free(*ret);
		*ret = NULL;
	}
	t->origin = ORIGIN_MADE;
	for (unsigned attempt = 0;; attempt++) {
		if ((r = build_once(b, sha, dir, ret, err)) >= 0)
			return 0;
		result_free(*ret);
		*ret = NULL;
		if ((r = again(b, sha, attempt, err)) < 0)
			return r;
	}
}

/* What a build says by itself. Without a command a failure is what is looked for; with one it says
 * that the command cannot be asked. */
static void failed(const struct bisection *b, struct tried *t, const char *step, const char *why,
	const char *dir, const char *log, int64_t line)
{
	t->verdict = b->run ? BISECT_SKIP : BISECT_BAD;
	t->message = xasprintf("%s: %s", step ?: "build", why ?: "it failed");
	t->log = log ? path_join(dir, log) : NULL;
	t->line = line;
}

/* Its packages into ret; none: the verdict is there. */
static int get_build(const struct bisection *b, const char *sha, struct tried *t, struct strv *ret,
	struct err *err)
{
	const struct store_build *rec = recorded(b, sha);
	CLEANUP(result_freep) struct result *res = NULL;
	auto_free char *dir = NULL;
	bool all = false;
	int r;

	if (rec && rec->state == BUILD_SUCCESS && b->run &&
		(r = recorded_files(b, rec, ret, &all, err)) < 0)
		return r;
	if (rec && (rec->state == BUILD_FAILED || !b->run || all)) {
		t->origin = ORIGIN_RECORDED;
		t->build = rec->id;
		dir = xasprintf("%s/builds/%lld", b->cfg->data, (long long)rec->id);
		if (rec->state == BUILD_FAILED)
			failed(b, t, rec->cause_step, rec->message, dir, rec->log, rec->cause_line);
		else if (!b->run)
			t->verdict = BISECT_GOOD;
		return 0;
	}
	strv_release(ret);
	if ((r = scratch_build(b, sha, t, &res, err)) < 0)
		return r;
	dir = pair_dir(b, sha);
	if (res->status == STATUS_FAILED)
		failed(b, t, res->cause_step, res->cause_message, dir, res->cause_log,
			res->cause_line);
	else if (!b->run)
		t->verdict = BISECT_GOOD;
	vec_foreach (&res->artifacts, p)
		if (p->kind == PACKAGE_MAIN && res->status == STATUS_SUCCESS)
			strv_take(ret, path_join(dir, p->file));
	return 0;
}

static int ask(
	const struct bisection *b, struct installed *i, int log, struct tried *t, struct err *err)
{
	const char *argv[] = {"/bin/sh", "-c", b->run, NULL};
	const struct sandbox_cmd cmd = {.argv = argv,
		.log_fd = log,
		.bind_src = b->files,
		.bind_dst = b->files ? FILES_AT : NULL};
	struct sandbox_verdict v;
	const char *limit;
	int r = sandbox_run(i->sandbox, &cmd, NULL, &v, err);

	if (r < 0)
		return r;
	limit = sandbox_limit_name(v.limit);
	t->exit = v.exit;
	if (limit)
		return err_set(err, ERR_BUILD, "%.12s: the command ran into the limit '%s' (%s)",
			t->sha, limit, t->log);
	if (v.exit >= EXIT_ABORT)
		return err_set(err, ERR_BUILD,
			"%.12s: the command ended with status %d, which ends the bisection (%s)",
			t->sha, v.exit, t->log);
	t->verdict = v.exit == 0 ? BISECT_GOOD : v.exit == EXIT_SKIP ? BISECT_SKIP : BISECT_BAD;
	if (v.exit)
		t->message = xasprintf("the command ended with status %d", v.exit);
	return 0;
}

static int run_once(const struct bisection *b, const struct job *job, const struct strv *files,
	const char *scratch, struct tried *t, struct err *err)
{
	CLEANUP(installed_release) struct installed i = {0};
	auto_free char *why = NULL;
	auto_close int log = open(t->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int r;

	if (log < 0)
		return err_errno(err, "open '%s'", t->log);
	if ((r = installed_open(job, files, scratch, log, &i, &why, err)) < 0)
		return r;
	if (!why)
		return ask(b, &i, log, t, err);
	t->verdict = BISECT_SKIP;
	t->message = xasprintf("not installable: %s", why);
	return 0;
}

#define SCRATCH ".run-"

int bisection_sweep(const char *dir, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(dir, &names, err);

	strv_foreach (&names, n) {
		auto_free char *path = path_join(dir, *n);

		if (r >= 0 && str_starts(*n, SCRATCH) && (r = sandbox_sweep(path, err)) >= 0)
			r = sandbox_remove_tree(path, err);
	}
	return r;
}

/* The command where the packages are installed. */
static int run_command(
	const struct bisection *b, const struct strv *files, struct tried *t, struct err *err)
{
	auto_free char *dir = pair_dir(b, t->sha), *prefix = path_join(b->dir, SCRATCH);
	CLEANUP(job_freep) struct job *job = NULL;
	int r;

	if (!files->n) {
		t->verdict = BISECT_SKIP;
		t->message = xstrdup("it has no package to install");
		return 0;
	}
	if ((r = fs_mkdirs(dir, 0755, err)) < 0 || (r = make_job(b, t->sha, dir, &job, err)) < 0)
		return r;
	t->log = path_join(dir, RUN_LOG);
	for (unsigned attempt = 0;; attempt++) {
		auto_free char *scratch = NULL;

		if ((r = bisection_sweep(b->dir, err)) < 0 ||
			(r = fs_tmpdir(prefix, &scratch, err)) < 0)
			return r;
		r = run_once(b, job, files, scratch, t, err);
		(void)sandbox_remove_tree(scratch, NULL);
		if (r >= 0 || (r = again(b, t->sha, attempt, err)) < 0)
			return r;
	}
}

int bisection_try(struct bisection *b, const char *sha, struct tried *ret, struct err *err)
{
	CLEANUP(tried_release) struct tried t = {.sha = xstrdup(sha), .exit = -1};
	auto_strv struct strv files = STRV_INIT;
	int r = get_build(b, sha, &t, &files, err);

	if (r >= 0 && t.verdict == BISECT_UNKNOWN)
		r = run_command(b, &files, &t, err);
	if (r < 0)
		return r;
	*ret = t;
	t = (struct tried){0};
	return 0;
}
