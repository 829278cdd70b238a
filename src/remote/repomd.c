/* SPDX-License-Identifier: GPL-3.0-or-later */
/* repomd.c - repomd.xml: which metadata files a repository has. */
#include "base/base.h"
#include "base/limits.h"
#include "remote/internal.h"
#include "remote/xml.h"

struct parse {
	struct repomd *md;
	struct repomd_file file; /* of the <data> that is open */
	char *type;
	char *weak; /* a checksum of a kind that proves nothing */
	bool in_checksum, foreign;
	size_t files;
	int depth, root;
};

static void file_release(struct repomd_file *f)
{
	free(f->location);
	free(f->checksum);
	*f = (struct repomd_file){0};
}

void repomd_release(struct repomd *m)
{
	file_release(&m->primary);
	file_release(&m->filelists);
	file_release(&m->modules);
	*m = (struct repomd){0};
}

static struct repomd_file *place(struct repomd *md, const char *type)
{
	if (str_eq(type, "primary"))
		return &md->primary;
	if (str_eq(type, "filelists"))
		return &md->filelists;
	return str_eq(type, "modules") ? &md->modules : NULL;
}

static int start(void *ctx, const char *name, const struct xml_attrs *a, struct err *err)
{
	struct parse *p = ctx;
	const char *type = xml_attr(a, "type");

	if (p->depth++ == 0 && !str_eq(name, "repomd"))
		return err_set(err, ERR_SOURCE, "it is no repomd.xml but <%.40s>", name);
	p->in_checksum = false;
	if (p->depth == 2 && str_eq(name, "data")) {
		if (++p->files > LIMIT_REPOMD_DATA)
			return err_set(
				err, ERR_SOURCE, "it lists more than %d files", LIMIT_REPOMD_DATA);
		str_set(&p->type, type ?: "");
		str_set(&p->weak, NULL);
		p->foreign = false;
	} else if (p->depth == 3 && str_eq(name, "location")) {
		str_set(&p->file.location, xml_attr(a, "href"));
		p->foreign = xml_attr(a, "base") != NULL;
	} else if (p->depth == 3 && str_eq(name, "checksum") && type) {
		p->in_checksum = str_starts(type, "sha") && strlen(type) == 6;
		if (!p->in_checksum)
			str_set(&p->weak, type);
	}
	return 0;
}

static int64_t number(const char *text)
{
	auto_free char *s = str_trim(text);
	char *dot = strchr(s, '.');
	uint64_t n;

	/* timestamps may have a fraction */
	if (dot)
		*dot = '\0';
	return str_u64(s, &n) && n <= INT64_MAX ? (int64_t)n : 0;
}

static int check(const struct parse *p, struct err *err)
{
	const struct repomd_file *f = &p->file;
	const char *why;

	if (!f->location)
		return err_set(err, ERR_SOURCE, "its %s has no location", p->type);
	if (p->foreign)
		return err_set(err, ERR_SOURCE, "its %s lies elsewhere (xml:base)", p->type);
	if ((why = lock_location_fault(f->location)))
		return err_set(err, ERR_SOURCE, "the location '%.200s' of its %s %s", f->location,
			p->type, why);
	if (!f->checksum && p->weak)
		return err_set(err, ERR_SOURCE, "its %s has a checksum of kind '%.40s' only",
			p->type, p->weak);
	if (!f->checksum || !digest_known(f->checksum))
		return err_set(err, ERR_SOURCE, "its %s has no checksum", p->type);
	if (f->size > LIMIT_REPO_FILE || f->open_size > LIMIT_REPO_OPEN)
		return err_set(err, ERR_SOURCE, "its %s is said to be too large", p->type);
	if (str_ends(f->location, ".zck"))
		return err_set(err, ERR_SOURCE, "its %s is packed with zchunk only", p->type);
	return 0;
}

static int end_data(struct parse *p, struct err *err)
{
	struct repomd_file *at = p->type ? place(p->md, p->type) : NULL;
	int r = at && !at->location ? check(p, err) : 0;

	if (at && !at->location && r >= 0) {
		*at = p->file;
		p->file = (struct repomd_file){0};
	}
	file_release(&p->file);
	return r;
}

static int end(void *ctx, const char *name, const char *text, struct err *err)
{
	struct parse *p = ctx;
	int depth = p->depth--;

	if (depth == 2 && str_eq(name, "revision"))
		p->md->revision = number(text);
	if (depth == 2 && str_eq(name, "data"))
		return end_data(p, err);
	if (depth != 3)
		return 0;
	if (str_eq(name, "checksum") && p->in_checksum) {
		free(p->file.checksum);
		p->file.checksum = str_trim(text);
	} else if (str_eq(name, "size")) {
		p->file.size = (uint64_t)number(text);
	} else if (str_eq(name, "open-size")) {
		p->file.open_size = (uint64_t)number(text);
	} else if (str_eq(name, "timestamp") && number(text) > p->md->newest) {
		p->md->newest = number(text);
	}
	return 0;
}

int repomd_parse(const char *text, size_t n, struct repomd *ret, struct err *err)
{
	struct repomd md = {0};
	struct parse p = {.md = &md};
	int r = xml_walk(text, n, &(struct xml_handler){start, end, &p}, err);

	file_release(&p.file);
	free(p.type);
	free(p.weak);
	if (r >= 0 && !md.primary.location)
		r = err_set(err, ERR_SOURCE, "it lists no primary");
	if (r < 0) {
		repomd_release(&md);
		return r;
	}
	*ret = md;
	return 0;
}
