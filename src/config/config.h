/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config.h - packmill.yaml and target files into structs. All errors of a file are reported at
 * once, each once, as file:line:column; the schema is ours (YAML's `no` and `1.10` stay text).
 */
#pragma once
#include "base/limits.h"
#include "base/vec.h"
#include "model/job.h"
#include "model/target.h"

struct config_git {
	char *url; /* absolute path for local ones, {project} and {name} substituted; NULL none */
	char *branch; /* followed; NULL with ref, or the remote's HEAD */
	char *ref;    /* pins */
	char *web;    /* page of a commit, with {sha}; NULL: guessed from url */
};

struct config_project {
	char *project, *name; /* name: the package's, default project */
	enum layout layout;   /* default: two-git with upstream, else standard */
	struct config_git upstream, packaging;
	char *path, *spec, *component;
	char *policy, *numbering; /* never NULL: the project's, the instance's or the layout's */
	int64_t minor;
	int64_t priority; /* higher first, default 0 */
	bool rebuild_on_change;
	struct strv maintainers;
	struct strv targets; /* subset of the instance's; empty: all */
	char *file;          /* where it is defined */
	size_t line;
};

enum config_tls { CONFIG_TLS_AUTO, CONFIG_TLS_ALWAYS, CONFIG_TLS_NEVER };

struct config_notify {
	char *smtp; /* host[:port]; NULL: no mail */
	char *from, *user, *password;
	enum config_tls tls; /* STARTTLS when offered, insisted on, never; port 465 is TLS anyway */
	char *ca;            /* file of certificates to trust; NULL: the machine's */
	struct strv operators; /* who is told of trouble with the machine */
	uint64_t digest;       /* seconds of news in one mail; 0: each at once */
	uint64_t rate;         /* mails to one address in an hour; default 30, 0: no limit */
	char *hook;            /* program started for each event, NULL none */
};

/* What gc leaves of the history; 0: the rule deletes nothing. A build goes when one of the first
 * two says so, unless it is one of the newest, pinned, or its repository is kept. */
struct config_keep {
	uint64_t age;    /* seconds since it finished */
	uint64_t count;  /* builds of one project on one target */
	uint64_t newest; /* finished builds of each project that always stay; default 5 */
};

/* What gc leaves of build roots and downloaded packages; 0: no limit. */
struct config_cache {
	uint64_t roots;  /* bytes of all of them; default 50G */
	uint64_t unused; /* seconds since the last use; default 14d */
};

struct config {
	char *file;   /* absolute path of packmill.yaml */
	char *name;   /* repository id */
	char *data;   /* absolute */
	char *url;    /* without trailing slash; NULL: file:// of data/repos */
	char *policy; /* NULL: by each project's layout */
	char *numbering;
	int64_t minor;
	unsigned jobs;
	uint64_t retries; /* tries after the first that ended for reasons of the machine; default 3
			   */
	uint64_t poll;    /* seconds between polls; default 5m */
	bool last_good;   /* after_failure: a build whose dependency failed uses the last good one;
			     default: it waits */
	bool lint_fatal;
	struct limits limits;
	struct config_cache cache;
	struct config_keep keep;
	struct config_notify notify;
	VEC(struct target *) targets;
	VEC(struct config_project) projects;
	struct strv warnings; /* file:line:column: text */
};

/* One error line per problem into ret_errors (file:line:column: what); then returns -ERR_CONFIG
 * with err set to the first and how many there are. target_dirs: where target files are searched,
 * after the config file's own directory and its targets/. */
int config_load(const char *path, const struct strv *target_dirs, struct config **ret,
	struct strv *ret_errors, struct err *err);
void config_free(struct config *c);
DEFINE_CLEANUP(struct config *, config_free)
/* The effective configuration as YAML (config show) and JSON; sizes in JSON are bytes,
 * times seconds, a password is not shown. */
char *config_to_yaml(const struct config *c);
json_t *config_to_json(const struct config *c);
const struct config_project *config_project(const struct config *c, const char *name);
/* As typed by a person: the project's name, else its package's; ERR_NOT_FOUND. */
int config_project_find(const struct config *c, const char *name, const struct config_project **ret,
	struct err *err);
/* A packmill.yaml to start from. */
const char *config_template(void);

/* One target file. Same error discipline. */
int config_target_load(
	const char *path, struct target **ret, struct strv *ret_errors, struct err *err);
/* By name, searched in dirs as <name>.yaml, or a path when it has a slash. "host" is built in when
 * no file defines it. ERR_NOT_FOUND names the nearest. */
int config_target_find(const char *name, const struct strv *dirs, struct target **ret,
	struct strv *ret_errors, struct err *err);
/* Names of all targets in dirs, sorted, "host" among them. */
int config_target_names(const struct strv *dirs, struct strv *ret, struct err *err);
/* As a target file. */
char *config_target_to_yaml(const struct target *t);
/* Refused when the architecture is not this machine's or the format has no driver here. */
int config_target_usable(const struct target *t, struct err *err);
