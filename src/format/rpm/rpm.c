/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm.c - what one package file says of itself, and the order of versions. */
#include "format/rpm/rpm.h"
#include "base/fs.h"
#include "base/limits.h"
#include "format/rpm/rpm_lib.h"
#include <rpm/rpmcli.h>
#include <rpm/rpmver.h>

int rpm_evr_cmp(const char *a, const char *b)
{
	rpmver va = rpmverParse(a), vb = rpmverParse(b);
	int r;

	/* what librpm cannot take apart (an empty version) sorts lowest, and by bytes among itself
	 */
	if (va && vb)
		r = rpmverCmp(va, vb);
	else if (va || vb)
		r = va ? 1 : -1;
	else
		r = strcmp(a, b);
	(void)rpmverFree(va);
	(void)rpmverFree(vb);
	return r;
}

int rpm_verify(const char *path, rpmKeyring ring, struct strbuf *ret_log, struct err *err)
{
	auto_ts rpmts ts = rpm_ts_new();
	auto_fd FD_t fd = Fopen(path, "r.ufdio");
	struct rpmQVKArguments_s q = {0};
	int r;

	if (!fd || Ferror(fd))
		return err_errno(err, "cannot open '%s'", path);
	if (ring) {
		(void)rpmtsSetKeyring(ts, ring);
		(void)rpmtsSetVfyFlags(ts, 0);
		rpmtsSetVfyLevel(ts, RPMSIG_VERIFIABLE_TYPE);
	}
	rpm_log_begin(ret_log);
	r = rpmVerifySignatures(&q, ts, fd, path);
	rpm_log_end();
	return r ? 1 : 0;
}

static int verify(const char *path, struct err *err)
{
	auto_strbuf struct strbuf log = STRBUF_INIT;
	int r = rpm_verify(path, NULL, &log, err);

	if (r <= 0)
		return r;
	auto_free char *why = rpm_log_first(&log);
	return err_set(err, ERR_BUILD, "'%s' is damaged or no rpm package%s%s", path_base(path),
		*why ? ": " : "", why);
}

static enum package_kind kind(Header h, const char *name)
{
	if (headerIsSource(h))
		return PACKAGE_SOURCE;
	if (str_ends(name, "-debuginfo"))
		return PACKAGE_DEBUGINFO;
	return str_ends(name, "-debugsource") ? PACKAGE_DEBUGSOURCE : PACKAGE_MAIN;
}

/* Names become file names, URLs and lines of pages: only what rpmbuild itself would let pass. */
static bool acceptable(const char *s, size_t max)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "._+~^-";

	return *s && strlen(s) <= max && strspn(s, fine) == strlen(s) && *s != '-' && *s != '.' &&
	       !strstr(s, "..");
}

static int fill(Header h, const char *path, size_t max, struct package *p, struct err *err)
{
	p->name = rpm_tag(h, RPMTAG_NAME);
	p->version = rpm_tag(h, RPMTAG_VERSION);
	p->release = rpm_tag(h, RPMTAG_RELEASE);
	if (!p->name || !p->version || !p->release)
		return err_set(
			err, ERR_BUILD, "'%s' has no name, version or release", path_base(path));
	p->kind = kind(h, p->name);
	p->arch = p->kind == PACKAGE_SOURCE ? xstrdup("src") : rpm_tag(h, RPMTAG_ARCH);
	if (!p->arch)
		return err_set(err, ERR_BUILD, "'%s' has no architecture", path_base(path));
	if (!acceptable(p->name, max) || !acceptable(p->version, max) ||
		!acceptable(p->release, max) || !acceptable(p->arch, max) ||
		strchr(p->version, '-') || strchr(p->release, '-'))
		return err_set(err, ERR_BUILD,
			"'%s' has a name, version, release or architecture that is none",
			path_base(path));
	p->epoch = (int64_t)headerGetNumber(h, RPMTAG_EPOCH);
	p->build_time = (int64_t)headerGetNumber(h, RPMTAG_BUILDTIME);
	auto_free char *evr = package_evr(p);
	p->nevra = xasprintf("%s-%s.%s", p->name, evr, p->arch);
	return 0;
}

int rpm_read(const char *path, struct package *ret, struct err *err)
{
	auto_header Header h = NULL;
	struct package p = {0};
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return err_errno(err, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_BUILD, "'%s' is no regular file", path);
	if ((uint64_t)st.st_size > LIMIT_ARTIFACT)
		return err_set(err, ERR_BUILD, "'%s' is too large for a package", path);
	if ((r = verify(path, err)) < 0 || (r = rpm_header(path, &h, err)) < 0)
		return r;
	r = fill(h, path, LIMIT_NAME, &p, err);
	if (r >= 0)
		r = rpm_check_fit(h, path_base(path), err);
	if (r >= 0)
		r = sha256_file(path, p.sha256, err);
	if (r < 0) {
		package_release(&p);
		return r;
	}
	p.file = xstrdup(path_base(path));
	p.path = xstrdup(path);
	p.size = (uint64_t)st.st_size;
	*ret = p;
	return 0;
}

int rpm_read_nevra(const char *path, char **ret, struct err *err)
{
	auto_header Header h = NULL;
	struct package p = {0};
	int r = rpm_header(path, &h, err);

	if (r >= 0)
		r = fill(h, path, LIMIT_RPM_NAME, &p, err);
	if (r >= 0)
		*ret = TAKE(p.nevra);
	package_release(&p);
	return r < 0 ? r : 0;
}

static int source_deps(const char *srpm, rpmTagVal tag, struct strv *ret, struct err *err)
{
	auto_header Header h = NULL;
	size_t bytes = 0;
	int r = rpm_header(srpm, &h, err);

	if (r < 0)
		return r;
	if (!headerIsSource(h))
		return err_set(err, ERR_BUILD, "'%s' is no source package", path_base(srpm));
	if ((r = rpm_check_fit(h, path_base(srpm), err)) < 0)
		return r;
	auto_ds rpmds ds = rpmdsNew(h, tag, 0);
	while (rpmdsNext(ds) >= 0) {
		if (rpmdsFlags(ds) & RPMSENSE_RPMLIB)
			continue;
		strv_take(ret, rpm_ds_text(ds));
		bytes += strlen(ret->v[ret->n - 1]);
		if (ret->n > LIMIT_DEPS || bytes > LIMIT_DEPS_TEXT)
			return err_set(err, ERR_BUILD,
				"'%s' has more than %d dependencies of a kind, or more than %d MiB",
				path_base(srpm), LIMIT_DEPS, (int)(LIMIT_DEPS_TEXT / MIB));
	}
	return 0;
}

int rpm_build_requires(const char *srpm, struct strv *ret, struct err *err)
{
	return source_deps(srpm, RPMTAG_REQUIRENAME, ret, err);
}

int rpm_build_conflicts(const char *srpm, struct strv *ret, struct err *err)
{
	return source_deps(srpm, RPMTAG_CONFLICTNAME, ret, err);
}

void rpm_problem_release(struct rpm_problem *p)
{
	free(p->who);
	free(p->what);
	free(p->near);
}
