/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * poll.c - who has something new. A helper asks all remotes at once and says of each project, as
 * soon as its remotes have answered, whether it moved; what moved is fetched and listed by further
 * helpers (commits.c). A project is given to one helper at a time, and so is a remote.
 */
#include "base/fs.h"
#include "base/hash.h"
#include "base/json.h"
#include "sched/internal.h"

/* Children waiting for remotes at the same time; they hardly use a processor. */
#define POLL_JOBS 16

struct remote *poll_remote(const struct sched *s, const char *url)
{
	vec_foreach (&s->remotes, r)
		if (url && str_eq((*r)->url, url))
			return *r;
	return NULL;
}

struct project *poll_project(const struct sched *s, const char *name)
{
	size_t i;

	return hmap_get(&s->project_index, name, &i) ? s->projects.v[i] : NULL;
}

/* ---- what is asked ---- */

static int add_remote(struct sched *s, const struct config_project *p, const char *kind,
	const char *url, struct hmap *index, struct remote **ret, struct err *err)
{
	struct remote *r;
	size_t i;
	int rc;

	if (!url)
		return 0;
	if (!hmap_get(index, url, &i)) {
		r = xcalloc(1, sizeof *r);
		r->url = xstrdup(url);
		r->mirror = xasprintf("%s/git/%s/%s.git", s->cfg->data, p->project, kind);
		hmap_set(index, url, i = s->remotes.n);
		*vec_push(&s->remotes) = r;
		if ((rc = store_remote_get(s->store, r->mirror, &r->holds, err)) < 0)
			return rc;
	}
	*ret = s->remotes.v[i];
	return 0;
}

int poll_open(struct sched *s, struct err *err)
{
	auto_hmap struct hmap index = HMAP_INIT;
	int r;

	vec_foreach (&s->cfg->projects, c) {
		struct project *p = *vec_push(&s->projects) = xcalloc(1, sizeof *p);

		p->conf = c;
		hmap_set(&s->project_index, c->project, s->projects.n - 1);
		if ((r = add_remote(s, c, "upstream", c->upstream.url, &index, &p->upstream, err)) <
				0 ||
			(r = add_remote(s, c, "packaging", c->packaging.url, &index, &p->packaging,
				 err)) < 0)
			return r;
	}
	return trouble_open(s, err);
}

static void remote_free(struct remote **r)
{
	free((*r)->url);
	free((*r)->mirror);
	free((*r)->holds);
	free((*r)->says);
	free(*r);
}

static void found_release(struct found *f)
{
	free(f->since);
	free(f->sha);
	free(f->author);
	free(f->subject);
}

void poll_forget(struct project *p)
{
	vec_free(&p->found, found_release);
}

void poll_done(struct project *p)
{
	poll_forget(p);
	str_set(&p->up, NULL);
	str_set(&p->pack, NULL);
	p->pack_time = 0;
	p->moved = p->fetching = p->ready = p->busy = p->no_room = false;
	p->answered = true;
}

static void project_free(struct project **p)
{
	poll_done(*p);
	free((*p)->trouble);
	free((*p)->kept);
	free(*p);
}

void poll_close(struct sched *s)
{
	hmap_release(&s->project_index);
	vec_free(&s->projects, project_free);
	vec_free(&s->remotes, remote_free);
}

/* ---- in the helper ---- */

struct asked {
	struct sched *s;
	VEC(struct project *) projects;
	VEC(struct remote *) remotes;
	struct strv *refs; /* of each remote */
	struct err *errs;
	bool *done;
	int out;
};

static void asked_free(struct asked *a)
{
	if (!a)
		return;
	vec_release(&a->projects);
	vec_release(&a->remotes);
	free(a->refs);
	free(a->errs);
	free(a->done);
	free(a);
}
DEFINE_CLEANUP(struct asked *, asked_free)

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

void poll_resolve(const struct strv *refs, const struct config_git *g, char ret_sha[GIT_SHA])
{
	static const char *const forms[] = {"refs/heads/%s", "refs/tags/%s", "%s"};
	const char *want = g->ref ? g->ref : g->branch;

	*ret_sha = '\0';
	for (size_t i = g->ref || !want ? 1 : 0; i < COUNTOF(forms); i++) {
		auto_free char *name = str_replace(forms[i], "%s", want ? want : "HEAD");
		const char *line = find_ref(refs, name);
		size_t n = line ? strcspn(line, " \t") : 0;

		if (n >= 40 && n < GIT_SHA) {
			memcpy(ret_sha, line, n);
			ret_sha[n] = '\0';
			return;
		}
		if (g->branch && !g->ref)
			return; /* a branch is a branch: the mirror explains what is missing */
	}
}

/* What a mirror holds is remembered by its place: another url may have been configured since. */
static char *holds_of(const struct remote *r, const struct strv *refs)
{
	CLEANUP(sha256_freep) struct sha256 *h = sha256_new();
	char hex[SHA256_HEX];

	strv_foreach (refs, line)
		sha256_add_str(h, *line);
	sha256_end(TAKE(h), hex);
	return xasprintf("%s\n%s", r->url, hex);
}

static void say(const struct asked *a, json_t *j)
{
	auto_free char *text = json_dumps(j, JSON_COMPACT);
	auto_free char *line = xasprintf("%s\n", text);

	(void)fs_write_all(a->out, line, strlen(line), NULL);
	json_decref(j);
}

/* One remote of a project: what it holds, where its head is. False: trouble, which is said. */
static int look_at(const struct asked *a, const struct remote *r, const struct config_git *g,
	const char *kind, json_t *j, char head[GIT_SHA], bool *same)
{
	auto_free char *holds = NULL;
	size_t i = 0;

	while (a->remotes.v[i] != r)
		i++;
	if (a->errs[i].code != ERR_OK) {
		auto_free char *why = xasprintf("%s: %s", kind, a->errs[i].msg);

		json_put_int(j, "code", a->errs[i].code);
		json_put_str(j, "error", why); /* a server's words: not always UTF-8 */
		return -1;
	}
	holds = holds_of(r, &a->refs[i]);
	poll_resolve(&a->refs[i], g, head);
	*same &= str_eq(holds, r->holds) && fs_is_dir(r->mirror);
	/* a pinned hash, say; a mirror that is older than the answer knows nothing */
	if (!*head && *same &&
		git_resolve(a->s->git, r->mirror, g->ref ? g->ref : g->branch, head, NULL) < 0)
		*head = '\0';
	*same &= *head != '\0';
	json_put_str(j, kind, holds);
	return 0;
}

static bool seen_all(
	const struct sched *s, const struct project *p, const char *up, const char *pack)
{
	vec_foreach (&s->cfg->targets, t) {
		const struct lane *l = lane_find(s, (*t)->name, p->conf->project);

		if (l && l->conf && (!str_eq(l->seen_up, up) || !str_eq(l->seen_pack, pack)))
			return false;
	}
	return true;
}

static void say_project(const struct asked *a, size_t i)
{
	const struct project *p = a->projects.v[i];
	char up[GIT_SHA] = "", pack[GIT_SHA] = "";
	json_t *j = json_object();
	bool same = true;

	json_put_int(j, "p", (int64_t)i);
	if (look_at(a, p->packaging, &p->conf->packaging, "packaging", j, pack, &same) < 0 ||
		(p->upstream && look_at(a, p->upstream, &p->conf->upstream, "upstream", j, up,
					&same) < 0)) {
		say(a, j);
		return;
	}
	if (!p->upstream)
		memcpy(up, pack, sizeof up);
	json_put_bool(j, "moved", !same || !seen_all(a->s, p, up, pack));
	json_put_str(j, "up", up);
	json_put_str(j, "pack", pack);
	say(a, j);
}

static bool answered(const struct asked *a, const struct remote *r)
{
	for (size_t i = 0; i < a->remotes.n; i++)
		if (a->remotes.v[i] == r)
			return a->done[i];
	return true; /* NULL: one git */
}

static void on_answer(void *ctx, size_t i, const struct strv *lines, const struct err *e)
{
	struct asked *a = ctx;
	const struct remote *r = a->remotes.v[i];

	a->done[i] = true;
	if (e->code != ERR_OK)
		err_set_(&a->errs[i], e->code, 0, "%s", e->msg);
	else
		strv_copy(&a->refs[i], lines);
	for (size_t k = 0; k < a->projects.n; k++) {
		const struct project *p = a->projects.v[k];

		if ((p->upstream == r || p->packaging == r) && answered(a, p->upstream) &&
			answered(a, p->packaging))
			say_project(a, k);
	}
}

static int ask(void *ctx, int out)
{
	struct asked *a = ctx;
	auto_free const char **urls = xcalloc(a->remotes.n + 1, sizeof *urls);

	a->out = out;
	a->refs = xcalloc(a->remotes.n + 1, sizeof *a->refs);
	a->errs = xcalloc(a->remotes.n + 1, sizeof *a->errs);
	a->done = xcalloc(a->remotes.n + 1, sizeof *a->done);
	for (size_t i = 0; i < a->remotes.n; i++)
		urls[i] = a->remotes.v[i]->url;
	return git_ls_remote_each(a->s->git, urls, a->remotes.n, POLL_JOBS, on_answer, a, NULL);
}

/* ---- in the supervisor ---- */

static int on_project(struct sched *s, void *ctx, const char *line, struct err *err)
{
	const struct asked *a = ctx;
	auto_json json_t *j = NULL;
	struct project *p;
	int64_t i;

	if (json_parse(line, strlen(line), "a helper", &j, err) < 0)
		return -ERR_BUG;
	i = json_get_int(j, "p");
	if (i < 0 || (size_t)i >= a->projects.n)
		return err_set(err, ERR_BUG, "a helper speaks of project %lld", (long long)i);
	p = a->projects.v[i];
	s->dirty = true;
	if (json_get_str(j, "error")) {
		auto_err struct err e = ERR_INIT;

		err_set_(&e, (enum err_code)json_get_int(j, "code"), 0, "%s",
			json_get_str(j, "error"));
		poll_done(p);
		poll_trouble(s, p, &e);
		return 0;
	}
	if (!json_get_bool(j, "moved")) {
		poll_done(p);
		poll_trouble(s, p, NULL);
		return 0;
	}
	if (p->upstream)
		str_set(&p->upstream->says, json_get_str(j, "upstream"));
	str_set(&p->packaging->says, json_get_str(j, "packaging"));
	str_set(&p->up, json_get_str(j, "up"));
	str_set(&p->pack, json_get_str(j, "pack"));
	p->moved = true;
	commits_start(s);
	return 0;
}

/* Whom it did not speak of any more: it was ended, or something is wrong with git itself. */
static int on_asked(struct sched *s, void *ctx, bool ok, struct err *err)
{
	CLEANUP(asked_freep) struct asked *a = ctx;

	if (s->stopping)
		return 0;
	vec_foreach (&a->projects, p) {
		auto_err struct err e = ERR_INIT;

		if (ok || !(*p)->busy || (*p)->moved || (*p)->ready || (*p)->fetching)
			continue;
		poll_done(*p);
		err_set_(&e, ERR_SYS, 0, "the process that asks remotes failed");
		poll_trouble(s, *p, &e);
	}
	poll_tell(s);
	s->dirty = true;
	return commits_flush(s, err);
}

static void add_to(struct asked *a, struct project *p)
{
	struct remote *both[] = {p->upstream, p->packaging};

	p->busy = true;
	p->asked = loop_now(a->s->loop);
	*vec_push(&a->projects) = p;
	for (size_t i = 0; i < COUNTOF(both); i++) {
		bool known = !both[i];

		vec_foreach (&a->remotes, r)
			known |= *r == both[i];
		if (!known)
			*vec_push(&a->remotes) = both[i];
	}
}

/* Whoever shares one of two remotes does not wait long for the other, which may hang. */
static void mark_busy(struct sched *s)
{
	vec_foreach (&s->remotes, r)
		(*r)->busy = false;
	vec_foreach (&s->projects, p) {
		if (!(*p)->busy || loop_now(s->loop) >= (*p)->asked + PATIENCE_MS)
			continue;
		if ((*p)->upstream)
			(*p)->upstream->busy = true;
		if ((*p)->packaging)
			(*p)->packaging->busy = true;
	}
}

enum when { WHEN_DUE, WHEN_ASKED, WHEN_ASKED_BEFORE };

/* One that is looked at, or shares a remote with such a one. */
static bool is_taken(const struct project *p)
{
	return p->busy || (p->upstream && p->upstream->busy) ||
	       (p->packaging && p->packaging->busy);
}

/* The look that goes on may have its answer from before the wish for one: another follows it. */
static bool to_ask(struct sched *s, struct project *p, const char *only, enum when when)
{
	if (!sched_wants(s, p->conf) || (only && !str_eq(only, p->conf->project)))
		return false;
	p->once_more |= when == WHEN_ASKED;
	if (is_taken(p)) {
		s->once_more |= p->once_more;
		return false;
	}
	return p->once_more || (when == WHEN_DUE && p->again <= loop_now(s->loop));
}

static void add_all(struct asked *a, const char *only, enum when when)
{
	struct sched *s = a->s;

	vec_foreach (&s->projects, p) {
		if (!to_ask(s, *p, only, when))
			continue;
		if (!(*p)->packaging) {
			auto_err struct err e = ERR_INIT;

			(*p)->once_more = false;
			err_set_(&e, ERR_CONFIG, 0, "no packaging repository");
			poll_trouble(s, *p, &e);
			continue;
		}
		add_to(a, *p);
	}
}

static int start(struct sched *s, const char *only, enum when when, struct err *err)
{
	CLEANUP(asked_freep) struct asked *a = xcalloc(1, sizeof *a);
	int r;

	a->s = s;
	/* fetches may have become slow since, and give way */
	commits_start(s);
	mark_busy(s);
	add_all(a, only, when);
	if (!a->projects.n)
		return 0;
	r = helper_start(s, "poll", ask, a, on_project, on_asked, err);
	if (r < 0) {
		vec_foreach (&a->projects, p) {
			poll_done(*p);
			s->once_more |= (*p)->once_more;
		}
		return r;
	}
	vec_foreach (&a->projects, p)
		(*p)->once_more = false;
	(void)TAKE(a);
	return 0;
}

int poll_start(struct sched *s, const char *project, bool now, struct err *err)
{
	return start(s, project, now ? WHEN_ASKED : WHEN_DUE, err);
}

int poll_again(struct sched *s, struct err *err)
{
	if (!s->once_more)
		return 0;
	s->once_more = false;
	return start(s, NULL, WHEN_ASKED_BEFORE, err);
}

bool poll_busy(const struct sched *s)
{
	vec_foreach (&s->projects, p)
		if ((*p)->busy)
			return true;
	return false;
}
