/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"
#include "base/limits.h"
#include "base/text.h"
#include <stdarg.h>

static enum log_level level = LOG_NORMAL;

static void (*around[2])(void);

void log_around(void (*before)(void), void (*after)(void))
{
	around[0] = before;
	around[1] = after;
}

void log_set_level(enum log_level l)
{
	level = l;
}

enum log_level log_get_level(void)
{
	return level;
}

/* One write for the whole line, so that lines of several processes do not mix. */
PRINTF_LIKE(3, 0)
static void say(const char *prefix, size_t longest, const char *fmt, va_list ap)
{
	auto_strbuf struct strbuf line = STRBUF_INIT, clean = STRBUF_INIT;
	auto_free char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		oom_(__FILE__, __LINE__);
	sb_add(&line, prefix);
	text_term(&clean, text, 0);
	text_short_words(&line, sb_str(&clean), longest);
	sb_addc(&line, '\n');
	if (around[0])
		around[0]();
	(void)fwrite(line.s, 1, line.n, stderr);
	if (around[1])
		around[1]();
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("packmill: ", LIMIT_WORD_SHOWN, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("packmill: warning: ", LIMIT_WORD_SHOWN, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	if (level < LOG_NORMAL)
		return;
	va_start(ap, fmt);
	say("", SIZE_MAX, fmt, ap);
	va_end(ap);
}

void log_verbose(const char *fmt, ...)
{
	va_list ap;

	if (level < LOG_VERBOSE)
		return;
	va_start(ap, fmt);
	say("", SIZE_MAX, fmt, ap);
	va_end(ap);
}

bool trace_on(const char *area)
{
	const char *s = getenv("PACKMILL_TRACE");
	size_t len = strlen(area);

	while (s && *s) {
		size_t n = strcspn(s, ",");

		if ((n == len && memcmp(s, area, n) == 0) || (n == 3 && memcmp(s, "all", 3) == 0))
			return true;
		s += n + (s[n] == ',');
	}
	return false;
}

void trace(const char *area, const char *fmt, ...)
{
	auto_free char *prefix = NULL;
	va_list ap;

	if (!trace_on(area))
		return;
	prefix = xasprintf("trace: %s: ", area);
	va_start(ap, fmt);
	say(prefix, SIZE_MAX, fmt, ap);
	va_end(ap);
}
