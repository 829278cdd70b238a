/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpm.h - rpm packages through librpm: headers read, versions compared, dependencies checked.
 * The only file that includes rpm's headers is rpm.c (and its neighbours in this folder).
 */
#pragma once
#include "model/package.h"

/* Call once per process: rpm's configuration without the user's macros, _dbpath explicit. */
int rpm_init(struct err *err);

/* As rpm's rpmVersionCompare over [epoch:]version[-release]: <0, 0, >0. */
int rpm_evr_cmp(const char *a, const char *b);

/* Header of a package file: name, EVR, arch, kind, size, sha256. Digests of header and payload are
 * verified as `rpmkeys -K --nosignature`; a damaged file is ERR_BUILD. */
int rpm_read(const char *path, struct package *ret, struct err *err);
/* What the header of a package file says it is, as name-[epoch:]version-release.arch, nothing
 * verified. Names of other people's packages may be longer than ours: up to LIMIT_RPM_NAME. */
int rpm_read_nevra(const char *path, char **ret, struct err *err);
/* BuildRequires of a source package as rpm prints them ("gcc", "pkgconfig(zlib) >= 1.2"), without
 * rpmlib(...). */
int rpm_build_requires(const char *srpm, struct strv *ret, struct err *err);
/* The same of its BuildConflicts. */
int rpm_build_conflicts(const char *srpm, struct strv *ret, struct err *err);

/* Unpack a source package (checked before by rpm_read) into dir/SPECS and dir/SOURCES; *ret_spec is
 * the base name of its spec. ERR_SOURCE: other things than plain files, no spec, two. */
int rpm_unpack_source(const char *srpm, const char *dir, char **ret_spec, struct err *err);

/* One dependency nobody provides; or, who NULL, a sentence about a conflict or an obsoleted
 * package. */
struct rpm_problem {
	char *who;  /* NEVRA that wants it (or the source package) */
	char *what; /* "libfoo.so.1()(64bit)", "gcc >= 13" */
	char *near; /* nearest provided name, NULL none */
};
VEC_TYPE(rpm_problems, struct rpm_problem);
void rpm_problem_release(struct rpm_problem *p);

/*
 * What must be installed: the files in `install` (packages, or one source package whose
 * BuildRequires count), dependencies satisfied by the packages installed in the root's rpm database
 * (dbpath) first, then by `candidates` (files of published packages; the highest EVR wins).
 * ret_files: install (unless it is a source package) plus the candidates needed. Problems that
 * remain are listed; none: everything is satisfied. Conflicts and obsoletes count as rpm's do.
 */
int rpm_resolve(const char *dbpath, const struct strv *install, const struct strv *candidates,
	struct strv *ret_files, struct rpm_problems *ret_problems, struct err *err);
