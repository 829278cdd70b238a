/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the host target says of a machine, from texts and trees of a made-up one. */
#include "base/base.h"
#include "base/fs.h"
#include "root/host.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char *tmp;

static int setup(void **state)
{

	(void)state;
	return scratch_make("root", &tmp);
}

static int teardown(void **state)
{
	(void)state;
	return scratch_remove(&tmp);
}

static void has(const struct strv *v, const char *line)
{
	if (!strv_has(v, line))
		fail_msg("'%s' is missing", line);
}

static void lacks(const struct strv *v, const char *line)
{
	if (strv_has(v, line))
		fail_msg("'%s' is there", line);
}

static void versions(void **state)
{
	static const char *const table[][2] = {
		{"1.2.3-4", "1.2.3-4"},
		{"4:12.2.0-3", "12.2.0-3"},
		{"1:1.2.13.dfsg-1", "1.2.13.dfsg-1"},
		{"2.36-9+deb12u9", "2.36-9+deb12u9"},
		{"1.0~rc1-2", "1.0~rc1-2"},
		{"13.11.4", "13.11.4"},
		{"1.2-3-4", "1.2.3-4"},
		{"0:1.0-", "1.0"},
		{"20230311+nmu1", "20230311+nmu1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(table); i++) {
		auto_free char *v = host_version(table[i][0]);

		assert_string_equal(v, table[i][1]);
	}
}

static void dpkg(void **state)
{
	static const char text[] =
		"ii \tgcc\t4:12.2.0-3\tamd64\tc-compiler, gcc-x86-64-linux-gnu (= 4:12.2.0-3)\n"
		"ii \tzlib1g-dev\t1:1.2.13.dfsg-1\tamd64\tlibz-dev\n"
		"ii \tpython3-setuptools\t66.1.1-1\tall\tpython3.11-setuptools\n"
		"rc \tremoved\t1.0-1\tamd64\t\n"
		"ii \tzlib1g\t1:1.2.13.dfsg-1\ti386\t\n"
		"ii \tbad name\t1.0\tall\t\n"
		"ii \tshort\n"
		"ii \tlibfoo-dev\t1%(id)\tall\t\n"
		"hi \theld\t7-1\tall\tpython3-numpy-api9:any, x (>= 1)\n";
	CLEANUP(host_facts_release) struct host_facts f = {0};

	(void)state;
	if (!str_eq(target_host_arch(), "x86_64"))
		skip();
	host_dpkg(text, &f);
	assert_string_equal(f.kind, "dpkg");
	has(&f.packages, "gcc-4:12.2.0-3.amd64");
	has(&f.packages, "zlib1g-1:1.2.13.dfsg-1.i386");
	lacks(&f.packages, "removed-1.0-1.amd64");
	has(&f.provides, "gcc = 12.2.0-3");
	has(&f.provides, "gcc(x86-64) = 12.2.0-3");
	has(&f.provides, "c-compiler");
	has(&f.provides, "gcc-x86-64-linux-gnu = 12.2.0-3");
	has(&f.provides, "zlib-devel = 1.2.13.dfsg-1");
	has(&f.provides, "zlib-devel(x86-64) = 1.2.13.dfsg-1");
	has(&f.provides, "zlib1g-devel = 1.2.13.dfsg-1");
	has(&f.provides, "python3-setuptools = 66.1.1-1");
	lacks(&f.provides, "python3-setuptools(x86-64) = 66.1.1-1");
	lacks(&f.provides, "zlib1g = 1.2.13.dfsg-1"); /* another architecture's */
	lacks(&f.provides, "removed = 1.0-1");
	lacks(&f.provides, "bad name = 1.0");
	has(&f.provides, "held = 7-1");
	has(&f.provides, "python3-numpy-api9");
	has(&f.provides, "foo-devel = 1..id.");
	strv_foreach (&f.provides, p)
		assert_null(strchr(*p, '%')); /* it would be a macro of the spec */
}

static void rpm(void **state)
{
	static const char text[] = "P gpg-pubkey-1234-5678.(none)\n"
				   "D gpg(x) = 4:1234-5678\n"
				   "P gcc-13.2.1-6.fc39.x86_64\n"
				   "D gcc = 13.2.1-6.fc39\n"
				   "D gcc(x86-64) = 13.2.1-6.fc39\n"
				   "D liblto_plugin.so()(64bit)  \n"
				   "D rpmlib(FileDigests) = 4.6.0-1\n"
				   "P perl-4:5.38.2-1.fc39.x86_64\n"
				   "D perl = 4:5.38.2-1.fc39\n";
	CLEANUP(host_facts_release) struct host_facts f = {0};

	(void)state;
	host_rpm(text, &f);
	assert_string_equal(f.kind, "rpm");
	assert_int_equal(f.packages.n, 2);
	has(&f.packages, "gcc-13.2.1-6.fc39.x86_64");
	has(&f.provides, "gcc = 13.2.1-6.fc39");
	has(&f.provides, "gcc(x86-64) = 13.2.1-6.fc39");
	has(&f.provides, "liblto_plugin.so()(64bit)");
	has(&f.provides, "perl = 4:5.38.2-1.fc39");
	lacks(&f.provides, "rpmlib(FileDigests) = 4.6.0-1");
}

static void names(void **state)
{
	auto_strv struct strv v = STRV_INIT;

	(void)state;
	host_aliases(&v, "g++", "12.2.0-3", NULL);
	has(&v, "gcc-c++ = 12.2.0-3");
	host_aliases(&v, "python3-dev", "3.11.2-1", "x86-64");
	has(&v, "python3-devel = 3.11.2-1");
	has(&v, "python3-devel(x86-64) = 3.11.2-1");
	host_aliases(&v, "libxml2-dev", "2.9.14", NULL);
	has(&v, "libxml2-devel = 2.9.14");
	has(&v, "xml2-devel = 2.9.14");
	host_aliases(&v, "rpm", "4.18.0", NULL);
	has(&v, "rpm-build = 4.18.0");
	has(&v, "redhat-rpm-config = 4.18.0");
}

static void modules(void **state)
{
	auto_strv struct strv v = STRV_INIT;

	(void)state;
	host_python(&v, "PyYAML-6.0.dist-info", "3.11");
	has(&v, "python3dist(pyyaml) = 6");
	has(&v, "python3.11dist(pyyaml) = 6");
	host_python(&v, "lazr.uri-1.0.6.egg-info", "3.11");
	has(&v, "python3dist(lazr.uri) = 1.0.6");
	has(&v, "python3dist(lazr-uri) = 1.0.6");
	host_python(&v, "gpg-1.18.0-py3.11.egg-info", "3.11");
	has(&v, "python3dist(gpg) = 1.18");
	host_python(&v, "thing-2.0rc1.dist-info", "3.11");
	has(&v, "python3dist(thing) = 2~rc1");
	host_python(&v, "cryptography.egg-info", "3.11");
	has(&v, "python3dist(cryptography)");
	host_python(&v, "notadist", "3.11");
	lacks(&v, "python3dist(notadist)");
	host_pkgconfig(&v, "zlib", "prefix=/usr\nName: zlib\nVersion: 1.2.13\n");
	has(&v, "pkgconfig(zlib) = 1.2.13");
	host_pkgconfig(&v, "libcrypto", "version=3.0.17\nVersion: ${version}\n");
	has(&v, "pkgconfig(libcrypto) = 3.0.17");
	host_pkgconfig(&v, "none", "Name: none\nVersion:\n");
	has(&v, "pkgconfig(none)");
	host_pkgconfig(&v, "dash", "Version: 1.0-rc1\n");
	has(&v, "pkgconfig(dash) = 1.0.rc1");
}

static void libraries(void **state)
{
	static const char text[] =
		"705 libs found in cache `/etc/ld.so.cache'\n"
		"\tlibz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1\n"
		"\tlibz.so.1 (libc6) => /usr/lib32/libz.so.1\n"
		"\tlibz.so (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1\n"
		"\tlibvendor.so.1 (libc6,x86-64) => /opt/vendor/libvendor.so.1\n"
		"\tlibhome.so.1 (libc6,x86-64) => /home/x/libhome.so.1\n"
		"Cache generated by: ldconfig (Debian GLIBC 2.36) stable release version 2.36\n";
	auto_strv struct strv v = STRV_INIT;

	(void)state;
	host_ldconfig(text, &v);
	assert_int_equal(v.n, 2);
	has(&v, "/lib/x86_64-linux-gnu/libz.so.1");
	has(&v, "/usr/lib32/libz.so.1");
}

static void put(const char *name, const char *text, mode_t mode)
{
	auto_free char *path = path_join(tmp, name), *dir = path_dir(path);

	assert_int_equal(fs_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(fs_write(path, text, strlen(text), mode, NULL), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static char *get(const char *name)
{
	auto_free char *path = path_join(tmp, name);
	char *text = NULL;

	if (fs_read(path, 100000, &text, NULL, NULL) < 0)
		return NULL;
	return text;
}

static void made_up_etc(void)
{
	put("etc/passwd",
		"root:x:0:0:The Boss:/root:/bin/zsh\nbin:x:2:2:Mr Bin:/bin:/usr/sbin/nologin\n"
		"ann:x:1000:1000:Ann:/home/ann:/bin/bash\npostgres:x:101:104::/var:/bin/bash\n"
		"nobody:x:65534:65534:n:/nonexistent:/usr/sbin/nologin\nbroken\n",
		0644);
	put("etc/group", "root:x:0:\nshadow:x:42:ann\nann:x:1000:\nssh:x:110:\n", 0644);
	put("etc/shadow", "root:$6$SECRET:1::::::\n", 0640);
	put("etc/ssh/ssh_host_key", "SECRET", 0644);
	put("etc/ssl/certs/ca.pem", "a certificate", 0644);
	put("etc/ssl/private/key.pem", "SECRET", 0644);
	put("etc/ssl/hidden.pem", "SECRET", 0600);
	put("etc/maven/settings.xml", "SECRET", 0644);
	put("etc/maven/m2.conf", "conf", 0644);
	put("etc/pip.conf", "SECRET", 0644);
	put("etc/environment", "TOKEN=SECRET", 0644);
	put("etc/profile.d/x.sh", "SECRET", 0644);
	put("etc/ld.so.conf", "include ld.so.conf.d/*.conf", 0644);
	put("etc/java-17-openjdk/jvm.cfg", "cfg", 0644);
	put("etc/rpm/macros.me", "%packager SECRET", 0644);
}

static void no_secret_below(const char *path)
{
	auto_strv struct strv list = STRV_INIT;
	auto_free char *text = NULL;
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	if (S_ISREG(st.st_mode)) {
		assert_int_equal(fs_read(path, 100000, &text, NULL, NULL), 0);
		if (strstr(text, "SECRET"))
			fail_msg("a secret is in '%s'", path);
	}
	if (!S_ISDIR(st.st_mode))
		return;
	assert_int_equal(fs_list(path, &list, NULL), 0);
	strv_foreach (&list, n) {
		auto_free char *sub = path_join(path, *n);

		no_secret_below(sub);
	}
}

static void skeleton(void **state)
{
	auto_free char *etc = path_join(tmp, "etc"), *out = path_join(tmp, "out");
	auto_free char *passwd = NULL, *group = NULL, *shadow = NULL, *cert = NULL, *conf = NULL;
	auto_free char *again = path_join(tmp, "again"), *macros = NULL, *java = NULL;
	char first[SHA256_HEX], second[SHA256_HEX];
	struct sha256 *h = sha256_new();
	auto_err struct err e = ERR_INIT;

	(void)state;
	made_up_etc();
	assert_int_equal(host_skeleton(out, etc, h, &e), 0);
	sha256_end(h, first);
	no_secret_below(out);
	passwd = get("out/etc/passwd");
	assert_string_equal(passwd, "root:x:0:0:root:/root:/bin/bash\n"
				    "bin:x:2:2:bin:/bin:/usr/sbin/nologin\n"
				    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
				    "builder:x:1000:1000:builder:/builddir:/bin/bash\n");
	group = get("out/etc/group");
	assert_string_equal(group, "root:x:0:\nshadow:x:42:\nbuilder:x:1000:\n");
	shadow = get("out/etc/shadow");
	assert_non_null(shadow);
	cert = get("out/etc/ssl/certs/ca.pem");
	assert_string_equal(cert, "a certificate");
	conf = get("out/etc/maven/m2.conf");
	assert_string_equal(conf, "conf");
	java = get("out/etc/java-17-openjdk/jvm.cfg");
	assert_non_null(java);
	macros = get("out/etc/rpm/macros");
	assert_non_null(strstr(macros, "%_dbpath /var/lib/rpm\n"));
	assert_null(get("out/etc/rpm/macros.me"));
	/* the same machine gives the same key, another file another one */
	h = sha256_new();
	assert_int_equal(host_skeleton(again, etc, h, &e), 0);
	sha256_end(h, second);
	assert_string_equal(first, second);
	put("etc/ld.so.conf", "include ld.so.conf.d/x.conf", 0644);
	assert_int_equal(fs_remove_tree(again, &e), 0);
	h = sha256_new();
	assert_int_equal(host_skeleton(again, etc, h, &e), 0);
	sha256_end(h, second);
	assert_string_not_equal(first, second);
}

static bool in_out(const char *name)
{
	auto_free char *path = xasprintf("%s/out/etc/%s", tmp, name);

	return fs_exists(path);
}

/* What is no plain file for everybody is passed over, whatever its name. */
static void odd_files(void **state)
{
	auto_free char *etc = path_join(tmp, "etc"), *out = path_join(tmp, "out");
	auto_free char *fifo = path_join(tmp, "etc/xdg/fifo"), *big = path_join(tmp, "etc/xdg/big");
	auto_free char *dir = path_join(tmp, "etc/xdg/closed");
	auto_free char *link = path_join(tmp, "etc/xdg/link"), *target = NULL;
	auto_err struct err e = ERR_INIT;
	struct sha256 *h = sha256_new();

	(void)state;
	made_up_etc();
	put("etc/xdg/closed/file", "SECRET", 0644);
	put("etc/xdg/open/file", "fine", 0600);
	put("etc/xdg/open/run", "fine", 04755);
	put("etc/xdg/open/backup~", "SECRET", 0644);
	put("etc/xdg/open/passwd-", "SECRET", 0644);
	put("etc/xdg/open/new\nline \xff", "fine", 0644);
	put("etc/xdg/big", "x", 0644);
	assert_int_equal(truncate(big, 100 << 20), 0);
	assert_int_equal(mkfifo(fifo, 0644), 0);
	assert_int_equal(symlink("/root/SECRET", link), 0);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(host_skeleton(out, etc, h, &e), 0);
	sha256_free(h);
	no_secret_below(out);
	assert_false(in_out("xdg/closed"));
	assert_false(in_out("xdg/open/file"));
	assert_false(in_out("xdg/big"));
	assert_false(in_out("xdg/fifo"));
	assert_true(in_out("xdg/link")); /* leads nowhere inside */
	assert_true(in_out("xdg/open/new\nline \xff"));
	target = path_join(tmp, "out/etc/xdg/open/run");
	{
		struct stat st;

		assert_int_equal(stat(target, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0755);
	}
}

/* A machine without the files that everything else comes from is refused, not half done. */
static void no_passwd(void **state)
{
	auto_free char *etc = path_join(tmp, "etc"), *out = path_join(tmp, "out");
	auto_free char *passwd = path_join(tmp, "etc/passwd");
	auto_err struct err e = ERR_INIT;
	struct sha256 *h = sha256_new();

	(void)state;
	made_up_etc();
	assert_int_equal(unlink(passwd), 0);
	assert_int_equal(host_skeleton(out, etc, h, &e), -ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "passwd"));
	sha256_free(h);
}

static void spec(void **state)
{
	struct host_facts f = {.kind = "dpkg"};
	auto_free char *text = NULL;

	(void)state;
	strv_add(&f.provides, "/bin/sh");
	strv_add(&f.provides, "gcc = 12.2.0-3");
	text = host_base_spec(&f, "12", "20260102030405.0123abcd");
	assert_non_null(strstr(text, "Name: host-base\nVersion: 12\n"
				     "Release: 20260102030405.0123abcd\n"));
	assert_non_null(strstr(text, "\nProvides: /bin/sh\nProvides: gcc = 12.2.0-3\n"));
	host_facts_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(dpkg),
		cmocka_unit_test(rpm),
		cmocka_unit_test(names),
		cmocka_unit_test(modules),
		cmocka_unit_test(libraries),
		cmocka_unit_test_setup_teardown(skeleton, setup, teardown),
		cmocka_unit_test_setup_teardown(odd_files, setup, teardown),
		cmocka_unit_test_setup_teardown(no_passwd, setup, teardown),
		cmocka_unit_test(spec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
