/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/package.h"

static const char *const kinds[] = {
	[PACKAGE_MAIN] = "main",
	[PACKAGE_DEBUGINFO] = "debuginfo",
	[PACKAGE_DEBUGSOURCE] = "debugsource",
	[PACKAGE_SOURCE] = "source",
};

void package_release(struct package *p)
{
	free(p->file);
	free(p->path);
	free(p->name);
	free(p->version);
	free(p->release);
	free(p->arch);
	free(p->nevra);
	*p = (struct package){0};
}

const char *package_kind_name(enum package_kind k)
{
	return kinds[k];
}

bool package_kind_parse(const char *s, enum package_kind *ret)
{
	for (size_t i = 0; s && i < COUNTOF(kinds); i++) {
		if (!str_eq(s, kinds[i]))
			continue;
		*ret = (enum package_kind)i;
		return true;
	}
	return false;
}

json_t *package_vec_to_json(const struct package_vec *v)
{
	json_t *list = json_array();

	vec_foreach (v, p) {
		json_t *o = json_object();

		json_put_str(o, "file", p->file);
		json_put_str(o, "sha256", p->sha256);
		json_put_int(o, "size", (int64_t)p->size);
		json_put_str(o, "nevra", p->nevra);
		json_put_str(o, "kind", package_kind_name(p->kind));
		json_array_append_new(list, o);
	}
	return list;
}

/*
 * name-[epoch:]version-release.arch into its parts: arch after the last dot, release and version
 * between the last two dashes, as rpm's own NEVRA parsing.
 */
bool package_set_nevra(struct package *p, const char *nevra)
{
	const char *dot = strrchr(nevra, '.'), *rel = NULL, *ver = NULL, *colon;

	if (!dot || !dot[1])
		return false;
	for (const char *s = dot; s > nevra; s--) {
		if (s[-1] != '-')
			continue;
		if (rel) {
			ver = s;
			break;
		}
		rel = s;
	}
	if (!ver || ver - 1 == nevra || ver == rel - 1 || rel == dot)
		return false;
	colon = memchr(ver, ':', (size_t)(rel - ver));
	free(p->name);
	free(p->version);
	free(p->release);
	free(p->arch);
	p->name = xstrndup(nevra, (size_t)(ver - 1 - nevra));
	p->epoch = colon ? strtoll(ver, NULL, 10) : 0;
	if (colon)
		ver = colon + 1;
	p->version = xstrndup(ver, (size_t)(rel - 1 - ver));
	p->release = xstrndup(rel, (size_t)(dot - rel));
	p->arch = xstrdup(dot + 1);
	str_set(&p->nevra, nevra);
	return true;
}

char *package_evr(const struct package *p)
{
	if (p->epoch)
		return xasprintf("%lld:%s-%s", (long long)p->epoch, p->version, p->release);
	return xasprintf("%s-%s", p->version, p->release);
}

int package_vec_from_json(const json_t *j, struct package_vec *ret, struct err *err)
{
	size_t i;
	json_t *o;

	json_array_foreach(j, i, o)
	{
		const char *file = json_get_str(o, "file"), *sha = json_get_str(o, "sha256");
		const char *nevra = json_get_str(o, "nevra");
		struct package *p = vec_push(ret);

		if (!file || !sha || strlen(sha) != SHA256_HEX - 1 || !nevra ||
			!package_set_nevra(p, nevra) ||
			!package_kind_parse(json_get_str(o, "kind"), &p->kind))
			return err_set(err, ERR_CORRUPT, "artifact %zu is not complete", i);
		str_set(&p->file, file);
		memcpy(p->sha256, sha, SHA256_HEX);
		p->size = (uint64_t)json_get_int(o, "size");
	}
	return 0;
}
