/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spec_lex.h - a spec as rpm's reader sees it: logical lines and sections, nothing expanded.
 * Inside source/ only. Follows copyNextLine and isPart of rpm 4.15 and later, tried with 4.18:
 * a line goes on while %{ %( %[ are open or after a backslash; comments never go on; a tag or a
 * section starts in the first column.
 */
#pragma once
#include "base/str.h"

enum spec_part { SPEC_PREAMBLE, SPEC_CHANGELOG, SPEC_SOURCELIST, SPEC_PREP, SPEC_OTHER };

struct spec_line {
	size_t start;        /* first byte */
	size_t end;          /* behind the last byte, without the line end */
	size_t next;         /* first byte of the next line */
	enum spec_part part; /* a line that starts a section belongs to it */
	bool starts_part;
	unsigned depth; /* open %if before this line */
	char directive; /* 'i' %if..., 'e' %else and %elif, 'n' %endif, 0 else */
};

struct spec_lex {
	const char *s;
	size_t n, at;
	enum spec_part part;
	unsigned depth;
};

void spec_lex_init(struct spec_lex *lx, const char *text);
/* The next logical line; false at the end. */
bool spec_lex_next(struct spec_lex *lx, struct spec_line *ret);
/* Whether the line is the tag (without case, `Tag :`); *ret_value is where its value starts. */
bool spec_line_tag(
	const struct spec_lex *lx, const struct spec_line *l, const char *tag, size_t *ret_value);
/* The number of a Source line: n, -1 when it has none of its own, -2 when it is no Source. */
int spec_line_source(const struct spec_lex *lx, const struct spec_line *l, size_t *ret_value);
/* Whether the line is `%global name` or `%define name` for a macro without parameters. */
bool spec_line_global(const struct spec_lex *lx, const struct spec_line *l, const char *name);
