/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fetch.c - what moved is fetched and its new commits are listed: by graph, first parent, never by
 * date. A first look takes the head only, unless --since names where to begin. One helper for each
 * project, a few at once.
 */
#include "base/disk.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "sched/internal.h"

#define FETCH_JOBS 6
/* One that takes longer is a big first clone, or hangs: others have its place. */
#define SLOW_MS    (60 * UINT64_C(1000))
#define FETCH_MOST 48

/* ---- in the helper ---- */

struct list {
	struct sched *s;
	struct project *p;
	int out;
	char up[GIT_SHA], pack[GIT_SHA];
	bool fetch_upstream, fetch_packaging;
};

static void say(const struct list *l, json_t *j)
{
	auto_free char *text = json_dumps(j, JSON_COMPACT);
	auto_free char *line = xasprintf("%s\n", text);

	(void)fs_write_all(l->out, line, strlen(line), NULL);
	json_decref(j);
}

static const char *mirror_of(const struct list *l)
{
	return (l->p->upstream ? l->p->upstream : l->p->packaging)->mirror;
}

static int say_commit(const struct list *l, const char *since, const char *sha, struct err *err)
{
	CLEANUP(git_commit_release) struct git_commit info = {0};
	int r = git_commit_info(l->s->git, mirror_of(l), sha, &info, err);
	json_t *j;

	if (r < 0)
		return r;
	j = json_object();
	json_put_str(j, "commit", sha);
	json_put_str(j, "since", since);
	json_put_str(j, "author", info.author_name);
	json_put_str(j, "subject", info.subject);
	json_put_int(j, "time", info.commit_time);
	say(l, j);
	return 0;
}

static void say_warning(const struct list *l, const char *text)
{
	json_t *j = json_object();

	json_put_str(j, "warning", text);
	say(l, j);
}

/* Commits from --since on, that one included. */
static int since(const struct list *l, struct strv *ret, struct err *err)
{
	struct git *git = l->s->git;
	const char *from = l->s->opts->since;
	char first[GIT_SHA];
	bool rewritten = false;
	int r = git_resolve(git, mirror_of(l), from, first, err);

	if (r < 0)
		return err_wrap(err, "--since");
	if (str_eq(first, l->up)) {
		strv_add(ret, l->up);
		return 0;
	}
	r = git_new_commits(git, mirror_of(l), first, l->up, ret, &rewritten, err);
	if (r >= 0 && rewritten) {
		auto_free char *text = xasprintf(
			"--since %s is no ancestor of %s: only that is built", from, l->up);

		say_warning(l, text);
	}
	if (r < 0 || rewritten)
		return r;
	strv_add(ret, "");
	free(ret->v[ret->n - 1]);
	memmove(ret->v + 1, ret->v, (ret->n - 1) * sizeof *ret->v);
	ret->v[0] = xstrdup(first);
	return 0;
}

/* The commits to build, oldest first, of the repository that leads (upstream, else packaging). */
static int list_new(const struct list *l, const char *last, struct strv *ret, struct err *err)
{
	bool rewritten = false;
	int r;

	if (str_eq(last, l->up)) {
		strv_add(ret, l->up); /* only the packaging moved */
		return 0;
	}
	if (!*last && l->s->opts->since && !l->s->opts->head_only)
		return since(l, ret, err);
	r = git_new_commits(l->s->git, mirror_of(l), last, l->up, ret, &rewritten, err);
	if (r >= 0 && rewritten && *last) {
		auto_free char *text = xasprintf("history was rewritten, %s is no ancestor of %s: "
						 "only the new head is built",
			last, l->up);

		say_warning(l, text);
	}
	return r;
}

static int list_since(const struct list *l, const char *last, struct err *err)
{
	auto_strv struct strv shas = STRV_INIT;
	int r = list_new(l, last, &shas, err);

	for (size_t i = l->s->opts->head_only && shas.n ? shas.n - 1 : 0; r >= 0 && i < shas.n; i++)
		r = say_commit(l, last, shas.v[i], err);
	return r;
}

static bool is_new(const struct lane *ln, const struct list *l)
{
	return ln && ln->conf && (!str_eq(ln->seen_up, l->up) || !str_eq(ln->seen_pack, l->pack));
}

/* Targets that were looked at up to the same commit get one list. */
static int list_all(const struct list *l, struct err *err)
{
	auto_strv struct strv done = STRV_INIT;

	vec_foreach (&l->s->cfg->targets, t) {
		const struct lane *ln = lane_find(l->s, (*t)->name, l->p->conf->project);
		int r;

		if (!is_new(ln, l) || strv_has(&done, ln->seen_up))
			continue;
		if ((r = list_since(l, ln->seen_up, err)) < 0)
			return r;
		strv_add(&done, ln->seen_up);
	}
	return 0;
}

static int fetch(const struct list *l, const struct remote *r, struct err *err)
{
	log_verbose("fetch %s", r->url);
	return git_mirror(l->s->git, r->url, r->mirror, err);
}

static int head(const struct list *l, const struct remote *r, const struct config_git *g,
	const char *known, char ret[GIT_SHA], struct err *err)
{
	if (str_empty(known) || strlen(known) >= GIT_SHA)
		return git_resolve(l->s->git, r->mirror, g->ref ? g->ref : g->branch, ret, err);
	memcpy(ret, known, strlen(known) + 1);
	return 0;
}

/* Others that share it need not wait for our upstream. */
static void say_fetched(const struct list *l)
{
	json_t *j = json_object();

	json_put_bool(j, "fetched", true);
	say(l, j);
}

static int say_heads(const struct list *l, struct err *err)
{
	CLEANUP(git_commit_release) struct git_commit info = {0};
	json_t *j;
	int r = 0;

	if (l->p->upstream)
		r = git_commit_info(l->s->git, l->p->packaging->mirror, l->pack, &info, err);
	if (r < 0)
		return err_wrap(err, "packaging");
	j = json_object();
	json_put_str(j, "up", l->up);
	json_put_str(j, "pack", l->pack);
	json_put_int(j, "pack_time", info.commit_time);
	say(l, j);
	return 0;
}

/* ---- where mirrors lie ---- */

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

static int place(const struct sched *s, const struct project *p, const char *kind,
	const struct remote *r, struct err *err)
{
	auto_free char *dir = xasprintf("%s/git/%s", s->cfg->data, p->conf->project);
	auto_free char *mirror = xasprintf("%s/%s.git", dir, kind);
	auto_free char *first = r ? path_dir(r->mirror) : NULL;
	struct stat st;
	int rc;

	if (!r)
		return 0;
	if ((rc = fs_mkdirs(dir, 0755, err)) < 0 || (rc = fs_mkdirs(first, 0755, err)) < 0)
		return rc;
	if (!str_eq(r->mirror, mirror))
		return link_mirror(r->mirror, mirror, err);
	if (lstat(mirror, &st) == 0 && S_ISLNK(st.st_mode) && unlink(mirror) < 0)
		return err_errno(err, "remove '%s'", mirror);
	return 0;
}

/*
 * data/git/<project>/<kind>.git. Projects that share a repository share the mirror of the first of
 * them in the configuration, whichever are asked for now; the others get a symlink to it.
 */
static int place_all(const struct sched *s, const struct project *p, struct err *err)
{
	int r = place(s, p, "upstream", p->upstream, err);

	return r < 0 ? r : place(s, p, "packaging", p->packaging, err);
}

/* ---- all of it ---- */

static int look(struct list *l, struct err *err)
{
	const struct project *p = l->p;
	int r = place_all(l->s, p, err);

	if (r < 0)
		return r;
	if ((l->fetch_packaging && (r = fetch(l, p->packaging, err)) < 0) ||
		(r = head(l, p->packaging, &p->conf->packaging, p->pack, l->pack, err)) < 0)
		return err_wrap(err, "packaging");
	say_fetched(l);
	if (p->upstream &&
		((l->fetch_upstream && (r = fetch(l, p->upstream, err)) < 0) ||
			(r = head(l, p->upstream, &p->conf->upstream, p->up, l->up, err)) < 0))
		return err_wrap(err, "upstream");
	if (!p->upstream)
		memcpy(l->up, l->pack, sizeof l->up);
	if ((r = list_all(l, err)) < 0)
		return r;
	return say_heads(l, err);
}

/* Whether it failed for want of room here, or may have: that is not the remote's trouble. */
static bool is_disk_fault(const struct list *l, const struct err *e)
{
	auto_free char *dir = path_join(l->s->cfg->data, "git");
	auto_err struct err disk = ERR_INIT;

	return disk_fault(e->sys) || disk_try(dir, 4, &disk) < 0;
}

static int helper(void *ctx, int out)
{
	struct list *l = ctx;
	auto_err struct err e = ERR_INIT;
	json_t *j;

	l->out = out;
	if (look(l, &e) >= 0)
		return 0;
	if (e.code == ERR_SIGNAL)
		return -1;
	j = json_object();
	json_put_int(j, "code", e.code);
	json_put_str(j, "error", e.msg);
	json_put_bool(j, "disk", is_disk_fault(l, &e));
	say(l, j);
	return 0;
}

/* ---- in the supervisor ---- */

static void list_free(struct list *l)
{
	if (l->fetch_upstream)
		l->p->upstream->fetcher = NULL;
	if (l->fetch_packaging)
		l->p->packaging->fetcher = NULL;
	free(l);
}

static void on_fetched(struct sched *s, struct list *l)
{
	if (!l->fetch_packaging)
		return;
	l->fetch_packaging = false;
	l->p->packaging->fetcher = NULL;
	commits_start(s);
}

/* When the disk is full it is fetched as soon as there is room (commits_start): it stays "moved".
 */
static int on_error(struct sched *s, struct project *p, struct err *e, bool disk, struct err *err)
{
	auto_err struct err full = ERR_INIT;

	p->no_room = disk && sched_disk(s, &full) < 0;
	if (p->no_room)
		return sched_stall(s, &full, err);
	if (disk) {
		e->code = ERR_SYS;
		(void)err_wrap(e, "no room on this machine's disk to fetch it");
	}
	poll_done(p);
	poll_trouble(s, p, e);
	return 0;
}

static int on_found(struct sched *s, void *ctx, const char *line, struct err *err)
{
	struct project *p = ((struct list *)ctx)->p;
	auto_json json_t *j = NULL;
	struct found *f;

	if (json_parse(line, strlen(line), "a helper", &j, err) < 0)
		return -ERR_BUG;
	if (json_get_bool(j, "fetched")) {
		on_fetched(s, ctx);
		return 0;
	}
	if (json_get_str(j, "warning"))
		log_warn("%s: %s", p->conf->project, json_get_str(j, "warning"));
	if (json_get_str(j, "error")) {
		auto_err struct err e = ERR_INIT;

		err_set_(&e, (enum err_code)json_get_int(j, "code"), 0, "%s",
			json_get_str(j, "error"));
		return on_error(s, p, &e, json_get_bool(j, "disk"), err);
	}
	if (json_get_str(j, "up")) {
		str_set(&p->up, json_get_str(j, "up"));
		str_set(&p->pack, json_get_str(j, "pack"));
		p->pack_time = json_get_int(j, "pack_time");
		p->ready = true;
	}
	if (!json_get_str(j, "commit") || p->found.n >= LIMIT_COMMITS)
		return 0;
	f = vec_push(&p->found);
	f->since = xstrdup_null(json_get_str(j, "since"));
	f->sha = xstrdup(json_get_str(j, "commit"));
	f->author = xstrdup_null(json_get_str(j, "author"));
	f->subject = xstrdup_null(json_get_str(j, "subject"));
	f->time = json_get_int(j, "time");
	return 0;
}

static int on_listed(struct sched *s, void *ctx, bool ok, struct err *err)
{
	struct list *l = ctx;
	struct project *p = l->p;

	list_free(l);
	p->fetching = false;
	if (s->stopping)
		return 0;
	if (p->no_room)
		poll_forget(p);
	else if (!p->ready && p->busy) {
		auto_err struct err e = ERR_INIT;

		err_set_(&e, ERR_SYS, 0, "the process that fetches it %s",
			ok ? "said nothing" : "failed");
		poll_done(p);
		poll_trouble(s, p, &e);
	}
	if (p->ready && !s->first_ready)
		s->first_ready = loop_now(s->loop);
	s->dirty = true;
	commits_start(s);
	return commits_flush(s, err);
}

static bool to_fetch(const struct remote *r)
{
	return r && (!str_eq_null(r->holds, r->says) || !fs_is_dir(r->mirror));
}

static bool is_fetched(const struct remote *r)
{
	return r && r->fetcher;
}

/* No process to be had now: the project is looked at later. */
static bool start(struct sched *s, struct project *p)
{
	auto_err struct err e = ERR_INIT;
	struct list *l = xcalloc(1, sizeof *l);

	l->s = s;
	l->p = p;
	l->fetch_upstream = to_fetch(p->upstream);
	l->fetch_packaging = to_fetch(p->packaging);
	if (l->fetch_upstream)
		p->upstream->fetcher = p;
	if (l->fetch_packaging)
		p->packaging->fetcher = p;
	p->fetching = true;
	p->fetched = loop_now(s->loop);
	p->no_room = false;
	if (helper_start(s, "fetch", helper, l, on_found, on_listed, &e) >= 0)
		return true;
	list_free(l);
	poll_done(p);
	poll_trouble(s, p, &e);
	s->dirty = true;
	return false;
}

void commits_start(struct sched *s)
{
	size_t n = 0, all = 0;

	if (s->stalled)
		return;
	vec_foreach (&s->projects, p) {
		all += (*p)->fetching;
		n += (*p)->fetching && loop_now(s->loop) < (*p)->fetched + SLOW_MS;
	}
	vec_foreach (&s->projects, it) {
		struct project *p = *it;

		if (n >= FETCH_JOBS || all >= FETCH_MOST)
			break;
		if (!p->moved || p->fetching || p->ready || is_fetched(p->upstream) ||
			is_fetched(p->packaging))
			continue;
		if (!start(s, p))
			continue;
		n++;
		all++;
	}
}
