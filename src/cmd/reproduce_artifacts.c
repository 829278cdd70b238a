/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reproduce_artifacts.c - the packages that two builds made, bit for bit. */
#include "base/fs.h"
#include "base/text.h"
#include "cmd/reproduce.h"

#define SHOWN 40 /* lines of what differs, per package */

static void artifact_release(struct artifact_diff *d)
{
	rpm_differences_release(&d->differences);
	free(d->note);
}

void artifact_diffs_release(struct artifact_diffs *d)
{
	vec_free(d, artifact_release);
}

static const struct package *find(const struct result *r, const char *file)
{
	vec_foreach (&r->artifacts, p)
		if (str_eq(p->file, file))
			return p;
	return NULL;
}

static void one_sided(struct artifact_diff *d, bool then)
{
	*vec_push(&d->differences) = (struct rpm_difference){
		.where = xstrdup("package"),
		.a = then ? xstrdup("there") : NULL,
		.b = then ? NULL : xstrdup("there"),
	};
}

static int explain(const struct record *rec, const struct package *then, const struct package *now,
	struct artifact_diff *d, struct err *err)
{
	auto_free char *path = record_file(rec, then);
	int r;

	if (!path) {
		d->note = xasprintf("the recorded file is gone, its sha256 was %s, is now %s",
			then->sha256, now->sha256);
		return 0;
	}
	if ((r = rpm_diff(path, now->path, &d->differences, err)) < 0)
		return r;
	if (!d->differences.n)
		d->note = xstrdup("the headers say the same, other bytes differ");
	return 0;
}

int artifacts_diff(const struct record *rec, const struct result *now, struct artifact_diffs *ret,
	struct err *err)
{
	const struct result *then = rec->result;
	int r;

	vec_foreach (&then->artifacts, p) {
		struct artifact_diff *d = vec_push(ret);
		const struct package *q = find(now, p->file);

		d->file = p->file;
		d->identical = q && str_eq(p->sha256, q->sha256);
		if (!q)
			one_sided(d, true);
		else if (!d->identical && (r = explain(rec, p, q, d, err)) < 0)
			return r;
	}
	vec_foreach (&now->artifacts, p) {
		struct artifact_diff *d;

		if (find(then, p->file))
			continue;
		d = vec_push(ret);
		d->file = p->file;
		one_sided(d, false);
	}
	return 0;
}

static void print_value(const char *before, const char *value)
{
	auto_strbuf struct strbuf sb = STRBUF_INIT;

	text_term(&sb, value ?: "nothing", 0);
	printf("%s%s", before, *sb_str(&sb) ? sb_str(&sb) : "\"\"");
}

static void print_difference(const struct rpm_difference *d)
{
	auto_strbuf struct strbuf where = STRBUF_INIT;

	text_term(&where, d->where, 0);
	printf("  %s", sb_str(&where));
	if (d->a && d->b) {
		if (d->what)
			printf(": %s", d->what);
		print_value(": ", d->a);
		print_value(", now ", d->b);
	} else if (str_eq(d->a ?: d->b, "there")) {
		printf(": %s", d->a ? "missing now" : "new");
	} else {
		print_value(": ", d->a);
		print_value(", now ", d->b);
	}
	putchar('\n');
}

void artifacts_print(const struct artifact_diffs *all)
{
	vec_foreach (all, d) {
		auto_strbuf struct strbuf file = STRBUF_INIT;
		size_t n = 0;

		text_term(&file, d->file, 0);
		printf("%s: %s\n", sb_str(&file), d->identical ? "identical" : "differs:");
		vec_foreach (&d->differences, it)
			if (n++ < SHOWN)
				print_difference(it);
		if (n > SHOWN)
			printf("  and %zu more\n", n - SHOWN);
		if (d->note)
			printf("  %s\n", d->note);
	}
}

json_t *artifacts_to_json(const struct artifact_diffs *all)
{
	json_t *list = json_array();

	vec_foreach (all, d) {
		json_t *o = json_object(), *differences = json_array();

		vec_foreach (&d->differences, it) {
			json_t *one = json_object();

			json_put_str(one, "where", it->where);
			json_put_str(one, "what", it->what);
			json_put_str(one, "recorded", it->a);
			json_put_str(one, "now", it->b);
			json_array_append_new(differences, one);
		}
		json_put_str(o, "file", d->file);
		json_put_bool(o, "identical", d->identical);
		json_put(o, "differences", differences);
		if (d->note)
			json_put_str(o, "note", d->note);
		json_array_append_new(list, o);
	}
	return list;
}
