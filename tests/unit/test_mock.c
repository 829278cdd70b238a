/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each row: what a file says, the text an option then has, and what is left of it. */
#include "base/base.h"
#include "config/mock/internal.h"
#include <setjmp.h>
#include <stdarg.h>
/* cmocka wants the four above */
#include <cmocka.h>

struct row {
	const char *text;   /* the file */
	const char *expect; /* option x, templates filled in; NULL: there is none */
	const char *left;
};

static const struct row rows[] = {
	/* Python */
	{"config_opts['x'] = 'a'\n", "a", ""},
	{"config_opts[\"x\"] = \"a\" 'b'  # c\n", "ab", ""},
	{"config_opts['x'] = ('a'\n  'b')", "ab", ""},
	{"config_opts['x'] = 'a\\\nb' \\\n 'c'\n", "abc", ""},
	{"config_opts['x'] = 'a\\n\\\\\\'\\q'\n", "a\n\\'\\q", ""},
	{"config_opts['x'] = r'a\\n'\n", "a\\n", ""},
	{"config_opts['x'] = '''a'b\n\"c'''\n", "a'b\n\"c", ""},
	{"config_opts['x'] = 'a'; config_opts['x'] += 'b'\n", "ab", ""},
	{"config_opts['y'] = 'a'\nconfig_opts['x'] = config_opts['y'] + 'b'\n", "ab", ""},
	{"config_opts['y'] = {'k': ['a', 'b',]}\nconfig_opts['x'] = config_opts['y']['k'][1]\n",
		"b", ""},
	{"config_opts['x'] = 'a' if 1 == 2 else 'b'\n", "b", ""},
	{"config_opts['x'] = f'{a}'\n", NULL,
		"t.cfg:1: 'config_opts['x'] = f'{a}'': f-strings are not evaluated\n"},
	{"config_opts['x'] = 'a' % 'b'\n", NULL,
		"t.cfg:1: 'config_opts['x'] = 'a' % 'b'': only assignments to config_opts and "
		"include() are understood\n"},
	{"config_opts['x'] = 'a'.upper()\n", NULL,
		"t.cfg:1: 'config_opts['x'] = 'a'.upper()': methods are not evaluated\n"},
	{"config_opts['x'] = 'a\nconfig_opts['x'] = 'b'\n", "b",
		"t.cfg:1: 'config_opts['x'] = 'a': the text does not end\n"},
	{"config_opts['x'] += 'a'\n", NULL,
		"t.cfg:1: 'config_opts['x'] += 'a'': there is nothing yet to add to\n"},
	{"config_opts['x'] = 'a'\nconfig_opts['x']['y'] = 'b'\n", "a",
		"t.cfg:2: 'config_opts['x']['y'] = 'b'': it is no dictionary\n"},
	{"if True:\n    config_opts['x'] = 'a'\n\n    y = 1\nconfig_opts['x'] = 'b'\n", "b",
		"t.cfg:1: 'if True:': only assignments to config_opts and include() are "
		"understood\n"},
	{"config_opts['x'] = ]\nconfig_opts['x'] = 'b'\n", "b",
		"t.cfg:1: 'config_opts['x'] = ]': such an expression is not understood\n"},
	/* Jinja */
	{"config_opts['y'] = 'b'\nconfig_opts['x'] = 'a{{ y }}{{y}}c{# d #}'\n", "abbc", ""},
	{"config_opts['y'] = '{{ z }}'\nconfig_opts['z'] = 'c'\nconfig_opts['x'] = '{{ y }}'\n",
		"c", ""},
	{"config_opts['x'] = 'a {{- \"b\" -}} c'\n", "abc", ""},
	{"config_opts['x'] = '{{ 1 + 2 - 1 }}{{ \"7\"|int + 1 }}{{ n|default(\"d\") }}'\n", "28d",
		""},
	{"config_opts['y'] = 'b'\n"
	 "config_opts['x'] = '{% if y == \"a\" %}1{% elif y in [\"b\"] %}2{% else %}3{% endif "
	 "%}'\n",
		"2", ""},
	{"config_opts['x'] = '{% if y is defined %}1{% if z %}2{% endif %}{% else %}3{% endif "
	 "%}'\n",
		"3", ""},
	{"config_opts['y'] = True\nconfig_opts['x'] = '{{ y }}{% if not y or none %}a{% endif "
	 "%}{% if y and \"a\" not in \"b\" %}c{% endif %}'\n",
		"Truec", ""},
	{"config_opts['x'] = 'a{{ y }}'\n", "a",
		"t.cfg:1: '{{ y }}': no file sets that, it is taken as empty\n"},
	{"config_opts['x'] = '''a\n{{ f() }}b'''\n", "a\nb",
		"t.cfg:2: '{{ f() }}': functions and macros are not evaluated\n"},
	{"config_opts['x'] = 'a{% for i in y %}b{% if i %}c{% endif %}{% endfor %}d'\n", "ad",
		"t.cfg:1: '{% for i in y %}': such blocks are not evaluated, what is in them is "
		"left out\n"},
	{"config_opts['x'] = 'a{% if f() %}b{% else %}c{% endif %}'\n", "a",
		"t.cfg:1: '{% if f() %}': functions and macros are not evaluated\n"},
	{"config_opts['x'] = '{% else %}a{% if true %}b'\n", "ab",
		"t.cfg:1: '{% else %}': there is no {% if %} to it\n"
		"t.cfg:1: {% endif %} is missing before here\n"},
	{"config_opts['x'] = '{{ x }}'\n", "",
		"t.cfg:1: '{{ x }}': templates that stand for each other go round in a circle\n"},
};

static int read_row(
	void *ctx, const char *path UNUSED, char **ret, size_t *ret_n, struct err *err UNUSED)
{
	*ret = xstrdup(ctx);
	*ret_n = strlen(ctx);
	return 0;
}

static void test_rows(void **state UNUSED)
{
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		const struct row *row = &rows[i];
		const struct config_input input = {read_row, (void *)(uintptr_t)row->text};
		struct mock m = {.input = &input};
		CLEANUP(mval_freep) struct mval *x = NULL;
		auto_strbuf struct strbuf left = STRBUF_INIT;

		m.opts = mval_new(&m, M_DICT);
		assert_int_equal(mock_read(&m, "t.cfg", NULL), 0);
		x = mock_name(&m, "x", 0);
		vec_foreach (&m.left, l)
			sb_addf(&left, "%s\n", l->text);
		if (!str_eq(sb_str(&left), row->left) ||
			(x ? !row->expect || !str_eq(mval_str(x), row->expect)
			   : row->expect != NULL))
			fail_msg("%s\n--- got '%s', left:\n%s", row->text,
				x ? mval_str(x) : "nothing", sb_str(&left));
		mock_free(&m);
	}
}

/* Growth by doubling, of text and of lists, meets a cap, and depth does. */
static void test_caps(void **state UNUSED)
{
	static const char *const seeds[][3] = {
		{"config_opts['a'] = 'xxxxxxxx'\n",
			"config_opts['a'] = config_opts['a'] + config_opts['a']\n", "40"},
		{"config_opts['a'] = ['x']\n",
			"config_opts['a'] = [config_opts['a'], config_opts['a']]\n", "40"},
		{"config_opts['a'] = 'x'\n",
			"config_opts['a'] += config_opts['a'] + config_opts['a']\n", "40"},
		{"config_opts['a'] = ", "(", "5000"},
		{"config_opts['a'] = ", "not ", "5000"},
		{"config_opts['x'] = '", "{% if 1 %}", "5000"},
	};

	for (size_t i = 0; i < COUNTOF(seeds); i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;
		struct config_input input = {read_row, NULL};
		struct mock m = {.input = &input};
		uint64_t n = 0;

		sb_add(&b, seeds[i][0]);
		assert_true(str_u64(seeds[i][2], &n));
		while (n--)
			sb_add(&b, seeds[i][1]);
		input.ctx = b.s;
		m.opts = mval_new(&m, M_DICT);
		assert_int_equal(mock_read(&m, "t.cfg", NULL), 0);
		mval_free(mock_name(&m, "x", 0));
		assert_true(m.left.n > 0);
		assert_true(m.values <= MOCK_VALUES && m.left.n <= MOCK_LEFT);
		mock_free(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_caps),
	};

	return cmocka_run_group_tests_name("mock", tests, NULL, NULL);
}
