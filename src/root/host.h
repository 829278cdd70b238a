/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host.h - the parts of the `host` root (docs/dev/host-target.md): what the machine offers, the
 * skeleton that takes the place of `/`, and the package host-base. Private to root/.
 */
#pragma once
#include "base/hash.h"
#include "base/str.h"
#include "root/cache.h"

/* What the machine offers to packages built on it. */
struct host_facts {
	const char *kind;     /* native package database: "dpkg", "rpm", "none" */
	struct strv packages; /* "name-version.arch" as the machine itself says, sorted */
	struct strv provides; /* "name" or "name = version-release", sorted, each once */
};
void host_facts_release(struct host_facts *f);

/* Ask the machine: native packages, libraries, programs, modules. Runs only the machine's own
 * query programs, with an empty home; reads no macro files of users. */
int host_facts_collect(struct host_facts *ret, struct err *err);
/* What tells cheaply whether the facts may have changed: kind, sizes and times of the native
 * database and of a few directories; the caller's. */
char *host_facts_stamp(void);
/* Modification time of the native database, 0 when there is none. */
int64_t host_native_time(void);

/* The pieces, apart for tests. */
void host_add_provide(struct strv *out, const char *name, const char *evr);
/* A Debian version as rpm's version[-release]: no epoch (the distributions' epochs do not
 * correspond), no characters that rpm has no place for; the caller's. */
char *host_version(const char *debian);
/* Ask the machine's own package database; kind "none" when it has none that we know. */
int host_native(struct host_facts *f, struct err *err);
/* Output of dpkg-query in the form of HOST_DPKG_FORMAT. */
#define HOST_DPKG_FORMAT                                                                           \
	"${db:Status-Abbrev}\\t${Package}\\t${Version}\\t${Architecture}\\t${Provides}\\n"
void host_dpkg(const char *text, struct host_facts *f);
/* Output of rpm -qa in the form of HOST_RPM_FORMAT. */
#define HOST_RPM_FORMAT                                                                            \
	"P %{NAME}-%{EVR}.%{ARCH}\\n[D %{PROVIDENAME} %{PROVIDEFLAGS:depflags} "                   \
	"%{PROVIDEVERSION}\\n]"
void host_rpm(const char *text, struct host_facts *f);
/* The other names of a Debian package: gcc-c++ for g++, zlib-devel for zlib1g-dev. isa: "x86-64",
 * NULL for packages of no architecture. */
void host_aliases(struct strv *out, const char *package, const char *evr, const char *isa);
/* python3dist() and the like from "<name>-<version>.dist-info"; abi "3.11". */
void host_python(struct strv *out, const char *entry, const char *abi);
/* pkgconfig(<name>) from the text of <name>.pc. */
void host_pkgconfig(struct strv *out, const char *name, const char *text);
/* Paths of ldconfig -p that lie in /usr, one a line, each once. */
void host_ldconfig(const char *text, struct strv *ret);
/* Paths of the programs in the usual directories, with and without /usr. */
void host_programs(struct strv *out);
/* Modules of interpreters and build tools, found by their files: for machines whose packages do
 * not say what they have. */
void host_modules(struct strv *out);

/* rpm's name in %{?_isa}: "x86-64"; static, NULL for machines it has none for. */
const char *host_isa(void);

/* Write the skeleton below dir from etc (the machine's /etc); all that is in it goes into h.
 * Everything is readable for the moment: owners and modes are settled inside (host_make). */
int host_skeleton(const char *dir, const char *etc, struct sha256 *h, struct err *err);
/* Text of the root's /etc/rpm/macros; the caller's. */
char *host_macros(void);
/* Text of the spec of host-base; the caller's. */
char *host_base_spec(const struct host_facts *f, const char *version, const char *release);

/* What host_make is to make, where. */
struct host_plan {
	char *dir; /* temporary; has in/skel and in/host-base.spec */
	char key[SHA256_HEX];
	struct host_facts facts;
	int64_t date; /* of the native database */
	void (*progress)(const char *what);
};
/* Make dir a layer that hides the machine's /usr/local/etc; nothing to do where there is none. */
int host_usr_hide(const char *dir, struct err *err);
/* The same with all directories of /usr that belong to root inside. */
int host_usr_dirs(const char *dir, struct err *err);
/* ERR_NOT_FOUND when a program is missing that making the root calls. */
int host_need_tools(struct err *err);
/* From dir/in to dir/layer and dir/host-base-*.rpm, in a sandbox, and to dir/usr where root inside
 * would not own /usr; *ret_rpm is the file's name. */
int host_make(const struct host_plan *p, char **ret_rpm, struct err *err);
