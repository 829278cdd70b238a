/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_why.c - `packmill why N`: who or what triggered a build, what changed since the last success,
 * what it waits for. */
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "cmd/why.h"
#include <stdarg.h>

/* ---- as text ---- */

/* name may be "": the line goes on with what the one before was about. */
static void field(const char *name, const char *value)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	text_term(&b, value, 2000);
	printf("%-10s %s\n", name, sb_str(&b));
}

static void fieldf(const char *name, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void fieldf(const char *name, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		oom_(__FILE__, __LINE__);
	va_end(ap);
	field(name, text);
}

static char *commit_text(const struct store_build *b)
{
	auto_strbuf struct strbuf s = STRBUF_INIT;
	char when[21];

	sb_addf(&s, "%.12s", b->upstream_sha ? b->upstream_sha : "");
	if (b->subject)
		sb_addf(&s, " \"%s\"", b->subject);
	if (b->author)
		sb_addf(&s, " by %s", b->author);
	if (b->commit_time) {
		time_iso(b->commit_time, when);
		sb_addf(&s, ", %s", when);
	}
	return sb_take(&s);
}

/* What triggered the build, in words. */
static char *trigger_text(const struct store_build *b)
{
	const char *t = b->trigger ? b->trigger : "";

	if (str_eq(t, "commit"))
		return xstrdup("a new commit");
	if (str_eq(t, "recheck"))
		return b->detail ? xasprintf("asked for again by %s", b->detail)
				 : xstrdup("asked for again");
	if (str_eq(t, "rebuild"))
		return xasprintf("rebuild %lld: %s", (long long)b->rebuild,
			b->detail ? b->detail : "a dependency changed");
	if (str_eq(t, "dependency"))
		return xasprintf("tried again: %s",
			b->detail ? b->detail : "what it lacked may be there now");
	return b->detail ? xasprintf("%s: %s", t, b->detail) : xstrdup(*t ? t : "unknown");
}

static void print_chain(const struct why *w)
{
	auto_free char *why = trigger_text(&w->build);
	auto_free char *commit = commit_text(&w->build);
	bool packaging = str_eq_null(w->build.trigger, "commit") && w->since.id &&
			 !w->upstream.to && w->packaging.to;

	fieldf("because", "%s%s", why, packaging ? " of the packaging" : "");
	field("commit", commit);
	vec_foreach (&w->chain, b) {
		auto_free char *by = trigger_text(b);
		auto_free char *text = commit_text(b);

		fieldf("after", "build %lld of %s (%s): %s", (long long)b->id, b->project,
			store_state_name(b->state), by);
		fieldf("", "%s", text);
	}
}

static void print_other(const char *name, const char *verb, const struct why_other *o)
{
	if (!o->project)
		return;
	if (o->build)
		fieldf(name, "%s %s, whose build %lld failed", verb, o->project,
			(long long)o->build);
	else
		fieldf(name, "%s %s", verb, o->project);
}

static void print_moved(const char *name, const struct why_moved *m)
{
	if (!m->to) {
		field(name, "unchanged");
		return;
	}
	fieldf(name, "%.12s..%.12s%s%s", m->from, m->to,
		m->rewritten ? ", history was rewritten" : "",
		m->unknown ? ", commits are not here" : "");
	if (m->n > m->commits.n)
		fieldf("", "(%zu older ones)", m->n - m->commits.n);
	vec_foreach (&m->commits, c)
		fieldf("", "%.12s %s (%s)", c->sha, c->subject ? c->subject : "",
			c->author_name ? c->author_name : "");
}

static void print_root(const struct report_change *c)
{
	if (!c->root_known)
		field("root", "not known for both");
	else if (!c->root.n)
		field("root", "unchanged");
	strv_foreach (&c->root, p)
		field(p == c->root.v ? "root" : "", *p);
}

static void print_since(const struct why *w)
{
	char when[21];

	if (!w->since.id) {
		field("since", "it never succeeded before");
		return;
	}
	time_iso(w->since.finished, when);
	fieldf("since", "build %lld (%s), %s", (long long)w->since.id,
		w->since.nvr ? w->since.nvr : "-", when);
	if (w->build.rebuild != w->since.rebuild && !w->upstream.to && !w->packaging.to)
		fieldf("rebuild", "%lld of the same commit", (long long)w->build.rebuild);
	print_moved("upstream", &w->upstream);
	print_moved("packaging", &w->packaging);
	print_root(&w->change);
}

static void print(const struct why *w)
{
	const struct store_build *b = &w->build;

	fieldf("build", "%lld of %s on %s: %s", (long long)b->id, b->project, b->target,
		store_state_name(b->state));
	print_chain(w);
	if (w->held && b->state == BUILD_QUEUED)
		field("on hold", "packmill release lets it go on");
	print_other("waits", "for", &w->waits);
	if (b->message && b->cause_step)
		fieldf("failed", "%s: %s", b->cause_step, b->message);
	else if (b->message)
		field("ended", b->message);
	print_other("blames", "it", &w->blamed);
	print_since(w);
}

/* ---- as JSON ---- */

static json_t *other_to_json(const struct why_other *o)
{
	json_t *j;

	if (!o->project)
		return json_null();
	j = json_object();
	json_put_str(j, "project", o->project);
	json_put(j, "build", o->build ? json_integer(o->build) : json_null());
	return j;
}

static json_t *moved_to_json(const struct why_moved *m)
{
	json_t *j, *list = NULL;

	if (!m->to)
		return json_null();
	j = json_object();
	json_put_str(j, "from", m->from);
	json_put_str(j, "to", m->to);
	json_put_bool(j, "rewritten", m->rewritten);
	json_put(j, "count", m->unknown ? json_null() : json_integer((json_int_t)m->n));
	list = json_array();
	vec_foreach (&m->commits, c) {
		json_t *o = json_object();

		json_put_str(o, "sha", c->sha);
		json_put_str(o, "subject", c->subject);
		json_put_str(o, "author", c->author_name);
		json_put_int(o, "time", c->commit_time);
		json_array_append_new(list, o);
	}
	json_put(j, "commits", list);
	return j;
}

static json_t *since_to_json(const struct why *w)
{
	json_t *j;

	if (!w->since.id)
		return json_null();
	j = store_build_to_json(&w->since);
	json_put(j, "upstream", moved_to_json(&w->upstream));
	json_put(j, "packaging", moved_to_json(&w->packaging));
	if (w->change.root_known)
		json_put_strv(j, "root", &w->change.root);
	else
		json_put(j, "root", json_null());
	return j;
}

static json_t *to_json(const struct why *w)
{
	json_t *j = store_build_to_json(&w->build), *chain = json_array();

	vec_foreach (&w->chain, b)
		json_array_append_new(chain, store_build_to_json(b));
	json_put(j, "after", chain);
	json_put_bool(j, "held", w->held);
	json_put(j, "waits", other_to_json(&w->waits));
	json_put(j, "blamed", other_to_json(&w->blamed));
	json_put_str(j, "cause", w->build.cause);
	json_put_str(j, "step", w->build.cause_step);
	json_put_str(j, "message", w->build.message);
	json_put(j, "since", since_to_json(w));
	return j;
}

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	CLEANUP(store_closep) struct store *st = NULL;
	CLEANUP(why_release) struct why w = {0};
	int64_t id;
	int r;

	if ((r = cmd_need_args(cmd_find("why"), argc, argv, 1, 1, err)) < 0 ||
		(r = cmd_build_number(argv[0], &id, err)) < 0 ||
		(r = cmd_load_config(&cfg, err)) < 0 || (r = cmd_store(cfg, &st, err)) < 0)
		return r;
	w.cfg = cfg;
	w.store = st;
	if ((r = why_find(&w, id, err)) < 0)
		return r;
	if (global.json)
		return cmd_print_json(to_json(&w), err);
	print(&w);
	return cmd_flush(err);
}

const struct cmd cmd_why = {
	.name = "why",
	.args = "N",
	.help = "what triggered build N, and what changed since the last success",
	.group = GROUP_INSTANCE,
	.run = run,
};
