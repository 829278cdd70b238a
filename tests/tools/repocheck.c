/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tool_repocheck DIR...: reads each repository as a client would, with libcreaterepo_c's parsers:
 * repomd.xml, the files it names with their checksums, the packages they name with theirs. Prints
 * "DIR: N packages, <sha256 of their list>". Exit 1 and a reason when anything is not there.
 */
#include "base/base.h"
#include "base/fs.h"
#include "base/hash.h"
#include <createrepo_c/createrepo_c.h>

struct seen {
	const char *dir;
	struct strv packages;
	int bad;
};

static int check_file(const char *dir, const char *href, const char *sum, int64_t size)
{
	auto_free char *path = path_join(dir, href);
	auto_err struct err e = ERR_INIT;
	char sha[SHA256_HEX];
	struct stat st;

	if (stat(path, &st) < 0 || st.st_size != size) {
		fprintf(stderr, "%s: missing or of another size\n", path);
		return 1;
	}
	if (sha256_file(path, sha, &e) < 0 || !str_eq(sha, sum)) {
		fprintf(stderr, "%s: sha256 differs\n", path);
		return 1;
	}
	return 0;
}

static int package(cr_Package *p, void *ctx, GError **g UNUSED)
{
	struct seen *s = ctx;

	s->bad |= check_file(s->dir, p->location_href, p->pkgId, p->size_package);
	strv_addf(&s->packages, "%s %s", p->pkgId, p->location_href);
	cr_package_free(p);
	return CR_CB_RET_OK;
}

static int check_metadata(const char *dir, cr_Repomd *md, struct seen *s)
{
	static const char *const types[] = {"primary", "filelists", "other"};

	for (size_t i = 0; i < COUNTOF(types); i++) {
		cr_RepomdRecord *r = cr_repomd_get_record(md, types[i]);

		if (!r) {
			fprintf(stderr, "%s: no %s\n", dir, types[i]);
			return 1;
		}
		if (check_file(dir, r->location_href, r->checksum, r->size))
			return 1;
		if (i == 0) {
			auto_free char *path = path_join(dir, r->location_href);
			GError *g = NULL;

			if (cr_xml_parse_primary(path, NULL, NULL, package, s, NULL, NULL, 0, &g) !=
				CRE_OK) {
				fprintf(stderr, "%s: %s\n", path, g ? g->message : "?");
				g_clear_error(&g);
				return 1;
			}
		}
	}
	return s->bad;
}

static int check(const char *dir)
{
	auto_free char *path = path_join(dir, "repodata/repomd.xml"), *all = NULL;
	struct seen s = {.dir = dir};
	cr_Repomd *md = cr_repomd_new();
	GError *g = NULL;
	char sha[SHA256_HEX];
	int bad;

	if (cr_xml_parse_repomd(path, md, NULL, NULL, &g) != CRE_OK) {
		fprintf(stderr, "%s: %s\n", path, g ? g->message : "?");
		g_clear_error(&g);
		cr_repomd_free(md);
		return 1;
	}
	bad = check_metadata(dir, md, &s);
	strv_sort(&s.packages);
	all = strv_join(&s.packages, "\n");
	sha256_buf(all, strlen(all), sha);
	if (!bad)
		printf("%s: %zu packages, %.16s\n", dir, s.packages.n, sha);
	strv_release(&s.packages);
	cr_repomd_free(md);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = argc < 2;

	for (int i = 1; i < argc; i++)
		bad |= check(argv[i]);
	return bad;
}
