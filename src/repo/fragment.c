/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repo/fragment.h"
#include <createrepo_c/createrepo_c.h>
#include <rpm/rpmlog.h>
#include <sys/stat.h>

#define CHANGELOGS 10 /* as createrepo_c */

void fragment_release(struct fragment *f)
{
	free(f->nevra);
	for (size_t i = 0; i < META_FILES; i++)
		free(f->xml[i]);
	*f = (struct fragment){0};
}

static void drop_message(const gchar *domain UNUSED, GLogLevelFlags level UNUSED,
	const gchar *text UNUSED, gpointer ctx UNUSED)
{
}

/* Never undone: its counterpart would also free librpm's configuration under others. */
static void init(void)
{
	static bool done;

	if (done)
		return;
	g_log_set_handler("C_CREATEREPOLIB",
		G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG |
			G_LOG_LEVEL_CRITICAL,
		drop_message, NULL);
	cr_xml_dump_init();
	cr_package_parser_init();
	done = true;
}

/* A character reference to something XML does not have, like &#x1b;: its length, else 0. */
static size_t bad_reference(const char *s)
{
	char *end;
	unsigned long c;

	if (s[0] != '&' || s[1] != '#')
		return 0;
	c = s[2] == 'x' ? strtoul(s + 3, &end, 16) : strtoul(s + 2, &end, 10);
	if (*end != ';' || c >= 0x20 || c == '\t' || c == '\n' || c == '\r')
		return 0;
	return (size_t)(end + 1 - s);
}

/*
 * A description may hold control characters, which no XML parser accepts: one such package would
 * make the whole repository unreadable. They become `?`.
 */
static char *clean(char *xml)
{
	char *out = xml;

	for (const char *s = xml; *s;) {
		size_t ref = bad_reference(s);
		unsigned char c = (unsigned char)*s;

		if (ref) {
			*out++ = '?';
			s += ref;
			continue;
		}
		*out++ = (c < 0x20 && !strchr("\t\n\r", c)) ? '?' : *s;
		s++;
	}
	*out = '\0';
	return xml;
}

static char *nevra_of(const cr_Package *k)
{
	if (!k->epoch || !*k->epoch || strcmp(k->epoch, "0") == 0)
		return xasprintf("%s-%s-%s.%s", k->name, k->version, k->release, k->arch);
	return xasprintf("%s-%s:%s-%s.%s", k->name, k->epoch, k->version, k->release, k->arch);
}

static int gerror(GError *g, const char *path, struct err *err)
{
	int r = err_set(err, ERR_SOURCE, "'%s' cannot be read as a package: %s", path,
		g ? g->message : "unknown error");

	g_clear_error(&g);
	return r;
}

int fragment_make(const char *path, const char *href, struct fragment *ret, struct err *err)
{
	GError *g = NULL;
	struct cr_XmlStruct x;
	cr_Package *k;
	struct stat st;
	int mask;

	init();
	if (stat(path, &st) < 0)
		return err_errno(err, "cannot read '%s'", path);
	mask = rpmlogSetMask(RPMLOG_UPTO(RPMLOG_EMERG)); /* librpm would print */
	k = cr_package_from_rpm(
		path, CR_CHECKSUM_SHA256, href, NULL, CHANGELOGS, &st, CR_HDRR_NONE, &g);
	rpmlogSetMask(mask);
	if (!k)
		return gerror(g, path, err);
	x = cr_xml_dump(k, &g);
	if (g || !x.primary || !x.filelists || !x.other || strlen(k->pkgId) != SHA256_HEX - 1) {
		g_free(x.primary);
		g_free(x.filelists);
		g_free(x.other);
		cr_package_free(k);
		return gerror(g, path, err);
	}
	*ret = (struct fragment){.nevra = nevra_of(k),
		.xml = {clean(x.primary), clean(x.filelists), clean(x.other)}};
	memcpy(ret->sha256, k->pkgId, SHA256_HEX);
	cr_package_free(k);
	return 0;
}

static gchar *keep(cr_RepomdRecord *r, const char *s)
{
	return g_string_chunk_insert(r->chunk, s);
}

char *repomd_text(const struct repomd_file files[META_FILES], int64_t now)
{
	auto_free char *revision = xasprintf("%lld", (long long)now);
	cr_Repomd *md = cr_repomd_new();
	char *xml, *text;

	init();
	for (size_t i = 0; i < META_FILES; i++) {
		/* no path: nothing is read again, all is known here */
		cr_RepomdRecord *r = cr_repomd_record_new(files[i].type, NULL);

		r->location_href = keep(r, files[i].href);
		r->checksum = keep(r, files[i].sha256);
		r->checksum_type = keep(r, "sha256");
		r->checksum_open = keep(r, files[i].open_sha256);
		r->checksum_open_type = keep(r, "sha256");
		r->timestamp = now;
		r->size = (gint64)files[i].size;
		r->size_open = (gint64)files[i].open_size;
		cr_repomd_set_record(md, r);
	}
	cr_repomd_set_revision(md, revision);
	xml = cr_xml_dump_repomd(md, NULL);
	text = xstrdup(xml ? xml : "");
	g_free(xml);
	cr_repomd_free(md);
	return text;
}
