/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever comes in, no escape character and no broken UTF-8 comes out. */
#include "base/base.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct strbuf *b)
{
	const char *s = sb_str(b);

	while (*s) {
		size_t n = text_utf8(s, NULL);

		assert(n && *s != '\x1b');
		s += n;
	}
	assert(s == sb_str(b) + b->n);
}

static void term(struct strbuf *out, const char *s)
{
	text_term(out, s, 0);
}

static void term_cut(struct strbuf *out, const char *s)
{
	text_term(out, s, 7);
	assert(out->n <= 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const all[])(struct strbuf *, const char *) = {
		term, term_cut, text_csv, text_url_path, text_yaml};
	auto_free char *s = xmalloc(size + 1);

	if (size)
		memcpy(s, data, size);
	s[size] = '\0';
	for (size_t i = 0; i < COUNTOF(all); i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		all[i](&b, s);
		check(&b);
	}
	return 0;
}
