/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spec_lex.c - logical lines and sections of a spec. */
#include "source/spec_lex.h"
#include <strings.h>

#define MAX_SOURCE_NUMBER 100000

/* What isPart() of rpm knows, up to 4.20; each ends with white space or the line. */
static const struct {
	const char *name;
	enum spec_part part;
} parts[] = {
	{"%package", SPEC_OTHER},
	{"%prep", SPEC_PREP},
	{"%conf", SPEC_OTHER},
	{"%generate_buildrequires", SPEC_OTHER},
	{"%build", SPEC_OTHER},
	{"%install", SPEC_OTHER},
	{"%check", SPEC_OTHER},
	{"%clean", SPEC_OTHER},
	{"%pre", SPEC_OTHER},
	{"%post", SPEC_OTHER},
	{"%preun", SPEC_OTHER},
	{"%postun", SPEC_OTHER},
	{"%pretrans", SPEC_OTHER},
	{"%posttrans", SPEC_OTHER},
	{"%preuntrans", SPEC_OTHER},
	{"%postuntrans", SPEC_OTHER},
	{"%files", SPEC_OTHER},
	{"%changelog", SPEC_CHANGELOG},
	{"%description", SPEC_OTHER},
	{"%trigger", SPEC_OTHER},
	{"%triggerin", SPEC_OTHER},
	{"%triggerun", SPEC_OTHER},
	{"%triggerprein", SPEC_OTHER},
	{"%triggerpostun", SPEC_OTHER},
	{"%filetriggerin", SPEC_OTHER},
	{"%filetrigger", SPEC_OTHER},
	{"%filetriggerun", SPEC_OTHER},
	{"%filetriggerpostun", SPEC_OTHER},
	{"%transfiletriggerin", SPEC_OTHER},
	{"%transfiletrigger", SPEC_OTHER},
	{"%transfiletriggerun", SPEC_OTHER},
	{"%transfiletriggerpostun", SPEC_OTHER},
	{"%verifyscript", SPEC_OTHER},
	{"%sepolicy", SPEC_OTHER},
	{"%sourcelist", SPEC_SOURCELIST},
	{"%patchlist", SPEC_OTHER},
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void spec_lex_init(struct spec_lex *lx, const char *text)
{
	*lx = (struct spec_lex){.s = text, .n = strlen(text), .part = SPEC_PREAMBLE};
}

/* What is open at the end of what was read so far. */
struct nesting {
	unsigned brace, paren, square;
	bool backslash; /* the last line end was escaped */
};

/* One physical line with its line end; true when the logical line goes on. */
static bool scan(struct nesting *o, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i], next = i + 1 < n ? s[i + 1] : '\0';

		switch (c) {
		case '\\':
			o->backslash = next == '\n' || o->backslash;
			i += next != '\0';
			break;
		case '\n':
			o->backslash = false;
			break;
		case '%':
			o->brace += next == '{';
			o->paren += next == '(';
			o->square += next == '[';
			i += next == '{' || next == '(' || next == '[' || next == '%';
			break;
		case '{':
			o->brace += o->brace > 0;
			break;
		case '}':
			o->brace -= o->brace > 0;
			break;
		case '(':
			o->paren += o->paren > 0;
			break;
		case ')':
			o->paren -= o->paren > 0;
			break;
		case '[':
			o->square += o->square > 0;
			break;
		case ']':
			o->square -= o->square > 0;
			break;
		default:
			break;
		}
	}
	return o->brace || o->paren || o->square || o->backslash;
}

static size_t physical_end(const struct spec_lex *lx, size_t at)
{
	const char *nl = memchr(lx->s + at, '\n', lx->n - at);

	return nl ? (size_t)(nl - lx->s) + 1 : lx->n;
}

static bool is_comment(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && is_space(s[i]))
		i++;
	return (i < n && s[i] == '#') || (n - i >= 4 && strncmp(s + i, "%dnl", 4) == 0);
}

/*
 * Where the logical line that starts at `at` ends. rpm expands what it joined and splits it at the
 * line ends again: so a backslash joins the lines of a macro definition or of a conditional, which
 * start with %, while below `Summary: a \` stands an ordinary line.
 */
static size_t logical_end(const struct spec_lex *lx, size_t at)
{
	size_t next = physical_end(lx, at), i = at;
	struct nesting o = {0};
	bool joins;

	while (i < next && is_space(lx->s[i]))
		i++;
	joins = i < next && lx->s[i] == '%';
	if (is_comment(lx->s + at, next - at))
		return next;
	for (size_t from = at; scan(&o, lx->s + from, next - from) && next < lx->n;) {
		if (!joins && !o.brace && !o.paren && !o.square)
			break;
		from = next;
		next = physical_end(lx, next);
	}
	return next;
}

static bool starts_word(const char *s, size_t n, const char *word)
{
	size_t len = strlen(word);

	return n >= len && strncasecmp(s, word, len) == 0 && (n == len || is_space(s[len]));
}

static bool find_part(const char *s, size_t n, enum spec_part *ret)
{
	for (size_t i = 0; n && *s == '%' && i < COUNTOF(parts); i++) {
		if (starts_word(s, n, parts[i].name)) {
			*ret = parts[i].part;
			return true;
		}
	}
	return false;
}

static char directive(const char *s, size_t n)
{
	static const struct {
		const char *name;
		char kind;
	} all[] = {{"%if", 'i'}, {"%ifarch", 'i'}, {"%ifnarch", 'i'}, {"%ifos", 'i'},
		{"%ifnos", 'i'}, {"%else", 'e'}, {"%elif", 'e'}, {"%elifarch", 'e'},
		{"%elifos", 'e'}, {"%endif", 'n'}};
	size_t i = 0, end;

	while (i < n && is_space(s[i]))
		i++;
	end = i + 1;
	while (end < n && s[end] >= 'a' && s[end] <= 'z')
		end++;
	for (size_t k = 0; i < n && k < COUNTOF(all); k++) {
		if (end - i == strlen(all[k].name) && strncmp(s + i, all[k].name, end - i) == 0)
			return all[k].kind;
	}
	return 0;
}

bool spec_lex_next(struct spec_lex *lx, struct spec_line *ret)
{
	size_t start = lx->at, next, end;
	bool starts;
	char kind;

	if (start >= lx->n)
		return false;
	next = end = logical_end(lx, start);
	if (end > start && lx->s[end - 1] == '\n')
		end--;
	if (end > start && lx->s[end - 1] == '\r')
		end--;
	starts = find_part(lx->s + start, end - start, &lx->part);
	kind = directive(lx->s + start, end - start);
	*ret = (struct spec_line){.start = start,
		.end = end,
		.next = next,
		.part = lx->part,
		.starts_part = starts,
		.depth = lx->depth,
		.directive = kind};
	if (kind == 'i')
		lx->depth++;
	else if (kind == 'n' && lx->depth)
		lx->depth--;
	lx->at = next;
	return true;
}

/* Behind the colon and the white space after it. */
static bool value_at(const struct spec_lex *lx, const struct spec_line *l, size_t i, size_t *ret)
{
	while (i < l->end && is_space(lx->s[i]))
		i++;
	if (i >= l->end || lx->s[i] != ':')
		return false;
	for (i++; i < l->end && is_space(lx->s[i]);)
		i++;
	*ret = i;
	return true;
}

bool spec_line_tag(
	const struct spec_lex *lx, const struct spec_line *l, const char *tag, size_t *ret_value)
{
	size_t n = strlen(tag);

	if (l->end - l->start < n || strncasecmp(lx->s + l->start, tag, n) != 0)
		return false;
	return value_at(lx, l, l->start + n, ret_value);
}

int spec_line_source(const struct spec_lex *lx, const struct spec_line *l, size_t *ret_value)
{
	size_t i = l->start + strlen("source"), digits = i;
	int number = 0;

	if (i > l->end || strncasecmp(lx->s + l->start, "source", strlen("source")) != 0)
		return -2;
	for (; i < l->end && lx->s[i] >= '0' && lx->s[i] <= '9'; i++) {
		if (number < MAX_SOURCE_NUMBER)
			number = number * 10 + (lx->s[i] - '0');
	}
	if (!value_at(lx, l, i, ret_value))
		return -2;
	return i == digits ? -1 : number;
}

bool spec_line_global(const struct spec_lex *lx, const struct spec_line *l, const char *name)
{
	size_t i = l->start, n = strlen(name);

	while (i < l->end && is_space(lx->s[i]))
		i++;
	if (l->end - i > 8 &&
		(strncmp(lx->s + i, "%global", 7) == 0 || strncmp(lx->s + i, "%define", 7) == 0))
		i += 7;
	else
		return false;
	if (!is_blank(lx->s[i]))
		return false;
	while (i < l->end && is_blank(lx->s[i]))
		i++;
	return l->end - i > n && strncmp(lx->s + i, name, n) == 0 && is_blank(lx->s[i + n]);
}
