/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"
#include "base/limits.h"
#include <time.h>

#define YEAR_0    (-INT64_C(62167219200)) /* 0000-01-01T00:00:00Z */
#define YEAR_9999 INT64_C(253402300799)   /* 9999-12-31T23:59:59Z */

uint64_t time_mono_ms(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

double time_mono(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int64_t time_now(void)
{
	return (int64_t)time(NULL);
}

/* gmtime fields as numbers for people, in the ranges that the output has room for. */
struct fields {
	unsigned year, mon, day, hour, min, sec;
};

static struct fields broken_down(int64_t t)
{
	time_t c = (time_t)(t < YEAR_0 ? YEAR_0 : t > YEAR_9999 ? YEAR_9999 : t);
	struct tm tm = {.tm_mday = 1, .tm_year = 70};

	(void)gmtime_r(&c, &tm);
	return (struct fields){
		.year = (unsigned)(tm.tm_year + 1900) % 10000,
		.mon = (unsigned)(tm.tm_mon + 1) % 100,
		.day = (unsigned)tm.tm_mday % 100,
		.hour = (unsigned)tm.tm_hour % 100,
		.min = (unsigned)tm.tm_min % 100,
		.sec = (unsigned)tm.tm_sec % 100,
	};
}

void time_compact(int64_t t, char ret[15])
{
	struct fields f = broken_down(t);

	(void)snprintf(
		ret, 15, "%04u%02u%02u%02u%02u%02u", f.year, f.mon, f.day, f.hour, f.min, f.sec);
}

void time_iso(int64_t t, char ret[21])
{
	struct fields f = broken_down(t);

	(void)snprintf(ret, 21, "%04u-%02u-%02uT%02u:%02u:%02uZ", f.year, f.mon, f.day, f.hour,
		f.min, f.sec);
}

/* The digits at the start of s; *end behind them. */
static bool leading_number(const char *s, uint64_t *ret, const char **end)
{
	size_t n = strspn(s, "0123456789");
	auto_free char *digits = xstrndup(s, n);

	*end = s + n;
	return str_u64(digits, ret);
}

bool time_parse_duration(const char *s, uint64_t *ret_seconds)
{
	static const struct {
		const char *unit;
		uint64_t seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	const char *end;
	uint64_t v, r;

	if (!leading_number(s, &v, &end))
		return false;
	for (size_t i = 0; i < COUNTOF(units); i++) {
		if (!str_eq(end, units[i].unit))
			continue;
		if (__builtin_mul_overflow(v, units[i].seconds, &r))
			return false;
		*ret_seconds = r;
		return true;
	}
	return false;
}

static unsigned unit_shift(char c)
{
	switch (c) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	case 't':
	case 'T':
		return 40;
	default:
		return 0;
	}
}

bool size_parse(const char *s, uint64_t *ret_bytes)
{
	unsigned shift;
	const char *end;
	uint64_t v;

	if (!leading_number(s, &v, &end))
		return false;
	shift = unit_shift(*end);
	if (shift)
		end++;
	if (*end && !(shift && str_eq(end, "iB")))
		return false;
	if (v > UINT64_MAX >> shift)
		return false;
	*ret_bytes = v << shift;
	return true;
}

void size_format(uint64_t bytes, char *buf, size_t n)
{
	static const char units[] = "KMGTPE";
	double v = (double)bytes / 1024;
	size_t u = 0;

	if (bytes < KIB) {
		(void)snprintf(buf, n, "%u B", (unsigned)bytes);
		return;
	}
	/* 1023.95 would be rounded to 1024.0 of the smaller unit */
	for (; v >= 1023.95 && units[u + 1]; u++)
		v /= 1024;
	(void)snprintf(buf, n, "%.1f %ciB", v, units[u]);
}
