/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/result.h"
#include "base/limits.h"

static const char *const statuses[] = {
	[STATUS_SUCCESS] = "success",
	[STATUS_FAILED] = "failed",
	[STATUS_RETRY] = "retry",
};
static const char *const causes[] = {
	[CAUSE_NONE] = "",
	[CAUSE_SOURCE] = "source",
	[CAUSE_DEPENDENCY] = "dependency",
	[CAUSE_BUILD] = "build",
	[CAUSE_TEST] = "test",
	[CAUSE_LIMITS] = "limits",
	[CAUSE_INFRASTRUCTURE] = "infrastructure",
};

const char *build_status_name(enum build_status s)
{
	return statuses[s];
}

const char *cause_kind_name(enum cause_kind k)
{
	return causes[k];
}

static void origin_release(struct result_origin *o)
{
	free(o->url);
	free(o->ref);
	free(o->sha);
}

static void step_release(struct build_step *s)
{
	free(s->name);
}

void result_release(struct result *r)
{
	free(r->cause_step);
	free(r->cause_message);
	free(r->cause_log);
	free(r->name);
	free(r->version);
	free(r->release);
	free(r->arch);
	free(r->target);
	free(r->policy);
	free(r->trigger);
	origin_release(&r->upstream);
	origin_release(&r->packaging);
	vec_free(&r->steps, step_release);
	vec_free(&r->artifacts, package_release);
	strv_release(&r->build_requires);
	strv_release(&r->provides);
	strv_release(&r->requires);
	free(r->content);
	*r = (struct result){0};
}

void result_free(struct result *r)
{
	if (!r)
		return;
	result_release(r);
	free(r);
}

static json_t *origin_to_json(const struct result_origin *o)
{
	json_t *j;

	if (!o->url)
		return json_null();
	j = json_object();
	json_put_str(j, "url", o->url);
	json_put_str(j, "ref", o->ref);
	json_put_str(j, "sha", o->sha);
	return j;
}

static json_t *cause_to_json(const struct result *r)
{
	json_t *j;

	if (r->cause == CAUSE_NONE)
		return json_null();
	j = json_object();
	json_put_str(j, "kind", cause_kind_name(r->cause));
	json_put_str(j, "step", r->cause_step);
	json_put_str(j, "message", r->cause_message);
	json_put_str(j, "log", r->cause_log);
	json_put_int(j, "line", r->cause_line);
	return j;
}

json_t *result_steps_to_json(const struct result *r)
{
	json_t *list = json_array();

	vec_foreach (&r->steps, s) {
		json_t *j = json_object();

		json_put_str(j, "name", s->name);
		json_put_real(j, "seconds", s->seconds);
		json_put_int(j, "exit", s->exit);
		json_array_append_new(list, j);
	}
	return list;
}

json_t *result_to_json(const struct result *r)
{
	json_t *o = json_object();

	json_put_int(o, "schema", 1);
	json_put_str(o, "status", build_status_name(r->status));
	json_put(o, "cause", cause_to_json(r));
	json_put_str(o, "name", r->name);
	json_put_int(o, "epoch", r->epoch);
	json_put_str(o, "version", r->version);
	json_put_str(o, "release", r->release);
	json_put_str(o, "arch", r->arch);
	json_put_int(o, "date", r->date);
	json_put_str(o, "target", r->target);
	json_put_str(o, "policy", r->policy);
	json_put_str(o, "trigger", r->trigger);
	json_put(o, "upstream", origin_to_json(&r->upstream));
	json_put(o, "packaging", origin_to_json(&r->packaging));
	json_put(o, "steps", result_steps_to_json(r));
	json_put(o, "artifacts", package_vec_to_json(&r->artifacts));
	json_put_strv(o, "build_requires", &r->build_requires);
	json_put_strv(o, "provides", &r->provides);
	json_put_strv(o, "requires", &r->requires);
	json_put_str(o, "content", r->content);
	return o;
}

static void origin_from_json(const json_t *j, struct result_origin *o)
{
	str_set(&o->url, json_get_str(j, "url"));
	str_set(&o->ref, json_get_str(j, "ref"));
	str_set(&o->sha, json_get_str(j, "sha"));
}

static int enum_from(const char *s, const char *const *names, size_t n)
{
	for (size_t i = 0; s && i < n; i++)
		if (str_eq(s, names[i]))
			return (int)i;
	return -1;
}

static int cause_from_json(const json_t *j, struct result *r, struct err *err)
{
	int kind;

	if (!json_is_object(j))
		return 0;
	kind = enum_from(json_get_str(j, "kind"), causes, COUNTOF(causes));
	if (kind <= 0)
		return err_set(err, ERR_CORRUPT, "result has an unknown kind of cause");
	r->cause = (enum cause_kind)kind;
	str_set(&r->cause_step, json_get_str(j, "step"));
	str_set(&r->cause_message, json_get_str(j, "message"));
	str_set(&r->cause_log, json_get_str(j, "log"));
	r->cause_line = json_get_int(j, "line");
	return 0;
}

/* Lists that a build wrote; not there in results of before. */
static int deps_from_json(const json_t *j, const char *key, struct strv *ret, struct err *err)
{
	if (json_array_size(json_object_get(j, key)) > LIMIT_DEPS)
		return err_set(err, ERR_CORRUPT, "result has more than %d %s", LIMIT_DEPS, key);
	json_get_strv(j, key, ret);
	strv_foreach (ret, d)
		/* a name, a comparison, a version */
		if (strlen(*d) > LIMIT_DEP * 2 + 4)
			return err_set(err, ERR_CORRUPT, "result has %s of absurd length", key);
	return 0;
}

static int learned_from_json(const json_t *j, struct result *r, struct err *err)
{
	const char *content = json_get_str(j, "content");
	int rc;

	if (content && (strlen(content) != SHA256_HEX - 1 ||
			       strspn(content, "0123456789abcdef") != SHA256_HEX - 1))
		return err_set(err, ERR_CORRUPT, "result has a content that is no hash");
	str_set(&r->content, content);
	if ((rc = deps_from_json(j, "build_requires", &r->build_requires, err)) < 0 ||
		(rc = deps_from_json(j, "provides", &r->provides, err)) < 0)
		return rc;
	return deps_from_json(j, "requires", &r->requires, err);
}

int result_from_json(const json_t *j, struct result **ret, struct err *err)
{
	CLEANUP(result_freep) struct result *r = xcalloc(1, sizeof *r);
	int status = enum_from(json_get_str(j, "status"), statuses, COUNTOF(statuses)), rc;
	size_t i;
	json_t *o;

	if (json_get_int(j, "schema") != 1)
		return err_set(err, ERR_CORRUPT, "result has schema %lld, 1 is known here",
			(long long)json_get_int(j, "schema"));
	if (status < 0)
		return err_set(err, ERR_CORRUPT, "result has no known status");
	r->status = (enum build_status)status;
	rc = cause_from_json(json_object_get(j, "cause"), r, err);
	if (rc < 0)
		return rc;
	str_set(&r->name, json_get_str(j, "name"));
	r->epoch = json_get_int(j, "epoch");
	str_set(&r->version, json_get_str(j, "version"));
	str_set(&r->release, json_get_str(j, "release"));
	str_set(&r->arch, json_get_str(j, "arch"));
	r->date = json_get_int(j, "date");
	str_set(&r->target, json_get_str(j, "target"));
	str_set(&r->policy, json_get_str(j, "policy"));
	str_set(&r->trigger, json_get_str(j, "trigger"));
	origin_from_json(json_object_get(j, "upstream"), &r->upstream);
	origin_from_json(json_object_get(j, "packaging"), &r->packaging);
	json_array_foreach(json_object_get(j, "steps"), i, o)
	{
		struct build_step *s = vec_push(&r->steps);

		str_set(&s->name, json_get_str(o, "name"));
		s->seconds = json_get_real(o, "seconds");
		s->exit = (int)json_get_int(o, "exit");
	}
	rc = package_vec_from_json(json_object_get(j, "artifacts"), &r->artifacts, err);
	if (rc < 0 || (rc = learned_from_json(j, r, err)) < 0)
		return rc;
	*ret = TAKE(r);
	return 0;
}
