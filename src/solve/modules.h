/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * modules.h - module streams of repositories, inside solve/ only: what modules.yaml says
 * (modules.c) and which streams count (streams.c). Semantics as dnf's where docs/dev/solve.md does
 * not say otherwise.
 */
#pragma once
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

/* One line of a document's requires. */
struct module_need {
	size_t way; /* needs of one way belong together; any way is enough */
	char *module;
	struct strv streams; /* any of them, "-x": not x; none: any stream */
};
/* One document: a build of a stream. */
struct module_doc {
	char *module, *stream, *context, *arch; /* context and arch "" when not said */
	uint64_t version;
	VEC(struct module_need) needs; /* by way */
	size_t ways;                   /* 0: needs nothing */
	struct strv artifacts;         /* NEVRAs, epoch 0 left out; no source packages */
	bool usable, active;           /* streams.c: for this architecture; its packages count */
};
struct module_default {
	char *module, *stream; /* stream "": explicitly none */
	uint64_t modified;
};
struct modules {
	VEC(struct module_doc) docs;
	VEC(struct module_default) defaults;
};
void modules_release(struct modules *m);
/* Compressed or not. ERR_SOURCE when it is no YAML, beyond the caps or a module has no name. */
int modules_read(const char *path, struct modules *ret, struct err *err);
/* Bytes of the name in a NEVRA, 0 when it is none. */
size_t nevra_name(const char *nevra);

/* Which streams count. */
struct active_stream {
	const char *module, *stream; /* borrowed from the first document */
	size_t first, end;           /* its documents */
	bool asked;                  /* enabled by the target, or needed by one that is */
	bool off;                    /* a default whose needs cannot be met */
};
enum { NAME_MODULAR = 1, NAME_ACTIVE = 2 };
struct streams {
	VEC(struct module_doc *) docs; /* of all repositories, by module, stream, newest first */
	struct hmap first;             /* module -> its first document */
	struct hmap defaults;          /* module -> document of its default stream */
	VEC(struct active_stream) active;
	struct hmap active_at; /* module -> active */
	struct hmap artifacts; /* NEVRA -> document, an active one if there is one */
	unsigned char *names;  /* flags by string id */
	int nnames;            /* 0: no modules at all */
	struct strv problems;  /* lines; the target's modules cannot be had */
};
