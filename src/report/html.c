/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/html.h"
#include "base/text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define ELLIPSIS    "\xe2\x80\xa6"

static void put_utf8(struct strbuf *out, uint32_t cp)
{
	/* only ever a picture: U+2400 to U+2421 */
	sb_addc(out, (char)(0xe0 | cp >> 12));
	sb_addc(out, (char)(0x80 | (cp >> 6 & 0x3f)));
	sb_addc(out, (char)(0x80 | (cp & 0x3f)));
}

/* Valid UTF-8 that no document may have, and what is reserved for a program's own use in text. */
static bool is_forbidden(uint32_t cp)
{
	return (cp & 0xfffe) == 0xfffe || (cp >= 0xfdd0 && cp <= 0xfdef);
}

/* Nothing to see, and some turn what comes after them around or hide text in plain sight: soft
 * hyphen, grapheme joiner, Arabic letter mark, Hangul and Khmer fillers, zero widths, marks,
 * embeddings, isolates, annotations, variation selectors above the ordinary two, tags. */
static bool is_invisible(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x80, 0x9f},
		{0xad, 0xad},
		{0x34f, 0x34f},
		{0x61c, 0x61c},
		{0x115f, 0x1160},
		{0x17b4, 0x17b5},
		{0x180b, 0x180f},
		{0x200b, 0x200c},
		{0x200e, 0x200f},
		{0x2028, 0x202e},
		{0x2060, 0x206f},
		{0x3164, 0x3164},
		{0xfeff, 0xfeff},
		{0xffa0, 0xffa0},
		{0xfff9, 0xfffb},
		{0xe0000, 0xe0fff},
	};

	for (size_t i = 0; i < COUNTOF(ranges); i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* One character (or one bad byte) of s; its length in bytes. */
static size_t put_char(struct strbuf *out, const char *s, bool one_line)
{
	uint32_t cp = 0;
	size_t n = text_utf8(s, &cp);
	const char *e = entity(*s);

	if (e)
		sb_add(out, e);
	else if (!n || is_forbidden(cp))
		sb_add(out, REPLACEMENT);
	else if (cp == '\n' || cp == '\t')
		sb_addc(out, one_line ? ' ' : *s);
	else if (cp < 0x20)
		put_utf8(out, 0x2400 + cp);
	else if (cp == 0x7f)
		put_utf8(out, 0x2421);
	else if (is_invisible(cp))
		sb_addf(out, "[U+%04X]", (unsigned)cp);
	else
		sb_addn(out, s, n);
	return n ? n : 1;
}

/* max 0: all */
static void put_text(struct strbuf *out, const char *s, size_t max, bool one_line)
{
	const char *start = s;

	while (*s) {
		size_t n = text_utf8(s, NULL);

		if (max && (size_t)(s - start) + (n ? n : 1) > max) {
			sb_add(out, ELLIPSIS);
			return;
		}
		s += put_char(out, s, one_line);
	}
}

void html_txt(struct strbuf *out, const char *s)
{
	put_text(out, s, 0, false);
}

void html_cut(struct strbuf *out, const char *s, size_t max)
{
	put_text(out, s, max, false);
}

void html_name(struct strbuf *out, const char *s)
{
	sb_add(out, "<bdi>");
	put_text(out, s, HTML_TEXT, true);
	sb_add(out, "</bdi>");
}

void html_attr(struct strbuf *out, const char *s)
{
	put_text(out, s, 0, true);
}

void html_url_path(struct strbuf *out, const char *s)
{
	while (*s == '/')
		s++;
	text_url_path(out, s);
}

void html_url_arg(struct strbuf *out, const char *s)
{
	text_url_arg(out, s);
}

bool html_url_ok(const char *url)
{
	const char *host, *end;

	if (!url || strlen(url) > 4096)
		return false;
	if (strncasecmp(url, "https://", 8) == 0)
		host = url + 8;
	else if (strncasecmp(url, "http://", 7) == 0)
		host = url + 7;
	else
		return false;
	for (const char *p = url; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("\"'<>\\^`{|}", *p))
			return false;
	end = host + strcspn(host, "/?#");
	return end > host && !memchr(host, '@', (size_t)(end - host)) && *host != ':';
}

void html_link(struct strbuf *out, const char *url, const char *text)
{
	if (!html_url_ok(url)) {
		html_name(out, text);
		return;
	}
	sb_add(out, "<a href=\"");
	html_attr(out, url);
	sb_add(out, "\" rel=\"noreferrer\">");
	html_name(out, text);
	sb_add(out, "</a>");
}

void html_opt_attr(struct strbuf *out, const char *name, const char *value)
{
	if (!value)
		return;
	sb_addf(out, " %s=\"", name);
	html_attr(out, value);
	sb_addc(out, '"');
}
