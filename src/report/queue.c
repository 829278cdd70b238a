/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue.html, .json: what runs and waits, when it will likely begin, who waits for whom. */
#include "base/time.h"
#include "report/entries.h"
#include <math.h>

/* How many of the queue are shown; all are counted. */
#define SHOWN REPORT_LIST

struct queue {
	const char *target;
	int64_t now;
	struct strv held;
	struct report_entries shown;
	size_t running, waiting, stuck, more;
	double until; /* when all that was played is done, seconds from now; 0 nothing */
	double later; /* seconds of work behind that */
};

static void queue_release(struct queue *q)
{
	strv_release(&q->held);
	vec_free(&q->shown, report_entry_release);
}

static void count(struct queue *q, const struct entry *e)
{
	double end = e->start + e->estimate;

	if (e->state == BUILD_RUNNING)
		q->running++;
	else if (isnan(e->start))
		q->stuck++;
	else
		q->waiting++;
	if (isinf(end))
		q->later += e->estimate;
	else if (!isnan(end) && end > q->until)
		q->until = end;
}

/* The status page says it, too. */
static void remember_waits(struct report *r, const struct store_waiting_vec *all)
{
	auto_strv struct strv now = STRV_INIT;
	auto_free char *before = strv_join(&r->waits, "\n"), *after = NULL;

	vec_foreach (all, w)
		if (w->waits)
			strv_addf(&now, "%s %s\t%s", w->target, w->project, w->waits);
	after = strv_join(&now, "\n");
	if (str_eq(before, after))
		return;
	strv_release(&r->waits);
	strv_copy(&r->waits, &now);
	r->waits_changed = true;
}

static int load(struct report *r, struct queue *q, struct err *err)
{
	struct store_waiting_vec all = VEC_INIT;
	struct entries order = VEC_INIT;
	int rc = store_held(r->st, &q->held, err);

	if (rc >= 0)
		rc = entries_waiting(r, &all, err);
	if (rc >= 0)
		remember_waits(r, &all);
	if (rc >= 0)
		rc = entries_play(r, &all, &q->held, q->now, &order, err);
	for (size_t i = 0; rc >= 0 && i < order.n; i++) {
		const struct entry *o = &order.v[i];
		struct report_entry e = {
			.estimate = o->estimate, .start = o->start, .held = o->held};

		if (!str_eq(o->target, q->target))
			continue;
		count(q, o);
		if (q->shown.n >= SHOWN) {
			q->more++;
			continue;
		}
		rc = store_build_get(r->st, o->id, &e.build, err);
		if (rc >= 0)
			*vec_push(&q->shown) = e;
	}
	vec_free(&all, store_waiting_release);
	vec_release(&order);
	return rc < 0 ? rc : 0;
}

/* ---- html ---- */

static void next(struct strbuf *out, size_t start)
{
	if (out->n > start)
		sb_add(out, "; ");
}

static void put_notes(const struct report *r, struct strbuf *out, const struct page *p,
	const struct report_entry *e)
{
	const struct store_build *b = &e->build;
	auto_strbuf struct strbuf notes = STRBUF_INIT;

	if (e->held)
		sb_add(&notes, "on hold");
	if (b->waits) {
		next(&notes, 0);
		piece_waits(r, &notes, p, b->target, b->waits);
	}
	if (b->state == BUILD_RETRY) {
		next(&notes, 0);
		sb_addf(&notes, "try %lld failed: ", (long long)b->attempt);
		html_name(&notes, b->message ? b->message : "no reason is known");
	} else if (b->attempt > (b->state == BUILD_RUNNING)) {
		next(&notes, 0);
		sb_addf(&notes, "try %lld",
			(long long)b->attempt + (b->state == BUILD_RUNNING ? 0 : 1));
	}
	if (b->priority) {
		next(&notes, 0);
		sb_addf(&notes, "priority %lld", (long long)b->priority);
	}
	sb_addn(out, sb_str(&notes), notes.n);
}

static void put_trigger(
	struct report *r, struct strbuf *out, const struct page *p, const struct store_build *b)
{
	html_name(out, b->trigger ? b->trigger : "commit");
	if (!b->detail && !b->by)
		return;
	sb_add(out, "<span class=\"sub\">");
	if (b->detail)
		html_name(out, b->detail);
	if (b->by) {
		sb_add(out, b->detail ? ", build " : "build ");
		piece_build(r, out, p, b->target, b->by);
	}
	sb_add(out, "</span>");
}

/* Within a minute: the page is not written anew for seconds. */
static int64_t minute(double t)
{
	return (int64_t)t / 60 * 60;
}

static void put_row(struct report *r, struct strbuf *out, const struct page *p,
	const struct queue *q, const struct report_entry *e)
{
	const struct store_build *b = &e->build;

	sb_add(out, "<tr><th scope=\"row\">");
	piece_project(r, out, p, b->target, b->project);
	sb_add(out, "</th>");
	page_cell(out, NULL);
	page_state(out, b);
	sb_add(out, " <span class=\"soft\">build&#160;");
	piece_build(r, out, p, b->target, b->id);
	sb_add(out, "</span>");
	page_cell_end(out);
	page_cell(out, NULL);
	piece_commit(r, out, b);
	page_cell_end(out);
	page_cell(out, "Why");
	put_trigger(r, out, p, b);
	page_cell_end(out);
	page_cell(out, b->state == BUILD_RUNNING ? "Began" : "Begins about");
	if (b->state == BUILD_RUNNING)
		page_time(out, b->started);
	else if (!isfinite(e->start))
		sb_addf(out, "<span class=\"soft\">%s</span>",
			isinf(e->start) ? "later" : "not known");
	else
		page_time(out, minute((double)q->now + e->start));
	page_cell_end(out);
	page_cell(out, "Takes about");
	page_seconds(out, e->estimate > 0 ? e->estimate : -1);
	page_cell_end(out);
	page_cell(out, NULL);
	put_notes(r, out, p, e);
	page_cell_end(out);
	sb_add(out, "</tr>\n");
}

static void put_summary(
	struct report *r, struct strbuf *out, const struct page *p, const struct queue *q)
{
	sb_addf(out,
		"<p>%zu running, %zu waiting for a worker, %zu held back until something else "
		"happens; at most %u at once.",
		q->running, q->waiting, q->stuck, r->conf.jobs);
	if (q->until > 0) {
		sb_add(out, " What can be done is done about ");
		page_time(out, minute((double)q->now + q->until +
				       q->later / (r->conf.jobs ? r->conf.jobs : 1)) +
				       60);
		sb_addc(out, '.');
	}
	sb_add(out, "</p>\n");
	if (!q->held.n)
		return;
	sb_add(out, "<p class=\"box wait\"><strong>On hold:</strong> ");
	strv_foreach (&q->held, h) {
		if (h != q->held.v)
			sb_add(out, ", ");
		if (**h)
			piece_project(r, out, p, p->target, *h);
		else
			sb_add(out, "everything");
	}
	sb_add(out, "</p>\n");
}

static int html(struct report *r, const struct queue *q, struct err *err)
{
	static const char *const headings[] = {
		"Project", "State", "Commit", "Why", "Begins", "Takes about", "Remarks", NULL};
	auto_free char *rel = xasprintf("%s/queue.html", q->target);
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct page p = {.title = "Queue",
		.instance = r->conf.name,
		.target = q->target,
		.depth = 1,
		.here = PAGE_QUEUE,
		.json = "queue.json"};

	page_begin(&out, &p);
	put_summary(r, &out, &p, q);
	if (q->shown.n) {
		page_table(
			&out, "queue", "What runs, then what waits, in the likely order", headings);
		vec_foreach (&q->shown, e)
			put_row(r, &out, &p, q, e);
		page_table_end(&out);
	} else {
		sb_add(&out, "<p>Nothing runs, nothing waits.</p>\n");
	}
	if (q->more)
		sb_addf(&out, "<p>And %zu more.</p>\n", q->more);
	page_end(&out, &p);
	return write_page(r, rel, &out, err);
}

/* ---- JSON ---- */

static int json(struct report *r, const struct queue *q, struct err *err)
{
	auto_free char *rel = xasprintf("%s/queue.json", q->target);
	json_t *j = json_object(), *list = json_array();

	json_put_str(j, "target", q->target);
	json_put_int(j, "jobs", r->conf.jobs);
	json_put_int(j, "running", (int64_t)q->running);
	json_put_int(j, "waiting", (int64_t)q->waiting);
	json_put_int(j, "held_back", (int64_t)q->stuck);
	json_put_int(j, "not_listed", (int64_t)q->more);
	json_put_strv(j, "on_hold", &q->held);
	vec_foreach (&q->shown, e) {
		json_t *o = data_build(r, &e->build);

		json_put(o, "starts",
			!isfinite(e->start) ? json_null()
			: e->build.state == BUILD_RUNNING
				? json_integer(e->build.started)
				: json_integer(minute((double)q->now + e->start)));
		json_put(o, "estimate", e->estimate > 0 ? json_real(e->estimate) : json_null());
		json_put_bool(o, "held", e->held);
		json_array_append_new(list, o);
	}
	json_put(j, "builds", list);
	return write_json(r, rel, j, err);
}

int lists_queue(struct report *r, const char *target, struct err *err)
{
	CLEANUP(queue_release) struct queue q = {.target = target, .now = report_now(r)};
	int rc = load(r, &q, err);

	if (rc >= 0)
		rc = html(r, &q, err);
	return rc < 0 ? rc : json(r, &q, err);
}
