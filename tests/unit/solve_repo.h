/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * solve_repo.h - repositories for tests, written one package a line:
 *
 *	foo-1.0-1.x86_64 R:bar >= 2;(a if b) P:libx.so()(64bit) F:/usr/bin/foo L:/usr/share/foo
 *
 * R requires, P provides, C conflicts, O obsoletes, M recommends, F a path of primary (and
 * filelists), L a path of filelists alone. Included by each test program once.
 */
#pragma once
#include "base/fs.h"
#include "base/hash.h"
#include "model/package.h"
#include "report/html.h"

static void entry(struct strbuf *b, const char *dep)
{
	static const char *const ops[][2] = {
		{">=", "GE"}, {"<=", "LE"}, {">", "GT"}, {"<", "LT"}, {"=", "EQ"}};
	size_t n = *dep == '(' ? strlen(dep) : strcspn(dep, " <>=");
	auto_free char *name = xstrndup(dep, n);
	const char *p = dep + n;

	sb_add(b, "<rpm:entry name=\"");
	html_txt(b, name);
	sb_addc(b, '"');
	p += strspn(p, " ");
	for (size_t i = 0; *p && i < COUNTOF(ops); i++) {
		if (!str_starts(p, ops[i][0]))
			continue;
		p += strlen(ops[i][0]);
		p += strspn(p, " ");
		auto_free char *ver = xstrndup(p, strcspn(p, "-"));
		sb_addf(b, " flags=\"%s\" epoch=\"0\" ver=\"%s\"", ops[i][1], ver);
		if (strchr(p, '-'))
			sb_addf(b, " rel=\"%s\"", strchr(p, '-') + 1);
		break;
	}
	sb_add(b, "/>\n");
}

static void checksum_of(const char *line, char hex[SHA256_HEX])
{
	sha256_buf(line, strlen(line), hex);
}

static void head_xml(struct strbuf *b, const struct package *p, const char *hex)
{
	sb_addf(b,
		"<package type=\"rpm\"><name>%s</name><arch>%s</arch>"
		"<version epoch=\"%d\" ver=\"%s\" rel=\"%s\"/>"
		"<checksum type=\"sha256\" pkgid=\"YES\">%s</checksum><summary>s</summary>"
		"<description>A (small) one</description><packager/><url/><time file=\"1\" "
		"build=\"1\"/><size package=\"1234\" installed=\"1\" archive=\"1\"/>"
		"<location href=\"Packages/%s-%s-%s.%s.rpm\"/><format>\n",
		p->name, p->arch, (int)p->epoch, p->version, p->release, hex, p->name, p->version,
		p->release, p->arch);
}

static void add_line(struct strbuf *prim, struct strbuf *lists, const char *line)
{
	static const struct {
		char c;
		const char *tag;
	} kinds[] = {{'R', "requires"}, {'P', "provides"}, {'C', "conflicts"}, {'O', "obsoletes"},
		{'M', "recommends"}};
	auto_strv struct strv words = STRV_INIT;
	struct package p = {0};
	char hex[SHA256_HEX];
	auto_free char *nevra = xstrndup(line, strcspn(line, " "));

	/* options start at " X:" */
	for (const char *s = line; *s; s++) {
		if (s[0] == ' ' && s[1] && strchr("RPCOMFL", s[1]) && s[2] == ':') {
			size_t n = 3;

			while (s[n] && !(s[n] == ' ' && s[n + 1] && strchr("RPCOMFL", s[n + 1]) &&
					       s[n + 2] == ':'))
				n++;
			strv_addn(&words, s + 1, n - 1);
		}
	}
	assert(package_set_nevra(&p, nevra));
	checksum_of(line, hex);
	head_xml(prim, &p, hex);
	sb_addf(lists, "<package pkgid=\"%s\" name=\"%s\" arch=\"%s\"><version/>\n", hex, p.name,
		p.arch);
	for (size_t k = 0; k < COUNTOF(kinds); k++) {
		sb_addf(prim, "<rpm:%s>\n", kinds[k].tag);
		if (kinds[k].c == 'P')
			sb_addf(prim,
				"<rpm:entry name=\"%s\" flags=\"EQ\" epoch=\"%d\" ver=\"%s\" "
				"rel=\"%s\"/>",
				p.name, (int)p.epoch, p.version, p.release);
		strv_foreach (&words, w) {
			auto_strv struct strv deps = STRV_INIT;

			if ((*w)[0] != kinds[k].c)
				continue;
			strv_split(&deps, *w + 2, ";");
			strv_foreach (&deps, d)
				entry(prim, *d);
		}
		sb_addf(prim, "</rpm:%s>\n", kinds[k].tag);
	}
	strv_foreach (&words, w) {
		auto_strv struct strv paths = STRV_INIT;

		if ((*w)[0] != 'F' && (*w)[0] != 'L')
			continue;
		strv_split(&paths, *w + 2, ";");
		strv_foreach (&paths, f) {
			if ((*w)[0] == 'F')
				sb_addf(prim, "<file>%s</file>\n", *f);
			sb_add(lists, "<file>");
			html_txt(lists, *f);
			sb_add(lists, "</file>\n");
		}
	}
	sb_add(prim, "</format></package>\n");
	sb_add(lists, "</package>\n");
	package_release(&p);
}

/* dir/<id>-primary.xml and dir/<id>-filelists.xml */
static void write_repo(const char *dir, const char *id, const char *lines)
{
	auto_strbuf struct strbuf prim = STRBUF_INIT, lists = STRBUF_INIT;
	auto_strv struct strv all = STRV_INIT;
	auto_free char *p = xasprintf("%s/%s-primary.xml", dir, id);
	auto_free char *f = xasprintf("%s/%s-filelists.xml", dir, id);

	strv_lines(&all, lines);
	sb_addf(&prim,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata "
		"xmlns=\"http://linux.duke.edu/metadata/common\" "
		"xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\" packages=\"%zu\">\n",
		all.n);
	sb_addf(&lists,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<filelists "
		"xmlns=\"http://linux.duke.edu/metadata/filelists\" packages=\"%zu\">\n",
		all.n);
	strv_foreach (&all, l)
		add_line(&prim, &lists, *l);
	sb_add(&prim, "</metadata>\n");
	sb_add(&lists, "</filelists>\n");
	assert(fs_write(p, prim.s, prim.n, 0644, NULL) == 0);
	assert(fs_write(f, lists.s, lists.n, 0644, NULL) == 0);
}
