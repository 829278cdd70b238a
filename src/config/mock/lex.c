/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lex.c - tokens. Python and Jinja agree on almost all of them; one scanner keeps them agreeing. */
#include "config/mock/internal.h"

void lex_init(struct lex *l, struct mock *m, const char *s, size_t n, unsigned file, unsigned line,
	bool jinja)
{
	*l = (struct lex){.m = m, .p = s, .end = s + n, .file = file, .line = line, .jinja = jinja};
	l->fresh = true;
	lex_next(l);
}

void lex_release(struct lex *l)
{
	mtext_release(&l->text);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void bad(struct lex *l, const char *why)
{
	l->type = T_BAD;
	l->why = why;
}

/* After a backslash; the characters Python knows, all else stays as it is written. */
static void escape(struct lex *l)
{
	static const char from[] = "\\'\"ntrabfv", to[] = "\\'\"\n\t\r\a\b\f\v";
	const char *hit;
	char c = *l->p;

	if (c == '\n') {
		l->p++;
		l->line++;
		return;
	}
	hit = c ? strchr(from, c) : NULL;
	if (hit) {
		sb_addc(&l->text.b, to[hit - from]);
		l->p++;
		return;
	}
	sb_addc(&l->text.b, '\\');
}

static void lex_text(struct lex *l, bool raw)
{
	char quote = *l->p;
	bool triple = l->end - l->p >= 3 && l->p[1] == quote && l->p[2] == quote;

	mtext_release(&l->text);
	l->p += triple ? 3 : 1;
	mtext_add(&l->text, "", 0, l->file, l->line);
	l->type = T_TEXT;
	while (l->p < l->end) {
		char c = *l->p;

		if (c == quote &&
			(!triple || (l->end - l->p >= 3 && l->p[1] == quote && l->p[2] == quote))) {
			l->p += triple ? 3 : 1;
			if (l->text.b.n > MOCK_FILE || !mock_spend(l->m, l->text.b.n))
				bad(l, "too much text");
			return;
		}
		if (c == '\n' && !triple)
			break;
		l->p++;
		if (c == '\\' && l->p < l->end && !raw) {
			escape(l);
			continue;
		}
		sb_addc(&l->text.b, c);
		if (c == '\\' && l->p < l->end && *l->p != '\n')
			sb_addc(&l->text.b, *l->p++);
		if (c == '\n')
			*vec_push(&l->text.marks) = (struct mark){l->text.b.n, l->file, ++l->line};
	}
	bad(l, "the text does not end");
}

/* Blanks, comments and joined lines before the next token; true: a line ended here. */
static bool skip_blanks(struct lex *l)
{
	while (l->p < l->end) {
		char c = *l->p;

		if (c == '#' && !l->jinja) {
			while (l->p < l->end && *l->p != '\n')
				l->p++;
		} else if (c == '\\' && l->p + 1 < l->end && l->p[1] == '\n') {
			l->p += 2;
			l->line++;
		} else if (c == '\n') {
			l->p++;
			l->line++;
			if (!l->jinja && !l->brackets) {
				l->fresh = true;
				return true;
			}
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\f') {
			l->p++;
		} else {
			break;
		}
	}
	return false;
}

static void lex_number(struct lex *l)
{
	auto_free char *s = NULL;
	uint64_t v;

	while (l->p < l->end && (is_digit(*l->p) || is_letter(*l->p) || *l->p == '.'))
		l->p++;
	s = xstrndup(l->s, (size_t)(l->p - l->s));
	l->type = T_INT;
	if (!str_u64(s, &v) || v > INT32_MAX)
		bad(l, "such numbers are not understood");
	l->i = l->type == T_INT ? (int64_t)v : 0;
}

static void lex_name(struct lex *l)
{
	bool raw = false, formatted = false;

	while (l->p < l->end && (is_letter(*l->p) || is_digit(*l->p)))
		l->p++;
	l->n = (size_t)(l->p - l->s);
	l->type = T_NAME;
	if (l->p == l->end || (*l->p != '\'' && *l->p != '"') || l->n > 2 || l->jinja)
		return;
	for (size_t i = 0; i < l->n; i++) {
		raw = raw || l->s[i] == 'r' || l->s[i] == 'R';
		formatted = formatted || l->s[i] == 'f' || l->s[i] == 'F';
		if (!strchr("rRuUbBfF", l->s[i]))
			return;
	}
	lex_text(l, raw);
	if (formatted && l->type == T_TEXT)
		bad(l, "f-strings are not evaluated");
}

static void lex_op(struct lex *l)
{
	static const char *const pairs[] = {"==", "!=", "<=", ">=", "+=", "-=", "**", "//", "->"};

	l->type = T_OP;
	l->p++;
	for (size_t i = 0; l->p < l->end && i < COUNTOF(pairs); i++)
		if (*l->s == pairs[i][0] && *l->p == pairs[i][1]) {
			l->p++;
			break;
		}
	l->n = (size_t)(l->p - l->s);
	if (strchr("([{", *l->s))
		l->brackets++;
	else if (strchr(")]}", *l->s) && l->brackets)
		l->brackets--;
}

void lex_next(struct lex *l)
{
	bool fresh = l->fresh;
	const char *before = l->p;

	l->why = NULL;
	l->n = 0;
	l->tline = l->line;
	l->s = l->p;
	if (skip_blanks(l)) {
		l->type = T_NEWLINE;
		return;
	}
	if (fresh)
		l->indented = l->p > before && (l->p[-1] == ' ' || l->p[-1] == '\t');
	l->fresh = false;
	l->tline = l->line;
	l->s = l->p;
	if (l->p >= l->end)
		l->type = T_END;
	else if (*l->p == '\'' || *l->p == '"')
		lex_text(l, false);
	else if (is_letter(*l->p))
		lex_name(l);
	else if (is_digit(*l->p))
		lex_number(l);
	else
		lex_op(l);
}

bool lex_is(const struct lex *l, const char *word)
{
	return (l->type == T_NAME || l->type == T_OP) && l->n == strlen(word) &&
	       memcmp(l->s, word, l->n) == 0;
}

bool lex_take(struct lex *l, const char *word)
{
	if (!lex_is(l, word))
		return false;
	lex_next(l);
	return true;
}

void lex_skip_line(struct lex *l)
{
	while (l->type != T_NEWLINE && l->type != T_END)
		lex_next(l);
	l->brackets = 0;
}
