/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Feeds by RFC 4287. An id is a tag (RFC 4151) of the host that serves the pages, the instance, the
 * target and the build's number: the same for ever, also when a build is tried again (then
 * `updated` moves). Without a host of its own (pages by file://) the host is "localhost".
 */
#include "base/time.h"
#include "report/internal.h"

#define ENTRIES  50
#define TAG_DATE "2026-01-01" /* a day on which whoever has the host now had it, too, is enough */

static void put_tag(const struct report *r, struct strbuf *out, const char *specific)
{
	const char *host = r->conf.baseurl ? strstr(r->conf.baseurl, "://") : NULL;
	size_t n = host ? strcspn(host + 3, "/:?#") : 0;

	sb_add(out, "tag:");
	if (n && html_url_ok(r->conf.baseurl))
		sb_addn(out, host + 3, n);
	else
		sb_add(out, "localhost");
	sb_add(out, "," TAG_DATE ":packmill/");
	html_url_arg(out, r->conf.name);
	sb_addc(out, '/');
	html_url_path(out, specific);
}

static void put_time(struct strbuf *out, const char *element, int64_t t)
{
	char iso[21];

	time_iso(t, iso);
	sb_addf(out, "<%s>%s</%s>\n", element, iso, element);
}

static void put_link(
	struct report *r, struct strbuf *out, const char *rel, const char *type, const char *below)
{
	auto_free char *url = report_url(r, below);

	sb_addf(out, "<link rel=\"%s\" type=\"%s\" href=\"", rel, type);
	html_attr(out, url);
	sb_add(out, "\"/>\n");
}

static void put_summary(struct strbuf *out, const struct store_build *b)
{
	sb_add(out, "<summary>");
	if (b->state != BUILD_SUCCESS && b->message) {
		if (b->cause_step) {
			html_txt(out, b->cause_step);
			sb_add(out, ": ");
		}
		html_cut(out, b->message, HTML_TEXT);
		sb_add(out, ". ");
	}
	if (b->blamed) {
		sb_add(out, "Because of ");
		html_cut(out, b->blamed, HTML_TEXT);
		sb_add(out, ". ");
	}
	sb_add(out, "Commit ");
	html_cut(out, str_empty(b->upstream_sha) ? "?" : b->upstream_sha, 12);
	if (!str_empty(b->author)) {
		sb_add(out, " by ");
		html_cut(out, b->author, HTML_TEXT);
	}
	if (!str_empty(b->subject)) {
		sb_add(out, ": ");
		html_cut(out, b->subject, HTML_TEXT);
	}
	sb_add(out, "</summary>\n");
}

static void put_entry(struct report *r, struct strbuf *out, const struct store_build *b)
{
	auto_free char *below = xasprintf("%s/builds/%lld.html", b->target, (long long)b->id);
	auto_free char *tag = xasprintf("%s/build/%lld", b->target, (long long)b->id);

	sb_add(out, "<entry>\n<id>");
	put_tag(r, out, tag);
	sb_add(out, "</id>\n<title>");
	html_cut(out, b->nvr ? b->nvr : b->project, HTML_TEXT);
	sb_addf(out, ": %s</title>\n", page_state_word(b));
	put_time(out, "updated", b->finished);
	put_time(out, "published", b->queued ? b->queued : b->finished);
	put_link(r, out, "alternate", "text/html", below);
	sb_add(out, "<category term=\"");
	html_attr(out, b->project);
	sb_addf(out, "\"/>\n<category term=\"%s\"/>\n", page_state_word(b));
	put_summary(out, b);
	sb_add(out, "</entry>\n");
}

void atom_feed(struct report *r, struct strbuf *out, const struct atom *a,
	const struct store_builds *builds)
{
	int64_t updated = 0;

	vec_foreach (builds, b)
		if (b->finished > updated)
			updated = b->finished;
	sb_add(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		    "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<id>");
	put_tag(r, out, a->below);
	sb_add(out, "</id>\n<title>");
	html_txt(out, a->title);
	sb_add(out, "</title>\n");
	put_time(out, "updated", updated);
	sb_add(out, "<author><name>");
	html_txt(out, r->conf.name);
	sb_add(out, "</name></author>\n<generator>packmill</generator>\n");
	put_link(r, out, "self", "application/atom+xml", a->below);
	put_link(r, out, "alternate", "text/html", a->page);
	for (size_t i = 0; i < builds->n && i < ENTRIES; i++)
		put_entry(r, out, &builds->v[i]);
	sb_add(out, "</feed>\n");
}
