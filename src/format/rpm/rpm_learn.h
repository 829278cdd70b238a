/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpm_learn.h - what the packages of one build are to others. Files are those of the main packages
 * (no debuginfo, no source package), checked by rpm_read before; nothing is verified again.
 */
#pragma once
#include "format/jail.h"

/*
 * ret_provides: as rpm prints them, and their paths in /usr/bin, /usr/sbin, /bin, /sbin and /etc.
 * ret_requires: what none of them provides, without rpmlib(...). Both sorted, each once.
 * ret_content: a hash of what an installation gets to see, see docs/dev/order.md: equal for a
 * rebuild that changed nothing but version-release and times. Without a jail, payloads are not
 * read and the digest of each file counts, as it does for files that cannot be read there.
 * ERR_BUILD: no readable package, more than LIMIT_DEPS dependencies.
 */
int rpm_learn(const struct strv *files, const struct format_jail *jail, struct strv *ret_provides,
	struct strv *ret_requires, char **ret_content, struct err *err);

/* Those of the paths that one of the packages has, added to ret_paths. */
int rpm_has_paths(const struct strv *files, const struct strv *paths, struct strv *ret_paths,
	struct err *err);
