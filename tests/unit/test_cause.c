/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person is told about a failed build, from the text rpmbuild and others print. */
#include "build/cause.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
	const char *name, *log;
	enum cause_kind kind;
	const char *step, *message;
	int64_t line;
} cases[] = {
	{"compiler error",
		"Executing(%build): /bin/sh -e /var/tmp/rpm-tmp.a\n"
		"+ gcc -DMSG='\": error: \"' hello.c\n"
		"hello.c: In function 'main':\n"
		"hello.c:3:9: warning: unused variable 'x'\n"
		"hello.c:5:2: error: expected ';' before '}' token\n"
		"hello.c:9:2: error: second\n"
		"make: *** [Makefile:3: hello] Error 1\n"
		"error: Bad exit status from /var/tmp/rpm-tmp.a (%build)\n"
		"    Bad exit status from /var/tmp/rpm-tmp.a (%build)\n",
		CAUSE_BUILD, "%build", "hello.c:5:2: error: expected ';' before '}' token", 5},
	{"missing BuildRequires",
		"Installing /in/x-1-1.src.rpm\n"
		"error: Failed build dependencies:\n"
		"\tlibfoo-devel >= 2 is needed by x-1-1.x86_64\n"
		"\tbar is needed by x-1-1.x86_64\n",
		CAUSE_DEPENDENCY, "BuildRequires", "missing BuildRequires: libfoo-devel >= 2, bar",
		2},
	{"unpackaged files",
		"Checking for unpackaged file(s): /usr/lib/rpm/check-files /builddir\n"
		"error: Installed (but unpackaged) file(s) found:\n"
		"   /usr/bin/other\n"
		"RPM build errors:\n"
		"    Installed (but unpackaged) file(s) found:\n"
		"   /usr/bin/other\n",
		CAUSE_BUILD, "%files", "installed but unpackaged files: /usr/bin/other", 2},
	{"listed but not installed",
		"Processing files: x-1-1.x86_64\n"
		"error: File not found: /builddir/BUILDROOT/x/usr/bin/gone\n",
		CAUSE_BUILD, "%files", "File not found: /builddir/BUILDROOT/x/usr/bin/gone", 2},
	{"a test that failed",
		"Executing(%build): /bin/sh\n"
		"thing.c:1: error: handled by a probe\n"
		"Executing(%check): /bin/sh\n"
		"PASS: one\n"
		"FAIL: two\n"
		"make: *** [Makefile:9: check] Error 1\n"
		"error: Bad exit status from /var/tmp/rpm-tmp.b (%check)\n",
		CAUSE_TEST, "%check", "FAIL: two", 5},
	{"patch that does not apply",
		"Executing(%prep): /bin/sh\n"
		"patching file a.c\n"
		"Hunk #1 FAILED at 3.\n"
		"1 out of 1 hunk FAILED -- saving rejects to file a.c.rej\n"
		"error: Bad exit status from /var/tmp/rpm-tmp.c (%prep)\n",
		CAUSE_BUILD, "%prep", "Hunk #1 FAILED at 3.", 3},
	{"configure",
		"Executing(%build): /bin/sh\n"
		"checking for zlib... no\n"
		"configure: error: zlib is needed\n"
		"error: Bad exit status from /var/tmp/rpm-tmp.c (%build)\n",
		CAUSE_BUILD, "%build", "configure: error: zlib is needed", 3},
	{"a tool that begins its line as rpm does",
		"Executing(%build): /bin/sh\n"
		"error: could not find `Cargo.toml`\n"
		"make: *** [Makefile:2: all] Error 1\n"
		"error: Bad exit status from /var/tmp/rpm-tmp.c (%build)\n",
		CAUSE_BUILD, "%build", "error: could not find `Cargo.toml`", 2},
	{"nothing known: the last line of the section",
		"Executing(%install): /bin/sh\n"
		"some tool gave up\n"
		"error: Bad exit status from /var/tmp/rpm-tmp.c (%install)\n",
		CAUSE_BUILD, "%install", "some tool gave up", 2},
	{"the spec does not parse", "error: line 7: Unknown tag: Foo: bar\n", CAUSE_SOURCE, NULL,
		"line 7: Unknown tag: Foo: bar", 1},
	{"escape codes do not reach the reader",
		"Executing(%build): /bin/sh\n"
		"\033]0;x\aa.c:1:1: error: \033[31mred\n"
		"error: Bad exit status from /var/tmp/rpm-tmp.c (%build)\n",
		CAUSE_BUILD, "%build", "?]0;x?a.c:1:1: error: ?[31mred", 2},
	{"empty log", "", CAUSE_BUILD, NULL, NULL, 0},
};

static void finds_the_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		struct cause c;

		print_message("%s\n", cases[i].name);
		cause_find(cases[i].log, 1, &c);
		assert_int_equal(c.kind, cases[i].kind);
		assert_true(str_eq_null(c.step, cases[i].step));
		if (cases[i].message)
			assert_string_equal(c.message, cases[i].message);
		else
			assert_null(c.message);
		assert_int_equal(c.line, cases[i].line);
		cause_release(&c);
	}
}

static void counts_from_the_first_line(void **state)
{
	struct cause c;

	(void)state;
	cause_find("error: line 7: Unknown tag: Foo: bar\n", 101, &c);
	assert_int_equal(c.line, 101);
	cause_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_line),
		cmocka_unit_test(counts_from_the_first_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
