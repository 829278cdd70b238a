/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/config.h"
#include "base/fs.h"
#include "config/load.h"

void config_free(struct config *c)
{
	if (!c)
		return;
	free(c->file);
	free(c->name);
	free(c->data);
	free(c->url);
	free(c->policy);
	free(c->numbering);
	free(c->notify.smtp);
	free(c->notify.from);
	free(c->notify.user);
	free(c->notify.password);
	free(c->notify.ca);
	free(c->notify.hook);
	strv_release(&c->notify.operators);
	vec_foreach (&c->targets, t)
		target_free(*t);
	vec_release(&c->targets);
	vec_free(&c->projects, config_project_release);
	strv_release(&c->warnings);
	free(c);
}

static void loader_release(struct loader *l)
{
	config_free(l->config);
	config_files_release(&l->files);
	diag_release(&l->diag);
	strv_release(&l->target_dirs);
	vec_release(&l->nodes);
}

static struct config *config_new(const char *path)
{
	struct config *c = xcalloc(1, sizeof *c);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	c->file = path_abs(path);
	c->numbering = xstrdup("0.date.hash");
	c->jobs = cpus < 1 ? 1 : cpus > 4 ? 4 : (unsigned)cpus;
	c->limits = (struct limits)LIMITS_DEFAULT;
	c->retries = 3;
	c->poll = 300;
	c->keep.newest = 5;
	c->notify.rate = 30;
	c->cache = (struct config_cache){.roots = 50 * GIB, .unused = UINT64_C(14) * 86400};
	return c;
}

/* As the person would name it who named the file: "targets/x.yaml" beside "packmill.yaml". */
static char *shown_beside(const struct doc *doc, const char *name)
{
	auto_free char *dir = path_dir(doc->shown);

	while (str_starts(name, "./"))
		name += 2;
	return strchr(doc->shown, '/') ? path_join(dir, name) : xstrdup(name);
}

static struct target *target_of_file(struct loader *l, struct node *item, const char *path)
{
	auto_err struct err err = ERR_INIT;
	CLEANUP(target_freep) struct target *t = NULL;
	auto_free char *shown =
		strchr(item->text, '/') ? shown_beside(item->doc, item->text) : xstrdup(path);
	const struct doc *doc;
	int r = target_read(&l->files, shown, path, &l->diag, &t, &err);

	if (r < 0 && err.code == ERR_CONFLICT)
		node_error(&l->diag, item, "target file '%s' was read before", shown);
	else if (r < 0)
		node_error(&l->diag, item, "cannot read target file '%s': %s", shown, err.msg);
	if (!t)
		return NULL;
	doc = l->files.docs.v[l->files.docs.n - 1];
	if (strchr(item->text, '/') || str_eq(t->name, item->text))
		return TAKE(t);
	node_error(&l->diag, node_get(doc->root, "name"),
		"the target of this file must be named %s, as the file is", Q(item->text));
	return NULL;
}

static struct target *load_target(struct loader *l, struct node *item)
{
	auto_err struct err err = ERR_INIT;
	auto_free char *path = NULL, *abs = NULL;
	const char *name = item->text;

	if (strchr(name, '/'))
		name = abs = node_path(item, name);
	if (target_locate(name, &l->target_dirs, &path, &err) < 0) {
		node_error(&l->diag, item, "%s", err.msg);
		return NULL;
	}
	return path ? target_of_file(l, item, path) : target_builtin_host();
}

static void load_targets(struct loader *l, const struct node *list)
{
	struct config *c = l->config;

	if (!list) {
		l->targets_broken = true;
		return;
	}
	if (!list->items.n)
		node_error(&l->diag, list, "'targets' is empty; name at least one, such as [host]");
	vec_foreach (&list->items, item) {
		CLEANUP(target_freep) struct target *t = NULL;
		auto_err struct err err = ERR_INIT;
		bool twice = false;

		t = (*item)->bad ? NULL : load_target(l, *item);
		if (t && config_target_usable(t, &err) < 0)
			node_error(&l->diag, *item, "%s", err.msg);
		vec_foreach (&c->targets, other)
			twice = twice || (t && str_eq((*other)->name, t->name));
		if (twice)
			node_error(&l->diag, *item, "two targets are named %s", Q(t->name));
		else if (t)
			*vec_push(&c->targets) = TAKE(t);
		else
			l->targets_broken = true;
	}
}

static void walk(struct loader *l, struct doc *doc, const struct scope *outer);

static void include(struct loader *l, const struct node *item, const struct scope *scope)
{
	auto_err struct err err = ERR_INIT;
	auto_free char *path = node_path(item, item->text);
	auto_free char *shown = shown_beside(item->doc, item->text);
	struct doc *doc = NULL;
	int r;

	if (l->includes >= LIMIT_INCLUDES) {
		node_error(&l->diag, item, "more than %d included files", LIMIT_INCLUDES);
		return;
	}
	l->includes++;
	r = config_files_read(&l->files, shown, path, &l->diag, &doc, &err);
	if (r < 0 && err.code == ERR_CONFLICT) {
		bool loop = false;

		for (; scope; scope = scope->outer)
			loop = loop || scope->doc == doc;
		node_error(&l->diag, item,
			loop ? "include loop: %s is what includes this file" : "%s was read before",
			Q(item->text));
	} else if (r < 0) {
		node_error(&l->diag, item, "cannot include %s: %s", Q(item->text), err.msg);
	}
	if (r < 0 || !doc->root)
		return;
	if (node_is_empty(doc->root)) {
		node_error(&l->diag, doc->root, "the file is empty");
		return;
	}
	schema_check(&schema_included, doc->root, &l->diag);
	if (doc->root->kind == NODE_MAP && !doc->root->bad)
		walk(l, doc, scope);
}

static void walk(struct loader *l, struct doc *doc, const struct scope *outer)
{
	const struct node *projects = node_get(doc->root, "projects");
	const struct node *includes = node_get(doc->root, "include");
	const struct scope scope = {doc, node_get(doc->root, "defaults"), outer};

	for (size_t i = 0; projects && i < projects->items.n; i++)
		if (!projects->items.v[i]->bad)
			project_add(l, projects->items.v[i], &scope);
	for (size_t i = 0; includes && i < includes->items.n; i++)
		if (!includes->items.v[i]->bad)
			include(l, includes->items.v[i], &scope);
}

static void fill_words(const struct node *root, struct config *c)
{
	const struct node *notify = node_get(root, "notify"),
			  *hit = node_get(root, "after_failure");
	const struct node *tls = notify ? node_get(notify, "tls") : NULL;

	c->last_good = hit && str_eq(hit->text, "last-good");
	if (tls)
		c->notify.tls = str_eq(tls->text, "always")  ? CONFIG_TLS_ALWAYS
				: str_eq(tls->text, "never") ? CONFIG_TLS_NEVER
							     : CONFIG_TLS_AUTO;
}

static void load_main(struct loader *l, struct doc *doc)
{
	const struct node *root = doc->root;

	if (!root)
		return;
	if (node_is_empty(root)) {
		node_error(&l->diag, root,
			"the file is empty (packmill init writes one to start from)");
		return;
	}
	schema_check(&schema_main, doc->root, &l->diag);
	if (root->kind != NODE_MAP || root->bad)
		return;
	schema_fill(&schema_main, &root, 1, NULL, l->config);
	if (!l->config->data)
		l->config->data = node_path(root, "data");
	fill_words(root, l->config);
	load_targets(l, node_get(root, "targets"));
	walk(l, doc, NULL);
	project_check_all(l);
}

static int unreadable(const char *path, struct strv *ret_errors, struct err *err, struct err *why)
{
	strv_addf(ret_errors, "%s: %s%s", path, why->msg ?: err_name(why->code),
		why->code == ERR_NOT_FOUND ? " (packmill init makes one, -c FILE names another)"
					   : "");
	return err_set(err, ERR_CONFIG, "%s", ret_errors->v[ret_errors->n - 1]);
}

static void search_dirs(const char *path, const struct strv *others, struct strv *ret)
{
	auto_free char *dir = path_dir(path);
	auto_free char *targets = str_eq(dir, ".") ? xstrdup("targets") : path_join(dir, "targets");

	strv_addl(ret, dir, targets, NULL);
	if (others)
		strv_foreach (others, o)
			if (!strv_has(ret, *o))
				strv_add(ret, *o);
}

int config_load_from(const struct config_input *input, const char *path,
	const struct strv *target_dirs, struct config **ret, struct strv *ret_errors,
	struct err *err)
{
	struct loader l = {.files = {.input = input}};
	auto_err struct err why = ERR_INIT;
	struct doc *doc = NULL;
	int r;

	l.config = config_new(path);
	search_dirs(path, target_dirs, &l.target_dirs);
	r = config_files_read(&l.files, path, path, &l.diag, &doc, &why);
	if (r < 0) {
		r = unreadable(path, ret_errors, err, &why);
	} else {
		load_main(&l, doc);
		r = diag_finish(&l.diag, ret_errors, err);
	}
	if (r >= 0) {
		diag_take(&l.diag.warnings, &l.config->warnings);
		*ret = TAKE(l.config);
	}
	loader_release(&l);
	return r;
}

int config_load(const char *path, const struct strv *target_dirs, struct config **ret,
	struct strv *ret_errors, struct err *err)
{
	return config_load_from(NULL, path, target_dirs, ret, ret_errors, err);
}

const struct config_project *config_project(const struct config *c, const char *name)
{
	vec_foreach (&c->projects, p)
		if (str_eq(p->project, name))
			return p;
	return NULL;
}

int config_project_find(const struct config *c, const char *name, const struct config_project **ret,
	struct err *err)
{
	const struct config_project *found = config_project(c, name);

	vec_foreach (&c->projects, p)
		if (!found && str_eq_null(p->name, name))
			found = p;
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "no project '%s' in %s", name, c->file);
	*ret = found;
	return 0;
}
