/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - what the parts of the reader of DLRN's configuration share. */
#pragma once
#include "base/json.h"
#include "base/vec.h"
#include "config/dlrn/dlrn.h"
#include "config/load.h"

#define DLRN_INI     (1024 * 1024)     /* bytes of projects.ini */
#define DLRN_OPTIONS 2000              /* options in it */
#define DLRN_DEPTH   10                /* of %(x)s in what %(x)s stands for */
#define DLRN_STEPS   20000             /* %(x)s that are filled in, in all */
#define DLRN_TEXT    4096              /* bytes of one value */
#define DLRN_LEFT    2000              /* lines of what was left */
#define DLRN_OUTPUT  (6 * 1024 * 1024) /* bytes of values that come out */

struct dlrn_option {
	char *section, *key; /* the key in lower case */
	char *value;         /* lines of it joined by \n; filled in when all were read */
	size_t line;
	bool used; /* by a %(x)s */
};

struct dlrn_left {
	unsigned file; /* 0: the INI file, i + 1: infos[i] */
	size_t line, order;
	char *text;
};

/* What projects.ini says, as far as it means something here. */
struct dlrn_conf {
	char *name, *data, *url, *smtp;
	char *source, *distro;     /* branches of upstream and packaging */
	char *target, *scriptsdir; /* as written */
	char *numbering, *tag;
	char *git, *git_dir;          /* driver gitrepo: the one repository, the directory in it */
	int64_t minor, jobs, retries; /* -1: not said */
	size_t target_line, distro_line;
};

struct dlrn {
	const char *ini;
	const struct strv *infos;
	VEC(struct dlrn_option) options;
	bool sections; /* the INI file has one */
	VEC(struct dlrn_left) left;
	struct dlrn_conf conf;
	struct config_files files; /* the YAML files */
	struct diag diag;          /* of reading them */
	size_t spent;              /* bytes of values made */
	size_t steps;              /* %(x)s filled in */
	json_t *projects;          /* list of what comes out */
	json_t *defaults;          /* a map */
};

/* "FILE:LINE: 'what': why"; what is cut for the message, NULL: none. */
void dlrn_leave(struct dlrn *d, unsigned file, size_t line, const char *what, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
/* NULL, or why the text cannot be a value of that type (t NULL: any text); the caller's. */
char *dlrn_unfit(const struct type *t, const char *s);

/* The text of projects.ini into d->options. */
void dlrn_ini(struct dlrn *d, const char *text);
/* The last option of that name, DEFAULT's when the section has none; NULL. */
struct dlrn_option *dlrn_option(const struct dlrn *d, const char *section, const char *key);
/* d->options into d->conf; every other one is answered. */
void dlrn_settings(struct dlrn *d);
/* Defaults and projects from the YAML files that were read. */
int dlrn_packages(struct dlrn *d, struct err *err);
