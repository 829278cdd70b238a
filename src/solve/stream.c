/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream.c - metadata decompressed, and what libsolv's XML parser gets to see. It is expat with its
 * defaults, so entities would be expanded, and it recurses in nested and chained rich dependencies;
 * both are kept away from it here, where each `<` of the document is seen anyway.
 */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/sig.h"
#include "solve/internal.h"
#include <archive.h>
#include <solv/solv_xfopen.h>

#define HEAD 12

struct stream {
	FILE *in, *out;
	struct archive *zst; /* instead of in: libsolv reads a cut file for ever */
	int fd;              /* of zst */
	uint64_t n, max;
	const char *fault;
	size_t length; /* since the last '<' */
	char head[HEAD + 1];
	size_t nhead;
	unsigned parens;
	bool xml;
	unsigned deps; /* elements of the package that may be some: libsolv is slow with many */
};

/* Texts for people may have any number of parentheses. */
static bool is_text(const char *head)
{
	return str_starts(head, "<description") || str_starts(head, "<summary") || head[1] == '/';
}

static void end_piece(struct stream *st)
{
	if (str_starts(st->head, "<package"))
		st->deps = 0;
	else if (st->nhead > 1 && st->head[1] != '/' && !str_starts(st->head, "<file"))
		st->deps++;
	st->length = st->nhead = 0;
	st->parens = 0;
}

static const char *add_piece(struct stream *st, const char *p, size_t n)
{
	st->length += n;
	if (st->length > LIMIT_XML_PIECE)
		return "an element or text of absurd length";
	if (st->nhead < HEAD) {
		size_t k = n < HEAD - st->nhead ? n : HEAD - st->nhead;

		memcpy(st->head + st->nhead, p, k);
		st->nhead += k;
		st->head[st->nhead] = '\0';
	}
	if (st->nhead >= 3 && st->head[0] == '<' && st->head[1] == '!' && st->head[2] != '-')
		return "a document type, entities or CDATA";
	if (st->nhead < 2 || is_text(st->head))
		return NULL;
	if (st->length > LIMIT_XML_TAG)
		return "a tag of absurd length";
	for (const char *end = p + n; (p = memchr(p, '(', (size_t)(end - p))); p++) {
		if (++st->parens > LIMIT_DEP_PARENS)
			return "a dependency of absurd nesting";
	}
	return NULL;
}

static const char *scan(struct stream *st, const char *p, size_t n)
{
	const char *end = p + n, *why = NULL;

	if (memchr(p, '\0', n))
		return "NUL bytes";
	while (st->xml && p < end && !why) {
		bool starts = *p == '<';
		const char *q;

		if (starts)
			end_piece(st);
		if (st->deps > LIMIT_DEPS)
			return "a package of absurdly many dependencies";
		q = memchr(p + starts, '<', (size_t)(end - p) - starts);
		why = add_piece(st, p, (size_t)((q ?: end) - p));
		p = q ?: end;
	}
	return why;
}

static size_t read_open(struct stream *st, char *buf, size_t n)
{
	size_t got = 0;
	la_ssize_t k = 0;

	if (st->zst)
		k = archive_read_data(st->zst, buf, n);
	else
		got = fread(buf, 1, n, st->in);
	if (k < 0 || (!got && st->in && ferror(st->in)))
		st->fault = "damaged compression";
	return k > 0 ? (size_t)k : got;
}

static ssize_t stream_read(void *cookie, char *buf, size_t n)
{
	struct stream *st = cookie;
	size_t got;

	if (!st->fault && sig_pending())
		st->fault = "not been read to its end";
	if (st->fault)
		return 0;
	got = read_open(st, buf, n);
	st->n += got;
	if (st->n > st->max)
		st->fault = "more text than allowed";
	if (!st->fault)
		st->fault = scan(st, buf, got);
	return st->fault ? 0 : (ssize_t)got;
}

/* libsolv goes by the name's ending, we by the first bytes. */
static const char *kind(const unsigned char *m, ssize_t n)
{
	if (n >= 2 && m[0] == 0x1f && m[1] == 0x8b)
		return "x.gz";
	if (n >= 6 && !memcmp(m,
			      "\xfd"
			      "7zXZ",
			      6))
		return "x.xz";
	if (n >= 4 && !memcmp(m, "\x28\xb5\x2f\xfd", 4))
		return "x.zst";
	if (n >= 3 && !memcmp(m, "BZh", 3))
		return "x.bz2";
	return "x.xml";
}

static bool open_zst(struct stream *st, int *fd)
{
	struct archive_entry *entry;

	st->fd = take_fd(fd);
	st->zst = archive_read_new();
	return st->zst && archive_read_support_filter_zstd(st->zst) == ARCHIVE_OK &&
	       archive_read_support_format_raw(st->zst) == ARCHIVE_OK &&
	       archive_read_open_fd(st->zst, st->fd, 1 << 16) == ARCHIVE_OK &&
	       archive_read_next_header(st->zst, &entry) == ARCHIVE_OK;
}

static bool open_other(struct stream *st, const char *name, int *fd)
{
	st->in = solv_xfopen_fd(name, *fd, "r");
	if (st->in)
		(void)take_fd(fd);
	return st->in;
}

static int open_stream(
	const char *path, uint64_t max, bool xml, struct stream **ret, struct err *err)
{
	static const cookie_io_functions_t io = {.read = stream_read};
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP(stream_freep) struct stream *st = xcalloc(1, sizeof *st);
	unsigned char magic[6];
	const char *name;
	ssize_t n;

	if (fd < 0)
		return err_errno(err, "cannot open '%s'", path);
	n = pread(fd, magic, sizeof magic, 0);
	if (n < 0)
		return err_errno(err, "cannot read '%s'", path);
	st->max = max;
	st->xml = xml;
	st->fd = -1;
	name = kind(magic, n);
	if (!(str_ends(name, ".zst") ? open_zst(st, &fd) : open_other(st, name, &fd)))
		return err_set(err, ERR_SOURCE, "cannot decompress '%s'", path);
	st->out = fopencookie(st, "r", io);
	assert(st->out);
	(void)setvbuf(st->out, NULL, _IOFBF, 1 << 16);
	*ret = TAKE(st);
	return 0;
}

int stream_open(const char *path, uint64_t max, struct stream **ret, struct err *err)
{
	return open_stream(path, max, true, ret, err);
}

int stream_open_text(const char *path, uint64_t max, struct stream **ret, struct err *err)
{
	return open_stream(path, max, false, ret, err);
}

FILE *stream_file(struct stream *st)
{
	return st->out;
}

const char *stream_fault(const struct stream *st)
{
	return st->fault;
}

void stream_free(struct stream *st)
{
	if (!st)
		return;
	if (st->out)
		(void)fclose(st->out);
	if (st->in)
		(void)fclose(st->in);
	if (st->zst) {
		(void)archive_read_free(st->zst);
		(void)close(st->fd);
	}
	free(st);
}
