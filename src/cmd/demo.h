/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demo.h - the parts of `packmill demo`. */
#pragma once
#include "base/json.h"
#include "base/str.h"

struct demo {
	char *dir;    /* absolute; git/, data/, tree/, packmill.yaml lie below */
	char *share;  /* the bundled files */
	char *first;  /* hash of the first upstream commit */
	char *data;   /* dir/data */
	char *tree;   /* dir/tree: where the newest package gets installed */
	char *output; /* what the installed program printed */
};
void demo_release(struct demo *d);

/* The bundled files, wherever packmill lies: built tree or installed; the caller's. */
int demo_share(char **ret, struct err *err);
/* An empty directory to work in; one that an earlier demo left is emptied. */
int demo_clear(struct demo *d, struct err *err);
/* The upstream and the packaging repository, and packmill.yaml. */
int demo_sources(struct demo *d, struct err *err);
/* dnf installs quern from the published repository into d->tree. */
int demo_install(struct demo *d, struct err *err);
/* Run it there, over the host's /usr. */
int demo_try(struct demo *d, struct err *err);
/* What was built, where it lies, how long each step took. */
int demo_report(struct demo *d, struct err *err);
