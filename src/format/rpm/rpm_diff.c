/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/rpm/rpm_diff.h"
#include "base/map.h"
#include "base/time.h"
#include "format/rpm/rpm.h"
#include "format/rpm/rpm_lib.h"
#include <rpm/rpmfiles.h>
#include <rpm/rpmtd.h>

#define SHOWN 64 /* bytes of a value around the first difference */

void rpm_difference_release(struct rpm_difference *d)
{
	free(d->where);
	free(d->what);
	free(d->a);
	free(d->b);
}

void rpm_differences_release(struct rpm_differences *d)
{
	vec_free(d, rpm_difference_release);
}

static void files_unref(rpmfiles f)
{
	(void)rpmfilesFree(f);
}
DEFINE_CLEANUP(rpmfiles, files_unref)

/* The part of s around its byte `at`. */
static char *shorten(const char *s, size_t at)
{
	size_t n = strlen(s), from = at > SHOWN / 4 ? at - SHOWN / 4 : 0;

	if (n <= SHOWN)
		from = 0;
	return xasprintf(
		"%s%.*s%s", from ? "..." : "", SHOWN, s + from, n - from > SHOWN ? "..." : "");
}

static void add(struct rpm_differences *ret, const char *where, const char *what, const char *a,
	const char *b)
{
	size_t at = 0;

	while (a && b && a[at] && a[at] == b[at])
		at++;
	*vec_push(ret) = (struct rpm_difference){
		.where = xstrdup(where),
		.what = xstrdup_null(what),
		.a = a ? shorten(a, at) : NULL,
		.b = b ? shorten(b, at) : NULL,
	};
}

/* Tags that are compared in another way (files, dependencies) or follow from what they cover. */
enum care { PLAIN, OTHERWISE, FOLLOWS };

static enum care care_of(rpmTagVal tag)
{
	if (tag < RPMTAG_NAME && tag != HEADER_I18NTABLE)
		return FOLLOWS; /* regions, digests and signatures */
	switch (tag) {
	case RPMTAG_SIZE:
	case RPMTAG_LONGSIZE:
	case RPMTAG_ARCHIVESIZE:
	case RPMTAG_PAYLOADDIGEST:
	case RPMTAG_PAYLOADDIGESTALT:
		return FOLLOWS;
	case RPMTAG_BASENAMES:
	case RPMTAG_DIRNAMES:
	case RPMTAG_DIRINDEXES:
	case RPMTAG_OLDFILENAMES:
	case RPMTAG_FILESIZES:
	case RPMTAG_LONGFILESIZES:
	case RPMTAG_FILEMODES:
	case RPMTAG_FILERDEVS:
	case RPMTAG_FILEMTIMES:
	case RPMTAG_FILEDIGESTS:
	case RPMTAG_FILELINKTOS:
	case RPMTAG_FILEFLAGS:
	case RPMTAG_FILEUSERNAME:
	case RPMTAG_FILEGROUPNAME:
	case RPMTAG_FILECAPS:
	case RPMTAG_FILEVERIFYFLAGS:
	case RPMTAG_FILEDEVICES:
	case RPMTAG_FILEINODES:
	case RPMTAG_FILELANGS:
	case RPMTAG_FILECOLORS:
	case RPMTAG_FILECLASS:
	case RPMTAG_CLASSDICT:
	case RPMTAG_FILEDEPENDSX:
	case RPMTAG_FILEDEPENDSN:
	case RPMTAG_DEPENDSDICT:
	case RPMTAG_FILESIGNATURES:
	case RPMTAG_FILESIGNATURELENGTH:
		return OTHERWISE;
	default:
		return PLAIN;
	}
}

static const struct {
	const char *name;
	rpmTagVal tag, version, flags;
} dependencies[] = {
#define X(name, tag)                                                                               \
	{                                                                                          \
		name, RPMTAG_##tag##NAME, RPMTAG_##tag##VERSION, RPMTAG_##tag##FLAGS               \
	}
	X("Requires", REQUIRE),
	X("Provides", PROVIDE),
	X("Conflicts", CONFLICT),
	X("Obsoletes", OBSOLETE),
	X("Recommends", RECOMMEND),
	X("Suggests", SUGGEST),
	X("Supplements", SUPPLEMENT),
	X("Enhances", ENHANCE),
	X("Orders", ORDER),
#undef X
};

static bool is_dependency(rpmTagVal tag)
{
	for (size_t i = 0; i < COUNTOF(dependencies); i++)
		if (tag == dependencies[i].tag || tag == dependencies[i].version ||
			tag == dependencies[i].flags)
			return true;
	return false;
}

static void tag_values(Header h, rpmTagVal tag, struct strv *ret)
{
	rpmtd td = rpmtdNew();

	if (headerGet(h, tag, td, HEADERGET_RAW))
		while (rpmtdNext(td) >= 0) {
			char *s = rpmtdFormat(td, RPMTD_FORMAT_STRING, NULL);

			strv_take(ret, s ?: xstrdup(""));
		}
	rpmtdFreeData(td);
	rpmtdFree(td);
}

static void dep_values(Header h, rpmTagVal tag, struct strv *ret)
{
	auto_ds rpmds ds = rpmdsNew(h, tag, 0);

	while (rpmdsNext(ds) >= 0)
		strv_take(ret, rpm_ds_text(ds));
}

/* One value each: itself against the other. Lists: what only one of them has; its order else. */
static void compare_values(
	struct rpm_differences *ret, const char *where, const struct strv *a, const struct strv *b)
{
	auto_free char *x = strv_join(a, "\n"), *y = strv_join(b, "\n");
	auto_free char *only_x = NULL, *only_y = NULL;
	auto_strv struct strv left = STRV_INIT, right = STRV_INIT;
	auto_hmap struct hmap in_a = HMAP_INIT, in_b = HMAP_INIT;

	if (a->n == b->n && str_eq(x, y))
		return;
	if (a->n <= 1 && b->n <= 1) {
		add(ret, where, NULL, a->n ? x : NULL, b->n ? y : NULL);
		return;
	}
	strv_foreach (a, s)
		(void)hmap_set(&in_a, *s, 0);
	strv_foreach (b, s) {
		(void)hmap_set(&in_b, *s, 0);
		if (!hmap_has(&in_a, *s))
			strv_add(&right, *s);
	}
	strv_foreach (a, s)
		if (!hmap_has(&in_b, *s))
			strv_add(&left, *s);
	if (!left.n && !right.n) {
		add(ret, where, NULL, x, y);
		return;
	}
	only_x = strv_join(&left, ", ");
	only_y = strv_join(&right, ", ");
	add(ret, where, NULL, left.n ? only_x : NULL, right.n ? only_y : NULL);
}

VEC_TYPE(tags, rpmTagVal);

/* The tags of this kind that were not seen before. */
static void tags_of(Header h, enum care care, struct hmap *seen, struct tags *ret)
{
	HeaderIterator it = headerInitIterator(h);
	rpmTagVal tag;

	while ((tag = headerNextTag(it)) != RPMTAG_NOT_FOUND) {
		char number[16];

		(void)snprintf(number, sizeof number, "%d", (int)tag);
		if (care_of(tag) == care && !is_dependency(tag) && hmap_set(seen, number, 0))
			*vec_push(ret) = tag;
	}
	(void)headerFreeIterator(it);
}

static void compare_tags(struct rpm_differences *ret, Header a, Header b, enum care care)
{
	auto_hmap struct hmap seen = HMAP_INIT;
	struct tags all = VEC_INIT;

	tags_of(a, care, &seen, &all);
	tags_of(b, care, &seen, &all);
	vec_foreach (&all, t) {
		auto_strv struct strv x = STRV_INIT, y = STRV_INIT;

		tag_values(a, *t, &x);
		tag_values(b, *t, &y);
		compare_values(ret, rpmTagGetName(*t), &x, &y);
	}
	vec_release(&all);
}

static void compare_dependencies(struct rpm_differences *ret, Header a, Header b)
{
	for (size_t i = 0; i < COUNTOF(dependencies); i++) {
		auto_strv struct strv x = STRV_INIT, y = STRV_INIT;

		dep_values(a, dependencies[i].tag, &x);
		dep_values(b, dependencies[i].tag, &y);
		compare_values(ret, dependencies[i].name, &x, &y);
	}
}

static void file_content(rpmfiles f, int i, struct strbuf *out)
{
	size_t n = 0;
	const unsigned char *digest = rpmfilesFDigest(f, i, NULL, &n);

	for (size_t k = 0; digest && k < n; k++)
		sb_addf(out, "%02x", digest[k]);
}

static void file_size(rpmfiles f, int i, struct strbuf *out)
{
	sb_addf(out, "%llu", (unsigned long long)rpmfilesFSize(f, i));
}

static void file_mode(rpmfiles f, int i, struct strbuf *out)
{
	sb_addf(out, "%06o", (unsigned)rpmfilesFMode(f, i));
}

static void file_owner(rpmfiles f, int i, struct strbuf *out)
{
	sb_addf(out, "%s:%s", rpmfilesFUser(f, i) ?: "", rpmfilesFGroup(f, i) ?: "");
}

static void file_link(rpmfiles f, int i, struct strbuf *out)
{
	sb_add(out, rpmfilesFLink(f, i) ?: "");
}

static void file_time(rpmfiles f, int i, struct strbuf *out)
{
	char iso[21];

	time_iso((int64_t)rpmfilesFMtime(f, i), iso);
	sb_add(out, iso);
}

static void file_flags(rpmfiles f, int i, struct strbuf *out)
{
	sb_addf(out, "%#x", (unsigned)rpmfilesFFlags(f, i));
}

static void file_caps(rpmfiles f, int i, struct strbuf *out)
{
	sb_add(out, rpmfilesFCaps(f, i) ?: "");
}

static void file_device(rpmfiles f, int i, struct strbuf *out)
{
	sb_addf(out, "%#x", (unsigned)rpmfilesFRdev(f, i));
}

static const struct {
	const char *what;
	void (*value)(rpmfiles f, int i, struct strbuf *out);
} aspects[] = {
	{"content", file_content},
	{"size", file_size},
	{"mode", file_mode},
	{"owner", file_owner},
	{"link target", file_link},
	{"time", file_time},
	{"flags", file_flags},
	{"capabilities", file_caps},
	{"device", file_device},
};

static void compare_file(
	struct rpm_differences *ret, const char *path, rpmfiles a, int i, rpmfiles b, int k)
{
	for (size_t n = 0; n < COUNTOF(aspects); n++) {
		auto_strbuf struct strbuf x = STRBUF_INIT, y = STRBUF_INIT;

		aspects[n].value(a, i, &x);
		aspects[n].value(b, k, &y);
		if (!str_eq(sb_str(&x), sb_str(&y)))
			add(ret, path, aspects[n].what, sb_str(&x), sb_str(&y));
	}
}

static char *file_path(rpmfiles f, int i)
{
	char *path = rpmfilesFN(f, i);

	return path ? path : xstrdup("");
}

static void compare_files(struct rpm_differences *ret, Header a, Header b)
{
	CLEANUP(files_unrefp) rpmfiles x = rpmfilesNew(NULL, a, 0, RPMFI_KEEPHEADER);
	CLEANUP(files_unrefp) rpmfiles y = rpmfilesNew(NULL, b, 0, RPMFI_KEEPHEADER);
	auto_hmap struct hmap in_x = HMAP_INIT, in_y = HMAP_INIT;
	int nx = (int)rpmfilesFC(x), ny = (int)rpmfilesFC(y);

	for (int i = 0; i < ny; i++) {
		auto_free char *path = file_path(y, i);

		(void)hmap_set(&in_y, path, (size_t)i);
	}
	for (int i = 0; i < nx; i++) {
		auto_free char *path = file_path(x, i);
		size_t k;

		(void)hmap_set(&in_x, path, 0);
		if (hmap_get(&in_y, path, &k))
			compare_file(ret, path, x, i, y, (int)k);
		else
			add(ret, path, "file", "there", NULL);
	}
	for (int i = 0; i < ny; i++) {
		auto_free char *path = file_path(y, i);

		if (!hmap_has(&in_x, path))
			add(ret, path, "file", NULL, "there");
	}
}

/* The same files and tags; then it is how the payload was packed, or a digest, or a signature. */
static void compare_rest(struct rpm_differences *ret, Header a, Header b)
{
	auto_strv struct strv x = STRV_INIT, y = STRV_INIT;
	size_t before = ret->n;

	compare_tags(ret, a, b, OTHERWISE);
	if (ret->n > before)
		return;
	tag_values(a, RPMTAG_PAYLOADDIGEST, &x);
	tag_values(b, RPMTAG_PAYLOADDIGEST, &y);
	compare_values(ret, "payload", &x, &y);
	if (ret->n == before)
		compare_tags(ret, a, b, FOLLOWS);
}

int rpm_diff(const char *a, const char *b, struct rpm_differences *ret, struct err *err)
{
	auto_header Header x = NULL, y = NULL;
	size_t before = ret->n;
	int r;

	if ((r = rpm_header(a, &x, err)) < 0 || (r = rpm_header(b, &y, err)) < 0)
		return r;
	compare_tags(ret, x, y, PLAIN);
	compare_dependencies(ret, x, y);
	compare_files(ret, x, y);
	if (ret->n == before)
		compare_rest(ret, x, y);
	return 0;
}
