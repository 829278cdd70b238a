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

/* Resolve and install one set in a fresh root. */
static int try_set(struct build *b, const struct strv *set, const char *name, struct err *err)
{
	CLEANUP(sandbox_freep) struct sandbox *sb = NULL;
	auto_strv struct strv files = STRV_INIT;
	struct rpm_problems problems = VEC_INIT;
	auto_free char *text = NULL;
	struct sandbox_verdict v = {0};
	int r;

	r = rpm_resolve(b->dbpath, set, &b->job->published, &files, &problems, err);
	if (r >= 0 && problems.n)
		text = deps_problems(&problems);
	vec_free(&problems, rpm_problem_release);
	if (r < 0)
		return r;
	if (text) {
		logs_root(&b->logs, "not installable: %s", text);
		return build_fail(
			b, CAUSE_DEPENDENCY, "root.log", 0, err, "not installable: %s", text);
	}
	if ((r = runner_sandbox(b, name, &sb, err)) < 0)
		return r;
	r = deps_install(b, sb, &files, name, &v, err);
	if (r < 0)
		return r;
	if (v.limit)
		return build_fail_limit(b, sandbox_limit_name(v.limit), "root.log", err);
	if (v.exit) {
		auto_free char *log = NULL;
		struct cause c = {0};
		int64_t first;

		if (logs_tail(b->job->output, "root.log", &log, &first, NULL) >= 0)
			cause_find(log, first, &c);
		r = build_fail(b, CAUSE_TEST, "root.log", c.line, err, "installation failed: %s",
			c.message ? c.message : "rpm -U failed");
		cause_release(&c);
		return r;
	}
	return 0;
}

/* Whether rpm would refuse to have all of them at once; then they are tried one by one. */
static int exclusive(struct build *b, const struct strv *all, bool *ret, struct err *err)
{
	auto_strv struct strv files = STRV_INIT;
	struct rpm_problems problems = VEC_INIT;
	int r = rpm_resolve(b->dbpath, all, &b->job->published, &files, &problems, err);

	*ret = false;
	vec_foreach (&problems, p)
		if (!p->who) /* a conflict, no missing dependency */
			*ret = true;
	vec_free(&problems, rpm_problem_release);
	return r;
}

int step_install(struct build *b, struct err *err)
{
	auto_strv struct strv all = STRV_INIT;
	bool split = false;
	int r;

	if (b->job->no_install_test)
		return 0;
	installable(b, &all);
	if (all.n > 1 && (r = exclusive(b, &all, &split, err)) < 0)
		return r;
	if (!split)
		return all.n ? try_set(b, &all, "install", err) : 0;
	for (size_t i = 0; i < all.n; i++) {
		auto_strv struct strv one = STRV_INIT;
		auto_free char *name = xasprintf("install-%zu", i);

		strv_add(&one, all.v[i]);
		if ((r = try_set(b, &one, name, err)) < 0)
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
