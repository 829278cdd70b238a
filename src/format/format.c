/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format.c - the table of format drivers. */
#include "format/format.h"
#include "base/str.h"
#include "format/rpm/rpm.h"
#include "format/rpm/rpm_learn.h"

static const struct format_driver format_rpm = {
	.name = "rpm",
	.package_glob = "*.rpm",
	.init = rpm_init,
	.vercmp = rpm_evr_cmp,
	.read = rpm_read,
	.build_requires = rpm_build_requires,
	.learn = rpm_learn,
};

static const struct format_driver *const drivers[] = {&format_rpm, NULL};

const struct format_driver *const *format_all(void)
{
	return drivers;
}

const struct format_driver *format_find(const char *name)
{
	for (size_t i = 0; drivers[i]; i++) {
		if (str_eq(drivers[i]->name, name))
			return drivers[i];
	}
	return NULL;
}
