/* SPDX-License-Identifier: GPL-3.0-or-later */
/* poll.c - one question per remote, all of them at once; a fetch only where something moved. */
#include "base/fs.h"
#include "base/log.h"
#include "sched/internal.h"

/* Children waiting for remotes at the same time; they hardly use a processor. */
#define POLL_JOBS 8

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

/* A link to another project's mirror; what such a link named before does not matter. */
static int link_mirror(const char *mirror, const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISLNK(st.st_mode))
		return 0; /* a mirror of its own, from before it was shared */
	if ((unlink(path) < 0 && errno != ENOENT) || symlink(mirror, path) < 0)
		return err_errno(err, "link '%s'", path);
	return 0;
}

/*
 * data/git/<project>/<kind>.git. Projects that share a repository share the mirror of the first of
 * them in the configuration, whichever are asked for now; the others get a symlink to it.
 */
static int add_remote(struct sched *s, const struct config_project *p, const char *kind,
	const char *url, struct err *err)
{
	auto_free char *dir = xasprintf("%s/git/%s", s->cfg->data, p->project);
	auto_free char *mirror = xasprintf("%s/%s.git", dir, kind);
	struct remote *r = poll_remote(s, url);
	bool wanted = sched_wants(s, p);
	struct stat st;
	int rc;

	if (!r) {
		r = vec_push(&s->remotes);
		r->url = xstrdup(url);
		r->mirror = xstrdup(mirror);
	}
	r->wanted |= wanted;
	if (!wanted)
		return 0;
	if ((rc = fs_mkdirs(dir, 0755, err)) < 0)
		return rc;
	if (!str_eq(r->mirror, mirror))
		return link_mirror(r->mirror, mirror, err);
	if (lstat(mirror, &st) == 0 && S_ISLNK(st.st_mode) && unlink(mirror) < 0)
		return err_errno(err, "remove '%s'", mirror);
	return 0;
}

static int collect(struct sched *s, struct err *err)
{
	int r;

	vec_foreach (&s->cfg->projects, p) {
		if (p->upstream.url && (r = add_remote(s, p, "upstream", p->upstream.url, err)) < 0)
			return r;
		if (p->packaging.url &&
			(r = add_remote(s, p, "packaging", p->packaging.url, err)) < 0)
			return r;
	}
	return 0;
}

/* What a mirror holds is remembered by its place: another url may have been configured since. */
static int fetch(struct sched *s, struct remote *r, struct err *err)
{
	auto_free char *before = NULL, *refs = strv_join(&r->refs, "\n");
	auto_free char *now = xasprintf("%s\n%s", r->url, refs);
	int rc = store_remote_get(s->store, r->mirror, &before, err);

	if (rc < 0)
		return rc;
	if (str_eq(before, now) && fs_is_dir(r->mirror))
		return 0;
	log_verbose("fetch %s", r->url);
	rc = git_mirror(s->git, r->url, r->mirror, &r->error);
	if (rc == -ERR_SIGNAL)
		return err_move(err, &r->error);
	if (rc < 0)
		return 0; /* its projects report it */
	return store_remote_set(s->store, r->mirror, now, err);
}

static int ask(struct sched *s, struct err *err)
{
	size_t n = s->remotes.n, k = 0;
	auto_free const char **urls = xcalloc(n + 1, sizeof *urls);
	auto_free struct strv *lines = xcalloc(n + 1, sizeof *lines);
	auto_free struct err *errs = xcalloc(n + 1, sizeof *errs);
	int r;

	vec_foreach (&s->remotes, m)
		if (m->wanted)
			urls[k++] = m->url;
	if (!k)
		return 0;
	r = git_ls_remote_many(s->git, urls, k, POLL_JOBS, lines, errs, err);
	k = 0;
	vec_foreach (&s->remotes, m) {
		if (!m->wanted)
			continue;
		m->refs = lines[k];
		m->error = errs[k++];
	}
	return r;
}

int poll_remotes(struct sched *s, struct err *err)
{
	int r = collect(s, err);

	if (r < 0 || (r = ask(s, err)) < 0)
		return r;
	vec_foreach (&s->remotes, m)
		if (m->wanted && m->error.code == ERR_OK && (r = fetch(s, m, err)) < 0)
			return r;
	return 0;
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
