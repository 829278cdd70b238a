/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format.c - the table of format drivers. */
#include "format/format.h"
#include "base/str.h"
#include "format/rpm/rpm.h"

static const struct format_driver format_rpm = {
	.name = "rpm",
	.package_glob = "*.rpm",
	.init = rpm_init,
	.vercmp = rpm_evr_cmp,
	.read = rpm_read,
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
