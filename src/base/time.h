/* SPDX-License-Identifier: GPL-3.0-or-later */
/* time.h - clocks and their text forms; all dates are UTC. */
#pragma once
#include "base/str.h"

uint64_t time_mono_ms(void); /* milliseconds of CLOCK_MONOTONIC */
double time_mono(void);      /* seconds of the same clock */
int64_t time_now(void);      /* seconds since 1970 */
/* YYYYmmddHHMMSS, 15 bytes with NUL; years outside 0-9999 are clamped. */
void time_compact(int64_t t, char ret[15]);
/* 2026-01-02T03:04:05Z, 21 bytes with NUL; clamped as above. */
void time_iso(int64_t t, char ret[21]);
/* "90s", "15m", "2h", "1d", "90" (seconds) -> seconds. False when it is something else. */
bool time_parse_duration(const char *s, uint64_t *ret_seconds);
/* "512M", "4G", "100k", "4096", with or without "iB" -> bytes, powers of 1024. */
bool size_parse(const char *s, uint64_t *ret_bytes);
/* 1.5 GiB and the like. */
void size_format(uint64_t bytes, char *buf, size_t n);
