/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format.h - package format drivers: what differs between rpm, Arch and deb packages. */
#pragma once
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
};

/* NULL when there is no such driver. */
const struct format_driver *format_find(const char *name);
/* All drivers, NULL-terminated. */
const struct format_driver *const *format_all(void);
