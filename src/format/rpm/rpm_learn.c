/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_learn.c - what packages provide and require, and the hash of what they are. */
#include "format/rpm/rpm_learn.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "format/rpm/rpm_dep.h"
#include "format/rpm/rpm_lib.h"
#include <rpm/rpmfiles.h>

/* Paths that may be required without a package's file list being read: as in primary metadata. */
static const char *const public_dirs[] = {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/", "/etc/"};

#define BUILD_ID_DIR "/usr/lib/.build-id"

struct learned_package {
	Header h;
	char *key; /* name.arch */
};

struct learn {
	VEC(struct learned_package) packages;
	struct strv own;   /* version-release of each, with and without its epoch; sorted */
	struct hmap names; /* provided -> index into `provided` */
	VEC(struct rpm_dep) provided;
	size_t compared; /* pairs of versions */
};

static void learned_package_release(struct learned_package *p)
{
	if (p->h)
		(void)headerFree(p->h);
	free(p->key);
}

static void learn_release(struct learn *l)
{
	vec_free(&l->packages, learned_package_release);
	vec_free(&l->provided, rpm_dep_release);
	strv_release(&l->own);
	hmap_release(&l->names);
}

static int by_key(const void *a, const void *b)
{
	const struct learned_package *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Sorted, each once. */
static void sort_own(struct strv *own)
{
	size_t n = 0;

	strv_sort(own);
	for (size_t i = 0; i < own->n; i++)
		if (n && str_eq(own->v[n - 1], own->v[i]))
			free(own->v[i]);
		else
			own->v[n++] = own->v[i];
	own->n = n;
	if (own->v)
		own->v[n] = NULL;
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

static int read_all(struct learn *l, const struct strv *files, struct err *err)
{
	strv_foreach (files, f) {
		struct learned_package *p = vec_push(&l->packages);
		int r = rpm_header(*f, &p->h, err);

		if (r < 0)
			return r;
		auto_free char *name = rpm_tag(p->h, RPMTAG_NAME);
		auto_free char *arch = rpm_tag(p->h, RPMTAG_ARCH);
		auto_free char *version = rpm_tag(p->h, RPMTAG_VERSION);
		auto_free char *release = rpm_tag(p->h, RPMTAG_RELEASE);
		uint64_t epoch = headerGetNumber(p->h, RPMTAG_EPOCH);

		if (!name || !arch || !version || !release)
			return err_set(err, ERR_BUILD, "'%s' has no name, version or release", *f);
		p->key = xasprintf("%s.%s", name, arch);
		if (epoch)
			strv_take(&l->own, xasprintf("%llu:%s-%s", (unsigned long long)epoch,
						   version, release));
		strv_take(&l->own, xasprintf("%s-%s", version, release));
	}
	sort_own(&l->own);
	if (l->packages.n)
		qsort(l->packages.v, l->packages.n, sizeof *l->packages.v, by_key);
	return 0;
}

/* Dependencies of all packages, each once, sorted. */
static int collect(struct learn *l, rpmTagVal tag, struct strv *ret, struct err *err)
{
	auto_hmap struct hmap seen = HMAP_INIT;
	size_t bytes = 0;

	vec_foreach (&l->packages, p) {
		auto_ds rpmds ds = rpmdsNew(p->h, tag, 0);

		while (rpmdsNext(ds) >= 0) {
			char *text;

			if (rpmdsFlags(ds) & RPMSENSE_RPMLIB)
				continue;
			if (seen.n >= LIMIT_DEPS)
				return err_set(err, ERR_BUILD,
					"the packages have more than %d dependencies", LIMIT_DEPS);
			text = rpm_ds_text(ds);
			if (!hmap_set(&seen, text, 0)) {
				free(text);
				continue;
			}
			strv_take(ret, text);
			if ((bytes += strlen(text)) > LIMIT_DEPS_TEXT)
				return err_set(err, ERR_BUILD,
					"the packages' dependencies are longer than %d MiB",
					(int)(LIMIT_DEPS_TEXT / MIB));
		}
	}
	return 0;
}

static bool is_public(const char *path)
{
	for (size_t i = 0; i < COUNTOF(public_dirs); i++)
		if (str_starts(path, public_dirs[i]))
			return true;
	return false;
}

static int collect_paths(struct learn *l, struct strv *ret, struct err *err)
{
	auto_hmap struct hmap seen = HMAP_INIT;

	vec_foreach (&l->packages, p) {
		rpmfiles f = rpmfilesNew(NULL, p->h, 0, RPMFI_KEEPHEADER);

		for (int i = 0; i < (int)rpmfilesFC(f); i++) {
			char *path = rpmfilesFN(f, i);

			if (is_public(path) && strlen(path) <= LIMIT_DEP && seen.n < LIMIT_DEPS &&
				hmap_set(&seen, path, 0))
				strv_add(ret, path);
			free(path);
		}
		(void)rpmfilesFree(f);
		if (seen.n >= LIMIT_DEPS)
			return err_set(err, ERR_BUILD, "the packages have more than %d commands",
				LIMIT_DEPS);
	}
	return 0;
}

/* Sorted by name, so that those of one name are neighbours. */
static int by_name(const void *a, const void *b)
{
	const struct rpm_dep *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void index_provides(struct learn *l, const struct strv *provides)
{
	strv_foreach (provides, s) {
		struct rpm_dep d;

		if (rpm_dep_parse(*s, &d))
			*vec_push(&l->provided) = d;
	}
	if (l->provided.n)
		qsort(l->provided.v, l->provided.n, sizeof *l->provided.v, by_name);
	for (size_t i = l->provided.n; i-- > 0;)
		(void)hmap_set(&l->names, l->provided.v[i].name, i);
}

static bool is_own(struct learn *l, const struct rpm_dep *d)
{
	size_t i;

	if (!hmap_get(&l->names, d->name, &i))
		return false;
	for (; i < l->provided.n && str_eq(l->provided.v[i].name, d->name); i++)
		if (l->compared++ >= LIMIT_DEP_PAIRS)
			return false;
		else if (rpm_dep_overlap(d->op, d->evr, l->provided.v[i].op, l->provided.v[i].evr))
			return true;
	return false;
}

struct foreign {
	struct learn *l;
	size_t names, foreign;
};

static enum rpm_truth count_foreign(void *ctx, const struct rpm_dep *d)
{
	struct foreign *f = ctx;

	f->names++;
	f->foreign += !is_own(f->l, d);
	return RPM_OPEN;
}

static int drop_own(struct learn *l, struct strv *requires, struct err *err)
{
	auto_strv struct strv others = STRV_INIT;

	strv_foreach (requires, s) {
		struct foreign f = {.l = l};

		(void)rpm_dep_eval(*s, count_foreign, &f);
		if (f.foreign || !f.names)
			strv_take(&others, *s);
		else
			free(*s);
	}
	free(requires->v);
	*requires = others;
	others = (struct strv)STRV_INIT;
	if (l->compared > LIMIT_DEP_PAIRS)
		return err_set(err, ERR_BUILD,
			"the packages require and provide too many versions of the same names "
			"(more than %d pairs)",
			LIMIT_DEP_PAIRS);
	return 0;
}

/* --- content --- */

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

static void add_file(struct sha256 *h, const struct learn *l, rpmfiles f, int i)
{
	auto_free char *path = rpmfilesFN(f, i);
	const char *link = rpmfilesFLink(f, i), *caps = rpmfilesFCaps(f, i);
	const char *user = rpmfilesFUser(f, i), *group = rpmfilesFGroup(f, i);
	uint32_t numbers[] = {
		rpmfilesFMode(f, i), (uint32_t)rpmfilesFFlags(f, i), (uint32_t)rpmfilesFRdev(f, i)};
	const unsigned char *digest;
	size_t n = 0;

	if (str_starts(path, BUILD_ID_DIR))
		return;
	add_masked(h, l, path);
	sha256_add(h, numbers, sizeof numbers);
	sha256_add_str(h, user ? user : "");
	sha256_add_str(h, group ? group : "");
	add_masked(h, l, link ? link : "");
	sha256_add_str(h, caps ? caps : "");
	digest = rpmfilesFDigest(f, i, NULL, &n);
	if (digest && !str_ends(path, ".pyc"))
		sha256_add(h, digest, n);
	sha256_add_str(h, "");
}

static char *content(struct learn *l)
{
	CLEANUP(sha256_freep) struct sha256 *h = sha256_new();
	char hex[SHA256_HEX];

	vec_foreach (&l->packages, p) {
		rpmfiles f = rpmfilesNew(NULL, p->h, 0, RPMFI_KEEPHEADER);

		sha256_add_str(h, p->key);
		add_deps(h, l, p->h);
		add_scripts(h, l, p->h);
		for (int i = 0; i < (int)rpmfilesFC(f); i++)
			add_file(h, l, f, i);
		(void)rpmfilesFree(f);
	}
	sha256_end(TAKE(h), hex);
	return xstrdup(hex);
}

int rpm_learn(const struct strv *files, struct strv *ret_provides, struct strv *ret_requires,
	char **ret_content, struct err *err)
{
	CLEANUP(learn_release) struct learn l = {0};
	auto_strv struct strv provides = STRV_INIT, requires = STRV_INIT;
	int r;

	if ((r = read_all(&l, files, err)) < 0 ||
		(r = collect(&l, RPMTAG_PROVIDENAME, &provides, err)) < 0 ||
		(r = collect_paths(&l, &provides, err)) < 0 ||
		(r = collect(&l, RPMTAG_REQUIRENAME, &requires, err)) < 0)
		return r;
	index_provides(&l, &provides);
	if ((r = drop_own(&l, &requires, err)) < 0)
		return r;
	strv_sort(&provides);
	strv_sort(&requires);
	*ret_content = content(&l);
	strv_release(ret_provides);
	strv_release(ret_requires);
	*ret_provides = provides;
	*ret_requires = requires;
	provides = requires = (struct strv)STRV_INIT;
	return 0;
}

int rpm_has_paths(
	const struct strv *files, const struct strv *paths, struct strv *ret_paths, struct err *err)
{
	CLEANUP(learn_release) struct learn l = {0};
	int r = paths->n ? read_all(&l, files, err) : 0;

	if (r < 0)
		return r;
	vec_foreach (&l.packages, p) {
		rpmfiles f = rpmfilesNew(NULL, p->h, 0, RPMFI_KEEPHEADER);

		strv_foreach (paths, path)
			if (rpmfilesFindFN(f, *path) >= 0 && !strv_has(ret_paths, *path))
				strv_add(ret_paths, *path);
		(void)rpmfilesFree(f);
	}
	return 0;
}
