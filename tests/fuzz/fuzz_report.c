/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever comes in, what comes out is UTF-8 without controls and cannot leave its place: no tag
 * from text, no quote from an attribute, no scheme from a link. */
#include "base/base.h"
#include "base/text.h"
#include "report/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct strbuf *b, const char *forbidden, bool lines)
{
	const char *s = sb_str(b);

	assert(strlen(s) == b->n);
	while (*s) {
		uint32_t cp = 0;
		size_t n = text_utf8(s, &cp);

		assert(n);
		assert((cp >= 0x20 && cp != 0x7f) || (lines && (cp == '\n' || cp == '\t')));
		assert(cp < 0x80 || cp > 0x9f);
		assert(!(cp >= 0x202a && cp <= 0x202e) && !(cp >= 0x2066 && cp <= 0x2069));
		assert(cp >= 0x80 || !strchr(forbidden, (int)cp));
		s += n;
	}
}

static void links(const char *s)
{
	auto_free char *guess = web_commit(NULL, s, "0123abcd");
	auto_free char *pattern = web_commit(s, NULL, "0123abcd");

	assert(!guess || html_url_ok(guess));
	assert(!pattern || html_url_ok(pattern));
	if (html_url_ok(s))
		assert(strncasecmp(s, "http", 4) == 0 && !strpbrk(s, "\"'<> \n\\"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		void (*fn)(struct strbuf *, const char *);
		const char *forbidden;
		bool lines;
	} all[] = {{html_txt, "<>\"'", true}, {html_attr, "<>\"'", false},
		{html_url_path, "<>\"'&:?#\\ ", false}, {html_url_arg, "<>\"'&:?#\\/ ", false}};
	auto_free char *s = xmalloc(size + 1);

	if (size)
		memcpy(s, data, size);
	s[size] = '\0';
	for (size_t i = 0; i < COUNTOF(all); i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		all[i].fn(&b, s);
		check(&b, all[i].forbidden, all[i].lines);
		assert(all[i].fn != html_url_path || sb_str(&b)[0] != '/');
	}
	links(s);
	return 0;
}
