/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"
#include <stdarg.h>

static const struct {
	const char *name;
	int exit, http;
	bool retry;
} table[] = {
#define X(id, name, exit, http, retry) [id] = {name, exit, http, retry},
	ERR_LIST(X)
#undef X
};

const char *err_name(enum err_code c)
{
	return table[c].name;
}

bool err_retryable(enum err_code c)
{
	return table[c].retry;
}

int err_http_status(enum err_code c)
{
	return table[c].http;
}

int err_exit_status(const struct err *e)
{
	return table[e->code].exit + (e->code == ERR_SIGNAL ? e->sys : 0);
}

enum err_code err_code_of_errno(int sys)
{
	switch (sys) {
	case ENOENT:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERR_DENIED;
	default:
		return ERR_SYS;
	}
}

PRINTF_LIKE(4, 0)
static int set_va(struct err *e, enum err_code code, int sys, const char *fmt, va_list ap)
{
	char *text = NULL, *full = NULL;

	if (!e)
		return -(int)code;
	/* the arguments may point into the old message: format before freeing it */
	if (vasprintf(&text, fmt, ap) < 0)
		oom_(__FILE__, __LINE__);
	if (sys > 0 && code != ERR_SIGNAL) {
		if (asprintf(&full, "%s: %s", text, strerror(sys)) < 0)
			oom_(__FILE__, __LINE__);
		free(text);
		text = full;
	}
	free(e->msg);
	*e = (struct err){.code = code, .sys = sys, .msg = text};
	return -(int)code;
}

int err_set_(struct err *e, enum err_code code, int sys, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_va(e, code, sys, fmt, ap);
	va_end(ap);
	return -(int)code;
}

int err_sys_(struct err *e, int sys, const char *fmt, ...)
{
	enum err_code code = err_code_of_errno(sys);
	va_list ap;

	va_start(ap, fmt);
	set_va(e, code, sys, fmt, ap);
	va_end(ap);
	return -(int)code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	auto_free char *ctx = NULL;
	char *joined = NULL;
	va_list ap;

	if (!e)
		return -ERR_BUG;
	va_start(ap, fmt);
	if (vasprintf(&ctx, fmt, ap) < 0)
		oom_(__FILE__, __LINE__);
	va_end(ap);
	if (asprintf(&joined, "%s: %s", ctx, e->msg ? e->msg : "?") < 0)
		oom_(__FILE__, __LINE__);
	free(e->msg);
	e->msg = joined;
	return -(int)e->code;
}

int err_move(struct err *dst, struct err *src)
{
	int code = -(int)src->code;

	if (!dst)
		return code;
	err_clear(dst);
	*dst = *src;
	*src = (struct err)ERR_INIT;
	return code;
}

void err_clear(struct err *e)
{
	free(e->msg);
	*e = (struct err)ERR_INIT;
}
