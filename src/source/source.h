/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source.h - from a layout to what `rpmbuild -bs` reads: a spec and its sources in one directory.
 * Layouts: srpm, standard (directory or git), two-git (flat, or <build
 * target>/rpm/{SOURCES,SPECS}). source/ runs nothing itself: it is handed a runner that works in
 * the root.
 */
#pragma once
#include "git/git.h"
#include "model/job.h"
#include "model/runner.h"

/* A staged source: work directories of one build. */
struct source {
	char *dir;      /* stage: dir/SOURCES, dir/SPECS/<spec> */
	char *spec;     /* base name of the spec */
	char *upstream; /* two-git, where the tree may tell its version: the tree; else NULL */
	char *spec_version, *spec_release;        /* as written in the spec, may be NULL */
	struct git_commit up_commit, pack_commit; /* two-git and git standard */
	char *tag;                                /* nearest version tag, NULL none */
	int64_t commits;
	char *declared; /* after source_ask_version */
};
void source_release(struct source *s);

/* Export or copy everything into the new directory `dir`; find the spec. For LAYOUT_SRPM the
 * file is copied to dir/SRPMS (its header is inert and read by librpm), and only unpacked when
 * job->rebuild makes an edit necessary. */
int source_stage(
	struct git *g, const struct job *job, const char *dir, struct source *ret, struct err *err);
/* Fill tag and commits from the upstream's (else the packaging's) nearest tag that `accept` takes
 * (version_tag_counts; NULL: any). Without git: nothing. */
int source_describe(struct git *g, const struct job *job, bool (*accept)(const char *tag),
	struct source *s, struct err *err);
/* Ask the upstream's own build for its version inside the root: pyproject.toml / setup.cfg
 * metadata, setup.py --version, metadata.json (Puppet), *.gemspec. Leaves declared NULL when
 * nothing answers; a tool that fails is no error. */
int source_ask_version(struct runner *r, struct source *s, struct err *err);
/* Edit the spec; *ret_diff is the change. */
int source_apply(struct source *s, const struct job *job, const char *version, const char *release,
	const char *upstream_version, char **ret_diff, struct err *err);
/* What the spec BuildRequires and its packages provide by name and by word, as rpm prints them,
 * without making anything: no generated dependencies are among them. Added to the lists. */
int source_deps(struct runner *r, struct source *s, const struct strv *defines,
	struct strv *ret_build_requires, struct strv *ret_provides, struct err *err);
/* two-git: make the tarball that Source0 names, with the prefix %setup expects: expands the spec
 * inside the root (rpmspec -P) with `defines` ("name value" strings). */
int source_pack(struct git *g, struct runner *r, const struct job *job, struct source *s,
	const struct strv *defines, struct err *err);
