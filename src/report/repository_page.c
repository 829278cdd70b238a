/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page of a repository directory. What a repository holds is known from the store only while it
 * is the newest one: the list is written down then, into the index.json beside the page (cut like
 * that), from which later pages are made. The moving ones have the whole list in packages.csv, too:
 * the next difference is taken from it.
 */
#include "base/fs.h"
#include "base/limits.h"
#include "base/time.h"
#include "repo/listing.h"
#include "report/contents.h"
#include "store/pages.h"

#define LIST     "packages.csv"
#define LIST_MAX (64 * MIB)

struct repo_view {
	struct report *r;
	const char *target, *dir;
	char *path; /* of the directory */
	bool moving;
	json_t *old;    /* what was written last time, NULL nothing */
	char *commit;   /* directory of the commit repository that is or was the same, NULL */
	int64_t build;  /* published with it, 0 unknown */
	char *previous; /* the commit repository before, NULL unknown */
	bool fresh;     /* list is of the store, all of it */
	bool known;     /* list is what the repository holds */
	bool compared;  /* diff is what changed since `previous` */
	size_t n;       /* packages in it */
	struct contents list;
	struct contents_diff diff;
	struct page page;
};

static void view_release(struct repo_view *v)
{
	free(v->path);
	json_decref(v->old);
	free(v->commit);
	free(v->previous);
	contents_release(&v->list);
	contents_diff_release(&v->diff);
}

/* ---- what is known ---- */

static json_t *read_index(const struct repo_view *v, const char *dir)
{
	auto_free char *path = xasprintf("%s/%s/%s/index.json", v->r->repos, v->target, dir);
	json_t *j = NULL;

	if (json_read(path, &j, NULL) < 0)
		return NULL;
	if (json_get_int(j, "schema") == 1 && json_is_array(json_object_get(j, "packages")))
		return j;
	json_decref(j);
	return NULL;
}

static char *repomd(const struct repo_view *v, const char *dir)
{
	auto_free char *path =
		xasprintf("%s/%s/%s/repodata/repomd.xml", v->r->repos, v->target, dir);
	char *text = NULL;

	return fs_read(path, LIMIT_REPOMD, &text, NULL, NULL) < 0 ? NULL : text;
}

/* Whether the directory has the very metadata of `current`, which the store can list. */
static bool is_newest(const struct repo_view *v)
{
	auto_free char *mine = repomd(v, v->dir), *current = repomd(v, "current");

	return mine && current && str_eq(mine, current);
}

/* The build whose publishing made `current`; 0 unknown. */
static int64_t head_of(const struct repo_view *v)
{
	auto_free char *dir = xasprintf("%s/%s/current", v->r->repos, v->target);

	return listing_build(dir);
}

static int list_now(struct repo_view *v, struct err *err)
{
	struct store_listed_vec all = VEC_INIT;
	int rc = store_listed(v->r->st, v->target, &all, err);

	vec_foreach (&all, l)
		contents_add(&v->list, l->nevra, l->project, l->build, l->size);
	vec_free(&all, store_listed_release);
	contents_sort(&v->list);
	v->known = v->fresh = rc >= 0;
	v->n = v->list.n;
	return rc;
}

/* What was written down when the repository was the newest. */
static void remember(struct repo_view *v)
{
	const json_t *changes = json_object_get(v->old, "changes");

	contents_from_json(json_object_get(v->old, "packages"), &v->list);
	v->known = json_get_bool(v->old, "complete");
	v->n = (size_t)json_get_int(v->old, "n_packages");
	v->build = json_get_int(v->old, "build");
	str_set(&v->commit, json_get_str(v->old, "commit"));
	str_set(&v->previous, json_get_str(v->old, "previous"));
	v->compared = changes && !json_is_null(changes);
	contents_diff_from_json(changes, &v->diff);
}

/* Differences to what the moving repository `dir` was when its page was last written. */
static void compare(struct repo_view *v, const char *dir, const json_t *before)
{
	auto_free char *path = xasprintf("%s/%s/%s/" LIST, v->r->repos, v->target, dir);
	struct contents list = VEC_INIT;
	auto_free char *text = NULL;

	if (!before || fs_read(path, LIST_MAX, &text, NULL, NULL) < 0)
		return;
	v->compared = contents_from_csv(text, &list);
	if (v->compared) {
		contents_compare(&list, &v->list, &v->diff);
		str_set(&v->previous, json_get_str(before, "commit"));
	}
	contents_release(&list);
}

/* An older commit of which nothing was written down: what it brought is all that is known. */
static int only_its_own(struct repo_view *v, const struct store_build *b, struct err *err)
{
	struct package_vec own = VEC_INIT;
	int rc = store_build_packages(v->r->st, b->id, &own, err);

	vec_foreach (&own, k)
		if (k->kind == PACKAGE_MAIN)
			contents_add(&v->list, k->nevra, b->project, b->id, k->size);
	vec_free(&own, package_release);
	contents_sort(&v->list);
	v->n = v->list.n;
	return rc;
}

static int load_commit(struct repo_view *v, const struct store_build *b, struct err *err)
{
	auto_json json_t *before = NULL;
	int rc;

	if (v->old) {
		remember(v);
		return 0;
	}
	v->build = b ? b->id : 0;
	v->commit = xstrdup(v->dir);
	if (!is_newest(v))
		return b ? only_its_own(v, b, err) : 0;
	/* `current` has its new metadata already, but still the page of the one before */
	before = read_index(v, "current");
	rc = list_now(v, err);
	if (rc >= 0 && !str_eq_null(before ? json_get_str(before, "commit") : NULL, v->dir))
		compare(v, "current", before);
	return rc;
}

static int load_moving(struct repo_view *v, struct err *err)
{
	CLEANUP(store_build_release) struct store_build head = {0};
	int64_t id = head_of(v);
	int rc;

	if (!is_newest(v)) {
		remember(v);
		return 0;
	}
	if (id && store_build_get(v->r->st, id, &head, NULL) >= 0 && head.repo)
		v->commit = xstrdup(head.repo);
	if (v->old && v->commit && str_eq_null(json_get_str(v->old, "commit"), v->commit)) {
		remember(v);
		return 0;
	}
	v->build = id;
	rc = list_now(v, err);
	if (rc >= 0)
		compare(v, v->dir, v->old);
	return rc;
}

/* ---- the page ---- */

static void links(struct strbuf *out, const struct repo_view *v)
{
	const struct page *p = &v->page;

	sb_add(out, "<dl class=\"facts\">\n");
	if (v->build) {
		fact(out, "Published with");
		sb_add(out, "build ");
		piece_build(v->r, out, p, v->target, v->build);
		fact_end(out);
	}
	if (v->moving && v->commit) {
		fact(out, "Now the same as");
		page_link_below(out, p, v->target, v->commit, "", v->commit);
		fact_end(out);
	}
	if (v->previous) {
		fact(out, "Before");
		page_link_below(out, p, v->target, v->previous, "", v->previous);
		fact_end(out);
	}
	if (!v->moving) {
		fact(out, "The newest");
		page_link_below(out, p, v->target, "current", "", "current");
		fact_end(out);
	}
	fact(out, "Files");
	sb_add(out, "<a href=\"");
	html_url_path(out, v->r->conf.name);
	sb_add(out, ".repo\">");
	html_txt(out, v->r->conf.name);
	sb_add(out, ".repo</a>, <a href=\"versions.csv\">versions.csv</a>, "
		    "<a href=\"commit.yaml\">commit.yaml</a>");
	fact_end(out);
	sb_add(out, "</dl>\n");
}

static void change_items(struct strbuf *out, const struct repo_view *v, enum contents_how how)
{
	size_t n = 0;

	sb_addf(out, "<h3>%zu %s</h3>\n<ul class=\"list\">\n", v->diff.by[how].n,
		contents_how_name(how));
	vec_foreach (&v->diff.by[how], c) {
		if (n++ == PARTS_CHANGES) {
			sb_addf(out, "<li>and %zu more</li>\n", v->diff.by[how].n - PARTS_CHANGES);
			break;
		}
		sb_add(out, "<li>");
		html_name(out, c->name);
		sb_addc(out, ' ');
		if (c->from)
			html_name(out, c->from);
		if (c->from && c->to)
			sb_add(out, " \xe2\x86\x92 ");
		if (c->to)
			html_name(out, c->to);
		sb_add(out, " <span class=\"soft\">");
		html_name(out, c->arch);
		sb_add(out, "</span></li>\n");
	}
	sb_add(out, "</ul>\n");
}

static void changes(struct strbuf *out, const struct repo_view *v)
{
	if (!v->compared)
		return;
	sb_add(out, "<h2 id=\"changes\">What changed since the one before</h2>\n");
	if (contents_diff_empty(&v->diff))
		sb_add(out, "<p>The versions are the same.</p>\n");
	for (enum contents_how how = 0; how < CONTENT_HOW; how++)
		if (v->diff.by[how].n)
			change_items(out, v, how);
}

static void package_row(struct strbuf *out, const struct repo_view *v, const struct content *p)
{
	char size[32];

	size_format(p->size, size, sizeof size);
	sb_add(out, "<tr><th scope=\"row\">");
	html_name(out, p->name);
	sb_add(out, "</th>");
	page_cell(out, NULL);
	html_name(out, p->evr);
	page_cell_end(out);
	page_cell(out, NULL);
	html_name(out, p->arch);
	page_cell_end(out);
	page_cell(out, NULL);
	sb_add(out, size);
	page_cell_end(out);
	page_cell(out, "Project");
	if (p->project)
		fact_project(v->r, out, &v->page, v->target, p->project);
	page_cell_end(out);
	page_cell(out, "Build");
	if (p->build)
		piece_build(v->r, out, &v->page, v->target, p->build);
	page_cell_end(out);
	sb_add(out, "</tr>\n");
}

static void packages(struct strbuf *out, const struct repo_view *v)
{
	static const char *const headings[] = {
		"Name", "Version", "Architecture", "Size", "Project", "Build", NULL};
	auto_free char *caption = NULL;
	size_t n = v->list.n < PARTS_PACKAGES ? v->list.n : PARTS_PACKAGES;

	sb_add(out, "<h2 id=\"packages\">Packages</h2>\n");
	if (!v->known)
		sb_add(out, "<p>The list of this repository was not written down when it was "
			    "published; <a href=\"versions.csv\">versions.csv</a> names its "
			    "projects.</p>\n");
	else if (v->n > n)
		sb_addf(out,
			"<p>The first %zu of %zu by name. <a "
			"href=\"versions.csv\">versions.csv</a> "
			"names every project, <code>dnf repoquery</code> every package.</p>\n",
			n, v->n);
	if (!n) {
		if (v->known)
			sb_add(out, "<p>It is empty.</p>\n");
		return;
	}
	if (!v->known)
		caption = xstrdup("What was published with it");
	else if (v->n > n)
		caption = xasprintf("%zu of %zu packages", n, v->n);
	else
		caption = xasprintf("%zu package%s", n, n == 1 ? "" : "s");
	page_table(out, "", caption, headings);
	for (size_t i = 0; i < n; i++)
		package_row(out, v, &v->list.v[i]);
	page_table_end(out);
}

static int write_html(struct repo_view *v, struct err *err)
{
	auto_free char *rel = xasprintf("%s/%s/index.html", v->target, v->dir);
	auto_strbuf struct strbuf out = STRBUF_INIT;

	page_begin(&out, &v->page);
	if (str_eq(v->dir, "current"))
		sb_add(&out, "<p>The last good package of every project.</p>\n");
	else if (str_eq(v->dir, "consistent"))
		sb_add(&out, "<p>The packages of the last time that every project's newest build "
			     "was good.</p>\n");
	else
		sb_add(&out, "<p>The last good package of every project when one commit was "
			     "published; it does not change.</p>\n");
	links(&out, v);
	sb_add(&out, "<h2 id=\"use\">Use it</h2>\n");
	fact_add_repo(v->r, &out, v->target, v->dir);
	changes(&out, v);
	packages(&out, v);
	page_end(&out, &v->page);
	return write_page(v->r, rel, &out, err);
}

static int write_data(struct repo_view *v, struct err *err)
{
	auto_free char *rel = xasprintf("%s/%s/index.json", v->target, v->dir);
	auto_free char *below = xasprintf("%s/%s", v->target, v->dir);
	auto_free char *url = report_url(v->r, below);
	json_t *o = json_object();

	json_put_str(o, "repository", v->dir);
	json_put_str(o, "target", v->target);
	json_put_str(o, "baseurl", url);
	json_put_str(o, "commit", v->commit);
	json_put_int(o, "build", v->build);
	json_put_str(o, "previous", v->previous);
	json_put(o, "changes", v->compared ? contents_diff_to_json(&v->diff) : json_null());
	json_put_bool(o, "complete", v->known);
	json_put_int(o, "n_packages", (int64_t)v->n);
	json_put(o, "packages", contents_to_json(&v->list, PARTS_PACKAGES));
	return write_json(v->r, rel, o, err);
}

/* Whole, and quick to read again: the next difference is taken from it. */
static int write_list(struct repo_view *v, struct err *err)
{
	auto_free char *rel = xasprintf("%s/%s/" LIST, v->target, v->dir);
	auto_strbuf struct strbuf out = STRBUF_INIT;

	if (!v->moving || !v->fresh)
		return 0;
	contents_to_csv(&v->list, &out);
	return write_page(v->r, rel, &out, err);
}

static unsigned depth_of(const char *dir)
{
	unsigned n = 2;

	for (; *dir; dir++)
		n += *dir == '/';
	return n;
}

int page_of_repo(struct report *r, const char *target, const char *dir, const struct store_build *b,
	struct err *err)
{
	auto_free char *title = xasprintf("Repository %s", dir);
	CLEANUP(view_release)
	struct repo_view v = {
		.r = r,
		.target = target,
		.dir = dir,
		.moving = !strchr(dir, '/'),
		.page = {.title = title,
			.instance = r->conf.name,
			.target = target,
			.depth = depth_of(dir),
			.json = "index.json"},
	};
	auto_free char *is_repo = repomd(&v, dir);
	int rc;

	if (!is_repo)
		return 0;
	v.old = read_index(&v, dir);
	rc = v.moving ? load_moving(&v, err) : load_commit(&v, b, err);
	if (rc >= 0)
		rc = write_html(&v, err);
	if (rc >= 0)
		rc = write_list(&v, err);
	if (rc >= 0)
		rc = write_data(&v, err);
	return rc < 0 ? err_wrap(err, "page of the repository %s", dir) : 0;
}
