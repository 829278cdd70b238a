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
#include "rpm_quick.h"
#include "sandbox/sandbox.h"
#include "scratch.h"
#include <rpm/header.h>
#include <rpm/rpmds.h>
#include <rpm/rpmio.h>
#include <rpm/rpmtag.h>

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

	strv_addl(&argv, "rpmbuild", "-bb", "--quiet", RPM_QUICK, NULL);
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

/* ---- packages that rpmbuild takes seconds for: headers of our own ---- */

/* n dependencies "<name>, <name>1 ..." or, with versions from `first` on, "<name> = <first>" ... */
struct many {
	int n, first;
	size_t pad; /* bytes more in each name */
};

static bool put_list(Header h, rpmTagVal tag, const struct strv *v)
{
	const char **list = xcalloc(v->n, sizeof *list);
	bool put;

	for (size_t i = 0; i < v->n; i++)
		list[i] = v->v[i];
	put = headerPutStringArray(h, tag, list, (rpm_count_t)v->n);
	free(list);
	return put;
}

static void put_many(Header h, rpmTagVal names, rpmTagVal flags, rpmTagVal versions, struct many m)
{
	auto_free char *pad = xcalloc(1, m.pad + 1);
	auto_strv struct strv name = STRV_INIT, version = STRV_INIT;
	auto_free uint32_t *sense = xcalloc((size_t)m.n + 1, sizeof *sense);

	memset(pad, 'z', m.pad);
	for (int i = 0; i < m.n; i++) {
		sense[i] = m.first ? RPMSENSE_EQUAL : RPMSENSE_ANY;
		if (m.first) {
			strv_add(&name, "y");
			strv_addf(&version, "%d", m.first + i);
		} else {
			strv_addf(&name, "y%d%s", i, pad);
			strv_add(&version, "");
		}
	}
	if (!m.n)
		return;
	assert_true(put_list(h, names, &name) && put_list(h, versions, &version) &&
		    headerPutUint32(h, flags, sense, (rpm_count_t)m.n));
}

/* A package file without files that has these dependencies; the caller's. */
static char *package(bool source, struct many requires, struct many provides)
{
	static const unsigned char magic[] = {0xed, 0xab, 0xee, 0xdb, 3, 0};
	char *path = path_join(top, source ? "many.src.rpm" : "many.noarch.rpm");
	unsigned char lead[96] = {0};
	Header h = headerNew(), sig = headerNew();
	FD_t fd = Fopen(path, "w.ufdio");

	memcpy(lead, magic, sizeof magic);
	lead[7] = source;
	lead[77] = 1;
	lead[79] = 5; /* a signature that is a header */
	headerPutString(h, RPMTAG_NAME, "many");
	headerPutString(h, RPMTAG_VERSION, "1");
	headerPutString(h, RPMTAG_RELEASE, "1");
	headerPutString(h, RPMTAG_ARCH, "noarch");
	headerPutString(h, RPMTAG_OS, "linux");
	if (source)
		headerPutUint32(h, RPMTAG_SOURCEPACKAGE, &(uint32_t){1}, 1);
	else
		headerPutString(h, RPMTAG_SOURCERPM, "many-1-1.src.rpm");
	put_many(h, RPMTAG_REQUIRENAME, RPMTAG_REQUIREFLAGS, RPMTAG_REQUIREVERSION, requires);
	put_many(h, RPMTAG_PROVIDENAME, RPMTAG_PROVIDEFLAGS, RPMTAG_PROVIDEVERSION, provides);
	h = headerReload(h, RPMTAG_HEADERIMMUTABLE);
	headerPutString(sig, RPMSIGTAG_SHA1, "not looked at");
	sig = headerReload(sig, RPMTAG_HEADERSIGNATURES);
	assert_int_equal(Fwrite(lead, 1, sizeof lead, fd), sizeof lead);
	assert_int_equal(headerWrite(fd, sig, HEADER_MAGIC_YES), 0);
	if (headerSizeof(sig, HEADER_MAGIC_YES) % 8)
		assert_true(Fwrite("\0\0\0\0\0\0\0", 1, 8 - headerSizeof(sig, HEADER_MAGIC_YES) % 8,
				    fd) > 0);
	assert_int_equal(headerWrite(fd, h, HEADER_MAGIC_YES), 0);
	assert_int_equal(Fclose(fd), 0);
	headerFree(h);
	headerFree(sig);
	return path;
}

/* What rpm_learn and rpm_build_requires say of packages with these dependencies. */
static void expect_learn(struct many requires, struct many provides, int want, const char *why)
{
	auto_free char *rpm = package(false, requires, provides), *content = NULL;
	auto_strv struct strv f = STRV_INIT, p = STRV_INIT, r = STRV_INIT;
	auto_err struct err err = ERR_INIT;

	strv_add(&f, rpm);
	if (rpm_learn(&f, NULL, &p, &r, &content, &err) != want)
		fail_msg("%s", err.msg ? err.msg : "it is taken");
	if (why && !strstr(err.msg, why))
		fail_msg("'%s' is not in '%s'", why, err.msg);
}

static void expect_build_requires(struct many requires, int want)
{
	auto_free char *srpm = package(true, requires, (struct many){0});
	auto_strv struct strv b = STRV_INIT;
	auto_err struct err err = ERR_INIT;

	if (rpm_build_requires(srpm, &b, &err) != want)
		fail_msg("%s", err.msg ? err.msg : "it is taken");
}

/* Nothing that a result could not hold: else a stranger's package is trouble of ours, and is built
 * again and again. */
static void bounds(void **state)
{
	static const struct many none = {0}, few = {.n = 10}, much = {.n = 2200, .pad = 4000},
				 many = {.n = 100010};

	(void)state;
	expect_learn(few, few, 0, NULL);
	expect_build_requires(few, 0);
	expect_learn(none, much, -ERR_BUILD, " MiB");
	expect_learn(none, many, -ERR_BUILD, "more than 100000");
	expect_build_requires(much, -ERR_BUILD);
	expect_build_requires(many, -ERR_BUILD);
}

/* Many versions of one name: each need is compared with each of them, up to a bound. */
static void pairs(void **state)
{
	(void)state;
	expect_learn((struct many){2200, 910001, 0}, (struct many){2200, 1, 0}, -ERR_BUILD,
		"too many versions of the same names");
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
