/* SPDX-License-Identifier: GPL-3.0-or-later */
/* remote.c - asking remotes for their refs, several at once. */
#include "base/fs.h"
#include "base/limits.h"
#include "base/sig.h"
#include "base/time.h"
#include "git/internal.h"
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>

#define JOBS_MAX 64

static bool allowed(const struct git *g, const char *path)
{
	auto_free char *real = realpath(path, NULL);

	return strv_has(&g->local, path) || (real && strv_has(&g->local, real));
}

/* The path that a file of one line names, relative to dir; NULL when there is no such file. */
static char *named_by(const char *dir, const char *file, const char *prefix)
{
	auto_free char *path = path_join(dir, file), *text = NULL;
	size_t n = strlen(prefix);

	if (fs_read(path, PATH_MAX, &text, NULL, NULL) < 0 || !str_starts(text, prefix))
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	return path_join(dir, text + n);
}

/* Whether the path, where it leads to, is this user's; what is not there is nobody's. */
static bool is_of(const char *dir, const char *name, uid_t uid)
{
	auto_free char *path = path_join(dir, name);
	struct stat st;

	return stat(path, &st) < 0 ? errno == ENOENT : st.st_uid == uid;
}

static bool stays_with(const char *gitdir, uid_t uid)
{
	static const char *const parts[] = {
		".", "HEAD", "packed-refs", "refs", "refs/heads", "objects", "objects/pack"};
	auto_free char *alternates = path_join(gitdir, "objects/info/alternates");

	for (size_t i = 0; i < COUNTOF(parts); i++)
		if (!is_of(gitdir, parts[i], uid))
			return false;
	return !fs_exists(alternates);
}

/*
 * git follows what a repository says of other places: a link or file instead of .git, commondir,
 * alternates. In a repository of another user that would be a way to have us read, and publish,
 * what only we may read.
 */
static int check_foreign(const char *path, const char *gitdir, struct err *err)
{
	auto_free char *dir = NULL, *common = NULL;
	struct stat st;

	if (stat(path, &st) < 0 || st.st_uid == geteuid())
		return 0; /* what is not there is said elsewhere */
	dir = fs_is_dir(gitdir) ? xstrdup(gitdir) : named_by(path, ".git", "gitdir: ");
	common = dir ? named_by(dir, "commondir", "") : NULL;
	if (dir && stays_with(dir, st.st_uid) && (!common || stays_with(common, st.st_uid)))
		return 0;
	return err_set(err, ERR_DENIED,
		"'%s' belongs to another user (id %u) and takes from elsewhere (a link, .git file "
		"or "
		"alternates): clone it as that user first",
		path, (unsigned)st.st_uid);
}

int git_local(struct git *g, const char *url, char **ret_path, char **ret_gitdir, struct err *err)
{
	auto_free char *path = NULL, *dotgit = NULL, *head = NULL, *objects = NULL;
	int r = git_check_url(url, err);

	if (r < 0 || !git_url_is_local(url, &path))
		return r;
	if (!allowed(g, path))
		return err_set(err, ERR_CONFIG,
			"local path '%s' is not named in the configuration or on the command line",
			path);
	if (!fs_is_dir(path))
		return err_set(err, ERR_SOURCE, "'%s': no such directory", path);
	dotgit = path_join(path, ".git");
	head = path_join(path, "HEAD");
	objects = path_join(path, "objects");
	if (fs_exists(dotgit))
		*ret_gitdir = TAKE(dotgit);
	else if (fs_exists(head) && fs_is_dir(objects))
		*ret_gitdir = xstrdup(path);
	else
		return err_set(err, ERR_SOURCE, "'%s' is no git repository", path);
	if ((r = check_foreign(path, *ret_gitdir, err)) < 0) {
		free(*ret_gitdir);
		*ret_gitdir = NULL;
		return r;
	}
	*ret_path = TAKE(path);
	return 0;
}

/* What git, curl and ssh say, and what it means; the first that matches. */
static const struct {
	const char *text;
	enum err_code code;
	const char *say; /* NULL: git's own line */
} meanings[] = {
	{"No space left on device", ERR_SYS, NULL},
	{"Disk quota exceeded", ERR_SYS, NULL},
	{"Read-only file system", ERR_SYS, NULL},
	{"could not read Username", ERR_DENIED, "needs a password, or does not exist"},
	{"could not read Password", ERR_DENIED, "needs a password, or does not exist"},
	{"Authentication failed", ERR_DENIED, "needs other credentials"},
	{"ssh: not found", ERR_CONFIG, "needs the program ssh (openssh-client)"},
	{"Permission denied", ERR_DENIED, "permission denied"},
	{"Host key verification failed", ERR_DENIED,
		"host key is not known: connect once by hand with ssh"},
	{"returned error: 401", ERR_DENIED, "needs a password"},
	{"returned error: 403", ERR_DENIED, "access is forbidden (403)"},
	{"returned error: 5", ERR_NET, NULL},
	{"returned error: 429", ERR_NET, NULL},
	{"' not found", ERR_SOURCE, "repository not found"},
	{"Repository not found", ERR_SOURCE, "repository not found"},
	{"does not appear to be a git repository", ERR_SOURCE, NULL},
	{"not valid: is this a git repository", ERR_SOURCE, "there is no git repository"},
	{"unable to access", ERR_NET, NULL},
	{"Could not resolve host", ERR_NET, NULL},
	{"unable to look up", ERR_NET, NULL},
	{"onnection", ERR_NET, NULL},
	{"onnect to", ERR_NET, NULL},
	{"timed out", ERR_NET, NULL},
	{"early EOF", ERR_NET, NULL},
	{"hung up", ERR_NET, NULL},
	{"unexpected disconnect", ERR_NET, NULL},
	{"RPC failed", ERR_NET, NULL},
	{"Could not read from remote", ERR_NET, NULL},
};

bool git_says_shallow(const char *errs)
{
	return strstr(errs, "shallow roots are not allowed") ||
	       strstr(errs, "shallow update not allowed");
}

int git_remote_error(const char *url, bool local, const char *errs, struct err *err)
{
	auto_free char *why = git_why(errs), *shown = git_url_shown(url);
	/* a name may hold any of the words */
	auto_free char *said = str_replace(errs, url, "URL");

	if (git_says_shallow(said))
		return err_set(err, ERR_SOURCE,
			"'%s' is a shallow clone, its history is cut: run git fetch --unshallow "
			"there",
			shown);
	for (size_t i = 0; i < COUNTOF(meanings); i++) {
		if (!strstr(said, meanings[i].text) || (local && meanings[i].code == ERR_NET))
			continue;
		return err_set(err, meanings[i].code, "'%s': %s", shown,
			meanings[i].say ? meanings[i].say : why);
	}
	return err_set(err, ERR_SOURCE, "'%s': %s", shown, why);
}

/* One question on its way. */
struct query {
	size_t i; /* which url */
	const char *url;
	char *path, *gitdir; /* local */
	int pid, pidfd, out, errs;
	struct strbuf out_text, errs_text;
	bool over;
	uint64_t deadline;
};

static void query_release(struct query *q)
{
	free(q->path);
	free(q->gitdir);
	auto_closep(&q->pidfd);
	auto_closep(&q->out);
	auto_closep(&q->errs);
	sb_release(&q->out_text);
	sb_release(&q->errs_text);
	*q = (struct query){.pidfd = -1, .out = -1, .errs = -1};
}

static int nonblocking_pipe(int *ret_r, int *ret_w, struct err *err)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0 || fcntl(p[0], F_SETFL, O_NONBLOCK) < 0)
		return err_errno(err, "cannot make a pipe");
	*ret_r = p[0];
	*ret_w = p[1];
	return 0;
}

/* A local repository is read directly, by one process where ls-remote takes three. */
static int query_start(struct git *g, struct query *q, struct err *err)
{
	const char *local[] = {"show-ref", "--head", "--dereference", NULL};
	const char *remote[] = {"ls-remote", "--quiet", "--end-of-options", q->url, NULL};
	struct git_call c = {.args = remote};
	auto_close int out_w = -1, errs_w = -1;
	int r = git_local(g, q->url, &q->path, &q->gitdir, err);

	if (r < 0 || (r = nonblocking_pipe(&q->out, &out_w, err)) < 0 ||
		(r = nonblocking_pipe(&q->errs, &errs_w, err)) < 0)
		return r;
	if (q->gitdir) {
		c.args = local;
		c.gitdir = q->gitdir;
	}
	c.protocols = GIT_PROTOCOLS_REMOTE;
	c.out_fd = out_w;
	c.err_fd = errs_w;
	q->deadline = time_mono_ms() + GIT_TIME_REMOTE * 1000;
	return git_start(g, &c, &q->pid, &q->pidfd, err);
}

static bool is_wanted(const char *ref)
{
	return str_eq(ref, "HEAD") || str_starts(ref, "refs/heads/") ||
	       str_starts(ref, "refs/tags/");
}

void git_parse_refs(const char *text, struct strv *ret)
{
	auto_strv struct strv lines = STRV_INIT;

	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		size_t n = strcspn(*l, "\t ");
		auto_free char *sha = xstrndup(*l, n);

		if ((*l)[n] && git_is_sha(sha) && is_wanted(*l + n + 1))
			strv_addf(ret, "%s %s", sha, *l + n + 1);
	}
}

static int query_end(struct query *q, struct strv *ret, struct err *err)
{
	struct proc_result res = {0};
	int r = proc_reap(q->pidfd, &res, err);
	auto_free char *shown = git_url_shown(q->url);

	if (r < 0)
		return r;
	if (q->over)
		return err_set(err, ERR_SOURCE, "'%s' has more refs than %" PRIu64 " MiB", shown,
			LIMIT_GIT_OUTPUT / MIB);
	if (time_mono_ms() >= q->deadline)
		return err_set(
			err, ERR_NET, "'%s' did not answer within %d s", shown, GIT_TIME_REMOTE);
	/* show-ref ends with 1 when there are no refs */
	if (res.exit != 0 && !(q->gitdir && res.exit == 1 && !q->errs_text.n))
		return git_remote_error(q->gitdir ? q->path : q->url, q->gitdir != NULL,
			sb_str(&q->errs_text), err);
	git_parse_refs(sb_str(&q->out_text), ret);
	return 0;
}

static void drain(int *fd, struct strbuf *b, size_t cap, bool *over)
{
	char buf[16384];
	ssize_t n;

	if (*fd < 0)
		return;
	while ((n = read(*fd, buf, sizeof buf)) > 0) {
		if (b->n + (size_t)n > cap) {
			*over = true;
			break;
		}
		sb_addn(b, buf, (size_t)n);
	}
	if (n == 0) {
		(void)close(*fd);
		*fd = -1;
	}
}

struct pool {
	struct git *g;
	const char *const *urls;
	size_t n, next, active;
	struct query *q;
	unsigned jobs;
	git_asked *asked;
	void *ctx;
};

static void pool_tell(struct pool *p, size_t i, const struct strv *lines, const struct err *e)
{
	p->asked(p->ctx, i, lines, e);
}

static void pool_kill(struct pool *p)
{
	for (unsigned i = 0; i < p->jobs; i++) {
		if (p->q[i].pidfd >= 0) {
			(void)kill(-p->q[i].pid, SIGKILL);
			(void)proc_reap(p->q[i].pidfd, NULL, NULL);
		}
		query_release(&p->q[i]);
	}
}

static void pool_fill(struct pool *p)
{
	for (unsigned i = 0; i < p->jobs && p->next < p->n; i++) {
		while (p->q[i].pidfd < 0 && p->next < p->n) {
			struct query *q = &p->q[i];
			auto_err struct err e = ERR_INIT;

			q->i = p->next++;
			q->url = p->urls[q->i];
			if (query_start(p->g, q, &e) >= 0) {
				p->active++;
				break;
			}
			pool_tell(p, q->i, NULL, &e);
			query_release(q);
		}
	}
}

static void pool_step(struct pool *p, struct query *q, bool ended)
{
	auto_strv struct strv lines = STRV_INIT;
	auto_err struct err e = ERR_INIT;
	bool ignored = false;

	drain(&q->out, &q->out_text, LIMIT_GIT_OUTPUT, &q->over);
	drain(&q->errs, &q->errs_text, LIMIT_OUTPUT, &ignored);
	if (!ended && (q->over || time_mono_ms() >= q->deadline)) {
		(void)kill(-q->pid, SIGKILL);
		return;
	}
	if (!ended)
		return;
	(void)query_end(q, &lines, &e);
	pool_tell(p, q->i, &lines, &e);
	query_release(q);
	p->active--;
}

static int pool_run(struct pool *p, struct err *err)
{
	struct pollfd fds[JOBS_MAX * 3 + 1];

	for (pool_fill(p); p->active; pool_fill(p)) {
		for (unsigned i = 0; i < p->jobs; i++) {
			fds[i * 3] = (struct pollfd){.fd = p->q[i].pidfd, .events = POLLIN};
			fds[i * 3 + 1] = (struct pollfd){.fd = p->q[i].out, .events = POLLIN};
			fds[i * 3 + 2] = (struct pollfd){.fd = p->q[i].errs, .events = POLLIN};
		}
		fds[p->jobs * 3] = (struct pollfd){.fd = sig_fd(), .events = POLLIN};
		if (poll(fds, p->jobs * 3 + 1, 1000) < 0 && errno != EINTR)
			return err_errno(err, "poll");
		if (sig_check(err) < 0)
			return -ERR_SIGNAL;
		for (unsigned i = 0; i < p->jobs; i++)
			if (p->q[i].pidfd >= 0)
				pool_step(p, &p->q[i], fds[i * 3].revents != 0);
	}
	return 0;
}

int git_ls_remote_each(struct git *g, const char *const *urls, size_t n, unsigned jobs,
	git_asked *asked, void *ctx, struct err *err)
{
	struct pool p = {.g = g, .urls = urls, .n = n, .asked = asked, .ctx = ctx};
	auto_free struct query *q = NULL;
	int r;

	p.jobs = jobs < 1 ? 1 : jobs > JOBS_MAX ? JOBS_MAX : jobs;
	p.q = q = xcalloc(p.jobs, sizeof *q);
	for (unsigned i = 0; i < p.jobs; i++)
		q[i] = (struct query){.pidfd = -1, .out = -1, .errs = -1};
	r = pool_run(&p, err);
	pool_kill(&p);
	return r;
}

struct answers {
	struct strv *lines;
	struct err *errs;
};

static void keep_answer(void *ctx, size_t i, const struct strv *lines, const struct err *e)
{
	struct answers *a = ctx;

	if (e->code != ERR_OK)
		err_set_(&a->errs[i], e->code, 0, "%s", e->msg);
	else
		strv_copy(&a->lines[i], lines);
}

int git_ls_remote_many(struct git *g, const char *const *urls, size_t n, unsigned jobs,
	struct strv *ret_lines, struct err *errs, struct err *err)
{
	struct answers a = {ret_lines, errs};

	return git_ls_remote_each(g, urls, n, jobs, keep_answer, &a, err);
}

int git_ls_remote(struct git *g, const char *url, struct strv *ret_lines, struct err *err)
{
	auto_err struct err e = ERR_INIT;
	int r = git_ls_remote_many(g, &url, 1, 1, ret_lines, &e, err);

	if (r >= 0 && e.code != ERR_OK)
		return err_move(err, &e);
	return r;
}
