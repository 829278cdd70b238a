/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - a recorded build as every command and page shows it. */
#include "base/text.h"
#include "store/store.h"

/* Clone urls may hold a password. */
static void put_url(json_t *o, const char *key, const char *url)
{
	auto_free char *shown = url ? text_url_shown(url) : NULL;

	json_put_str(o, key, shown);
}

static void put_cause(json_t *o, const struct store_build *b)
{
	json_put_str(o, "cause", b->cause);
	json_put_str(o, "step", b->cause_step);
	json_put_str(o, "message", b->message);
	json_put_str(o, "log", b->log);
	json_put_int(o, "line", b->cause_line);
	json_put_str(o, "waits", b->waits);
	json_put_str(o, "blamed", b->blamed);
}

json_t *store_build_to_json(const struct store_build *b)
{
	json_t *o = json_object();

	json_put(o, "build", b->id ? json_integer(b->id) : json_null());
	json_put_str(o, "project", b->project);
	json_put_str(o, "target", b->target);
	json_put_str(o, "state", b->id ? store_state_name(b->state) : "none");
	json_put_str(o, "nvr", b->nvr);
	json_put_str(o, "component", b->component);
	put_url(o, "upstream_url", b->upstream_url);
	json_put_str(o, "upstream_sha", b->upstream_sha);
	put_url(o, "packaging_url", b->packaging_url);
	json_put_str(o, "packaging_sha", b->packaging_sha);
	json_put_int(o, "rebuild", b->rebuild);
	json_put_int(o, "attempt", b->attempt);
	json_put_int(o, "priority", b->priority);
	json_put_int(o, "not_before", b->not_before);
	json_put_str(o, "trigger", b->trigger);
	json_put_str(o, "detail", b->detail);
	json_put(o, "by", b->by ? json_integer(b->by) : json_null());
	json_put_str(o, "author", b->author);
	json_put_str(o, "subject", b->subject);
	json_put_int(o, "commit_time", b->commit_time);
	json_put_int(o, "queued", b->queued);
	json_put_int(o, "started", b->started);
	json_put_int(o, "finished", b->finished);
	json_put_real(o, "seconds", b->seconds);
	put_cause(o, b);
	json_put_str(o, "repository", b->repo);
	return o;
}
