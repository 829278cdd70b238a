/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/page.h"
#include "base/time.h"

static void up(struct strbuf *out, unsigned n)
{
	while (n-- > 0)
		sb_add(out, "../");
}

void page_root(struct strbuf *out, const struct page *p)
{
	up(out, p->depth);
}

void page_top(struct strbuf *out, const struct page *p)
{
	up(out, p->depth > 0 ? p->depth - 1 : 0);
}

static void beside(struct strbuf *out, const char *type, const char *name, const char *title)
{
	if (!name)
		return;
	sb_addf(out, "<link rel=\"alternate\" type=\"%s\" href=\"", type);
	html_url_path(out, name);
	sb_addf(out, "\" title=\"%s\">\n", title);
}

/* No script anywhere, nothing from elsewhere; said here too, for whoever finds a hole in us. */
#define CSP                                                                                        \
	"default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "            \
	"form-action "                                                                             \
	"'none'"

static void head(struct strbuf *out, const struct page *p)
{
	sb_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"" CSP "\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n"
		    "<meta name=\"referrer\" content=\"no-referrer\">\n"
		    "<meta name=\"generator\" content=\"packmill\">\n<title>");
	html_txt(out, p->title);
	if (p->target) {
		sb_add(out, " - ");
		html_txt(out, p->target);
	}
	sb_add(out, " - ");
	html_txt(out, p->instance);
	sb_add(out, "</title>\n<link rel=\"stylesheet\" href=\"");
	page_root(out, p);
	/* without an icon browsers ask the server for one */
	sb_add(out, PAGE_CSS "\">\n<link rel=\"icon\" href=\"data:,\">\n");
	beside(out, "application/json", p->json, "JSON");
	beside(out, "application/atom+xml", p->atom, "Atom");
	sb_add(out, "</head>\n");
}

static void tab(struct strbuf *out, const struct page *p, enum page_tab which, const char *file,
	const char *text)
{
	sb_add(out, "<li><a href=\"");
	page_top(out, p);
	sb_addf(out, "%s\"%s>%s</a></li>\n", file, p->here == which ? " aria-current=\"page\"" : "",
		text);
}

static void navigation(struct strbuf *out, const struct page *p)
{
	sb_add(out, "<nav aria-label=\"Main\">\n<ul>\n<li><a class=\"home\" href=\"");
	page_root(out, p);
	sb_addf(out, "index.html\"%s>", p->target ? "" : " aria-current=\"page\"");
	html_txt(out, p->instance);
	sb_add(out, "</a></li>\n");
	if (p->target) {
		tab(out, p, PAGE_STATUS, "status_report.html", "Status");
		tab(out, p, PAGE_LATEST, "report.html", "Latest builds");
		tab(out, p, PAGE_QUEUE, "queue.html", "Queue");
	}
	sb_add(out, "</ul>\n</nav>\n");
}

void page_begin(struct strbuf *out, const struct page *p)
{
	head(out, p);
	sb_add(out, "<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header>\n");
	navigation(out, p);
	if (p->target) {
		sb_add(out, "<p class=\"target\"><span>Target</span> ");
		html_txt(out, p->target);
		sb_add(out, "</p>\n");
	}
	sb_add(out, "</header>\n<main id=\"main\" tabindex=\"-1\">\n");
	if (!p->plain_heading) {
		sb_add(out, "<h1>");
		html_txt(out, p->title);
		sb_add(out, "</h1>\n");
	}
}

static void also(struct strbuf *out, const char *name, const char *text)
{
	if (!name)
		return;
	sb_add(out, " <a href=\"");
	html_url_path(out, name);
	sb_addf(out, "\">%s</a>", text);
}

void page_end(struct strbuf *out, const struct page *p)
{
	sb_add(out, "</main>\n<footer>\n<p>Times are UTC.");
	if (p->json || p->atom)
		sb_add(out, " This page as");
	also(out, p->json, "JSON");
	if (p->json && p->atom)
		sb_add(out, " and");
	also(out, p->atom, "Atom feed");
	if (p->json || p->atom)
		sb_addc(out, '.');
	sb_add(out, "</p>\n</footer>\n</body>\n</html>\n");
}

/* ---- tables ---- */

void page_table(
	struct strbuf *out, const char *cls, const char *caption, const char *const *headings)
{
	sb_addf(out, "<table%s%s%s>\n<caption>", *cls ? " class=\"" : "", cls, *cls ? "\"" : "");
	html_txt(out, caption);
	sb_add(out, "</caption>\n<thead><tr>");
	for (; *headings; headings++) {
		sb_add(out, "<th scope=\"col\">");
		html_txt(out, *headings);
		sb_add(out, "</th>");
	}
	sb_add(out, "</tr></thead>\n<tbody>\n");
}

void page_table_end(struct strbuf *out)
{
	sb_add(out, "</tbody>\n</table>\n");
}

void page_cell(struct strbuf *out, const char *label)
{
	sb_add(out, "<td");
	html_opt_attr(out, "data-label", label);
	sb_addc(out, '>');
}

void page_cell_end(struct strbuf *out)
{
	sb_add(out, "</td>");
}

/* ---- times ---- */

#define NOTHING "<span class=\"none\">\xe2\x80\x93</span>"

void page_time(struct strbuf *out, int64_t t)
{
	char iso[21];

	if (t <= 0) {
		sb_add(out, NOTHING);
		return;
	}
	time_iso(t, iso);
	sb_addf(out, "<time datetime=\"%s\">%.10s %.5s</time>", iso, iso, iso + 11);
}

void page_day(struct strbuf *out, int64_t t)
{
	char iso[21];

	if (t <= 0) {
		sb_add(out, NOTHING);
		return;
	}
	time_iso(t, iso);
	sb_addf(out, "<time datetime=\"%s\">%.10s</time>", iso, iso);
}

void page_seconds(struct strbuf *out, double seconds)
{
	unsigned long long s;

	if (!(seconds >= 0) || seconds > 1e12) {
		sb_add(out, NOTHING);
		return;
	}
	s = (unsigned long long)(seconds + 0.5);
	if (seconds < 0.1)
		sb_addf(out, "%.0f ms", seconds * 1000);
	else if (seconds < 10)
		sb_addf(out, "%.1f s", seconds);
	else if (s < 60)
		sb_addf(out, "%llu s", s);
	else if (s < 3600)
		sb_addf(out, "%llu min %llu s", s / 60, s % 60);
	else if (s < 86400)
		sb_addf(out, "%llu h %llu min", s / 3600, s % 3600 / 60);
	else
		sb_addf(out, "%llu d %llu h", s / 86400, s % 86400 / 3600);
}

/* ---- states ---- */

/* The mark is for eyes only; the word says it. */
static const struct look {
	const char *word, *cls, *mark;
} looks[] = {
	[BUILD_QUEUED] = {"queued", "wait", "\xe2\x80\xa6"},
	[BUILD_RUNNING] = {"running", "run", "\xe2\x96\xb6"},
	[BUILD_SUCCESS] = {"success", "ok", "\xe2\x9c\x93"},
	[BUILD_FAILED] = {"failed", "bad", "\xe2\x9c\x97"},
	[BUILD_RETRY] = {"retry", "wait", "\xe2\x86\xbb"},
	[BUILD_CANCELLED] = {"cancelled", "off", "\xe2\x88\x92"},
};

static const struct look *look_of(const struct store_build *b)
{
	static const struct look waits = {"waits", "wait", "\xe2\x80\xa6"};
	static const struct look unknown = {"unknown", "off", "?"};

	if (b->state == BUILD_QUEUED && b->waits)
		return &waits;
	return (size_t)b->state < COUNTOF(looks) ? &looks[b->state] : &unknown;
}

const char *page_state_word(const struct store_build *b)
{
	return look_of(b)->word;
}

static void put_look(struct strbuf *out, const struct look *l)
{
	sb_addf(out, "<span class=\"st %s\"><span aria-hidden=\"true\">%s</span> %s</span>", l->cls,
		l->mark, l->word);
}

void page_state(struct strbuf *out, const struct store_build *b)
{
	put_look(out, look_of(b));
}

void page_unreachable(struct strbuf *out)
{
	put_look(out, &(struct look){"unreachable", "bad", "!"});
}

/* ---- links ---- */

static void to_target(struct strbuf *out, const struct page *p, const char *target)
{
	if (p->target && str_eq(p->target, target)) {
		page_top(out, p);
		return;
	}
	page_root(out, p);
	html_url_path(out, target);
	sb_addc(out, '/');
}

void page_link_build(struct strbuf *out, const struct page *p, const char *target, int64_t id)
{
	sb_add(out, "<a href=\"");
	to_target(out, p, target);
	sb_addf(out, "builds/%lld.html\">%lld</a>", (long long)id, (long long)id);
}

void page_link_project(
	struct strbuf *out, const struct page *p, const char *target, const char *project)
{
	sb_add(out, "<a href=\"");
	to_target(out, p, target);
	sb_add(out, "projects/");
	html_url_arg(out, project);
	sb_add(out, ".html\">");
	html_name(out, project);
	sb_add(out, "</a>");
}

void page_link_below(struct strbuf *out, const struct page *p, const char *target, const char *dir,
	const char *file, const char *text)
{
	sb_add(out, "<a href=\"");
	to_target(out, p, target);
	html_url_path(out, dir);
	sb_addc(out, '/');
	html_url_path(out, *file ? file : "index.html");
	sb_add(out, "\">");
	html_name(out, text);
	sb_add(out, "</a>");
}
