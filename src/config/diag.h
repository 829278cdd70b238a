/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diag.h - what is wrong with a configuration, collected while everything is read, then sorted:
 * one line per problem, "file:line:column: text". Text from the files is shortened, not escaped;
 * who prints it escapes it.
 */
#pragma once
#include "base/str.h"
#include "base/vec.h"

#define DIAG_MAX 100 /* lines that are kept; one more says that there are others */

/* A file that was read. Nodes point to it, so it stays until the configuration is built. */
struct doc {
	char *shown; /* as the person named it */
	char *path;  /* absolute */
	char *dir;   /* of path: what relative paths start from */
	size_t index;
	unsigned mode;
	uint64_t dev, ino;
	struct node *root; /* NULL when it could not be read as YAML */
};

struct diag_line {
	size_t file, line, column;
	char *text; /* with the position */
};
VEC_TYPE(diag_lines, struct diag_line);

struct diag {
	struct diag_lines errors, warnings;
	size_t found; /* errors, those that are not kept included */
};

void diag_release(struct diag *d);
/* line 0: about the file as a whole. */
void diag_error(struct diag *d, const struct doc *doc, size_t line, size_t column, const char *fmt,
	...) PRINTF_LIKE(5, 6);
void diag_warn(struct diag *d, const struct doc *doc, size_t line, size_t column, const char *fmt,
	...) PRINTF_LIKE(5, 6);
/* Nothing more is kept: no need to look for the nearest key any more. */
bool diag_full(const struct diag *d);
/* Move the lines, sorted by file and place, to the end of the vector. */
void diag_take(struct diag_lines *lines, struct strv *ret);
/* 0, or -ERR_CONFIG with the first error and how many there are; moves the errors to ret. */
int diag_finish(struct diag *d, struct strv *ret_errors, struct err *err);
/* Text from a file between quotes, cut to a length fit for a message; good for a few calls. */
struct quoted {
	char s[72];
};
struct quoted diag_quote(const char *s);
#define Q(text) (diag_quote(text).s)
