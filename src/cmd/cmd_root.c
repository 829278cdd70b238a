/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_root.c - `packmill root`: the cache of build roots. */
#include "base/base.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "cmd/repos.h"

static const char *target_name;
static struct repos_args repos;
static struct strv with;
static uint64_t unused;
static const char *max_size;

static int run(int argc, char **argv, struct err *err);

static const struct opt opts[] = {
	{'t', "target", OPT_STRING, "TARGET", "of create: what to make a root for (default: host)",
		&target_name},
	{0, "with", OPT_LIST, "PACKAGE", "of create: and these packages (as BuildRequires)", &with},
	REPOS_OPTS(repos),
	{0, "unused", OPT_DURATION, "AGE", "of clean: only roots that nobody used for so long",
		&unused},
	{0, "size", OPT_STRING, "SIZE",
		"of clean: the longest unused, until all together are no larger", &max_size},
	OPT_END,
};

static const char *const verbs[] = {"list", "create", "show", "clean", NULL};

const struct cmd cmd_root = {
	.name = "root",
	.args = "[list] | create | show KEY | clean [KEY]",
	.help = "list, make, show or remove cached build roots",
	.group = GROUP_LOCAL,
	.opts = opts,
	.subcommands = verbs,
	.run = run,
};

int cmd_roots_dir(char **ret_roots, char **ret_cache, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	auto_free char *base = NULL;
	int r;

	/* one that was named must be there; the default one may be missing */
	if (!str_eq(global.config, "packmill.yaml") || fs_exists(global.config)) {
		if ((r = cmd_load_config(&cfg, err)) < 0)
			return r;
		*ret_roots = path_join(cfg->data, "roots");
		*ret_cache = path_join(cfg->data, "cache");
		return 0;
	}
	if ((r = cmd_cache_dir(&base, err)) < 0)
		return r;
	*ret_roots = path_join(base, "roots");
	*ret_cache = path_join(base, "cache");
	return 0;
}

static json_t *users_to_json(const struct root_info *i)
{
	json_t *list = json_array();

	strv_foreach (&i->users, u)
		json_array_append_new(list, json_integer(strtoll(*u, NULL, 10)));
	return list;
}

static json_t *info_to_json(const struct root_info *i)
{
	json_t *o = json_object();

	json_put_str(o, "key", i->key);
	json_put_str(o, "target", i->target);
	json_put_str(o, "dir", i->dir);
	json_put_str(o, "base", i->base);
	json_put_int(o, "packages", (int64_t)i->packages);
	json_put_int(o, "size", (int64_t)i->size);
	json_put_int(o, "made", i->made);
	json_put_int(o, "used", i->used);
	json_put_bool(o, "in_use", i->in_use);
	json_put(o, "users", users_to_json(i));
	json_put_int(o, "dependents", (int64_t)i->dependents);
	return o;
}

/* "5m": since then, in the largest unit that is not 0. */
static void age(int64_t t, char *buf, size_t n)
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	int64_t d = time_now() - t;
	size_t i = 0;

	if (d < 0)
		d = 0;
	while (i + 1 < COUNTOF(units) && d < units[i].seconds)
		i++;
	(void)snprintf(buf, n, "%lld%c", (long long)(d / units[i].seconds), units[i].unit);
}

static char *users(const struct root_info *i)
{
	if (i->users.n)
		return strv_join(&i->users, " ");
	return xstrdup(i->in_use ? "in use" : "");
}

static void add_row(struct table *t, const struct root_info *i)
{
	auto_free char *who = users(i);
	char key[13], base[13], size[32], packages[24], made[24], used[24];

	(void)snprintf(key, sizeof key, "%s", i->key);
	(void)snprintf(base, sizeof base, "%s", i->base ? i->base : "");
	(void)snprintf(packages, sizeof packages, "%zu", i->packages);
	size_format(i->size, size, sizeof size);
	age(i->made, made, sizeof made);
	age(i->used, used, sizeof used);
	table_row(t, key, i->target, packages, size, made, used, base, who, NULL);
}

static int list(const char *roots, struct err *err)
{
	static const char *const headings[] = {
		"key", "target", "packages", "size", "age", "unused", "base", "users", NULL};
	struct root_infos infos = VEC_INIT;
	json_t *items = json_array(), *whole;
	struct table *t;
	int r = root_list(roots, &infos, err);

	if (r < 0) {
		json_decref(items);
		return r;
	}
	t = global.json ? NULL : table_new(headings);
	vec_foreach (&infos, i) {
		json_array_append_new(items, info_to_json(i));
		if (t)
			add_row(t, i);
	}
	vec_free(&infos, root_info_release);
	if (t) {
		json_decref(items);
		return table_print(t, err);
	}
	whole = json_object();
	json_put(whole, "roots", items);
	return cmd_print_json(whole, err);
}

static int create(struct err *err)
{
	CLEANUP(target_freep) struct target *t = NULL;
	CLEANUP(root_freep) struct root *root = NULL;
	json_t *o;
	int r = cmd_load_target(target_name ? target_name : "host", &t, err);

	if (r < 0)
		return r;
	if (global.dry_run)
		return 0;
	if ((r = cmd_get_root(t, &repos, &with, &root, err)) < 0)
		return r;
	if (!global.json) {
		printf("%s\n", root->key);
		return cmd_flush(err);
	}
	o = json_object();
	json_put_str(o, "key", root->key);
	json_put_str(o, "target", root->target);
	json_put_str(o, "dir", root->dir);
	return cmd_print_json(o, err);
}

static json_t *mounts_to_json(const struct root *root)
{
	json_t *list = json_array();

	vec_foreach (&root->mounts, m) {
		json_t *o = json_object();

		json_put_str(o, "at", m->at);
		json_put_strv(o, "layers", &m->layers);
		json_array_append_new(list, o);
	}
	return list;
}

static void print_root(const struct root *root)
{
	char size[32], made[21];

	size_format(root->size, size, sizeof size);
	time_iso(root->made, made);
	printf("key       %s\ntarget    %s\nmade      %s\nsize      %s\n", root->key, root->target,
		made, size);
	if (root->base)
		printf("base      %s\n", root->base);
	vec_foreach (&root->mounts, m)
		strv_foreach (&m->layers, l)
			printf("layer     %s on %s\n", *l, m->at);
	strv_foreach (&root->warnings, w)
		printf("warning   %s\n", *w);
	printf("packages  %zu\n", root->manifest.n);
	strv_foreach (&root->manifest, p)
		printf("  %s\n", *p);
}

static int show(const char *roots, const char *key, struct err *err)
{
	CLEANUP(root_freep) struct root *root = NULL;
	json_t *o;
	int r = root_find(roots, key, &root, err);

	if (r < 0)
		return r;
	if (!global.json) {
		print_root(root);
		return cmd_flush(err);
	}
	o = json_object();
	json_put_str(o, "key", root->key);
	json_put_str(o, "target", root->target);
	json_put_str(o, "dir", root->dir);
	json_put_str(o, "base", root->base);
	json_put_int(o, "made", root->made);
	json_put_int(o, "size", (int64_t)root->size);
	json_put(o, "mounts", mounts_to_json(root));
	json_put_strv(o, "warnings", &root->warnings);
	json_put_strv(o, "packages", &root->manifest);
	return cmd_print_json(o, err);
}

/* By age and size; downloads are used again only to make roots anew, so they go by their age alone.
 */
static int clean_some(
	const char *roots, const char *cache, size_t *ret_n, uint64_t *ret_bytes, struct err *err)
{
	int64_t since = unused ? time_now() - (int64_t)unused : 0;
	uint64_t size = 0, downloads = 0;
	int r;

	if (max_size && (!size_parse(max_size, &size) || !size))
		return err_set(err, ERR_USAGE, "--size: '%s' is no size (such as 20G)", max_size);
	if ((r = root_gc(roots, since, size, global.dry_run, ret_n, ret_bytes, err)) < 0 ||
		(unused && (r = root_cache_gc(cache, since, global.dry_run, &downloads, err)) < 0))
		return r;
	*ret_bytes += downloads;
	return 0;
}

static int clean(const char *roots, const char *cache, const char *key, struct err *err)
{
	const bool some = unused || max_size;
	uint64_t bytes = 0;
	char size[32];
	size_t n;
	int r;

	if (some && key)
		return err_set(err, ERR_USAGE, "--unused and --size choose themselves: no KEY");
	r = some ? clean_some(roots, cache, &n, &bytes, err)
		 : root_clean(roots, key, global.dry_run, &n, err);
	if (r < 0)
		return r;
	if (global.json) {
		json_t *o = json_object();

		json_put_int(o, "removed", (int64_t)n);
		if (some)
			json_put_int(o, "bytes", (int64_t)bytes);
		return cmd_print_json(o, err);
	}
	size_format(bytes, size, sizeof size);
	if (!global.quiet)
		printf("%s %zu root%s%s%s\n", global.dry_run ? "would remove" : "removed", n,
			n == 1 ? "" : "s", some ? ", " : "", some ? size : "");
	return cmd_flush(err);
}

/* The table of options is one for all of them. */
static int check_options(const char *verb, struct err *err)
{
	if (!str_eq(verb, "create") && (target_name || with.n))
		return err_set(err, ERR_USAGE, "--%s goes with 'root create'",
			target_name ? "target" : "with");
	if (!str_eq(verb, "clean") && (unused || max_size))
		return err_set(
			err, ERR_USAGE, "--%s goes with 'root clean'", unused ? "unused" : "size");
	return 0;
}

static int run(int argc, char **argv, struct err *err)
{
	auto_free char *roots = NULL, *cache = NULL;
	const char *verb = argc > 0 ? argv[0] : "list";
	int r = cmd_need_args(&cmd_root, argc, argv, 0, 2, err);

	if (r < 0 || (r = check_options(verb, err)) < 0 ||
		(r = cmd_roots_dir(&roots, &cache, err)) < 0)
		return r;
	if (str_eq(verb, "list") && argc <= 1)
		return list(roots, err);
	if (str_eq(verb, "create") && argc == 1)
		return create(err);
	if (str_eq(verb, "show") && argc == 2)
		return show(roots, argv[1], err);
	if (str_eq(verb, "clean") && argc <= 2)
		return clean(roots, cache, argc == 2 ? argv[1] : NULL, err);
	return err_set(err, ERR_USAGE,
		"usage: packmill root list | create [-t TARGET] | show KEY | clean [KEY]");
}
