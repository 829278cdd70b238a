/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.h - several files in one input, separated by lines "=== NAME"; the first one has no line.
 */
#pragma once
#include "base/base.h"
#include "config/load.h"

struct parts {
	const char *text;
	size_t n;
	const char *first; /* the name of what stands before the first line */
};

/* For struct config_input, with the parts as context. */
static int parts_read(void *ctx, const char *path, char **ret, size_t *ret_n, struct err *err)
{
	const struct parts *p = ctx;
	const char *base = strrchr(path, '/'), *at = p->text, *end = p->text + p->n, *next;
	auto_free char *head = NULL;

	base = base ? base + 1 : path;
	head = xasprintf("=== %s\n", base);
	if (!str_eq(base, p->first)) {
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
