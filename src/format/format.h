/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format.h - package format drivers: what differs between rpm, Arch and deb packages. */
#pragma once
#include "format/jail.h"
#include "model/package.h"

struct format_driver {
	const char *name;         /* "rpm" */
	const char *package_glob; /* files a build leaves behind */
	/* Once per process, before the others; NULL: nothing to do. */
	int (*init)(struct err *err);
	/* Order of two full versions of this format: <0, 0, >0. */
	int (*vercmp)(const char *a, const char *b);
	/* What a package file says of itself; a damaged file is ERR_BUILD. */
	int (*read)(const char *path, struct package *ret, struct err *err);
	/* What a source package needs to be built. */
	int (*build_requires)(const char *path, struct strv *ret, struct err *err);
	/* What the main packages of one build provide and require of others, and a hash of what
	 * they are but for version-release and times (rpm_learn.h). */
	int (*learn)(const struct strv *files, const struct format_jail *jail,
		struct strv *ret_provides, struct strv *ret_requires, char **ret_content,
		struct err *err);
};

/* NULL when there is no such driver. */
const struct format_driver *format_find(const char *name);
/* All drivers, NULL-terminated. */
const struct format_driver *const *format_all(void);
