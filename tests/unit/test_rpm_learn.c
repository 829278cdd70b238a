/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What packages made by rpmbuild provide and require, and when they are the same. */
#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/proc.h"
#include "format/rpm/rpm.h"
#include "format/rpm/rpm_learn.h"
#include "sandbox/sandbox.h"
#include "scratch.h"

static char *top;

static int run(void *ctx, const char *file, int (*fn)(void *arg, int out_fd), void *arg,
	struct strbuf *ret_out, struct err *err)
{
	int *runs = ctx;

	(void)file;
	++*runs;
	return sandbox_compute(fn, arg, 60, ret_out, err);
}

static int confine(void *ctx, struct err *err)
{
	(void)ctx;
	return sandbox_confine(4 * GIB, err);
}

static int confine_not(void *ctx, struct err *err)
{
	(void)ctx;
	return err_set(err, ERR_SYS, "not here");
}

static int runs;
static const struct format_jail jail = {.run = run, .confine = confine, .ctx = &runs};
static const struct format_jail broken = {.run = run, .confine = confine_not, .ctx = &runs};

static const char spec[] =
	"%global __os_install_post %{nil}\n" /* strip would drop the times */
	"Name: sample\nVersion: 1.0\nRelease: %{rel}\nEpoch: 2\nSummary: s\nLicense: MIT\n"
	"BuildArch: noarch\nProvides: virtual(x) = 3, plain\n"
	"Requires: sample-libs = 2:%{version}-%{release}, other >= %{need}, (plain or nothing)\n"
	"Requires: (sample-libs and plain)\n"
	"%description\nd\n%package libs\nSummary: s\nProvides: libsample.so.1()(64bit)\n"
	"%description libs\nd\n"
	"%install\nmkdir -p %{buildroot}/usr/bin %{buildroot}/etc %{buildroot}/usr/lib/.build-id "
	"%{buildroot}/usr/share/doc/sample-%{version}-%{release}\n"
	"echo %{text} >%{buildroot}/usr/bin/sample\nchmod %{mode} %{buildroot}/usr/bin/sample\n"
	"touch -d @%{time} %{buildroot}/usr/bin/sample\n"
	"mkdir -p %{buildroot}/usr/lib\nar rcU %{buildroot}/usr/lib/sample.a "
	"%{buildroot}/usr/bin/sample\n"
	"ln %{buildroot}/usr/lib/sample.a %{buildroot}/usr/lib/again.a\n"
	"echo a >%{buildroot}/etc/sample.conf\n"
	"echo %{rel} >%{buildroot}/usr/lib/.build-id/x\n"
	"echo %{rel} >%{buildroot}/usr/bin/sample.pyc\n"
	"ln -s ../sample-%{version}-%{release} "
	"%{buildroot}/usr/share/doc/sample-%{version}-%{release}/self\n"
	"%post\necho %{script} of %{version}-%{release}.x86_64\n"
	"%files\n/usr/bin/*\n/usr/lib/*.a\n/usr/share/doc/*\n/usr/lib/.build-id/x\n"
	"%files libs\n/etc/sample.conf\n";

struct variant {
	const char *rel, *text, *mode, *time, *need, *script;
	bool same; /* as the first */
};
static const struct variant variants[] = {
	{"1", "hello", "755", "1000000000", "1-1", "done", true},
	{"1.1", "hello", "755", "1000000000", "1-1", "done", true},
	{"2.el9", "hello", "755", "1500000000", "1-1", "done", true},
	{"1.2", "hullo", "755", "1000000000", "1-1", "done", false},
	{"1.3", "hello", "555", "1000000000", "1-1", "done", false},
	{"1.4", "hello", "755", "1000000000", "1-2", "done", false},
	{"1.5", "hello", "755", "1000000000", "1-1", "over", false},
};

static void add_define(struct strv *argv, const char *name, const char *value)
{
	strv_add(argv, "--define");
	strv_addf(argv, "%s %s", name, value);
}

static void build(const struct variant *v)
{
	auto_free char *path = path_join(top, "sample.spec"), *db = path_join(top, "none");
	auto_strv struct strv argv = STRV_INIT;
	auto_err struct err err = ERR_INIT;

	strv_addl(&argv, "rpmbuild", "-bb", "--quiet", NULL);
	add_define(&argv, "_topdir", top);
	add_define(&argv, "_dbpath", db);
	add_define(&argv, "rel", v->rel);
	add_define(&argv, "text", v->text);
	add_define(&argv, "mode", v->mode);
	add_define(&argv, "time", v->time);
	add_define(&argv, "need", v->need);
	add_define(&argv, "script", v->script);
	strv_add(&argv, path);
	struct proc_opts o = {.argv = (const char *const *)argv.v, .timeout = 60};
	if (fs_write(path, spec, strlen(spec), 0644, &err) < 0 ||
		proc_check(&o, NULL, ERR_BUILD, &err) < 0)
		fail_msg("%s", err.msg);
}

static void files_of(const struct variant *v, struct strv *ret)
{
	strv_addf(ret, "%s/RPMS/noarch/sample-libs-1.0-%s.noarch.rpm", top, v->rel);
	strv_addf(ret, "%s/RPMS/noarch/sample-1.0-%s.noarch.rpm", top, v->rel);
}

static int setup(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	if (scratch_make("rpm_learn", &top) < 0 || rpm_init(&err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < COUNTOF(variants); i++)
		build(&variants[i]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return scratch_remove(&top);
}

static void learns(void **state)
{
	auto_strv struct strv files = STRV_INIT, provides = STRV_INIT, requires = STRV_INIT;
	auto_free char *content = NULL, *p = NULL, *r = NULL;

	(void)state;
	files_of(&variants[0], &files);
	assert_int_equal(rpm_learn(&files, NULL, &provides, &requires, &content, NULL), 0);
	p = strv_join(&provides, "; ");
	r = strv_join(&requires, "; ");
	assert_string_equal(p,
		"/etc/sample.conf; /usr/bin/sample; /usr/bin/sample.pyc; "
		"libsample.so.1()(64bit); plain; sample = 2:1.0-1; sample-libs = 2:1.0-1; "
		"virtual(x) = 3");
	/* what is their own is no requirement of others; a rich one is, when a part is not */
	assert_string_equal(r, "(plain or nothing); /bin/sh; other >= 1-1");
}

static void tells_changes(void **state)
{
	auto_free char *first = NULL;

	(void)state;
	runs = 0;
	for (size_t i = 0; i < COUNTOF(variants); i++) {
		auto_strv struct strv files = STRV_INIT, p = STRV_INIT, r = STRV_INIT;
		char *content = NULL;

		files_of(&variants[i], &files);
		assert_int_equal(rpm_learn(&files, &jail, &p, &r, &content, NULL), 0);
		assert_int_equal(strlen(content), 64);
		if (!first)
			first = xstrdup(content);
		if (str_eq(first, content) != variants[i].same)
			fail_msg("variant %zu (%s) is %s", i, variants[i].rel,
				variants[i].same ? "another" : "the same");
		free(content);
	}
	/* once for each package that has something to look at */
	assert_int_equal(runs, COUNTOF(variants));
}

/* Without a look inside, the times in an archive make it another; what cannot be looked at is no
 * failure. */
static void not_read(void **state)
{
	static const struct format_jail *const jails[] = {NULL, &broken};
	char *of[2][2];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		auto_strv struct strv files = STRV_INIT, p = STRV_INIT, r = STRV_INIT;

		files_of(&variants[i % 2 * 2], &files);
		assert_int_equal(
			rpm_learn(&files, jails[i / 2], &p, &r, &of[i / 2][i % 2], NULL), 0);
	}
	assert_string_not_equal(of[0][0], of[0][1]);
	assert_string_equal(of[0][0], of[1][0]);
	assert_string_equal(of[0][1], of[1][1]);
	for (size_t i = 0; i < 4; i++)
		free(of[i / 2][i % 2]);
}

/* A payload that ends early, or is none. */
static void damaged(void **state)
{
	auto_free char *from = NULL, *to = path_join(top, "damaged.rpm"), *data = NULL;
	auto_strv struct strv files = STRV_INIT, copies = STRV_INIT, p = STRV_INIT, r = STRV_INIT;
	auto_free char *whole = NULL, *plain = NULL;
	size_t n;

	(void)state;
	files_of(&variants[0], &files);
	from = files.v[1];
	files.n = 1;
	assert_int_equal(fs_read(from, MIB, &data, &n, NULL), 0);
	strv_add(&copies, from);
	assert_int_equal(rpm_learn(&copies, NULL, &p, &r, &plain, NULL), 0);
	strv_release(&copies);
	for (int cut = 0; cut < 2; cut++) {
		memset(data + n - 200, 'x', 200);
		assert_int_equal(fs_write(to, data, n - (cut ? 150U : 0), 0644, NULL), 0);
		strv_release(&copies);
		strv_add(&copies, to);
		assert_int_equal(rpm_learn(&copies, &jail, &p, &r, &whole, NULL), 0);
		assert_string_equal(whole, plain);
		free(TAKE(whole));
	}
}

/* The order in which files are named does not matter. */
static void order(void **state)
{
	auto_strv struct strv files = STRV_INIT, p = STRV_INIT, r = STRV_INIT;
	auto_free char *a = NULL, *b = NULL;
	char *f;

	(void)state;
	files_of(&variants[0], &files);
	assert_int_equal(rpm_learn(&files, NULL, &p, &r, &a, NULL), 0);
	f = files.v[0];
	files.v[0] = files.v[1];
	files.v[1] = f;
	assert_int_equal(rpm_learn(&files, NULL, &p, &r, &b, NULL), 0);
	assert_string_equal(a, b);
}

static void nothing(void **state)
{
	auto_strv struct strv files = STRV_INIT, p = STRV_INIT, r = STRV_INIT;
	auto_free char *path = path_join(top, "sample.spec");
	char *content = NULL;

	(void)state;
	strv_add(&files, path);
	assert_int_equal(rpm_learn(&files, NULL, &p, &r, &content, NULL), -ERR_BUILD);
	assert_null(content);
}

/* Nothing that a result could not hold: else a stranger's package is trouble of ours, and is built
 * again and again. */
static void bounds(void **state)
{
	static const char *const rows[] = {
		"for i = 1, 2200 do print('X: y' .. i .. string.rep('z', 4000) .. '\\n') end",
		"for i = 1, 100010 do print('X: y' .. i .. '\\n') end",
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_free char *path = path_join(top, "big.spec"), *content = NULL, *text = NULL;
		auto_free char *br = str_replace(rows[i], "X:", "BuildRequires:");
		auto_free char *prov = str_replace(rows[i], "X:", "Provides:");
		auto_free char *srpm = path_join(top, "SRPMS/big-1-1.src.rpm");
		auto_free char *rpm = path_join(top, "RPMS/noarch/big-1-1.noarch.rpm");
		auto_strv struct strv argv = STRV_INIT, f = STRV_INIT;
		auto_strv struct strv p = STRV_INIT, r = STRV_INIT, b = STRV_INIT;
		auto_err struct err err = ERR_INIT;

		text = xasprintf("Name: big\nVersion: 1\nRelease: 1\nSummary: s\nLicense: MIT\n"
				 "BuildArch: noarch\n%%{lua: %s}%%{lua: %s}%%description\nd\n"
				 "%%files\n",
			br, prov);
		strv_addl(&argv, "rpmbuild", "-ba", "--quiet", "--nodeps", NULL);
		add_define(&argv, "_topdir", top);
		strv_add(&argv, path);
		struct proc_opts o = {.argv = (const char *const *)argv.v, .timeout = 60};
		if (fs_write(path, text, strlen(text), 0644, &err) < 0 ||
			proc_check(&o, NULL, ERR_BUILD, &err) < 0)
			fail_msg("%s", err.msg);
		strv_add(&f, rpm);
		assert_int_equal(rpm_learn(&f, NULL, &p, &r, &content, NULL), -ERR_BUILD);
		assert_int_equal(rpm_build_requires(srpm, &b, NULL), -ERR_BUILD);
	}
}

/* Many versions of one name: each need is compared with each of them, up to a bound. */
static void pairs(void **state)
{
	static const char text[] =
		"Name: many\nVersion: 1\nRelease: 1\nSummary: s\nLicense: MIT\nBuildArch: noarch\n"
		"%{lua: for i = 1, 2200 do print('Provides: y = ' .. i .. '\\n') "
		"print('Requires: y = 9' .. 10000 + i .. '\\n') end}%description\nd\n%files\n";
	auto_free char *path = path_join(top, "many.spec"), *content = NULL;
	auto_free char *rpm = path_join(top, "RPMS/noarch/many-1-1.noarch.rpm");
	auto_strv struct strv argv = STRV_INIT, f = STRV_INIT, p = STRV_INIT, r = STRV_INIT;
	auto_err struct err err = ERR_INIT;

	(void)state;
	strv_addl(&argv, "rpmbuild", "-bb", "--quiet", NULL);
	add_define(&argv, "_topdir", top);
	strv_add(&argv, path);
	struct proc_opts o = {.argv = (const char *const *)argv.v, .timeout = 60};
	if (fs_write(path, text, strlen(text), 0644, &err) < 0 ||
		proc_check(&o, NULL, ERR_BUILD, &err) < 0)
		fail_msg("%s", err.msg);
	strv_add(&f, rpm);
	assert_int_equal(rpm_learn(&f, NULL, &p, &r, &content, &err), -ERR_BUILD);
	assert_non_null(strstr(err.msg, "too many versions of the same names"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learns),
		cmocka_unit_test(tells_changes),
		cmocka_unit_test(not_read),
		cmocka_unit_test(damaged),
		cmocka_unit_test(order),
		cmocka_unit_test(nothing),
		cmocka_unit_test(bounds),
		cmocka_unit_test(pairs),
	};

	return cmocka_run_group_tests_name("rpm_learn", tests, setup, teardown);
}
