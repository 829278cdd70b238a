/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page of a project: is it broken, since when, by which commit; then its history. */
#include "base/text.h"
#include "report/parts.h"

struct project_view {
	struct report *r;
	const char *target, *project;
	const struct report_project *conf; /* NULL: not configured any more */
	struct store_builds builds;        /* newest first, at most REPORT_LIST */
	struct store_standing standing;    /* zeroes: nothing finished yet */
	struct store_build first;          /* the first failure, id 0: it is not broken */
	struct store_build good;           /* the last published, id 0: none */
	struct package_vec packages;       /* of that one, as they were published */
	struct store_unreachables away;    /* it cannot be looked at: one, else none */
	struct page page;
};

static void view_release(struct project_view *v)
{
	vec_free(&v->builds, store_build_release);
	store_standing_release(&v->standing);
	store_build_release(&v->first);
	store_build_release(&v->good);
	vec_free(&v->packages, package_release);
	vec_free(&v->away, store_unreachable_release);
}

/* What is not there yet is no error. */
static int maybe(int rc, struct err *e, struct err *err)
{
	if (rc == -ERR_NOT_FOUND)
		return 0;
	return rc < 0 ? err_move(err, e) : rc;
}

static int load(struct project_view *v, struct err *err)
{
	struct store_filter f = {
		.target = v->target, .project = v->project, .state = -1, .limit = REPORT_LIST};
	struct store *st = v->r->st;
	auto_err struct err e = ERR_INIT;
	int rc = store_builds(st, &f, &v->builds, err);

	if (rc >= 0)
		rc = maybe(store_standing(st, v->target, v->project, &v->standing, &e), &e, err);
	err_clear(&e);
	if (rc >= 0 && v->standing.first_failure)
		rc = maybe(store_build_get(st, v->standing.first_failure, &v->first, &e), &e, err);
	err_clear(&e);
	if (rc >= 0)
		rc = maybe(store_last_published(st, v->target, v->project, &v->good, &e), &e, err);
	if (rc >= 0 && v->good.id)
		rc = store_build_packages(st, v->good.id, &v->packages, err);
	if (rc >= 0 && v->conf)
		rc = store_unreachable(st, v->project, &v->away, err);
	return rc;
}

/* ---- now ---- */

static void now_line(struct strbuf *out, const struct project_view *v)
{
	const struct store_standing *s = &v->standing;

	if (!s->last) {
		sb_add(out, "<p>No build has ended yet.</p>\n");
		return;
	}
	if (s->state == BUILD_SUCCESS) {
		sb_add(out, "<p>The last build, ");
		piece_build(v->r, out, &v->page, v->target, s->last);
		sb_add(out, ", succeeded.</p>\n");
	}
}

static void away_box(struct strbuf *out, const struct project_view *v)
{
	if (!v->away.n)
		return;
	sb_add(out, "<section class=\"box bad\" aria-labelledby=\"away\">\n"
		    "<h2 id=\"away\">Upstream cannot be reached since ");
	page_time(out, v->away.v[0].since);
	sb_add(out, "</h2>\n<p class=\"message\">");
	html_name(out, v->away.v[0].text);
	sb_add(out, "</p>\n<p>New commits are not seen until it can be.</p>\n</section>\n");
}

/* The first of those that have not begun: later ones wait for that. */
static void waits_box(struct strbuf *out, const struct project_view *v)
{
	const struct store_build *b = NULL;

	vec_foreach (&v->builds, k)
		if (k->waits && (k->state == BUILD_QUEUED || k->state == BUILD_RETRY))
			b = k;
	if (!b)
		return;
	sb_addf(out,
		"<section class=\"box wait\" aria-labelledby=\"waits\">\n"
		"<h2 id=\"waits\">Build %lld waits</h2>\n",
		(long long)b->id);
	fact_waits(v->r, out, &v->page, b);
	sb_add(out, "</section>\n");
}

static void broken_box(struct strbuf *out, const struct project_view *v)
{
	const struct store_build *b = &v->first, *last = NULL;

	if (!b->id || v->standing.state != BUILD_FAILED)
		return;
	vec_foreach (&v->builds, k)
		if (k->id == v->standing.last)
			last = k;
	sb_add(out, "<section class=\"box bad\" aria-labelledby=\"broken\">\n"
		    "<h2 id=\"broken\">Broken since ");
	page_day(out, v->standing.first_failure_time ?: b->finished);
	sb_add(out, "</h2>\n<p>First bad commit: ");
	fact_commit(out, v->r, b);
	sb_add(out, " (build ");
	piece_build(v->r, out, &v->page, v->target, b->id);
	sb_add(out, ")</p>\n");
	if (last && last->message) {
		sb_add(out, "<p class=\"message\">");
		html_name(out, last->message);
		sb_add(out, " <span class=\"soft\">(build ");
		piece_build(v->r, out, &v->page, v->target, last->id);
		sb_add(out, ")</span></p>\n");
	}
	if (last && last->blamed) {
		sb_add(out, "<p>The failure of ");
		fact_project(v->r, out, &v->page, v->target, last->blamed);
		sb_add(out, " explains it.</p>\n");
	}
	if (v->standing.last_success) {
		sb_add(out, "<p>Last success: build ");
		piece_build(v->r, out, &v->page, v->target, v->standing.last_success);
		sb_add(out, " of ");
		page_time(out, v->standing.last_success_time);
		sb_add(out, "</p>\n");
	} else {
		sb_add(out, "<p>It never succeeded.</p>\n");
	}
	sb_add(out, "</section>\n");
}

/* A link when it is an address, else as it stands. */
static void mail(struct strbuf *out, const char *address)
{
	const char *at = strrchr(address, '@');
	auto_free char *local = at ? xstrndup(address, (size_t)(at - address)) : NULL;

	if (!local || !*local || !at[1] || strpbrk(address, " <>,")) {
		html_name(out, address);
		return;
	}
	sb_add(out, "<a href=\"mailto:");
	html_url_arg(out, local);
	sb_addc(out, '@');
	html_url_arg(out, at + 1);
	sb_add(out, "\">");
	html_name(out, address);
	sb_add(out, "</a>");
}

static void maintainers(struct strbuf *out, const struct project_view *v)
{
	const struct strv *m = v->conf ? v->conf->maintainers : NULL;

	if (!m || !m->n)
		return;
	fact(out, "Maintainers");
	strv_foreach (m, a) {
		if (a != m->v)
			sb_add(out, ", ");
		mail(out, *a);
	}
	fact_end(out);
}

static void repository_url(struct strbuf *out, const char *name, const char *url)
{
	auto_free char *shown = url ? text_url_shown(url) : NULL;

	if (!shown)
		return;
	fact(out, name);
	html_link(out, shown, shown);
	fact_end(out);
}

static void facts(struct strbuf *out, const struct project_view *v)
{
	const struct store_standing *s = &v->standing;
	int64_t n = s->n_success + s->n_failed;
	const struct store_build *b = v->builds.n ? v->builds.v : NULL;

	sb_add(out, "<dl class=\"facts\">\n");
	if (v->good.nvr) {
		fact(out, "Last good package");
		html_name(out, v->good.nvr);
		sb_add(out, " <span class=\"soft\">from build</span> ");
		piece_build(v->r, out, &v->page, v->target, v->good.id);
		fact_end(out);
	}
	if (n) {
		fact(out, "Success rate");
		sb_addf(out, "%.0f %%: %lld of %lld builds",
			100.0 * (double)s->n_success / (double)n, (long long)s->n_success,
			(long long)n);
		fact_end(out);
	}
	if (v->conf && v->conf->component) {
		fact(out, "Component");
		html_name(out, v->conf->component);
		fact_end(out);
	}
	maintainers(out, v);
	if (b) {
		repository_url(out, "Upstream", b->upstream_url);
		if (!str_eq_null(b->upstream_url, b->packaging_url))
			repository_url(out, "Packaging", b->packaging_url);
	}
	if (!v->conf) {
		fact(out, "Configuration");
		sb_add(out, "not configured any more");
		fact_end(out);
	}
	sb_add(out, "</dl>\n");
}

/* ---- how to have it ---- */

static void install(struct strbuf *out, struct project_view *v)
{
	auto_strv struct strv lines = STRV_INIT, names = STRV_INIT;
	auto_free char *all = NULL;

	if (!v->good.id)
		return;
	vec_foreach (&v->packages, k)
		if (k->kind == PACKAGE_MAIN && !strv_has(&names, k->name))
			strv_add(&names, k->name);
	if (!names.n)
		return;
	sb_add(out, "<h2 id=\"install\">Install</h2>\n<p>Once the repository ");
	page_link_below(out, &v->page, v->target, "current", "", "current");
	sb_add(out, " is added:</p>\n");
	strv_sort(&names);
	all = strv_join(&names, " ");
	strv_addf(&lines, "dnf install %s", all);
	fact_commands(out, &lines);
}

static void badge(struct strbuf *out, const struct project_view *v)
{
	auto_free char *svg = xasprintf("%s/projects/%s.svg", v->target, v->project);
	auto_free char *html = xasprintf("%s/projects/%s.html", v->target, v->project);
	auto_free char *svg_url = report_url(v->r, svg), *html_url = report_url(v->r, html);
	auto_strv struct strv lines = STRV_INIT;

	sb_add(out, "<h2 id=\"badge\">Badge</h2>\n<p><img src=\"");
	html_url_arg(out, v->project);
	sb_add(out, ".svg\" height=\"20\" alt=\"Status of ");
	html_attr(out, v->project);
	sb_add(out, "\"></p>\n<p>In Markdown:</p>\n");
	strv_addf(&lines, "[![%s](%s)](%s)", v->project, svg_url, html_url);
	fact_commands(out, &lines);
}

/* ---- history ---- */

static void history_row(
	struct strbuf *out, const struct project_view *v, const struct store_build *b)
{
	bool ended = b->finished && b->state != BUILD_QUEUED && b->state != BUILD_RUNNING;

	sb_add(out, "<tr><th scope=\"row\">Build ");
	piece_build(v->r, out, &v->page, v->target, b->id);
	sb_add(out, "</th>");
	page_cell(out, NULL);
	page_state(out, b);
	page_cell_end(out);
	page_cell(out, NULL);
	if (b->nvr)
		html_name(out, b->nvr);
	page_cell_end(out);
	page_cell(out, NULL);
	fact_commit(out, v->r, b);
	if (b->message) {
		sb_add(out, "<span class=\"sub\">");
		html_name(out, b->message);
		sb_add(out, "</span>");
	}
	page_cell_end(out);
	page_cell(out, "Finished");
	page_time(out, ended ? b->finished : 0);
	page_cell_end(out);
	page_cell(out, "Took");
	page_seconds(out, ended ? b->seconds : -1);
	page_cell_end(out);
	sb_add(out, "</tr>\n");
}

static void history(struct strbuf *out, const struct project_view *v)
{
	static const char *const headings[] = {
		"Build", "State", "Package", "Commit", "Finished", "Took", NULL};
	auto_free char *caption = NULL;

	if (!v->builds.n)
		return;
	caption = v->builds.n < REPORT_LIST
			  ? xstrdup("All builds, newest first")
			  : xasprintf("The last %d builds, newest first", REPORT_LIST);
	sb_add(out, "<h2 id=\"history\">History</h2>\n");
	spark(out, &v->builds);
	page_table(out, "", caption, headings);
	vec_foreach (&v->builds, b)
		history_row(out, v, b);
	page_table_end(out);
}

/* ---- files ---- */

static int write_html(struct project_view *v, struct err *err)
{
	auto_free char *rel = xasprintf("%s/projects/%s.html", v->target, v->project);
	auto_strbuf struct strbuf out = STRBUF_INIT;

	page_begin(&out, &v->page);
	now_line(&out, v);
	broken_box(&out, v);
	away_box(&out, v);
	waits_box(&out, v);
	facts(&out, v);
	history(&out, v);
	install(&out, v);
	badge(&out, v);
	page_end(&out, &v->page);
	return write_page(v->r, rel, &out, err);
}

static int write_atom(struct project_view *v, struct err *err)
{
	auto_free char *atom = xasprintf("%s/projects/%s.atom", v->target, v->project);
	auto_free char *html = xasprintf("%s/projects/%s.html", v->target, v->project);
	struct atom a = {.title = v->project, .below = atom, .page = html};
	auto_strbuf struct strbuf out = STRBUF_INIT;

	atom_feed(v->r, &out, &a, &v->builds);
	return write_page(v->r, atom, &out, err);
}

static int write_data(struct project_view *v, struct err *err)
{
	auto_free char *rel = xasprintf("%s/projects/%s.json", v->target, v->project);
	const struct store_standing *s = &v->standing;
	json_t *o = json_object(), *list = json_array();

	json_put_str(o, "project", v->project);
	json_put_str(o, "target", v->target);
	json_put_str(o, "component", v->conf ? v->conf->component : NULL);
	json_put_bool(o, "configured", v->conf != NULL);
	json_put_str(o, "state", s->last ? store_state_name(s->state) : NULL);
	json_put_int(o, "last", s->last);
	json_put_int(o, "last_success", s->last_success);
	json_put_int(o, "last_success_time", s->last_success_time);
	json_put_int(o, "n_success", s->n_success);
	json_put_int(o, "n_failed", s->n_failed);
	json_put(o, "first_failure", v->first.id ? data_build(v->r, &v->first) : json_null());
	json_put(o, "unreachable", data_unreachable(v->away.n ? v->away.v : NULL));
	json_put(o, "published", v->good.id ? data_build(v->r, &v->good) : json_null());
	if (v->conf && v->conf->maintainers)
		json_put_strv(o, "maintainers", v->conf->maintainers);
	vec_foreach (&v->builds, b)
		json_array_append_new(list, data_build(v->r, b));
	json_put(o, "builds", list);
	return write_json(v->r, rel, o, err);
}

int page_of_project(struct report *r, const char *target, const char *project, struct err *err)
{
	auto_free char *json = xasprintf("%s.json", project), *atom = xasprintf("%s.atom", project);
	CLEANUP(view_release)
	struct project_view v = {
		.r = r,
		.target = target,
		.project = project,
		.conf = report_project_of(r, project),
		.page = {.title = project,
			.instance = r->conf.name,
			.target = target,
			.depth = 2,
			.json = json,
			.atom = atom},
	};
	int rc = load(&v, err);

	if (rc < 0 || (rc = write_html(&v, err)) < 0 || (rc = write_data(&v, err)) < 0 ||
		(rc = write_atom(&v, err)) < 0)
		return err_wrap(err, "page of %s", project);
	return 0;
}
