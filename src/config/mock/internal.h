/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - what the parts of the reader of mock's configurations share. */
#pragma once
#include "base/vec.h"
#include "config/mock/mock.h"

#define MOCK_DEPTH  24            /* of nested expressions, blocks and templates */
#define MOCK_FILE   (1024 * 1024) /* bytes of one file, and of one text */
#define MOCK_TOTAL  (8 * 1024 * 1024)
#define MOCK_VALUES 100000 /* values made while reading */
#define MOCK_LEFT   2000   /* lines of what was left */

/* Text that knows which line of which file each part of it came from. */
struct mark {
	size_t at;
	unsigned file, line;
};
struct mtext {
	struct strbuf b;
	VEC(struct mark) marks; /* by at */
};

enum mkind { M_NONE, M_BOOL, M_INT, M_TEXT, M_LIST, M_DICT, M_UNDEFINED };

struct mval {
	enum mkind kind;
	int64_t i; /* and of M_BOOL */
	struct mtext text;
	VEC(struct mval *) items; /* M_LIST, or the values of M_DICT */
	struct strv keys;
	unsigned file, line; /* where it was set */
	bool used;
};

struct mock_left {
	unsigned file, line;
	size_t order;
	char *text;
};

struct mock {
	const struct config_input *input;
	char *dir;         /* of the first file, absolute */
	struct strv files; /* as shown; marks count into it */
	struct strv open;  /* real paths of the files being read, the innermost last */
	struct mval *opts;
	VEC(struct mock_left) left;
	size_t values, bytes; /* made so far */
};

/* Values. Functions that make text or values beyond the caps return NULL or false. */
void mtext_release(struct mtext *t);
void mtext_add(struct mtext *t, const char *s, size_t n, unsigned file, unsigned line);
/* Part of another text, with its marks. */
void mtext_add_part(struct mtext *t, const struct mtext *from, size_t at, size_t n);
struct mark mtext_where(const struct mtext *t, size_t at);
void mval_free(struct mval *v);
DEFINE_CLEANUP(struct mval *, mval_free)
struct mval *mval_new(struct mock *m, enum mkind kind);
struct mval *mval_copy(struct mock *m, const struct mval *v);
struct mval *mval_text(struct mock *m, const char *s, unsigned file, unsigned line);
const char *mval_str(const struct mval *v); /* "" unless M_TEXT */
bool mval_true(const struct mval *v);
bool mval_equal(const struct mval *a, const struct mval *b);
struct mval *mval_get(const struct mval *dict, const char *key);
void mval_set(struct mval *dict, const char *key, struct mval *v); /* takes v */
/* One more piece of text was made; false beyond the cap. */
bool mock_spend(struct mock *m, size_t bytes);

/* "FILE:LINE: 'what': why"; what is cut for the message. */
void mock_leave(struct mock *m, unsigned file, unsigned line, const char *what, const char *fmt,
	...) PRINTF_LIKE(5, 6);

/* Tokens of Python and of Jinja's expressions. */
enum ttype { T_END, T_NEWLINE, T_NAME, T_TEXT, T_INT, T_OP, T_BAD };
struct lex {
	struct mock *m;
	const char *p, *end;
	unsigned file, line;
	unsigned brackets, depth;
	bool jinja;
	bool fresh; /* at the beginning of a line */
	/* the current token */
	enum ttype type;
	const char *s;
	size_t n;
	unsigned tline;
	bool indented; /* the line of the token begins with blanks */
	struct mtext text;
	int64_t i;
	const char *why; /* T_BAD, or why an expression is not understood; static */
};
void lex_init(struct lex *l, struct mock *m, const char *s, size_t n, unsigned file, unsigned line,
	bool jinja);
void lex_release(struct lex *l);
void lex_next(struct lex *l);
bool lex_is(const struct lex *l, const char *word); /* a name or an operator */
bool lex_take(struct lex *l, const char *word);
void lex_skip_line(struct lex *l); /* to the end of the statement */

/* The value of the expression at l; NULL and l->why when it is not understood. */
struct mval *mock_expr(struct lex *l);
/* A name in a template, its own template filled in; NULL: there is none. */
struct mval *mock_name(struct mock *m, const char *name, unsigned depth);

/* What m holds; m itself is the caller's. */
void mock_free(struct mock *m);
/* Read a file and all it includes into m->opts. */
int mock_read(struct mock *m, const char *path, struct err *err);
/* Fill in a template; what is not understood is left and comes out empty. */
void mock_render(struct mock *m, const struct mtext *t, unsigned depth, struct mtext *out);

struct ini_entry {
	char *key, *value;
	unsigned file, line;
};
struct ini_section {
	char *name;
	VEC(struct ini_entry) entries;
	unsigned file, line;
};
VEC_TYPE(ini, struct ini_section);
void ini_release(struct ini *ini);
void mock_ini(struct mock *m, const struct mtext *t, struct ini *ret);
const struct ini_entry *ini_get(const struct ini_section *s, const char *key);

/* What was read as a target; what could not be is left. */
struct target *mock_target(struct mock *m, const char *fallback_name, struct strv *ret_comments);
/* [main] and the repositories. */
void mock_repos(struct mock *m, const struct mtext *conf, struct target *t);
/* One line of text without control characters: fit for a value of a target file. */
bool mock_is_plain(const char *s);
/* on/off words of dnf: 1, 0, -1 for something else. */
int mock_bool(const char *s);
