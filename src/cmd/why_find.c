/* SPDX-License-Identifier: GPL-3.0-or-later */
/* why_find.c - what led to a build and what changed before it: read from the store, the mirrors and
 * the lock files of the roots; nothing is written or fetched. */
#include "base/fs.h"
#include "cmd/why.h"
#include "sched/rebuild.h"

void why_release(struct why *w)
{
	store_build_release(&w->build);
	store_build_release(&w->since);
	vec_free(&w->chain, store_build_release);
	free(w->waits.project);
	free(w->blamed.project);
	report_change_release(&w->change);
	vec_free(&w->upstream.commits, git_commit_release);
	vec_free(&w->packaging.commits, git_commit_release);
}

static int find_other(struct why *w, const char *project, struct why_other *ret, struct err *err)
{
	CLEANUP(store_standing_release) struct store_standing st = {0};
	auto_err struct err e = ERR_INIT;
	int r;

	if (!project)
		return 0;
	ret->project = xstrdup(project);
	r = store_standing(w->store, w->build.target, project, &st, &e);
	if (r == -ERR_NOT_FOUND)
		return 0;
	if (r < 0)
		return err_move(err, &e);
	ret->build = st.last;
	return 0;
}

static int find_held(struct why *w, struct err *err)
{
	auto_strv struct strv held = STRV_INIT;
	int r = store_held(w->store, &held, err);

	w->held = strv_has(&held, "") || strv_has(&held, w->build.project);
	return r;
}

static int find_change(struct why *w, struct err *err)
{
	CLEANUP(report_closep) struct report *report = NULL;
	const struct report_projects none = VEC_INIT;
	const struct strv targets = STRV_INIT;
	const struct report_conf conf = {.data = w->cfg->data,
		.name = w->cfg->name,
		.baseurl = "",
		.targets = &targets,
		.projects = &none};
	int r = report_open(&conf, w->store, &report, err);

	if (r < 0 || (r = report_changes(report, &w->build, &w->change, err)) < 0)
		return r;
	return w->change.since ? store_build_get(w->store, w->change.since, &w->since, err) : 0;
}

/* A mirror may be older or gone: then the hashes must do. */
static int list_commits(struct git *git, const char *mirror, struct why_moved *m, struct err *err)
{
	auto_strv struct strv shas = STRV_INIT;
	auto_err struct err e = ERR_INIT;
	int r;

	if (!fs_is_dir(mirror)) {
		m->unknown = true;
		return 0;
	}
	r = git_new_commits(git, mirror, m->from, m->to, &shas, &m->rewritten, &e);
	m->n = shas.n;
	for (size_t i = shas.n > WHY_COMMITS ? shas.n - WHY_COMMITS : 0; r >= 0 && i < shas.n;
		i++) {
		struct git_commit c = {0};

		r = git_commit_info(git, mirror, shas.v[i], &c, &e);
		if (r >= 0)
			*vec_push(&m->commits) = c;
	}
	m->unknown = r < 0;
	return r == -ERR_SIGNAL ? err_move(err, &e) : 0;
}

static int find_commits(struct why *w, struct err *err)
{
	auto_free char *up = xasprintf("%s/git/%s/upstream.git", w->cfg->data, w->build.project);
	auto_free char *pack = xasprintf("%s/git/%s/packaging.git", w->cfg->data, w->build.project);
	const struct config_project *p = config_project(w->cfg, w->build.project);
	bool one_git = p ? !p->upstream.url : !fs_exists(up);
	CLEANUP(git_freep) struct git *git = NULL;
	auto_strv struct strv local = STRV_INIT;
	auto_free char *scratch = NULL;
	int r;

	w->upstream.from = w->change.upstream_from;
	w->upstream.to = w->change.upstream_to;
	w->packaging.from = w->change.packaging_from;
	w->packaging.to = w->change.packaging_to;
	if (one_git) /* the same hash twice */
		w->upstream.from = w->upstream.to = NULL;
	if (!w->upstream.to && !w->packaging.to)
		return 0;
	strv_addl(&local, up, pack, NULL);
	if ((r = fs_tmpdir(P_tmpdir "/packmill-", &scratch, err)) < 0)
		return r;
	r = git_open(scratch, &local, &git, err);
	if (r >= 0 && w->upstream.to)
		r = list_commits(git, up, &w->upstream, err);
	if (r >= 0 && w->packaging.to)
		r = list_commits(git, pack, &w->packaging, err);
	(void)fs_remove_tree(scratch, NULL);
	return r;
}

int why_find(struct why *w, int64_t id, struct err *err)
{
	int r;

	if ((r = store_build_get(w->store, id, &w->build, err)) < 0 ||
		(r = rebuild_chain(w->store, w->build.by, &w->chain, err)) < 0 ||
		(r = find_held(w, err)) < 0 ||
		(r = find_other(w, w->build.waits, &w->waits, err)) < 0 ||
		(r = find_other(w, w->build.blamed, &w->blamed, err)) < 0 ||
		(r = find_change(w, err)) < 0)
		return r;
	return find_commits(w, err);
}
