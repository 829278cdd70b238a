/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * commits.c - which commits are new: by graph, first parent, never by date. A first run takes the
 * head only, unless --since names where to begin.
 */
#include "base/log.h"
#include "base/time.h"
#include "sched/internal.h"

/* Where a project stands: what it follows and the hashes there now. */
struct heads {
	struct remote *upstream, *packaging; /* upstream NULL: one git */
	char up[GIT_SHA], pack[GIT_SHA];
	int64_t pack_time; /* when `pack` was committed; 0: not asked yet */
};

static int remote_ready(struct remote *r, struct err *err)
{
	if (r->error.code == ERR_OK)
		return 0;
	return err_set(err, r->error.code, "%s", r->error.msg);
}

static int find_heads(
	struct sched *s, const struct config_project *p, struct heads *h, struct err *err)
{
	int r;

	*h = (struct heads){
		.upstream = poll_remote(s, p->upstream.url),
		.packaging = poll_remote(s, p->packaging.url),
	};
	if (!h->packaging)
		return err_set(err, ERR_CONFIG, "no packaging repository");
	if ((r = remote_ready(h->packaging, err)) < 0 ||
		(r = poll_resolve(s, h->packaging, &p->packaging, h->pack, err)) < 0)
		return err_wrap(err, "packaging");
	if (!h->upstream) {
		memcpy(h->up, h->pack, sizeof h->up);
		return 0;
	}
	if ((r = remote_ready(h->upstream, err)) < 0 ||
		(r = poll_resolve(s, h->upstream, &p->upstream, h->up, err)) < 0)
		return err_wrap(err, "upstream");
	return 0;
}

/* Commits from --since on, that one included. */
static int since(struct sched *s, const char *project, const char *mirror, const char *head,
	struct strv *ret, struct err *err)
{
	char first[GIT_SHA];
	bool rewritten = false;
	int r = git_resolve(s->git, mirror, s->opts->since, first, err);

	if (r < 0)
		return err_wrap(err, "--since");
	if (str_eq(first, head)) {
		strv_add(ret, head);
		return 0;
	}
	r = git_new_commits(s->git, mirror, first, head, ret, &rewritten, err);
	if (r >= 0 && rewritten)
		log_warn("%s: --since %s is no ancestor of %s: only that is built", project,
			s->opts->since, head);
	if (r < 0 || rewritten)
		return r;
	strv_add(ret, "");
	free(ret->v[ret->n - 1]);
	memmove(ret->v + 1, ret->v, (ret->n - 1) * sizeof *ret->v);
	ret->v[0] = xstrdup(first);
	return 0;
}

/* The commits to build, oldest first, of the repository that leads (upstream, else packaging). */
static int list_new(struct sched *s, const struct config_project *p, const struct heads *h,
	const char *last, struct strv *ret, struct err *err)
{
	const char *mirror = h->upstream ? h->upstream->mirror : h->packaging->mirror;
	bool rewritten = false;
	int r;

	if (str_eq(last, h->up)) {
		strv_add(ret, h->up); /* only the packaging moved */
		return 0;
	}
	if (!*last && s->opts->since && !s->opts->head_only)
		return since(s, p->project, mirror, h->up, ret, err);
	r = git_new_commits(s->git, mirror, last, h->up, ret, &rewritten, err);
	if (r < 0)
		return r;
	if (rewritten && *last)
		log_warn("%s: history was rewritten, %s is no ancestor of %s: only the new head is "
			 "built",
			p->project, last, h->up);
	return 0;
}

static int add_build(struct sched *s, const struct config_project *p, const struct target *t,
	const struct heads *h, const char *sha, bool *ret_new, struct err *err)
{
	struct store_build b = {
		.target = t->name,
		.project = p->project,
		.name = p->name,
		.component = p->component,
		.upstream_url = p->upstream.url ? p->upstream.url : p->packaging.url,
		.packaging_url = p->packaging.url,
	};
	CLEANUP(git_commit_release) struct git_commit info = {0};
	auto_free char *up = xstrdup(sha), *pack = xstrdup(h->upstream ? h->pack : sha);
	const char *mirror = h->upstream ? h->upstream->mirror : h->packaging->mirror;
	int64_t id;
	int r;

	b.upstream_sha = up;
	b.packaging_sha = pack;
	if ((r = git_commit_info(s->git, mirror, sha, &info, err)) < 0)
		return r;
	b.trigger = (char[]){"commit"};
	b.author = info.author_name;
	b.subject = info.subject;
	b.commit_time = info.commit_time;
	b.packaging_time = h->upstream ? h->pack_time : info.commit_time;
	b.queued = time_now();
	return store_build_add(s->store, &b, &id, ret_new, err);
}

static int ask_pack_time(struct sched *s, struct heads *h, struct err *err)
{
	CLEANUP(git_commit_release) struct git_commit info = {0};
	int r;

	if (!h->upstream || h->pack_time)
		return 0;
	r = git_commit_info(s->git, h->packaging->mirror, h->pack, &info, err);
	if (r >= 0)
		h->pack_time = info.commit_time;
	return r;
}

static int queue_target(struct sched *s, const struct config_project *p, const struct target *t,
	struct heads *h, size_t *ret_n, struct err *err)
{
	auto_free char *last = NULL, *last_pack = NULL;
	auto_strv struct strv shas = STRV_INIT;
	int r = store_seen_get(s->store, t->name, p->project, &last, &last_pack, err);

	if (r < 0)
		return r;
	if (str_eq(last, h->up) && str_eq(last_pack, h->pack))
		return 0;
	if ((r = list_new(s, p, h, last, &shas, err)) < 0 || (r = ask_pack_time(s, h, err)) < 0)
		return r;
	for (size_t i = s->opts->head_only && shas.n ? shas.n - 1 : 0; i < shas.n; i++) {
		bool fresh = false;

		if (s->opts->dry_run) {
			log_info("%s: would build %.12s on %s", p->project, shas.v[i], t->name);
			++*ret_n;
			continue;
		}
		if ((r = add_build(s, p, t, h, shas.v[i], &fresh, err)) < 0)
			return r;
		*ret_n += fresh;
	}
	if (s->opts->dry_run)
		return 0;
	return store_seen_set(s->store, t->name, p->project, h->up, h->pack, err);
}

int commits_queue(struct sched *s, const struct config_project *p, size_t *ret_n, struct err *err)
{
	struct heads h;
	int r = find_heads(s, p, &h, err);

	if (r < 0)
		return r;
	/* the queue and how far we looked change together */
	if ((r = store_begin(s->store, err)) < 0)
		return r;
	vec_foreach (&s->cfg->targets, t) {
		if (p->targets.n && !strv_has(&p->targets, (*t)->name))
			continue;
		if ((r = queue_target(s, p, *t, &h, ret_n, err)) < 0) {
			store_rollback(s->store);
			return r;
		}
	}
	return store_commit(s->store, err);
}
