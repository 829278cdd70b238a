/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as an ELF file or an archive: a hash or none, the same wherever they lie. */
#include "base/base.h"
#include "format/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mask(void *ctx, struct sha256 *h, const char *text, size_t n)
{
	(void)ctx;
	assert(strnlen(text, n) == n);
	sha256_add(h, text, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free uint8_t *copy = xmalloc(size + 1);
	char a[SHA256_HEX] = "", b[SHA256_HEX] = "";

	memcpy(copy + 1, data, size);
	assert(elf_content(data, size, mask, NULL, a) ==
		elf_content(copy + 1, size, mask, NULL, b));
	assert(memcmp(a, b, sizeof a) == 0);
	return 0;
}
