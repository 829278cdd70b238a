/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parse.c - the statements of a file, and the files it includes. */
#include "base/fs.h"
#include "base/limits.h"
#include "config/mock/internal.h"
#include <linux/openat2.h>

#define ETC_MOCK "/etc/mock"

static int read_file(
	struct mock *m, const char *shown, const char *dir, const char *name, struct err *err);

static void leave_statement(struct lex *l, const char *from, unsigned line, const char *why)
{
	size_t n = strcspn(from, "\n");
	auto_free char *what = xstrndup(from, n);

	mock_leave(l->m, l->file, line, what, "%s", why);
}

static void include_from(struct mock *m, const char *dir, const char *name, struct err *err)
{
	auto_free char *path = path_join(dir, name);
	const char *first = m->files.v[0], *slash = strrchr(first, '/');
	auto_free char *shown = str_eq(dir, m->dir) && slash
					? xasprintf("%.*s/%s", (int)(slash - first), first, name)
				: str_eq(dir, m->dir) ? xstrdup(name)
						      : xstrdup(path);

	(void)read_file(m, shown, dir, name, err);
}

/* Below the first file's directory, or below /etc/mock. */
static void include(struct lex *l, const char *name, unsigned line)
{
	struct mock *m = l->m;
	const char *dirs[] = {m->dir, ETC_MOCK};
	auto_err struct err err = ERR_INIT;
	auto_strv struct strv parts = STRV_INIT;
	bool known = false;

	strv_split(&parts, name, "/");
	if (!mock_is_plain(name)) {
		mock_leave(m, l->file, line, name, "no name of a file");
		return;
	}
	if (!str_ends(name, ".cfg") && !str_ends(name, ".tpl")) {
		mock_leave(m, l->file, line, name, "only *.cfg and *.tpl are included");
		return;
	}
	if (strv_has(&parts, "..")) {
		mock_leave(m, l->file, line, name, "only files below %s and %s are included",
			"the first file's directory", ETC_MOCK);
		return;
	}
	for (size_t i = 0; i < COUNTOF(dirs) && !known; i++) {
		size_t n = strlen(dirs[i]);
		bool below = *name == '/' && strncmp(name, dirs[i], n) == 0 && name[n] == '/';

		if (*name == '/' && !below)
			continue;
		err_clear(&err);
		include_from(m, dirs[i], below ? name + n + 1 : name, &err);
		known = err.code != ERR_NOT_FOUND;
	}
	if (known && err.code == ERR_OK)
		return;
	if (*name == '/' && err.code == ERR_OK)
		mock_leave(m, l->file, line, name, "only files below %s and %s are included",
			"the first file's directory", ETC_MOCK);
	else
		mock_leave(m, l->file, line, name, "cannot include it: %s",
			err.code == ERR_NOT_FOUND ? "no such file" : err.msg);
}

static bool statement_ends(const struct lex *l)
{
	return l->type == T_NEWLINE || l->type == T_END || lex_is(l, ";");
}

static bool parse_include(struct lex *l)
{
	CLEANUP(mval_freep) struct mval *v = NULL;
	unsigned line = l->tline;
	struct mtext name = {0};

	lex_next(l);
	if (!lex_take(l, "(") || !(v = mock_expr(l)) || !lex_take(l, ")") || !statement_ends(l) ||
		v->kind != M_TEXT)
		return false;
	mock_render(l->m, &v->text, 0, &name);
	include(l, sb_str(&name.b), line);
	mtext_release(&name);
	return true;
}

/* config_opts['a']['b'] = value; dictionaries on the way come into being. */
static bool assign(struct lex *l, const struct strv *keys, struct mval *v, bool more)
{
	struct mval *dict = l->m->opts, *old;

	for (size_t i = 0; i + 1 < keys->n; i++) {
		struct mval *next = mval_get(dict, keys->v[i]);

		if (next && next->kind != M_DICT) {
			l->why = "it is no dictionary";
			return false;
		}
		if (!next) {
			next = mval_new(l->m, M_DICT);
			if (!next)
				return false;
			next->file = v->file;
			next->line = v->line;
			mval_set(dict, keys->v[i], next);
		}
		dict = next;
	}
	old = mval_get(dict, keys->v[keys->n - 1]);
	if (more && !old) {
		l->why = "there is nothing yet to add to";
		return false;
	}
	if (more && (old->kind != v->kind || (v->kind != M_TEXT && v->kind != M_LIST))) {
		l->why = "these cannot be added";
		return false;
	}
	if (!more) {
		mval_set(dict, keys->v[keys->n - 1], v);
		return true;
	}
	if (old->text.b.n + v->text.b.n > MOCK_FILE || !mock_spend(l->m, v->text.b.n)) {
		l->why = "too much text";
		return false;
	}
	mtext_add_part(&old->text, &v->text, 0, v->text.b.n);
	vec_foreach (&v->items, item) {
		*vec_push(&old->items) = *item;
		*item = NULL;
	}
	v->items.n = 0;
	mval_free(v);
	return true;
}

static bool parse_assignment(struct lex *l)
{
	auto_strv struct strv keys = STRV_INIT;
	CLEANUP(mval_freep) struct mval *v = NULL;
	unsigned line = l->tline;
	bool more;

	lex_next(l);
	if (lex_is(l, ".")) {
		l->why = "methods are not evaluated; write it as an assignment";
		return false;
	}
	while (lex_take(l, "[")) {
		CLEANUP(mval_freep) struct mval *key = mock_expr(l);

		if (!key || key->kind != M_TEXT || keys.n >= 8 || !lex_take(l, "]"))
			return false;
		strv_add(&keys, mval_str(key));
	}
	more = lex_is(l, "+=");
	if (!keys.n || (!more && !lex_is(l, "=")))
		return false;
	lex_next(l);
	v = mock_expr(l);
	if (!v)
		return false;
	if (!statement_ends(l)) {
		l->why = NULL;
		return false;
	}
	v->file = l->file;
	v->line = line;
	if (!assign(l, &keys, v, more))
		return false;
	(void)TAKE(v);
	return true;
}

static void parse(struct lex *l)
{
	bool skipped = false; /* the statement before was left: its block is, too */

	while (l->type != T_END) {
		const char *from = l->s;
		unsigned line = l->tline;
		bool ok;

		if (l->type == T_NEWLINE || lex_is(l, ";")) {
			lex_next(l);
			continue;
		}
		if (l->indented && skipped) {
			lex_skip_line(l);
			continue;
		}
		l->why = l->type == T_BAD ? l->why : NULL;
		if (lex_is(l, "include"))
			ok = parse_include(l);
		else if (lex_is(l, "config_opts"))
			ok = parse_assignment(l);
		else
			ok = false;
		skipped = !ok;
		if (ok)
			continue;
		leave_statement(l, from, line,
			l->why ?: "only assignments to config_opts and include() are understood");
		lex_skip_line(l);
	}
}

static int open_below(const char *dir, const char *name, struct err *err)
{
	auto_close int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (dirfd < 0)
		return err_errno(err, "%s", dir);
	fd = fs_openat2(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	if (fd < 0 && errno == EXDEV)
		return err_set(err, ERR_CONFIG, "it leads out of its directory");
	return fd < 0 ? err_errno(err, "cannot be read") : fd;
}

static int get_text(struct mock *m, const char *dir, const char *name, char **ret, size_t *ret_n,
	struct err *err)
{
	auto_free char *path = path_join(dir, name);
	auto_close int fd = -1;
	struct stat st;

	if (m->input)
		return m->input->read(m->input->ctx, path, ret, ret_n, err);
	fd = open_below(dir, name, err);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "not a regular file");
	return fs_read_fd(fd, MOCK_FILE, ret, ret_n, err);
}

static int read_file(
	struct mock *m, const char *shown, const char *dir, const char *name, struct err *err)
{
	auto_free char *joined = path_join(dir, name), *path = path_abs(joined), *text = NULL;
	struct lex l;
	size_t n = 0;
	int r;

	if (strv_has(&m->open, path))
		return err_set(err, ERR_CONFIG, "include loop");
	if (m->open.n >= 8 || m->files.n >= LIMIT_INCLUDES)
		return err_set(err, ERR_CONFIG, "too many files");
	r = get_text(m, dir, name, &text, &n, err);
	if (r < 0)
		return r;
	if (memchr(text, '\0', n))
		return err_set(err, ERR_CONFIG, "NUL character, this is no text file");
	if (!mock_spend(m, n))
		return err_set(err, ERR_CONFIG, "too much text in all");
	strv_add(&m->files, shown);
	strv_add(&m->open, path);
	lex_init(&l, m, text, n, (unsigned)m->files.n - 1, 1, false);
	parse(&l);
	lex_release(&l);
	free(m->open.v[--m->open.n]);
	m->open.v[m->open.n] = NULL;
	return 0;
}

int mock_read(struct mock *m, const char *path, struct err *err)
{
	auto_free char *abs = path_abs(path);
	int r;

	m->dir = path_dir(abs);
	r = read_file(m, path, m->dir, path_base(abs), err);
	return r < 0 ? err_wrap(err, "'%s'", path) : 0;
}
