/* SPDX-License-Identifier: GPL-3.0-or-later */
/* load.h - what the parts of config/ share while one configuration is read. */
#pragma once
#include "config/config.h"
#include "config/file.h"
#include "config/keys.h"

/* A file on the way from the main one, with its `defaults`. */
struct scope {
	const struct doc *doc;
	const struct node *defaults; /* NULL: none */
	const struct scope *outer;   /* the file that includes it; NULL: it is the main file */
};

struct loader {
	struct config *config;
	struct config_files files;
	struct diag diag;
	struct strv target_dirs;
	bool targets_broken; /* not all of the instance's targets could be read */
	unsigned includes;
	VEC(const struct node *) nodes; /* of config->projects, by index */
};

/* config_load with another source of files. */
int config_load_from(const struct config_input *input, const char *path,
	const struct strv *target_dirs, struct config **ret, struct strv *ret_errors,
	struct err *err);

/* One entry of `projects`, already checked, with its defaults, to the end of config->projects. */
void project_add(struct loader *l, const struct node *node, const struct scope *scope);
/* What concerns more than one project: names, targets. */
void project_check_all(struct loader *l);
void config_project_release(struct config_project *p);

/* A target file through files (so that its errors join the others). Returns what was wrong with
 * the file as a file; ret_target stays NULL when its content is wrong. */
int target_read(struct config_files *files, const char *shown, const char *path, struct diag *d,
	struct target **ret_target, struct err *err);
/* The file of a target by name or path: *ret_path NULL with 0 is the built-in one. */
int target_locate(const char *name, const struct strv *dirs, char **ret_path, struct err *err);
struct target *target_builtin_host(void);
/* A map of texts, numbers, lists and maps as YAML; what holds nothing is left out, but an empty
 * `projects`. */
char *config_yaml_of(const json_t *map);
