/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A configuration of several files in one input, separated by lines "=== NAME". Either it is
 * refused with lines, or what it comes to is shown, loaded again and shown the same.
 */
#include "base/base.h"
#include "base/text.h"
#include "config/load.h"

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
	if (!str_eq(base, "packmill.yaml")) {
		at = memmem(at, p->n, head, strlen(head));
		if (!at)
			return err_set(err, ERR_NOT_FOUND, "No such file or directory");
		at += strlen(head);
	}
	next = memmem(at, (size_t)(end - at), "\n=== ", 5);
	*ret_n = (size_t)((next ? next + 1 : end) - at);
	*ret = xstrndup("", 0);
	*ret = xrealloc(*ret, *ret_n + 1);
	memcpy(*ret, at, *ret_n);
	(*ret)[*ret_n] = '\0';
	return 0;
}

static struct config *load(const char *text, size_t n)
{
	struct parts parts = {text, n};
	const struct config_input input = {read_part, &parts};
	struct config *c = NULL;
	auto_strv struct strv errors = STRV_INIT;
	auto_err struct err err = ERR_INIT;
	int r = config_load_from(&input, "packmill.yaml", NULL, &c, &errors, &err);

	assert((r == 0) == (errors.n == 0) && (r == 0) == (c != NULL));
	assert(r == 0 || err.code == ERR_CONFIG);
	assert(errors.n <= 101);
	strv_foreach (&errors, e) {
		assert(!strchr(*e, '\n'));
		for (const char *s = *e; *s; s += text_utf8(s, NULL))
			assert(text_utf8(s, NULL));
	}
	return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(config_freep) struct config *c = load((const char *)data, size), *again = NULL;
	auto_free char *yaml = NULL, *same = NULL;

	if (!c)
		return 0;
	vec_foreach (&c->targets, t) /* files by absolute path are not there the second time */
		if (*(*t)->file)
			return 0;
	yaml = config_to_yaml(c);
	again = load(yaml, strlen(yaml));
	assert(again);
	same = config_to_yaml(again);
	assert(str_eq(yaml, same));
	return 0;
}
