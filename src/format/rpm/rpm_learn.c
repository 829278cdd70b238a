/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_learn.c - what packages provide and require. */
#include "format/rpm/rpm_learn.h"
#include "base/limits.h"
#include "format/rpm/rpm_content.h"
#include "format/rpm/rpm_lib.h"
#include <rpm/rpmfiles.h>

/* Paths that may be required without a package's file list being read: as in primary metadata. */
static const char *const public_dirs[] = {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/", "/etc/"};

static void learned_package_release(struct learned_package *p)
{
	if (p->h)
		(void)headerFree(p->h);
	free(p->key);
	rpm_hashes_release(&p->hashes);
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

static int read_all(struct learn *l, const struct strv *files, struct err *err)
{
	strv_foreach (files, f) {
		struct learned_package *p = vec_push(&l->packages);
		int r;

		p->file = *f;
		r = rpm_header(*f, &p->h, err);

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

/* What cannot be read counts with its digest: that is no failure of a build. */
static int read_payloads(struct learn *l, const struct format_jail *jail, struct err *err)
{
	vec_foreach (&l->packages, p) {
		auto_err struct err e = ERR_INIT;

		if (rpm_payload_read(p->file, p->h, jail, rpm_content_mask, l, &p->hashes, &e) ==
			-ERR_SIGNAL)
			return err_move(err, &e);
	}
	return 0;
}

int rpm_learn(const struct strv *files, const struct format_jail *jail, struct strv *ret_provides,
	struct strv *ret_requires, char **ret_content, struct err *err)
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
	if ((r = drop_own(&l, &requires, err)) < 0 ||
		(jail && (r = read_payloads(&l, jail, err)) < 0))
		return r;
	strv_sort(&provides);
	strv_sort(&requires);
	*ret_content = rpm_content(&l);
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
