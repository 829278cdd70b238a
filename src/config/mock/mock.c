/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mock.c - from the first file to the target, and the lines of what was left on the way. */
#include "base/fs.h"
#include "base/map.h"
#include "config/load.h"
#include "config/mock/internal.h"

void mock_import_release(struct mock_import *i)
{
	target_free(i->target);
	free(i->yaml);
	strv_release(&i->left);
	*i = (struct mock_import){0};
}

static void left_release(struct mock_left *l)
{
	free(l->text);
}

void mock_free(struct mock *m)
{
	free(m->dir);
	strv_release(&m->files);
	strv_release(&m->open);
	mval_free(m->opts);
	vec_free(&m->left, left_release);
}

static int by_place(const void *a, const void *b)
{
	const struct mock_left *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* A text may have been read more than once, what is said of it is said once. */
static void take_left(struct mock *m, struct strv *ret)
{
	auto_hmap struct hmap seen = HMAP_INIT;

	if (m->left.n)
		qsort(m->left.v, m->left.n, sizeof *m->left.v, by_place);
	vec_foreach (&m->left, l)
		if (hmap_set(&seen, l->text, 0))
			strv_add(ret, l->text);
	if (m->left.n >= MOCK_LEFT)
		strv_addf(ret, "%s: and more", m->files.n ? m->files.v[0] : "");
}

struct memory {
	const char *text;
};

static int read_memory(
	void *ctx, const char *path UNUSED, char **ret, size_t *ret_n, struct err *err UNUSED)
{
	const struct memory *mem = ctx;

	*ret = xstrdup(mem->text);
	*ret_n = strlen(mem->text);
	return 0;
}

/* The target as our own reader has it: what it refuses must not come out. */
static int read_back(const char *yaml, const char *path, struct target **ret, struct err *err)
{
	struct memory mem = {yaml};
	const struct config_input input = {read_memory, &mem};
	struct config_files files = {.input = &input};
	struct diag d = {0};
	auto_strv struct strv errors = STRV_INIT;
	int r = target_read(&files, "target", "/target.yaml", &d, ret, err);

	if (r >= 0 && (r = diag_finish(&d, &errors, NULL)) < 0) {
		const char *first = strchr(errors.v[0], ' ');

		(void)err_set(err, ERR_CONFIG, "'%s': no target comes out of it: %s", path,
			first ? first + 1 : errors.v[0]);
	}
	diag_release(&d);
	config_files_release(&files);
	return r;
}

static char *with_comments(const char *path, const struct strv *comments, const char *yaml)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	sb_addf(&b, "# made from mock's %s\n",
		str_is_name(path_base(path)) ? path_base(path) : "configuration");
	strv_foreach (comments, c)
		sb_addf(&b, "# %s\n", *c);
	sb_add(&b, yaml);
	return sb_take(&b);
}

int mock_import(const struct config_input *input, const char *path, struct mock_import *ret,
	struct err *err)
{
	struct mock m = {.input = input};
	CLEANUP(target_freep) struct target *t = NULL, *again = NULL;
	auto_strv struct strv comments = STRV_INIT;
	auto_free char *yaml = NULL, *name = NULL;
	const char *base = path_base(path);
	int r;

	m.opts = mval_new(&m, M_DICT);
	r = mock_read(&m, path, err);
	if (r >= 0) {
		name = xstrndup(base, strlen(base) - (str_ends(base, ".cfg") ? 4 : 0));
		t = mock_target(&m, name, &comments);
		yaml = config_target_to_yaml(t);
		r = read_back(yaml, path, &again, err);
	}
	take_left(&m, &ret->left);
	mock_free(&m);
	if (r < 0)
		return r;
	ret->yaml = with_comments(path, &comments, yaml);
	ret->target = TAKE(again);
	str_set(&ret->target->file, "");
	return 0;
}
