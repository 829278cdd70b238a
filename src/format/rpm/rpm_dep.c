/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_dep.c - dependencies taken apart and compared. */
#include "format/rpm/rpm_dep.h"
#include "base/limits.h"
#include "format/rpm/rpm_lib.h"
#include <rpm/rpmver.h>

#define BLANKS " \t\n"

void rpm_dep_release(struct rpm_dep *d)
{
	free(d->name);
	free(d->evr);
	*d = (struct rpm_dep){0};
}

bool rpm_dep_is_rich(const char *text)
{
	return text[strspn(text, BLANKS)] == '(';
}

/* The operator that these n bytes are, 0 for none. */
static unsigned parse_op(const char *s, size_t n)
{
	unsigned op = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '<')
			op |= RPM_DEP_LESS;
		else if (s[i] == '>')
			op |= RPM_DEP_GREATER;
		else if (s[i] == '=')
			op |= RPM_DEP_EQUAL;
		else
			return 0;
	}
	return n <= 2 ? op : 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Bytes of the word at s; in a rich dependency a parenthesis that the word did not open ends it. */
static size_t word(const char *s, bool rich)
{
	size_t n = 0, open = 0;

	for (; s[n] && !is_blank(s[n]); n++) {
		if (s[n] == '(') {
			open++;
		} else if (s[n] == ')') {
			if (!open && rich)
				break;
			open -= open > 0;
		}
	}
	return n;
}

/* "name" or "name op evr" at *s, which moves behind it. */
static bool parse_leaf(const char **s, bool rich, struct rpm_dep *ret)
{
	const char *p = *s, *op, *evr;
	size_t n = word(p, rich), op_n, evr_n;

	if (!n || n > LIMIT_DEP)
		return false;
	*ret = (struct rpm_dep){.name = xstrndup(p, n)};
	op = p + n + strspn(p + n, BLANKS);
	op_n = word(op, rich);
	ret->op = parse_op(op, op_n);
	if (!ret->op) {
		*s = op;
		return true;
	}
	evr = op + op_n + strspn(op + op_n, BLANKS);
	evr_n = word(evr, rich);
	if (!evr_n || evr_n > LIMIT_DEP) {
		rpm_dep_release(ret);
		return false;
	}
	ret->evr = xstrndup(evr, evr_n);
	*s = evr + evr_n + strspn(evr + evr_n, BLANKS);
	return true;
}

bool rpm_dep_parse(const char *text, struct rpm_dep *ret)
{
	const char *p = text + strspn(text, BLANKS);
	struct rpm_dep d;

	if (*p == '(' || !parse_leaf(&p, false, &d))
		return false;
	if (*p) {
		rpm_dep_release(&d);
		return false;
	}
	*ret = d;
	return true;
}

static rpmsenseFlags sense(unsigned op)
{
	return (op & RPM_DEP_LESS ? RPMSENSE_LESS : 0) |
	       (op & RPM_DEP_GREATER ? RPMSENSE_GREATER : 0) |
	       (op & RPM_DEP_EQUAL ? RPMSENSE_EQUAL : 0);
}

bool rpm_dep_overlap(unsigned op_a, const char *evr_a, unsigned op_b, const char *evr_b)
{
	rpmver a, b;
	bool r;

	if (!op_a || !op_b || str_empty(evr_a) || str_empty(evr_b))
		return true;
	a = rpmverParse(evr_a);
	b = rpmverParse(evr_b);
	/* what librpm cannot take apart is only itself */
	r = a && b ? rpmverOverlap(a, sense(op_a), b, sense(op_b)) : str_eq(evr_a, evr_b);
	(void)rpmverFree(a);
	(void)rpmverFree(b);
	return r;
}

struct rich {
	const char *p;
	unsigned depth;
	bool bad;
	enum rpm_truth (*leaf)(void *ctx, const struct rpm_dep *d);
	void *ctx;
};

static enum rpm_truth eval(struct rich *x, bool rich);

static enum rpm_truth both(enum rpm_truth a, enum rpm_truth b)
{
	if (a == RPM_FALSE || b == RPM_FALSE)
		return RPM_FALSE;
	return a == RPM_TRUE || b == RPM_TRUE ? RPM_TRUE : RPM_OPEN;
}

static enum rpm_truth either(enum rpm_truth a, enum rpm_truth b)
{
	if (a == RPM_TRUE || b == RPM_TRUE)
		return RPM_TRUE;
	return a == RPM_FALSE || b == RPM_FALSE ? RPM_FALSE : RPM_OPEN;
}

static bool take_word(struct rich *x, const char *w)
{
	size_t n = strlen(w);

	if (word(x->p, true) != n || strncmp(x->p, w, n) != 0)
		return false;
	x->p += n + strspn(x->p + n, BLANKS);
	return true;
}

/* a if b [else c], a unless b [else c]: `want` is the condition's value under which a counts. */
static enum rpm_truth conditional(struct rich *x, enum rpm_truth a, enum rpm_truth want)
{
	enum rpm_truth cond = eval(x, true), other = RPM_TRUE;
	bool has_else = take_word(x, "else");

	if (has_else)
		other = eval(x, true);
	if (cond == RPM_OPEN)
		return has_else ? either(a, other) : a;
	return cond == want ? a : other;
}

/* What follows the first operand inside parentheses. */
static enum rpm_truth operators(struct rich *x, enum rpm_truth v)
{
	while (!x->bad && *x->p && *x->p != ')') {
		if (take_word(x, "and") || take_word(x, "with"))
			v = both(v, eval(x, true));
		else if (take_word(x, "or"))
			v = either(v, eval(x, true));
		else if (take_word(x, "without"))
			(void)eval(x, true);
		else if (take_word(x, "if"))
			v = conditional(x, v, RPM_TRUE);
		else if (take_word(x, "unless"))
			v = conditional(x, v, RPM_FALSE);
		else
			x->bad = true;
	}
	return v;
}

static enum rpm_truth eval(struct rich *x, bool rich)
{
	CLEANUP(rpm_dep_release) struct rpm_dep d = {0};
	enum rpm_truth v;

	if (*x->p != '(') {
		if (x->bad || !parse_leaf(&x->p, rich, &d)) {
			x->bad = true;
			return RPM_OPEN;
		}
		return x->leaf(x->ctx, &d);
	}
	if (++x->depth > LIMIT_DEP_PARENS) {
		x->bad = true;
		return RPM_OPEN;
	}
	x->p++;
	x->p += strspn(x->p, BLANKS);
	v = operators(x, eval(x, true));
	if (*x->p != ')')
		x->bad = true;
	else
		x->p += 1 + strspn(x->p + 1, BLANKS);
	x->depth--;
	return v;
}

enum rpm_truth rpm_dep_eval(
	const char *text, enum rpm_truth (*leaf)(void *ctx, const struct rpm_dep *d), void *ctx)
{
	struct rich x = {.p = text + strspn(text, BLANKS), .leaf = leaf, .ctx = ctx};
	enum rpm_truth v = eval(&x, rpm_dep_is_rich(text));

	return x.bad || *x.p ? RPM_OPEN : v;
}
