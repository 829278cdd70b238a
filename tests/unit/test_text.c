/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text (escaping) and json */
#include "base/base.h"
#include "base/json.h"
#include "base/text.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct row {
	const char *in, *out;
};

static void check(void (*f)(struct strbuf *, const char *), const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		f(&b, rows[i].in);
		assert_string_equal(sb_str(&b), rows[i].out);
	}
}

static void utf8(void **state)
{
	static const struct {
		const char *s;
		size_t n;
		uint32_t cp;
	} t[] = {
		{"", 1, 0},
		{"a", 1, 'a'},
		{"\xc3\xa4", 2, 0xe4},
		{"\xe2\x82\xac", 3, 0x20ac},
		{"\xf0\x9f\x98\x80", 4, 0x1f600},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
		{"\xef\xbf\xbf", 3, 0xffff},
		{"\xed\x9f\xbf", 3, 0xd7ff},
		{"\xee\x80\x80", 3, 0xe000},
		/* overlong */
		{"\xc0\x80", 0, 0},
		{"\xc1\xbf", 0, 0},
		{"\xe0\x9f\xbf", 0, 0},
		{"\xf0\x8f\xbf\xbf", 0, 0},
		/* surrogates, too big */
		{"\xed\xa0\x80", 0, 0},
		{"\xed\xbf\xbf", 0, 0},
		{"\xf4\x90\x80\x80", 0, 0},
		{"\xf8\x88\x80\x80\x80", 0, 0},
		{"\xff", 0, 0},
		/* cut, or a tail alone */
		{"\xc3", 0, 0},
		{"\xe2\x82", 0, 0},
		{"\xf0\x9f\x98", 0, 0},
		{"\x80", 0, 0},
		{"\xc3"
		 "a",
			0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(t); i++) {
		uint32_t cp = 99;

		assert_int_equal(text_utf8(t[i].s, &cp), t[i].n);
		assert_int_equal(cp, t[i].n ? t[i].cp : 99);
		assert_int_equal(text_utf8(t[i].s, NULL), t[i].n);
	}
}

static void all_of_it(struct strbuf *out, const char *s)
{
	text_term(out, s, 0);
}

static void term(void **state)
{
	static const struct row t[] = {
		{"", ""},
		{"plain \xc3\xa4\xe2\x82\xac", "plain \xc3\xa4\xe2\x82\xac"},
		{"\x1b[31mred\x1b]0;t\a", "?[31mred?]0;t?"},
		{"a\nb\tc\rd\x7f", "a b c?d?"},
		{"\xc2\x9b"
		 "31m \xc2\x85",
			"?31m ?"},
		{"\x9b"
		 "31m\xff",
			"?31m?"},
		{"a\xe2\x80\xae"
		 "b\xe2\x81\xa6"
		 "c\xe2\x80\x8f"
		 "d",
			"a?b?c?d"},
		{"\xe2\x80\xa8\xe2\x80\xa9\xd8\x9c\xef\xbb\xbf", "????"},
		{"\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa", "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa"},
		{"\xc0\xaf", "??"},
	};
	auto_strbuf struct strbuf b = STRBUF_INIT;

	(void)state;
	check(all_of_it, t, COUNTOF(t));
	text_term(&b, "abc", 2);
	text_term(&b, "abc", 3);
	text_term(&b, "\xc3\xa4\xc3\xa4", 3);
	assert_string_equal(sb_str(&b), "ababc\xc3\xa4");
}

static void short_words(void **state)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	(void)state;
	text_short_words(&b, "", 32);
	text_short_words(&b, " no  word is longer than thirty-two ", 32);
	assert_string_equal(sb_str(&b), " no  word is longer than thirty-two ");
	sb_truncate(&b, 0);
	text_short_words(&b, "no '0123456789012345678901234567890123456789': gone", 32);
	assert_string_equal(sb_str(&b), "no '01234567890123456789 ... 456789': gone");
	sb_truncate(&b, 0);
	/* no half characters */
	text_short_words(&b,
		"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		"0\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
		32);
	assert_string_equal(sb_str(&b),
		"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		"0 ... \xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
}

static void csv(void **state)
{
	static const struct row t[] = {
		{"", ""},
		{"plain", "plain"},
		{"a,b", "\"a,b\""},
		{"say \"hi\"", "\"say \"\"hi\"\"\""},
		{"a\r\nb\nc\rd", "a b c d"},
		{"=1+1", "=1+1"},
		{"\x1b[0m,\xff", "\"?[0m,?\""},
	};

	(void)state;
	check(text_csv, t, COUNTOF(t));
}

static void url(void **state)
{
	static const struct row t[] = {
		{"a/b-c_d.e~f", "a/b-c_d.e~f"},
		{"gcc-c++ 1%2", "gcc-c%2B%2B%201%252"},
		{"?#&=:@", "%3F%23%26%3D%3A%40"},
		{"\xc3\xa4\n", "%C3%A4%0A"},
	};

	(void)state;
	check(text_url_path, t, COUNTOF(t));
}

static void yaml(void **state)
{
	static const struct row t[] = {
		{"", "\"\""},
		{"no", "\"no\""},
		{"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
		{"a\nb\tc\rd", "\"a\\nb\\tc\\rd\""},
		{"\x1b\x7f\xc2\x85", "\"\\x1b\\x7f\\x85\""},
		{"\xe2\x80\xa8\xef\xbb\xbf", "\"\\u2028\\ufeff\""},
		{"\xf0\x9f\xbf\xbe", "\"\\U0001fffe\""},
		{"\xff\xc3\xa4", "\"?\xc3\xa4\""},
	};

	(void)state;
	check(text_yaml, t, COUNTOF(t));
}

static void json_round(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_json json_t *a = json_object(), *b = NULL;
	auto_strv struct strv v = STRV_INIT, w = STRV_INIT;
	auto_free char *text = NULL;

	(void)state;
	strv_addl(&v, "x", "y\xff", NULL);
	json_put_str(a, "z", "last \xc3\xa4\xc3");
	json_put_str(a, "nothing", NULL);
	json_put_int(a, "int", INT64_MIN);
	json_put_real(a, "real", 0.5);
	json_put_real(a, "nan", __builtin_nan(""));
	json_put_bool(a, "yes", true);
	json_put_strv(a, "list", &v);
	text = json_text(a);
	assert_string_equal(text, "{\n  \"z\": \"last \xc3\xa4?\",\n  \"nothing\": null,\n"
				  "  \"int\": -9223372036854775808,\n  \"real\": 0.5,\n"
				  "  \"nan\": null,\n  \"yes\": true,\n"
				  "  \"list\": [\n    \"x\",\n    \"y?\"\n  ]\n}\n");
	assert_int_equal(json_parse(text, strlen(text), "test", &b, &e), 0);
	assert_true(json_equal(a, b));
	assert_string_equal(json_get_str(b, "z"), "last \xc3\xa4?");
	assert_null(json_get_str(b, "nothing"));
	assert_null(json_get_str(b, "int"));
	assert_true(json_get_int(b, "int") == INT64_MIN);
	assert_true(json_get_real(b, "real") == 0.5);
	assert_true(json_get_bool(b, "yes"));
	assert_false(json_get_bool(b, "missing"));
	json_get_strv(b, "list", &w);
	assert_int_equal(w.n, 2);
	assert_null(json_get_str(NULL, "z"));
}

static void json_refuses(void **state)
{
	static const char *const bad[] = {
		"", "{", "[1,]", "{\"a\":1,\"a\":2}", "[\"\xff\"]", "x", "{} {}"};

	(void)state;
	for (size_t i = 0; i < COUNTOF(bad); i++) {
		auto_err struct err e = ERR_INIT;
		json_t *j = NULL;

		assert_int_equal(json_parse(bad[i], strlen(bad[i]), "f", &j, &e), -ERR_CORRUPT);
		assert_null(j);
		assert_true(str_starts(e.msg, "f:"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8),
		cmocka_unit_test(term),
		cmocka_unit_test(short_words),
		cmocka_unit_test(csv),
		cmocka_unit_test(url),
		cmocka_unit_test(yaml),
		cmocka_unit_test(json_round),
		cmocka_unit_test(json_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
