/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/map.h"
#include "config/load.h"

/* A project's own map, then the defaults from the nearest file outwards. */
struct chain {
	const struct node *maps[LIMIT_INCLUDES + 2];
	size_t n;
};

void config_project_release(struct config_project *p)
{
	struct config_git *gits[] = {&p->upstream, &p->packaging};

	for (size_t i = 0; i < COUNTOF(gits); i++) {
		free(gits[i]->url);
		free(gits[i]->branch);
		free(gits[i]->ref);
		free(gits[i]->web);
	}
	free(p->project);
	free(p->name);
	free(p->path);
	free(p->spec);
	free(p->component);
	free(p->policy);
	free(p->numbering);
	free(p->file);
	strv_release(&p->maintainers);
	strv_release(&p->targets);
}

static void git_drop(struct config_git *g)
{
	str_set(&g->url, NULL);
	str_set(&g->branch, NULL);
	str_set(&g->ref, NULL);
	str_set(&g->web, NULL);
}

/* Of a branch from here and a ref from there, the nearer one was meant. */
static void choose_ref(const struct chain *c, const char *key, struct config_git *g)
{
	const struct node *maps[COUNTOF(c->maps)];
	size_t branch = 0, ref = 0;

	if (!g->branch || !g->ref)
		return;
	for (size_t i = 0; i < c->n; i++)
		maps[i] = node_get(c->maps[i], key);
	(void)schema_find(maps, c->n, "branch", &branch);
	(void)schema_find(maps, c->n, "ref", &ref);
	str_set(branch < ref ? &g->ref : &g->branch, NULL);
}

/* Was anything said of this repository that makes no sense without its url? */
static bool lacks_url(struct diag *d, const struct chain *c, const char *key, struct config_git *g)
{
	const struct node *own = node_get(c->maps[0], key);

	if (g->url)
		return false;
	if (own && own->kind == NODE_MAP && own->keys.n && !node_get(own, "url"))
		node_error(d, own, "'%s' needs 'url'", key);
	else
		own = NULL;
	git_drop(g);
	return own != NULL;
}

static void choose_layout(struct loader *l, const struct chain *c, struct config_project *p)
{
	const struct node *layout = schema_find(c->maps, c->n, "layout", NULL);
	const struct node *own = node_get(c->maps[0], "upstream");
	struct diag *d = &l->diag;
	bool said = lacks_url(d, c, "upstream", &p->upstream);

	said = lacks_url(d, c, "packaging", &p->packaging) || said;
	p->layout = p->upstream.url ? LAYOUT_TWO_GIT : LAYOUT_STANDARD;
	if (layout)
		(void)layout_parse(layout->text, &p->layout);
	if (said)
		return;
	if (p->layout == LAYOUT_STANDARD && p->upstream.url) {
		if (own && layout)
			node_error(d, own,
				"project %s has layout standard (line %zu), which has no "
				"'upstream'",
				Q(p->project), layout->line);
		git_drop(&p->upstream);
	}
	if (p->layout == LAYOUT_TWO_GIT && !p->upstream.url)
		node_error(d, c->maps[0], "project %s has layout two-git and needs 'upstream'",
			Q(p->project));
	if (!p->packaging.url)
		node_error(d, c->maps[0],
			"project %s needs 'packaging' (the git that holds its spec), here or in "
			"'defaults'",
			Q(p->project));
}

static void check_targets(struct loader *l, const struct chain *c)
{
	const struct node *list = schema_find(c->maps, c->n, "targets", NULL);
	auto_strv struct strv known = STRV_INIT;

	if (!list || !list->items.n || l->targets_broken)
		return;
	vec_foreach (&l->config->targets, t)
		strv_add(&known, (*t)->name);
	vec_foreach (&list->items, item) {
		auto_free char *all = NULL;
		const char *near;

		if ((*item)->bad || strv_has(&known, (*item)->text))
			continue;
		near = str_nearest((*item)->text, (const char *const *)known.v, known.n);
		all = strv_join(&known, ", ");
		node_error(&l->diag, *item, "target %s is not one of this instance (%s%s)",
			Q((*item)->text), near ? "did you mean " : "there are: ", near ?: all);
	}
}

/* Does anything in the project carry an error of its own already? */
static bool has_bad(const struct node *n)
{
	if (n->bad)
		return true;
	vec_foreach (&n->items, i)
		if (has_bad(*i))
			return true;
	return false;
}

void project_add(struct loader *l, const struct node *node, const struct scope *scope)
{
	const struct node *project = node_get(node, "project"), *name = node_get(node, "name"),
			  *hit;
	struct chain c = {.maps = {node}, .n = 1};
	struct config_project *p;
	struct subst subst;
	bool bad = false;

	if (!project)
		return;
	for (; scope; scope = scope->outer)
		if (scope->defaults)
			c.maps[c.n++] = scope->defaults;
	for (size_t i = 0; i < c.n; i++)
		bad = bad || has_bad(c.maps[i]);
	p = vec_push(&l->config->projects);
	*vec_push(&l->nodes) = node;
	p->file = xstrdup(node->doc->path);
	p->line = node->line;
	p->policy = xstrdup_null(l->config->policy);
	p->numbering = xstrdup(l->config->numbering);
	p->minor = l->config->minor;
	subst = (struct subst){project->text, name ? name->text : project->text};
	schema_fill(&schema_project, c.maps, c.n, &subst, p);
	if (!p->name)
		p->name = xstrdup(p->project);
	choose_ref(&c, "upstream", &p->upstream);
	choose_ref(&c, "packaging", &p->packaging);
	if (!bad) /* what is missing may be what was reported */
		choose_layout(l, &c, p);
	if (!p->policy)
		p->policy = xstrdup(p->layout == LAYOUT_TWO_GIT ? "dlrn" : "keep");
	hit = schema_find(c.maps, c.n, "rebuild", NULL);
	p->rebuild_on_change = hit && str_eq(hit->text, "on-change");
	check_targets(l, &c);
}

static bool share_target(const struct config_project *a, const struct config_project *b)
{
	if (!a->targets.n || !b->targets.n)
		return true;
	strv_foreach (&a->targets, t)
		if (strv_has(&b->targets, *t))
			return true;
	return false;
}

void project_check_all(struct loader *l)
{
	auto_hmap struct hmap projects = HMAP_INIT, names = HMAP_INIT;

	for (size_t i = 0; i < l->nodes.n; i++) {
		const struct config_project *p = &l->config->projects.v[i], *q;
		const struct node *node = l->nodes.v[i], *at;
		size_t other;

		if (hmap_get(&projects, p->project, &other)) {
			at = l->nodes.v[other];
			node_error(&l->diag, node_get(node, "project"),
				"duplicate project %s (first in %s:%zu)", Q(p->project),
				at->doc->shown, at->line);
			continue;
		}
		hmap_set(&projects, p->project, i);
		if (hmap_get(&names, p->name, &other)) {
			q = &l->config->projects.v[other];
			at = node_get(node, "name") ?: node_get(node, "project");
			if (share_target(p, q))
				node_error(&l->diag, at,
					"projects %s and %s make the same package %s for the same "
					"target",
					Q(q->project), Q(p->project), Q(p->name));
		}
		hmap_set(&names, p->name, i);
	}
}
