/* SPDX-License-Identifier: GPL-3.0-or-later */
/* info.c - the packages of the YAML files as projects. */
#include "config/dlrn/info.h"
#include "base/map.h"

struct pkg {
	const char *project; /* of a node */
	struct layer own;
};

struct info {
	struct dlrn *d;
	struct layer fallback, confs; /* package-default; the maps under package-configs */
	VEC(struct pkg) packages;     /* in the order of their first appearance */
	struct hmap index;            /* by project */
	struct hmap names;            /* packages that came out */
	struct layers defaults;       /* package-default alone */
	char *upstream, *packaging;   /* of the defaults, with {project}; NULL: none */
	struct strv maintainers;      /* the same */
};

/* What a package may say; NULL: it is taken over, or decides what is. */
static const char *const package_keys[][2] = {
	{"project", NULL},
	{"name", NULL},
	{"conf", NULL},
	{"upstream", NULL},
	{"distgit", NULL},
	{"master-distgit", NULL},
	{"distgit-path", NULL},
	{"source-branch", NULL},
	{"distro-branch", NULL},
	{"maintainers", NULL},
	{"component", NULL},
	{"tags", NULL},
	{"patches", "patches lie in the packaging repository"},
	{"review-patches", "packmill opens no reviews"},
	{"review-origin", "packmill opens no reviews"},
	{"buildsys-tags", "these are koji's tags"},
	{"build-tags-only", "every commit of the branch is built; 'upstream.ref' stays at a tag"},
};

struct seen { /* a key that is answered once per file */
	const struct node *first;
	size_t n;
	const char *key, *say;
};
VEC_TYPE(seen_vec, struct seen);

static void see(struct seen_vec *seen, const struct node *key, const char *say)
{
	struct seen *s;

	vec_foreach (seen, old)
		if (old->first->doc == key->doc && str_eq(old->key, key->text)) {
			old->n++;
			return;
		}
	if (seen->n >= 200)
		return;
	s = vec_push(seen);
	*s = (struct seen){key, 1, key->text, say};
}

static void see_keys(struct seen_vec *seen, const struct layer *l)
{
	for (size_t i = 0; i < l->n; i++)
		vec_foreach (&l->maps[i]->keys, key) {
			const char *say = "nothing corresponds to it";

			for (size_t k = 0; k < COUNTOF(package_keys); k++)
				if (str_eq(package_keys[k][0], (*key)->text))
					say = package_keys[k][1];
			if (say)
				see(seen, *key, say);
		}
}

/* All that is said but not taken over, each key once per file. */
static void answer_keys(struct info *in)
{
	struct seen_vec seen = {0};
	struct layer below;

	see_keys(&seen, &in->fallback);
	for (size_t i = 0; i < in->confs.n; i++)
		vec_foreach (&in->confs.maps[i]->items, conf)
			if ((*conf)->kind == NODE_MAP)
				see_keys(&seen, &(struct layer){.maps = {*conf}, .n = 1});
	vec_foreach (&in->packages, p) {
		see_keys(&seen, &p->own);
		layer_below(&p->own, "tags", &below);
		if (in->d->conf.tag)
			layer_below(&below, in->d->conf.tag, &below);
		else
			below.n = 0;
		see_keys(&seen, &below);
	}
	vec_foreach (&seen, s) {
		auto_free char *more = s->n > 1 ? xasprintf(" (%zu times)", s->n) : xstrdup("");

		info_leave(in->d, s->first, s->key, "%s%s", s->say, more);
	}
	vec_release(&seen);
}

static void add_package(struct info *in, const struct node *node)
{
	const struct node *project = node->kind == NODE_MAP ? node_get(node, "project") : NULL;
	struct pkg *p;
	size_t at;

	if (!project || project->kind != NODE_TEXT || !*project->text) {
		info_leave(in->d, node, NULL, "a package without 'project' is left out");
		return;
	}
	if (hmap_get(&in->index, project->text, &at)) {
		p = &in->packages.v[at];
		if (p->own.maps[p->own.n - 1]->doc == node->doc)
			info_leave(in->d, project, project->text,
				"this file has the project in line %zu already; they are merged",
				p->own.maps[p->own.n - 1]->line);
		if (!layer_add(&p->own, node))
			info_leave(in->d, project, project->text, "said too often, left out");
		return;
	}
	hmap_set(&in->index, project->text, in->packages.n);
	p = vec_push(&in->packages);
	p->project = project->text;
	(void)layer_add(&p->own, node);
}

/* The branch of the release that the tag names counts when projects.ini names none. */
static void take_release(struct info *in, const struct node *release)
{
	struct dlrn_conf *c = &in->d->conf;
	const struct node *name = node_get(release, "name"), *branch = node_get(release, "branch");
	bool ours = name && name->kind == NODE_TEXT && c->tag && str_eq(name->text, c->tag);
	auto_free char *why = NULL;

	if (!ours || !branch || branch->kind != NODE_TEXT || !*branch->text)
		return;
	why = dlrn_unfit(&type_ref, branch->text);
	if (why)
		info_leave(in->d, branch, branch->text, "%s", why);
	else if (!c->distro)
		str_set(&c->distro, branch->text);
	else if (!str_eq(c->distro, branch->text))
		info_leave(in->d, branch, branch->text,
			"the release's branch; 'distro=%s' of %s counts", c->distro, in->d->ini);
}

static void read_file(struct info *in, const struct node *root)
{
	static const char *const known[] = {
		"releases", "package-default", "package-configs", "packages"};
	const struct node *of[COUNTOF(known)];

	for (size_t i = 0; i < root->keys.n; i++) {
		const struct node *key = root->keys.v[i];
		bool there = false;

		for (size_t k = 0; k < COUNTOF(known); k++)
			there = there || str_eq(known[k], key->text);
		if (!there)
			info_leave(in->d, key, key->text, "%s",
				str_eq(key->text, "import") ? "other files are not followed: name "
							      "them, too, before this one"
							    : "nothing corresponds to it");
	}
	for (size_t k = 0; k < COUNTOF(known); k++) {
		bool list = k == 0 || k == 3;

		of[k] = node_get(root, known[k]);
		if (!of[k] || node_is_empty(of[k]) || of[k]->kind == NODE_MAP ||
			(list && of[k]->kind == NODE_LIST))
			continue;
		info_leave(in->d, of[k], known[k], "is no %s", list ? "list" : "map");
		of[k] = NULL;
	}
	for (size_t i = 0; of[0] && i < of[0]->items.n; i++)
		take_release(in, of[0]->items.v[i]);
	if (of[0] && of[0]->items.n)
		info_leave(in->d, of[0], known[0],
			"what is built against (distrepos) belongs into target files ('repos'), "
			"buildsys is koji's");
	if (of[1] && of[1]->kind == NODE_MAP)
		(void)layer_add(&in->fallback, of[1]);
	if (of[2] && of[2]->kind == NODE_MAP)
		(void)layer_add(&in->confs, of[2]);
	for (size_t i = 0; of[3] && i < of[3]->items.n; i++)
		if (!of[3]->items.v[i]->bad)
			add_package(in, of[3]->items.v[i]);
}

/* As DLRN selects them: any tag that the word of projects.ini is part of. */
static bool is_selected(const struct info *in, const struct layers *ls)
{
	const char *tag = in->d->conf.tag;
	const struct layer *l = layers_with(ls, "tags");

	for (size_t i = 0; tag && l && i < l->n; i++) {
		const struct node *tags = node_get(l->maps[i], "tags");

		for (size_t k = 0; tags && k < tags->items.n; k++) {
			const struct node *n =
				tags->kind == NODE_MAP ? tags->keys.v[k] : tags->items.v[k];

			if (n->kind == NODE_TEXT && strstr(n->text, tag))
				return true;
		}
	}
	return !tag;
}

static void layers_of(struct info *in, const struct pkg *p, struct layers *ls)
{
	const struct node *conf;
	struct layer below;

	*ls = (struct layers){.of = {p->own, in->fallback}, .n = 2};
	conf = layers_text(&(struct layers){.of = {p->own}, .n = 1}, "conf");
	if (conf && layer_has(&in->confs, conf->text)) {
		layer_below(&in->confs, conf->text, &ls->of[1]);
		ls->of[2] = in->fallback;
		ls->n = 3;
	} else if (conf) {
		info_leave(in->d, conf, conf->text, "no such conf in 'package-configs'");
	}
	if (!in->d->conf.tag || !layers_with(ls, "tags"))
		return;
	layer_below(layers_with(ls, "tags"), "tags", &below);
	layer_below(&below, in->d->conf.tag, &below);
	if (!below.n)
		return;
	memmove(ls->of + 1, ls->of, ls->n * sizeof *ls->of);
	ls->of[0] = below;
	ls->n++;
}

static void maintainers_of(struct info *in, const struct layers *ls, struct strv *ret)
{
	const struct layer *l = layers_with(ls, "maintainers");

	for (size_t i = 0; l && i < l->n; i++) {
		const struct node *list = node_get(l->maps[i], "maintainers");

		if (!list || node_is_empty(list))
			continue;
		if (list->kind != NODE_LIST)
			info_leave(in->d, list, "maintainers", "is no list");
		for (size_t k = 0; list->kind == NODE_LIST && k < list->items.n; k++) {
			const struct node *n = list->items.v[k];
			auto_free char *why = n->kind == NODE_TEXT ? dlrn_unfit(&type_mail, n->text)
								   : xstrdup("is no text");

			if (why)
				info_leave(in->d, n, n->text, "maintainers: %s", why);
			else if (ret->n < 100 && !strv_has(ret, n->text))
				strv_add(ret, n->text);
		}
	}
}

/* A value of the right type, or NULL with why it is not. */
static char *value_of(struct info *in, const struct layers *ls, const char *key,
	const struct type *t, const struct node **ret_node)
{
	auto_free char *text = layers_filled(in->d, ls, key, ret_node);
	auto_free char *why = text && *text ? dlrn_unfit(t, text) : NULL;

	if (!text || !*text)
		return NULL;
	if (why) {
		info_leave(in->d, *ret_node, text, "%s: %s", key, why);
		return NULL;
	}
	in->d->spent += strlen(text) + 32;
	return TAKE(text);
}

/* 6.0.1, v1.2: what stays where it is. Branches are called otherwise in practice. */
static bool looks_like_tag(const char *s)
{
	const char *p = s + (*s == 'v');

	return *p >= '0' && *p <= '9' && strchr(p, '.') && !p[strspn(p, "0123456789.abrc-")];
}

static void put_git(struct info *in, const struct layers *ls, json_t *project, const char *key,
	const char *url, const char *fallback, const char *branch_key)
{
	const struct node *at = NULL;
	auto_free char *branch = value_of(in, ls, branch_key, &type_ref, &at);
	json_t *o = json_object();

	if (!fallback || !str_eq(url, fallback))
		json_put_str(o, "url", url);
	if (branch && looks_like_tag(branch)) {
		info_leave(in->d, at, branch,
			"%s: looks like a tag, which is taken as 'ref' and not left; write "
			"'branch' if it moves",
			branch_key);
		json_put_str(o, "ref", branch);
	} else if (branch) {
		json_put_str(o, "branch", branch);
	}
	json_put(project, key, o);
}

static char *filled_default(const char *pattern, const char *project, const char *name)
{
	const struct subst subst = {project, name};

	return pattern ? subst_text(&subst, pattern) : NULL;
}

/* Leading slashes count from the top of the repository there, which is what they mean here. */
static void put_path(struct info *in, const struct layers *ls, json_t *o)
{
	const struct node *at = NULL;
	auto_free char *path = layers_filled(in->d, ls, "distgit-path", &at);
	const char *rel = path ? path + strspn(path, "/") : "";
	auto_free char *why = *rel ? dlrn_unfit(&type_subpath, rel) : NULL;

	if (why)
		info_leave(in->d, at, path, "distgit-path: %s", why);
	else if (*rel)
		json_put_str(o, "path", rel);
}

/* The two repositories; false: one is missing, the package is left out. */
static bool put_gits(
	struct info *in, const struct layers *ls, json_t *o, const char *project, const char *name)
{
	const struct node *at = NULL, *where = ls->of[0].maps[0];
	auto_free char *upstream = value_of(in, ls, "upstream", &type_git_url, &at);
	auto_free char *packaging = value_of(in, ls, "master-distgit", &type_git_url, &at);
	auto_free char *default_up = filled_default(in->upstream, project, name);
	auto_free char *default_pack = filled_default(in->packaging, project, name);

	if (!packaging && (packaging = value_of(in, ls, "distgit", &type_git_url, &at)))
		info_leave(in->d, at, packaging, "distgit: taken, as there is no 'master-distgit'");
	if (!upstream || !packaging) {
		info_leave(in->d, where, project, "left out: it has no '%s'",
			upstream ? "master-distgit" : "upstream");
		return false;
	}
	put_git(in, ls, o, "upstream", upstream, default_up, "source-branch");
	put_git(in, ls, o, "packaging", packaging, default_pack, "distro-branch");
	return true;
}

static void put_package(struct info *in, const struct pkg *p)
{
	auto_json json_t *o = json_object();
	auto_strv struct strv maintainers = STRV_INIT;
	const struct node *at = NULL, *where = p->own.maps[0];
	auto_free char *unfit = dlrn_unfit(&type_name, p->project), *name = NULL;
	auto_free char *component = NULL, *mine = NULL, *others = NULL;
	struct layers ls;

	layers_of(in, p, &ls);
	if (!is_selected(in, &ls))
		return;
	if (unfit) {
		info_leave(in->d, where, p->project, "left out: project: %s", unfit);
		return;
	}
	name = value_of(in, &ls, "name", &type_name, &at);
	str_set(&name, name ?: p->project);
	if (hmap_get(&in->names, name, NULL)) {
		info_leave(in->d, where, p->project,
			"left out: another project makes the package '%s'", name);
		return;
	}
	json_put_str(o, "project", p->project);
	if (!str_eq(name, p->project))
		json_put_str(o, "name", name);
	if (!put_gits(in, &ls, o, p->project, name))
		return;
	put_path(in, &ls, o);
	component = value_of(in, &ls, "component", &type_text, &at);
	json_put_str(o, "component", component);
	maintainers_of(in, &ls, &maintainers);
	mine = strv_join(&maintainers, " ");
	others = strv_join(&in->maintainers, " ");
	if (!str_eq(mine, others))
		json_put_strv(o, "maintainers", &maintainers);
	in->d->spent += strlen(mine) + 64;
	hmap_set(&in->names, name, 0);
	json_array_append_new(in->d->projects, TAKE(o));
}

/* package-default's URL with our placeholders, when it has no others. */
static char *default_url(struct info *in, const char *key)
{
	const struct node *n = layers_text(&in->defaults, key);
	auto_free char *half = n ? str_replace(n->text, "%(project)s", "{project}") : NULL;
	auto_free char *url = half ? str_replace(half, "%(name)s", "{name}") : NULL;
	auto_free char *unfit = n ? dlrn_unfit(&type_git_url, n->text) : NULL;

	return n && !unfit && !strchr(url, '%') && !str_starts(url, "{") ? TAKE(url) : NULL;
}

static void put_default_git(struct info *in, const char *key, const char *url, const char *branch)
{
	json_t *o = json_object();

	json_put_str(o, "url", url);
	json_put_str(o, "branch", branch);
	json_put(in->d->defaults, key, o);
}

static void put_defaults(struct info *in)
{
	struct dlrn_conf *c = &in->d->conf;

	in->defaults = (struct layers){.of = {in->fallback}, .n = 1};
	in->upstream = default_url(in, "upstream");
	in->packaging = c->git ? xstrdup(c->git) : default_url(in, "master-distgit");
	maintainers_of(in, &in->defaults, &in->maintainers);
	put_default_git(in, "upstream", in->upstream, c->source);
	put_default_git(in, "packaging", in->packaging, c->distro);
	if (c->git_dir) {
		auto_free char *path = xasprintf("%s/{project}", c->git_dir);
		auto_free char *why = dlrn_unfit(&type_subpath, c->git_dir);

		if (!why)
			json_put_str(in->d->defaults, "path", path);
	}
	json_put_strv(in->d->defaults, "maintainers", &in->maintainers);
}

int dlrn_packages(struct dlrn *d, struct err *err)
{
	struct info in = {.d = d};
	int r = 0;

	vec_foreach (&d->files.docs, doc)
		if ((*doc)->root && (*doc)->root->kind == NODE_MAP)
			read_file(&in, (*doc)->root);
	put_defaults(&in);
	answer_keys(&in);
	vec_foreach (&in.packages, p) {
		put_package(&in, p);
		if (d->spent <= DLRN_OUTPUT)
			continue;
		r = err_set(err, ERR_CONFIG, "'%s': the projects come to more than %d MiB", d->ini,
			DLRN_OUTPUT / (1024 * 1024));
		break;
	}
	vec_release(&in.packages);
	hmap_release(&in.index);
	hmap_release(&in.names);
	free(in.upstream);
	free(in.packaging);
	strv_release(&in.maintainers);
	return r;
}
