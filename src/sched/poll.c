/* SPDX-License-Identifier: GPL-3.0-or-later */
/* poll.c - one question per remote, all of them at once; a fetch only where something moved. */
#include "base/fs.h"
#include "base/log.h"
#include "sched/internal.h"

#define POLL_JOBS                                                                                  \
	8 /* children waiting for remotes at the same time; they hardly use a processor            \
	   */

bool sched_wants(const struct sched *s, const struct config_project *p)
{
	const struct strv *only = s->opts->projects;

	return !only || !only->n || strv_has(only, p->project) || strv_has(only, p->name);
}

struct remote *poll_remote(struct sched *s, const char *url)
{
	vec_foreach (&s->remotes, r)
		if (url && str_eq(r->url, url))
			return r;
	return NULL;
}

/*
 * data/git/<project>/<kind>.git. Projects that share a repository share the first one's mirror: the
 * others get a symlink to it.
 */
static int add_remote(struct sched *s, const struct config_project *p, const char *kind,
	const char *url, struct err *err)
{
	auto_free char *dir = xasprintf("%s/git/%s", s->cfg->data, p->project);
	auto_free char *mirror = xasprintf("%s/%s.git", dir, kind);
	struct remote *have = poll_remote(s, url), *r;
	int rc = fs_mkdirs(dir, 0755, err);

	if (rc < 0)
		return rc;
	if (have) {
		if (!fs_exists(mirror) && symlink(have->mirror, mirror) < 0 && errno != EEXIST)
			return err_errno(err, "link '%s'", mirror);
		return 0;
	}
	r = vec_push(&s->remotes);
	r->url = xstrdup(url);
	r->mirror = TAKE(mirror);
	return 0;
}

static int collect(struct sched *s, struct err *err)
{
	int r;

	vec_foreach (&s->cfg->projects, p) {
		if (!sched_wants(s, p))
			continue;
		if (p->upstream.url && (r = add_remote(s, p, "upstream", p->upstream.url, err)) < 0)
			return r;
		if (p->packaging.url &&
			(r = add_remote(s, p, "packaging", p->packaging.url, err)) < 0)
			return r;
	}
	return 0;
}

static int fetch(struct sched *s, struct remote *r, struct err *err)
{
	auto_free char *before = NULL, *now = strv_join(&r->refs, "\n");
	int rc = store_remote_get(s->store, r->url, &before, err);

	if (rc < 0)
		return rc;
	if (before && str_eq(before, now) && fs_is_dir(r->mirror))
		return 0;
	log_verbose("fetch %s", r->url);
	rc = git_mirror(s->git, r->url, r->mirror, &r->error);
	if (rc == -ERR_SIGNAL)
		return err_move(err, &r->error);
	if (rc < 0)
		return 0; /* its projects report it */
	return store_remote_set(s->store, r->url, now, err);
}

int poll_remotes(struct sched *s, struct err *err)
{
	size_t n;
	int r = collect(s, err);

	if (r < 0)
		return r;
	n = s->remotes.n;
	if (!n)
		return 0;

	auto_free const char **urls = xcalloc(n, sizeof *urls);
	auto_free struct strv *lines = xcalloc(n, sizeof *lines);
	auto_free struct err *errs = xcalloc(n, sizeof *errs);

	for (size_t i = 0; i < n; i++)
		urls[i] = s->remotes.v[i].url;
	r = git_ls_remote_many(s->git, urls, n, POLL_JOBS, lines, errs, err);
	for (size_t i = 0; i < n; i++) {
		s->remotes.v[i].refs = lines[i];
		s->remotes.v[i].error = errs[i];
	}
	for (size_t i = 0; i < n && r >= 0; i++)
		if (s->remotes.v[i].error.code == ERR_OK)
			r = fetch(s, &s->remotes.v[i], err);
	return r < 0 ? r : 0;
}

/* The hash of a ref name in the remote's answer; an annotated tag's peeled line wins. */
static const char *find_ref(const struct strv *refs, const char *name)
{
	auto_free char *peeled = xasprintf("%s^{}", name);
	const char *found = NULL;

	strv_foreach (refs, line) {
		const char *ref = strpbrk(*line, " \t");

		if (!ref)
			continue;
		ref++;
		if (str_eq(ref, peeled))
			return *line;
		if (str_eq(ref, name))
			found = *line;
	}
	return found;
}

int poll_resolve(struct sched *s, struct remote *r, const struct config_git *g,
	char ret_sha[GIT_SHA], struct err *err)
{
	static const char *const forms[] = {"refs/heads/%s", "refs/tags/%s", "%s"};
	const char *want = g->ref ? g->ref : g->branch;

	for (size_t i = g->ref || !want ? 1 : 0; i < COUNTOF(forms); i++) {
		auto_free char *name = str_replace(forms[i], "%s", want ? want : "HEAD");
		const char *line = find_ref(&r->refs, name);
		size_t n = line ? strcspn(line, " \t") : 0;

		if (n >= 40 && n < GIT_SHA) {
			memcpy(ret_sha, line, n);
			ret_sha[n] = '\0';
			return 0;
		}
		if (g->branch && !g->ref)
			break; /* a branch is a branch: the mirror explains what is missing */
	}
	return git_resolve(s->git, r->mirror, want, ret_sha, err);
}
