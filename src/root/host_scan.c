/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host_scan.c - programs, and modules of perl, python, pkg-config and cmake, by their files. */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "root/host.h"
#include <glob.h>

#define PERL_DEPTH 12
#define PC_MAX     (256 * KIB)

void host_programs(struct strv *out)
{
	static const char *const dirs[] = {"/usr/bin", "/usr/sbin"};

	for (size_t i = 0; i < COUNTOF(dirs); i++) {
		auto_strv struct strv names = STRV_INIT;

		if (fs_list(dirs[i], &names, NULL) < 0)
			continue;
		strv_foreach (&names, n) {
			auto_free char *path = path_join(dirs[i], *n);

			host_add_provide(out, path, NULL);
			host_add_provide(out, path + strlen("/usr"), NULL);
		}
	}
}

static void each_match(
	const char *pattern, void (*fn)(struct strv *out, const char *path), struct strv *out)
{
	glob_t g;

	if (glob(pattern, 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			fn(out, g.gl_pathv[i]);
	globfree(&g);
}

/* Foo/Bar.pm below dir is perl(Foo::Bar). */
static void perl_tree(struct strv *out, const char *dir, const char *prefix, unsigned depth)
{
	auto_strv struct strv names = STRV_INIT;

	if (depth > PERL_DEPTH || fs_list(dir, &names, NULL) < 0)
		return;
	strv_foreach (&names, n) {
		auto_free char *path = path_join(dir, *n);

		if (str_ends(*n, ".pm")) {
			auto_free char *name = xasprintf(
				"perl(%s%.*s)", prefix, (int)(strlen(*n) - strlen(".pm")), *n);

			host_add_provide(out, name, NULL);
		} else if (!strchr(*n, '.') && fs_is_dir(path)) {
			auto_free char *sub = xasprintf("%s%s::", prefix, *n);

			perl_tree(out, path, sub, depth + 1);
		}
	}
}

static void perl_dir(struct strv *out, const char *dir)
{
	perl_tree(out, dir, "", 0);
}

static void perl_version(struct strv *out, const char *dir)
{
	auto_free char *name = xasprintf("perl(:MODULE_COMPAT_%s)", path_base(dir));

	host_add_provide(out, name, NULL);
	host_add_provide(out, "perl(:VERSION)", path_base(dir));
}

static void python_dir(struct strv *out, const char *dir)
{
	auto_strv struct strv names = STRV_INIT;
	char target[64];
	ssize_t n = readlink("/usr/bin/python3", target, sizeof target - 1);

	if (n <= 0 || fs_list(dir, &names, NULL) < 0)
		return;
	target[n] = '\0';
	if (!str_starts(path_base(target), "python3."))
		return;
	strv_foreach (&names, it)
		host_python(out, *it, path_base(target) + strlen("python"));
}

/* /usr/bin/python3.11 */
static void python_program(struct strv *out, const char *path)
{
	const char *abi = path_base(path) + strlen("python");

	if (!abi[strspn(abi, "0123456789.")])
		host_add_provide(out, "python(abi)", abi);
}

/* PEP 503: lower case, runs of - _ . are one dash. */
static char *python_normal(const char *name)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	for (const char *p = name; *p; p++) {
		bool sep = strchr("-_.", *p) != NULL;

		if (sep && b.n && b.s[b.n - 1] == '-')
			continue;
		sb_addc(&b, sep ? '-' : (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p));
	}
	return sb_take(&b);
}

/* As rpm's pythondistdeps: no zeros at the end, pre-releases sort low, post-releases high. */
static char *python_version(const char *v)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	size_t n = strspn(v, "0123456789.");
	const char *rest = v + n;

	while (n > 0 && v[n - 1] == '.')
		n--;
	while (n > 2 && v[n - 1] == '0' && v[n - 2] == '.')
		n -= 2;
	sb_addn(&b, v, n);
	if (*rest && *rest != '+')
		sb_addc(&b, str_starts(rest, "post") ? '^' : '~');
	sb_add(&b, rest);
	return sb_take(&b);
}

void host_python(struct strv *out, const char *entry, const char *abi)
{
	bool info = str_ends(entry, ".dist-info"), egg = str_ends(entry, ".egg-info");
	auto_free char *name = NULL, *normal = NULL, *version = NULL;
	char *dash, *py;

	if (!info && !egg)
		return;
	name = xstrndup(entry, (size_t)(strrchr(entry, '.') - entry));
	dash = strchr(name, '-');
	if (dash) {
		*dash++ = '\0';
		py = strstr(dash, "-py");
		if (py)
			*py = '\0';
		version = python_version(dash);
	}
	normal = python_normal(name);
	for (int i = 0; i < 3; i++) {
		const char *const prefix[] = {"3", "3", abi};
		auto_free char *p =
			xasprintf("python%sdist(%s)", prefix[i], i == 0 ? name : normal);

		host_add_provide(out, p, version);
	}
}

/* ${var} of the same file replaced, not deeper than one level. */
static char *pc_value(const struct strv *lines, const char *value)
{
	auto_free char *trimmed = str_trim(value), *key = NULL;
	const char *end = strchr(trimmed, '}');

	if (!str_starts(trimmed, "${") || !end || end[1])
		return TAKE(trimmed);
	key = xasprintf("%.*s=", (int)(end - trimmed - 2), trimmed + 2);
	strv_foreach (lines, l)
		if (str_starts(*l, key))
			return str_trim(*l + strlen(key));
	return xstrdup("");
}

void host_pkgconfig(struct strv *out, const char *name, const char *text)
{
	auto_strv struct strv lines = STRV_INIT;
	auto_free char *version = NULL, *provide = xasprintf("pkgconfig(%s)", name);

	strv_lines(&lines, text);
	strv_foreach (&lines, l)
		if (str_starts(*l, "Version:") && !version)
			version = pc_value(&lines, *l + strlen("Version:"));
	if (version && version[strspn(version, "0123456789")] == '\0' && !*version)
		str_set(&version, NULL);
	if (version && strchr(version, '-')) { /* a dash would be rpm's release */
		auto_free char *v = str_replace(version, "-", ".");

		str_set(&version, v);
	}
	host_add_provide(out, provide, version);
}

static void pkgconfig_file(struct strv *out, const char *path)
{
	auto_free char *text = NULL, *name = xstrdup(path_base(path));

	name[strlen(name) - strlen(".pc")] = '\0';
	if (fs_read(path, PC_MAX, &text, NULL, NULL) == 0)
		host_pkgconfig(out, name, text);
}

/* FooConfig.cmake or foo-config.cmake is cmake(Foo), cmake(foo). */
static void cmake_file(struct strv *out, const char *path)
{
	auto_free char *name = xstrdup(path_base(path)), *provide = NULL, *lower = NULL;
	const char *const ends[] = {"-config.cmake", "Config.cmake"};

	for (size_t i = 0; i < COUNTOF(ends); i++)
		if (str_ends(name, ends[i]) && strlen(name) > strlen(ends[i]))
			name[strlen(name) - strlen(ends[i])] = '\0';
	provide = xasprintf("cmake(%s)", name);
	for (char *p = name; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	lower = xasprintf("cmake(%s)", name);
	host_add_provide(out, provide, NULL);
	host_add_provide(out, lower, NULL);
}

void host_modules(struct strv *out)
{
	static const struct {
		const char *pattern;
		void (*fn)(struct strv *out, const char *path);
	} places[] = {
		{"/usr/share/perl5", perl_dir},
		{"/usr/share/perl/[5-9].*", perl_dir},
		{"/usr/share/perl/[5-9].*.*", perl_version},
		{"/usr/lib/*-linux-*/perl-base", perl_dir},
		{"/usr/lib/*-linux-*/perl/[5-9].*", perl_dir},
		{"/usr/lib/*-linux-*/perl5/[5-9].*", perl_dir},
		{"/usr/bin/python3.*", python_program},
		{"/usr/lib/python3/dist-packages", python_dir},
		{"/usr/lib/python3.*/site-packages", python_dir},
		{"/usr/lib64/python3.*/site-packages", python_dir},
		{"/usr/lib/*/pkgconfig/*.pc", pkgconfig_file},
		{"/usr/lib/pkgconfig/*.pc", pkgconfig_file},
		{"/usr/lib64/pkgconfig/*.pc", pkgconfig_file},
		{"/usr/share/pkgconfig/*.pc", pkgconfig_file},
		{"/usr/lib/*/cmake/*/*onfig.cmake", cmake_file},
		{"/usr/lib/cmake/*/*onfig.cmake", cmake_file},
		{"/usr/lib64/cmake/*/*onfig.cmake", cmake_file},
		{"/usr/share/cmake/*/*onfig.cmake", cmake_file},
		{"/usr/share/*/cmake/*onfig.cmake", cmake_file},
	};

	for (size_t i = 0; i < COUNTOF(places); i++)
		each_match(places[i].pattern, places[i].fn, out);
}
