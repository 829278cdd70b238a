/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fetch.c - packages into the cache. A file list its name there, its checksum, after all was
 * verified; beside it "<checksum>.ok" says what: its NEVRA, its size, and a line for each set of
 * keys that its signature was found good by. A file that came from a repository without keys has no
 * such line and is verified when one with keys asks for it.
 */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/text.h"
#include "format/rpm/rpm.h"
#include "remote/internal.h"
#include <inttypes.h>

#define MAX_TOLD 3 /* packages that an error names: it is one line */
#define MAX_MARK (64 * KIB)

struct want {
	struct lock_package *p;
	struct repo *repo;
	char *path, *raw; /* in the cache, and until it is verified */
};
struct fetch {
	struct remote *r;
	VEC(struct want) wants;
	struct hmap raws;   /* asked for already */
	struct strbuf told; /* the first packages that cannot be had, and why */
	size_t failed;
	enum err_code code;
	int sys;
};

static void want_release(struct want *w)
{
	free(w->path);
	free(w->raw);
}

static void tell(struct fetch *f, const struct lock_package *p, const struct err *e)
{
	if (!f->failed++) {
		f->code = e->code;
		f->sys = e->sys;
	}
	if (f->failed <= MAX_TOLD)
		sb_addf(&f->told, "%spackage '%s' of repository '%s': %s", f->told.n ? "; " : "",
			p->nevra, p->repo, e->msg ?: "cannot be had");
}

static struct repo *find_repo(struct remote *r, const char *id)
{
	vec_foreach (&r->repos, repo) {
		if (!str_eq(repo->pub.conf->id, id))
			continue;
		if (!repo->st.checksum)
			state_read(repo->pub.dir, &repo->st);
		return repo;
	}
	return NULL;
}

static char *mark_head(const char *nevra, uint64_t size)
{
	return xasprintf("%s\n%" PRIu64 "\n", nevra, size);
}

/* The line of the marker that lets a package of this repository pass; "" needs none. */
static int key_line(struct remote *r, struct repo *repo, char **ret, struct err *err)
{
	char id[SHA256_HEX];
	int rc;

	if (!repo || !repo->gpgkeys.n) {
		*ret = xstrdup("");
		return 0;
	}
	if ((rc = keys_load(r, repo, err)) < 0)
		return rc;
	rpm_keys_id(repo->keys, id);
	*ret = xasprintf("keys %s\n", id);
	return 0;
}

static int check_nevra(const struct lock_package *p, const char *path, struct err *err)
{
	auto_free char *nevra = NULL;
	int rc = rpm_read_nevra(path, &nevra, err);

	if (rc < 0)
		return rc;
	if (str_eq(nevra, p->nevra))
		return 0;
	return err_set(err, ERR_SOURCE, "its header says it is '%s'", nevra);
}

/*
 * A verified file of the cache: 1 it is good for this repository, 0 there is none, negative: it is
 * there and will not do.
 */
static int cached(struct fetch *f, const struct lock_package *p, struct repo *repo,
	const char *path, struct err *err)
{
	auto_free char *ok = xasprintf("%s.ok", path), *mark = NULL, *head = NULL, *keys = NULL;
	struct stat st;
	int rc;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
		fs_read(ok, MAX_MARK, &mark, NULL, NULL) < 0)
		return 0;
	head = mark_head(p->nevra, (uint64_t)st.st_size);
	if (!str_starts(mark, head)) {
		size_t n = strcspn(mark, "\n");

		/* what a crash cut short is fetched once more */
		if (!mark[n] || (strlen(p->nevra) == n && strncmp(mark, p->nevra, n) == 0))
			return 0;
		return err_set(err, ERR_SOURCE, "its header says it is '%.*s'", (int)n, mark);
	}
	if (p->size && p->size != (uint64_t)st.st_size)
		return err_set(err, ERR_SOURCE, "it has %" PRIu64 " bytes, not %" PRIu64,
			(uint64_t)st.st_size, p->size);
	if ((rc = key_line(f->r, repo, &keys, err)) < 0)
		return rc;
	if (*keys && !strstr(mark, keys)) {
		if ((rc = rpm_keys_check(repo->keys, path, err)) < 0)
			return rc;
		auto_free char *more = xasprintf("%s%s", mark, keys);
		if ((rc = fs_write_atomic(ok, more, strlen(more), 0644, err)) < 0)
			return rc;
	}
	(void)utimensat(AT_FDCWD, path, NULL, 0);
	return 1;
}

static int own(struct lock_package *p, struct err *err)
{
	struct stat st;
	int rc;

	if (*p->location != '/')
		return err_set(err, ERR_NOT_FOUND, "its path '%s' is not absolute", p->location);
	if (stat(p->location, &st) < 0)
		return err_errno(err, "cannot read '%s'", p->location);
	/* a device is not even opened: that alone may do something */
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_SOURCE, "'%s' is not a regular file", p->location);
	if (p->size && p->size != (uint64_t)st.st_size)
		return err_set(err, ERR_SOURCE, "'%s' has another size", p->location);
	if ((rc = digest_file(p->location, p->checksum, err)) >= 0)
		str_set(&p->path, p->location);
	return rc;
}

static int place(const struct remote *r, const struct lock_package *p, char **ret, struct err *err)
{
	const char *why;

	if (!p->checksum || !digest_known(p->checksum))
		return err_set(err, ERR_SOURCE, "it has no checksum that can be verified");
	if (p->size > LIMIT_ARTIFACT)
		return err_set(err, ERR_SOURCE,
			"it is said to have %" PRIu64 " bytes, more than %" PRIu64, p->size,
			(uint64_t)LIMIT_ARTIFACT);
	if ((why = lock_location_fault(p->location ?: "")))
		return err_set(err, ERR_SOURCE, "its location '%.200s' %s", p->location ?: "", why);
	auto_free char *dir = xasprintf("%s/packages/%.2s", r->cache, p->checksum);
	int rc = fs_mkdirs(dir, 0755, err);
	if (rc >= 0)
		*ret = path_join(dir, p->checksum);
	return rc;
}

/* From the cache, or a want. */
static int look(struct fetch *f, struct lock_package *p, struct err *err)
{
	auto_free char *path = NULL;
	struct repo *repo;
	int rc;

	if (str_eq(p->repo, LOCK_OWN))
		return own(p, err);
	if ((rc = place(f->r, p, &path, err)) < 0)
		return rc;
	repo = find_repo(f->r, p->repo);
	if ((rc = cached(f, p, repo, path, err)) < 0)
		return rc;
	if (rc) {
		str_set(&p->path, path);
		return 0;
	}
	if (!repo)
		return err_set(err, ERR_NOT_FOUND,
			"the target has no such repository, and the package is not in the cache");
	if (!repo_can_ask(f->r, repo))
		return err_set(err, ERR_NET, "it is not in the cache, and we are offline");
	if (!repo->st.bases.n)
		return err_set(err, ERR_NET, "nothing is known of its repository yet");
	*vec_push(&f->wants) = (struct want){
		.p = p, .repo = repo, .path = xstrdup(path), .raw = xasprintf("%s.new", path)};
	return 0;
}

/* Verified, marked, then renamed to its place. */
static int take(struct fetch *f, const struct want *w, struct err *err)
{
	auto_free char *ok = xasprintf("%s.ok", w->path), *keys = NULL, *head = NULL, *mark = NULL;
	struct stat st;
	int rc;

	/* another process had the same download and was faster */
	if (stat(w->raw, &st) < 0 && (rc = cached(f, w->p, w->repo, w->path, err)) != 0)
		return rc;
	if (stat(w->raw, &st) < 0)
		return err_errno(err, "cannot read '%s'", w->raw);
	if ((rc = check_nevra(w->p, w->raw, err)) < 0 ||
		(rc = key_line(f->r, w->repo, &keys, err)) < 0 ||
		(*keys && (rc = rpm_keys_check(w->repo->keys, w->raw, err)) < 0)) {
		(void)unlink(w->raw);
		return rc;
	}
	head = mark_head(w->p->nevra, (uint64_t)st.st_size);
	mark = xasprintf("%s%s", head, keys);
	if ((rc = fs_write(ok, mark, strlen(mark), 0644, err)) < 0)
		return rc;
	if (rename(w->raw, w->path) < 0 && !(errno == ENOENT && fs_exists(w->path)))
		return err_errno(err, "cannot rename '%s'", w->raw);
	return 0;
}

/* A whole file that was not verified before somebody was killed is as good as a download. */
static bool left_over(const struct want *w)
{
	struct stat st;

	if (lstat(w->raw, &st) < 0)
		return false;
	if (S_ISREG(st.st_mode) && (!w->p->size || (uint64_t)st.st_size == w->p->size) &&
		digest_file(w->raw, w->p->checksum, NULL) >= 0)
		return true;
	(void)unlink(w->raw);
	return false;
}

static void settle(struct fetch *f, struct want *w, const struct http_get *g)
{
	auto_err struct err e = ERR_INIT;

	for (size_t i = 0; g && i + !g->done < g->problems.n; i++)
		remote_warn(f->r, w->repo, g->problems.v[i]);
	if (g && !g->done) {
		(void)err_set_(&e, g->err.code ?: ERR_NET, 0, "%s%s", g->err.msg ?: "cannot be had",
			g->err.code == ERR_NOT_FOUND
				? "; its repository may have moved on, --refresh asks it"
				: "");
		e.sys = g->err.sys;
		tell(f, w->p, &e);
	} else if (take(f, w, &e) < 0) {
		tell(f, w->p, &e);
	} else {
		str_set(&w->p->path, w->path);
	}
}

static int download(struct fetch *f, struct err *err)
{
	struct http_get *list = xcalloc(f->wants.n + 1, sizeof *list);
	struct want **owner = xcalloc(f->wants.n + 1, sizeof *owner);
	auto_err struct err e = ERR_INIT;
	size_t n = 0;
	int rc = 0;

	vec_foreach (&f->wants, w) {
		if (!hmap_set(&f->raws, w->raw, 0) || left_over(w))
			continue;
		list[n] = (struct http_get){.path = xstrdup(w->raw),
			.checksum = xstrdup(w->p->checksum),
			.size = w->p->size,
			.max = LIMIT_ARTIFACT};
		urls_below(&w->repo->st.bases, w->p->location, &list[n].urls);
		owner[n++] = w;
	}
	if (n)
		rc = remote_http(f->r, n == 1 ? owner[0]->p->nevra : "packages", list, n, &e);
	rc = rc == -ERR_SIGNAL ? err_move(err, &e) : 0;
	for (size_t i = 0, k = 0; rc >= 0 && i < f->wants.n; i++) {
		bool asked = k < n && owner[k] == &f->wants.v[i];

		settle(f, &f->wants.v[i], asked ? &list[k] : NULL);
		k += asked;
	}
	for (size_t i = 0; i < n; i++)
		http_get_release(&list[i]);
	free(list);
	free(owner);
	return rc;
}

/* Before any package: keys that cannot be had are one error, not one for each. */
static int load_keys(struct remote *r, const struct lock_packages *packages, struct err *err)
{
	vec_foreach (packages, p) {
		struct repo *repo = find_repo(r, p->repo);
		int rc = repo && repo->gpgkeys.n ? keys_load(r, repo, err) : 0;

		if (rc < 0)
			return err_wrap(err, "repository '%s'", p->repo);
	}
	return 0;
}

int remote_fetch(struct remote *r, struct lock_packages *packages, struct err *err)
{
	struct fetch f = {.r = r, .raws = HMAP_INIT, .told = STRBUF_INIT};
	int rc = rpm_init(err);

	if (rc < 0 || (rc = load_keys(r, packages, err)) < 0)
		return rc;
	vec_foreach (packages, p) {
		auto_err struct err e = ERR_INIT;

		/* what the machine itself has is no file */
		if (str_eq(p->repo, "host"))
			continue;
		if (look(&f, p, &e) == -ERR_SIGNAL) {
			rc = err_move(err, &e);
			break;
		}
		if (e.code)
			tell(&f, p, &e);
	}
	if (rc >= 0)
		rc = download(&f, err);
	if (rc >= 0 && f.failed > MAX_TOLD)
		sb_addf(&f.told, "; and %zu more package%s", f.failed - MAX_TOLD,
			f.failed - MAX_TOLD == 1 ? "" : "s");
	if (rc >= 0 && f.failed) {
		(void)err_set_(err, f.code, 0, "%s", sb_str(&f.told));
		if (err)
			err->sys = f.sys;
		rc = -(int)f.code;
	}
	vec_free(&f.wants, want_release);
	hmap_release(&f.raws);
	sb_release(&f.told);
	return rc < 0 ? rc : 0;
}
