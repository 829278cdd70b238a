/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layout_args.c - FILE.src.rpm | DIR | --upstream URL[#REF] --packaging URL[#REF] into a job. */
#include "base/fs.h"
#include "base/log.h"
#include "base/time.h"
#include "cmd/repos.h"
#include "git/git.h"
#include "version/version.h"

/* "URL#REF": the part after the last # is the ref. Local paths become absolute. */
static void split_url(const char *arg, struct job_git *g)
{
	const char *hash = strrchr(arg, '#');
	auto_free char *url = hash && hash[1] ? xstrndup(arg, (size_t)(hash - arg)) : xstrdup(arg);
	char *path = NULL;

	if (hash && hash[1])
		g->ref = xstrdup(hash + 1);
	if (git_url_is_local(url, &path))
		g->url = path;
	else
		g->url = TAKE(url);
}

static int mirror(
	struct git *git, struct job_git *g, const char *scratch, const char *name, struct err *err)
{
	char sha[GIT_SHA];
	int r;

	if (!g->url)
		return 0;
	g->mirror = path_join(scratch, name);
	log_info("fetching %s", g->url);
	if ((r = git_mirror(git, g->url, g->mirror, err)) < 0)
		return r;
	if ((r = git_resolve(git, g->mirror, g->ref, sha, err)) < 0)
		return err_wrap(err, "'%s'", g->url);
	g->sha = xstrdup(sha);
	return 0;
}

static int fetch(struct job *j, const char *scratch, struct err *err)
{
	CLEANUP(git_freep) struct git *git = NULL;
	auto_strv struct strv local = STRV_INIT;
	const struct job_git *both[] = {&j->upstream, &j->packaging};
	int r;

	for (size_t i = 0; i < COUNTOF(both); i++) {
		char *path = NULL;

		if ((both[i]->url && git_check_url(both[i]->url, err) < 0) ||
			(both[i]->ref && git_check_ref(both[i]->ref, err) < 0)) {
			err->code = ERR_USAGE; /* typed, not configured */
			return -ERR_USAGE;
		}
		if (both[i]->url && git_url_is_local(both[i]->url, &path))
			strv_take(&local, path);
	}
	if ((r = git_open(scratch, &local, &git, err)) < 0 ||
		(r = mirror(git, &j->upstream, scratch, "upstream.git", err)) < 0)
		return r;
	return mirror(git, &j->packaging, scratch, "packaging.git", err);
}

static int check_policy(const char *policy, const char *numbering, struct err *err)
{
	const char *const *lists[] = {version_policies(), version_numberings()};
	const char *values[] = {policy, numbering}, *what[] = {"version policy", "numbering"};

	for (size_t i = 0; i < COUNTOF(lists); i++) {
		size_t n = 0;
		bool found = !values[i];
		const char *near;

		for (; lists[i][n]; n++)
			found |= values[i] && str_eq(lists[i][n], values[i]);
		if (found)
			continue;
		near = str_nearest(values[i], lists[i], n);
		return err_set(err, ERR_USAGE, "unknown %s '%s'%s%s%s", what[i], values[i],
			near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	}
	return 0;
}

/* What the arguments name: one file, one directory, or git repositories. */
static int find_layout(
	const struct layout_args *a, int argc, char **argv, struct job *j, struct err *err)
{
	enum layout wanted;

	if (a->layout && !layout_parse(a->layout, &wanted))
		return err_set(err, ERR_USAGE,
			"unknown layout '%s' (srpm, standard, two-git are known)", a->layout);
	if (argc > 1)
		return err_set(err, ERR_USAGE, "one source at a time: '%s' is too much", argv[1]);
	if (argc == 1 && (a->upstream || a->packaging))
		return err_set(err, ERR_USAGE, "give either '%s' or git repositories", argv[0]);
	if (argc == 1 && fs_is_dir(argv[0])) {
		j->layout = LAYOUT_STANDARD;
		j->dir = path_abs(argv[0]);
	} else if (argc == 1) {
		if (!fs_exists(argv[0]))
			return err_set(err, ERR_NOT_FOUND, "no file or directory '%s'", argv[0]);
		if (!str_ends(argv[0], ".src.rpm"))
			return err_set(err, ERR_USAGE, "'%s' is neither a directory nor a .src.rpm",
				argv[0]);
		j->layout = LAYOUT_SRPM;
		j->srpm = path_abs(argv[0]);
	} else if (a->packaging) {
		j->layout = a->upstream ? LAYOUT_TWO_GIT : LAYOUT_STANDARD;
	} else {
		return err_set(err, ERR_USAGE,
			a->upstream
				? "--upstream needs --packaging"
				: "nothing to build: give FILE.src.rpm, DIR or --packaging URL");
	}
	if (a->layout && wanted != j->layout)
		return err_set(err, ERR_USAGE, "layout '%s' does not fit: this is '%s'", a->layout,
			layout_name(j->layout));
	return 0;
}

int layout_job(const struct layout_args *a, int argc, char **argv, const char *scratch,
	struct job **ret, struct err *err)
{
	CLEANUP(job_freep) struct job *j = xcalloc(1, sizeof *j);
	int r;

	if ((r = find_layout(a, argc, argv, j, err)) < 0 ||
		(r = check_policy(a->policy, a->numbering, err)) < 0 ||
		(r = cmd_load_target(a->target ? a->target : "host", &j->target, err)) < 0 ||
		(r = cmd_roots_dir(&j->roots, &j->cache, err)) < 0)
		return r;
	if (!j->target->host)
		j->own = cmd_own_repository(j->roots, j->target);
	if (a->upstream)
		split_url(a->upstream, &j->upstream);
	if (a->packaging)
		split_url(a->packaging, &j->packaging);
	if (a->packaging && (r = fetch(j, scratch, err)) < 0)
		return r;
	j->trigger = xstrdup("manual");
	j->path = xstrdup_null(a->path);
	j->spec = xstrdup_null(a->spec);
	j->policy = xstrdup_null(a->policy);
	j->numbering = xstrdup(a->numbering ? a->numbering : "0.date.hash");
	j->minor = (int64_t)a->minor;
	j->rebuild = (int64_t)a->rebuild;
	j->queued = time_now();
	j->limits = (struct limits)LIMITS_DEFAULT;
	*ret = TAKE(j);
	return 0;
}
