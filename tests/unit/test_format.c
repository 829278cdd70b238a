/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every package format driver must do, with a fixture for each; and rpm's own particulars. */
#include "base/base.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/proc.h"
#include "format/format.h"
#include "format/rpm/rpm.h"
#include "rpm_quick.h"
#include "scratch.h"
#include <fnmatch.h>
#include <signal.h>

static char *top;

/* Versions in rising order; neighbours after an = are equal. VERSIONS.md, "Order across formats",
 * and what rpm's own tests hold. */
static const char *const rpm_order[] = {
	"0:0~~",
	"1.0.0~rc1-1",
	"1.0.0~rc1^git1-1",
	"1.0.0-1",
	"=1.0.0-01",
	"1.0.0^20240101-1",
	"1.0.0rc1-1",
	"1.0.0+5.gabc-1",
	"1.0.1-0.1.20150102034455.a5f0e3c",
	"1.0.1-0.20150102034455.a5f0e3c",
	"1.0.1-0.20150102034456.0000000",
	"1.0.1-1.el7~mos8.0.1",
	"1.0.1-1.el7~mos8.0.200",
	"1.0.1-1.el7~mos8.0.201",
	"1.0.1-1.el7~mos8.0.201.s1",
	"1.0.1-1.el7~mos8.1.1",
	"1.0.1-1.el7",
	"=1.0.1-1_el7",
	"1.0.1-1.el7.1",
	"1.0.10-1",
	"1.10-1",
	"20240101-1",
	"1:0-1",
	"10:0.0.1-1",
};

static int make_rpm(char **ret_file, struct err *err)
{
	static const char spec[] =
		"Name: sample\nEpoch: 2\nVersion: 1.0~rc1\nRelease: 3.x\nSummary: s\nLicense: MIT\n"
		"BuildArch: noarch\n%description\nd\n%package debuginfo\nSummary: s\n%description "
		"debuginfo\nd\n%install\nmkdir -p %{buildroot}/usr/share/sample\nseq 3000 > "
		"%{buildroot}/usr/share/sample/n\n%files\n/usr/share/sample\n%files debuginfo\n";
	auto_free char *path = path_join(top, "sample.spec");
	auto_free char *topdir = xasprintf("_topdir %s", top), *db = xasprintf("_dbpath %s/x", top);
	const char *argv[] = {"rpmbuild", "-ba", "--quiet", RPM_QUICK, "--define", topdir,
		"--define", db, "--define", "debug_package %{nil}", path, NULL};
	struct proc_opts o = {.argv = argv, .timeout = 60};
	int r = fs_write(path, spec, strlen(spec), 0644, err);

	if (r >= 0)
		r = proc_check(&o, NULL, ERR_BUILD, err);
	*ret_file = xasprintf("%s/RPMS/noarch/sample-1.0~rc1-3.x.noarch.rpm", top);
	return r;
}

/* Where the part begins that digests cover: behind the signature header, which holds them. */
static size_t rpm_covered(const char *data)
{
	size_t n[2] = {0};

	for (size_t i = 0; i < 8; i++)
		n[i / 4] = n[i / 4] << 8 | (unsigned char)data[96 + 8 + i];
	return 96 + 16 + (n[0] * 16 + n[1] + 7) / 8 * 8;
}

static const struct fixture {
	const char *name;
	const char *const *order;
	size_t n;
	int (*make)(char **ret_file, struct err *err); /* sample 2:1.0~rc1-3.x, noarch */
	const char *nevra;
	size_t (*covered)(const char *data);
} fixtures[] = {
	{"rpm", rpm_order, COUNTOF(rpm_order), make_rpm, "sample-2:1.0~rc1-3.x.noarch",
		rpm_covered},
};

static const struct fixture *fixture(const struct format_driver *d)
{
	for (size_t i = 0; i < COUNTOF(fixtures); i++) {
		if (str_eq(fixtures[i].name, d->name))
			return &fixtures[i];
	}
	fail_msg("driver '%s' has no fixture", d->name);
	abort(); /* fail_msg does not come back */
}

static void test_table(void **state)
{
	const struct format_driver *const *all = format_all();

	(void)state;
	assert_non_null(all[0]);
	for (size_t i = 0; all[i]; i++) {
		assert_ptr_equal(format_find(all[i]->name), all[i]);
		assert_true(all[i]->package_glob && all[i]->vercmp && all[i]->read);
	}
	assert_null(format_find("msi"));
	assert_null(format_find(""));
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

/* Every pair of the table both ways round, and with itself. */
static void test_order(void **state)
{
	(void)state;
	for (const struct format_driver *const *d = format_all(); *d; d++) {
		const struct fixture *f = fixture(*d);
		int rank[64] = {0};

		assert_true(f->n <= COUNTOF(rank));
		for (size_t i = 1; i < f->n; i++)
			rank[i] = rank[i - 1] + (*f->order[i] != '=');
		for (size_t i = 0; i < f->n; i++) {
			for (size_t k = 0; k < f->n; k++) {
				const char *a = f->order[i] + (*f->order[i] == '=');
				const char *b = f->order[k] + (*f->order[k] == '=');

				if (sign((*d)->vercmp(a, b)) != sign(rank[i] - rank[k]))
					fail_msg("%s: %s against %s: %d", f->name, a, b,
						(*d)->vercmp(a, b));
			}
		}
	}
}

static char *sample(const struct format_driver *d)
{
	struct err err = ERR_INIT;
	char *file = NULL;

	if ((d->init && d->init(&err) < 0) || fixture(d)->make(&file, &err) < 0)
		fail_msg("%s", err.msg);
	return file;
}

static void test_read(void **state)
{
	(void)state;
	for (const struct format_driver *const *d = format_all(); *d; d++) {
		auto_free char *file = sample(*d);
		struct package p = {0};
		struct err err = ERR_INIT;
		char sha[SHA256_HEX];
		struct stat st;

		if ((*d)->read(file, &p, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(fnmatch((*d)->package_glob, p.file, 0), 0);
		assert_string_equal(p.nevra, fixture(*d)->nevra);
		assert_string_equal(p.name, "sample");
		assert_string_equal(p.version, "1.0~rc1");
		assert_string_equal(p.release, "3.x");
		assert_int_equal(p.epoch, 2);
		assert_int_equal(p.kind, PACKAGE_MAIN);
		assert_string_equal(p.path, file);
		assert_true(p.build_time > 1000000000);
		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(p.size, st.st_size);
		assert_true(sha256_file(file, sha, NULL) >= 0);
		assert_string_equal(p.sha256, sha);
		package_release(&p);
	}
}

static void check_refused(const struct format_driver *d, const char *path, enum err_code code)
{
	struct package p = {0};
	auto_err struct err err = ERR_INIT;

	if (d->read(path, &p, &err) >= 0)
		fail_msg("'%s' was read", path);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.msg, path_base(path)));
	assert_null(strchr(err.msg, '\n'));
	assert_null(p.name);
}

/* One bit turned at many places of header and payload, cut off, not there, no file. */
static void test_damaged(void **state)
{
	(void)state;
	for (const struct format_driver *const *d = format_all(); *d; d++) {
		auto_free char *file = sample(*d), *bad = path_join(top, "bad"), *data = NULL;
		size_t n;

		assert_true(fs_read(file, 1 << 20, &data, &n, NULL) >= 0);
		size_t from = fixture(*d)->covered(data);
		for (size_t at = n - 1; at >= from; at -= at / 23 + 1) {
			data[at] ^= 4;
			assert_true(fs_write(bad, data, n, 0644, NULL) >= 0);
			data[at] ^= 4;
			check_refused(*d, bad, ERR_BUILD);
		}
		assert_true(fs_write(bad, data, n - 1, 0644, NULL) >= 0);
		check_refused(*d, bad, ERR_BUILD);
		assert_true(fs_write(bad, data, 200, 0644, NULL) >= 0);
		check_refused(*d, bad, ERR_BUILD);
		assert_true(fs_write(bad, "", 0, 0644, NULL) >= 0);
		check_refused(*d, bad, ERR_BUILD);
		check_refused(*d, top, ERR_BUILD);
		auto_free char *none = path_join(top, "none");
		check_refused(*d, none, ERR_NOT_FOUND);
	}
}

static void test_rpm_kinds(void **state)
{
	static const struct {
		const char *file;
		enum package_kind kind;
		const char *nevra;
	} table[] = {
		{"SRPMS/sample-1.0~rc1-3.x.src.rpm", PACKAGE_SOURCE, "sample-2:1.0~rc1-3.x.src"},
		{"RPMS/noarch/sample-debuginfo-1.0~rc1-3.x.noarch.rpm", PACKAGE_DEBUGINFO,
			"sample-debuginfo-2:1.0~rc1-3.x.noarch"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(table); i++) {
		auto_free char *path = path_join(top, table[i].file);
		struct package p = {0};
		struct err err = ERR_INIT;

		if (rpm_read(path, &p, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(p.kind, table[i].kind);
		assert_string_equal(p.nevra, table[i].nevra);
		package_release(&p);
	}
}

/* rpmbuild takes any word as architecture; we do not. */
static void test_rpm_names(void **state)
{
	static const char *const archs[] = {"we;ird", "a b", "<b>"};
	auto_free char *path = path_join(top, "sample.spec"), *bare = path_join(top, "bare.spec");
	auto_free char *topdir = xasprintf("_topdir %s/odd", top), *text = NULL, *plain = NULL;
	auto_free char *db = xasprintf("_dbpath %s/odd-db", top);

	(void)state;
	assert_true(fs_read(path, 1 << 16, &text, NULL, NULL) >= 0);
	plain = str_replace(text, "BuildArch: noarch\n", "");
	assert_true(fs_write(bare, plain, strlen(plain), 0644, NULL) >= 0);
	for (size_t i = 0; i < COUNTOF(archs); i++) {
		auto_free char *to = xasprintf("%s-linux", archs[i]);
		auto_free char *file =
			xasprintf("%s/odd/RPMS/sample-1.0~rc1-3.x.%s.rpm", top, archs[i]);
		const char *argv[] = {"rpmbuild", "-bb", "--quiet", RPM_QUICK, "--target", to,
			"--define", topdir, "--define", db, "--define", "debug_package %{nil}",
			"--define", "_build_name_fmt %{NVRA}.rpm", bare, NULL};
		struct proc_opts o = {.argv = argv, .timeout = 60};
		auto_err struct err err = ERR_INIT;

		if (proc_check(&o, NULL, ERR_BUILD, &err) < 0)
			fail_msg("%s", err.msg);
		check_refused(format_find("rpm"), file, ERR_BUILD);
	}
}

/* Nothing on our descriptors, no signal handler of librpm left, no database in a home. */
static void test_rpm_quiet(void **state)
{
	auto_free char *bad = path_join(top, "bad"), *out = path_join(top, "out");
	auto_free char *home = path_join(top, "home"), *db = path_join(top, "no-db");
	auto_close int fd = open(out, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int keep[2] = {dup(1), dup(2)};
	auto_strv struct strv install = STRV_INIT, files = STRV_INIT, left = STRV_INIT;
	struct rpm_problems problems = VEC_INIT;
	struct sigaction sa;
	struct package p = {0};
	struct stat st;

	(void)state;
	assert_true(fs_write(bad, "no package", 10, 0644, NULL) >= 0);
	assert_true(fs_mkdirs(home, 0700, NULL) >= 0);
	setenv("HOME", home, 1);
	fflush(stdout);
	dup2(fd, 1);
	dup2(fd, 2);
	strv_add(&install, bad);
	int read_bad = rpm_read(bad, &p, NULL);
	int no_db = rpm_resolve(db, &install, &files, &files, &problems, NULL);
	fflush(stdout);
	dup2(keep[0], 1);
	dup2(keep[1], 2);
	close(keep[0]);
	close(keep[1]);
	assert_true(read_bad < 0 && no_db < 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(sigaction(SIGINT, NULL, &sa), 0);
	assert_ptr_equal(sa.sa_handler, SIG_DFL);
	assert_int_equal(sigaction(SIGPIPE, NULL, &sa), 0);
	assert_ptr_equal(sa.sa_handler, SIG_DFL);
	assert_true(fs_list(home, &left, NULL) >= 0);
	assert_int_equal(left.n, 0);
}

static int setup(void **state)
{

	(void)state;
	return scratch_make("format", &top);
}

static int teardown(void **state)
{
	(void)state;
	return scratch_remove(&top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_rpm_kinds),
		cmocka_unit_test(test_rpm_names),
		cmocka_unit_test(test_rpm_quiet),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
