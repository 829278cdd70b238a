/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/installed.h"
#include "base/fs.h"
#include "build/build.h"
#include "cmd/common.h"
#include "format/rpm/rpm.h"

void installed_release(struct installed *i)
{
	sandbox_free(i->sandbox);
	root_free(i->root);
	*i = (struct installed){0};
}

static void progress(void *ctx UNUSED, const char *what)
{
	cmd_progress(what);
}

/* The problems as one line, NULL when there are none; the caller's. */
static char *join_problems(const struct rpm_problems *problems)
{
	auto_strbuf struct strbuf sb = STRBUF_INIT;

	vec_foreach (problems, p) {
		sb_addf(&sb, "%s%s", sb.n ? ", " : "", p->what);
		if (p->who)
			sb_addf(&sb, " (wanted by %s)", p->who);
	}
	return sb.n ? sb_take(&sb) : NULL;
}

/* Over this machine: what it has, then what is published. */
static int needs_of_host(const struct job *job, const struct strv *files, const char *dir,
	struct root **ret_root, struct strv *ret, char **ret_why, struct err *err)
{
	auto_free char *db = path_join(dir, "rpmdb");
	struct rpm_problems problems = VEC_INIT;
	int r;

	if ((r = rpm_init(err)) < 0 ||
		(r = root_host(job->roots, cmd_progress, ret_root, err)) < 0 ||
		(r = root_copy_database(*ret_root, db, err)) < 0)
		return r;
	r = rpm_resolve(db, files, &job->published, ret, &problems, err);
	if (r >= 0)
		*ret_why = join_problems(&problems);
	vec_free(&problems, rpm_problem_release);
	return r;
}

/* Over a target's base set: what its repositories have and what is published. */
static int needs_of_repos(const struct job *job, const struct strv *files, struct root **ret_root,
	struct strv *ret, char **ret_why, struct err *err)
{
	const struct root_source_conf conf = {
		.target = job->target,
		.roots_dir = job->roots,
		.cache_dir = job->cache,
		.own = job->own && fs_is_dir(job->own) ? job->own : NULL,
		.offline = job->offline,
		.refresh = job->refresh,
		.progress = progress,
	};
	CLEANUP(root_source_freep) struct root_source *s = NULL;
	CLEANUP(lock_packages_release) struct lock_packages needs = VEC_INIT;
	auto_strv struct strv why = STRV_INIT;
	int r;

	if ((r = root_source_open(&conf, &s, err)) < 0 ||
		(r = root_source_base(s, ret_root, err)) < 0 ||
		(r = root_source_needs(s, files, NULL, &needs, &why, err)) < 0)
		return r;
	vec_foreach (&needs, p)
		strv_add(ret, p->path);
	if (why.n)
		*ret_why = strv_join(&why, "; ");
	return 0;
}

/* The files side by side in one directory, to be shown inside. */
static int gather(const struct strv *files, const char *dir, struct err *err)
{
	int r = fs_mkdirs(dir, 0755, err);

	strv_foreach (files, f) {
		auto_free char *to = path_join(dir, path_base(*f));

		if (r >= 0 && !fs_exists(to))
			r = fs_link_or_copy(*f, to, err);
	}
	return r;
}

static int install(const struct job *job, struct sandbox *sb, const struct strv *files,
	const char *dir, int log_fd, char **ret_why, struct err *err)
{
	auto_free char *in = path_join(dir, "in");
	auto_strv struct strv argv = STRV_INIT;
	struct sandbox_cmd cmd = {
		.as_root = true, .bind_src = in, .bind_dst = "/in", .cwd = "/", .log_fd = log_fd};
	struct sandbox_verdict v;
	int r = gather(files, in, err);

	build_install_command(job->target, files, &argv);
	cmd.argv = (const char *const *)argv.v;
	if (r < 0 || (r = sandbox_run(sb, &cmd, NULL, &v, err)) < 0)
		return r;
	if (v.exit)
		*ret_why = xasprintf("rpm -U ended with status %d", v.exit);
	return 0;
}

int installed_open(const struct job *job, const struct strv *files, const char *dir, int log_fd,
	struct installed *ret, char **ret_why, struct err *err)
{
	CLEANUP(installed_release) struct installed i = {0};
	auto_free char *state = path_join(dir, "sandbox");
	struct sandbox_conf conf = {.state = state, .limits = job->limits};
	auto_strv struct strv all = STRV_INIT;
	int r;

	r = job->target->host ? needs_of_host(job, files, dir, &i.root, &all, ret_why, err)
			      : needs_of_repos(job, files, &i.root, &all, ret_why, err);
	cmd_progress(NULL);
	if (r < 0 || *ret_why)
		return r;
	root_mounts(i.root, &conf);
	if ((r = sandbox_open(&conf, &i.sandbox, err)) < 0 ||
		(r = install(job, i.sandbox, &all, dir, log_fd, ret_why, err)) < 0 || *ret_why)
		return r;
	*ret = i;
	i = (struct installed){0};
	return 0;
}
