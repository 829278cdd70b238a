/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sections of a build's page below the cause. */
#include "base/time.h"
#include "repo/repo.h"
#include "report/build_parts.h"

void section_attempts(struct strbuf *out, const struct build_view *v)
{
	static const char *const headings[] = {
		"Try", "State", "Why", "Started", "Took", "Logs", NULL};

	if (!v->tries.n)
		return;
	sb_add(out, "<h2 id=\"attempts\">Attempts</h2>\n");
	page_table(out, "", "Each try of this build, the first one first", headings);
	vec_foreach (&v->tries, t) {
		const struct store_build shown = {.state = t->a.state};

		sb_addf(out, "<tr><th scope=\"row\">%lld</th>", (long long)t->a.n);
		page_cell(out, NULL);
		page_state(out, &shown);
		page_cell_end(out);
		page_cell(out, NULL);
		if (t->a.message)
			html_name(out, t->a.message);
		page_cell_end(out);
		page_cell(out, "Started");
		page_time(out, t->a.started);
		page_cell_end(out);
		page_cell(out, "Took");
		page_seconds(out, t->a.seconds);
		page_cell_end(out);
		page_cell(out, t->logs.n ? "Logs" : NULL);
		strv_foreach (&t->logs, n) {
			if (n != t->logs.v)
				sb_add(out, ", ");
			page_link_below(out, v->page, v->b->target, t->served, *n, *n);
		}
		page_cell_end(out);
		sb_add(out, "</tr>\n");
	}
	page_table_end(out);
}

/* ---- what changed ---- */

static void range(struct strbuf *out, const char *name, const char *pattern, const char *url,
	const char *from, const char *to)
{
	auto_free char *a = web_commit(pattern, url, from), *b = web_commit(pattern, url, to);

	if (!to)
		return;
	fact(out, name);
	if (*from)
		fact_sha(out, from, a);
	sb_add(out, " to ");
	if (*to)
		fact_sha(out, to, b);
	fact_end(out);
}

static void root_changes(struct strbuf *out, const struct report_change *c)
{
	fact(out, "Build root");
	if (!c->root_known)
		sb_add(out, "not known: the package list of one of the two is not kept");
	else if (!c->root.n)
		sb_add(out, "the same packages");
	else
		fact_count(out, c->root.n, "change");
	if (c->root_known && c->root.n) {
		sb_add(out, "\n<ul class=\"list\">\n");
		for (size_t i = 0; i < c->root.n && i < PARTS_CHANGES; i++) {
			sb_add(out, "<li>");
			html_name(out, c->root.v[i]);
			sb_add(out, "</li>\n");
		}
		if (c->root.n > PARTS_CHANGES)
			sb_addf(out, "<li>and %zu more</li>\n", c->root.n - PARTS_CHANGES);
		sb_add(out, "</ul>\n");
	}
	fact_end(out);
}

void section_changes(struct strbuf *out, const struct build_view *v)
{
	const struct report_change *c = &v->change;
	const struct report_project *p = report_project_of(v->r, v->b->project);

	sb_add(out, "<h2 id=\"changes\">What changed since the last success</h2>\n");
	if (!c->since) {
		sb_add(out, "<p>No build of this project succeeded before.</p>\n");
		return;
	}
	sb_add(out, "<p>Compared with build ");
	piece_build(v->r, out, v->page, v->b->target, c->since);
	sb_add(out, ":</p>\n<dl class=\"facts\">\n");
	if (!c->upstream_to && !c->packaging_to) {
		fact(out, "Commits");
		sb_add(out, "the same");
		fact_end(out);
	}
	range(out, "Upstream", p ? p->web_upstream : NULL, v->b->upstream_url, c->upstream_from,
		c->upstream_to);
	/* one repository with both is named once */
	if (!str_eq_null(c->upstream_to, c->packaging_to))
		range(out, "Packaging", p ? p->web_packaging : NULL, v->b->packaging_url,
			c->packaging_from, c->packaging_to);
	root_changes(out, c);
	sb_add(out, "</dl>\n");
}

/* ---- steps ---- */

void section_steps(struct strbuf *out, const struct build_view *v)
{
	static const char *const headings[] = {"Step", "Time", "Share", NULL};
	double all = 0;

	vec_foreach (&v->steps.steps, s)
		all += s->seconds;
	if (!v->steps.steps.n)
		return;
	sb_add(out, "<h2 id=\"steps\">Steps</h2>\n");
	page_table(out, "steps", "What took how long", headings);
	vec_foreach (&v->steps.steps, s) {
		double share = all > 0 ? 100 * s->seconds / all : 0;

		sb_add(out, "<tr><th scope=\"row\">");
		html_name(out, s->name);
		if (s->exit)
			sb_add(out, " <span class=\"st bad\">failed</span>");
		sb_add(out, "</th>");
		page_cell(out, NULL);
		page_seconds(out, s->seconds);
		page_cell_end(out);
		page_cell(out, NULL);
		sb_addf(out,
			"<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" "
			"aria-hidden=\"true\"><rect width=\"%.1f\" "
			"height=\"8\"/>"
			"</svg> %.0f&#160;%%",
			share, share);
		page_cell_end(out);
		sb_add(out, "</tr>\n");
	}
	page_table_end(out);
}

/* ---- packages ---- */

/* Below repos/<target>; NULL when it is not in the pool (any more). */
static char *in_pool(const struct build_view *v, const struct package *p)
{
	auto_free char *top = xasprintf("%s/%s", v->r->repos, v->b->target);
	auto_free char *path = repo_pool_path(top, p);

	if (!v->b->published || !fs_exists(path) || !str_starts(path, top))
		return NULL;
	return xstrdup(path + strlen(top) + 1);
}

void section_artifacts(struct strbuf *out, const struct build_view *v)
{
	static const char *const headings[] = {"File", "Kind", "Size", "SHA-256", NULL};

	if (!v->artifacts.n)
		return;
	sb_add(out, "<h2 id=\"packages\">Packages</h2>\n");
	page_table(out, "", "What the build made", headings);
	vec_foreach (&v->artifacts, k) {
		auto_free char *path = in_pool(v, k);
		char size[32];

		size_format(k->size, size, sizeof size);
		sb_add(out, "<tr><th scope=\"row\">");
		if (path) {
			sb_add(out, "<a href=\"");
			page_top(out, v->page);
			html_url_path(out, path);
			sb_add(out, "\">");
			html_name(out, k->file);
			sb_add(out, "</a></th>");
		} else {
			html_name(out, k->file);
			sb_add(out, "</th>");
		}
		page_cell(out, NULL);
		sb_add(out, package_kind_name(k->kind));
		page_cell_end(out);
		page_cell(out, NULL);
		sb_add(out, size);
		page_cell_end(out);
		page_cell(out, "SHA-256");
		sb_addf(out, "<code class=\"sum\">%s</code>", k->sha256);
		page_cell_end(out);
		sb_add(out, "</tr>\n");
	}
	page_table_end(out);
}

void section_lint(struct strbuf *out, const struct build_view *v)
{
	const struct build_lint *l = &v->lint;

	if (!l->known)
		return;
	sb_add(out, "<h2 id=\"lint\">Lint</h2>\n<p>");
	fact_count(out, l->errors, "error");
	sb_add(out, ", ");
	fact_count(out, l->warnings, "warning");
	if (l->served) {
		sb_add(out, " in ");
		page_link_below(out, v->page, v->b->target, l->served, l->file, l->file);
	}
	sb_add(out, "</p>\n");
	if (!l->lines.n)
		return;
	sb_add(out, "<details>\n<summary>What rpmlint says</summary>\n<ul class=\"list\">\n");
	strv_foreach (&l->lines, s) {
		sb_add(out, "<li>");
		html_name(out, *s);
		sb_add(out, "</li>\n");
	}
	if (l->n > l->lines.n)
		sb_addf(out, "<li>and %zu more</li>\n", l->n - l->lines.n);
	sb_add(out, "</ul>\n</details>\n");
}

static void root_list(struct strbuf *out, const char *name, const struct lock_packages *v)
{
	if (!v->n)
		return;
	sb_add(out, "<details>\n<summary>");
	fact_count(out, v->n, "package");
	sb_addf(out, " %s</summary>\n<ul class=\"list\">\n", name);
	vec_foreach (v, p) {
		sb_add(out, "<li>");
		html_name(out, p->nevra);
		if (p->repo) {
			sb_add(out, " <span class=\"soft\">");
			html_name(out, p->repo);
			sb_add(out, "</span>");
		}
		sb_add(out, "</li>\n");
	}
	sb_add(out, "</ul>\n</details>\n");
}

void section_root(struct strbuf *out, const struct build_view *v)
{
	if (!v->lock)
		return;
	sb_add(out, "<h2 id=\"root\">Build root</h2>\n");
	root_list(out, "of the target's base set", &v->lock->base);
	root_list(out, "for what this one BuildRequires", &v->lock->build);
	if (!v->lock->base.n && !v->lock->build.n)
		sb_add(out, "<p>Nothing is installed in it.</p>\n");
}
