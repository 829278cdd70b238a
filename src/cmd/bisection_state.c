/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "build/build.h"
#include "cmd/bisection.h"
#include "sandbox/sandbox.h"

#define STATE  "state.json"
#define SCHEMA 1

static const char *const origins[] = {"none", "recorded", "earlier", "made"};

void tried_release(struct tried *t)
{
	free(t->sha);
	free(t->message);
	free(t->log);
	*t = (struct tried){0};
}

void bisection_release(struct bisection *b)
{
	vec_free(&b->tried, tried_release);
	vec_free(&b->builds, store_build_release);
	vec_release(&b->commits);
	strv_release(&b->published);
	strv_release(&b->shas);
	hmap_release(&b->index);
	free(b->dir);
	free(b->mirror);
	git_free(b->git);
	if (b->scratch)
		(void)fs_remove_tree(b->scratch, NULL);
	free(b->scratch);
	store_close(b->store);
	auto_closep(&b->lock_fd);
	config_free(b->cfg);
}

char *bisection_dir(const struct config *cfg, const char *project, const char *target)
{
	return xasprintf("%s/bisect/%s/%s", cfg->data, project, target);
}

static json_t *tried_to_json(const struct tried *t)
{
	json_t *o = json_object();

	json_put_str(o, "sha", t->sha);
	json_put_str(o, "verdict", bisect_verdict_name(t->verdict));
	json_put_str(o, "origin", origins[t->origin]);
	json_put(o, "build", t->build ? json_integer(t->build) : json_null());
	json_put(o, "exit", t->exit >= 0 ? json_integer(t->exit) : json_null());
	json_put_str(o, "message", t->message);
	json_put_str(o, "log", t->log);
	json_put_int(o, "line", t->line);
	return o;
}

static bool tried_from_json(const json_t *o, struct tried *ret)
{
	const char *sha = json_get_str(o, "sha"), *origin = json_get_str(o, "origin");
	enum bisect_verdict v;

	if (!sha || !bisect_verdict_parse(json_get_str(o, "verdict"), &v))
		return false;
	*ret = (struct tried){
		.sha = xstrdup(sha),
		.verdict = v,
		.build = json_get_int(o, "build"),
		.exit = json_is_integer(json_object_get(o, "exit")) ? json_get_int(o, "exit") : -1,
		.message = xstrdup_null(json_get_str(o, "message")),
		.log = xstrdup_null(json_get_str(o, "log")),
		.line = json_get_int(o, "line"),
	};
	for (size_t i = 0; i < COUNTOF(origins); i++)
		if (str_eq_null(origin, origins[i]))
			ret->origin = (enum origin)i;
	return true;
}

static const char *side(const struct bisection *b)
{
	return b->packaging ? "packaging" : "upstream";
}

int bisection_save(const struct bisection *b, struct err *err)
{
	auto_free char *path = path_join(b->dir, STATE);
	auto_json json_t *j = json_object();
	json_t *list = json_array();

	json_put_int(j, "schema", SCHEMA);
	json_put_str(j, "project", b->project->project);
	json_put_str(j, "target", b->target->name);
	json_put_str(j, "commits", side(b));
	json_put_str(j, "good", b->good);
	json_put_str(j, "bad", b->bad);
	json_put_str(j, "other", b->other);
	json_put_str(j, "run", b->run);
	json_put_int(j, "started", b->started);
	json_put_bool(j, "finished", b->finished);
	vec_foreach (&b->tried, t)
		json_array_append_new(list, tried_to_json(t));
	json_put(j, "tried", list);
	return json_write_atomic(path, j, err);
}

/* The same commits to be told apart by the same question. */
static bool is_same(const struct bisection *b, const json_t *j, bool any_other)
{
	return str_eq_null(json_get_str(j, "commits"), side(b)) &&
	       str_eq_null(json_get_str(j, "good"), b->good) &&
	       str_eq_null(json_get_str(j, "bad"), b->bad) &&
	       (any_other || str_eq_null(json_get_str(j, "other"), b->other)) &&
	       str_eq_null(json_get_str(j, "run"), b->run);
}

static void take_over(struct bisection *b, const json_t *j)
{
	const char *other = json_get_str(j, "other");
	const json_t *list = json_object_get(j, "tried");

	if (other && strlen(other) < GIT_SHA)
		(void)snprintf(b->other, sizeof b->other, "%s", other);
	b->started = json_get_int(j, "started");
	b->finished = json_get_bool(j, "finished");
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct tried t;

		if (tried_from_json(json_array_get(list, i), &t))
			*vec_push(&b->tried) = t;
	}
}

int bisection_load(struct bisection *b, bool any_other, size_t *ret_resumed, struct err *err)
{
	auto_free char *path = path_join(b->dir, STATE);
	auto_json json_t *j = NULL;
	int r;

	*ret_resumed = 0;
	if (!fs_exists(path))
		return 0;
	if ((r = json_read(path, &j, err)) < 0)
		return err_wrap(err, "what is left of an earlier bisection (--reset removes it)");
	if (json_get_int(j, "schema") != SCHEMA)
		return err_set(
			err, ERR_CORRUPT, "'%s' is of another packmill (--reset removes it)", path);
	if (is_same(b, j, any_other)) {
		take_over(b, j);
		*ret_resumed = b->tried.n;
		return 0;
	}
	if (!json_get_bool(j, "finished"))
		log_info("another bisection was not at its end (%.12s..%.12s of the %s%s%s); its "
			 "builds are of use to this one",
			json_get_str(j, "good") ?: "?", json_get_str(j, "bad") ?: "?",
			json_get_str(j, "commits") ?: "?", json_get_str(j, "run") ? ", --run " : "",
			json_get_str(j, "run") ?: "");
	return 0;
}

/* Scratch of killed builds and commands may belong to others' ids. */
static int remove_all(const char *dir, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(dir, &names, err);

	strv_foreach (&names, n) {
		auto_free char *path = path_join(dir, *n);

		if (r >= 0 && fs_is_dir(path))
			r = build_sweep(path, err);
	}
	if (r < 0 || (r = bisection_sweep(dir, err)) < 0)
		return r;
	return sandbox_remove_tree(dir, err);
}

int bisection_reset(const struct config *cfg, const char *project, const char *target, bool dry_run,
	struct err *err)
{
	auto_free char *dir = bisection_dir(cfg, project, target), *lock = NULL;
	auto_close int fd = -1;
	int r;

	if (!fs_is_dir(dir))
		return 0;
	if (dry_run) {
		log_info("would remove '%s'", dir);
		return 0;
	}
	lock = path_join(dir, "lock");
	if ((r = fs_lock(lock, &fd, err)) < 0)
		return err_wrap(err, "a bisection of %s on %s runs", project, target);
	return remove_all(dir, err);
}
