/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expr.c - literals, names, + and comparisons, of Python and Jinja alike. */
#include "config/mock/internal.h"

static struct mval *expr_or(struct lex *l);

static struct mval *fail(struct lex *l, const char *why)
{
	if (!l->why)
		l->why = why;
	return NULL;
}

static struct mval *make(struct lex *l, enum mkind kind, int64_t i)
{
	struct mval *v = mval_new(l->m, kind);

	if (!v)
		return fail(l, "too many values");
	v->i = i;
	v->file = l->file;
	v->line = l->tline;
	return v;
}

static struct mval *expr_text(struct lex *l)
{
	CLEANUP(mval_freep) struct mval *v = make(l, M_TEXT, 0);

	for (; v && l->type == T_TEXT; lex_next(l)) {
		if (v->text.b.n + l->text.b.n > MOCK_FILE)
			return fail(l, "too much text");
		mtext_add_part(&v->text, &l->text, 0, l->text.b.n);
	}
	if (v && !v->text.marks.n)
		mtext_add(&v->text, "", 0, l->file, l->tline);
	return l->type == T_BAD ? NULL : TAKE(v);
}

/* [a, b] or (a, b); (a) is a itself. */
static struct mval *expr_list(struct lex *l, const char *close)
{
	CLEANUP(mval_freep) struct mval *v = make(l, M_LIST, 0);
	bool comma = false;

	while (v && !lex_is(l, close)) {
		struct mval *item = mock_expr(l);

		if (!item)
			return NULL;
		*vec_push(&v->items) = item;
		if (!lex_take(l, ","))
			break;
		comma = true;
	}
	if (!v || !lex_take(l, close))
		return fail(l, "such an expression is not understood");
	if (*close == ')' && v->items.n == 1 && !comma) {
		v->items.n = 0;
		return v->items.v[0];
	}
	return TAKE(v);
}

static struct mval *expr_dict(struct lex *l)
{
	CLEANUP(mval_freep) struct mval *v = make(l, M_DICT, 0);

	while (v && !lex_is(l, "}")) {
		CLEANUP(mval_freep) struct mval *key = mock_expr(l);
		struct mval *value;

		if (!key || key->kind != M_TEXT || !lex_take(l, ":"))
			return fail(l, "such a dictionary is not understood");
		value = mock_expr(l);
		if (!value)
			return NULL;
		mval_set(v, mval_str(key), value);
		if (!lex_take(l, ","))
			break;
	}
	if (!v || !lex_take(l, "}"))
		return fail(l, "such a dictionary is not understood");
	return TAKE(v);
}

static struct mval *element(struct lex *l, const struct mval *v, const struct mval *key)
{
	const struct mval *hit = NULL;

	if (v->kind == M_DICT && key->kind == M_TEXT)
		hit = mval_get(v, mval_str(key));
	else if (v->kind == M_LIST && key->kind == M_INT && key->i >= 0 &&
		 (size_t)key->i < v->items.n)
		hit = v->items.v[key->i];
	if (hit)
		return mval_copy(l->m, hit) ?: fail(l, "too many values");
	return l->jinja ? make(l, M_UNDEFINED, 0) : fail(l, "no file sets that");
}

/* What was set before, as it was written: templates are filled in at the end. */
static struct mval *option(struct lex *l)
{
	CLEANUP(mval_freep) struct mval *key = NULL;

	if (!lex_take(l, "["))
		return fail(l, "methods are not evaluated");
	key = mock_expr(l);
	if (!key || !lex_take(l, "]"))
		return fail(l, "such an expression is not understood");
	return element(l, l->m->opts, key);
}

static struct mval *expr_name(struct lex *l)
{
	auto_free char *name = xstrndup(l->s, l->n);
	struct mval *v;

	lex_next(l);
	if (str_eq(name, "True") || str_eq(name, "true"))
		return make(l, M_BOOL, 1);
	if (str_eq(name, "False") || str_eq(name, "false"))
		return make(l, M_BOOL, 0);
	if (str_eq(name, "None") || str_eq(name, "none"))
		return make(l, M_NONE, 0);
	if (l->jinja) {
		if (lex_is(l, "("))
			return fail(l, "functions and macros are not evaluated");
		v = mock_name(l->m, name, l->depth + 1);
		return v ?: make(l, M_UNDEFINED, 0);
	}
	if (!str_eq(name, "config_opts"))
		return fail(l, "only literal values and config_opts[...] are understood");
	return option(l);
}

static struct mval *expr_atom(struct lex *l)
{
	int64_t i = l->i;

	if (l->type == T_TEXT)
		return expr_text(l);
	if (l->type == T_INT) {
		lex_next(l);
		return make(l, M_INT, i);
	}
	if (lex_take(l, "["))
		return expr_list(l, "]");
	if (lex_take(l, "("))
		return expr_list(l, ")");
	if (lex_take(l, "{"))
		return expr_dict(l);
	if (l->type == T_NAME)
		return expr_name(l);
	return fail(l, "such an expression is not understood");
}

static struct mval *filter(struct lex *l, struct mval *v)
{
	CLEANUP(mval_freep) struct mval *arg = NULL;
	const char *s = mval_str(v);
	uint64_t n;

	if (lex_take(l, "int"))
		return make(l, M_INT, v->kind == M_TEXT && str_u64(s, &n) ? (int64_t)n : v->i);
	if (lex_take(l, "string"))
		return mval_copy(l->m, v);
	if (!lex_take(l, "default") || !lex_take(l, "("))
		return fail(l, "this filter is not evaluated");
	arg = mock_expr(l);
	if (!arg || !lex_take(l, ")"))
		return fail(l, "this filter is not evaluated");
	return v->kind == M_UNDEFINED ? TAKE(arg) : mval_copy(l->m, v);
}

static struct mval *expr_postfix(struct lex *l)
{
	CLEANUP(mval_freep) struct mval *v = expr_atom(l);

	while (v) {
		CLEANUP(mval_freep) struct mval *key = NULL;
		struct mval *next;

		if (lex_take(l, "[")) {
			key = mock_expr(l);
			if (!key || !lex_take(l, "]"))
				return fail(l, "such an expression is not understood");
			next = element(l, v, key);
		} else if (l->jinja && lex_take(l, "|")) {
			next = filter(l, v);
		} else if (lex_is(l, ".")) {
			return fail(l, "methods are not evaluated");
		} else {
			break;
		}
		mval_free(v);
		v = next;
	}
	return TAKE(v);
}

static struct mval *add(struct lex *l, struct mval *a, struct mval *b)
{
	if (a->kind == M_INT && b->kind == M_INT)
		return make(l, M_INT, a->i + b->i);
	if (a->kind != b->kind || (a->kind != M_TEXT && a->kind != M_LIST))
		return fail(l, "these cannot be added");
	if (a->text.b.n + b->text.b.n > MOCK_FILE || !mock_spend(l->m, a->text.b.n + b->text.b.n))
		return fail(l, "too much text");
	a = mval_copy(l->m, a);
	if (!a)
		return fail(l, "too many values");
	mtext_add_part(&a->text, &b->text, 0, b->text.b.n);
	vec_foreach (&b->items, item) {
		*vec_push(&a->items) = *item;
		*item = NULL;
	}
	b->items.n = 0;
	return a;
}

static struct mval *expr_sum(struct lex *l)
{
	CLEANUP(mval_freep) struct mval *a = expr_postfix(l);

	while (a && (lex_is(l, "+") || lex_is(l, "-"))) {
		bool minus = lex_is(l, "-");
		CLEANUP(mval_freep) struct mval *b = NULL;
		struct mval *sum;

		lex_next(l);
		b = expr_postfix(l);
		if (!b)
			return NULL;
		if (minus && (a->kind != M_INT || b->kind != M_INT))
			return fail(l, "these cannot be subtracted");
		if (minus)
			b->i = -b->i;
		sum = add(l, a, b);
		mval_free(a);
		a = sum;
	}
	return TAKE(a);
}

static int is_in(const struct mval *a, const struct mval *b)
{
	if (b->kind == M_TEXT && a->kind == M_TEXT)
		return strstr(mval_str(b), mval_str(a)) != NULL;
	if (b->kind == M_DICT && a->kind == M_TEXT)
		return mval_get(b, mval_str(a)) != NULL;
	if (b->kind != M_LIST)
		return -1;
	vec_foreach (&b->items, item)
		if (mval_equal(a, *item))
			return 1;
	return 0;
}

/* 1, 0, or -1 when the two cannot be compared. */
static int compare(const char *op, const struct mval *a, const struct mval *b)
{
	int order;

	if (str_eq(op, "in"))
		return is_in(a, b);
	if (str_eq(op, "=="))
		return mval_equal(a, b);
	if (str_eq(op, "!="))
		return !mval_equal(a, b);
	if (a->kind != b->kind || (a->kind != M_INT && a->kind != M_TEXT))
		return -1;
	order = a->kind == M_TEXT ? strcmp(mval_str(a), mval_str(b))
				  : (a->i > b->i) - (a->i < b->i);
	if (op[0] == '<')
		return order < 0 || (op[1] && order == 0);
	return order > 0 || (op[1] && order == 0);
}

/* is defined, is not none, is None */
static struct mval *expr_is(struct lex *l, const struct mval *a)
{
	bool no = lex_take(l, "not"), yes;

	if (lex_take(l, "defined"))
		yes = a->kind != M_UNDEFINED;
	else if (lex_take(l, "none") || lex_take(l, "None"))
		yes = a->kind == M_NONE || a->kind == M_UNDEFINED;
	else
		return fail(l, "this test is not evaluated");
	return make(l, M_BOOL, yes != no);
}

static struct mval *expr_compare(struct lex *l)
{
	static const char *const ops[] = {"==", "!=", "<", ">", "<=", ">=", "in"};
	CLEANUP(mval_freep) struct mval *a = expr_sum(l), *b = NULL;
	const char *op = NULL;
	bool no;
	int r;

	if (!a)
		return NULL;
	if (lex_take(l, "is"))
		return expr_is(l, a);
	no = lex_take(l, "not");
	for (size_t i = 0; !op && i < COUNTOF(ops); i++)
		if ((!no || i + 1 == COUNTOF(ops)) && lex_take(l, ops[i]))
			op = ops[i];
	if (!op)
		return no ? fail(l, "such an expression is not understood") : TAKE(a);
	b = expr_sum(l);
	if (!b)
		return NULL;
	r = compare(op, a, b);
	return r < 0 ? fail(l, "these cannot be compared") : make(l, M_BOOL, (r != 0) != no);
}

static struct mval *expr_not(struct lex *l)
{
	bool no = false;
	CLEANUP(mval_freep) struct mval *v = NULL;

	while (lex_is(l, "not")) {
		lex_next(l);
		no = !no;
		v = v ?: make(l, M_NONE, 0);
	}
	if (!v)
		return expr_compare(l);
	mval_free(v);
	v = expr_compare(l);
	return v ? make(l, M_BOOL, mval_true(v) != no) : NULL;
}

/* Python's `and` and `or`: the first operand that decides by being true (or false), else the last.
 * All of them are read. */
static struct mval *chain(
	struct lex *l, const char *word, bool decides, struct mval *(*operand)(struct lex *l))
{
	CLEANUP(mval_freep) struct mval *a = operand(l);

	while (a && lex_take(l, word)) {
		CLEANUP(mval_freep) struct mval *b = operand(l);

		if (!b)
			return NULL;
		if (mval_true(a) == decides)
			continue;
		mval_free(a);
		a = TAKE(b);
	}
	return TAKE(a);
}

static struct mval *expr_and(struct lex *l)
{
	return chain(l, "and", false, expr_not);
}

static struct mval *expr_or(struct lex *l)
{
	return chain(l, "or", true, expr_and);
}

/* a, or a if b else c */
struct mval *mock_expr(struct lex *l)
{
	CLEANUP(mval_freep) struct mval *a = NULL, *b = NULL, *c = NULL;

	if (l->depth >= MOCK_DEPTH)
		return fail(l, "nested too deeply");
	l->depth++;
	a = expr_or(l);
	if (a && lex_take(l, "if")) {
		b = expr_or(l);
		if (b && lex_take(l, "else"))
			c = mock_expr(l);
		if (!c) {
			mval_free(TAKE(a));
			(void)fail(l, "such an expression is not understood");
		} else if (!mval_true(b)) {
			mval_free(a);
			a = TAKE(c);
		}
	}
	l->depth--;
	return TAKE(a);
}
