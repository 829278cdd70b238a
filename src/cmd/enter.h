/* SPDX-License-Identifier: GPL-3.0-or-later */
/* enter.h - a shell or one command in a root, for people: no time limit, the caller's terminal. */
#pragma once
#include "cmd/common.h"
#include "root/root.h"

struct enter_opts {
	const char *const *argv; /* the command; NULL: a login shell */
	const char *const *env;  /* NAME=VALUE more, or NULL */
	bool as_root;            /* not as the user builder */
	bool network;            /* that of this machine */
	/* Puts files into the sandbox before the command starts; may be NULL. */
	int (*fill)(void *ctx, struct sandbox *sb, struct err *err);
	void *ctx;
};

/* Run it in a fresh sandbox over the root, with its scratch below cache. The command's exit status
 * becomes that of packmill. */
int enter_root(struct root *root, const char *cache, const struct enter_opts *o, struct err *err);
