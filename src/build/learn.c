/* SPDX-License-Identifier: GPL-3.0-or-later */
/* learn.c - what a build tells of dependencies, for those who order and repeat builds. */
#include "base/fs.h"
#include "base/time.h"
#include "build/steps.h"
#include "format/rpm/rpm_dep.h"
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

/* Names that the packages of this build would provide; without a spec that of the source alone. */
static void own_names(struct build *b, struct strv *ret)
{
	auto_strv struct strv requires = STRV_INIT, provides = STRV_INIT;

	strv_add(ret, b->srpm_info.name);
	if (b->source.spec)
		(void)source_deps(&b->runner, &b->source, &b->defines, &requires, &provides, NULL);
	strv_foreach (&provides, p) {
		CLEANUP(rpm_dep_release) struct rpm_dep d = {0};

		if (rpm_dep_parse(*p, &d))
			strv_add(ret, d.name);
	}
}

static enum rpm_truth is_own(void *names, const struct rpm_dep *d)
{
	return strv_has(names, d->name) ? RPM_TRUE : RPM_FALSE;
}

int learn_missing(struct build *b, const char *problems, struct err *err)
{
	auto_strv struct strv names = STRV_INIT, self = STRV_INIT;
	auto_free char *list = NULL;

	own_names(b, &names);
	strv_foreach (&b->res->build_requires, d)
		if (strstr(problems, *d) && rpm_dep_eval(*d, is_own, &names) == RPM_TRUE)
			strv_add(&self, *d);
	if (!self.n)
		return build_fail(b, CAUSE_DEPENDENCY, "root.log", 0, err,
			"missing BuildRequires: %s", problems);
	list = strv_join(&self, ", ");
	return build_fail(b, CAUSE_DEPENDENCY, "root.log", 0, err,
		"%s requires itself to be built: nothing provides %s yet; publish a bootstrap "
		"build without it first; missing BuildRequires: %s",
		b->job->project ? b->job->project : b->srpm_info.name, list, problems);
}

/* Far more than a jail needs for ELF_MAX, with all that is mapped already */
#define JAIL_MEMORY  (4 * GIB)
#define JAIL_SECONDS 300 /* for all packages of a build */

struct jail {
	struct build *b;
	uint64_t until;
};

static int jail_run(void *ctx, const char *file, int (*fn)(void *arg, int out_fd), void *arg,
	struct strbuf *ret_out, struct err *err)
{
	auto_err struct err e = ERR_INIT;
	const struct jail *j = ctx;
	uint64_t now = time_mono_ms();
	int r = now < j->until ? sandbox_compute(fn, arg, (unsigned)((j->until - now) / 1000 + 1),
					 ret_out, &e)
			       : err_set(&e, ERR_TIMEOUT, "the packages before took too long");

	if (r >= 0)
		return 0;
	if (r != -ERR_SIGNAL)
		logs_state(&j->b->logs, "what is in %s is not known: %s; its digests are taken",
			path_base(file), e.msg);
	return err_move(err, &e);
}

static int jail_confine(void *ctx, struct err *err)
{
	(void)ctx;
	return sandbox_confine(JAIL_MEMORY, err);
}

int learn_packages(struct build *b, struct err *err)
{
	struct result *res = b->res;
	struct jail j = {b, time_mono_ms() + JAIL_SECONDS * UINT64_C(1000)};
	struct format_jail jail = {.run = jail_run, .confine = jail_confine, .ctx = &j};
	auto_strv struct strv files = STRV_INIT;
	int r;

	vec_foreach (&res->artifacts, p)
		if (p->kind == PACKAGE_MAIN)
			strv_add(&files, p->path);
	r = rpm_learn(&files, &jail, &res->provides, &res->requires, &res->content, err);
	if (r >= 0)
		r = rpm_has_paths(&files, &b->job->paths, &res->provides, err);
	if (r < 0)
		return err_wrap(err, "artifacts");
	sort_once(&res->provides);
	return 0;
}
