/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hash.h"
#include <fcntl.h>
#include <openssl/evp.h>

struct sha256 {
	EVP_MD_CTX *ctx;
};

/* libcrypto fails here only without memory or without SHA-256: neither can be handled. */
static void must(int ok)
{
	if (ok != 1)
		oom_(__FILE__, __LINE__);
}

struct sha256 *sha256_new(void)
{
	struct sha256 *h = xcalloc(1, sizeof *h);

	h->ctx = EVP_MD_CTX_new();
	must(h->ctx != NULL);
	must(EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL));
	return h;
}

void sha256_free(struct sha256 *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void sha256_add(struct sha256 *h, const void *data, size_t n)
{
	must(EVP_DigestUpdate(h->ctx, data, n));
}

void sha256_add_str(struct sha256 *h, const char *s)
{
	sha256_add(h, s, strlen(s) + 1);
}

void sha256_end(struct sha256 *h, char ret_hex[SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE] = {0};
	unsigned n = 0;

	must(EVP_DigestFinal_ex(h->ctx, md, &n));
	assert(n == (SHA256_HEX - 1) / 2);
	for (unsigned i = 0; i < (SHA256_HEX - 1) / 2; i++) {
		ret_hex[2 * i] = digits[md[i] >> 4];
		ret_hex[2 * i + 1] = digits[md[i] & 15];
	}
	ret_hex[SHA256_HEX - 1] = '\0';
	sha256_free(h);
}

void sha256_buf(const void *data, size_t n, char ret_hex[SHA256_HEX])
{
	struct sha256 *h = sha256_new();

	sha256_add(h, data, n);
	sha256_end(h, ret_hex);
}

int sha256_fd(int fd, char ret_hex[SHA256_HEX], struct err *err)
{
	const size_t size = 128 * 1024;
	CLEANUP(sha256_freep) struct sha256 *h = sha256_new();
	auto_free char *buf = xmalloc(size);

	for (;;) {
		ssize_t n = read(fd, buf, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "read");
		if (n == 0)
			break;
		sha256_add(h, buf, (size_t)n);
	}
	sha256_end(TAKE(h), ret_hex);
	return 0;
}

int sha256_file(const char *path, char ret_hex[SHA256_HEX], struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_errno(err, "cannot open '%s'", path);
	r = sha256_fd(fd, ret_hex, err);
	if (r < 0)
		(void)err_wrap(err, "'%s'", path);
	return r;
}
