/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bisection_ask.c - from words to commits: of which repository, between which two, with what
 * beside. */
#include "base/fs.h"
#include "cmd/bisection.h"
#include "repo/repo.h"

int bisection_target(struct bisection *b, const char *name, struct err *err)
{
	vec_foreach (&b->cfg->targets, t) {
		if (name ? !str_eq((*t)->name, name)
			 : b->project->targets.n && !strv_has(&b->project->targets, (*t)->name))
			continue;
		b->target = *t;
		free(b->dir);
		b->dir = bisection_dir(b->cfg, b->project->project, (*t)->name);
		return config_target_usable(*t, err);
	}
	return err_set(err, ERR_NOT_FOUND, "no target '%s' in %s", name ?: "", b->cfg->file);
}

/* The mirror of one side, as the instance keeps it. */
static char *mirror_of(const struct bisection *b, bool of_packaging)
{
	return xasprintf("%s/git/%s/%s.git", b->cfg->data, b->project->project,
		of_packaging ? "packaging" : "upstream");
}

static int open_git(struct bisection *b, struct err *err)
{
	auto_free char *up = mirror_of(b, false), *pack = mirror_of(b, true);
	auto_free char *state = NULL;
	auto_strv struct strv local = STRV_INIT;
	int r;

	b->packaging |= !b->project->upstream.url;
	b->mirror = xstrdup(b->packaging ? pack : up);
	if (!fs_is_dir(b->mirror))
		return err_set(err, ERR_NOT_FOUND,
			"no commits of %s are here yet: packmill run --once -p %s fetches them",
			b->project->project, b->project->project);
	strv_addl(&local, up, pack, NULL);
	/* without doing it nothing is left behind */
	if (global.dry_run)
		r = fs_tmpdir(P_tmpdir "/packmill-", &b->scratch, err);
	else
		r = fs_mkdirs(b->dir, 0755, err);
	if (r < 0)
		return r;
	state = path_join(b->scratch ?: b->dir, "git");
	if ((r = fs_mkdirs(state, 0755, err)) < 0)
		return r;
	return git_open(state, &local, &b->git, err);
}

static int read_builds(struct bisection *b, struct err *err)
{
	const struct store_filter f = {
		.target = b->target->name, .project = b->project->project, .state = -1};
	auto_free char *dir = repo_dir(b->cfg->data, b->target->name);
	struct package_vec packages = VEC_INIT;
	int r = store_builds(b->store, &f, &b->builds, err);

	if (r < 0 || !b->target->host)
		return r;
	/* the project's own packages are those of the commit that is tried */
	r = store_published_files(b->store, b->target->name, b->project->project, &packages, err);
	vec_foreach (&packages, p)
		if (p->kind == PACKAGE_MAIN)
			strv_take(&b->published, repo_pool_path(dir, p));
	vec_free(&packages, package_release);
	return r;
}

int bisection_open(struct bisection *b, const char *project, const char *target, struct err *err)
{
	int r;

	if ((r = cmd_load_config(&b->cfg, err)) < 0 ||
		(r = config_project_find(b->cfg, project, &b->project, err)) < 0 ||
		(r = bisection_target(b, target, err)) < 0)
		return r;
	return 0;
}

int bisection_look(struct bisection *b, struct err *err)
{
	int r = open_git(b, err);

	return r < 0 ? r : read_builds(b, err);
}

static const struct store_build *find_build(const struct bisection *b, int64_t id)
{
	vec_foreach (&b->builds, r)
		if (r->id == id)
			return r;
	return NULL;
}

/* N or #N: a build of the project on the target; 1: it is one. A plain number may be a tag as well.
 */
static int by_number(const struct bisection *b, struct named *n, struct err *err)
{
	bool sure = *n->word == '#';
	auto_free char *tag = xasprintf("refs/tags/%s", n->word);
	CLEANUP(store_build_release) struct store_build any = {0};
	const char *sha;
	char same[GIT_SHA];
	uint64_t id;
	int r;

	if (!str_u64(n->word + sure, &id) || id > INT64_MAX)
		return sure ? err_set(err, ERR_USAGE, "%s: '%s' is no build number", n->what,
				      n->word)
			    : 0;
	n->build = find_build(b, (int64_t)id);
	if (!n->build) {
		if (!sure)
			return 0;
		if ((r = store_build_get(b->store, (int64_t)id, &any, err)) < 0)
			return err_wrap(err, "%s", n->what);
		return err_set(err, ERR_CONFLICT, "%s: build %s is of %s on %s", n->what,
			n->word + 1, any.project, any.target);
	}
	sha = b->packaging ? n->build->packaging_sha : n->build->upstream_sha;
	if (!sure && git_resolve(b->git, b->mirror, tag, same, NULL) >= 0 && !str_eq(same, sha))
		return err_set(err, ERR_CONFLICT,
			"%s: '%s' is a build and a tag: write #%s or refs/tags/%s", n->what,
			n->word, n->word, n->word);
	(void)snprintf(n->sha, sizeof n->sha, "%s", sha);
	return 1;
}

static int resolve_word(const struct bisection *b, const char *mirror, const char *what,
	const char *word, char ret[GIT_SHA], struct err *err)
{
	auto_err struct err e = ERR_INIT;
	int r = git_resolve(b->git, mirror, word, ret, &e);

	if (r >= 0)
		return 0;
	/* what is no commit is a slip of who asks, not of the repository or the configuration */
	return err_set(err,
		r == -ERR_SOURCE   ? ERR_NOT_FOUND
		: r == -ERR_CONFIG ? ERR_USAGE
				   : e.code,
		"%s: %s", what, e.msg);
}

int bisection_resolve(const struct bisection *b, struct named *n, struct err *err)
{
	int r = by_number(b, n, err);

	return r ? r : resolve_word(b, b->mirror, n->what, n->word, n->sha, err);
}

int bisection_other(struct bisection *b, const struct named *bad, const char *word, struct err *err)
{
	auto_free char *mirror = mirror_of(b, !b->packaging);
	const struct config_git *c = b->packaging ? &b->project->upstream : &b->project->packaging;
	const struct store_build *with = bad->build;

	if (!b->project->upstream.url)
		return word ? err_set(err, ERR_USAGE, "--at: %s has one repository only",
				      b->project->project)
			    : 0;
	if (word)
		return resolve_word(b, mirror, "--at", word, b->other, err);
	for (size_t i = 0; i < b->builds.n && !with; i++)
		if (str_eq(b->packaging ? b->builds.v[i].packaging_sha
					: b->builds.v[i].upstream_sha,
			    bad->sha))
			with = &b->builds.v[i];
	if (with) {
		(void)snprintf(b->other, sizeof b->other, "%s",
			b->packaging ? with->upstream_sha : with->packaging_sha);
		return 0;
	}
	return git_resolve(b->git, mirror, c->ref ? c->ref : c->branch, b->other, err);
}

int bisection_order(const struct bisection *b, const struct named *good, const struct named *bad,
	struct err *err)
{
	char base[GIT_SHA];
	int r;

	if (str_eq(good->sha, bad->sha))
		return err_set(err, ERR_USAGE, "GOOD and BAD are the same commit (%.12s)%s",
			good->sha,
			good->build && bad->build && !b->packaging
				? ": their packaging may differ (--packaging)"
				: "");
	if ((r = git_merge_base(b->git, b->mirror, good->sha, bad->sha, base, err)) < 0)
		return r;
	if (str_eq(base, good->sha))
		return 0;
	if (str_eq(base, bad->sha))
		return err_set(err, ERR_USAGE,
			"GOOD %s comes after BAD %s: are they the wrong way round?", good->word,
			bad->word);
	return err_set(err, ERR_CONFLICT, "GOOD %s is no ancestor of BAD %s%s%.12s%s", good->word,
		bad->word, *base ? ": they part at " : ", they share nothing", base,
		*base ? ", which may be taken for GOOD" : "");
}

int bisection_list(struct bisection *b, struct err *err)
{
	bool rewritten;
	int r = git_new_commits(b->git, b->mirror, b->good, b->bad, &b->shas, &rewritten, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < b->shas.n; i++) {
		(void)hmap_set(&b->index, b->shas.v[i], i);
		*vec_push(&b->commits) =
			(struct bisect_commit){.cheap = bisection_is_cheap(b, b->shas.v[i])};
	}
	b->commits.v[b->commits.n - 1].verdict = BISECT_BAD;
	return 0;
}
