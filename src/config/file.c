/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/file.h"
#include "base/fs.h"
#include "base/limits.h"

static void doc_free(struct doc *doc)
{
	node_free(doc->root);
	free(doc->shown);
	free(doc->path);
	free(doc->dir);
	free(doc);
}

void config_files_release(struct config_files *f)
{
	vec_foreach (&f->docs, doc)
		doc_free(*doc);
	vec_release(&f->docs);
}

/* O_NONBLOCK: opening a FIFO that nobody writes must not hang. */
static int read_text(struct doc *doc, char **ret, size_t *ret_n, struct err *err)
{
	auto_close int fd = open(doc->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, err_code_of_errno(errno), "%s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_CONFIG, "is a directory");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "is no regular file");
	if ((uint64_t)st.st_size > LIMIT_CONFIG_FILE)
		return err_set(err, ERR_CONFIG, "is larger than %u MiB",
			(unsigned)(LIMIT_CONFIG_FILE / MIB));
	doc->mode = st.st_mode;
	doc->dev = st.st_dev;
	doc->ino = st.st_ino;
	return fs_read_fd(fd, LIMIT_CONFIG_FILE, ret, ret_n, err);
}

int config_text_read(const struct config_input *input, const char *path, char **ret, size_t *ret_n,
	struct err *err)
{
	auto_free char *copy = xstrdup(path);
	struct doc doc = {.path = copy};

	return input ? input->read(input->ctx, path, ret, ret_n, err)
		     : read_text(&doc, ret, ret_n, err);
}

static struct doc *find_same(const struct config_files *f, const struct doc *doc)
{
	vec_foreach (&f->docs, d)
		if ((*d)->ino ? (*d)->dev == doc->dev && (*d)->ino == doc->ino
			      : str_eq((*d)->path, doc->path))
			return *d;
	return NULL;
}

int config_files_read(struct config_files *f, const char *shown, const char *path, struct diag *d,
	struct doc **ret_doc, struct err *err)
{
	auto_free char *text = NULL;
	struct doc *doc = xcalloc(1, sizeof *doc), *same;
	size_t n = 0;
	int r;

	doc->shown = xstrdup(shown);
	doc->path = path_abs(path);
	doc->dir = path_dir(doc->path);
	doc->index = f->docs.n;
	r = f->input ? f->input->read(f->input->ctx, path, &text, &n, err)
		     : read_text(doc, &text, &n, err);
	same = r < 0 ? NULL : find_same(f, doc);
	if (same) {
		*ret_doc = same;
		r = err_set(err, ERR_CONFLICT, "was read before");
	}
	if (r < 0) {
		doc_free(doc);
		return r;
	}
	*vec_push(&f->docs) = doc;
	doc->root = yaml_read(doc, text, n, d);
	*ret_doc = doc;
	return 0;
}
