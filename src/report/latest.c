/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.html, .json, .atom: the builds of a target that ended last. */
#include "report/internal.h"
#include "store/pages.h"

static void row(
	struct report *r, struct strbuf *out, const struct page *p, const struct store_build *b)
{
	sb_add(out, "<tr><th scope=\"row\">");
	piece_project(r, out, p, b->target, b->project);
	if (b->nvr) {
		sb_add(out, "<span class=\"sub\">");
		html_name(out, b->nvr);
		sb_add(out, "</span>");
	}
	sb_add(out, "</th>");
	page_cell(out, NULL);
	page_state(out, b);
	sb_add(out, " <span class=\"soft\">build&#160;");
	piece_build(r, out, p, b->target, b->id);
	sb_add(out, "</span>");
	piece_cause(r, out, p, b);
	page_cell_end(out);
	page_cell(out, NULL);
	piece_commit(r, out, b);
	page_cell_end(out);
	page_cell(out, "Committed");
	page_time(out, b->commit_time ? b->commit_time : b->packaging_time);
	page_cell_end(out);
	page_cell(out, "Built");
	page_time(out, b->finished);
	page_cell_end(out);
	page_cell(out, NULL);
	piece_repository(r, out, p, b);
	page_cell_end(out);
	page_cell(out, NULL);
	piece_log(r, out, p, b);
	page_cell_end(out);
	sb_add(out, "</tr>\n");
}

static int html(
	struct report *r, const char *target, const struct store_builds *builds, struct err *err)
{
	static const char *const headings[] = {
		"Project", "Status", "Commit", "Committed", "Built", "Repository", "Log", NULL};
	auto_free char *rel = xasprintf("%s/report.html", target);
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct page p = {.title = "Latest builds",
		.instance = r->conf.name,
		.target = target,
		.depth = 1,
		.here = PAGE_LATEST,
		.json = "report.json",
		.atom = "report.atom"};

	page_begin(&out, &p);
	if (builds->n) {
		page_table(&out, "builds", "The builds that ended last, newest first", headings);
		vec_foreach (builds, b)
			row(r, &out, &p, b);
		page_table_end(&out);
	} else {
		sb_add(&out, "<p>No build is over yet.</p>\n");
	}
	page_end(&out, &p);
	return write_page(r, rel, &out, err);
}

static int json(
	struct report *r, const char *target, const struct store_builds *builds, struct err *err)
{
	auto_free char *rel = xasprintf("%s/report.json", target);
	json_t *j = json_object(), *list = json_array();

	json_put_str(j, "target", target);
	vec_foreach (builds, b)
		json_array_append_new(list, data_build(r, b));
	json_put(j, "builds", list);
	return write_json(r, rel, j, err);
}

static int feed(
	struct report *r, const char *target, const struct store_builds *builds, struct err *err)
{
	auto_free char *below = xasprintf("%s/report.atom", target);
	auto_free char *page = xasprintf("%s/report.html", target);
	auto_free char *title = xasprintf("%s: builds for %s", r->conf.name, target);
	auto_strbuf struct strbuf out = STRBUF_INIT;

	atom_feed(r, &out, &(struct atom){.title = title, .below = below, .page = page}, builds);
	return write_page(r, below, &out, err);
}

int lists_latest(struct report *r, const char *target, struct err *err)
{
	struct store_builds builds = VEC_INIT;
	int rc = store_ended(r->st, target, REPORT_LIST, &builds, err);

	if (rc >= 0)
		rc = html(r, target, &builds, err);
	if (rc >= 0)
		rc = json(r, target, &builds, err);
	if (rc >= 0)
		rc = feed(r, target, &builds, err);
	vec_free(&builds, store_build_release);
	return rc;
}
