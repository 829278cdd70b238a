/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deps.c - BuildRequires over a root of this machine: satisfied by its packages first, then by what
 * this instance has published; what is missing is named. The check itself is rpm's, over the root's
 * database. Roots from repositories: repos.c.
 */
#include "base/fs.h"
#include "build/steps.h"

char *deps_problems(const struct rpm_problems *p)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	for (size_t i = 0; i < p->n && i < 10; i++) {
		sb_addf(&b, "%s%s", i ? ", " : "", p->v[i].what);
		if (p->v[i].who)
			sb_addf(&b, " (wanted by %s)", p->v[i].who);
		if (p->v[i].near)
			sb_addf(&b, " (nearest: %s)", p->v[i].near);
	}
	if (p->n > 10)
		sb_addf(&b, " and %zu more", p->n - 10);
	return sb_take(&b);
}

/* The files side by side in one directory, to be shown inside. */
static int gather(const struct strv *files, const char *dir, struct err *err)
{
	int r = fs_mkdirs(dir, 0755, err);

	if (r < 0)
		return r;
	strv_foreach (files, f) {
		auto_free char *to = path_join(dir, path_base(*f));

		if (fs_exists(to))
			continue;
		r = fs_link_or_copy(*f, to, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int deps_install(struct build *b, struct sandbox *sb, const struct strv *files, const char *name,
	struct sandbox_verdict *ret, struct err *err)
{
	/* beside the scratch directory of the sandbox, which may have the same name */
	auto_free char *dir = xasprintf("%s/%s.rpms", b->work, name);
	auto_strv struct strv argv = STRV_INIT;
	struct runner_cmd cmd = {.bind_src = dir, .bind_dst = "/in", .as_root = true, .cwd = "/"};
	int r = gather(files, dir, err);

	if (r < 0)
		return r;
	build_install_command(b->job->target, files, &argv);
	cmd.argv = (const char *const *)argv.v;
	return runner_exec(b, sb, &cmd, b->logs.root, NULL, ret, err);
}

/* What was asked about is part of the answer, too. */
static void drop_wanted(struct strv *files, const struct strv *want)
{
	for (size_t i = files->n; i-- > 0;) {
		if (!strv_has(want, files->v[i]))
			continue;
		free(files->v[i]);
		memmove(&files->v[i], &files->v[i + 1], (files->n - i) * sizeof *files->v);
		files->n--;
	}
}

static int satisfy_host(struct build *b, const char *srpm, struct err *err)
{
	auto_strv struct strv want = STRV_INIT, files = STRV_INIT, candidates = STRV_INIT;
	struct rpm_problems problems = VEC_INIT;
	struct sandbox_verdict v = {0};
	auto_free char *text = NULL;
	int r;

	strv_add(&want, srpm);
	/* what was installed in an earlier round is in the sandbox's database, not in our copy */
	strv_foreach (&b->extra, e)
		strv_add(&want, *e);
	strv_foreach (&b->job->published, p)
		if (!strv_has(&b->extra, *p))
			strv_add(&candidates, *p);
	r = rpm_resolve(b->dbpath, &want, &candidates, &files, &problems, err);
	if (r >= 0 && problems.n) {
		text = deps_problems(&problems);
		logs_root(&b->logs, "missing BuildRequires: %s", text);
		r = learn_missing(b, text, err);
	}
	vec_free(&problems, rpm_problem_release);
	if (r < 0)
		return r;
	drop_wanted(&files, &want);
	if (!files.n)
		return 0;
	strv_foreach (&files, f)
		logs_root(&b->logs, "install %s", path_base(*f));
	r = deps_install(b, b->sandbox, &files, "requires", &v, err);
	if (r < 0)
		return r;
	if (v.limit)
		return build_fail_limit(b, sandbox_limit_name(v.limit), "root.log", err);
	if (v.exit)
		return build_fail(b, CAUSE_DEPENDENCY, "root.log", 0, err,
			"installing BuildRequires: rpm ended with status %d", v.exit);
	strv_copy(&b->extra, &files);
	return 0;
}

/* Write root.lock: what is in the root now. */
static int write_lock(struct build *b, struct err *err)
{
	auto_free char *path = path_join(b->job->output, LOCK_FILE);
	CLEANUP(lock_release) struct lock l = {0};

	l.target = xstrdup(b->job->target->name);
	l.arch = xstrdup(b->job->target->arch);
	lock_packages_copy(&l.base, &b->root->lock->base);
	lock_packages_copy(&l.build, &b->root->lock->build);
	strv_foreach (&b->extra, e) {
		CLEANUP(package_release) struct package p = {0};
		int r = rpm_read(*e, &p, err);

		if (r < 0)
			return r;
		*vec_push(&l.build) = (struct lock_package){
			.nevra = xstrdup(p.nevra),
			.checksum = xstrdup(p.sha256),
			.repo = xstrdup(LOCK_OWN),
			.location = xstrdup(*e),
			.size = p.size,
		};
	}
	lock_packages_sort(&l.build);
	return lock_write(path, &l, err);
}

int deps_satisfy(struct build *b, const char *srpm, struct err *err)
{
	int r = b->repos ? repos_satisfy(b, srpm, err) : satisfy_host(b, srpm, err);

	return r < 0 ? r : write_lock(b, err);
}

int step_dependencies(struct build *b, struct err *err)
{
	return deps_satisfy(b, b->srpm, err);
}
