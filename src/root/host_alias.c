/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_alias.c - what Fedora and its kin call the packages of Debian, where BuildRequires are
 * likely to name them. libfoo-dev is foo-devel and libfoo-devel without being listed.
 */
#include "base/base.h"
#include "root/host.h"

static const struct {
	const char *debian, *names;
} aliases[] = {
	{"apache2-dev", "httpd-devel"},
	{"bind9-dnsutils", "bind-utils"},
	{"bsdextrautils", "util-linux"},
	{"bzip2", "bzip2-libs"},
	{"cron", "cronie"},
	{"dbus", "dbus-common dbus-daemon"},
	{"default-jdk", "java-devel java-headless java"},
	{"default-jdk-headless", "java-devel java-headless"},
	{"dh-python", "python3-rpm-macros"},
	{"docbook-xml", "docbook-dtds"},
	{"docbook-xsl", "docbook-style-xsl"},
	{"fuse3", "fuse"},
	{"g++", "gcc-c++ libstdc++-devel"},
	{"gfortran", "gcc-gfortran"},
	{"gettext", "gettext-devel gettext-libs"},
	{"git", "git-core"},
	{"gobject-introspection", "gobject-introspection-devel"},
	{"golang-go", "golang compiler(go-compiler)"},
	{"gpg", "gnupg2"},
	{"gtk-doc-tools", "gtk-doc"},
	{"iproute2", "iproute"},
	{"iputils-ping", "iputils"},
	{"javahelper", "javapackages-tools javapackages-local"},
	{"libacl1-dev", "libacl-devel"},
	{"libapr1-dev", "apr-devel"},
	{"libaprutil1-dev", "apr-util-devel"},
	{"libasound2-dev", "alsa-lib-devel"},
	{"libatk1.0-dev", "atk-devel"},
	{"libattr1-dev", "libattr-devel"},
	{"libaudit-dev", "audit-libs-devel"},
	{"libbz2-dev", "bzip2-devel"},
	{"libc-bin", "glibc-common glibc-minimal-langpack"},
	{"libc6", "glibc"},
	{"libc6-dev", "glibc-devel glibc-headers glibc-static libxcrypt-devel"},
	{"libcairo2-dev", "cairo-devel"},
	{"libcups2-dev", "cups-devel"},
	{"libcurl4-gnutls-dev", "libcurl-devel"},
	{"libcurl4-nss-dev", "libcurl-devel"},
	{"libcurl4-openssl-dev", "libcurl-devel"},
	{"libdbus-1-dev", "dbus-devel dbus-libs"},
	{"libdbus-glib-1-dev", "dbus-glib-devel"},
	{"libdw-dev", "elfutils-devel"},
	{"libelf-dev", "elfutils-libelf-devel"},
	{"libexpat1-dev", "expat-devel"},
	{"libgcrypt20-dev", "libgcrypt-devel"},
	{"libgdk-pixbuf-2.0-dev", "gdk-pixbuf2-devel"},
	{"libgirepository1.0-dev", "gobject-introspection-devel"},
	{"libgl-dev", "mesa-libGL-devel"},
	{"libglib2.0-dev", "glib2-devel"},
	{"libgnutls28-dev", "gnutls-devel"},
	{"libgtk-3-dev", "gtk3-devel"},
	{"libgtk2.0-dev", "gtk2-devel"},
	{"libjpeg62-turbo-dev", "libjpeg-turbo-devel libjpeg-devel"},
	{"libldap2-dev", "openldap-devel"},
	{"libldap-dev", "openldap-devel"},
	{"liblua5.3-dev", "lua-devel"},
	{"liblua5.4-dev", "lua-devel"},
	{"liblzma-dev", "xz-devel"},
	{"libmagic-dev", "file-devel"},
	{"libmariadb-dev", "mariadb-connector-c-devel mysql-devel"},
	{"libnl-3-dev", "libnl3-devel"},
	{"libnspr4-dev", "nspr-devel"},
	{"libnss3-dev", "nss-devel"},
	{"libnuma-dev", "numactl-devel"},
	{"libpam0g-dev", "pam-devel"},
	{"libpango1.0-dev", "pango-devel"},
	{"libpcre3-dev", "pcre-devel"},
	{"libpq-dev", "postgresql-devel"},
	{"libprotoc-dev", "protobuf-compiler"},
	{"libsasl2-dev", "cyrus-sasl-devel"},
	{"libselinux1-dev", "libselinux-devel"},
	{"libsnmp-dev", "net-snmp-devel"},
	{"libsqlite3-dev", "sqlite-devel"},
	{"libssh2-1-dev", "libssh2-devel"},
	{"libssl-dev", "openssl-devel"},
	{"libstdc++6", "libstdc++"},
	{"libtool", "libtool-ltdl"},
	{"libltdl-dev", "libtool-ltdl-devel"},
	{"libudev-dev", "systemd-devel libgudev-devel"},
	{"libusb-1.0-0-dev", "libusb1-devel libusbx-devel"},
	{"libwrap0-dev", "tcp_wrappers-devel"},
	{"libx11-dev", "libX11-devel"},
	{"libxau-dev", "libXau-devel"},
	{"libxcursor-dev", "libXcursor-devel"},
	{"libxdamage-dev", "libXdamage-devel"},
	{"libxext-dev", "libXext-devel"},
	{"libxfixes-dev", "libXfixes-devel"},
	{"libxft-dev", "libXft-devel"},
	{"libxi-dev", "libXi-devel"},
	{"libxinerama-dev", "libXinerama-devel"},
	{"libxml2-utils", "libxml2"},
	{"libxmu-dev", "libXmu-devel"},
	{"libxpm-dev", "libXpm-devel"},
	{"libxrandr-dev", "libXrandr-devel"},
	{"libxrender-dev", "libXrender-devel"},
	{"libxslt1-dev", "libxslt-devel"},
	{"libxt-dev", "libXt-devel"},
	{"libxtst-dev", "libXtst-devel"},
	{"libzmq3-dev", "zeromq-devel"},
	{"linux-libc-dev", "kernel-headers"},
	{"locales-all", "glibc-all-langpacks glibc-langpack-en"},
	{"lua5.3", "lua"},
	{"lua5.4", "lua"},
	{"maven", "maven-local"},
	{"maven-debian-helper", "maven-local"},
	{"netcat-openbsd", "nmap-ncat nc"},
	{"netbase", "setup"},
	{"ninja-build", "ninja"},
	{"openjdk-17-jdk-headless", "java-devel java-headless java-17-openjdk-devel"},
	{"openssh-client", "openssh-clients openssh"},
	{"passwd", "shadow-utils"},
	{"perl", "perl-interpreter perl-generators perl-libs perl-ExtUtils-MakeMaker perl-macros"},
	{"perl-base", "perl-interpreter"},
	{"pkg-config", "pkgconfig pkgconf-pkg-config"},
	{"pkgconf", "pkgconfig pkgconf-pkg-config"},
	{"procps", "procps-ng"},
	{"python-is-python3", "python-unversioned-command"},
	{"python3", "python3-libs"},
	{"python3-yaml", "python3-PyYAML python3-pyyaml"},
	{"qtbase5-dev", "qt5-qtbase-devel"},
	{"rpm", "rpm-build rpm-libs redhat-rpm-config system-rpm-config rpm-build-libs "
		"python-rpm-macros python3-rpm-macros python-srpm-macros "
		"systemd-rpm-macros"},
	{"rustc", "rust"},
	{"ruby", "rubygems"},
	{"systemd", "systemd-units"},
	{"util-linux", "util-linux-core"},
	{"uuid-dev", "libuuid-devel"},
	{"valgrind", "valgrind-devel"},
	{"vim-common", "vim-filesystem"},
	{"x11proto-dev", "xorg-x11-proto-devel"},
	{"xsltproc", "libxslt"},
	{"xz-utils", "xz xz-libs"},
	{"zlib1g", "zlib"},
	{"zlib1g-dev", "zlib-devel zlib-ng-compat-devel"},
};

static void add(struct strv *out, const char *name, const char *evr, const char *isa)
{
	host_add_provide(out, name, evr);
	if (isa && !strchr(name, '(')) {
		auto_free char *full = xasprintf("%s(%s)", name, isa);

		host_add_provide(out, full, evr);
	}
}

void host_aliases(struct strv *out, const char *package, const char *evr, const char *isa)
{
	for (size_t i = 0; i < COUNTOF(aliases); i++) {
		auto_strv struct strv names = STRV_INIT;

		if (!str_eq(aliases[i].debian, package))
			continue;
		strv_split(&names, aliases[i].names, " ");
		strv_foreach (&names, n)
			add(out, *n, evr, isa);
	}
	if (str_ends(package, "-dev")) {
		auto_free char *devel = xasprintf("%sel", package);

		add(out, devel, evr, isa);
		if (str_starts(devel, "lib") && strlen(package) > strlen("lib-dev"))
			add(out, devel + strlen("lib"), evr, isa);
	}
}
