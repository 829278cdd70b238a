/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prepare.c - from the job to a source package: root, staged source, version, rpmbuild -bs. */
#include "base/fs.h"
#include "base/time.h"
#include "build/cause.h"
#include "build/steps.h"

static int copy_database(struct build *b, struct err *err)
{
	auto_free char *to = path_join(b->work, "rpmdb");
	int r = root_copy_database(b->root, to, err);

	if (r >= 0)
		b->dbpath = TAKE(to);
	return r;
}

int step_root(struct build *b, struct err *err)
{
	auto_strv struct strv lacking = STRV_INIT;
	const struct job *j = b->job;
	int r = j->target->host ? root_host(j->roots, NULL, &b->root, err) : repos_root(b, err);

	if (r < 0)
		return r;
	if (!b->repos)
		logs_root(&b->logs, "root %s of target %s", b->root->key, j->target->name);
	command_defines(j->target, &b->defines);
	if ((r = runner_sandbox(b, "sandbox", &b->sandbox, err)) < 0)
		return r;
	sandbox_lacking(b->sandbox, &lacking);
	strv_foreach (&lacking, l)
		logs_state(&b->logs, "limit not available on this machine: %s", *l);
	return b->repos ? 0 : copy_database(b, err);
}

int step_stage(struct build *b, struct err *err)
{
	auto_free char *dir = path_join(b->work, "stage");
	auto_free char *state = path_join(b->work, "git");
	auto_strv struct strv local = STRV_INIT;
	int r;

	if (b->job->upstream.mirror)
		strv_add(&local, b->job->upstream.mirror);
	if (b->job->packaging.mirror)
		strv_add(&local, b->job->packaging.mirror);
	if ((r = fs_mkdirs(state, 0700, err)) < 0 ||
		(r = git_open(state, &local, &b->git, err)) < 0)
		return r;
	if ((r = source_stage(b->git, b->job, dir, &b->source, err)) < 0)
		return r;
	return source_describe(b->git, b->job, version_tag_counts, &b->source, err);
}

static const char *policy(const struct job *j)
{
	if (j->policy)
		return j->policy;
	return j->layout == LAYOUT_TWO_GIT ? "dlrn" : "keep";
}

/* A plain directory has no commit: its newest file dates it. */
static int64_t newest_file(const char *dir)
{
	auto_strv struct strv names = STRV_INIT;
	int64_t newest = 0;

	if (fs_list(dir, &names, NULL) < 0)
		return 0;
	strv_foreach (&names, n) {
		auto_free char *path = path_join(dir, *n);
		struct stat st;

		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mtime > newest)
			newest = st.st_mtime;
	}
	return newest;
}

/* A source package that is edited keeps the time at which the original was built. */
static int64_t srpm_date(const char *path)
{
	CLEANUP(package_release) struct package p = {0};

	return rpm_read(path, &p, NULL) < 0 ? 0 : p.build_time;
}

/* The date that stands in the release and in every time stamp of the packages. */
static int64_t find_date(struct build *b)
{
	const struct source *s = &b->source;

	if (b->job->date)
		return b->job->date;
	if (b->job->dir)
		return newest_file(b->job->dir);
	if (b->job->srpm)
		return srpm_date(b->job->srpm);
	if (!*s->up_commit.sha && !*s->pack_commit.sha)
		return 0;
	return version_date(s->up_commit.commit_time, s->pack_commit.commit_time, b->job->last_date,
		b->job->queued);
}

static void log_version(struct build *b)
{
	logs_state(&b->logs, "Version: %s-%s (policy %s)", b->version.version, b->version.release,
		policy(b->job));
	strv_foreach (&b->version.explain, e)
		logs_root(&b->logs, "version: %s", *e);
}

int step_version(struct build *b, struct err *err)
{
	struct source *s = &b->source;
	const struct job *j = b->job;
	bool upstream = *s->up_commit.sha != '\0';
	struct version_facts f;
	int r;

	str_set(&b->res->policy, policy(j));
	if (j->layout == LAYOUT_SRPM) {
		if (!str_eq(policy(j), "keep"))
			return err_set(err, ERR_CONFIG,
				"version policy '%s' needs git, a source package keeps its version",
				policy(j));
		if (!s->spec)
			return 0; /* built as it is */
	}
	if (upstream && !j->declare && !str_eq(policy(j), "keep")) {
		r = source_ask_version(&b->runner, s, err);
		if (r < 0)
			return r;
	}
	b->res->date = find_date(b);
	f = (struct version_facts){
		.tag = s->tag,
		.commits = s->commits,
		.sha = upstream ? s->up_commit.sha : s->pack_commit.sha,
		.date = b->res->date,
		.declared = s->declared,
		.branch = j->upstream.ref,
		.spec_version = s->spec_version,
		.spec_release = s->spec_release,
		.minor = j->minor,
		.rebuild = j->rebuild,
	};
	r = version_compute(policy(j), j->numbering, &f, &b->version, err);
	if (r < 0)
		return r;
	if (b->res->date)
		b->epoch_env = command_date(b->res->date, &b->defines);
	log_version(b);
	return 0;
}

static int write_diff(struct build *b, const char *diff, struct err *err)
{
	auto_free char *path = path_join(b->job->output, "spec.diff");

	return *diff ? fs_write(path, diff, strlen(diff), 0644, err) : 0;
}

static int edit(struct build *b, struct err *err)
{
	const struct version *v = &b->version;
	auto_free char *diff = NULL;
	int r;

	if (!v->edits)
		return 0;
	r = source_apply(&b->source, b->job, v->version, v->release, v->upstream, &diff, err);
	return r < 0 ? r : write_diff(b, diff, err);
}

static int edit_and_pack(struct build *b, struct err *err)
{
	int r = edit(b, err);

	if (r < 0 || b->job->layout != LAYOUT_TWO_GIT)
		return r;
	return source_pack(b->git, &b->runner, b->job, &b->source, &b->defines, err);
}

/* rpmbuild's own words for why -bs failed. */
static int source_failed(struct build *b, const struct sandbox_verdict *v, struct err *err)
{
	auto_free char *log = NULL;
	struct cause c = {0};
	int64_t first;
	int r;

	if (v->limit)
		return build_fail_limit(b, sandbox_limit_name(v->limit), "build.log", err);
	if (logs_tail(b->job->output, "build.log", &log, &first, NULL) >= 0)
		cause_find(log, first, &c);
	r = build_fail(b, CAUSE_SOURCE, "build.log", c.line, err, "%s",
		c.message ? c.message : "rpmbuild -bs failed");
	cause_release(&c);
	return r;
}

static int make_srpm(struct build *b, struct err *err)
{
	static const char copy[] = "mkdir -p /builddir/source && cp -rp --no-preserve=ownership "
				   "/in/SOURCES /in/SPECS /builddir/source/ && exec \"$@\"";
	auto_strv struct strv argv = STRV_INIT, files = STRV_INIT;
	struct runner_cmd cmd = {.bind_src = b->source.dir, .bind_dst = "/in"};
	struct sandbox_verdict v = {0};
	int r;

	/* copied so that the files in the source package belong to the builder, whoever runs us */
	strv_addl(&argv, "sh", "-c", copy, "sh", "rpmbuild", "-bs", "--nodeps", NULL);
	runner_defines(b, &argv);
	strv_addl(&argv, "--define", "_sourcedir /builddir/source/SOURCES", NULL);
	strv_addf(&argv, "/builddir/source/SPECS/%s", b->source.spec);
	cmd.argv = (const char *const *)argv.v;
	r = runner_exec(b, b->sandbox, &cmd, b->logs.build, NULL, &v, err);
	if (r < 0)
		return r;
	if (v.exit || v.limit)
		return source_failed(b, &v, err);
	r = sandbox_collect(
		b->sandbox, "/builddir/SRPMS", "*.src.rpm", false, b->job->output, &files, err);
	if (r < 0)
		return r;
	if (files.n != 1)
		return build_fail(b, CAUSE_SOURCE, "build.log", 0, err,
			"rpmbuild -bs left %zu source packages, one is expected", files.n);
	b->srpm = path_join(b->job->output, files.v[0]);
	return 0;
}

static int check_order(struct build *b, struct err *err)
{
	auto_free char *evr = package_evr(&b->srpm_info);
	struct result *res = b->res;

	str_set(&res->name, b->srpm_info.name);
	str_set(&res->version, b->srpm_info.version);
	str_set(&res->release, b->srpm_info.release);
	res->epoch = b->srpm_info.epoch;
	if (!b->job->last_evr || b->job->allow_lower || rpm_evr_cmp(evr, b->job->last_evr) >= 0)
		return 0;
	return build_fail(b, CAUSE_SOURCE, NULL, 0, err,
		"version %s is lower than the published %s (run --allow-lower publishes it all "
		"the same)",
		evr, b->job->last_evr);
}

int step_source(struct build *b, struct err *err)
{
	int r;

	if (b->job->declare)
		return (r = edit(b, err)) < 0 ? r : learn_declared(b, err);
	if (b->job->layout == LAYOUT_SRPM && !b->source.spec) {
		b->srpm = path_join(b->job->output, path_base(b->job->srpm));
		if (!str_eq(b->srpm, b->job->srpm)) {
			(void)unlink(b->srpm);
			r = fs_copy(b->job->srpm, b->srpm, 0644, err);
			if (r < 0)
				return r;
		}
	} else if ((r = edit_and_pack(b, err)) < 0 || (r = make_srpm(b, err)) < 0) {
		return r;
	}
	r = rpm_read(b->srpm, &b->srpm_info, err);
	if (r < 0)
		return err_wrap(err, "source package");
	if (b->srpm_info.kind != PACKAGE_SOURCE)
		return build_fail(b, CAUSE_SOURCE, NULL, 0, err, "'%s' is no source package",
			path_base(b->srpm));
	if (!b->epoch_env && b->srpm_info.build_time) {
		/* a foreign source package: its own build time makes the result repeatable */
		b->res->date = b->srpm_info.build_time;
		b->epoch_env = command_date(b->res->date, &b->defines);
	}
	if ((r = learn_source(b, b->srpm, err)) < 0)
		return r;
	return check_order(b, err);
}
