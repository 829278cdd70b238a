/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compile.c - rpmbuild --rebuild, offline, with %generate_buildrequires rounds. */
#include "base/fs.h"
#include "base/time.h"
#include "build/cause.h"
#include "build/steps.h"

#define ROUNDS       10 /* of %generate_buildrequires; mock and rpm assume few */
#define EXIT_MISSING 11 /* rpmbuild: BuildRequires are missing */

int build_fail_limit(struct build *b, const char *limit, const char *log, struct err *err)
{
	const struct limits *l = &b->job->limits;
	char size[32];

	if (str_eq(limit, "time"))
		return build_fail(b, CAUSE_LIMITS, log, 0, err, "time limit of %llu s reached",
			(unsigned long long)l->time);
	if (str_eq(limit, "memory") || str_eq(limit, "disk")) {
		size_format(str_eq(limit, "memory") ? l->memory : l->disk, size, sizeof size);
		return build_fail(
			b, CAUSE_LIMITS, log, 0, err, "%s limit of %s reached", limit, size);
	}
	return build_fail(b, CAUSE_LIMITS, log, 0, err, "%s limit of %llu reached", limit,
		(unsigned long long)(str_eq(limit, "pids") ? l->pids : l->inodes));
}

static int build_failed(struct build *b, const struct sandbox_verdict *v, struct err *err)
{
	auto_free char *log = NULL;
	struct cause c = {.kind = CAUSE_BUILD};
	int64_t first;
	int r;

	if (logs_tail(b->job->output, "build.log", &log, &first, NULL) >= 0)
		cause_find(log, first, &c);
	if (c.step)
		str_set(&b->res->cause_step, c.step);
	if (v->exit > 128 && !c.step) /* it had no time for words of its own */
		r = build_fail(b, CAUSE_BUILD, "build.log", 0, err,
			"rpmbuild was ended by signal %d", v->exit - 128);
	else
		r = build_fail(b, c.kind, "build.log", c.line, err, "%s",
			c.message ? c.message : "rpmbuild failed");
	cause_release(&c);
	return r;
}

static int rpmbuild(struct build *b, struct sandbox_verdict *ret, struct err *err)
{
	auto_free char *dir = path_join(b->work, "srpm");
	auto_free char *link = path_join(dir, path_base(b->srpm));
	auto_free char *inside = path_join("/in", path_base(b->srpm));
	auto_strv struct strv argv = STRV_INIT;
	struct runner_cmd cmd = {.bind_src = dir, .bind_dst = "/in"};
	int r = fs_mkdirs(dir, 0755, err);

	if (r < 0 || (!fs_exists(link) && (r = fs_link_or_copy(b->srpm, link, err)) < 0))
		return r;
	command_rebuild(&b->defines, inside, &argv);
	cmd.argv = (const char *const *)argv.v;
	return runner_exec(b, b->sandbox, &cmd, b->logs.build, NULL, ret, err);
}

/*
 * After exit 11: *ret_path is the *.buildreqs.nosrc.rpm that rpmbuild wrote, NULL when there is
 * none (then BuildRequires are plainly missing). Its Requires are returned for the stability check.
 */
static int dynamic_requires(struct build *b, unsigned round, char **ret_path,
	struct strv *ret_requires, struct err *err)
{
	auto_free char *name = xasprintf("buildreqs-%u", round);
	auto_free char *dir = path_join(b->work, name);
	auto_strv struct strv files = STRV_INIT;
	int r = fs_mkdirs(dir, 0755, err);

	if (r < 0)
		return r;
	r = sandbox_collect(
		b->sandbox, "/builddir/SRPMS", "*.buildreqs.nosrc.rpm", false, dir, &files, err);
	if (r < 0)
		return r;
	if (!files.n)
		return 0;
	*ret_path = path_join(dir, files.v[0]);
	return rpm_build_requires(*ret_path, ret_requires, err);
}

int step_build(struct build *b, struct err *err)
{
	auto_free char *last = xstrdup("");
	int r;

	for (unsigned round = 0; round < ROUNDS; round++) {
		auto_free char *path = NULL, *now = NULL;
		auto_strv struct strv requires = STRV_INIT;
		struct sandbox_verdict v = {0};

		r = rpmbuild(b, &v, err);
		if (r < 0)
			return r;
		if (v.log_cut)
			logs_state(&b->logs, "build.log was cut at the log limit");
		if (v.limit)
			return build_fail_limit(b, sandbox_limit_name(v.limit), "build.log", err);
		if (v.exit == 0)
			return 0;
		if (v.exit != EXIT_MISSING)
			return build_failed(b, &v, err);
		r = dynamic_requires(b, round, &path, &requires, err);
		if (r < 0)
			return r;
		if (!path)
			return build_failed(b, &v, err);
		now = strv_join(&requires, "\n");
		if (str_eq(now, last)) /* satisfied by our reckoning, not by rpmbuild's */
			return build_failed(b, &v, err);
		str_set(&last, now);
		logs_root(&b->logs, "%%generate_buildrequires, round %u: %zu requirements",
			round + 1, requires.n);
		if ((r = learn_source(b, path, err)) < 0)
			return r;
		r = deps_satisfy(b, path, err);
		if (r < 0)
			return r;
	}
	return build_fail(b, CAUSE_DEPENDENCY, "build.log", 0, err,
		"%%generate_buildrequires still changes after %d rounds", ROUNDS);
}
