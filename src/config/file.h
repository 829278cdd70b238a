/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file.h - the files of one configuration: read once, kept while their nodes are in use. */
#pragma once
#include "config/yaml.h"

/* Where files come from when not from the file system: tests and the fuzzer. The text is
 * NUL-terminated and the caller's. */
struct config_input {
	int (*read)(void *ctx, const char *path, char **ret, size_t *ret_n, struct err *err);
	void *ctx;
};

struct config_files {
	VEC(struct doc *) docs;
	const struct config_input *input; /* NULL: the file system */
};

void config_files_release(struct config_files *f);
/* The text of a file that is no YAML, at most LIMIT_CONFIG_FILE bytes. */
int config_text_read(const struct config_input *input, const char *path, char **ret, size_t *ret_n,
	struct err *err);
/* Read a file; a failure to read it is an error (without the file's name), what is wrong inside it
 * goes to d and leaves root NULL. A file that was read before is ERR_CONFLICT with *ret_doc set
 * to it. */
int config_files_read(struct config_files *f, const char *shown, const char *path, struct diag *d,
	struct doc **ret_doc, struct err *err);
