/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * install.c - does what was built install: rpm's own dependency check against the base and what is
 * published, then a real installation into a fresh overlay. And rpmlint, kept beside the log.
 */
#include "base/fs.h"
#include "build/cause.h"
#include "build/steps.h"

static void installable(struct build *b, struct strv *ret)
{
	vec_foreach (&b->res->artifacts, p)
		if (p->kind == PACKAGE_MAIN)
			strv_add(ret, p->path);
}

/* The packages of a set and what they need, or why that cannot be had: *ret_why "" when it can.
 * *ret_conflict: they may stand in each other's way. */
static int resolve(struct build *b, const struct strv *set, struct strv *ret_files, char **ret_why,
	bool *ret_conflict, struct err *err)
{
	struct rpm_problems problems = VEC_INIT;
	auto_strv struct strv why = STRV_INIT;
	int r;

	*ret_conflict = false;
	if (b->repos) {
		r = repos_needs(b, set, ret_files, &why, err);
		*ret_why = strv_join(&why, "; ");
		*ret_conflict = why.n > 0;
		return r;
	}
	r = rpm_resolve(b->dbpath, set, &b->job->published, ret_files, &problems, err);
	*ret_why = r >= 0 && problems.n ? deps_problems(&problems) : xstrdup("");
	vec_foreach (&problems, p)
		if (!p->who) /* a conflict, no missing dependency */
			*ret_conflict = true;
	vec_free(&problems, rpm_problem_release);
	return r;
}

static int install_failed(struct build *b, struct err *err)
{
	auto_free char *log = NULL;
	struct cause c = {0};
	int64_t first;
	int r;

	if (logs_tail(b->job->output, "root.log", &log, &first, NULL) >= 0)
		cause_find(log, first, &c);
	r = build_fail(b, CAUSE_TEST, "root.log", c.line, err, "installation failed: %s",
		c.message ? c.message : "rpm -U failed");
	cause_release(&c);
	return r;
}

/* Install the files in a fresh root, or say why they cannot be had. */
static int try_files(struct build *b, const struct strv *files, const char *why, const char *name,
	struct err *err)
{
	CLEANUP(sandbox_freep) struct sandbox *sb = NULL;
	struct sandbox_verdict v = {0};
	int r;

	if (*why) {
		logs_root(&b->logs, "not installable: %s", why);
		return build_fail(
			b, CAUSE_DEPENDENCY, "root.log", 0, err, "not installable: %s", why);
	}
	r = b->repos ? repos_sandbox(b, name, &sb, err) : runner_sandbox(b, name, &sb, err);
	if (r < 0 || (r = deps_install(b, sb, files, name, &v, err)) < 0)
		return r;
	if (v.limit)
		return build_fail_limit(b, sandbox_limit_name(v.limit), "root.log", err);
	return v.exit ? install_failed(b, err) : 0;
}

int step_install(struct build *b, struct err *err)
{
	auto_strv struct strv all = STRV_INIT, files = STRV_INIT;
	auto_free char *why = NULL;
	bool conflict = false;
	int r;

	if (b->job->no_install_test || b->job->lock) /* a lock has nothing for it */
		return 0;
	installable(b, &all);
	if (!all.n)
		return 0;
	if ((r = resolve(b, &all, &files, &why, &conflict, err)) < 0)
		return r;
	if (!conflict || all.n == 1)
		return try_files(b, &files, why, "install", err);
	/* not all of them at once, then: one by one */
	for (size_t i = 0; i < all.n; i++) {
		auto_strv struct strv one = STRV_INIT, with = STRV_INIT;
		auto_free char *name = xasprintf("install-%zu", i), *text = NULL;

		strv_add(&one, all.v[i]);
		if ((r = resolve(b, &one, &with, &text, &conflict, err)) < 0 ||
			(r = try_files(b, &with, text, name, err)) < 0)
			return r;
	}
	return 0;
}

/* Lint that decides: its first error is the cause. That nothing is signed yet is none: signing is
 * no part of a build, and no spec could mend it. */
static int lint_verdict(
	struct build *b, const struct sandbox_verdict *v, const char *out, struct err *err)
{
	auto_strv struct strv lines = STRV_INIT;
	bool passed_over = false;
	int64_t n = 0;

	if (v->limit)
		return build_fail_limit(b, sandbox_limit_name(v->limit), "rpmlint.log", err);
	if (v->exit == 0)
		return 0;
	if (v->exit == 127)
		return build_fail(b, CAUSE_TEST, "rpmlint.log", 0, err,
			"lint is fatal, but the root has no rpmlint");
	strv_lines(&lines, out);
	strv_foreach (&lines, l) {
		n++;
		if (!strstr(*l, ": E: "))
			continue;
		if (!str_ends(*l, ": E: no-signature"))
			return build_fail(b, CAUSE_TEST, "rpmlint.log", n, err, "%s", *l);
		passed_over = true;
	}
	if (passed_over)
		return 0;
	return build_fail(
		b, CAUSE_TEST, "rpmlint.log", 0, err, "rpmlint ended with status %d", v->exit);
}

int step_lint(struct build *b, struct err *err)
{
	static const char script[] =
		"command -v rpmlint >/dev/null || exit 127; exec rpmlint \"$@\"";
	auto_free char *dir = path_join(b->work, "lint"),
		       *log = path_join(b->job->output, "rpmlint.log");
	auto_strv struct strv argv = STRV_INIT;
	struct runner_cmd cmd = {.bind_src = dir, .bind_dst = "/in"};
	CLEANUP(sandbox_freep) struct sandbox *sb = NULL;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct sandbox_verdict v = {0};
	int r = fs_mkdirs(dir, 0755, err);

	if (r < 0)
		return r;
	strv_addl(&argv, "sh", "-c", script, "sh", NULL);
	vec_foreach (&b->res->artifacts, p) {
		auto_free char *to = path_join(dir, p->file);

		if ((r = fs_link_or_copy(p->path, to, err)) < 0)
			return r;
		strv_addf(&argv, "/in/%s", p->file);
	}
	cmd.argv = (const char *const *)argv.v;
	if ((r = runner_sandbox(b, "lint-root", &sb, err)) < 0 ||
		(r = runner_exec(b, sb, &cmd, b->logs.root, &out, &v, err)) < 0)
		return r;
	if (v.exit == 127)
		sb_add(&out, "rpmlint is not in the root: nothing was checked\n");
	/* in place, not by rename: the file may be linked into a published directory already */
	r = fs_write(log, sb_str(&out), out.n, 0644, err);
	if (r < 0 || !b->job->lint_fatal)
		return r;
	return lint_verdict(b, &v, sb_str(&out), err);
}
