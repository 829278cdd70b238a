/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * export.c - the tree of a commit as files. Straight from the objects (ls-tree, cat-file --batch):
 * no index, no attributes, no filters, names as raw bytes. Links come last, so that nothing is
 * ever written through one; every directory is entered without following links.
 */
#include "base/fs.h"
#include "base/limits.h"
#include "git/internal.h"
#include <inttypes.h>
#include <limits.h>

enum kind { KIND_COMMIT, KIND_FILE, KIND_PROGRAM, KIND_LINK, KIND_SUBMODULE };

struct entry {
	enum kind kind;
	char *path;   /* NULL for the commit itself, which comes first */
	char *target; /* links, once read */
	char sha[GIT_SHA];
};

struct export
{
	VEC(struct entry) entries;
	int root;
	struct timespec time;
	/* the answer of cat-file that is being read */
	size_t at; /* entry */
	enum { IN_HEADER, IN_DATA, IN_END } state;
	struct strbuf text; /* header line, link target, commit */
	uint64_t left, total;
	int fd;
	/* the directory that was entered last */
	char *dir;
	int dir_fd;
};

static void entry_release(struct entry *e)
{
	free(e->path);
	free(e->target);
}

static void export_release(struct export *x)
{
	vec_free(&x->entries, entry_release);
	auto_closep(&x->root);
	auto_closep(&x->fd);
	auto_closep(&x->dir_fd);
	sb_release(&x->text);
	free(x->dir);
}

/* A tree object can hold any name. */
static int check_path(const char *path, struct err *err)
{
	for (const char *p = path;;) {
		size_t n = strcspn(p, "/");

		if (!n || (n == 1 && *p == '.') || (n == 2 && strncmp(p, "..", 2) == 0) ||
			(n == 4 && strncasecmp(p, ".git", 4) == 0))
			return err_set(err, ERR_SOURCE, "the tree holds the name '%s'", path);
		if (!p[n])
			return 0;
		p += n + 1;
	}
}

static bool kind_of(const char *mode, enum kind *ret)
{
	static const struct {
		const char *mode;
		enum kind kind;
	} modes[] = {{"100644 blob ", KIND_FILE}, {"100755 blob ", KIND_PROGRAM},
		{"100664 blob ", KIND_FILE}, {"120000 blob ", KIND_LINK},
		{"160000 commit ", KIND_SUBMODULE}};

	for (size_t i = 0; i < COUNTOF(modes); i++)
		if (str_starts(mode, modes[i].mode)) {
			*ret = modes[i].kind;
			return true;
		}
	return false;
}

/* "<mode> <type> <sha>\t<path>" */
static int add_entry(struct export *x, const char *line, struct err *err)
{
	const char *tab = strchr(line, '\t'), *sha = tab;
	struct entry *e;
	enum kind kind;
	int r;

	while (sha && sha > line && sha[-1] != ' ')
		sha--;
	if (!tab || !kind_of(line, &kind) || (size_t)(tab - sha) >= GIT_SHA)
		return err_set(err, ERR_SOURCE, "the tree holds a strange entry '%.80s'", line);
	r = check_path(tab + 1, err);
	if (r < 0)
		return r;
	if (x->entries.n > LIMIT_FILES)
		return err_set(err, ERR_SOURCE, "more than %d files", LIMIT_FILES);
	e = vec_push(&x->entries);
	e->kind = kind;
	e->path = xstrdup(tab + 1);
	memcpy(e->sha, sha, (size_t)(tab - sha));
	return 0;
}

static int parse_listing(
	struct export *x, const char *sha, const char *text, size_t n, struct err *err)
{
	struct entry *commit = vec_push(&x->entries);

	commit->kind = KIND_COMMIT;
	memcpy(commit->sha, sha, strlen(sha) + 1);
	for (const char *p = text, *end = text + n; p < end; p += strlen(p) + 1) {
		int r = add_entry(x, p, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int list(struct git *g, struct export *x, const char *mirror, const char *sha,
	const char *sub, struct err *err)
{
	auto_free char *tree = *sub ? xasprintf("%s:%s", sha, sub) : xstrdup(sha);
	const char *args[] = {"ls-tree", "-r", "-z", "--full-tree", tree, NULL};
	struct git_call c = {.objects = mirror, .sha = sha, .args = args};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	int r = git_check(g, &c, &out, err);

	if (r == -ERR_SOURCE && *sub)
		return err_set(err, ERR_SOURCE, "no directory '%s' in commit %.12s", sub, sha);
	return r < 0 ? r : parse_listing(x, sha, sb_str(&out), out.n, err);
}

static int enter_one(int *fd, const char *name, struct err *err)
{
	int next;

	if (mkdirat(*fd, name, 0755) < 0 && errno != EEXIST)
		return err_errno(err, "cannot create directory '%s'", name);
	next = openat(*fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return err_errno(err, "cannot enter '%s'", name);
	(void)close(*fd);
	*fd = next;
	return fchmod(next, 0755) < 0 ? err_errno(err, "chmod '%s'", name) : 0;
}

/* Makes dir_fd the directory of path, made where it is missing. */
static int enter(struct export *x, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	auto_free char *dir = xstrndup(path, slash ? (size_t)(slash - path) : 0);
	auto_strv struct strv parts = STRV_INIT;
	auto_close int fd = -1;

	if (x->dir && str_eq(dir, x->dir))
		return 0;
	fd = fcntl(x->root, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return err_errno(err, "dup");
	strv_split(&parts, dir, "/");
	strv_foreach (&parts, p) {
		int r = enter_one(&fd, *p, err);

		if (r < 0)
			return r;
	}
	auto_closep(&x->dir_fd);
	x->dir_fd = take_fd(&fd);
	free(x->dir);
	x->dir = TAKE(dir);
	return 0;
}

static int start_file(struct export *x, const struct entry *e, struct err *err)
{
	int r = enter(x, e->path, err);

	if (r < 0)
		return r;
	x->fd = openat(x->dir_fd, path_base(e->path),
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return x->fd < 0 ? err_errno(err, "cannot create '%s'", e->path) : 0;
}

static int end_file(struct export *x, const struct entry *e, struct err *err)
{
	struct timespec times[2] = {x->time, x->time};
	int r = 0;

	if (fchmod(x->fd, e->kind == KIND_PROGRAM ? 0755 : 0644) < 0 || futimens(x->fd, times) < 0)
		r = err_errno(err, "cannot finish '%s'", e->path);
	(void)close(x->fd);
	x->fd = -1;
	return r;
}

/* "committer Name <mail> 1700000000 +0000": the number is the last but one word of the line. */
static void read_time(struct export *x)
{
	const char *line = strstr(sb_str(&x->text), "\ncommitter "), *p;
	auto_free char *text = NULL;
	uint64_t t;

	if (!line)
		return;
	text = xstrndup(line + 1, strcspn(line + 1, "\n"));
	p = strrchr(text, '>');
	if (!p)
		return;
	p += strspn(p, "> ");
	text[(size_t)(p - text) + strcspn(p, " ")] = '\0';
	if (str_u64(p, &t) && t <= UINT32_MAX)
		x->time.tv_sec = (time_t)t;
}

/* "<sha> <type> <size>" */
static int begin(struct export *x, struct err *err)
{
	const struct entry *e = &x->entries.v[x->at];
	const char *size = strrchr(sb_str(&x->text), ' ');
	bool text = e->kind == KIND_LINK || e->kind == KIND_COMMIT;

	if (!size || !str_starts(sb_str(&x->text), e->sha) || !str_u64(size + 1, &x->left))
		return err_set(err, ERR_SOURCE, "object %s is missing", e->sha);
	x->total += x->left;
	if (x->total > LIMIT_UNPACKED)
		return err_set(err, ERR_SOURCE, "the tree is bigger than %" PRIu64 " GiB",
			LIMIT_UNPACKED / GIB);
	if (e->kind == KIND_LINK && x->left >= PATH_MAX)
		return err_set(err, ERR_SOURCE, "'%s': the link is too long", e->path);
	sb_truncate(&x->text, 0);
	x->state = IN_DATA;
	return text ? 0 : start_file(x, e, err);
}

static int end(struct export *x, struct err *err)
{
	struct entry *e = &x->entries.v[x->at];
	int r = 0;

	if (e->kind == KIND_COMMIT)
		read_time(x);
	else if (e->kind == KIND_LINK)
		e->target = xstrdup(sb_str(&x->text));
	else
		r = end_file(x, e, err);
	sb_truncate(&x->text, 0);
	x->state = IN_HEADER;
	do
		x->at++;
	while (x->at < x->entries.n && x->entries.v[x->at].kind == KIND_SUBMODULE);
	return r;
}

static int take_data(struct export *x, const char *data, size_t n, struct err *err)
{
	int r = 0;

	if (x->fd >= 0)
		r = fs_write_all(x->fd, data, n, err);
	else if (x->text.n < LIMIT_OUTPUT)
		sb_addn(&x->text, data, n);
	x->left -= n;
	return r < 0 ? err_wrap(err, "'%s'", x->entries.v[x->at].path) : 0;
}

static int feed(void *ctx, const char *data, size_t n, struct err *err)
{
	struct export *x = ctx;
	int r = 0;

	while (n && r >= 0) {
		size_t k = 1;

		if (x->at >= x->entries.n)
			return err_set(err, ERR_SOURCE, "git cat-file: more than was asked for");
		if (x->state == IN_HEADER && *data == '\n') {
			r = begin(x, err);
		} else if (x->state == IN_HEADER) {
			sb_addc(&x->text, *data);
		} else if (x->state == IN_DATA && x->left) {
			k = x->left < n ? (size_t)x->left : n;
			r = take_data(x, data, k, err);
		} else {
			r = end(x, err); /* the newline after the data */
		}
		data += k;
		n -= k;
	}
	return r;
}

static int read_objects(struct git *g, struct export *x, const char *mirror, struct err *err)
{
	const char *args[] = {"cat-file", "--batch", "--buffer", NULL};
	auto_strbuf struct strbuf in = STRBUF_INIT;
	struct git_call c = {.objects = mirror, .sha = x->entries.v[0].sha, .args = args};
	int r;

	vec_foreach (&x->entries, e)
		if (e->kind != KIND_SUBMODULE)
			sb_addf(&in, "%s\n", e->sha);
	c.input = in.s;
	r = git_stream(g, &c, feed, x, err);
	if (r >= 0 && x->at < x->entries.n)
		return err_set(err, ERR_SOURCE, "git cat-file ended early");
	return r;
}

/*
 * A target that stays inside: relative, at most as many leading ".." as the link lies deep, and
 * none later (after a name that is a link itself it would lead elsewhere).
 */
static bool stays_inside(const char *path, const char *target)
{
	size_t depth = 0;
	bool down = false;

	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/'))
		depth++;
	if (*target == '/' || !*target)
		return false;
	for (const char *p = target; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && strncmp(p, "..", 2) == 0) {
			if (down || depth-- == 0)
				return false;
		} else if (n && !(n == 1 && *p == '.')) {
			down = true;
		}
		p += n + (p[n] == '/');
	}
	return true;
}

/* Links and submodules; *ret_left counts the links that would lead out. */
static int place_rest(struct export *x, int *ret_left, struct err *err)
{
	struct timespec times[2] = {x->time, x->time};

	vec_foreach (&x->entries, e) {
		const char *name = e->path ? path_base(e->path) : NULL;
		int r;

		if (e->kind != KIND_LINK && e->kind != KIND_SUBMODULE)
			continue;
		r = enter(x, e->path, err);
		if (r < 0)
			return r;
		if (e->kind == KIND_SUBMODULE) {
			if (mkdirat(x->dir_fd, name, 0755) < 0)
				return err_errno(err, "cannot create directory '%s'", e->path);
		} else if (!stays_inside(e->path, e->target)) {
			++*ret_left;
		} else if (symlinkat(e->target, x->dir_fd, name) < 0 ||
			   utimensat(x->dir_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0) {
			return err_errno(err, "cannot create link '%s'", e->path);
		}
	}
	return 0;
}

static int make_root(struct export *x, const char *dir, struct err *err)
{
	if (mkdir(dir, 0755) < 0)
		return err_errno(err, "cannot create '%s'", dir);
	x->root = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (x->root < 0 || fchmod(x->root, 0755) < 0)
		return err_errno(err, "cannot open '%s'", dir);
	return 0;
}

int git_unpack(const char *sha, const struct strbuf *listing, const struct strbuf *objects,
	const char *dir, struct err *err)
{
	CLEANUP(export_release) struct export x = {.root = -1, .fd = -1, .dir_fd = -1};
	int left = 0, r;

	if ((r = parse_listing(&x, sha, sb_str(listing), listing->n, err)) < 0 ||
		(r = make_root(&x, dir, err)) < 0 ||
		(r = feed(&x, sb_str(objects), objects->n, err)) < 0)
		return r;
	return x.at < x.entries.n ? 0 : place_rest(&x, &left, err);
}

int git_export(struct git *g, const char *mirror, const char *sha, const char *sub, const char *dir,
	struct err *err)
{
	CLEANUP(export_release) struct export x = {.root = -1, .fd = -1, .dir_fd = -1};
	auto_free char *clean = NULL;
	int left = 0, r = git_check_sha(sha, err);

	if (r < 0 || (r = git_clean_sub(sub, &clean, err)) < 0 ||
		(r = list(g, &x, mirror, sha, clean, err)) < 0 || (r = make_root(&x, dir, err)) < 0)
		return r;
	r = read_objects(g, &x, mirror, err);
	if (r >= 0)
		r = place_rest(&x, &left, err);
	if (r >= 0)
		return left;
	(void)fs_remove_tree(dir, NULL);
	return r;
}
