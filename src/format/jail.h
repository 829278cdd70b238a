/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jail.h - where the packed files of a package may be read: its maker is a stranger. */
#pragma once
#include "base/str.h"

struct format_jail {
	/* Has a child of this process run fn and adds what that wrote to out_fd to ret_out. `file`
	 * is for what is said of a failure, here or by the caller. */
	int (*run)(void *ctx, const char *file, int (*fn)(void *arg, int out_fd), void *arg,
		struct strbuf *ret_out, struct err *err);
	/* Called by fn when it has opened all and before it looks at foreign bytes. */
	int (*confine)(void *ctx, struct err *err);
	void *ctx;
};
