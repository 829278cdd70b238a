/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cause.h - why a build failed, in one line: the failing part and the most telling line of the log.
 * Only for people; whether a build is tried again is never decided by a log's text.
 */
#pragma once
#include "base/str.h"
#include "model/result.h"

struct cause {
	enum cause_kind kind; /* CAUSE_BUILD, CAUSE_TEST (%check), CAUSE_DEPENDENCY, CAUSE_SOURCE */
	char *step;           /* "%build", "%check", "files", ...; NULL unknown */
	char *message;        /* one line without control characters, at most 300 bytes */
	int64_t line;         /* of the log, from 1; 0 unknown */
};
void cause_release(struct cause *c);

/* Read the log of rpmbuild. Knows rpmbuild's own errors (BuildRequires by name, unpackaged or
 * missing files, the failed section) and what compilers, linkers, make, configure, cmake, meson,
 * Python and the usual test runners print. first_line is the number of the text's first line. */
void cause_find(const char *log, int64_t first_line, struct cause *ret);
