/* SPDX-License-Identifier: GPL-3.0-or-later */
/* learn.c - what a build tells of dependencies, for those who order and repeat builds. */
#include "build/steps.h"
#include "format/rpm/rpm_learn.h"

static void sort_once(struct strv *v)
{
	size_t n = 0;

	strv_sort(v);
	for (size_t i = 0; i < v->n; i++) {
		if (n && str_eq(v->v[n - 1], v->v[i]))
			free(v->v[i]);
		else
			v->v[n++] = v->v[i];
	}
	if (v->v)
		v->v[n] = NULL;
	v->n = n;
}

int learn_source(struct build *b, const char *srpm, struct err *err)
{
	auto_strv struct strv requires = STRV_INIT;
	int r = rpm_build_requires(srpm, &requires, err);

	if (r < 0)
		return r;
	/* a later round of %generate_buildrequires has the earlier ones in it */
	sort_once(&requires);
	strv_release(&b->res->build_requires);
	strv_copy(&b->res->build_requires, &requires);
	return 0;
}

int learn_declared(struct build *b, struct err *err)
{
	struct result *res = b->res;
	int r;

	if (!b->source.spec)
		return learn_source(b, b->job->srpm, err);
	r = source_deps(
		&b->runner, &b->source, &b->defines, &res->build_requires, &res->provides, err);
	sort_once(&res->build_requires);
	sort_once(&res->provides);
	return r;
}

int learn_packages(struct build *b, struct err *err)
{
	struct result *res = b->res;
	auto_strv struct strv files = STRV_INIT;
	int r;

	vec_foreach (&res->artifacts, p)
		if (p->kind == PACKAGE_MAIN)
			strv_add(&files, p->path);
	r = rpm_learn(&files, &res->provides, &res->requires, &res->content, err);
	if (r >= 0)
		r = rpm_has_paths(&files, &b->job->paths, &res->provides, err);
	if (r < 0)
		return err_wrap(err, "artifacts");
	sort_once(&res->provides);
	return 0;
}
