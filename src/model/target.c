/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/target.h"
#include <sys/utsname.h>

static void repo_release(struct target_repo *r)
{
	free(r->id);
	free(r->class_);
	strv_release(&r->urls);
	free(r->metalink);
	free(r->mirrorlist);
	strv_release(&r->gpgkeys);
	strv_release(&r->exclude);
	strv_release(&r->includepkgs);
}

static void macro_release(struct target_macro *m)
{
	free(m->name);
	free(m->value);
}

void target_release(struct target *t)
{
	free(t->name);
	free(t->format);
	free(t->arch);
	free(t->dist);
	free(t->releasever);
	strv_release(&t->packages);
	vec_free(&t->macros, macro_release);
	strv_release(&t->modules);
	vec_free(&t->repos, repo_release);
	free(t->file);
	*t = (struct target){0};
}

void target_free(struct target *t)
{
	if (!t)
		return;
	target_release(t);
	free(t);
}

static json_t *repos_to_json(const struct target *t)
{
	json_t *list = json_array();

	vec_foreach (&t->repos, r) {
		json_t *o = json_object();

		json_put_str(o, "id", r->id);
		json_put_str(o, "class", r->class_);
		json_put_strv(o, "urls", &r->urls);
		json_put_str(o, "metalink", r->metalink);
		json_put_str(o, "mirrorlist", r->mirrorlist);
		json_put_strv(o, "gpgkeys", &r->gpgkeys);
		json_put_bool(o, "repo_gpgcheck", r->repo_gpgcheck);
		json_put_int(o, "priority", r->priority);
		json_put_int(o, "metadata_expire", r->metadata_expire);
		json_put_strv(o, "exclude", &r->exclude);
		json_put_strv(o, "includepkgs", &r->includepkgs);
		json_array_append_new(list, o);
	}
	return list;
}

json_t *target_to_json(const struct target *t)
{
	json_t *o = json_object(), *macros = json_object();

	json_put_str(o, "name", t->name);
	json_put_str(o, "format", t->format);
	json_put_str(o, "arch", t->arch);
	json_put_str(o, "dist", t->dist);
	json_put_str(o, "releasever", t->releasever);
	json_put_bool(o, "host", t->host);
	json_put_strv(o, "packages", &t->packages);
	json_put_bool(o, "weak", t->weak);
	vec_foreach (&t->macros, m)
		json_put_str(macros, m->name, m->value);
	json_put(o, "macros", macros);
	json_put_strv(o, "modules", &t->modules);
	json_put(o, "repos", repos_to_json(t));
	json_put_str(o, "file", t->file);
	return o;
}

static void repos_from_json(struct target *t, const json_t *list)
{
	size_t i;
	json_t *o;

	json_array_foreach(list, i, o)
	{
		struct target_repo *r = vec_push(&t->repos);

		str_set(&r->id, json_get_str(o, "id"));
		str_set(&r->class_, json_get_str(o, "class"));
		json_get_strv(o, "urls", &r->urls);
		str_set(&r->metalink, json_get_str(o, "metalink"));
		str_set(&r->mirrorlist, json_get_str(o, "mirrorlist"));
		json_get_strv(o, "gpgkeys", &r->gpgkeys);
		r->repo_gpgcheck = json_get_bool(o, "repo_gpgcheck");
		r->priority = (int)json_get_int(o, "priority");
		r->metadata_expire = json_get_int(o, "metadata_expire");
		json_get_strv(o, "exclude", &r->exclude);
		json_get_strv(o, "includepkgs", &r->includepkgs);
	}
}

int target_from_json(const json_t *j, struct target **ret, struct err *err)
{
	CLEANUP(target_freep) struct target *t = xcalloc(1, sizeof *t);
	const char *key;
	json_t *value;

	str_set(&t->name, json_get_str(j, "name"));
	str_set(&t->format, json_get_str(j, "format"));
	str_set(&t->arch, json_get_str(j, "arch"));
	str_set(&t->dist, json_get_str(j, "dist"));
	if (!t->name || !t->format || !t->arch || !t->dist)
		return err_set(err, ERR_CORRUPT, "target lacks name, format, arch or dist");
	t->releasever = xstrdup(json_get_str(j, "releasever") ?: "");
	t->host = json_get_bool(j, "host");
	json_get_strv(j, "packages", &t->packages);
	t->weak = json_get_bool(j, "weak");
	json_object_foreach(json_object_get(j, "macros"), key, value)
	{
		struct target_macro *m = vec_push(&t->macros);

		str_set(&m->name, key);
		str_set(&m->value, json_string_value(value));
	}
	json_get_strv(j, "modules", &t->modules);
	repos_from_json(t, json_object_get(j, "repos"));
	str_set(&t->file, json_get_str(j, "file"));
	*ret = TAKE(t);
	return 0;
}

const char *target_host_arch(void)
{
	static const struct {
		const char *machine, *arch;
	} map[] = {
		{"x86_64", "x86_64"},
		{"aarch64", "aarch64"},
		{"ppc64le", "ppc64le"},
		{"s390x", "s390x"},
		{"riscv64", "riscv64"},
	};
	struct utsname u;

	if (uname(&u) == 0)
		for (size_t i = 0; i < COUNTOF(map); i++)
			if (str_eq(map[i].machine, u.machine))
				return map[i].arch;
	return "unknown";
}
