/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest.c - is this the file that was promised? */
#include "base/base.h"
#include "base/fs.h"
#include "base/sig.h"
#include "remote/internal.h"
#include <openssl/evp.h>

#define CHUNK ((size_t)128 * 1024)

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

static bool same(const unsigned char *md, unsigned n, const char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < n; i++) {
		if (hex[2 * i] != digits[md[i] >> 4] || hex[2 * i + 1] != digits[md[i] & 15])
			return false;
	}
	return hex[2 * (size_t)n] == '\0';
}

bool digest_text(const char *want, const void *data, size_t n)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return digest_known(want) && EVP_Digest(data, n, md, &len, kind(want), NULL) == 1 &&
	       same(md, len, want);
}

static int read_into(EVP_MD_CTX *ctx, int fd, const char *path, struct err *err)
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
		if (EVP_DigestUpdate(ctx, buf, (size_t)n) != 1)
			oom_(__FILE__, __LINE__);
	}
}

int digest_file(const char *path, const char *want, struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	EVP_MD_CTX *ctx;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, "cannot open '%s'", path);
	/* a device has no end */
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_SOURCE, "'%s' is not a regular file", path);
	if (!digest_known(want))
		return err_set(err, ERR_SOURCE, "'%s' is no checksum that can be verified", want);
	ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestInit_ex(ctx, kind(want), NULL) != 1)
		oom_(__FILE__, __LINE__);
	r = read_into(ctx, fd, path, err);
	if (r >= 0 && EVP_DigestFinal_ex(ctx, md, &len) != 1)
		oom_(__FILE__, __LINE__);
	EVP_MD_CTX_free(ctx);
	if (r >= 0 && !same(md, len, want))
		r = err_set(err, ERR_SOURCE, "'%s' has another checksum than %.16s", path, want);
	return r < 0 ? r : 0;
}
