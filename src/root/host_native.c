/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host_native.c - the machine's own package database, whatever it is. */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/proc.h"
#include "model/target.h"
#include "root/host.h"

#define DPKG_STATUS "/var/lib/dpkg/status"
/* A dpkg database of 10,000 packages prints 1 MiB, rpm with all provides ten times that. */
#define NATIVE_OUTPUT (64 * MIB)

/* Where rpm keeps its database, newest place first. */
static const char *const rpm_databases[] = {
	"/usr/lib/sysimage/rpm/rpmdb.sqlite",
	"/usr/lib/sysimage/rpm/Packages.db",
	"/var/lib/rpm/rpmdb.sqlite",
	"/var/lib/rpm/Packages.db",
	"/var/lib/rpm/Packages",
};

static const char *rpm_database(void)
{
	for (size_t i = 0; i < COUNTOF(rpm_databases); i++)
		if (fs_exists(rpm_databases[i]))
			return rpm_databases[i];
	return NULL;
}

static const char *native_database(void)
{
	return fs_exists(DPKG_STATUS) ? DPKG_STATUS : rpm_database();
}

int64_t host_native_time(void)
{
	const char *path = native_database();
	struct stat st;

	return path && stat(path, &st) == 0 ? (int64_t)st.st_mtime : 0;
}

/* Directories that change when something outside the package database is installed. */
static const char *const watched[] = {"/etc", "/etc/alternatives", "/etc/ld.so.cache",
	"/etc/ssl/certs", "/etc/passwd", "/etc/group", "/usr", "/usr/bin", "/usr/sbin",
	"/usr/lib/python3/dist-packages", "/usr/lib/rpm", "/usr/local/lib"};

static void stamp_add(struct strbuf *b, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		sb_addf(b, "%s -\n", path);
	else
		sb_addf(b, "%s %lld.%09ld %lld\n", path, (long long)st.st_mtim.tv_sec,
			st.st_mtim.tv_nsec, S_ISDIR(st.st_mode) ? 0LL : (long long)st.st_size);
}

char *host_facts_stamp(void)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	const char *db = native_database();

	stamp_add(&b, db ? db : "none");
	for (size_t i = 0; i < COUNTOF(watched); i++)
		stamp_add(&b, watched[i]);
	return sb_take(&b);
}

const char *host_isa(void)
{
	static const char *const names[][2] = {
		{"x86_64", "x86-64"},
		{"aarch64", "aarch-64"},
		{"ppc64le", "ppc-64"},
		{"s390x", "s390-64"},
		{"riscv64", "riscv-64"},
	};

	for (size_t i = 0; i < COUNTOF(names); i++)
		if (str_eq(names[i][0], target_host_arch()))
			return names[i][1];
	return NULL;
}

/* Names and versions come from the machine's database and end in a spec and in rpm's: what does
 * not look like a dependency is left out. A `%` would be a macro. */
static bool plain(const char *s)
{
	return *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "._+~^:()/@=-[]")];
}

void host_add_provide(struct strv *out, const char *name, const char *evr)
{
	bool start = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
		     (*name >= '0' && *name <= '9') || *name == '_' || *name == '/';

	if (!start || !plain(name))
		return;
	if (!str_empty(evr) && plain(evr))
		strv_addf(out, "%s = %s", name, evr);
	else
		strv_add(out, name);
}

char *host_version(const char *debian)
{
	const char *colon = strchr(debian, ':');
	auto_free char *v = xstrdup(colon ? colon + 1 : debian);
	char *dash = strrchr(v, '-');

	for (char *p = v; *p; p++) {
		bool ok = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			  (*p >= '0' && *p <= '9') || strchr("._+~^", *p);

		if (!ok && p != dash)
			*p = '.';
	}
	if (dash && (!dash[1] || dash == v))
		*dash = '\0';
	return TAKE(v);
}

/* "awk, c-compiler, libz-dev (= 1:1.2.13)" */
static void dpkg_provides(struct strv *out, const char *text)
{
	auto_strv struct strv items = STRV_INIT;

	strv_split(&items, text, ",");
	strv_foreach (&items, it) {
		auto_free char *item = str_trim(*it), *evr = NULL;
		char *paren = strchr(item, '('), *eq = paren ? strchr(paren, '=') : NULL;

		if (eq) {
			auto_free char *v = xstrndup(eq + 1, strcspn(eq + 1, ")"));
			auto_free char *trimmed = str_trim(v);

			evr = host_version(trimmed);
		}
		item[strcspn(item, " (:")] = '\0';
		host_add_provide(out, item, evr);
	}
}

/* One field up to the next tab; NULL at the end. */
static char *field(char **line)
{
	char *start = *line, *tab;

	if (!start)
		return NULL;
	tab = strchr(start, '\t');
	if (tab)
		*tab = '\0';
	*line = tab ? tab + 1 : NULL;
	return start;
}

static const char *dpkg_arch(void)
{
	static const char *const names[][2] = {
		{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"ppc64le", "ppc64el"}};

	for (size_t i = 0; i < COUNTOF(names); i++)
		if (str_eq(names[i][0], target_host_arch()))
			return names[i][1];
	return target_host_arch();
}

static void dpkg_line(char *line, struct host_facts *f)
{
	char *rest = line, *status = field(&rest), *name = field(&rest), *version = field(&rest);
	char *arch = field(&rest), *provides = field(&rest);
	auto_free char *evr = NULL;
	bool native;

	/* installed, whatever is wanted; "half-configured" and the like do not count */
	if (!arch || !status[0] || status[1] != 'i')
		return;
	native = str_eq(arch, dpkg_arch());
	strv_addf(&f->packages, "%s-%s.%s", name, version, arch);
	if (!native && !str_eq(arch, "all"))
		return;
	evr = host_version(version);
	host_add_provide(&f->provides, name, evr);
	if (native && host_isa()) {
		auto_free char *isa = xasprintf("%s(%s)", name, host_isa());

		host_add_provide(&f->provides, isa, evr);
	}
	host_aliases(&f->provides, name, evr, native ? host_isa() : NULL);
	if (provides)
		dpkg_provides(&f->provides, provides);
}

void host_dpkg(const char *text, struct host_facts *f)
{
	auto_strv struct strv lines = STRV_INIT;

	f->kind = "dpkg";
	strv_lines(&lines, text);
	strv_foreach (&lines, l)
		dpkg_line(*l, f);
}

/* "P name-evr.arch" for each package, then "D name flags version" for each of its provides. */
void host_rpm(const char *text, struct host_facts *f)
{
	auto_strv struct strv lines = STRV_INIT;

	f->kind = "rpm";
	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		auto_strv struct strv w = STRV_INIT;

		strv_split(&w, *l, " ");
		if (w.n == 2 && str_eq(w.v[0], "P") && !str_starts(w.v[1], "gpg-pubkey-"))
			strv_add(&f->packages, w.v[1]);
		else if (w.n >= 2 && str_eq(w.v[0], "D") && !str_starts(w.v[1], "rpmlib("))
			host_add_provide(&f->provides, w.v[1],
				w.n == 4 && str_eq(w.v[2], "=") ? w.v[3] : NULL);
	}
}

static int query(const char *const *argv, struct strbuf *out, struct err *err)
{
	/* no home: what a user keeps there (.rpmmacros, .dpkg.cfg) is not the machine's */
	static const char *const env[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/nonexistent", "LC_ALL=C", NULL};
	struct proc_opts o = {.argv = argv,
		.env = env,
		.timeout = 120,
		.out_cap = NATIVE_OUTPUT,
		.over_cap_fails = true};

	return proc_check(&o, out, ERR_SYS, err);
}

int host_native(struct host_facts *f, struct err *err)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;
	const char *db = native_database();
	int r = 0;

	f->kind = "none";
	if (db && str_eq(db, DPKG_STATUS)) {
		const char *const argv[] = {
			"/usr/bin/dpkg-query", "-W", "-f", HOST_DPKG_FORMAT, NULL};

		if ((r = query(argv, &out, err)) == 0)
			host_dpkg(sb_str(&out), f);
	} else if (db) {
		auto_free char *dir = path_dir(db);
		const char *const argv[] = {
			"/usr/bin/rpm", "--dbpath", dir, "-qa", "--qf", HOST_RPM_FORMAT, NULL};

		if ((r = query(argv, &out, err)) == 0)
			host_rpm(sb_str(&out), f);
	}
	return r < 0 ? err_wrap(err, "reading the machine's packages") : 0;
}
