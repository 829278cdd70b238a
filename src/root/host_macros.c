/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_macros.c - the root's /etc/rpm/macros: what a distribution that builds rpms would set, where
 * this machine's does not. A target's own macros come with each command instead.
 */
#include "base/base.h"
#include "base/fs.h"
#include "root/host.h"

#define REDHAT "/usr/lib/rpm/redhat/macros" /* has much of this itself */

/* Where the machine's linker looks, when that is not rpm's lib64: what is built here runs here. */
static void add_libdir(struct strbuf *b)
{
	static const char *const triplets[] = {"x86_64-linux-gnu", "aarch64-linux-gnu",
		"powerpc64le-linux-gnu", "s390x-linux-gnu", "riscv64-linux-gnu"};
	static const char *const arches[] = {"x86_64", "aarch64", "ppc64le", "s390x", "riscv64"};

	for (size_t i = 0; i < COUNTOF(triplets); i++) {
		auto_free char *so = xasprintf("/usr/lib/%s/libc.so.6", triplets[i]);

		if (!str_eq(arches[i], target_host_arch()) || !fs_exists(so))
			continue;
		sb_addf(b, "%%_lib lib/%s\n%%_libdir %%{_prefix}/lib/%s\n", triplets[i],
			triplets[i]);
	}
}

/* Packages with debug symbols and sources beside each package, as where rpm is at home. A build
 * that makes none (no -g) is no failure. */
static void add_debuginfo(struct strbuf *b)
{
	if (access("/usr/bin/find-debuginfo", X_OK) < 0 || access("/usr/bin/debugedit", X_OK) < 0 ||
		access("/usr/bin/eu-strip", X_OK) < 0)
		return;
	sb_add(b, "%_enable_debug_packages 1\n"
		  "%_debugsource_packages 1\n"
		  "%_debuginfo_subpackages 1\n"
		  "%_unique_build_ids 1\n"
		  "%_unique_debug_names 1\n"
		  "%_unique_debug_srcs 1\n"
		  "%_empty_manifest_terminate_build 0\n"
		  "%install %{?_enable_debug_packages:%{?buildsubdir:%{debug_package}}}\\\n"
		  "%%install\\\n"
		  "%{nil}\n");
}

/* Debian's layout; setup.py alone would install below /usr/local. */
static void add_python(struct strbuf *b)
{
	static const char sitelib[] = "/usr/lib/python3/dist-packages";
	char target[64];
	ssize_t n = readlink("/usr/bin/python3", target, sizeof target - 1);
	const char *version;

	if (n <= 0 || !fs_is_dir(sitelib))
		return;
	target[n] = '\0';
	version = path_base(target) + strlen("python");
	if (!str_starts(path_base(target), "python3.") || version[strspn(version, "0123456789.")])
		return;
	sb_addf(b,
		"%%__python3 /usr/bin/python3\n"
		"%%python3 %%{__python3}\n"
		"%%python3_pkgversion 3\n"
		"%%python3_version %s\n"
		"%%python3_sitelib %s\n"
		"%%python3_sitearch %s\n"
		"%%py3_build %%{__python3} setup.py build\n"
		"%%py3_install %%{__python3} setup.py install -O1 --skip-build --root "
		"%%{buildroot} "
		"--install-layout=deb\n",
		version, sitelib, sitelib);
}

/* The build tools that specs call by macros; elsewhere the tools' own packages bring them. */
static void add_build_tools(struct strbuf *b)
{
	if (!fs_exists(REDHAT))
		sb_add(b, "%_vpath_srcdir .\n"
			  "%_vpath_builddir %{_target_platform}\n");
	if (!fs_exists("/usr/lib/rpm/macros.d/macros.cmake"))
		sb_add(b,
			"%__cmake /usr/bin/cmake\n"
			"%__ctest /usr/bin/ctest\n"
			"%cmake %{set_build_flags}\\\n"
			"  %{__cmake} -S %{_vpath_srcdir} -B %{_vpath_builddir} \\\\\\\n"
			"    -DCMAKE_VERBOSE_MAKEFILE=ON -DCMAKE_INSTALL_PREFIX=%{_prefix} \\\\\\\n"
			"    -DCMAKE_INSTALL_LIBDIR=%{_lib} "
			"-DCMAKE_INSTALL_SYSCONFDIR=%{_sysconfdir} \\\\\\\n"
			"    -DCMAKE_INSTALL_LOCALSTATEDIR=%{_localstatedir} "
			"-DBUILD_SHARED_LIBS=ON\n"
			"%cmake_build %{__cmake} --build %{_vpath_builddir} %{?_smp_mflags} "
			"--verbose\n"
			"%cmake_install DESTDIR=%{buildroot} %{__cmake} --install "
			"%{_vpath_builddir}\n"
			"%ctest %{__ctest} --test-dir %{_vpath_builddir} --output-on-failure "
			"%{?_smp_mflags}\n");
	if (!fs_exists("/usr/lib/rpm/macros.d/macros.meson"))
		sb_add(b, "%__meson /usr/bin/meson\n"
			  "%meson %{set_build_flags}\\\n"
			  "  %{__meson} setup --buildtype=plain --prefix=%{_prefix} "
			  "--libdir=%{_libdir} \\\\\\\n"
			  "    --libexecdir=%{_libexecdir} --sysconfdir=%{_sysconfdir} \\\\\\\n"
			  "    --localstatedir=%{_localstatedir} "
			  "--sharedstatedir=%{_sharedstatedir} \\\\\\\n"
			  "    --wrap-mode=nodownload %{_vpath_srcdir} %{_vpath_builddir}\n"
			  "%meson_build %{__meson} compile -C %{_vpath_builddir} %{?_smp_mflags} "
			  "--verbose\n"
			  "%meson_install DESTDIR=%{buildroot} %{__meson} install -C "
			  "%{_vpath_builddir} "
			  "--no-rebuild\n"
			  "%meson_test %{__meson} test -C %{_vpath_builddir} --print-errorlogs\n");
}

/* Named by specs everywhere, defined by packages that the machine may not have. */
static void add_systemd(struct strbuf *b)
{
	if (fs_exists("/usr/lib/rpm/macros.d/macros.systemd"))
		return;
	sb_add(b, "%_unitdir /usr/lib/systemd/system\n"
		  "%_userunitdir /usr/lib/systemd/user\n"
		  "%_presetdir /usr/lib/systemd/system-preset\n"
		  "%_tmpfilesdir /usr/lib/tmpfiles.d\n"
		  "%_sysusersdir /usr/lib/sysusers.d\n"
		  "%_udevrulesdir /usr/lib/udev/rules.d\n"
		  "%_modprobedir /usr/lib/modprobe.d\n"
		  "%systemd_post() [ $1 -ne 1 ] || [ ! -x /usr/bin/systemctl ] || "
		  "/usr/bin/systemctl --no-reload preset %* || :\n"
		  "%systemd_preun() [ $1 -ne 0 ] || [ ! -x /usr/bin/systemctl ] || "
		  "/usr/bin/systemctl --no-reload disable --now %* || :\n"
		  "%systemd_postun() %{nil}\n"
		  "%systemd_postun_with_restart() [ $1 -lt 1 ] || [ ! -d /run/systemd/system ] || "
		  "/usr/bin/systemctl try-restart %* || :\n");
}

char *host_macros(void)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	/* set here because some rpms have it below the home directory */
	sb_add(&b, "%_dbpath /var/lib/rpm\n"
		   "%_sharedstatedir /var/lib\n");
	add_libdir(&b);
	if (!fs_exists(REDHAT))
		add_debuginfo(&b);
	if (!fs_exists("/usr/lib/rpm/macros.d/macros.python3"))
		add_python(&b);
	add_build_tools(&b);
	add_systemd(&b);
	return sb_take(&b);
}
