/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collect.c - take the packages out of the dead tree and check that they are what they claim. */
#include "base/fs.h"
#include "build/steps.h"

static int check_package(struct build *b, const struct package *p, struct err *err)
{
	auto_free char *file =
		xasprintf("%s-%s-%s.%s.rpm", p->name, p->version, p->release, p->arch);

	if (p->kind == PACKAGE_SOURCE)
		return 0;
	if (!str_eq(file, p->file))
		return build_fail(
			b, CAUSE_BUILD, NULL, 0, err, "artifact %s calls itself %s", p->file, file);
	if (!str_eq(p->arch, "noarch") && !str_eq(p->arch, b->job->target->arch))
		return build_fail(b, CAUSE_BUILD, NULL, 0, err,
			"artifact %s is for architecture %s, the target's is %s", p->file, p->arch,
			b->job->target->arch);
	return 0;
}

static int read_package(struct build *b, const char *file, struct err *err)
{
	auto_free char *path = path_join(b->job->output, file);
	struct package p = {0};
	int r = rpm_read(path, &p, err);

	if (r < 0)
		return err_wrap(err, "artifact");
	str_set(&p.file, file);
	str_set(&p.path, path);
	r = check_package(b, &p, err);
	*vec_push(&b->res->artifacts) = p;
	return r;
}

/* The architecture of the build: its main packages', noarch only when all are. */
static void set_arch(struct result *res)
{
	vec_foreach (&res->artifacts, p) {
		if (p->kind != PACKAGE_MAIN)
			continue;
		if (!res->arch || str_eq(res->arch, "noarch"))
			str_set(&res->arch, p->arch);
	}
}

static int write_installed(struct build *b, struct err *err)
{
	auto_free char *path = path_join(b->job->output, "installed_pkgs.log");
	auto_strbuf struct strbuf text = STRBUF_INIT;

	strv_foreach (&b->root->manifest, m)
		sb_addf(&text, "%s\n", *m);
	strv_foreach (&b->extra, e)
		sb_addf(&text, "%.*s\n", (int)(strlen(path_base(*e)) - strlen(".rpm")),
			path_base(*e));
	return fs_write(path, sb_str(&text), text.n, 0644, err);
}

int collect_source(struct build *b, struct err *err)
{
	return read_package(b, path_base(b->srpm), err);
}

int step_collect(struct build *b, struct err *err)
{
	auto_strv struct strv files = STRV_INIT;
	int r = write_installed(b, err);

	if (r < 0)
		return r;
	r = sandbox_collect(
		b->sandbox, "/builddir/RPMS", "*.rpm", true, b->job->output, &files, err);
	if (r < 0)
		return r;
	if (!files.n)
		return build_fail(b, CAUSE_BUILD, "build.log", 0, err,
			"the build left no packages (does the spec have a %%files section?)");
	strv_sort(&files);
	strv_foreach (&files, f)
		if ((r = read_package(b, *f, err)) < 0)
			return r;
	if ((r = collect_source(b, err)) < 0)
		return r;
	set_arch(b->res);
	return learn_packages(b, err);
}
