/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the upstream's metadata and as what its tools print: a version or none comes out. */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "source/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *answer;
static size_t answer_n;

static int print_answer(struct runner *r UNUSED, const struct runner_cmd *cmd UNUSED,
	struct strbuf *ret_out, struct runner_result *ret, struct err *err UNUSED)
{
	sb_addn(ret_out, answer, answer_n);
	*ret = (struct runner_result){0};
	return 0;
}

static void ask(const char *dir, const char *file)
{
	auto_free char *path = path_join(dir, file);
	struct runner runner = {.run = print_answer};
	struct source s = {.upstream = xstrdup(dir)};

	assert(fs_write(path, answer, answer_n, 0600, NULL) >= 0);
	assert(source_ask_version(&runner, &s, NULL) >= 0);
	assert(!s.declared ||
		(strlen(s.declared) <= LIMIT_NAME && strpbrk(s.declared, "0123456789") &&
			!strpbrk(s.declared, " \t\r\n/%{}()$'\"\\;<>&|")));
	source_release(&s);
	(void)unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const files[] = {"pyproject.toml", "setup.cfg", "metadata.json"};
	auto_free char *dir = NULL;

	answer = data;
	answer_n = size;
	assert(fs_tmpdir("/tmp/packmill-fuzz.", &dir, NULL) >= 0);
	for (size_t i = 0; i < COUNTOF(files); i++)
		ask(dir, files[i]);
	assert(fs_remove_tree(dir, NULL) >= 0);
	return 0;
}
