/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/digest.h"
#include "base/fs.h"
#include "base/sig.h"
#include "base/str.h"
#include <openssl/evp.h>

#define CHUNK ((size_t)128 * 1024)

struct digest {
	EVP_MD_CTX *ctx;
	char *want;
};

/* As in hash.c: libcrypto fails here only without memory or without SHA-2. */
static void must(int ok)
{
	if (ok != 1)
		oom_(__FILE__, __LINE__);
}

static const EVP_MD *kind(const char *hex)
{
	switch (strlen(hex)) {
	case 64:
		return EVP_sha256();
	case 96:
		return EVP_sha384();
	case 128:
		return EVP_sha512();
	default:
		return NULL;
	}
}

bool digest_known(const char *hex)
{
	return kind(hex) && !hex[strspn(hex, "0123456789abcdef")];
}

struct digest *digest_new(const char *hex)
{
	struct digest *d = xcalloc(1, sizeof *d);

	assert(digest_known(hex));
	d->want = xstrdup(hex);
	d->ctx = EVP_MD_CTX_new();
	must(d->ctx != NULL);
	digest_restart(d);
	return d;
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d->want);
	free(d);
}

void digest_restart(struct digest *d)
{
	must(EVP_DigestInit_ex(d->ctx, kind(d->want), NULL));
}

void digest_add(struct digest *d, const void *data, size_t n)
{
	must(EVP_DigestUpdate(d->ctx, data, n));
}

bool digest_right(struct digest *d)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE] = {0};
	unsigned n = 0;

	must(EVP_DigestFinal_ex(d->ctx, md, &n));
	for (unsigned i = 0; i < n; i++) {
		if (d->want[2 * i] != digits[md[i] >> 4] ||
			d->want[2 * i + 1] != digits[md[i] & 15])
			return false;
	}
	return true;
}

bool digest_text(const char *hex, const void *data, size_t n)
{
	CLEANUP(digest_freep) struct digest *d = digest_known(hex) ? digest_new(hex) : NULL;

	if (!d)
		return false;
	digest_add(d, data, n);
	return digest_right(d);
}

static int add_fd(struct digest *d, int fd, const char *path, struct err *err)
{
	auto_free char *buf = xmalloc(CHUNK);

	for (;;) {
		ssize_t n = read(fd, buf, CHUNK);
		int r = sig_check(err);

		if (r < 0)
			return r;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "cannot read '%s'", path);
		if (n == 0)
			return 0;
		digest_add(d, buf, (size_t)n);
	}
}

int digest_file(const char *path, const char *hex, struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	CLEANUP(digest_freep) struct digest *d = NULL;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, "cannot open '%s'", path);
	/* a device has no end */
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_SOURCE, "'%s' is not a regular file", path);
	if (!digest_known(hex))
		return err_set(err, ERR_SOURCE, "'%s' is no checksum that can be verified", hex);
	d = digest_new(hex);
	if ((r = add_fd(d, fd, path, err)) < 0)
		return r;
	if (!digest_right(d))
		return err_set(err, ERR_SOURCE, "'%s' has another checksum than %.16s", path, hex);
	return 0;
}
