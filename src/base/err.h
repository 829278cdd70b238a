/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * err.h - the one way to report failure (docs/dev/errors.md).
 *
 * A function that can fail takes a trailing `struct err *err`, returns >= 0 on success and the
 * negative code on failure, and leaves its ret_ parameters untouched on failure. The error is set
 * once where it happens and wrapped with what was being done on the way up.
 */
#pragma once
#include "base/base.h"

/* id, name, exit status of the command, HTTP status, worth a retry without a change */
#define ERR_LIST(X)                                                                                \
	X(ERR_OK, "ok", 0, 200, false)                                                             \
	X(ERR_USAGE, "usage", 2, 400, false)                                                       \
	X(ERR_NOT_FOUND, "not-found", 2, 404, false)                                               \
	X(ERR_CONFLICT, "conflict", 2, 409, false)                                                 \
	X(ERR_CONFIG, "config", 3, 422, false)                                                     \
	X(ERR_SOURCE, "source", 4, 422, false)                                                     \
	X(ERR_BUILD, "build", 4, 422, false)                                                       \
	X(ERR_NET, "network", 5, 502, true)                                                        \
	X(ERR_SYS, "system", 5, 500, true)                                                         \
	X(ERR_DENIED, "denied", 6, 403, false)                                                     \
	X(ERR_LOCKED, "locked", 7, 423, true)                                                      \
	X(ERR_TIMEOUT, "timeout", 11, 504, true)                                                   \
	X(ERR_CORRUPT, "corrupt", 1, 500, false)                                                   \
	X(ERR_BUG, "bug", 1, 500, false)                                                           \
	X(ERR_SIGNAL, "signal", 128, 503, true) /* .sys is the signal; exit 128+n */

enum err_code {
#define X(id, name, exit, http, retry) id,
	ERR_LIST(X)
#undef X
};

struct err {
	enum err_code code;
	int sys;   /* errno (or signal number) where it came from one, else 0 */
	char *msg; /* owned; outermost context first, strerror included */
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		.code = ERR_OK                                                                     \
	}
#define auto_err CLEANUP(err_clear)

/* Set the error; err may be NULL when the caller does not care. sys > 0 appends its strerror. */
int err_set_(struct err *e, enum err_code code, int sys, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Put context before the message: "context: message". Returns the negative code. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Move an error from one place to another, dropping what was there. */
int err_move(struct err *dst, struct err *src);
void err_clear(struct err *e);
const char *err_name(enum err_code c);
bool err_retryable(enum err_code c);
/* Exit status of a command that ends with this error (DESIGN: 0-7, 11, 128+n). */
int err_exit_status(const struct err *e);
int err_http_status(enum err_code c);
/* ENOENT is not-found, EACCES and EPERM are denied, all else is system. */
enum err_code err_code_of_errno(int sys);

/* The comma keeps "negative" visible to the compiler's flow analysis. */
#define err_set(e, code, ...) (err_set_((e), (code), 0, __VA_ARGS__), -(int)(code))
/* From errno: code by err_code_of_errno, text with strerror. */
#define err_errno(e, ...) err_sys_((e), errno, __VA_ARGS__)
int err_sys_(struct err *e, int sys, const char *fmt, ...) PRINTF_LIKE(3, 4);
