/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A configuration of mock of several files in one input, separated by lines "=== NAME". Whatever
 * comes out is a target file that our own reader takes, and every line of what was left is one
 * line.
 */
#include "base/base.h"
#include "config/mock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct parts {
	const char *text;
	size_t n;
};

static int read_part(void *ctx, const char *path, char **ret, size_t *ret_n, struct err *err)
{
	const struct parts *p = ctx;
	const char *base = strrchr(path, '/'), *at = p->text, *end = p->text + p->n, *next;
	auto_free char *head = NULL;

	base = base ? base + 1 : path;
	head = xasprintf("=== %s\n", base);
	if (!str_eq(base, "main.cfg")) {
		at = memmem(at, p->n, head, strlen(head));
		if (!at)
			return err_set(err, ERR_NOT_FOUND, "No such file or directory");
		at += strlen(head);
	}
	next = memmem(at, (size_t)(end - at), "\n=== ", 5);
	*ret_n = (size_t)((next ? next + 1 : end) - at);
	*ret = xmalloc(*ret_n + 1);
	memcpy(*ret, at, *ret_n);
	(*ret)[*ret_n] = '\0';
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parts parts = {(const char *)data, size};
	const struct config_input input = {read_part, &parts};
	struct mock_import i = {0};
	auto_err struct err err = ERR_INIT;
	int r = mock_import(&input, "main.cfg", &i, &err);

	assert((r == 0) == (i.target != NULL) && (r == 0) == (i.yaml != NULL));
	assert(r == 0 || err.code == ERR_CONFIG);
	assert(r < 0 || (i.target->packages.n && i.target->repos.n && !i.target->host));
	strv_foreach (&i.left, l)
		assert(!strchr(*l, '\n'));
	mock_import_release(&i);
	return 0;
}
