/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces that several pages have. */
#include "report/parts.h"

void fact(struct strbuf *out, const char *name)
{
	sb_addf(out, "<dt>%s</dt>\n<dd>", name);
}

void fact_end(struct strbuf *out)
{
	sb_add(out, "</dd>\n");
}

void fact_count(struct strbuf *out, size_t n, const char *word)
{
	sb_addf(out, "%zu %s%s", n, word, n == 1 ? "" : "s");
}

void fact_project(const struct report *r, struct strbuf *out, const struct page *p,
	const char *target, const char *project)
{
	const struct report_project *known = report_project_of(r, project);

	if (known && report_builds_for(known, target))
		page_link_project(out, p, target, project);
	else
		piece_project(r, out, p, target, project);
}

void fact_sha(struct strbuf *out, const char *sha, const char *url)
{
	auto_free char *text = xasprintf("%.12s", sha);

	sb_add(out, "<code>");
	html_link(out, url, text);
	sb_add(out, "</code>");
}

void fact_commit(struct strbuf *out, const struct report *r, const struct store_build *b)
{
	auto_free char *up = web_upstream(r, b), *pack = web_packaging(r, b);

	if (!str_empty(b->upstream_sha))
		fact_sha(out, b->upstream_sha, up ?: pack);
	if (b->subject) {
		sb_addc(out, ' ');
		html_name(out, b->subject);
	}
	if (b->author) {
		sb_add(out, " <span class=\"soft\">by</span> ");
		html_name(out, b->author);
	}
	if (b->commit_time > 0) {
		sb_add(out, " <span class=\"soft\">on</span> ");
		page_time(out, b->commit_time);
	}
}

bool fact_broken_since(
	struct report *r, const char *target, const char *project, struct store_build *ret)
{
	CLEANUP(store_standing_release) struct store_standing s = {0};

	if (store_standing(r->st, target, project, &s, NULL) < 0 || !s.first_failure)
		return false;
	return store_build_get(r->st, s.first_failure, ret, NULL) >= 0;
}

void fact_waits(const struct report *r, struct strbuf *out, const struct page *p,
	const struct store_build *b)
{
	sb_add(out, "<p>It ");
	piece_waits(r, out, p, b->target, b->waits);
	sb_add(out, ".</p>\n");
}

void fact_commands(struct strbuf *out, const struct strv *lines)
{
	sb_add(out, "<pre><code>");
	for (size_t i = 0; i < lines->n; i++) {
		if (i)
			sb_addc(out, '\n');
		html_txt(out, lines->v[i]);
	}
	sb_add(out, "</code></pre>\n");
}

/* One word of a shell command. */
static char *quoted(const char *s)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	if (*s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "0123456789_-+.,/:=@%~")])
		return xstrdup(s);
	sb_addc(&b, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			sb_add(&b, "'\\''");
		else
			sb_addc(&b, *s);
	}
	sb_addc(&b, '\'');
	return sb_take(&b);
}

static void way(struct strbuf *out, const char *name, char *command)
{
	auto_strv struct strv lines = STRV_INIT;

	fact(out, name);
	strv_take(&lines, command);
	fact_commands(out, &lines);
	fact_end(out);
}

void fact_add_repo(struct report *r, struct strbuf *out, const char *target, const char *dir)
{
	auto_free char *below = xasprintf("%s/%s/%s.repo", target, dir, r->conf.name);
	auto_free char *url = report_url(r, below), *word = quoted(url);

	sb_add(out, "<dl class=\"ways\">\n");
	way(out, "dnf 5 (Fedora 41 and later)",
		xasprintf("dnf5 config-manager addrepo --from-repofile=%s", word));
	way(out, "dnf 4 (CentOS Stream, RHEL 8 to 10, older Fedora)",
		xasprintf("dnf config-manager --add-repo %s", word));
	way(out, "yum", xasprintf("yum-config-manager --add-repo %s", word));
	sb_add(out, "</dl>\n");
}
