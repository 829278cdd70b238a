/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"

static bool is_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t text_utf8(const char *s, uint32_t *ret_cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)*s;
	uint32_t cp;
	size_t n;

	if (c < 0x80)
		n = 1;
	else if ((c & 0xe0) == 0xc0)
		n = 2;
	else if ((c & 0xf0) == 0xe0)
		n = 3;
	else if ((c & 0xf8) == 0xf0)
		n = 4;
	else
		return 0;
	cp = n == 1 ? c : c & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if (!is_tail(s[i]))
			return 0;
		cp = cp << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (cp < least[n] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	if (ret_cp)
		*ret_cp = cp;
	return n;
}

/* C0, DEL and C1. */
static bool is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f);
}

/* Characters that change the order or the lines of the text around them, or cannot be seen. */
static bool is_layout(uint32_t cp)
{
	return cp == 0x061c || cp == 0x200e || cp == 0x200f || cp == 0xfeff ||
	       (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

/* Not a character of XML 1.0 although valid UTF-8. */
static bool is_nonchar(uint32_t cp)
{
	return (cp & 0xfffe) == 0xfffe || (cp >= 0xfdd0 && cp <= 0xfdef);
}

/* The next character of *s; a byte that is not UTF-8 gives false and counts as one. */
static bool next_char(const char *s, uint32_t *cp, size_t *n)
{
	*n = text_utf8(s, cp);
	if (*n)
		return true;
	*n = 1;
	return false;
}

void text_term(struct strbuf *out, const char *s, size_t max)
{
	uint32_t cp = 0;
	size_t n;

	for (size_t done = 0; *s && !(max && done >= max); s += n, done += n) {
		bool ok = next_char(s, &cp, &n);

		if (max && n > max - done)
			return; /* half a character would be garbage */
		if (ok && (cp == '\n' || cp == '\t'))
			sb_addc(out, ' ');
		else if (!ok || is_control(cp) || is_layout(cp))
			sb_addc(out, '?');
		else
			sb_addn(out, s, n);
	}
}

static bool is_inside_char(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

void text_short_words(struct strbuf *out, const char *s, size_t max)
{
	while (*s) {
		size_t n = strcspn(s, " "), head = n, tail = n;

		if (n > max) {
			head = max * 2 / 3;
			tail = n - max / 4;
			while (is_inside_char(s[head]))
				head--;
			while (is_inside_char(s[tail]))
				tail++;
		}
		sb_addn(out, s, head);
		if (n > max)
			sb_add(out, " ... ");
		sb_addn(out, s + tail, n - tail);
		s += n;
		for (; *s == ' '; s++)
			sb_addc(out, ' ');
	}
}

static void csv_chars(struct strbuf *out, const char *s)
{
	uint32_t cp = 0;
	size_t n;

	for (; *s; s += n) {
		bool ok = next_char(s, &cp, &n);

		if (*s == '\r' && s[1] == '\n')
			n = 2;
		if (*s == '\r' || *s == '\n')
			sb_addc(out, ' ');
		else if (*s == '"')
			sb_add(out, "\"\"");
		else if (!ok || (is_control(cp) && cp != '\t'))
			sb_addc(out, '?');
		else
			sb_addn(out, s, n);
	}
}

void text_csv(struct strbuf *out, const char *s)
{
	bool quote = strpbrk(s, ",\"") != NULL;

	if (quote)
		sb_addc(out, '"');
	csv_chars(out, s);
	if (quote)
		sb_addc(out, '"');
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static void percent(struct strbuf *out, const char *s, char also)
{
	for (; *s; s++) {
		if (is_unreserved(*s) || *s == also)
			sb_addc(out, *s);
		else
			sb_addf(out, "%%%02X", (unsigned)(unsigned char)*s);
	}
}

void text_url_path(struct strbuf *out, const char *s)
{
	percent(out, s, '/');
}

void text_url_arg(struct strbuf *out, const char *s)
{
	percent(out, s, '\0');
}

static void yaml_escape(struct strbuf *out, uint32_t cp)
{
	if (cp == '\n')
		sb_add(out, "\\n");
	else if (cp == '\t')
		sb_add(out, "\\t");
	else if (cp == '\r')
		sb_add(out, "\\r");
	else if (cp <= 0xff)
		sb_addf(out, "\\x%02x", (unsigned)cp);
	else if (cp <= 0xffff)
		sb_addf(out, "\\u%04x", (unsigned)cp);
	else
		sb_addf(out, "\\U%08x", (unsigned)cp);
}

void text_yaml(struct strbuf *out, const char *s)
{
	uint32_t cp = 0;
	size_t n;

	sb_addc(out, '"');
	for (; *s; s += n) {
		if (!next_char(s, &cp, &n)) {
			sb_addc(out, '?');
		} else if (*s == '"' || *s == '\\') {
			sb_addc(out, '\\');
			sb_addc(out, *s);
		} else if (is_control(cp) || is_layout(cp) || is_nonchar(cp)) {
			yaml_escape(out, cp);
		} else {
			sb_addn(out, s, n);
		}
	}
	sb_addc(out, '"');
}

char *text_url_shown(const char *url)
{
	const char *p = strstr(url, "://"), *at, *colon;
	size_t n;

	if (!p)
		return xstrdup(url);
	p += 3;
	n = strcspn(p, "/");
	at = memrchr(p, '@', n);
	colon = at ? memchr(p, ':', (size_t)(at - p)) : NULL;
	if (!colon)
		return xstrdup(url);
	return xasprintf("%.*s:***%s", (int)(colon - url), url, at);
}

void text_mailbox(const char *s, char **ret_name, char **ret_address)
{
	auto_free char *all = str_trim(s), *name = NULL;
	char *lt = str_ends(all, ">") ? strrchr(all, '<') : NULL;
	size_t n;

	if (!lt) {
		*ret_name = xstrdup("");
		*ret_address = TAKE(all);
		return;
	}
	all[strlen(all) - 1] = '\0';
	*lt = '\0';
	name = str_trim(all);
	n = strlen(name);
	*ret_name = n >= 2 && *name == '"' && name[n - 1] == '"' ? xstrndup(name + 1, n - 2)
								 : TAKE(name);
	*ret_address = xstrdup(lt + 1);
}
