/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/lock.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/text.h"
#include "model/package.h"
#include <strings.h>

#define MAX_PACKAGES 100000 /* of one root */

void lock_package_release(struct lock_package *p)
{
	free(p->nevra);
	free(p->checksum);
	free(p->repo);
	free(p->location);
	free(p->path);
}

void lock_packages_release(struct lock_packages *v)
{
	vec_free(v, lock_package_release);
}

void lock_packages_copy(struct lock_packages *dst, const struct lock_packages *src)
{
	vec_foreach (src, p)
		*vec_push(dst) = (struct lock_package){
			.nevra = xstrdup(p->nevra),
			.checksum = xstrdup_null(p->checksum),
			.repo = xstrdup_null(p->repo),
			.location = xstrdup_null(p->location),
			.size = p->size,
			.path = xstrdup_null(p->path),
		};
}

static int compare(const void *a, const void *b)
{
	const struct lock_package *x = a, *y = b;
	int c = strcmp(x->nevra, y->nevra);

	return c ? c : strcmp(x->checksum ?: "", y->checksum ?: "");
}

void lock_packages_sort(struct lock_packages *v)
{
	if (v->n)
		qsort(v->v, v->n, sizeof *v->v, compare);
}

void lock_release(struct lock *l)
{
	free(l->target);
	free(l->arch);
	lock_packages_release(&l->base);
	lock_packages_release(&l->build);
}

void lock_free(struct lock *l)
{
	if (!l)
		return;
	lock_release(l);
	free(l);
}

static json_t *packages_to_json(const struct lock_packages *v)
{
	json_t *list = json_array();

	vec_foreach (v, p) {
		json_t *o = json_object();

		json_put_str(o, "nevra", p->nevra);
		if (p->checksum)
			json_put_str(o, "checksum", p->checksum);
		json_put_str(o, "repo", p->repo);
		if (p->location)
			json_put_str(o, "location", p->location);
		if (p->size)
			json_put_int(o, "size", (int64_t)p->size);
		json_array_append_new(list, o);
	}
	return list;
}

json_t *lock_to_json(const struct lock *l)
{
	json_t *o = json_object();

	json_put_int(o, "schema", 1);
	json_put_str(o, "target", l->target);
	json_put_str(o, "arch", l->arch);
	json_put(o, "base", packages_to_json(&l->base));
	json_put(o, "build", packages_to_json(&l->build));
	return o;
}

const char *lock_location_fault(const char *s)
{
	size_t n = strlen(s), scheme = strcspn(s, ":/?#");

	if (!n || n > LIMIT_LOCATION)
		return "is empty or too long";
	if (*s == '/')
		return "is an absolute path";
	if (strstr(s, "://") || (s[scheme] == ':' && s[scheme + 1] == '/') ||
		strncasecmp(s, "file:", 5) == 0)
		return "is a URL of its own";
	if (str_eq(s, "..") || str_starts(s, "../") || strstr(s, "/../") || str_ends(s, "/.."))
		return "leaves the repository";
	if (strchr(s, '\\') || str_ends(s, "/"))
		return "is no path of a file";
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return "has control characters";
	}
	return NULL;
}

/* Only the instance's own files have a path of this machine. */
static bool is_location(const char *s, bool own)
{
	return own ? *s == '/' && !strpbrk(s, "\n\r") : !lock_location_fault(s);
}

static const char *fault(const struct lock_package *p)
{
	struct package parsed = {0};
	bool own = p->repo && str_eq(p->repo, LOCK_OWN), host = p->repo && str_eq(p->repo, "host");
	bool good = p->nevra && *p->nevra && !strpbrk(p->nevra, " \t\n\r/");

	if (good && !host) {
		good = package_set_nevra(&parsed, p->nevra);
		package_release(&parsed);
	}
	if (!good)
		return "no NEVRA";
	if (!p->repo || !str_is_name(p->repo))
		return "no repository";
	if (host)
		return NULL;
	if (!p->checksum || !digest_known(p->checksum))
		return "no checksum";
	if (!p->location || !is_location(p->location, own))
		return "no fit location";
	return NULL;
}

static int packages_from_json(
	const json_t *j, const char *which, struct lock_packages *ret, struct err *err)
{
	const json_t *list = json_object_get(j, which), *o;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > MAX_PACKAGES)
		return err_set(err, ERR_CORRUPT, "'%s' is no list of packages", which);
	json_array_foreach(list, i, o)
	{
		struct lock_package *p = vec_push(ret);
		auto_strbuf struct strbuf shown = STRBUF_INIT;
		const char *why;

		*p = (struct lock_package){
			.nevra = xstrdup_null(json_get_str(o, "nevra")),
			.checksum = xstrdup_null(json_get_str(o, "checksum")),
			.repo = xstrdup_null(json_get_str(o, "repo")),
			.location = xstrdup_null(json_get_str(o, "location")),
			.size = (uint64_t)(json_get_int(o, "size") > 0 ? json_get_int(o, "size")
								       : 0),
		};
		why = fault(p);
		if (!why)
			continue;
		text_term(&shown, p->nevra ?: "", 100);
		return err_set(err, ERR_CORRUPT, "package %zu of '%s' (%s) has %s", i + 1, which,
			sb_str(&shown), why);
	}
	lock_packages_sort(ret);
	return 0;
}

int lock_from_json(const json_t *j, struct lock **ret, struct err *err)
{
	CLEANUP(lock_freep) struct lock *l = xcalloc(1, sizeof *l);
	int r;

	if (!json_is_object(j) || json_get_int(j, "schema") != 1)
		return err_set(err, ERR_CORRUPT, "no lock of schema 1");
	l->target = xstrdup_null(json_get_str(j, "target"));
	l->arch = xstrdup_null(json_get_str(j, "arch"));
	if (!l->target || !l->arch || !str_is_name(l->target) || !str_is_name(l->arch))
		return err_set(err, ERR_CORRUPT, "lacks its target or architecture");
	if ((r = packages_from_json(j, "base", &l->base, err)) < 0 ||
		(r = packages_from_json(j, "build", &l->build, err)) < 0)
		return r;
	*ret = TAKE(l);
	return 0;
}

int lock_read(const char *path, struct lock **ret, struct err *err)
{
	auto_json json_t *j = NULL;
	int r = json_read(path, &j, err);

	if (r < 0)
		return r;
	r = lock_from_json(j, ret, err);
	return r < 0 ? err_wrap(err, "lock file '%s'", path) : 0;
}

int lock_write(const char *path, const struct lock *l, struct err *err)
{
	auto_json json_t *j = lock_to_json(l);

	return json_write_atomic(path, j, err);
}
