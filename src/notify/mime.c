/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "notify/mime.h"
#include "base/text.h"
#include <time.h>

#define LINE_MAX_   76 /* of a header or body line, without CRLF; RFC 5322 and 2045 */
#define WORD_BYTES  45 /* of text in an encoded word: 60 in base64, 72 with what is around it */
#define WORD_BEGIN  "=?UTF-8?B?"
#define FIRST_WORD  30 /* of text beside the field's name */
#define QP_LINE_MAX 75 /* and the = of a soft line break */

static void base64(struct strbuf *out, const char *s, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)s[i] << 16;
		char quad[4];

		if (i + 1 < n)
			v |= (uint32_t)(unsigned char)s[i + 1] << 8;
		if (i + 2 < n)
			v |= (unsigned char)s[i + 2];
		for (int k = 0; k < 4; k++)
			quad[k] = digits[v >> (18 - 6 * k) & 63];
		if (i + 2 >= n)
			quad[3] = '=';
		if (i + 1 >= n)
			quad[2] = '=';
		sb_addn(out, quad, 4);
	}
}

/* Each word holds whole characters (RFC 2047 5), with CRLF and a blank between them. */
static void encoded_words(struct strbuf *out, const char *s)
{
	size_t room = FIRST_WORD;

	while (*s) {
		size_t n = 0, c;

		while (s[n] && (c = text_utf8(s + n, NULL)) && n + c <= room)
			n += c;
		sb_add(out, WORD_BEGIN);
		base64(out, s, n);
		sb_add(out, "?=");
		s += n;
		if (*s)
			sb_add(out, "\r\n ");
		room = WORD_BYTES;
	}
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static size_t longest_word(const char *s)
{
	size_t longest = 0;

	while (*s) {
		size_t n = strcspn(s, " ");

		longest = n > longest ? n : longest;
		s += n + (s[n] != '\0');
	}
	return longest;
}

/* At blanks, which stay: unfolding removes the CRLF only. */
static void folded(struct strbuf *out, size_t column, const char *s)
{
	while (*s) {
		size_t n = strspn(s, " ");

		n += strcspn(s + n, " ");
		/* a line of blanks alone is obsolete syntax: they stay with what is before */
		if (*s == ' ' && s[strspn(s, " ")] && column + n > LINE_MAX_) {
			sb_add(out, "\r\n");
			column = 0;
		}
		sb_addn(out, s, n);
		column += n;
		s += n;
	}
}

static char *clean(const char *value)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_free char *s = NULL;

	text_term(&b, value, 0);
	s = sb_take(&b);
	return str_trim(s);
}

void mime_header(struct strbuf *out, const char *name, const char *value)
{
	auto_free char *text = clean(value);

	sb_addf(out, "%s: ", name);
	if (is_ascii(text) && !strstr(text, "=?") && longest_word(text) < 500)
		folded(out, strlen(name) + 2, text);
	else
		encoded_words(out, text);
	sb_add(out, "\r\n");
}

void mime_header_address(
	struct strbuf *out, const char *name, const char *phrase, const char *address)
{
	auto_free char *text = clean(phrase);

	sb_addf(out, "%s: ", name);
	if (is_ascii(text) && !strpbrk(text, "\"\\") && !strstr(text, "=?") && strlen(text) < 60)
		sb_addf(out, "\"%s\"", text);
	else
		encoded_words(out, text);
	/* an address of its own line: the phrase may be long */
	sb_addf(out, "\r\n <%s>\r\n", address);
}

void mime_header_date(struct strbuf *out, int64_t t)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	/* years of four digits: a clock may say anything */
	time_t when = t < 0 ? 0 : t > INT64_C(253402300799) ? (time_t)INT64_C(253402300799) : t;
	struct tm tm;

	(void)gmtime_r(&when, &tm);
	sb_addf(out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n", days + 3 * tm.tm_wday,
		tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		tm.tm_sec);
}

/* One line without its end. `From ` and a dot at its beginning are what old software touches. */
static void body_line(struct strbuf *out, const char *s)
{
	size_t column = 0;
	bool from = str_starts(s, "From ");

	for (const char *p = s; *p; p++) {
		bool last = !p[1];
		bool plain = *p >= ' ' && *p < 0x7f && *p != '=' && !(*p == ' ' && last) &&
			     !(p == s && (from || *p == '.'));
		size_t n = plain ? 1 : 3;

		if (column + n > QP_LINE_MAX) {
			sb_add(out, "=\r\n");
			column = 0;
			/* nor may a soft break bring one there */
			if (*p == '.')
				plain = false, n = 3;
		}
		if (plain)
			sb_addc(out, *p);
		else
			sb_addf(out, "=%02X", (unsigned)(unsigned char)*p);
		column += n;
	}
	sb_add(out, "\r\n");
}

void mime_body(struct strbuf *out, const char *text)
{
	auto_strv struct strv lines = STRV_INIT;

	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		text_term(&b, *l, 0);
		body_line(out, sb_str(&b));
	}
}
