/* SPDX-License-Identifier: GPL-3.0-or-later */
/* template.c - Jinja in values: names, conditions, comments. */
#include "config/mock/internal.h"

struct frame {
	const char *end; /* the tag that ends it */
	bool outer;      /* what is around it is put out */
	bool on;         /* what is in it, now */
	bool taken;      /* a branch was, or nobody knows which */
};

struct render {
	struct mock *m;
	const struct mtext *t;
	struct mtext *out;
	unsigned depth;
	struct frame frames[MOCK_DEPTH];
	size_t n;
	bool trim; /* blanks that come next: the tag ended in "-" */
};

/* One thing between braces. */
struct tag {
	char kind; /* '{' '%' '#' */
	size_t begin, end;
	const char *s; /* without the braces */
	size_t n;
	bool trim_before, trim_after;
	struct mark at;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_on(const struct render *r)
{
	return r->n == 0 || r->frames[r->n - 1].on;
}

static void leave(struct render *r, const struct tag *g, const char *why)
{
	auto_free char *what = xstrndup(sb_str(&r->t->b) + g->begin, g->end - g->begin);

	mock_leave(r->m, g->at.file, g->at.line, what, "%s", why);
}

static bool next_tag(const struct mtext *t, size_t from, struct tag *ret)
{
	const char *text = sb_str(&t->b), *s, *close;
	size_t n = t->b.n;

	for (size_t i = from; i + 1 < n; i++) {
		char end[3] = "}}";

		if (text[i] != '{' || !strchr("{%#", text[i + 1]) || !text[i + 1])
			continue;
		end[0] = text[i + 1] == '{' ? '}' : text[i + 1];
		s = text + i + 2;
		close = memmem(s, n - i - 2, end, 2);
		if (!close)
			continue;
		*ret = (struct tag){.kind = text[i + 1],
			.begin = i,
			.s = s,
			.n = (size_t)(close - s),
			.end = (size_t)(close - text) + 2,
			.at = mtext_where(t, i)};
		if (ret->n && *ret->s == '-') {
			ret->trim_before = true;
			ret->s++;
			ret->n--;
		}
		if (ret->n && ret->s[ret->n - 1] == '-') {
			ret->trim_after = true;
			ret->n--;
		}
		return true;
	}
	return false;
}

static void put_literal(struct render *r, size_t from, size_t to, bool trim_end)
{
	const char *text = sb_str(&r->t->b);

	while (r->trim && from < to && is_blank(text[from]))
		from++;
	r->trim = false;
	while (trim_end && to > from && is_blank(text[to - 1]))
		to--;
	if (is_on(r) && mock_spend(r->m, to - from))
		mtext_add_part(r->out, r->t, from, to - from);
}

static void put_value(struct render *r, const struct mval *v, struct mark at)
{
	auto_free char *number = NULL;

	if (v->kind == M_TEXT) {
		if (mock_spend(r->m, v->text.b.n))
			mtext_add(r->out, mval_str(v), v->text.b.n, at.file, at.line);
	} else if (v->kind == M_BOOL) {
		mtext_add(r->out, v->i ? "True" : "False", v->i ? 4 : 5, at.file, at.line);
	} else if (v->kind == M_INT) {
		number = xasprintf("%jd", (intmax_t)v->i);
		mtext_add(r->out, number, strlen(number), at.file, at.line);
	}
}

/* What mock itself sets; none of it is of use in what is taken over. */
static bool is_mocks_own(const struct tag *g)
{
	static const char *const names[] = {"user_agent", "chrootuid", "chrootgid", "chroothome",
		"chrootuser", "chrootgroup", "rpmbuild_arch", "basedir", "cache_topdir"};
	auto_free char *s = xstrndup(g->s, g->n), *name = str_trim(s);

	for (size_t i = 0; i < COUNTOF(names); i++)
		if (str_eq(names[i], name))
			return true;
	return false;
}

static void expression(struct render *r, const struct tag *g)
{
	CLEANUP(mval_freep) struct mval *v = NULL;
	struct lex l;

	lex_init(&l, r->m, g->s, g->n, g->at.file, g->at.line, true);
	l.depth = r->depth;
	v = mock_expr(&l);
	if (v && l.type != T_END) {
		mval_free(TAKE(v));
		l.why = NULL;
	}
	if (!v)
		leave(r, g, l.why ?: "such an expression is not understood");
	else if (v->kind == M_UNDEFINED && !is_mocks_own(g))
		leave(r, g, "no file sets that, it is taken as empty");
	else if (v->kind == M_LIST || v->kind == M_DICT)
		leave(r, g, "a list or dictionary is no text");
	else
		put_value(r, v, g->at);
	lex_release(&l);
}

/* 1, 0, or -1: it is not understood and was left. */
static int condition(struct render *r, struct lex *l, const struct tag *g)
{
	CLEANUP(mval_freep) struct mval *v = NULL;

	l->depth = r->depth;
	v = mock_expr(l);
	if (v && l->type == T_END)
		return mval_true(v);
	leave(r, g, l->why ?: "such a condition is not understood");
	return -1;
}

static void push(struct render *r, const struct tag *g, const char *end, int on)
{
	if (r->n == COUNTOF(r->frames)) {
		leave(r, g, "nested too deeply");
		return;
	}
	r->frames[r->n] = (struct frame){end, is_on(r), is_on(r) && on > 0, !is_on(r) || on != 0};
	r->n++;
}

static void branch(struct render *r, struct lex *l, const struct tag *g, bool is_else)
{
	struct frame *f = r->n ? &r->frames[r->n - 1] : NULL;
	int on;

	if (!f || !str_eq(f->end, "endif")) {
		leave(r, g, "there is no {% if %} to it");
		return;
	}
	if (f->taken) {
		f->on = false;
		return;
	}
	on = is_else ? 1 : condition(r, l, g);
	f->taken = on != 0;
	f->on = f->outer && on > 0;
}

static void statement(struct render *r, const struct tag *g)
{
	static const char *const blocks[][2] = {{"for", "endfor"}, {"macro", "endmacro"},
		{"call", "endcall"}, {"filter", "endfilter"}, {"raw", "endraw"},
		{"block", "endblock"}, {"with", "endwith"}};
	struct lex l;

	lex_init(&l, r->m, g->s, g->n, g->at.file, g->at.line, true);
	if (lex_take(&l, "if")) {
		push(r, g, "endif", is_on(r) ? condition(r, &l, g) : 0);
	} else if (lex_take(&l, "elif")) {
		branch(r, &l, g, false);
	} else if (lex_take(&l, "else")) {
		branch(r, &l, g, true);
	} else if (r->n && lex_take(&l, r->frames[r->n - 1].end)) {
		r->n--;
	} else {
		bool found = false;

		for (size_t i = 0; !found && i < COUNTOF(blocks); i++)
			if (lex_is(&l, blocks[i][0])) {
				found = true;
				if (is_on(r))
					leave(r, g,
						"such blocks are not evaluated, what is in "
						"them is left out");
				push(r, g, blocks[i][1], -1);
			}
		if (!found && is_on(r))
			leave(r, g, "this is not evaluated");
	}
	lex_release(&l);
}

void mock_render(struct mock *m, const struct mtext *t, unsigned depth, struct mtext *out)
{
	struct render r = {.m = m, .t = t, .out = out, .depth = depth};
	struct tag g;
	size_t at = 0;

	if (depth >= MOCK_DEPTH) {
		struct mark where = mtext_where(t, 0);

		mock_leave(m, where.file, where.line, sb_str(&t->b),
			"templates that stand for each other go round in a circle");
		return;
	}
	while (next_tag(t, at, &g)) {
		put_literal(&r, at, g.begin, g.trim_before);
		r.trim = g.trim_after;
		if (g.kind == '{' && is_on(&r))
			expression(&r, &g);
		else if (g.kind == '%')
			statement(&r, &g);
		at = g.end;
	}
	put_literal(&r, at, t->b.n, false);
	if (r.n) {
		struct mark where = mtext_where(t, t->b.n);

		mock_leave(m, where.file, where.line, "", "{%% %s %%} is missing before here",
			r.frames[r.n - 1].end);
	}
}

/* Lists and dictionaries hold templates, too. */
static struct mval *filled_in(struct mock *m, const struct mval *v, unsigned depth)
{
	CLEANUP(mval_freep) struct mval *f = mval_new(m, v->kind);

	if (!f)
		return NULL;
	f->i = v->i;
	f->file = v->file;
	f->line = v->line;
	strv_copy(&f->keys, &v->keys);
	if (v->kind == M_TEXT)
		mock_render(m, &v->text, depth, &f->text);
	vec_foreach (&v->items, item) {
		struct mval *one = depth < MOCK_DEPTH ? filled_in(m, *item, depth + 1) : NULL;

		if (!one)
			return NULL;
		*vec_push(&f->items) = one;
	}
	return TAKE(f);
}

struct mval *mock_name(struct mock *m, const char *name, unsigned depth)
{
	static const char *const repo_arches[][2] = {{"i686", "i386"}, {"armv7hl", "armhfp"}};
	struct mval *v = mval_get(m->opts, name), *arch;

	if (v) {
		v->used = true;
		return filled_in(m, v, depth);
	}
	if (!str_eq(name, "repo_arch") || !(arch = mval_get(m->opts, "target_arch")))
		return NULL;
	for (size_t i = 0; i < COUNTOF(repo_arches); i++)
		if (str_eq(mval_str(arch), repo_arches[i][0]))
			return mval_text(m, repo_arches[i][1], arch->file, arch->line);
	return filled_in(m, arch, depth);
}
