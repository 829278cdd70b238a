/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * runner.h - "run this argv in the root": how source/ and format/ get untrusted things parsed
 * without knowing the sandbox. build/ makes the real one; unit tests may bring a fake.
 */
#pragma once
#include "base/str.h"

struct runner_cmd {
	const char *const *argv;
	const char *const *env; /* NAME=VALUE added to the root's own; may be NULL */
	const char *cwd;        /* inside; NULL: the builder's home */
	const char *bind_src;   /* a host directory shown read-only inside, or NULL */
	const char *bind_dst;   /* where, e.g. "/in" */
	bool as_root;           /* root of the root; default is the unprivileged builder */
};

struct runner_result {
	int exit;          /* exit status, 128+n for signal n */
	const char *limit; /* the limit that ended it ("time", "memory", ...), static; NULL: none */
	double seconds;
};

struct runner {
	/* stdout into ret_out (capped; NULL: to the log), stderr to the log. A non-zero exit is
	 * not an error. */
	int (*run)(struct runner *r, const struct runner_cmd *cmd, struct strbuf *ret_out,
		struct runner_result *ret, struct err *err);
	void *ctx;
};
