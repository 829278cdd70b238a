/* SPDX-License-Identifier: GPL-3.0-or-later */
/* repos/index.html, .json: the targets. */
#include "report/internal.h"

struct line {
	const char *target;
	size_t good, bad;
	int64_t last_success;
};

static int load(struct report *r, const char *target, struct line *ret, struct err *err)
{
	struct store_standings standings = VEC_INIT;
	int rc = store_standings(r->st, target, &standings, err);

	*ret = (struct line){.target = target};
	vec_foreach (&standings, s) {
		if (!report_project_of(r, s->project))
			continue;
		ret->good += s->state == BUILD_SUCCESS;
		ret->bad += s->state == BUILD_FAILED;
		if (s->last_success_time > ret->last_success)
			ret->last_success = s->last_success_time;
	}
	vec_free(&standings, store_standing_release);
	return rc;
}

static void link_to(struct strbuf *out, const char *target, const char *file, const char *text)
{
	sb_add(out, "<a href=\"");
	html_url_path(out, target);
	sb_addf(out, "/%s\">%s</a>", file, text);
}

static void put_row(struct report *r, struct strbuf *out, const struct line *l)
{
	sb_add(out, "<tr><th scope=\"row\">");
	html_name(out, l->target);
	sb_add(out, "</th>");
	page_cell(out, NULL);
	if (l->bad)
		sb_addf(out,
			"<span class=\"st bad\"><span aria-hidden=\"true\">\xe2\x9c\x97</span> "
			"%zu failing</span> ",
			l->bad);
	sb_addf(out, "%zu good", l->good);
	page_cell_end(out);
	page_cell(out, "Last success");
	page_time(out, l->last_success);
	page_cell_end(out);
	page_cell(out, NULL);
	link_to(out, l->target, "status_report.html", "status");
	sb_add(out, ", ");
	link_to(out, l->target, "report.html", "latest builds");
	sb_add(out, ", ");
	link_to(out, l->target, "queue.html", "queue");
	if (report_has(r, l->target, "current/index.html")) {
		sb_add(out, ", ");
		link_to(out, l->target, "current/index.html", "packages");
	}
	page_cell_end(out);
	sb_add(out, "</tr>\n");
}

static json_t *line_json(const struct line *l)
{
	json_t *o = json_object();

	json_put_str(o, "target", l->target);
	json_put_int(o, "failing", (int64_t)l->bad);
	json_put_int(o, "good", (int64_t)l->good);
	json_put_int(o, "last_success_time", l->last_success);
	return o;
}

int lists_index(struct report *r, struct err *err)
{
	static const char *const headings[] = {"Target", "Projects", "Last success", "Pages", NULL};
	struct page p = {.title = r->conf.name, .instance = r->conf.name, .json = "index.json"};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	json_t *j = json_object(), *list = json_array();
	int rc = 0;

	page_begin(&out, &p);
	page_table(&out, "targets", "What packages are built for", headings);
	strv_foreach (r->conf.targets, t) {
		struct line l;

		if (rc < 0 || (rc = load(r, *t, &l, err)) < 0)
			continue;
		put_row(r, &out, &l);
		json_array_append_new(list, line_json(&l));
	}
	page_table_end(&out);
	page_end(&out, &p);
	json_put_str(j, "name", r->conf.name);
	json_put(j, "targets", list);
	if (rc >= 0)
		rc = write_page(r, "index.html", &out, err);
	if (rc < 0) {
		json_decref(j);
		return rc;
	}
	return write_json(r, "index.json", j, err);
}
