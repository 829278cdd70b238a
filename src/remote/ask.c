/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ask.c - repomd.xml from the mirrors in turn, and whether to believe it. */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "remote/refresh.h"
#include <inttypes.h>

#define REPOMD "repodata/repomd.xml"

void job_problem(struct job *j, enum err_code code, const char *line)
{
	strv_add(&j->problems, line);
	err_clear(&j->err);
	(void)err_set_(&j->err, code, 0, "%s", line);
}

/* After the last mirror its problem is the error; before, a warning. */
static void next_mirror(struct job *j, enum err_code code, const char *line)
{
	job_problem(j, code, line);
	if (++j->at < j->m.bases.n) {
		remote_warn(j->remote, j->repo, line);
		err_clear(&j->err);
	} else if (j->m.bases.n > 1) {
		(void)err_wrap(
			&j->err, "none of its %zu mirrors is any good, the last one", j->m.bases.n);
	}
}

static const char *base_of(const struct job *j)
{
	return j->m.bases.v[j->at];
}

static bool sum_fits(const struct repomd_sum *s, const char *text, size_t n)
{
	return (!s->size || s->size == n) && (!s->sha256 || digest_text(s->sha256, text, n)) &&
	       (!s->sha512 || digest_text(s->sha512, text, n));
}

static int check_sums(const struct job *j, const char *text, size_t n, struct err *err)
{
	if (!j->m.sums.n)
		return 0;
	vec_foreach (&j->m.sums, s) {
		if (sum_fits(s, text, n))
			return 0;
	}
	return err_set(err, ERR_NET, "it is none of those whose checksum the metalink has");
}

/* A mirror that is behind, or somebody who wants us to take an old hole again. */
static int check_age(const struct job *j, const struct repomd *md, struct err *err)
{
	const struct repomd *old = &j->repo->st.md;
	bool numbered = old->revision && md->revision;
	int64_t had = numbered ? old->revision : old->newest;
	int64_t has = numbered ? md->revision : md->newest;

	if (!j->repo->st.checksum || has >= had)
		return 0;
	return err_set(err, ERR_NET,
		"its revision %" PRId64 " is older than %" PRId64
		", which was seen last (remove '%s' to take it all the same)",
		has, had, j->repo->pub.dir);
}

static int fetch_signature(struct job *j, struct err *err)
{
	auto_free char *what = xasprintf("%s: repomd.xml.asc", j->repo->pub.conf->id);
	auto_free char *part = xasprintf("%s.part", j->new_sig);
	struct http_get g = {.path = xstrdup(j->new_sig), .max = LIMIT_SIGNATURE};
	int r;

	(void)unlink(j->new_sig);
	(void)unlink(part);
	strv_take(&g.urls, url_below(base_of(j), REPOMD ".asc"));
	r = remote_http(j->remote, what, &g, 1, err);
	http_get_release(&g);
	if (r == -ERR_SIGNAL)
		return r;
	return r < 0 ? err_wrap(err, "it must be signed, and") : 0;
}

static int check_signature(struct job *j, char **ret_keys, struct err *err)
{
	char id[SHA256_HEX];
	int r;

	if (!j->repo->pub.conf->repo_gpgcheck)
		return 0;
	if ((r = keys_load(j->remote, j->repo, err)) < 0 || (r = fetch_signature(j, err)) < 0 ||
		(r = keys_verify_detached(
			 j->repo->keys, j->repo->pub.dir, j->new_path, j->new_sig, err)) < 0)
		return r;
	rpm_keys_id(j->repo->keys, id);
	str_set(ret_keys, id);
	return 0;
}

/* The mirror that answered comes first: what it lists it has. */
static void order_bases(const struct job *j, struct strv *ret)
{
	strv_add(ret, base_of(j));
	strv_foreach (&j->m.bases, b) {
		if (!strv_has(ret, *b))
			strv_add(ret, *b);
	}
}

static int judge(struct job *j, const struct http_get *g, const char *mark, struct err *err)
{
	auto_free char *text = NULL;
	struct state next = {0};
	char sum[SHA256_HEX];
	size_t n = 0;
	int r;

	if ((r = fs_read(j->new_path, LIMIT_REPOMD, &text, &n, err)) < 0 ||
		(r = check_sums(j, text, n, err)) < 0 ||
		(r = check_signature(j, &next.keys, err)) < 0 ||
		(r = repomd_parse(text, n, &next.md, err)) < 0 ||
		(r = check_age(j, &next.md, err)) < 0) {
		state_release(&next);
		return r;
	}
	sha256_buf(text, n, sum);
	next.checksum = xstrdup(sum);
	next.fetched = time_now();
	next.url = xstrdup(g->urls.v[0]);
	next.etag = xstrdup_null(g->ret_etag);
	next.modified = xstrdup_null(g->ret_modified);
	next.source = xstrdup(mark);
	order_bases(j, &next.bases);
	state_release(&j->next);
	j->next = next;
	j->judged = j->changed = true;
	return 0;
}

/* What we have is still what is there. */
static void unchanged(struct job *j, const char *mark)
{
	j->repo->st.fetched = time_now();
	str_set(&j->repo->st.source, mark);
	strv_release(&j->repo->st.bases);
	order_bases(j, &j->repo->st.bases);
	j->judged = true;
}

static void prepare(struct job *j, struct http_get *g, char mark[96])
{
	const struct state *st = &j->repo->st;
	auto_free char *part = xasprintf("%s.part", j->new_path);
	char *url = url_below(base_of(j), REPOMD);
	auto_free char *file = url_file_path(url);

	*g = (struct http_get){.path = xstrdup(j->new_path), .max = LIMIT_REPOMD};
	strv_take(&g->urls, url);
	/* before it is read: what changes meanwhile is seen the next time */
	file_mark(file, mark);
	(void)unlink(j->new_path);
	(void)unlink(part);
	/* validators of another mirror prove nothing */
	if (!j->whole && st->url && str_eq(st->url, url) && !file && repo_complete(j->repo)) {
		g->etag = xstrdup_null(st->etag);
		g->modified = xstrdup_null(st->modified);
	}
}

/* "<url>: why", once, whoever said it. */
static char *problem_line(const struct http_get *g, const struct err *e)
{
	auto_free char *shown = text_url_shown(g->urls.v[0]);

	if (g->problems.n)
		return xstrdup(g->problems.v[g->problems.n - 1]);
	return strstr(e->msg ?: "", shown) ? xstrdup(e->msg)
					   : xasprintf("%s: %s", shown, e->msg ?: "failed");
}

static int answer(struct job *j, struct http_get *g, const char *mark, struct err *err)
{
	auto_err struct err e = ERR_INIT;
	int r;

	if (g->unchanged) {
		unchanged(j, mark);
		return 0;
	}
	if (!g->done) {
		auto_free char *line = problem_line(g, &g->err);

		next_mirror(j, g->err.code ?: ERR_NET, line);
		return 0;
	}
	r = judge(j, g, mark, &e);
	if (r == -ERR_SIGNAL || r == -ERR_SYS)
		return err_move(err, &e);
	/* our own configuration is no mirror's fault */
	if (r == -ERR_CONFIG) {
		j->at = j->m.bases.n;
		job_problem(j, e.code, e.msg);
	} else if (r < 0) {
		auto_free char *shown = text_url_shown(g->urls.v[0]);
		auto_free char *line = xasprintf("%s: %s", shown, e.msg);

		next_mirror(j, ERR_NET, line);
	}
	return 0;
}

static bool pending(const struct job *j)
{
	return !j->judged && !j->err.code && j->at < j->m.bases.n;
}

static int ask_round(struct remote *r, struct job **jobs, size_t n, struct err *err)
{
	struct http_get *list = xcalloc(n, sizeof *list);
	char(*marks)[96] = xcalloc(n, sizeof *marks);
	auto_free char *one = xasprintf("%s: repomd.xml", jobs[0]->repo->pub.conf->id);
	auto_err struct err e = ERR_INIT;
	int rc;

	for (size_t i = 0; i < n; i++)
		prepare(jobs[i], &list[i], marks[i]);
	rc = remote_http(r, n == 1 ? one : "repomd.xml", list, n, &e);
	if (rc == -ERR_SIGNAL)
		rc = err_move(err, &e);
	else
		rc = 0;
	for (size_t i = 0; rc >= 0 && i < n; i++)
		rc = answer(jobs[i], &list[i], marks[i], err);
	for (size_t i = 0; i < n; i++)
		http_get_release(&list[i]);
	free(list);
	free(marks);
	return rc;
}

int ask_all(struct remote *r, struct job *jobs, size_t n, struct err *err)
{
	struct job **open = xcalloc(n, sizeof *open);
	size_t k;
	int rc = 0;

	do {
		k = 0;
		for (size_t i = 0; i < n; i++) {
			if (pending(&jobs[i]))
				open[k++] = &jobs[i];
		}
		if (k)
			rc = ask_round(r, open, k, err);
	} while (k && rc >= 0);
	free(open);
	return rc;
}
