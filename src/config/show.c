/* SPDX-License-Identifier: GPL-3.0-or-later */
/* show.c - the effective configuration. The YAML form can be loaded again. */
#include "base/text.h"
#include "config/load.h"

static void put_version(json_t *o, const char *policy, const char *numbering, int64_t minor)
{
	json_t *v = json_object();

	json_put_str(v, "policy", policy);
	json_put_str(v, "numbering", numbering);
	json_put_int(v, "minor", minor);
	json_put(o, "version", v);
}

static void put_git(json_t *o, const char *key, const struct config_git *g)
{
	json_t *v = g->url ? json_object() : json_null();

	if (g->url) {
		auto_free char *shown = text_url_shown(g->url);

		json_put_str(v, "url", shown);
		json_put_str(v, "branch", g->branch);
		json_put_str(v, "ref", g->ref);
		json_put_str(v, "web", g->web);
	}
	json_put(o, key, v);
}

static json_t *project_to_json(const struct config_project *p)
{
	json_t *o = json_object();

	json_put_str(o, "project", p->project);
	json_put_str(o, "name", p->name);
	json_put_str(o, "layout", layout_name(p->layout));
	put_git(o, "upstream", &p->upstream);
	put_git(o, "packaging", &p->packaging);
	json_put_str(o, "path", p->path);
	json_put_str(o, "spec", p->spec);
	json_put_str(o, "component", p->component);
	put_version(o, p->policy, p->numbering, p->minor);
	json_put_int(o, "priority", p->priority);
	json_put_str(o, "rebuild", p->rebuild_on_change ? "on-change" : "never");
	json_put_strv(o, "maintainers", &p->maintainers);
	json_put_strv(o, "targets", &p->targets);
	return o;
}

/* The largest unit that divides it: nothing is rounded. */
static void put_unit(json_t *o, const char *key, uint64_t v, const char *units, const uint64_t *of)
{
	size_t i = 0;
	auto_free char *text = NULL;

	while (units[i + 1] && (v == 0 || v % of[i]))
		i++;
	text = v == 0 || of[i] == 0 || v % of[i]
		       ? xasprintf("%ju", (uintmax_t)v)
		       : xasprintf("%ju%c", (uintmax_t)(v / of[i]), units[i]);
	json_put_str(o, key, text);
}

static void put_size(json_t *o, const char *key, uint64_t v, bool human)
{
	static const uint64_t of[] = {GIB * 1024, GIB, MIB, KIB};

	if (human)
		put_unit(o, key, v, "TGMK", of);
	else
		json_put_int(o, key, (int64_t)v);
}

static void put_time(json_t *o, const char *key, uint64_t v, bool human)
{
	static const uint64_t of[] = {86400, 3600, 60, 1};

	if (human)
		put_unit(o, key, v, "dhms", of);
	else
		json_put_int(o, key, (int64_t)v);
}

static json_t *limits_to_json(const struct config *c, bool human)
{
	json_t *o = json_object();
	char cpus[32];

	json_put_int(o, "jobs", c->jobs);
	put_size(o, "memory", c->limits.memory, human);
	put_size(o, "disk", c->limits.disk, human);
	json_put_int(o, "inodes", (int64_t)c->limits.inodes);
	put_size(o, "log", c->limits.log, human);
	json_put_int(o, "pids", (int64_t)c->limits.pids);
	put_time(o, "time", c->limits.time, human);
	(void)snprintf(cpus, sizeof cpus, "%.7g", c->limits.cpus);
	if (human)
		json_put_str(o, "cpus", cpus);
	else
		json_put_real(o, "cpus", c->limits.cpus);
	json_put_int(o, "retries", (int64_t)c->retries);
	return o;
}

static json_t *cache_to_json(const struct config *c, bool human)
{
	json_t *o = json_object();

	put_size(o, "roots", c->cache.roots, human);
	put_time(o, "unused", c->cache.unused, human);
	return o;
}

static json_t *keep_to_json(const struct config_keep *k, bool human)
{
	json_t *o = json_object();

	put_time(o, "age", k->age, human);
	json_put_int(o, "count", (int64_t)k->count);
	json_put_int(o, "newest", (int64_t)k->newest);
	return o;
}

static json_t *notify_to_json(const struct config_notify *n, bool human)
{
	static const char *const tls[] = {[CONFIG_TLS_AUTO] = "auto",
		[CONFIG_TLS_ALWAYS] = "always",
		[CONFIG_TLS_NEVER] = "never"};
	json_t *o = json_object();

	json_put_str(o, "smtp", n->smtp);
	json_put_str(o, "from", n->from);
	json_put_str(o, "user", n->user);
	json_put_str(o, "password", n->password ? "(not shown)" : NULL);
	json_put_str(o, "tls", tls[n->tls]);
	json_put_str(o, "ca", n->ca);
	json_put_strv(o, "operators", &n->operators);
	put_time(o, "digest", n->digest, human);
	json_put_int(o, "rate", (int64_t)n->rate);
	json_put_str(o, "hook", n->hook);
	return o;
}

static json_t *build(const struct config *c, bool human)
{
	json_t *o = json_object(), *list = json_array(), *lint = json_object();

	json_put_str(o, "name", c->name);
	json_put_str(o, "data", c->data);
	json_put_str(o, "url", c->url);
	vec_foreach (&c->targets, t)
		json_array_append_new(
			list, json_string(human && *(*t)->file ? (*t)->file : (*t)->name));
	json_put(o, "targets", list);
	put_time(o, "poll", c->poll, human);
	json_put_str(o, "after_failure", c->last_good ? "last-good" : "wait");
	put_version(o, c->policy, c->numbering, c->minor);
	json_put(o, "limits", limits_to_json(c, human));
	json_put(o, "cache", cache_to_json(c, human));
	json_put(o, "keep", keep_to_json(&c->keep, human));
	json_put(o, "notify", notify_to_json(&c->notify, human));
	json_put_bool(lint, "fatal", c->lint_fatal);
	json_put(o, "lint", lint);
	list = json_array();
	vec_foreach (&c->projects, p)
		json_array_append_new(list, project_to_json(p));
	json_put(o, "projects", list);
	return o;
}

json_t *config_to_json(const struct config *c)
{
	json_t *o = build(c, false);

	json_put_str(o, "file", c->file);
	json_put_strv(o, "warnings", &c->warnings);
	return o;
}

static bool is_nothing(const json_t *v)
{
	const char *key;
	json_t *member;
	bool all = true;

	if (json_is_object(v))
		json_object_foreach((json_t *)(uintptr_t)v, key, member) all =
			all && is_nothing(member);
	else
		all = json_is_null(v) || (json_is_array(v) && !json_array_size(v));
	return all;
}

/* Names and numbers need no quotes; all else gets them. */
static void put_text(struct strbuf *b, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./+-@";

	if (*s && *s != '-' && !s[strspn(s, plain)] && *s != '@')
		sb_add(b, s);
	else
		text_yaml(b, s);
}

static void put_value(struct strbuf *b, const json_t *v, unsigned indent);

static void put_map(struct strbuf *b, const json_t *map, unsigned indent, bool in_list)
{
	const char *key;
	json_t *v;
	bool first = in_list;

	json_object_foreach((json_t *)(uintptr_t)map, key, v)
	{
		if (is_nothing(v) && !str_eq(key, "projects"))
			continue;
		sb_addf(b, "%*s%s:", first ? 0 : (int)indent, "", key);
		first = false;
		put_value(b, v, indent);
	}
}

static void put_value(struct strbuf *b, const json_t *v, unsigned indent)
{
	size_t i;
	json_t *item;

	if (json_is_object(v)) {
		sb_addc(b, '\n');
		put_map(b, v, indent + 2, false);
		return;
	}
	if (json_is_array(v) && !json_array_size(v)) {
		sb_add(b, " []\n");
	} else if (json_is_array(v)) {
		sb_addc(b, '\n');
		json_array_foreach(v, i, item)
		{
			sb_addf(b, "%*s- ", (int)indent + 2, "");
			if (json_is_object(item)) {
				put_map(b, item, indent + 4, true);
				continue;
			}
			put_text(b, json_string_value(item));
			sb_addc(b, '\n');
		}
	} else {
		sb_addc(b, ' ');
		if (json_is_string(v))
			put_text(b, json_string_value(v));
		else if (json_is_integer(v))
			sb_addf(b, "%jd", (intmax_t)json_integer_value(v));
		else
			sb_add(b, json_is_true(v) ? "true" : "false");
		sb_addc(b, '\n');
	}
}

char *config_yaml_of(const json_t *map)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	put_map(&b, map, 0, false);
	return sb_take(&b);
}

char *config_to_yaml(const struct config *c)
{
	auto_json json_t *o = build(c, true);

	return config_yaml_of(o);
}

/* A list that may be written as its one value is. */
static void put_one_or_list(json_t *o, const char *key, const struct strv *list)
{
	if (list->n == 1)
		json_put_str(o, key, list->v[0]);
	else
		json_put_strv(o, key, list);
}

static json_t *repo_to_json(const struct target_repo *r)
{
	json_t *o = json_object();

	json_put_str(o, "id", r->id);
	json_put_str(o, "class", r->class_);
	json_put_int(o, "priority", r->priority);
	put_one_or_list(o, "url", &r->urls);
	json_put_str(o, "metalink", r->metalink);
	json_put_str(o, "mirrorlist", r->mirrorlist);
	put_one_or_list(o, "gpgkey", &r->gpgkeys);
	if (r->repo_gpgcheck)
		json_put_bool(o, "repo_gpgcheck", true);
	put_time(o, "metadata_expire", (uint64_t)r->metadata_expire, true);
	put_one_or_list(o, "exclude", &r->exclude);
	put_one_or_list(o, "includepkgs", &r->includepkgs);
	return o;
}

char *config_target_to_yaml(const struct target *t)
{
	auto_json json_t *o = json_object();
	auto_strbuf struct strbuf b = STRBUF_INIT;
	json_t *root = json_object(), *macros = json_object(), *repos = json_array();

	json_put_str(o, "name", t->name);
	json_put_str(o, "format", t->format);
	json_put_str(o, "arch", t->arch);
	json_put_str(o, "dist", *t->dist ? t->dist : NULL);
	json_put_str(o, "releasever", *t->releasever ? t->releasever : NULL);
	if (t->host)
		json_put_bool(root, "host", true);
	if (t->weak)
		json_put_bool(root, "weak", true);
	json_put_strv(root, "packages", &t->packages);
	json_put(o, "root", root);
	vec_foreach (&t->macros, m)
		json_put_str(macros, m->name, m->value);
	json_put(o, "macros", macros);
	json_put_strv(o, "modules", &t->modules);
	vec_foreach (&t->repos, r)
		json_array_append_new(repos, repo_to_json(r));
	json_put(o, "repos", repos);
	put_map(&b, o, 0, false);
	return sb_take(&b);
}
