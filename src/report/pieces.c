/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fs.h"
#include "repo/repo.h"
#include "report/internal.h"
#include "report/parts.h"

bool report_has(const struct report *r, const char *target, const char *rel)
{
	auto_free char *path = xasprintf("%s/%s/%s", r->repos, target, rel);

	return fs_exists(path);
}

/* A failed build has the directory of its commit, too, but no record of its name; one without a
 * verdict has its own beside its page. */
char *report_dir(const struct report *r, const struct store_build *b)
{
	const struct report_project *p = report_project_of(r, b->project);
	auto_free char *own = xasprintf("builds/%lld", (long long)b->id);
	bool shared = p && p->upstream_shared;

	if (b->state == BUILD_RETRY || b->state == BUILD_CANCELLED)
		return report_has(r, b->target, own) ? TAKE(own) : NULL;
	if (b->repo)
		return report_has(r, b->target, b->repo) ? xstrdup(b->repo) : NULL;
	if (str_empty(b->upstream_sha) || str_empty(b->packaging_sha))
		return NULL;
	for (int i = 0; i < 2; i++, shared = true) {
		auto_free char *dir = repo_commit_dir(b, shared);

		if (report_has(r, b->target, dir))
			return TAKE(dir);
		if (shared)
			break; /* the short name is the other project's */
	}
	return NULL;
}

void piece_build(const struct report *r, struct strbuf *out, const struct page *p,
	const char *target, int64_t id)
{
	auto_free char *rel = xasprintf("builds/%lld.html", (long long)id);

	if (report_has(r, target, rel))
		page_link_build(out, p, target, id);
	else
		sb_addf(out, "%lld", (long long)id);
}

void piece_project(const struct report *r, struct strbuf *out, const struct page *p,
	const char *target, const char *project)
{
	auto_free char *rel = xasprintf("projects/%s.html", project);

	if (report_has(r, target, rel))
		page_link_project(out, p, target, project);
	else
		html_name(out, project);
}

void piece_waits(const struct report *r, struct strbuf *out, const struct page *p,
	const char *target, const char *whom)
{
	CLEANUP(store_standing_release) struct store_standing s = {0};

	sb_add(out, "waits for ");
	fact_project(r, out, p, target, whom);
	if (store_standing(r->st, target, whom, &s, NULL) >= 0 && s.state == BUILD_FAILED) {
		sb_add(out, ", whose build ");
		piece_build(r, out, p, target, s.last);
		sb_add(out, " failed");
	}
}

void piece_sha(struct strbuf *out, const char *what, const char *url, const char *sha)
{
	auto_free char *short_sha = xasprintf("%.8s", sha);

	sb_addf(out, "%s <code>", what);
	html_link(out, url, short_sha);
	sb_add(out, "</code>");
}

void piece_commit(const struct report *r, struct strbuf *out, const struct store_build *b)
{
	auto_free char *up = web_upstream(r, b), *pack = web_packaging(r, b);
	const char *between = "";

	if (!str_empty(b->subject))
		html_name(out, b->subject);
	sb_add(out, "<span class=\"sub\">");
	if (!str_empty(b->author)) {
		html_name(out, b->author);
		between = ", ";
	}
	if (!str_empty(b->upstream_sha) && !str_eq_null(b->upstream_sha, b->packaging_sha)) {
		sb_add(out, between);
		piece_sha(out, "upstream", up, b->upstream_sha);
		between = ", ";
	}
	if (!str_empty(b->packaging_sha)) {
		sb_add(out, between);
		piece_sha(out, b->upstream_url ? "packaging" : "commit", pack, b->packaging_sha);
	}
	if (b->rebuild)
		sb_addf(out, ", rebuild %lld", (long long)b->rebuild);
	sb_add(out, "</span>");
}

void piece_log(const struct report *r, struct strbuf *out, const struct page *p,
	const struct store_build *b)
{
	auto_free char *dir = report_dir(r, b);
	const char *const names[] = {b->log ? b->log : "build.log", "build.log", "state.log"};

	/* old logs are packed */
	for (size_t i = 0; dir && i < 2 * COUNTOF(names); i++) {
		const char *name = names[i / 2];
		auto_free char *file = xasprintf("%s%s", name, i % 2 ? ".gz" : "");
		auto_free char *rel = path_join(dir, file);

		if (strchr(name, '/') || !report_has(r, b->target, rel))
			continue;
		page_link_below(out, p, b->target, dir, file, name);
		return;
	}
}

void piece_repository(const struct report *r, struct strbuf *out, const struct page *p,
	const struct store_build *b)
{
	auto_free char *page = NULL;

	if (!b->published || !b->repo)
		return;
	page = path_join(b->repo, "index.html");
	if (report_has(r, b->target, page))
		page_link_below(out, p, b->target, b->repo, "", "repository");
}

void piece_cause(const struct report *r, struct strbuf *out, const struct page *p,
	const struct store_build *b)
{
	if (b->state != BUILD_FAILED && b->state != BUILD_RETRY)
		return;
	sb_add(out, "<span class=\"sub\">");
	if (b->cause) {
		html_txt(out, b->cause);
		if (b->cause_step && !str_eq(b->cause, b->cause_step)) {
			sb_add(out, ", ");
			html_txt(out, b->cause_step);
		}
		sb_add(out, ": ");
	}
	html_name(out, b->message ? b->message : "no reason is known");
	if (b->blamed) {
		sb_add(out, "; because of ");
		piece_project(r, out, p, b->target, b->blamed);
	}
	sb_add(out, "</span>");
}
