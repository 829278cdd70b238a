/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of a log around the one that tells why. */
#include "base/fs.h"
#include "report/parts.h"

#define LINE_MAX_SHOWN 2000 /* bytes of one line */
#define RAW_MAX        8192 /* the same before colours are taken out */
#define CHUNK          ((size_t)64 * 1024)

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

/* A log, packed or not. */
struct reader {
	gzFile f;
	char *buf;
	size_t at, n;
};

static void reader_close(struct reader *rd)
{
	if (rd->f)
		(void)gzclose_r(rd->f);
	free(rd->buf);
}

static bool fill(struct reader *rd)
{
	int n;

	if (rd->at < rd->n)
		return true;
	n = gzread(rd->f, rd->buf, CHUNK);
	rd->at = 0;
	rd->n = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* A part of a line; of more than can be shown the end is cut, or what is written over anyway. */
static void put(struct strbuf *line, const char *s, size_t n)
{
	const char *cr = n > 1 ? memrchr(s, '\r', n - 1) : NULL;

	if (cr && line->n + n > RAW_MAX) {
		sb_truncate(line, 0);
		n -= (size_t)(cr + 1 - s);
		s = cr + 1;
	}
	if (line->n < RAW_MAX)
		sb_addn(line, s, n < RAW_MAX - line->n ? n : RAW_MAX - line->n);
}

/* line NULL: skipped. False at the end. */
static bool next_line(struct reader *rd, struct strbuf *line)
{
	const char *nl = NULL;

	if (line)
		sb_truncate(line, 0);
	if (!fill(rd))
		return false;
	do {
		const char *s = rd->buf + rd->at;
		size_t n = rd->n - rd->at;

		nl = memchr(s, '\n', n);
		if (nl)
			n = (size_t)(nl - s);
		if (line)
			put(line, s, n);
		rd->at += n + (nl != NULL);
	} while (!nl && fill(rd));
	return true;
}

static void around(struct reader *rd, int64_t from, int64_t last, struct excerpt *e)
{
	auto_strbuf struct strbuf line = STRBUF_INIT;

	e->first = from;
	for (int64_t n = 1; n < from; n++)
		if (!next_line(rd, NULL))
			return;
	for (int64_t n = from; next_line(rd, &line); n++) {
		if (n > last) {
			e->more = true;
			return;
		}
		strv_take(&e->lines, plain(sb_str(&line), line.n));
	}
}

/* Counting lines is far quicker than keeping them: only the last ones are read twice. */
static void tail(struct reader *rd, int64_t max, struct excerpt *e)
{
	int64_t n = 0;

	while (next_line(rd, NULL))
		n++;
	e->first = 1;
	if (gzrewind(rd->f) < 0)
		return;
	rd->at = rd->n = 0;
	around(rd, n > max ? n - max + 1 : 1, n, e);
}

bool excerpt_read(const char *dir, const char *name, int64_t line, size_t before, size_t after,
	struct excerpt *ret)
{
	CLEANUP(reader_close) struct reader rd = {.f = served_open(dir, name)};

	if (!rd.f)
		return false;
	rd.buf = xmalloc(CHUNK);
	*ret = (struct excerpt){.mark = line};
	if (line)
		around(&rd, line > (int64_t)before ? line - (int64_t)before : 1,
			line + (int64_t)after, ret);
	else
		tail(&rd, (int64_t)(before + after), ret);
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
	const struct excerpt *e, const char *served, const char *name)
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
	if (name) {
		auto_free char *text = xasprintf("%s from its beginning", name);

		sb_add(out, ". ");
		page_link_below(out, p, b->target, served, name, text);
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
	auto_free char *dir = served_kept(r, b->id), *title = NULL, *name = NULL;
	CLEANUP(excerpt_release) struct excerpt e = {0};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct page p = {.instance = r->conf.name, .target = b->target, .depth = 2};

	*ret_written = false;
	if (str_empty(b->log) || strchr(b->log, '/') || b->cause_line <= 0)
		return write_remove(r, rel, err);
	if (!excerpt_read(dir, b->log, b->cause_line, PARTS_LOG_PAGE, PARTS_LOG_PAGE, &e) ||
		!e.lines.n || b->cause_line >= e.first + (int64_t)e.lines.n) {
		/* what was kept has been collected since; a page written before is still good */
		auto_free char *there = path_join(r->repos, rel);

		*ret_written = fs_exists(there);
		return 0;
	}
	title = xasprintf("%s of build %lld", b->log, (long long)b->id);
	p.title = title;
	page_begin(&out, &p);
	name = served_name(r, b->target, served, b->log);
	log_body(&out, &p, b, &e, served, name);
	page_end(&out, &p);
	*ret_written = true;
	return write_page(r, rel, &out, err);
}
