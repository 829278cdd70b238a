/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page of a build: why it failed comes first, in sight without scrolling. */
#include "report/build_parts.h"

/* ---- the box at the top ---- */

static void blame(struct strbuf *out, const struct build_view *v)
{
	CLEANUP(store_standing_release) struct store_standing s = {0};
	const struct store_build *b = v->b;

	sb_add(out, "<p>The failure of ");
	fact_project(v->r, out, v->page, b->target, b->blamed);
	if (store_standing(v->r->st, b->target, b->blamed, &s, NULL) >= 0 && s.first_failure) {
		sb_add(out, " (build ");
		piece_build(v->r, out, v->page, b->target, s.first_failure);
		sb_addc(out, ')');
	}
	sb_add(out, " explains this one.</p>\n");
}

static void since(struct strbuf *out, const struct build_view *v)
{
	CLEANUP(store_build_release) struct store_build first = {0};
	const struct store_build *b = v->b;

	if (!fact_broken_since(v->r, b->target, b->project, &first) || first.id > b->id)
		return;
	if (first.id == b->id) {
		sb_add(out, "<p>Broken since this build, by ");
	} else {
		sb_add(out, "<p>Broken since build ");
		piece_build(v->r, out, v->page, b->target, first.id);
		sb_add(out, ", by ");
	}
	fact_commit(out, v->r, &first);
	sb_add(out, "</p>\n");
}

/* "In build.log, line 12:" and the lines. */
static void log_lines(struct strbuf *out, const struct build_view *v)
{
	const struct store_build *b = v->b;
	CLEANUP(excerpt_release) struct excerpt e = {0};

	if (!str_empty(b->log) && !strchr(b->log, '/')) {
		auto_free char *dir = served_kept(v->r, b->id);

		if (excerpt_read(dir, b->log, b->cause_line, PARTS_LOG_BEFORE, PARTS_LOG_AFTER, &e))
			excerpt_html(out, &e, false);
	}
	if (!v->log_page && !v->served)
		return;
	sb_add(out, "<p>");
	if (v->log_page)
		sb_addf(out, "<a href=\"%lld-log.html#L%lld\">Line %lld in its context</a>",
			(long long)b->id, (long long)b->cause_line, (long long)b->cause_line);
	strv_foreach (&v->logs, n) {
		if (n != v->logs.v || v->log_page)
			sb_add(out, " <span class=\"soft\">\xc2\xb7</span> ");
		page_link_below(out, v->page, b->target, v->served, *n, *n);
	}
	sb_add(out, "</p>\n");
}

static void cause_box(struct strbuf *out, const struct build_view *v)
{
	const struct store_build *b = v->b;
	bool failed = b->state == BUILD_FAILED;

	if (!b->message && !b->waits && !b->blamed)
		return;
	sb_addf(out, "<section class=\"box %s\" aria-labelledby=\"cause\">\n<h2 id=\"cause\">",
		failed ? "bad" : "wait");
	if (!b->message)
		sb_add(out, "Waits");
	else if (str_empty(b->cause_step))
		sb_add(out, "Failed");
	else {
		sb_add(out, "Failed in ");
		html_name(out, b->cause_step);
	}
	sb_add(out, "</h2>\n");
	if (b->message) {
		sb_add(out, "<p class=\"message\">");
		html_name(out, b->message);
		sb_add(out, "</p>\n");
	}
	if (b->state == BUILD_RETRY && b->not_before > 0) {
		sb_add(out, "<p>Tried again from ");
		page_time(out, b->not_before);
		sb_add(out, ".</p>\n");
	}
	if (b->waits && (b->state == BUILD_QUEUED || b->state == BUILD_RETRY))
		fact_waits(v->r, out, v->page, b);
	if (b->blamed)
		blame(out, v);
	if (b->message)
		log_lines(out, v);
	if (failed)
		since(out, v);
	sb_add(out, "</section>\n");
}

/* ---- what it is ---- */

static void trigger(struct strbuf *out, const struct build_view *v)
{
	static const struct {
		const char *word, *text;
	} known[] = {{"commit", "a new commit"}, {"recheck", "asked for by a person"},
		{"rebuild", "a dependency changed"},
		{"dependency", "a dependency that it failed for is there now"},
		{"retry", "another try"}};
	const struct store_build *b = v->b;
	const char *text = b->trigger;

	if (str_empty(text))
		return;
	for (size_t i = 0; i < COUNTOF(known); i++)
		if (str_eq(b->trigger, known[i].word))
			text = known[i].text;
	fact(out, "Trigger");
	html_name(out, text);
	if (b->detail) {
		sb_add(out, ": ");
		html_name(out, b->detail);
	}
	if (b->by) {
		sb_add(out, " (build ");
		piece_build(v->r, out, v->page, b->target, b->by);
		sb_addc(out, ')');
	}
	fact_end(out);
}

static void packaging(struct strbuf *out, const struct build_view *v)
{
	const struct store_build *b = v->b;
	auto_free char *url = web_packaging(v->r, b);

	if (str_empty(b->packaging_sha) || str_eq_null(b->upstream_sha, b->packaging_sha))
		return;
	fact(out, "Packaging");
	fact_sha(out, b->packaging_sha, url);
	if (b->packaging_time > 0) {
		sb_add(out, " <span class=\"soft\">of</span> ");
		page_time(out, b->packaging_time);
	}
	fact_end(out);
}

static void when(struct strbuf *out, const char *name, int64_t t)
{
	if (t <= 0)
		return;
	fact(out, name);
	page_time(out, t);
	fact_end(out);
}

static void facts(struct strbuf *out, const struct build_view *v)
{
	const struct store_build *b = v->b;
	bool ended = b->state != BUILD_QUEUED && b->state != BUILD_RUNNING;

	sb_add(out, "<dl class=\"facts\">\n");
	fact(out, "Project");
	fact_project(v->r, out, v->page, b->target, b->project);
	fact_end(out);
	if (b->nvr) {
		fact(out, "Package");
		html_name(out, b->nvr);
		fact_end(out);
	}
	fact(out, "Commit");
	fact_commit(out, v->r, b);
	fact_end(out);
	packaging(out, v);
	trigger(out, v);
	when(out, "Queued", b->queued);
	when(out, "Started", b->started);
	if (ended) {
		when(out, "Finished", b->finished);
		fact(out, "Took");
		page_seconds(out, b->seconds);
		fact_end(out);
	}
	if (b->published && b->repo) {
		fact(out, "Repository");
		page_link_below(out, v->page, b->target, b->repo, "", b->repo);
		fact_end(out);
	}
	if (b->pinned) {
		fact(out, "Pinned");
		sb_add(out, "never deleted by gc");
		fact_end(out);
	}
	/* the box has them */
	if (v->logs.n && !b->message) {
		fact(out, "Logs");
		strv_foreach (&v->logs, n) {
			if (n != v->logs.v)
				sb_add(out, ", ");
			page_link_below(out, v->page, b->target, v->served, *n, *n);
		}
		fact_end(out);
	}
	sb_add(out, "</dl>\n");
}

static void reproduce(struct strbuf *out, const struct build_view *v)
{
	auto_strv struct strv lines = STRV_INIT;

	if (v->b->state == BUILD_QUEUED || v->b->state == BUILD_RUNNING)
		return;
	sb_add(out,
		"<h2 id=\"reproduce\">Reproduce</h2>\n"
		"<p>The same commits in the same root once more, or a shell in that root:</p>\n");
	strv_addf(&lines, "packmill reproduce %lld", (long long)v->b->id);
	strv_addf(&lines, "packmill shell --build %lld", (long long)v->b->id);
	fact_commands(out, &lines);
}

static int write_html(struct build_view *v, struct err *err)
{
	const struct store_build *b = v->b;
	auto_free char *rel = xasprintf("%s/builds/%lld.html", b->target, (long long)b->id);
	auto_free char *json = xasprintf("%lld.json", (long long)b->id);
	auto_free char *title = xasprintf("%s, build %lld", b->project, (long long)b->id);
	struct page p = {.title = title,
		.instance = v->r->conf.name,
		.target = b->target,
		.depth = 2,
		.json = json,
		.plain_heading = true};
	auto_strbuf struct strbuf out = STRBUF_INIT;

	v->page = &p;
	page_begin(&out, &p);
	sb_add(&out, "<h1>");
	html_name(&out, b->project);
	sb_addf(&out, ", build %lld ", (long long)b->id);
	page_state(&out, b);
	sb_add(&out, "</h1>\n");
	cause_box(&out, v);
	facts(&out, v);
	section_attempts(&out, v);
	section_changes(&out, v);
	section_steps(&out, v);
	section_artifacts(&out, v);
	section_lint(&out, v);
	section_root(&out, v);
	reproduce(&out, v);
	page_end(&out, &p);
	return write_page(v->r, rel, &out, err);
}

int page_of_build(struct report *r, const struct store_build *b, struct err *err)
{
	CLEANUP(build_view_release) struct build_view v = {.r = r, .b = b};
	auto_free char *rel = xasprintf("%s/builds/%lld.json", b->target, (long long)b->id);
	int rc = build_view_load(&v, err);

	if (rc >= 0)
		rc = log_page(r, b, v.served, &v.log_page, err);
	if (rc >= 0)
		rc = write_html(&v, err);
	if (rc >= 0)
		rc = write_json(r, rel, build_json(&v), err);
	return rc < 0 ? err_wrap(err, "page of build %lld", (long long)b->id) : 0;
}
