/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/job.h"

static const char *const layouts[] = {
	[LAYOUT_SRPM] = "srpm",
	[LAYOUT_STANDARD] = "standard",
	[LAYOUT_TWO_GIT] = "two-git",
};

const char *layout_name(enum layout l)
{
	return layouts[l];
}

bool layout_parse(const char *s, enum layout *ret)
{
	for (size_t i = 0; s && i < COUNTOF(layouts); i++) {
		if (!str_eq(s, layouts[i]))
			continue;
		*ret = (enum layout)i;
		return true;
	}
	return false;
}

/* The plain members by kind, so that writing, reading and freeing cannot drift apart. */
#define JOB_STRINGS(X)                                                                             \
	X(project)                                                                                 \
	X(trigger)                                                                                 \
	X(srpm)                                                                                    \
	X(dir)                                                                                     \
	X(path)                                                                                    \
	X(spec)                                                                                    \
	X(policy)                                                                                  \
	X(numbering)                                                                               \
	X(last_evr)                                                                                \
	X(roots)                                                                                   \
	X(cache)                                                                                   \
	X(own)                                                                                     \
	X(lock)                                                                                    \
	X(output)
#define JOB_NUMBERS(X)                                                                             \
	X(build)                                                                                   \
	X(minor)                                                                                   \
	X(queued)                                                                                  \
	X(date)                                                                                    \
	X(last_date)                                                                               \
	X(rebuild)
#define JOB_FLAGS(X)                                                                               \
	X(allow_lower)                                                                             \
	X(lint_fatal)                                                                              \
	X(source_only)                                                                             \
	X(declare)                                                                                 \
	X(offline)                                                                                 \
	X(refresh)                                                                                 \
	X(no_install_test)
#define JOB_LIMITS(X)                                                                              \
	X(memory)                                                                                  \
	X(disk)                                                                                    \
	X(inodes)                                                                                  \
	X(log)                                                                                     \
	X(pids)                                                                                    \
	X(time)

static void git_release(struct job_git *g)
{
	free(g->url);
	free(g->ref);
	free(g->mirror);
	free(g->sha);
}

void job_release(struct job *j)
{
#define X(member) free(j->member);
	JOB_STRINGS(X)
#undef X
	git_release(&j->upstream);
	git_release(&j->packaging);
	target_free(j->target);
	strv_release(&j->paths);
	strv_release(&j->published);
	*j = (struct job){0};
}

void job_free(struct job *j)
{
	if (!j)
		return;
	job_release(j);
	free(j);
}

static json_t *git_to_json(const struct job_git *g)
{
	json_t *o = json_object();

	json_put_str(o, "url", g->url);
	json_put_str(o, "ref", g->ref);
	json_put_str(o, "mirror", g->mirror);
	json_put_str(o, "sha", g->sha);
	return o;
}

static void git_from_json(const json_t *o, struct job_git *g)
{
	str_set(&g->url, json_get_str(o, "url"));
	str_set(&g->ref, json_get_str(o, "ref"));
	str_set(&g->mirror, json_get_str(o, "mirror"));
	str_set(&g->sha, json_get_str(o, "sha"));
}

json_t *job_to_json(const struct job *j)
{
	json_t *o = json_object(), *limits = json_object();

	json_put_int(o, "schema", 1);
	json_put_str(o, "layout", layout_name(j->layout));
#define X(member) json_put_str(o, #member, j->member);
	JOB_STRINGS(X)
#undef X
#define X(member) json_put_int(o, #member, j->member);
	JOB_NUMBERS(X)
#undef X
#define X(member) json_put_bool(o, #member, j->member);
	JOB_FLAGS(X)
#undef X
	json_put(o, "upstream", git_to_json(&j->upstream));
	json_put(o, "packaging", git_to_json(&j->packaging));
	json_put(o, "target", target_to_json(j->target));
#define X(member) json_put_int(limits, #member, (int64_t)j->limits.member);
	JOB_LIMITS(X)
#undef X
	json_put_real(limits, "cpus", j->limits.cpus);
	json_put(o, "limits", limits);
	json_put_strv(o, "paths", &j->paths);
	json_put_strv(o, "published", &j->published);
	return o;
}

int job_from_json(const json_t *o, struct job **ret, struct err *err)
{
	CLEANUP(job_freep) struct job *j = xcalloc(1, sizeof *j);
	const json_t *limits = json_object_get(o, "limits");
	int r;

	if (json_get_int(o, "schema") != 1)
		return err_set(err, ERR_CORRUPT, "job has schema %lld, 1 is known here",
			(long long)json_get_int(o, "schema"));
	if (!layout_parse(json_get_str(o, "layout"), &j->layout))
		return err_set(err, ERR_CORRUPT, "job has no known layout");
#define X(member) str_set(&j->member, json_get_str(o, #member));
	JOB_STRINGS(X)
#undef X
#define X(member) j->member = json_get_int(o, #member);
	JOB_NUMBERS(X)
#undef X
#define X(member) j->member = json_get_bool(o, #member);
	JOB_FLAGS(X)
#undef X
	git_from_json(json_object_get(o, "upstream"), &j->upstream);
	git_from_json(json_object_get(o, "packaging"), &j->packaging);
	r = target_from_json(json_object_get(o, "target"), &j->target, err);
	if (r < 0)
		return r;
#define X(member) j->limits.member = (uint64_t)json_get_int(limits, #member);
	JOB_LIMITS(X)
#undef X
	j->limits.cpus = json_get_real(limits, "cpus");
	json_get_strv(o, "paths", &j->paths);
	json_get_strv(o, "published", &j->published);
	*ret = TAKE(j);
	return 0;
}
