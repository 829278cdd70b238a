/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "cmd/bisection.h"

#define SHOWN 40 /* files, candidates */

char *bisection_name(const struct bisection *b, const char *sha)
{
	struct git_commit c = {0};
	auto_strbuf struct strbuf sb = STRBUF_INIT;

	sb_addf(&sb, "%.12s", sha);
	if (git_commit_info(b->git, b->mirror, sha, &c, NULL) >= 0) {
		sb_addc(&sb, ' ');
		text_term(&sb, c.subject, 60);
	}
	git_commit_release(&c);
	return sb_take(&sb);
}

char *bisection_origin(const struct tried *t)
{
	switch (t->origin) {
	case ORIGIN_NONE:
		break;
	case ORIGIN_RECORDED:
		return xasprintf("build %lld", (long long)t->build);
	case ORIGIN_EARLIER:
		return xstrdup("built by an earlier bisection");
	case ORIGIN_MADE:
		return xstrdup("built now");
	}
	return xstrdup("left out");
}

static const struct tried *find_tried(const struct bisection *b, const char *sha)
{
	vec_foreach (&b->tried, t)
		if (str_eq(t->sha, sha))
			return t;
	return NULL;
}

static void count(const struct bisection *b, size_t *recorded, size_t *earlier, size_t *made)
{
	*recorded = *earlier = *made = 0;
	vec_foreach (&b->tried, t) {
		*recorded += t->origin == ORIGIN_RECORDED;
		*earlier += t->origin == ORIGIN_EARLIER;
		*made += t->origin == ORIGIN_MADE;
	}
}

static json_t *commit_to_json(const struct bisection *b, const char *sha)
{
	CLEANUP(git_commit_release) struct git_commit c = {0};
	json_t *o = json_object();
	char date[21];

	json_put_str(o, "sha", sha);
	if (git_commit_info(b->git, b->mirror, sha, &c, NULL) < 0)
		return o;
	time_iso(c.author_time, date);
	json_put_str(o, "author", c.author_name);
	json_put_str(o, "email", c.author_email);
	json_put_str(o, "date", date);
	json_put_str(o, "subject", c.subject);
	return o;
}

static json_t *changes_to_json(const struct git_changes *changes)
{
	json_t *list = json_array();

	vec_foreach (changes, c) {
		json_t *o = json_object();

		json_put_str(o, "path", c->path);
		json_put(o, "added", c->added < 0 ? json_null() : json_integer(c->added));
		json_put(o, "removed", c->removed < 0 ? json_null() : json_integer(c->removed));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *tried_list(const struct bisection *b)
{
	static const char *const origins[] = {NULL, "recorded", "earlier", "made"};
	json_t *list = json_array();

	vec_foreach (&b->tried, t) {
		json_t *o = json_object();

		json_put_str(o, "sha", t->sha);
		json_put_str(o, "verdict", bisect_verdict_name(t->verdict));
		json_put_str(o, "build", origins[t->origin]);
		json_put(o, "number", t->build ? json_integer(t->build) : json_null());
		json_put(o, "exit", t->exit >= 0 ? json_integer(t->exit) : json_null());
		json_put_str(o, "message", t->message);
		json_put_str(o, "log", t->log);
		json_put_int(o, "line", t->line);
		json_array_append_new(list, o);
	}
	return list;
}

static int print_json(const struct bisection *b, const struct bisect_step *end,
	const struct git_changes *changes, struct err *err)
{
	json_t *j = json_object(), *candidates = json_array(), *first = json_null();
	size_t recorded, earlier, made;

	count(b, &recorded, &earlier, &made);
	if (end->first == end->last) {
		first = commit_to_json(b, b->shas.v[end->last]);
		json_put(first, "files", changes_to_json(changes));
	}
	for (size_t i = end->first; i <= end->last; i++)
		json_array_append_new(candidates, commit_to_json(b, b->shas.v[i]));
	json_put_str(j, "project", b->project->project);
	json_put_str(j, "target", b->target->name);
	json_put_str(j, "commits", b->packaging ? "packaging" : "upstream");
	json_put_str(j, "good", b->good);
	json_put_str(j, "bad", b->bad);
	json_put_str(j, "other", *b->other ? b->other : NULL);
	json_put_str(j, "run", b->run);
	json_put(j, "first_bad", first);
	json_put(j, "candidates", candidates);
	json_put(j, "tried", tried_list(b));
	json_put_int(j, "used", (int64_t)(recorded + earlier));
	json_put_int(j, "made", (int64_t)made);
	return cmd_print_json(j, err);
}

static void print_changes(const struct git_changes *changes)
{
	int64_t added = 0, removed = 0;
	size_t n = 0;

	vec_foreach (changes, c) {
		auto_strbuf struct strbuf path = STRBUF_INIT;

		added += c->added > 0 ? c->added : 0;
		removed += c->removed > 0 ? c->removed : 0;
		if (n++ >= SHOWN)
			continue;
		text_term(&path, c->path, 200);
		if (c->added < 0)
			printf(" %s | binary\n", sb_str(&path));
		else
			printf(" %s | +%lld -%lld\n", sb_str(&path), (long long)c->added,
				(long long)c->removed);
	}
	if (n > SHOWN)
		printf(" ... and %zu more\n", n - SHOWN);
	printf(" %zu file%s changed, %lld line%s added, %lld removed\n", n, n == 1 ? "" : "s",
		(long long)added, added == 1 ? "" : "s", (long long)removed);
}

static int print_first(const struct bisection *b, const char *sha,
	const struct git_changes *changes, struct err *err)
{
	CLEANUP(git_commit_release) struct git_commit c = {0};
	auto_strbuf struct strbuf author = STRBUF_INIT, subject = STRBUF_INIT;
	const struct tried *t = find_tried(b, sha);
	int r = git_commit_info(b->git, b->mirror, sha, &c, err);
	char date[21];

	if (r < 0)
		return r;
	text_term(&author, c.author_name, 0);
	sb_add(&author, " <");
	text_term(&author, c.author_email, 0);
	text_term(&subject, c.subject, 0);
	time_iso(c.author_time, date);
	printf("first bad commit: %s\n", sha);
	printf("Author:  %s>\nDate:    %s\nSubject: %s\n\n", sb_str(&author), date,
		sb_str(&subject));
	print_changes(changes);
	if (t && t->message) {
		auto_strbuf struct strbuf why = STRBUF_INIT;

		text_term(&why, t->message, 0);
		printf("\n%s", sb_str(&why));
		if (t->log && t->line)
			printf(" (%s:%lld)", t->log, (long long)t->line);
		else if (t->log)
			printf(" (%s)", t->log);
		printf("\n");
	}
	return 0;
}

static void print_candidates(const struct bisection *b, const struct bisect_step *end)
{
	size_t n = end->last - end->first + 1, shown = 0;

	printf("the first bad commit is one of these %zu, the rest could not be tried:\n", n);
	for (size_t i = end->first; i <= end->last && shown++ < SHOWN; i++) {
		auto_free char *name = bisection_name(b, b->shas.v[i]);

		printf("  %s\n", name);
	}
	if (n > SHOWN)
		printf("  ... and %zu more\n", n - SHOWN);
}

int bisection_report(const struct bisection *b, const struct bisect_step *end, struct err *err)
{
	const char *sha = b->shas.v[end->last];
	struct git_changes changes = VEC_INIT;
	size_t recorded, earlier, made;
	int r = 0;

	if (end->first == end->last)
		r = git_changes(b->git, b->mirror, sha, &changes, err);
	if (r >= 0 && global.json) {
		r = print_json(b, end, &changes, err);
	} else if (r >= 0) {
		count(b, &recorded, &earlier, &made);
		if (end->first == end->last)
			r = print_first(b, sha, &changes, err);
		else
			print_candidates(b, end);
		printf("\n%zu commits tried: %zu build%s existed, %zu made\n", b->tried.n,
			recorded + earlier, recorded + earlier == 1 ? "" : "s", made);
	}
	vec_free(&changes, git_change_release);
	return r < 0 ? r : cmd_flush(err);
}
