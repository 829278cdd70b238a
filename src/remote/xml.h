/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xml.h - walk over a small foreign XML document. No document type (so no entities of its own), no
 * network, at most 256 levels: what has one is refused before it is read.
 */
#pragma once
#include "base/str.h"

struct xml_attr {
	const char *name;
	char *value;
};
struct xml_attrs {
	struct xml_attr v[16]; /* more are passed over */
	size_t n;
};
/* NULL when the element has none of that name. Names are local ones, without a prefix. */
const char *xml_attr(const struct xml_attrs *a, const char *name);

struct xml_handler {
	int (*start)(void *ctx, const char *name, const struct xml_attrs *attrs, struct err *err);
	/* text: what stood in the element after its last child */
	int (*end)(void *ctx, const char *name, const char *text, struct err *err);
	void *ctx;
};
/* ERR_SOURCE: not well-formed, or refused; a handler's error ends the walk. */
int xml_walk(const char *text, size_t n, const struct xml_handler *h, struct err *err);
