/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host_probe.c - which of the tools that builds on this machine need are there. */
#include "base/base.h"
#include "base/fs.h"
#include "root/host.h"

static const struct tool {
	const char *name;
	const char *paths[3]; /* one of them will do */
	const char *purpose;
	const char *debian, *fedora; /* packages that have it */
	bool needed;
} tools[] = {
	{"rpm", {"/usr/bin/rpm"}, "installs packages into roots", "rpm", "rpm", true},
	{"rpmbuild", {"/usr/bin/rpmbuild"}, "builds packages", "rpm", "rpm-build", true},
	{"elfdeps", {"/usr/lib/rpm/elfdeps"}, "reads what libraries provide", "rpm", "rpm-build",
		true},
	{"ldconfig", {"/usr/sbin/ldconfig", "/sbin/ldconfig"}, "lists the machine's libraries",
		"libc-bin", "glibc", true},
	{"tar", {"/usr/bin/tar"}, "unpacks sources", "tar", "tar", true},
	{"gzip", {"/usr/bin/gzip"}, "unpacks sources", "gzip", "gzip", true},
	{"bzip2", {"/usr/bin/bzip2"}, "unpacks sources", "bzip2", "bzip2", false},
	{"xz", {"/usr/bin/xz"}, "unpacks sources", "xz-utils", "xz", false},
	{"zstd", {"/usr/bin/zstd"}, "unpacks sources", "zstd", "zstd", false},
	{"patch", {"/usr/bin/patch"}, "applies patches", "patch", "patch", true},
	{"make", {"/usr/bin/make"}, "runs builds", "make", "make", true},
	{"gcc", {"/usr/bin/gcc"}, "compiles C", "gcc libc6-dev", "gcc", true},
	{"g++", {"/usr/bin/g++"}, "compiles C++", "g++", "gcc-c++", false},
	{"strip", {"/usr/bin/strip"}, "strips programs", "binutils", "binutils", true},
	{"file", {"/usr/bin/file"}, "tells kinds of files", "file", "file", true},
	{"find-debuginfo", {"/usr/bin/find-debuginfo", "/usr/lib/rpm/find-debuginfo.sh"},
		"makes debuginfo packages", "debugedit", "debugedit", false},
	{"eu-strip", {"/usr/bin/eu-strip"}, "makes debuginfo packages", "elfutils", "elfutils",
		false},
	{"debugedit", {"/usr/bin/debugedit", "/usr/lib/rpm/debugedit"}, "makes debuginfo packages",
		"debugedit", "debugedit", false},
	{"pkg-config", {"/usr/bin/pkg-config"}, "finds libraries", "pkg-config",
		"pkgconf-pkg-config", false},
	{"python3", {"/usr/bin/python3"}, "builds Python packages", "python3", "python3", false},
	{"rpmlint", {"/usr/bin/rpmlint"}, "reports on packages", "rpmlint", "rpmlint", false},
};

static char *fix(const struct tool *t)
{
	if (fs_exists("/usr/bin/apt-get"))
		return xasprintf("apt-get install %s", t->debian);
	if (fs_exists("/usr/bin/dnf"))
		return xasprintf("dnf install %s", t->fedora);
	return xasprintf("install %s", t->name);
}

static void check_tool(const struct tool *t, struct sandbox_checks *ret)
{
	struct sandbox_check *c = vec_push(ret);

	*c = (struct sandbox_check){.name = xstrdup(t->name), .needed = t->needed};
	for (size_t i = 0; i < COUNTOF(t->paths) && t->paths[i] && !c->ok; i++)
		if (access(t->paths[i], X_OK) == 0) {
			c->ok = true;
			c->detail = xstrdup(t->paths[i]);
		}
	if (c->ok)
		return;
	c->detail = xasprintf("missing: %s", t->purpose);
	c->fix = fix(t);
}

/* The skeleton has links from /bin and its like into /usr, so must the machine. */
static void check_merged(struct sandbox_checks *ret)
{
	static const char *const names[] = {"/bin", "/sbin", "/lib", "/lib64"};
	struct sandbox_check *c = vec_push(ret);
	struct stat st;

	*c = (struct sandbox_check){.name = xstrdup("merged /usr"), .ok = true, .needed = true};
	for (size_t i = 0; i < COUNTOF(names) && c->ok; i++)
		if (lstat(names[i], &st) == 0 && !S_ISLNK(st.st_mode)) {
			c->ok = false;
			c->detail = xasprintf("%s is not a link into /usr", names[i]);
			c->fix = xstrdup("apt-get install usrmerge");
		}
	if (c->ok)
		c->detail = xstrdup("/bin and its like are links into /usr");
}

static void check_native(struct sandbox_checks *ret)
{
	struct sandbox_check *c = vec_push(ret);
	int64_t t = host_native_time();

	*c = (struct sandbox_check){
		.name = xstrdup("package database"), .ok = t > 0, .needed = false};
	c->detail = xstrdup(t > 0 ? "dependencies on the machine's packages can be met by name"
				  : "not known: only libraries, programs and modules can be named");
	if (t == 0)
		c->fix = xstrdup("use a machine with dpkg or rpm");
}

int host_need_tools(struct err *err)
{
	static const char *const needed[] = {"rpm", "rpmbuild", "elfdeps", "ldconfig"};

	for (size_t i = 0; i < COUNTOF(tools); i++) {
		struct sandbox_checks one = VEC_INIT;
		auto_free char *how = NULL;

		for (size_t k = 0; k < COUNTOF(needed) && !one.n; k++)
			if (str_eq(tools[i].name, needed[k]))
				check_tool(&tools[i], &one);
		if (one.n && !one.v[0].ok)
			how = fix(&tools[i]);
		vec_free(&one, sandbox_check_release);
		if (how)
			return err_set(err, ERR_NOT_FOUND,
				"the host target needs the program '%s': %s (packmill doctor says "
				"what else is missing)",
				tools[i].name, how);
	}
	return 0;
}

int root_host_probe(struct sandbox_checks *ret, struct err *err UNUSED)
{
	check_merged(ret);
	check_native(ret);
	for (size_t i = 0; i < COUNTOF(tools); i++)
		check_tool(&tools[i], ret);
	return 0;
}
