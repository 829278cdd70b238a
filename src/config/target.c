/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fs.h"
#include "base/map.h"
#include "config/load.h"

struct target *target_builtin_host(void)
{
	struct target *t = xcalloc(1, sizeof *t);

	t->name = xstrdup("host");
	t->format = xstrdup("rpm");
	t->arch = xstrdup(target_host_arch());
	t->dist = xstrdup("");
	t->releasever = xstrdup("");
	t->host = true;
	t->file = xstrdup("");
	return t;
}

static void read_macros(struct target *t, const struct node *root, struct diag *d)
{
	const struct node *map = node_get(root, "macros");

	for (size_t i = 0; map && i < map->keys.n; i++) {
		const struct node *key = map->keys.v[i], *value = map->items.v[i];
		const char *s = key->text;
		size_t ok = strspn(
			s, "_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
		struct target_macro *m;

		if (s[ok] || ok < 3 || ok > LIMIT_NAME || (*s >= '0' && *s <= '9')) {
			node_error(d, key,
				"%s is no macro's name (at least three of letters, digits and _)",
				Q(s));
			continue;
		}
		if (value->bad)
			continue;
		m = vec_push(&t->macros);
		m->name = xstrdup(s);
		m->value = xstrdup(value->text);
	}
}

/* What dnf would put in for $releasever; a variable that nobody fills would only be a 404 later. */
static void check_variables(const struct target *t, const char *url, const struct node *at,
	const char *key, struct diag *d)
{
	static const char *const known[] = {"releasever", "basearch", "arch"};
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				      "0123456789";

	for (url = strchr(url ?: "", '$'); url; url = strchr(url + 1, '$')) {
		auto_free char *word = xstrndup(url + 1, strspn(url + 1, letters));
		bool found = false;

		for (size_t i = 0; i < COUNTOF(known); i++)
			found = found || str_eq(word, known[i]);
		if (!found)
			node_error(d, at,
				"'%s': unknown variable $%s (there are $releasever, $basearch and "
				"$arch)",
				key, word);
		else if (str_eq(word, "releasever") && str_empty(t->releasever))
			node_error(d, at,
				"'%s' has $releasever, and the target has no 'releasever'", key);
	}
}

static void check_repo(const struct target *t, const struct target_repo *r, const struct node *node,
	struct diag *d)
{
	const struct node *at = node_get(node, "url");

	if (at && (node_is_empty(at) || (at->kind == NODE_LIST && !at->items.n)))
		node_error(d, at, "'url' is empty");
	strv_foreach (&r->urls, u)
		check_variables(t, *u, at, "url", d);
	strv_foreach (&r->gpgkeys, k)
		check_variables(t, *k, node_get(node, "gpgkey"), "gpgkey", d);
	check_variables(t, r->metalink, node_get(node, "metalink"), "metalink", d);
	check_variables(t, r->mirrorlist, node_get(node, "mirrorlist"), "mirrorlist", d);
	at = node_get(node, "repo_gpgcheck");
	if (r->repo_gpgcheck && !r->gpgkeys.n && at && !node_has(node, "gpgkey"))
		node_error(d, at, "'repo_gpgcheck' needs a 'gpgkey' to check by");
}

static void read_repo(struct target *t, const struct node *node, struct hmap *ids, struct diag *d)
{
	static const char *const places[] = {"url", "metalink", "mirrorlist"};
	struct target_repo *r;
	size_t n = 0;

	if (node->bad)
		return;
	r = vec_push(&t->repos);
	r->class_ = xstrdup("base");
	r->priority = 99;
	r->metadata_expire = 3600;
	schema_fill(&schema_repo, &node, 1, NULL, r);
	for (size_t i = 0; i < COUNTOF(places); i++)
		n += node_has(node, places[i]);
	if (n != 1)
		node_error(d, node, "repository %s needs %s of url, metalink and mirrorlist",
			Q(r->id ?: ""), n ? "only one" : "one");
	if (r->id && !hmap_set(ids, r->id, t->repos.n))
		node_error(d, node, "two repositories have the id %s", Q(r->id));
	check_repo(t, r, node, d);
}

/* The root is either this machine or a package set, and only the latter needs repositories. */
static void check_root(const struct target *t, const struct node *root, struct diag *d)
{
	const struct node *where = node_get(root, "root"), *repos = node_get(root, "repos"),
			  *packages;

	if (!where)
		return;
	packages = node_get(where, "packages");
	if (!t->host && !(packages && packages->items.n))
		node_error(d, where, "'root' needs {packages: [...]} or {host: true}");
	else if (t->host && t->packages.n)
		node_error(d, where, "'root' has either 'packages' or 'host: true', not both");
	else if (t->host && repos && t->repos.n)
		node_error(d, repos,
			"a host root takes its packages from this machine, it has no "
			"'repos'");
	else if (!t->host && !t->repos.n && (!repos || !repos->items.n))
		node_error(d, repos ?: root, "target %s has no repositories ('repos')",
			Q(t->name ?: ""));
}

static struct target *target_fill(const struct doc *doc, struct diag *d)
{
	CLEANUP(target_freep) struct target *t = target_builtin_host();
	const struct node *root = doc->root, *name, *repos;
	auto_hmap struct hmap ids = HMAP_INIT;

	if (node_is_empty(root))
		node_error(d, root, "the file is empty; a target needs at least a name and a root");
	else
		schema_check(&schema_target, doc->root, d);
	if (root->kind != NODE_MAP || root->bad)
		return NULL;
	str_set(&t->name, NULL);
	t->host = false;
	str_set(&t->file, doc->path);
	schema_fill(&schema_target, &root, 1, NULL, t);
	repos = node_get(root, "repos");
	for (size_t i = 0; repos && i < repos->items.n; i++)
		read_repo(t, repos->items.v[i], &ids, d);
	read_macros(t, root, d);
	check_root(t, root, d);
	name = node_get(root, "name");
	if (name && str_eq(t->name, "host-base"))
		node_error(d, name, "the name 'host-base' is taken by packmill itself");
	return TAKE(t);
}

int target_read(struct config_files *files, const char *shown, const char *path, struct diag *d,
	struct target **ret_target, struct err *err)
{
	CLEANUP(target_freep) struct target *t = NULL;
	struct doc *doc = NULL;
	size_t before = d->found;
	int r = config_files_read(files, shown, path, d, &doc, err);

	if (r < 0)
		return r;
	if (doc->root)
		t = target_fill(doc, d);
	if (d->found == before)
		*ret_target = TAKE(t);
	return 0;
}

int config_target_load(
	const char *path, struct target **ret, struct strv *ret_errors, struct err *err)
{
	struct config_files files = {0};
	struct diag d = {0};
	CLEANUP(target_freep) struct target *t = NULL;
	int r = target_read(&files, path, path, &d, &t, err);

	if (r < 0) {
		strv_addf(ret_errors, "%s: %s", path, err && err->msg ? err->msg : "unreadable");
		r = err_set(err, ERR_CONFIG, "%s", ret_errors->v[ret_errors->n - 1]);
	} else {
		r = diag_finish(&d, ret_errors, err);
	}
	diag_release(&d);
	config_files_release(&files);
	if (r < 0)
		return r;
	*ret = TAKE(t);
	return 0;
}

/* Other YAML may lie beside the targets, packmill.yaml for one; not so in a directory named
 * targets: there what is no YAML counts too, and is reported to who uses it. */
static bool is_target_file(const char *dir, const char *path)
{
	struct config_files files = {0};
	struct diag d = {0};
	struct doc *doc = NULL;
	bool yes;

	if (config_files_read(&files, path, path, &d, &doc, NULL) < 0)
		yes = false;
	else if (doc->root && doc->root->kind == NODE_MAP)
		yes = node_get(doc->root, "root") || node_get(doc->root, "format");
	else
		yes = str_eq(path_base(dir), "targets");
	diag_release(&d);
	config_files_release(&files);
	return yes;
}

int config_target_names(const struct strv *dirs, struct strv *ret, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;

	strv_add(&names, "host");
	strv_foreach (dirs, dir) {
		auto_strv struct strv files = STRV_INIT;
		int r;

		if (!fs_is_dir(*dir))
			continue;
		if ((r = fs_list(*dir, &files, err)) < 0)
			return err_wrap(err, "look for target files");
		strv_foreach (&files, f) {
			auto_free char *name = NULL, *path = NULL;

			if (!str_ends(*f, ".yaml"))
				continue;
			name = xstrndup(*f, strlen(*f) - 5);
			path = path_join(*dir, *f);
			if (str_is_name(name) && !strv_has(&names, name) &&
				is_target_file(*dir, path))
				strv_add(&names, name);
		}
	}
	strv_sort(&names);
	strv_copy(ret, &names);
	return 0;
}

static int not_found(const char *name, const struct strv *dirs, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	auto_free char *where = strv_join(dirs, ", ");
	const char *near;

	(void)config_target_names(dirs, &names, NULL);
	near = str_nearest(name, (const char *const *)names.v, names.n);
	if (near)
		return err_set(err, ERR_NOT_FOUND, "unknown target %s (did you mean '%s'?)",
			Q(name), near);
	return err_set(err, ERR_NOT_FOUND, "unknown target %s (no %s.yaml in %s)", Q(name),
		str_is_name(name) ? name : "NAME", where);
}

/* Without "./" in front: it is shown in messages. */
static char *join_plain(const char *dir, const char *name)
{
	while (str_starts(dir, "./"))
		dir += 2;
	return str_eq(dir, ".") ? xstrdup(name) : path_join(dir, name);
}

int target_locate(const char *name, const struct strv *dirs, char **ret_path, struct err *err)
{
	if (strchr(name, '/')) {
		*ret_path = xstrdup(name);
		return 0;
	}
	if (str_is_name(name))
		strv_foreach (dirs, dir) {
			auto_free char *file = xasprintf("%s.yaml", name);
			auto_free char *path = join_plain(*dir, file);

			if (!fs_exists(path))
				continue;
			*ret_path = TAKE(path);
			return 0;
		}
	if (!str_eq(name, "host"))
		return not_found(name, dirs, err);
	*ret_path = NULL;
	return 0;
}

int config_target_find(const char *name, const struct strv *dirs, struct target **ret,
	struct strv *ret_errors, struct err *err)
{
	CLEANUP(target_freep) struct target *t = NULL;
	auto_free char *path = NULL;
	int r = target_locate(name, dirs, &path, err);

	if (r < 0)
		return r;
	if (!path) {
		*ret = target_builtin_host();
		return 0;
	}
	if ((r = config_target_load(path, &t, ret_errors, err)) < 0)
		return r;
	if (!strchr(name, '/') && !str_eq(t->name, name)) {
		strv_addf(ret_errors, "%s: the target is named %s, the file must be %s.yaml", path,
			Q(t->name), t->name);
		return err_set(err, ERR_CONFIG, "%s", ret_errors->v[ret_errors->n - 1]);
	}
	*ret = TAKE(t);
	return 0;
}

int config_target_usable(const struct target *t, struct err *err)
{
	if (!str_eq(t->arch, target_host_arch()))
		return err_set(err, ERR_CONFIG,
			"target %s is for architecture %s, and this machine is %s", t->name,
			t->arch, target_host_arch());
	if (!str_eq(t->format, "rpm"))
		return err_set(err, ERR_CONFIG,
			"target %s is for format %s, and this packmill makes rpm only", t->name,
			t->format);
	return 0;
}
