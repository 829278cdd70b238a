/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/contents.h"
#include "format/format.h"

/* ---- packages ---- */

static void content_release(struct content *l)
{
	free(l->name);
	free(l->evr);
	free(l->arch);
	free(l->project);
}

void contents_release(struct contents *l)
{
	vec_free(l, content_release);
}

void contents_add(
	struct contents *l, const char *nevra, const char *project, int64_t build, uint64_t size)
{
	CLEANUP(package_release) struct package p = {0};

	if (!package_set_nevra(&p, nevra))
		return;
	*vec_push(l) = (struct content){
		.name = TAKE(p.name),
		.evr = package_evr(&p),
		.arch = TAKE(p.arch),
		.project = xstrdup_null(project),
		.build = build,
		.size = size,
	};
}

static int by_name_arch(const struct content *x, const struct content *y)
{
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->arch, y->arch);
}

static int by_all(const void *a, const void *b)
{
	const struct content *x = a, *y = b;
	int c = by_name_arch(x, y);

	return c ? c : strcmp(x->evr, y->evr);
}

void contents_sort(struct contents *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof *l->v, by_all);
}

#define CSV_HEAD "Name,EVR,Arch,Size,Project,Build\n"

/* What is published has names that are file names: no quotes, no commas. */
void contents_to_csv(const struct contents *l, struct strbuf *out)
{
	sb_add(out, CSV_HEAD);
	vec_foreach (l, p)
		sb_addf(out, "%s,%s,%s,%llu,%s,%lld\n", p->name, p->evr, p->arch,
			(unsigned long long)p->size, p->project ?: "", (long long)p->build);
}

bool contents_from_csv(const char *text, struct contents *ret)
{
	if (!str_starts(text, CSV_HEAD))
		return false;
	for (const char *s = text + strlen(CSV_HEAD), *end; (end = strchr(s, '\n')); s = end + 1) {
		const char *at[6] = {s};
		size_t n = 1;

		for (const char *c = s; c < end && n < COUNTOF(at); c++)
			if (*c == ',')
				at[n++] = c + 1;
		if (n < COUNTOF(at))
			continue;
		*vec_push(ret) = (struct content){
			.name = xstrndup(at[0], (size_t)(at[1] - at[0] - 1)),
			.evr = xstrndup(at[1], (size_t)(at[2] - at[1] - 1)),
			.arch = xstrndup(at[2], (size_t)(at[3] - at[2] - 1)),
			.size = strtoull(at[3], NULL, 10),
			.project = xstrndup(at[4], (size_t)(at[5] - at[4] - 1)),
			.build = strtoll(at[5], NULL, 10),
		};
	}
	contents_sort(ret);
	return true;
}

json_t *contents_to_json(const struct contents *l, size_t max)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n && i < max; i++) {
		const struct content *p = &l->v[i];
		json_t *o = json_object();

		json_put_str(o, "name", p->name);
		json_put_str(o, "evr", p->evr);
		json_put_str(o, "arch", p->arch);
		json_put_int(o, "size", (int64_t)p->size);
		json_put_str(o, "project", p->project);
		json_put_int(o, "build", p->build);
		json_array_append_new(list, o);
	}
	return list;
}

void contents_from_json(const json_t *j, struct contents *ret)
{
	size_t i;
	json_t *o;

	json_array_foreach(j, i, o)
	{
		const char *name = json_get_str(o, "name"), *evr = json_get_str(o, "evr");
		const char *arch = json_get_str(o, "arch");

		if (!name || !evr || !arch)
			continue;
		*vec_push(ret) = (struct content){
			.name = xstrdup(name),
			.evr = xstrdup(evr),
			.arch = xstrdup(arch),
			.project = xstrdup_null(json_get_str(o, "project")),
			.build = json_get_int(o, "build"),
			.size = (uint64_t)json_get_int(o, "size"),
		};
	}
	contents_sort(ret);
}

/* ---- differences ---- */

static const char *const hows[CONTENT_HOW] = {"added", "removed", "upgraded", "downgraded"};

const char *contents_how_name(enum contents_how how)
{
	return hows[how];
}

static void change_release(struct content_change *c)
{
	free(c->name);
	free(c->arch);
	free(c->from);
	free(c->to);
	free(c->project);
}

void contents_diff_release(struct contents_diff *d)
{
	for (size_t i = 0; i < CONTENT_HOW; i++)
		vec_free(&d->by[i], change_release);
}

bool contents_diff_empty(const struct contents_diff *d)
{
	size_t n = 0;

	for (size_t i = 0; i < CONTENT_HOW; i++)
		n += d->by[i].n;
	return n == 0;
}

static bool newer(const char *a, const char *b)
{
	const struct format_driver *rpm = format_find("rpm");

	return rpm && rpm->vercmp(a, b) > 0;
}

static void changed(struct contents_diff *d, const struct content *from, const struct content *to)
{
	const struct content *of = to ? to : from;
	enum contents_how how = !from ? CONTENT_ADDED : CONTENT_REMOVED;

	if (!of || (from && to && str_eq(from->evr, to->evr)))
		return;
	if (from && to)
		how = newer(from->evr, to->evr) ? CONTENT_DOWN : CONTENT_UP;
	*vec_push(&d->by[how]) = (struct content_change){
		.name = xstrdup(of->name),
		.arch = xstrdup(of->arch),
		.from = from ? xstrdup(from->evr) : NULL,
		.to = to ? xstrdup(to->evr) : NULL,
		.project = xstrdup_null(of->project),
		.build = of->build,
	};
}

void contents_compare(
	const struct contents *from, const struct contents *to, struct contents_diff *ret)
{
	for (size_t i = 0, k = 0; i < from->n || k < to->n;) {
		int c = i == from->n ? 1 : k == to->n ? -1 : by_name_arch(&from->v[i], &to->v[k]);

		changed(ret, c <= 0 ? &from->v[i] : NULL, c >= 0 ? &to->v[k] : NULL);
		i += c <= 0;
		k += c >= 0;
	}
}

json_t *contents_diff_to_json(const struct contents_diff *d)
{
	json_t *all = json_object();

	for (size_t i = 0; i < CONTENT_HOW; i++) {
		json_t *list = json_array();

		vec_foreach (&d->by[i], c) {
			json_t *o = json_object();

			json_put_str(o, "name", c->name);
			json_put_str(o, "arch", c->arch);
			json_put_str(o, "from", c->from);
			json_put_str(o, "to", c->to);
			json_put_str(o, "project", c->project);
			json_put_int(o, "build", c->build);
			json_array_append_new(list, o);
		}
		json_put(all, hows[i], list);
	}
	return all;
}

void contents_diff_from_json(const json_t *j, struct contents_diff *ret)
{
	for (size_t i = 0; i < CONTENT_HOW; i++) {
		json_t *list = json_object_get(j, hows[i]), *o;
		size_t k;

		json_array_foreach(list, k, o)
		{
			const char *name = json_get_str(o, "name"), *arch = json_get_str(o, "arch");

			if (!name || !arch)
				continue;
			*vec_push(&ret->by[i]) = (struct content_change){
				.name = xstrdup(name),
				.arch = xstrdup(arch),
				.from = xstrdup_null(json_get_str(o, "from")),
				.to = xstrdup_null(json_get_str(o, "to")),
				.project = xstrdup_null(json_get_str(o, "project")),
				.build = json_get_int(o, "build"),
			};
		}
	}
}
