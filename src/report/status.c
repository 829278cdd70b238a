/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * status_report.html, .json: each project of a target, what is broken first. "Days since" counts
 * calendar days up to the day that the page names; report_tick writes it anew on the next.
 */
#include "base/time.h"
#include "report/internal.h"

struct row {
	const char *project;
	const struct report_project *conf;
	const struct store_standing *standing; /* NULL: nothing is over yet */
	struct store_build *last;              /* NULL: not there any more */
	struct store_build first_failure;      /* id 0: none, or forgotten */
	const char *waits;                     /* project its next build waits for; NULL */
	const struct store_unreachable *away;  /* NULL: it can be looked at for new commits */
};
VEC_TYPE(rows, struct row);

static void row_release(struct row *w)
{
	store_build_release(&w->first_failure);
}

/* Broken by itself, broken by another, out of reach, held up by another or never built, good. */
enum { RANK_BROKEN, RANK_BLAMES, RANK_AWAY, RANK_WAITS, RANK_GOOD };

static int rank(const struct row *w)
{
	if (w->standing && w->standing->state != BUILD_SUCCESS)
		return w->last && w->last->blamed ? RANK_BLAMES : RANK_BROKEN;
	if (w->away)
		return RANK_AWAY;
	return w->standing && !w->waits ? RANK_GOOD : RANK_WAITS;
}

static int64_t bad_since(const struct row *w, int rank)
{
	return rank < RANK_AWAY    ? w->standing->first_failure_time
	       : rank == RANK_AWAY ? w->away->since
				   : 0;
}

/* What is broken longest comes first. */
static int by_trouble(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int rx = rank(x), ry = rank(y);

	if (rx != ry)
		return rx - ry;
	if (bad_since(x, rx) != bad_since(y, ry))
		return bad_since(x, rx) < bad_since(y, ry) ? -1 : 1;
	return strcmp(x->project, y->project);
}

/* What the store says of all projects. */
struct known {
	struct store_standings standings;
	struct store_builds last;
	struct store_unreachables away;
};

static void known_release(struct known *k)
{
	vec_free(&k->standings, store_standing_release);
	vec_free(&k->last, store_build_release);
	vec_free(&k->away, store_unreachable_release);
}

static int ask(struct report *r, const char *target, struct known *ret, struct err *err)
{
	int rc = store_standings(r->st, target, &ret->standings, err);

	if (rc >= 0)
		rc = store_last_builds(r->st, target, &ret->last, err);
	return rc < 0 ? rc : store_unreachable(r->st, NULL, &ret->away, err);
}

static int gather(struct report *r, const char *target, const struct known *known, struct rows *ret,
	struct err *err)
{
	auto_hmap struct hmap by_standing = HMAP_INIT, by_last = HMAP_INIT, waits = HMAP_INIT,
			      by_away = HMAP_INIT;
	size_t k;

	for (size_t i = 0; i < r->waits.n; i++) {
		auto_free char *key = xstrndup(r->waits.v[i], strcspn(r->waits.v[i], "\t"));

		(void)hmap_set(&waits, key, i);
	}

	for (size_t i = 0; i < known->standings.n; i++)
		(void)hmap_set(&by_standing, known->standings.v[i].project, i);
	for (size_t i = 0; i < known->last.n; i++)
		(void)hmap_set(&by_last, known->last.v[i].project, i);
	for (size_t i = 0; i < known->away.n; i++)
		(void)hmap_set(&by_away, known->away.v[i].project, i);
	vec_foreach (r->conf.projects, p) {
		struct row w = {.project = p->project, .conf = p};
		auto_free char *key = xasprintf("%s %s", target, p->project);

		if (!report_builds_for(p, target))
			continue;
		if (hmap_get(&waits, key, &k))
			w.waits = r->waits.v[k] + strlen(key) + 1;
		if (hmap_get(&by_standing, p->project, &k))
			w.standing = &known->standings.v[k];
		if (hmap_get(&by_last, p->project, &k))
			w.last = &known->last.v[k];
		if (hmap_get(&by_away, p->project, &k))
			w.away = &known->away.v[k];
		if (w.standing && w.standing->first_failure) {
			int rc = store_build_get(
				r->st, w.standing->first_failure, &w.first_failure, err);

			if (rc < 0 && rc != -ERR_NOT_FOUND)
				return rc;
			if (rc < 0)
				err_clear(err);
		}
		*vec_push(ret) = w;
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof *ret->v, by_trouble);
	return 0;
}

/* Calendar days; -1: there is none. */
static int64_t days_since(const struct report *r, int64_t t)
{
	return t > 0 ? (r->shown_day > t / 86400 ? r->shown_day - t / 86400 : 0) : -1;
}

/* ---- html ---- */

static void put_since(
	struct report *r, struct strbuf *out, const struct page *p, const struct row *w)
{
	if (!w->standing || !w->standing->first_failure)
		return;
	page_time(out, w->standing->first_failure_time);
	sb_add(out, " <span class=\"soft\">build&#160;");
	piece_build(r, out, p, p->target, w->standing->first_failure);
	sb_add(out, "</span>");
	if (w->first_failure.id) {
		sb_add(out, "<span class=\"sub\">");
		piece_commit(r, out, &w->first_failure);
		sb_add(out, "</span>");
	}
}

static void put_success(struct report *r, struct strbuf *out, const struct row *w)
{
	int64_t t = w->standing ? w->standing->last_success_time : 0;
	int64_t days = days_since(r, t);

	page_cell(out, "Last success");
	if (t)
		page_day(out, t);
	else
		sb_add(out, "never");
	page_cell_end(out);
	sb_addf(out, "<td class=\"num\" data-label=\"Days since\">");
	if (days >= 0)
		sb_addf(out, "%lld", (long long)days);
	page_cell_end(out);
}

static void put_away(struct strbuf *out, const struct store_unreachable *u)
{
	sb_add(out, "<span class=\"sub\">");
	page_unreachable(out);
	sb_add(out, " upstream cannot be reached since ");
	page_time(out, u->since);
	sb_add(out, ": ");
	html_name(out, u->text);
	sb_add(out, "</span>");
}

static void put_row(struct report *r, struct strbuf *out, const struct page *p, const struct row *w)
{
	sb_add(out, "<tr><th scope=\"row\">");
	piece_project(r, out, p, p->target, w->project);
	if (w->conf->component) {
		sb_add(out, "<span class=\"sub\">");
		html_name(out, w->conf->component);
		sb_add(out, "</span>");
	}
	sb_add(out, "</th>");
	page_cell(out, NULL);
	if (w->standing) {
		struct store_build shown = {.state = w->standing->state};

		page_state(out, &shown);
		sb_add(out, " <span class=\"soft\">build&#160;");
		piece_build(r, out, p, p->target, w->standing->last);
		sb_add(out, "</span>");
	} else {
		sb_add(out, "<span class=\"soft\">not built yet</span>");
	}
	if (w->last && w->standing && w->standing->state == BUILD_FAILED)
		piece_cause(r, out, p, w->last);
	if (w->away)
		put_away(out, w->away);
	if (w->waits) {
		sb_add(out, "<span class=\"sub\">the next ");
		piece_waits(r, out, p, p->target, w->waits);
		sb_add(out, "</span>");
	}
	page_cell_end(out);
	page_cell(out, w->standing && w->standing->first_failure ? "Failing since" : NULL);
	put_since(r, out, p, w);
	page_cell_end(out);
	put_success(r, out, w);
	sb_add(out, "</tr>\n");
}

struct counts {
	size_t good, bad, none, waiting, away;
};

static struct counts count(const struct rows *rows)
{
	struct counts n = {0};

	vec_foreach (rows, w) {
		n.waiting += w->waits != NULL;
		n.away += w->away != NULL;
		if (!w->standing)
			n.none++;
		else if (w->standing->state == BUILD_SUCCESS)
			n.good++;
		else
			n.bad++;
	}
	return n;
}

static int html(struct report *r, const char *target, const struct rows *rows, struct err *err)
{
	static const char *const headings[] = {"Project", "Status of the last build",
		"First failure after success", "Last success", "Days since", NULL};
	auto_free char *rel = xasprintf("%s/status_report.html", target);
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct counts n = count(rows);
	struct page p = {.title = "Status of all projects",
		.instance = r->conf.name,
		.target = target,
		.depth = 1,
		.here = PAGE_STATUS,
		.json = "status_report.json"};

	page_begin(&out, &p);
	sb_addf(&out, "<p>%zu failing, %zu good, %zu not built yet", n.bad, n.good, n.none);
	if (n.away)
		sb_addf(&out, "; of %zu the upstream cannot be reached", n.away);
	if (n.waiting)
		sb_addf(&out, "; %zu wait%s for another project", n.waiting,
			n.waiting == 1 ? "s" : "");
	sb_add(&out, ". Days are counted to ");
	page_day(&out, r->shown_day * 86400);
	sb_add(&out, ".</p>\n");
	if (rows->n) {
		page_table(
			&out, "status", "Projects: what is broken first, longest first", headings);
		vec_foreach (rows, w)
			put_row(r, &out, &p, w);
		page_table_end(&out);
	} else {
		sb_add(&out, "<p>No project is configured for this target.</p>\n");
	}
	page_end(&out, &p);
	return write_page(r, rel, &out, err);
}

/* ---- JSON ---- */

static json_t *row_json(struct report *r, const struct row *w)
{
	const struct store_standing *s = w->standing;
	int64_t days = days_since(r, s ? s->last_success_time : 0);
	json_t *o = json_object();

	json_put_str(o, "project", w->project);
	json_put_str(o, "component", w->conf->component);
	json_put_str(o, "status", s ? store_state_name(s->state) : "none");
	json_put(o, "last", s ? json_integer(s->last) : json_null());
	json_put(o, "first_failure",
		s && s->first_failure ? json_integer(s->first_failure) : json_null());
	json_put_int(o, "first_failure_time", s ? s->first_failure_time : 0);
	json_put(o, "first_failure_build",
		w->first_failure.id ? data_build(r, &w->first_failure) : json_null());
	json_put(o, "last_success",
		s && s->last_success ? json_integer(s->last_success) : json_null());
	json_put_int(o, "last_success_time", s ? s->last_success_time : 0);
	json_put(o, "days_since_success", days >= 0 ? json_integer(days) : json_null());
	json_put_int(o, "succeeded", s ? s->n_success : 0);
	json_put_int(o, "failed", s ? s->n_failed : 0);
	json_put_str(o, "message", w->last ? w->last->message : NULL);
	json_put_str(o, "blamed", w->last ? w->last->blamed : NULL);
	json_put_str(o, "waits", w->waits);
	json_put(o, "unreachable", data_unreachable(w->away));
	return o;
}

static int json(struct report *r, const char *target, const struct rows *rows, struct err *err)
{
	auto_free char *rel = xasprintf("%s/status_report.json", target);
	json_t *j = json_object(), *list = json_array();
	char day[21];

	time_iso(r->shown_day * 86400, day);
	day[10] = '\0';
	json_put_str(j, "target", target);
	json_put_str(j, "day", day);
	vec_foreach (rows, w)
		json_array_append_new(list, row_json(r, w));
	json_put(j, "projects", list);
	return write_json(r, rel, j, err);
}

int lists_status(struct report *r, const char *target, struct err *err)
{
	CLEANUP(known_release) struct known known = {0};
	struct rows rows = VEC_INIT;
	int rc = ask(r, target, &known, err);

	r->shown_day = report_now(r) / 86400;
	if (rc >= 0)
		rc = gather(r, target, &known, &rows, err);
	if (rc >= 0)
		rc = html(r, target, &rows, err);
	if (rc >= 0)
		rc = json(r, target, &rows, err);
	vec_free(&rows, row_release);
	return rc;
}
