/* SPDX-License-Identifier: GPL-3.0-or-later */
/* target.h - what a package is built for. Filled by config/, carried to a build inside its job. */
#pragma once
#include "base/json.h"
#include "base/vec.h"

/* A repository the target's packages come from. */
struct target_repo {
	char *id;
	char *class_;     /* "base", "own", "extra" */
	struct strv urls; /* baseurls, tried in order; empty with metalink or mirrorlist */
	char *metalink, *mirrorlist;
	struct strv gpgkeys; /* file or URL, with "#FINGERPRINT[,FINGERPRINT...]" when only these
				keys of it count; empty: packages need no signature */
	bool repo_gpgcheck;  /* repomd.xml must be signed by one of gpgkeys, as dnf's */
	int priority;        /* lower wins, as dnf; default 99 */
	int64_t metadata_expire; /* seconds until it is asked for again; default 3600 */
	struct strv exclude;     /* names, globs or NEVRAs */
	struct strv includepkgs; /* when not empty only these, as dnf's */
};
/* URLs may hold $releasever, $basearch and $arch, as dnf's. */

struct target_macro {
	char *name, *value;
};

struct target {
	char *name;       /* "host", "centos-stream-9-x86_64" */
	char *format;     /* driver: "rpm" */
	char *arch;       /* rpm's word: "x86_64" */
	char *dist;       /* value of %{dist}, e.g. ".el9"; "" for none */
	char *releasever; /* value of $releasever in URLs; "" for none */
	bool host;        /* root: {host: true} */
	struct strv
		packages; /* the base set as asked for: names, paths, provides, "@" is not known */
	bool weak;        /* install what packages recommend, too */
	VEC(struct target_macro) macros; /* in file order */
	struct strv modules;
	VEC(struct target_repo) repos;
	char *file; /* where it was read, "" when built in */
};

void target_release(struct target *t);
void target_free(struct target *t);
DEFINE_CLEANUP(struct target *, target_free)
json_t *target_to_json(const struct target *t);
int target_from_json(const json_t *j, struct target **ret, struct err *err);
/* rpm's name of this machine's architecture ("x86_64", "aarch64"); static. */
const char *target_host_arch(void);
