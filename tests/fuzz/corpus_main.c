/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a fuzz target over every file of its corpus, as a test: usage: corpus_NAME DIR */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int run_one(const char *path, struct err *err)
{
	auto_free char *text = NULL;
	auto_free uint8_t *exact = NULL;
	size_t n;
	int r = fs_read(path, 16 * MIB, &text, &n, err);

	if (r < 0)
		return r;
	/* no NUL behind it: a read beyond the end is seen by the sanitizer */
	exact = xmalloc(n);
	memcpy(exact, text, n);
	LLVMFuzzerTestOneInput(exact, n);
	return 0;
}

int main(int argc, char **argv)
{
	auto_err struct err err = ERR_INIT;
	auto_strv struct strv names = STRV_INIT;

	if (argc != 2 || fs_list(argv[1], &names, &err) < 0 || names.n == 0) {
		printf("Bail out! no corpus: %s\n", err.msg ? err.msg : "empty");
		return 1;
	}
	printf("1..%zu\n", names.n);
	strv_foreach (&names, name) {
		auto_free char *path = path_join(argv[1], *name);
		size_t i = (size_t)(name - names.v) + 1;

		if (run_one(path, &err) < 0) {
			printf("not ok %zu - %s: %s\n", i, *name, err.msg);
			return 1;
		}
		printf("ok %zu - %s\n", i, *name);
		fflush(stdout);
	}
	return 0;
}
