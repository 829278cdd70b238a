/* SPDX-License-Identifier: GPL-3.0-or-later */
/* result.h - the outcome of one build, in memory and as result.json (schema 1). */
#pragma once
#include "model/package.h"

enum build_status { STATUS_SUCCESS, STATUS_FAILED, STATUS_RETRY };

enum cause_kind {
	CAUSE_NONE,
	CAUSE_SOURCE,         /* git, spec, version, making the source package */
	CAUSE_DEPENDENCY,     /* BuildRequires cannot be had; result not installable */
	CAUSE_BUILD,          /* the package's own build failed */
	CAUSE_TEST,           /* %check, the install test */
	CAUSE_LIMITS,         /* a limit ended it; message says which */
	CAUSE_INFRASTRUCTURE, /* ours, worth a retry */
};

struct build_step {
	char *name;
	double seconds;
	int exit;
};

struct result_origin { /* upstream or packaging; url NULL: there is none */
	char *url, *ref, *sha;
};

struct result {
	enum build_status status;
	enum cause_kind cause;
	char *cause_step, *cause_message, *cause_log;
	int64_t cause_line;  /* line in the log, 0 unknown */
	enum err_code error; /* of the cause, where it was an error of ours; not in result.json */
	char *name, *version, *release, *arch;
	int64_t epoch;
	int64_t date; /* the version's date, seconds since 1970; 0 unknown */
	char *target, *policy, *trigger;
	struct result_origin upstream, packaging;
	VEC(struct build_step) steps;
	struct package_vec artifacts;
	/* as rpm prints them: what the source package BuildRequires, what the main packages provide
	 * and require of others; in result.json as build_requires, provides, requires */
	struct strv build_requires, provides, requires;
	char *content; /* hash of the main packages but for version-release and times; NULL unknown
			*/
};

void result_release(struct result *r);
void result_free(struct result *r);
DEFINE_CLEANUP(struct result *, result_free)
json_t *result_to_json(const struct result *r);
/* The list `steps` alone. */
json_t *result_steps_to_json(const struct result *r);
int result_from_json(const json_t *j, struct result **ret, struct err *err);
const char *build_status_name(enum build_status s);
const char *cause_kind_name(enum cause_kind k); /* "" for CAUSE_NONE */
