/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_content.c - the hash of what packages are, but for version-release and times. */
#include "format/rpm/rpm_content.h"
#include <rpm/rpmfiles.h>

#define BUILD_ID_DIR "/usr/lib/.build-id"

/* What is hashed, and how; a new number makes all that was recorded before another. */
#define CONTENT_VERSION "content 2"

static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* The first of own[from...] whose character k is at least c; all of these have the same k before
 * it. */
static size_t own_from(const struct strv *own, size_t from, size_t to, size_t k, int c)
{
	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if ((unsigned char)own->v[mid][k] < c)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static bool is_version_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("_~^+", c));
}

static bool begins(const char *text, const char *s)
{
	return s == text || !(is_version_char(s[-1]) || s[-1] == '.');
}

static bool ends(const char *s)
{
	return *s == '.' ? !(s[1] >= '0' && s[1] <= '9') : !is_version_char(*s);
}

/* Length of the longest version-release of the packages that stands at s for itself, that is not a
 * part of a longer one; 0: none. */
static size_t own_at(const struct learn *l, const char *text, const char *s)
{
	size_t from = 0, to = l->own.n, found = 0;

	if (!begins(text, s))
		return 0;
	for (size_t k = 0; from < to; k++) {
		if (!l->own.v[from][k] && k && ends(s + k))
			found = k;
		if (!s[k])
			break;
		from = own_from(&l->own, from, to, k, (unsigned char)s[k]);
		to = own_from(&l->own, from, to, k, (unsigned char)s[k] + 1);
	}
	return found;
}

static bool is_own_version(const struct learn *l, const char *evr)
{
	return l->own.n && bsearch(&evr, l->own.v, l->own.n, sizeof *l->own.v, by_text);
}

/* The text with each of the packages' own version-releases as @. */
static void add_masked(struct sha256 *h, const struct learn *l, const char *text)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;

	for (const char *s = text; *s;) {
		size_t n = own_at(l, text, s);

		if (n)
			sb_addc(&out, '@');
		else
			sb_addc(&out, *s);
		s += n ? n : 1;
	}
	sha256_add_str(h, sb_str(&out));
}

/* A dependency on or of one of the packages themselves follows their version-release. */
static void add_dep(struct sha256 *h, const struct learn *l, const char *text)
{
	CLEANUP(rpm_dep_release) struct rpm_dep d = {0};

	if (!rpm_dep_parse(text, &d)) {
		add_masked(h, l, text);
		return;
	}
	sha256_add_str(h, d.name);
	sha256_add(h, &d.op, sizeof d.op);
	if (d.evr && is_own_version(l, d.evr) && hmap_has(&l->names, d.name))
		sha256_add_str(h, "@");
	else
		sha256_add_str(h, d.evr ? d.evr : "");
}

static void add_deps(struct sha256 *h, const struct learn *l, Header hdr)
{
	static const rpmTagVal tags[] = {RPMTAG_PROVIDENAME, RPMTAG_REQUIRENAME,
		RPMTAG_CONFLICTNAME, RPMTAG_OBSOLETENAME, RPMTAG_RECOMMENDNAME, RPMTAG_SUGGESTNAME,
		RPMTAG_SUPPLEMENTNAME, RPMTAG_ENHANCENAME, RPMTAG_ORDERNAME};

	for (size_t i = 0; i < COUNTOF(tags); i++) {
		auto_ds rpmds ds = rpmdsNew(hdr, tags[i], 0);

		sha256_add_str(h, rpmTagGetName(tags[i]));
		while (rpmdsNext(ds) >= 0) {
			auto_free char *text = rpm_ds_text(ds);

			add_dep(h, l, text);
		}
	}
}

static void add_scripts(struct sha256 *h, const struct learn *l, Header hdr)
{
	static const rpmTagVal tags[] = {RPMTAG_PREIN, RPMTAG_PREINPROG, RPMTAG_POSTIN,
		RPMTAG_POSTINPROG, RPMTAG_PREUN, RPMTAG_PREUNPROG, RPMTAG_POSTUN, RPMTAG_POSTUNPROG,
		RPMTAG_PRETRANS, RPMTAG_PRETRANSPROG, RPMTAG_POSTTRANS, RPMTAG_POSTTRANSPROG,
		RPMTAG_VERIFYSCRIPT, RPMTAG_VERIFYSCRIPTPROG, RPMTAG_TRIGGERSCRIPTS,
		RPMTAG_TRIGGERSCRIPTPROG, RPMTAG_TRIGGERNAME, RPMTAG_TRIGGERINDEX,
		RPMTAG_FILETRIGGERSCRIPTS, RPMTAG_FILETRIGGERSCRIPTPROG, RPMTAG_FILETRIGGERNAME,
		RPMTAG_TRANSFILETRIGGERSCRIPTS, RPMTAG_TRANSFILETRIGGERSCRIPTPROG,
		RPMTAG_TRANSFILETRIGGERNAME};

	for (size_t i = 0; i < COUNTOF(tags); i++) {
		rpmtd td = rpmtdNew();

		if (headerGet(hdr, tags[i], td, HEADERGET_EXT)) {
			sha256_add_str(h, rpmTagGetName(tags[i]));
			while (rpmtdNext(td) >= 0) {
				auto_free char *s = rpmtdFormat(td, RPMTD_FORMAT_STRING, NULL);

				add_masked(h, l, s ? s : "");
			}
		}
		rpmtdFreeData(td);
		rpmtdFree(td);
	}
}

void rpm_content_mask(void *ctx, struct sha256 *h, const char *text, size_t n)
{
	auto_free char *s = xstrndup(text, n);

	add_masked(h, ctx, s);
}

static void add_bytes(struct sha256 *h, const struct learned_package *p, rpmfiles f, int i)
{
	const unsigned char *digest;
	size_t n = 0;

	if ((size_t)i < p->hashes.n && p->hashes.v[i]) {
		sha256_add_str(h, "elf");
		sha256_add_str(h, p->hashes.v[i]);
		return;
	}
	digest = rpmfilesFDigest(f, i, NULL, &n);
	sha256_add_str(h, "digest");
	if (digest)
		sha256_add(h, digest, n);
}

static void add_file(
	struct sha256 *h, const struct learn *l, const struct learned_package *p, rpmfiles f, int i)
{
	auto_free char *path = rpmfilesFN(f, i);
	const char *link = rpmfilesFLink(f, i), *caps = rpmfilesFCaps(f, i);
	const char *user = rpmfilesFUser(f, i), *group = rpmfilesFGroup(f, i);
	uint32_t numbers[] = {
		rpmfilesFMode(f, i), (uint32_t)rpmfilesFFlags(f, i), (uint32_t)rpmfilesFRdev(f, i)};

	if (str_starts(path, BUILD_ID_DIR))
		return;
	add_masked(h, l, path);
	sha256_add(h, numbers, sizeof numbers);
	sha256_add_str(h, user ? user : "");
	sha256_add_str(h, group ? group : "");
	add_masked(h, l, link ? link : "");
	sha256_add_str(h, caps ? caps : "");
	if (!str_ends(path, ".pyc"))
		add_bytes(h, p, f, i);
	sha256_add_str(h, "");
}

char *rpm_content(const struct learn *l)
{
	CLEANUP(sha256_freep) struct sha256 *h = sha256_new();
	char hex[SHA256_HEX];

	sha256_add_str(h, CONTENT_VERSION);
	vec_foreach (&l->packages, p) {
		rpmfiles f = rpmfilesNew(NULL, p->h, 0, RPMFI_KEEPHEADER);

		sha256_add_str(h, p->key);
		add_deps(h, l, p->h);
		add_scripts(h, l, p->h);
		for (int i = 0; i < (int)rpmfilesFC(f); i++)
			add_file(h, l, p, f, i);
		(void)rpmfilesFree(f);
	}
	sha256_end(TAKE(h), hex);
	return xstrdup(hex);
}
