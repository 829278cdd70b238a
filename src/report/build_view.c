/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of one build: from the store, and from what it left in data/builds/<n>. */
#include "base/limits.h"
#include "report/build_parts.h"

#define LINT_LOG "rpmlint.log"

static void try_release(struct build_try *t)
{
	store_attempt_release(&t->a);
	free(t->served);
	strv_release(&t->logs);
}

void build_view_release(struct build_view *v)
{
	result_release(&v->steps);
	vec_free(&v->artifacts, package_release);
	vec_free(&v->tries, try_release);
	report_change_release(&v->change);
	lock_free(v->lock);
	strv_release(&v->lint.lines);
	free(v->lint.served);
	free(v->lint.file);
	free(v->served);
	strv_release(&v->logs);
}

/* The last try's logs are the build's. */
static int load_try(struct build_view *v, struct build_try *t, struct err *err)
{
	int rc = 0;

	if (t->a.n < v->b->attempt)
		rc = served_attempt(v->r, v->b, t->a.n, &t->served, err);
	else if (v->served)
		t->served = xstrdup(v->served);
	if (rc >= 0 && t->served)
		served_names(v->r, v->b->target, t->served, &t->logs);
	return rc;
}

static int load_tries(struct build_view *v, struct err *err)
{
	struct store_attempts all = VEC_INIT;
	int rc = store_build_attempts(v->r->st, v->b->id, &all, err);

	if (all.n > 1) {
		vec_foreach (&all, a)
			vec_push(&v->tries)->a = *a;
		vec_release(&all);
	}
	vec_free(&all, store_attempt_release);
	vec_foreach (&v->tries, t)
		if (rc >= 0)
			rc = load_try(v, t, err);
	return rc;
}

/* "hello.noarch: E: no-binary" and the like; its own summary lines are left out. */
static void count_lint(struct build_lint *l, const char *text)
{
	auto_strv struct strv lines = STRV_INIT;

	strv_lines(&lines, text);
	strv_foreach (&lines, s) {
		bool error = strstr(*s, ": E: ") != NULL, warning = strstr(*s, ": W: ") != NULL;

		l->errors += error;
		l->warnings += !error && warning;
		if (!error && !warning)
			continue;
		l->n++;
		if (l->lines.n < PARTS_LINT)
			strv_add(&l->lines, *s);
	}
}

static int load_lint(struct build_view *v, struct err *err)
{
	auto_free char *dir = served_kept(v->r, v->b->id), *text = xmalloc(MIB + 1);
	gzFile f = served_open(dir, LINT_LOG);
	int n;

	if (!f)
		return 0;
	n = gzread(f, text, MIB);
	(void)gzclose_r(f);
	text[n > 0 ? n : 0] = '\0';
	v->lint.known = true;
	count_lint(&v->lint, text);
	return served_late(v->r, v->b, v->served, LINT_LOG, &v->lint.served, &v->lint.file, err);
}

int build_view_load(struct build_view *v, struct err *err)
{
	int rc = store_build_steps(v->r->st, v->b->id, &v->steps, err);

	if (rc >= 0)
		rc = store_build_artifacts(v->r->st, v->b->id, &v->artifacts, err);
	if (rc >= 0)
		rc = served_dir(v->r, v->b, &v->served, err);
	if (rc >= 0 && v->served)
		served_names(v->r, v->b->target, v->served, &v->logs);
	if (rc >= 0)
		rc = load_tries(v, err);
	if (rc >= 0)
		rc = report_changes(v->r, v->b, &v->change, err);
	if (rc >= 0)
		rc = load_lint(v, err);
	if (rc >= 0)
		v->lock = changes_lock(v->r, v->b->id);
	return rc;
}

/* ---- the same as JSON ---- */

static json_t *log_list(const char *dir, const struct strv *names)
{
	json_t *list = json_array();

	strv_foreach (names, n) {
		auto_free char *path = xasprintf("%s/%s", dir, *n);

		json_array_append_new(list, json_string(path) ?: json_null());
	}
	return list;
}

static json_t *try_list(const struct build_view *v)
{
	json_t *list = json_array();

	vec_foreach (&v->tries, t) {
		json_t *o = json_object();

		json_put_int(o, "attempt", t->a.n);
		json_put_str(o, "state", store_state_name(t->a.state));
		json_put_str(o, "cause", t->a.cause);
		json_put_str(o, "step", t->a.cause_step);
		json_put_str(o, "message", t->a.message);
		json_put_int(o, "started", t->a.started);
		json_put_int(o, "finished", t->a.finished);
		json_put_real(o, "seconds", t->a.seconds);
		json_put(o, "logs", log_list(t->served, &t->logs));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *change_of(const struct report_change *c)
{
	json_t *o = json_object();

	if (!c->since) {
		json_decref(o);
		return json_null();
	}
	json_put_int(o, "since", c->since);
	json_put_str(o, "upstream_from", c->upstream_from);
	json_put_str(o, "upstream_to", c->upstream_to);
	json_put_str(o, "packaging_from", c->packaging_from);
	json_put_str(o, "packaging_to", c->packaging_to);
	if (c->root_known)
		json_put_strv(o, "root", &c->root);
	else
		json_put(o, "root", json_null());
	return o;
}

/* The packages of the root, or null. */
static void put_root(json_t *o, const struct lock *l)
{
	auto_strv struct strv names = STRV_INIT;

	if (!l) {
		json_put(o, "root", json_null());
		return;
	}
	vec_foreach (&l->base, p)
		strv_add(&names, p->nevra);
	vec_foreach (&l->build, p)
		strv_add(&names, p->nevra);
	strv_sort(&names);
	json_put_strv(o, "root", &names);
}

json_t *build_json(const struct build_view *v)
{
	json_t *o = data_build(v->r, v->b);

	json_put_int(o, "by", v->b->by);
	json_put(o, "logs", log_list(v->served, &v->logs));
	json_put(o, "attempts", try_list(v));
	json_put(o, "changes", change_of(&v->change));
	json_put(o, "steps", result_steps_to_json(&v->steps));
	json_put(o, "artifacts", package_vec_to_json(&v->artifacts));
	if (v->lint.known) {
		json_t *lint = json_object();

		json_put_int(lint, "errors", (int64_t)v->lint.errors);
		json_put_int(lint, "warnings", (int64_t)v->lint.warnings);
		json_put_strv(lint, "lines", &v->lint.lines);
		json_put(o, "lint", lint);
	}
	put_root(o, v->lock);
	return o;
}
