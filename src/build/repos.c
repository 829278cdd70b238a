/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repos.c - dependencies of a build whose root comes from repositories: BuildRequires are solved to
 * a root of their own, which replaces the one before; what was built is tried over the base root.
 */
#include "base/fs.h"
#include "base/text.h"
#include "build/steps.h"

static void progress(void *ctx, const char *what)
{
	struct build *b = ctx;

	logs_root(&b->logs, "%s", what);
	if (b->hooks && b->hooks->note)
		b->hooks->note(b->hooks->ctx, what);
}

static void warn(void *ctx, const char *line)
{
	struct build *b = ctx;
	auto_strbuf struct strbuf clean = STRBUF_INIT;

	text_term(&clean, line, 1000);
	logs_root(&b->logs, "%s", sb_str(&clean));
}

/*
 * Whose trouble it is when there is no root: repositories that are broken or unreachable are
 * nobody's package, packages that do not install are `installing`'s. The code decides, as
 * everywhere.
 */
static int blame(struct build *b, int r, enum cause_kind installing, struct err *err)
{
	struct result *res = b->res;

	if (r >= 0 || r == -ERR_SIGNAL || res->cause != CAUSE_NONE)
		return r;
	res->cause = err->code == ERR_BUILD ? installing : CAUSE_INFRASTRUCTURE;
	res->error = err->code;
	str_set(&res->cause_step, b->step);
	str_set(&res->cause_message, err->msg);
	str_set(&res->cause_log, "root.log");
	warn(b, err->msg);
	return r;
}

/* Which root it is, and what its packages complained of when it was made. */
static void log_root(struct build *b, const struct root *root)
{
	logs_root(&b->logs, "root %s of target %s: %zu packages, %zu of them for the build",
		root->key, b->job->target->name, root->lock->base.n + root->lock->build.n,
		root->lock->build.n);
	strv_foreach (&root->warnings, w)
		logs_root(&b->logs, "root %.12s: when it was made: %s", root->key, *w);
}

static int get_root(struct build *b, struct err *err)
{
	const struct job *j = b->job;
	const struct root_source_conf conf = {
		.target = j->target,
		.roots_dir = j->roots,
		.cache_dir = j->cache,
		.own = j->own,
		.offline = j->offline,
		.refresh = j->refresh,
		.progress = progress,
		.warn = warn,
		.ctx = b,
	};
	CLEANUP(lock_freep) struct lock *l = NULL;
	int r = root_source_open(&conf, &b->repos, err);

	if (r < 0)
		return r;
	if (!j->lock)
		return root_source_base(b->repos, &b->root, err);
	if ((r = lock_read(j->lock, &l, err)) < 0)
		return r;
	return root_source_locked(b->repos, l, &b->root, err);
}

int repos_root(struct build *b, struct err *err)
{
	int r = blame(b, get_root(b, err), CAUSE_INFRASTRUCTURE, err);

	if (r >= 0)
		log_root(b, b->root);
	return r;
}

/* The lines of the problems; the caller's. */
static char *join_problems(const struct strv *lines)
{
	auto_strbuf struct strbuf clean = STRBUF_INIT;
	auto_free char *text = strv_join(lines, "; ");

	text_term(&clean, text, 4000);
	return sb_take(&clean);
}

static int unsolved(struct build *b, const struct strv *lines, struct err *err)
{
	auto_free char *text = join_problems(lines);

	strv_foreach (lines, l)
		warn(b, *l);
	return learn_missing(b, text, err);
}

/* Continue over another root: what was made in the old one is made again or lies outside. */
static int change_root(struct build *b, struct root *root, struct err *err)
{
	auto_free char *name = xasprintf("sandbox-%zu", ++b->roots_used);

	sandbox_free(b->sandbox);
	b->sandbox = NULL;
	root_free(b->root);
	b->root = root;
	log_root(b, root);
	return runner_sandbox(b, name, &b->sandbox, err);
}

int repos_satisfy(struct build *b, const char *srpm, struct err *err)
{
	auto_strv struct strv requires = STRV_INIT, conflicts = STRV_INIT, why = STRV_INIT;
	auto_free char *testcase = path_join(b->job->output, "solve-testcase");
	const struct root_request q = {
		.install = &requires,
		.conflicts = &conflicts,
		.who = b->srpm_info.nevra,
		.testcase = testcase,
	};
	struct root *root = NULL;
	int r;

	if (b->job->lock) /* has them, or rpmbuild says what it lacks */
		return 0;
	if ((r = rpm_build_requires(srpm, &requires, err)) < 0 ||
		(r = rpm_build_conflicts(srpm, &conflicts, err)) < 0)
		return r;
	r = blame(b, root_source_with(b->repos, &q, &root, &why, err), CAUSE_DEPENDENCY, err);
	if (r < 0)
		return r;
	if (!root)
		return unsolved(b, &why, err);
	if (str_eq(root->key, b->root->key)) {
		root_free(root);
		return 0;
	}
	return change_root(b, root, err);
}

int repos_needs(struct build *b, const struct strv *files, struct strv *ret_files,
	struct strv *ret_why, struct err *err)
{
	auto_free char *testcase = path_join(b->job->output, "install-testcase");
	struct lock_packages needs = VEC_INIT;
	int r = root_source_needs(b->repos, files, testcase, &needs, ret_why, err);

	vec_foreach (&needs, p)
		strv_add(ret_files, p->path);
	lock_packages_release(&needs);
	return blame(b, r, CAUSE_DEPENDENCY, err);
}

int repos_sandbox(struct build *b, const char *name, struct sandbox **ret, struct err *err)
{
	auto_free char *state = path_join(b->work, name);
	struct sandbox_conf conf = {.state = state, .limits = b->job->limits};
	int r;

	if (!b->base && (r = root_source_base(b->repos, &b->base, err)) < 0)
		return r;
	root_mounts(b->base, &conf);
	return sandbox_open(&conf, ret, err);
}
