/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_version.c - `packmill version`: what a commit would be called, and why. */
#include "base/base.h"
#include "base/fs.h"
#include "base/text.h"
#include "build/build.h"
#include "cmd/common.h"
#include "format/rpm/rpm.h"

static int run(int argc, char **argv, struct err *err);
static struct layout_args args;
static bool explain;

static const struct opt opts[] = {
	LAYOUT_OPTS(args),
	{0, "explain", OPT_FLAG, NULL, "show each fact and rule it comes from", &explain},
	OPT_END,
};

const struct cmd cmd_version = {
	.name = "version",
	.args = "FILE.src.rpm | DIR | --upstream URL[#REF] --packaging URL[#REF]",
	.help = "compute version and release of a commit",
	.group = GROUP_LOCAL,
	.opts = opts,
	.run = run,
};

/* A source package has its version in the header. */
static int from_header(const struct job *job, struct version *v, struct err *err)
{
	CLEANUP(package_release) struct package p = {0};
	int r;

	if ((r = rpm_init(err)) < 0 || (r = rpm_read(job->srpm, &p, err)) < 0)
		return r;
	v->version = xstrdup(p.version);
	v->release = xstrdup(p.release);
	strv_add(&v->explain, "policy: keep");
	strv_add(&v->explain, "rule: as the source package says");
	return 0;
}

static int print(const struct version *v, struct err *err)
{
	auto_strbuf struct strbuf line = STRBUF_INIT;

	if (global.json) {
		json_t *j = json_object();

		json_put_str(j, "version", v->version);
		json_put_str(j, "release", v->release);
		json_put_str(j, "upstream_version", v->upstream);
		json_put_strv(j, "explain", &v->explain);
		return cmd_print_json(j, err);
	}
	text_term(&line, v->version ? v->version : "?", 0);
	sb_addc(&line, '-');
	text_term(&line, v->release ? v->release : "?", 0);
	printf("%s\n", sb_str(&line));
	if (explain)
		strv_foreach (&v->explain, e) {
			sb_truncate(&line, 0);
			text_term(&line, *e, 0);
			printf("  %s\n", sb_str(&line));
		}
	return cmd_flush(err);
}

static int compute(int argc, char **argv, const char *scratch, struct err *err)
{
	CLEANUP(version_release) struct version v = {0};
	CLEANUP(job_freep) struct job *job = NULL;
	int r = layout_job(&args, argc, argv, scratch, &job, err);

	if (r < 0)
		return r;
	job->output = path_join(scratch, "out");
	r = job->layout == LAYOUT_SRPM ? from_header(job, &v, err) : build_version(job, &v, err);
	if (r < 0)
		return r;
	if (v.release) {
		auto_free char *raw = TAKE(v.release);

		v.release = str_replace(raw, "%{?dist}", job->target->dist);
	}
	return print(&v, err);
}

static int run(int argc, char **argv, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	auto_free char *prefix = path_join(str_empty(tmp) ? "/var/tmp" : tmp, "packmill-");
	auto_free char *scratch = NULL;
	int r = fs_tmpdir(prefix, &scratch, err);

	if (r < 0)
		return r;
	r = compute(argc, argv, scratch, err);
	(void)fs_remove_tree(scratch, NULL);
	return r;
}
