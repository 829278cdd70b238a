/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/part.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/sig.h"
#include <strings.h>
#include <sys/file.h>

#define CHUNK ((size_t)256 * 1024)

/* libcrypto fails here only without memory or without SHA-2: neither can be handled. */
static void must(int ok)
{
	if (ok != 1)
		oom_(__FILE__, __LINE__);
}

static const EVP_MD *kind_of(const char *checksum)
{
	size_t n = strlen(checksum);

	if (strspn(checksum, "0123456789abcdefABCDEF") != n)
		return NULL;
	return n == 64 ? EVP_sha256() : n == 96 ? EVP_sha384() : n == 128 ? EVP_sha512() : NULL;
}

/* Our own disk's trouble, whatever errno says. */
static int fail(struct err *err, const char *what, const char *path)
{
	return err_set_(err, ERR_SYS, errno, "%s '%s'", what, path);
}

int part_init(struct part *p, const char *path, const char *checksum, struct err *err)
{
	*p = (struct part){.fd = -1};
	if (checksum && !kind_of(checksum))
		return err_set(err, ERR_CORRUPT, "'%.140s' is no sha256, sha384 or sha512 checksum",
			checksum);
	p->path = xstrdup(path);
	p->name = xasprintf("%s.part", path);
	p->note = xasprintf("%s.part.from", path);
	p->checksum = xstrdup_null(checksum);
	if (checksum) {
		p->hash = EVP_MD_CTX_new();
		must(p->hash != NULL);
		must(EVP_DigestInit_ex(p->hash, kind_of(checksum), NULL));
	}
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

/* Add what the descriptor gives to the hash; *ret_n counts it. */
static int hash_fd(EVP_MD_CTX *hash, int fd, uint64_t *ret_n, struct err *err)
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
		must(EVP_DigestUpdate(hash, buf, (size_t)n));
		*ret_n += (uint64_t)n;
	}
}

static bool hash_is(EVP_MD_CTX *hash, const char *want)
{
	unsigned char md[EVP_MAX_MD_SIZE] = {0};
	char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned n = 0;

	must(EVP_DigestFinal_ex(hash, md, &n));
	for (unsigned i = 0; i < n; i++)
		(void)snprintf(hex + 2 * (size_t)i, 3, "%02x", md[i]);
	return strcasecmp(hex, want) == 0;
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
	if (!p->hash)
		return 0;
	must(EVP_DigestInit_ex(p->hash, NULL, NULL));
	if ((r = hash_fd(p->hash, p->fd, &p->n, err)) < 0)
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
	EVP_MD_CTX *hash;
	uint64_t n;
	bool right;

	if (fd < 0)
		return false;
	hash = EVP_MD_CTX_new();
	must(hash != NULL);
	must(EVP_DigestInit_ex(hash, kind_of(p->checksum), NULL));
	right = hash_fd(hash, fd, &n, NULL) == 0 && hash_is(hash, p->checksum);
	EVP_MD_CTX_free(hash);
	return right;
}

int part_restart(struct part *p, struct err *err)
{
	assert(p->mine);
	if (ftruncate(p->fd, 0) < 0)
		return fail(err, "cannot truncate", p->name);
	(void)unlink(p->note);
	forget(p);
	p->n = 0;
	if (p->hash)
		must(EVP_DigestInit_ex(p->hash, NULL, NULL));
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
	if (p->hash)
		must(EVP_DigestUpdate(p->hash, data, n));
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
	return !p->hash || hash_is(p->hash, p->checksum);
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
	EVP_MD_CTX_free(p->hash);
	free(p->path);
	free(p->name);
	free(p->note);
	free(p->checksum);
	forget(p);
	*p = (struct part){.fd = -1};
}
