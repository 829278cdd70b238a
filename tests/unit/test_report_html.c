/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What strangers write, in the places of a page where it can end up. */
#include "base/base.h"
#include "report/internal.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef void escape(struct strbuf *out, const char *s);

struct text {
	escape *fn;
	const char *in, *out;
};

static const struct text texts[] = {
	/* markup */
	{html_txt, "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
	{html_txt, "a & b &amp; c", "a &amp; b &amp;amp; c"},
	{html_txt, "]]><!-- --> <![CDATA[", "]]&gt;&lt;!-- --&gt; &lt;![CDATA["},
	{html_txt, "</title></style></textarea>", "&lt;/title&gt;&lt;/style&gt;&lt;/textarea&gt;"},
	{html_attr, "\" onmouseover=\"x' a=`b`", "&quot; onmouseover=&quot;x&#39; a=`b`"},
	/* lines */
	{html_txt, "a\n\tb", "a\n\tb"},
	{html_attr, "a\n\tb", "a  b"},
	{html_name, "a\nb", "<bdi>a b</bdi>"},
	/* controls are shown */
	{html_txt, "a\x1b[31mb\x07\x7f\r", "a\u241b[31mb\u2407\u2421\u240d"},
	{html_txt,
		"c1 \xc2\x9b"
		"31m",
		"c1 [U+009B]31m"},
	/* text that turns around, text that hides */
	{html_txt, "user\u202etxt.exe", "user[U+202E]txt.exe"},
	{html_txt, "\u2066a\u2069 \u200bz \u200f \ufeff",
		"[U+2066]a[U+2069] [U+200B]z [U+200F] [U+FEFF]"},
	{html_txt, "a\u2028b\u00adc\u3164", "a[U+2028]b[U+00AD]c[U+3164]"},
	{html_txt, "tag \U000e0041", "tag [U+E0041]"},
	/* what people are called stays */
	{html_txt, "\u00dcnal \u05d0\u05d1 \u4e2d\u6587 \U0001f469\u200d\U0001f4bb",
		"\u00dcnal \u05d0\u05d1 \u4e2d\u6587 \U0001f469\u200d\U0001f4bb"},
	{html_name, "\u05d0\u05d1", "<bdi>\u05d0\u05d1</bdi>"},
	/* not UTF-8: a byte, an overlong slash, a surrogate, beyond the end, cut off; no character
	 */
	{html_txt,
		"a\xff"
		"b",
		"a\ufffd"
		"b"},
	{html_txt, "\xc0\xaf", "\ufffd\ufffd"},
	{html_txt, "\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
	{html_txt, "\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
	{html_txt, "\xe2\x80", "\ufffd\ufffd"},
	{html_txt, "\xef\xbf\xbe\xef\xb7\x90", "\ufffd\ufffd"},
	/* relative links: no scheme, no host, no query, nothing that ends the attribute */
	{html_url_path, "javascript:alert(1)", "javascript%3Aalert%281%29"},
	{html_url_path, "//example.org/x", "example.org/x"},
	{html_url_path, "a b?c#d%e\"<>&", "a%20b%3Fc%23d%25e%22%3C%3E%26"},
	{html_url_path, "aa/bb/1.0~rc1^git+x.log", "aa/bb/1.0~rc1%5Egit%2Bx.log"},
	{html_url_path, "\\\\host\\x", "%5C%5Chost%5Cx"},
	{html_url_arg, "../x/\xff", "..%2Fx%2F%FF"},
	{html_txt, "", ""},
};

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(texts); i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		texts[i].fn(&b, texts[i].in);
		if (!str_eq(sb_str(&b), texts[i].out))
			fail_msg("%zu: '%s' gave '%s', not '%s'", i, texts[i].in, sb_str(&b),
				texts[i].out);
	}
}

static void test_cut(void **state)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	(void)state;
	html_cut(&b, "abc\u00e9", 5);
	assert_string_equal(sb_str(&b), "abc\u00e9");
	sb_truncate(&b, 0);
	html_cut(&b, "abc\u00e9", 4);
	assert_string_equal(sb_str(&b), "abc\u2026");
	sb_truncate(&b, 0);
	html_cut(&b, "<<<<", 3);
	assert_string_equal(sb_str(&b), "&lt;&lt;&lt;\u2026");
}

static void test_urls(void **state)
{
	static const char *const good[] = {"https://example.org", "http://example.org/a?b=c#d",
		"HTTPS://example.org:8443/x", "https://[::1]/x%20y"};
	static const char *const bad[] = {"javascript:alert(1)",
		"JavaScript://example.org/%0aalert(1)", "data:text/html,x", "vbscript:x",
		"file:///etc/passwd", "//example.org/", "/x", "", " https://example.org",
		"https://", "https:///x", "https://user:pw@example.org/",
		"https://example.org@evil.org/", "https://example.org/\"onload=x",
		"https://example.org/\nx", "https://example.org/<x>", "https://ex\u00e4mple.org/",
		"https:\\\\example.org", "ftp://example.org/", "ssh://git@example.org/x",
		"https://:80/", "http:example.org"};

	(void)state;
	for (size_t i = 0; i < COUNTOF(good); i++)
		if (!html_url_ok(good[i]))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < COUNTOF(bad); i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		html_link(&b, bad[i], "text");
		assert_string_equal(sb_str(&b), "<bdi>text</bdi>");
		assert_false(html_url_ok(bad[i]));
	}
	assert_false(html_url_ok(NULL));
}

#define SHA "0123456789abcdef0123456789abcdef01234567"

static const struct web {
	const char *pattern, *url, *out;
} webs[] = {
	{NULL, "https://github.com/o/r.git", "https://github.com/o/r/commit/" SHA},
	{NULL, "https://GitHub.com/o/r/", "https://GitHub.com/o/r/commit/" SHA},
	{NULL, "https://tok:pw@github.com/o/r", "https://github.com/o/r/commit/" SHA},
	{NULL, "https://gitlab.com/g/s/r.git", "https://gitlab.com/g/s/r/-/commit/" SHA},
	{NULL, "https://gitlab.gnome.org/g/r.git", "https://gitlab.gnome.org/g/r/-/commit/" SHA},
	{NULL, "https://salsa.debian.org/a/b.git", "https://salsa.debian.org/a/b/-/commit/" SHA},
	{NULL, "https://opendev.org/openstack/nova",
		"https://opendev.org/openstack/nova/commit/" SHA},
	{NULL, "https://codeberg.org/a/b.git", "https://codeberg.org/a/b/commit/" SHA},
	{NULL, "https://pagure.io/foo.git", "https://pagure.io/foo/c/" SHA},
	{NULL, "https://src.fedoraproject.org/rpms/bash.git",
		"https://src.fedoraproject.org/rpms/bash/c/" SHA},
	{NULL, "https://git.sr.ht/~u/r", "https://git.sr.ht/~u/r/commit/" SHA},
	{NULL, "https://bitbucket.org/a/b.git", "https://bitbucket.org/a/b/commits/" SHA},
	{NULL, "https://git.kernel.org/pub/scm/git/git.git",
		"https://git.kernel.org/pub/scm/git/git.git/commit/?id=" SHA},
	{NULL, "https://git.savannah.gnu.org/git/hello.git",
		"https://git.savannah.gnu.org/cgit/hello.git/commit/?id=" SHA},
	{NULL, "https://cgit.freedesktop.org/x/y",
		"https://cgit.freedesktop.org/x/y/commit/?id=" SHA},
	/* nobody known, nothing to say; no forge by a name inside another */
	{NULL, "https://git.example.org/x.git", NULL},
	{NULL, "https://github.com.evil.org/o/r", NULL},
	{NULL, "https://notgithub.com/o/r", NULL},
	{NULL, "https://github.com@evil.org/o/r", NULL},
	{NULL, "https://github.com", NULL},
	{NULL, "https://github.com/", NULL},
	{NULL, "https://github.com/o/\"r", NULL},
	{NULL, "https://github.com/o/r\nx", NULL},
	{NULL, "javascript://github.com/%0aalert(1)", NULL},
	{NULL, "/srv/git/x", NULL},
	{NULL, "git@github.com:o/r.git", NULL},
	{NULL, NULL, NULL},
	{"https://example.org/{sha}/c?h={sha}", "https://github.com/o/r",
		"https://example.org/" SHA "/c?h=" SHA},
	{"https://example.org/fixed", NULL, "https://example.org/fixed"},
	{"javascript:alert('{sha}')", "https://github.com/o/r", NULL},
};

static void test_web(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(webs); i++) {
		auto_free char *got = web_commit(webs[i].pattern, webs[i].url, SHA);

		if (!str_eq_null(got, webs[i].out))
			fail_msg("%zu: %s gave %s", i, webs[i].url ? webs[i].url : "-",
				got ? got : "nothing");
	}
	/* a hash that is none goes nowhere */
	assert_null(web_commit(NULL, "https://github.com/o/r", "../../x"));
	assert_null(web_commit(NULL, "https://github.com/o/r", ""));
	assert_null(web_commit(NULL, "https://github.com/o/r", NULL));
}

static void test_pieces(void **state)
{
	static const struct {
		double seconds;
		const char *out;
	} rows[] = {{0, "0 ms"}, {0.05, "50 ms"}, {1.25, "1.2 s"}, {59.6, "1 min 0 s"},
		{200, "3 min 20 s"}, {7500, "2 h 5 min"}, {90000, "1 d 1 h"}};
	auto_strbuf struct strbuf b = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		sb_truncate(&b, 0);
		page_seconds(&b, rows[i].seconds);
		assert_string_equal(sb_str(&b), rows[i].out);
	}
	sb_truncate(&b, 0);
	page_time(&b, 1700000000);
	assert_string_equal(
		sb_str(&b), "<time datetime=\"2023-11-14T22:13:20Z\">2023-11-14 22:13</time>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_urls), cmocka_unit_test(test_web),
		cmocka_unit_test(test_pieces)};

	return cmocka_run_group_tests_name("report_html", tests, NULL, NULL);
}
