/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/part.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/sig.h"
#include <sys/file.h>

#define CHUNK ((size_t)256 * 1024)

/* Our own disk's trouble, whatever errno says. */
static int fail(struct err *err, const char *what, const char *path)
{
	return err_set_(err, ERR_SYS, errno, "%s '%s'", what, path);
}

int part_init(struct part *p, const char *path, const char *checksum, struct err *err)
{
	*p = (struct part){.fd = -1};
	if (checksum && !digest_known(checksum))
		return err_set(err, ERR_CORRUPT, "'%.140s' is no sha256, sha384 or sha512 checksum",
			checksum);
	p->path = xstrdup(path);
	p->name = xasprintf("%s.part", path);
	p->note = xasprintf("%s.part.from", path);
	p->checksum = xstrdup_null(checksum);
	p->digest = checksum ? digest_new(checksum) : NULL;
	return 0;
}

static void forget(struct part *p)
{
	str_set(&p->url, NULL);
	str_set(&p->etag, NULL);
	str_set(&p->modified, NULL);
}

static void let_go(struct part *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -1;
	p->mine = false;
}

static bool same_file(const struct stat *a, const char *path)
{
	struct stat b;

	return lstat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

/* Add what the descriptor gives; *ret_n counts it. Large files take long: a signal ends it. */
static int add_fd(struct digest *d, int fd, uint64_t *ret_n, struct err *err)
{
	auto_free char *buf = xmalloc(CHUNK);

	*ret_n = 0;
	for (;;) {
		ssize_t n = pread(fd, buf, CHUNK, (off_t)*ret_n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_(err, ERR_SYS, errno, "cannot read");
		if (n == 0)
			return 0;
		if (sig_pending())
			return sig_check(err);
		digest_add(d, buf, (size_t)n);
		*ret_n += (uint64_t)n;
	}
}

/* Three lines: URL, ETag, Last-Modified. Anything else says nothing. */
static void read_note(struct part *p)
{
	auto_strv struct strv lines = STRV_INIT;
	auto_free char *text = NULL;

	forget(p);
	if (fs_read(p->note, LIMIT_HTTP_HEADERS, &text, NULL, NULL) < 0)
		return;
	strv_lines(&lines, text);
	if (lines.n != 3 || !str_ends(text, "\n"))
		return;
	str_set(&p->url, lines.v[0]);
	str_set(&p->etag, *lines.v[1] ? lines.v[1] : NULL);
	str_set(&p->modified, *lines.v[2] ? lines.v[2] : NULL);
}

/* The bytes of earlier tries. */
static int take_over(struct part *p, const struct stat *st, struct err *err)
{
	int r;

	p->mine = true;
	p->n = (uint64_t)st->st_size;
	if (!p->n) {
		forget(p);
		return 0;
	}
	read_note(p);
	if (!p->digest)
		return 0;
	digest_restart(p->digest);
	if ((r = add_fd(p->digest, p->fd, &p->n, err)) < 0)
		return err_wrap(err, "'%s'", p->name);
	return r;
}

int part_lock(struct part *p, enum part_state *ret, struct err *err)
{
	struct stat st;

	for (;;) {
		if (p->fd < 0)
			p->fd = open(p->name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (p->fd < 0 || fstat(p->fd, &st) < 0)
			return fail(err, "cannot open", p->name);
		if (!S_ISREG(st.st_mode))
			return err_set(err, ERR_SYS, "'%s' is not a regular file", p->name);
		if (flock(p->fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno != EWOULDBLOCK && errno != EINTR)
				return fail(err, "cannot lock", p->name);
			*ret = PART_BUSY;
			return 0;
		}
		/* its size while it was not ours means nothing */
		if (fstat(p->fd, &st) < 0)
			return fail(err, "cannot read", p->name);
		if (same_file(&st, p->name)) {
			*ret = PART_MINE;
			return take_over(p, &st, err);
		}
		let_go(p);
		/* the other one may have wanted something else under this name */
		if (same_file(&st, p->path) && (!p->checksum || part_have(p))) {
			p->n = (uint64_t)st.st_size;
			*ret = PART_FOUND;
			return 0;
		}
	}
}

bool part_have(const struct part *p)
{
	auto_close int fd = p->checksum ? open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	CLEANUP(digest_freep) struct digest *d = NULL;
	uint64_t n;

	if (fd < 0)
		return false;
	d = digest_new(p->checksum);
	return add_fd(d, fd, &n, NULL) == 0 && digest_right(d);
}

int part_restart(struct part *p, struct err *err)
{
	assert(p->mine);
	if (ftruncate(p->fd, 0) < 0)
		return fail(err, "cannot truncate", p->name);
	(void)unlink(p->note);
	forget(p);
	p->n = 0;
	if (p->digest)
		digest_restart(p->digest);
	return 0;
}

int part_note(
	struct part *p, const char *url, const char *etag, const char *modified, struct err *err)
{
	auto_free char *text = NULL;

	assert(p->mine && !p->n);
	forget(p);
	str_set(&p->url, url);
	if (!etag && !modified)
		return 0;
	str_set(&p->etag, etag);
	str_set(&p->modified, modified);
	text = xasprintf("%s\n%s\n%s\n", url, etag ? etag : "", modified ? modified : "");
	if (fs_write(p->note, text, strlen(text), 0644, NULL) < 0)
		return fail(err, "cannot write", p->note);
	return 0;
}

int part_write(struct part *p, const void *data, size_t n, struct err *err)
{
	const char *s = data;

	assert(p->mine);
	if (p->digest)
		digest_add(p->digest, data, n);
	while (n > 0) {
		ssize_t k = pwrite(p->fd, s, n, (off_t)p->n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return fail(err, "cannot write", p->name);
		s += k;
		n -= (size_t)k;
		p->n += (uint64_t)k;
	}
	return 0;
}

bool part_right(struct part *p)
{
	return !p->digest || digest_right(p->digest);
}

int part_finish(struct part *p, struct err *err)
{
	assert(p->mine);
	/* the note first: after the rename it may be another process's */
	(void)unlink(p->note);
	if (rename(p->name, p->path) < 0)
		return fail(err, "cannot make", p->path);
	let_go(p);
	return 0;
}

void part_drop(struct part *p)
{
	if (p->mine) {
		(void)unlink(p->note);
		(void)unlink(p->name);
	}
	let_go(p);
}

void part_close(struct part *p)
{
	struct stat st;

	if (p->mine && fstat(p->fd, &st) == 0 && st.st_size == 0)
		part_drop(p);
	let_go(p);
}

void part_release(struct part *p)
{
	part_close(p);
	digest_free(p->digest);
	free(p->path);
	free(p->name);
	free(p->note);
	free(p->checksum);
	forget(p);
	*p = (struct part){.fd = -1};
}
