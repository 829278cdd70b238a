/* SPDX-License-Identifier: GPL-3.0-or-later */
/* usage: tool_content FILE.rpm...            the content of packages of one build
 *        tool_content --digests FILE.rpm...  the same without a look into payloads
 *        tool_content --elf FILE...          of each file, "-" where its bytes are all */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "format/elf.h"
#include "format/rpm/rpm.h"
#include "format/rpm/rpm_learn.h"
#include "sandbox/sandbox.h"

static int run(void *ctx, const char *file, int (*fn)(void *arg, int out_fd), void *arg,
	struct strbuf *ret_out, struct err *err)
{
	auto_err struct err e = ERR_INIT;
	int r = sandbox_compute(fn, arg, 300, ret_out, &e);

	(void)ctx;
	if (r < 0)
		(void)fprintf(stderr, "tool_content: %s: %s\n", file, e.msg);
	return err_move(err, &e);
}

static int confine(void *ctx, struct err *err)
{
	(void)ctx;
	return sandbox_confine(4 * GIB, err);
}

static void mask(void *ctx, struct sha256 *h, const char *text, size_t n)
{
	(void)ctx;
	sha256_add(h, text, n);
}

static int elf(char **files, struct err *err)
{
	for (char **f = files; *f; f++) {
		auto_free char *data = NULL;
		char hex[SHA256_HEX];
		size_t n;
		int r = fs_read(*f, 2 * ELF_MAX, &data, &n, err);

		if (r < 0)
			return r;
		(void)puts(elf_content(data, n, mask, NULL, hex) ? hex : "-");
	}
	return 0;
}

static int packages(char **args, bool digests, struct err *err)
{
	struct format_jail jail = {.run = run, .confine = confine};
	auto_strv struct strv files = STRV_INIT, provides = STRV_INIT, requires = STRV_INIT;
	auto_free char *content = NULL;
	int r = rpm_init(err);

	for (char **f = args; *f; f++)
		strv_add(&files, *f);
	if (r >= 0)
		r = rpm_learn(&files, digests ? NULL : &jail, &provides, &requires, &content, err);
	if (r >= 0)
		(void)puts(content);
	return r;
}

int main(int argc, char **argv)
{
	auto_err struct err err = ERR_INIT;
	int r;

	if (argc > 1 && str_eq(argv[1], "--elf"))
		r = elf(argv + 2, &err);
	else if (argc > 1 && str_eq(argv[1], "--digests"))
		r = packages(argv + 2, true, &err);
	else
		r = packages(argv + 1, false, &err);
	if (r < 0)
		(void)fprintf(stderr, "tool_content: %s\n", err.msg);
	return r < 0;
}
