/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of a log around the one that tells why. */
#include "base/fs.h"
#include "report/parts.h"

#define LINE_MAX_SHOWN 2000 /* bytes of one line */
#define RAW_MAX        8192 /* the same before colours are taken out */
#define TAIL           (64 * 1024)

void excerpt_release(struct excerpt *e)
{
	strv_release(&e->lines);
}

/* The end of an escape sequence at s (after ESC): CSI up to its final byte, OSC up to BEL or ST. */
static const char *skip_escape(const char *s, const char *end)
{
	if (s < end && *s == '[') {
		for (s++; s < end && !(*s >= 0x40 && *s <= 0x7e); s++)
			;
		return s < end ? s + 1 : end;
	}
	if (s < end && *s == ']') {
		for (s++; s < end && *s != '\a' && *s != '\033'; s++)
			;
		if (s < end && *s == '\033' && s + 1 < end && s[1] == '\\')
			return s + 2;
		return s < end ? s + 1 : end;
	}
	return s;
}

/* As a terminal shows it in the end: no colours, only what was written last into the line. */
static char *plain(const char *s, size_t n)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;
	const char *end = s + n, *cr;

	while (end > s && end[-1] == '\r')
		end--;
	cr = end > s ? memrchr(s, '\r', (size_t)(end - s)) : NULL;
	if (cr)
		s = cr + 1;
	while (s < end && out.n < LINE_MAX_SHOWN) {
		if (*s == '\033')
			s = skip_escape(s + 1, end);
		else if (*s == '\0' && s++)
			sb_add(&out, "\xef\xbf\xbd");
		else
			sb_addc(&out, *s++);
	}
	/* a character is not cut */
	while (s < end && ((unsigned char)*s & 0xc0) == 0x80)
		sb_addc(&out, *s++);
	if (s < end)
		sb_add(&out, "\xe2\x80\xa6");
	return sb_take(&out);
}

/* The last lines: a ring would do, but shifting few pointers is as quick. */
static void drop_first(struct excerpt *e)
{
	free(e->lines.v[0]);
	memmove(e->lines.v, e->lines.v + 1, e->lines.n * sizeof *e->lines.v);
	e->lines.n--;
	e->first++;
}

/* Walks to where line `from` begins, or to the end; *ret_line is the one that begins there. */
static off_t find_line(int fd, int64_t from, off_t end, int64_t *ret_line)
{
	size_t size = (size_t)64 * 1024;
	auto_free char *buf = xmalloc(size);
	int64_t line = 1;
	off_t at = 0, start = 0;

	while (line < from && at < end) {
		size_t want = end - at < (off_t)size ? (size_t)(end - at) : size;
		ssize_t n = pread(fd, buf, want, at);
		const char *s = buf, *nl;

		if (n <= 0)
			break;
		while (line < from && (nl = memchr(s, '\n', (size_t)(buf + n - s)))) {
			s = nl + 1;
			start = at + (s - buf);
			line++;
		}
		at += n;
	}
	*ret_line = line;
	return start;
}

/* The next line into b, cut at RAW_MAX; false at the end. */
static bool next_line(FILE *f, struct strbuf *b)
{
	int c = getc_unlocked(f);

	if (c == EOF)
		return false;
	sb_truncate(b, 0);
	for (; c != EOF && c != '\n'; c = getc_unlocked(f)) {
		if (b->n < RAW_MAX)
			sb_addc(b, (char)c);
		else if (c == '\r') /* what comes is written over it */
			sb_truncate(b, 0);
	}
	return true;
}

static void read_lines(FILE *f, int64_t line, size_t max, int64_t last, struct excerpt *e)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	for (int64_t n = e->first; next_line(f, &b); n++) {
		if (line && n > last) {
			e->more = true;
			return;
		}
		strv_take(&e->lines, plain(sb_str(&b), b.n));
		if (!line && e->lines.n > max)
			drop_first(e);
	}
}

bool excerpt_read(const char *path, int64_t line, size_t before, size_t after, struct excerpt *ret)
{
	auto_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int64_t from = line > (int64_t)before ? line - (int64_t)before : 1;
	struct stat st;
	off_t at;
	FILE *f;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	*ret = (struct excerpt){.mark = line};
	if (line)
		at = find_line(fd, from, st.st_size, &ret->first);
	else
		at = find_line(
			fd, INT64_MAX, st.st_size > TAIL ? st.st_size - TAIL : 0, &ret->first);
	if (lseek(fd, at, SEEK_SET) < 0 || (line && ret->first < from))
		return true;
	f = fdopen(fd, "r");
	if (!f)
		return true;
	(void)take_fd(&fd);
	read_lines(f, line, before + after, line + (int64_t)after, ret);
	(void)fclose(f);
	return true;
}

void excerpt_html(struct strbuf *out, const struct excerpt *e, bool ids)
{
	if (!e->lines.n)
		return;
	sb_addf(out,
		"<ol class=\"log\" start=\"%lld\" aria-label=\"Lines of the "
		"log\">\n",
		(long long)e->first);
	for (size_t i = 0; i < e->lines.n; i++) {
		int64_t n = e->first + (int64_t)i;
		bool mark = n == e->mark;

		sb_add(out, "<li");
		if (ids)
			sb_addf(out, " id=\"L%lld\"", (long long)n);
		sb_add(out, mark ? " class=\"mark\"><code>" : "><code>");
		if (mark)
			sb_add(out, "<mark>");
		html_txt(out, e->lines.v[i]);
		if (mark)
			sb_add(out, "</mark>");
		sb_add(out, "</code></li>\n");
	}
	sb_add(out, "</ol>\n");
}

static void log_body(struct strbuf *out, const struct page *p, const struct store_build *b,
	const struct excerpt *e, const char *served)
{
	sb_add(out, "<p>");
	if (b->message) {
		html_name(out, b->message);
		sb_add(out, "</p>\n<p>");
	}
	sb_add(out, "Build ");
	page_link_build(out, p, b->target, b->id);
	sb_add(out, " of ");
	page_link_project(out, p, b->target, b->project);
	if (served) {
		auto_free char *text = xasprintf("%s from its beginning", b->log);

		sb_add(out, ". ");
		page_link_below(out, p, b->target, served, b->log, text);
	}
	sb_addf(out, ". Lines %lld to %lld", (long long)e->first,
		(long long)e->first + (long long)e->lines.n - 1);
	if (e->mark)
		sb_addf(out, "; it is about <a href=\"#L%lld\">line %lld</a>", (long long)e->mark,
			(long long)e->mark);
	sb_add(out, ".</p>\n");
	excerpt_html(out, e, true);
}

int log_page(struct report *r, const struct store_build *b, const char *served, bool *ret_written,
	struct err *err)
{
	auto_free char *rel = xasprintf("%s/builds/%lld-log.html", b->target, (long long)b->id);
	auto_free char *dir = served_kept(r, b->id), *path = NULL, *title = NULL;
	CLEANUP(excerpt_release) struct excerpt e = {0};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct page p = {.instance = r->conf.name, .target = b->target, .depth = 2};

	*ret_written = false;
	if (str_empty(b->log) || strchr(b->log, '/') || b->cause_line <= 0)
		return write_remove(r, rel, err);
	path = path_join(dir, b->log);
	if (!excerpt_read(path, b->cause_line, PARTS_LOG_PAGE, PARTS_LOG_PAGE, &e) || !e.lines.n ||
		b->cause_line >= e.first + (int64_t)e.lines.n) {
		/* what was kept has been collected since; a page written before is still good */
		auto_free char *there = path_join(r->repos, rel);

		*ret_written = fs_exists(there);
		return 0;
	}
	title = xasprintf("%s of build %lld", b->log, (long long)b->id);
	p.title = title;
	page_begin(&out, &p);
	log_body(&out, &p, b, &e, served);
	page_end(&out, &p);
	*ret_written = true;
	return write_page(r, rel, &out, err);
}
