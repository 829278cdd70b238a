/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source.c - stage the layouts in one directory, and edit the spec there. */
#include "source/source.h"
#include "base/fs.h"
#include "format/rpm/rpm.h"
#include "source/layout.h"
#include "source/parts.h"
#include "source/spec.h"

void source_release(struct source *s)
{
	free(s->dir);
	free(s->spec);
	free(s->upstream);
	free(s->spec_version);
	free(s->spec_release);
	git_commit_release(&s->up_commit);
	git_commit_release(&s->pack_commit);
	free(s->tag);
	free(s->declared);
	*s = (struct source){0};
}

char *source_spec_path(const struct source *s)
{
	return xasprintf("%s/SPECS/%s", s->dir, s->spec);
}

int source_read_spec(const struct source *s, char **ret, struct err *err)
{
	auto_free char *path = source_spec_path(s), *text = NULL;
	size_t n;
	int r = fs_read(path, LIMIT_SPEC, &text, &n, err);

	if (r < 0)
		return err_wrap(err, "%s", s->spec);
	if (strlen(text) != n)
		return err_set(err, ERR_SOURCE, "%s has a NUL byte", s->spec);
	*ret = TAKE(text);
	return 0;
}

static const char *policy(const struct job *j)
{
	if (j->policy)
		return j->policy;
	return j->layout == LAYOUT_TWO_GIT ? "dlrn" : "keep";
}

static int read_tags(struct source *s, struct err *err)
{
	auto_free char *text = NULL;
	int r = source_read_spec(s, &text, err);

	if (r < 0)
		return r;
	s->spec_version = spec_tag(text, "Version");
	s->spec_release = spec_tag(text, "Release");
	return 0;
}

/* The file is only copied, and what it says of itself stands in its header; it is unpacked where
 * its spec has to be edited. */
static int stage_srpm(const struct job *job, struct source *s, struct err *err)
{
	auto_free char *dir = path_join(s->dir, "SRPMS");
	auto_free char *to = path_join(dir, path_base(job->srpm));
	struct package p = {0};
	int r = fs_mkdirs(dir, 0755, err);

	if (r < 0 || (r = fs_copy(job->srpm, to, 0644, err)) < 0 || (r = rpm_read(to, &p, err)) < 0)
		return r;
	if (p.kind != PACKAGE_SOURCE) {
		r = err_set(err, ERR_SOURCE, "'%s' is no source package", job->srpm);
	} else if (job->rebuild > 0) {
		r = rpm_unpack_source(to, s->dir, &s->spec, err);
		if (r >= 0)
			r = read_tags(s, err);
	} else {
		s->spec_version = TAKE(p.version);
		s->spec_release = TAKE(p.release);
	}
	package_release(&p);
	return r;
}

static int stage_tree(const char *tree, const struct job *job, struct source *s, struct err *err)
{
	struct layout_place place = {0};
	int r = layout_find(tree, job->target, job->spec, &place, err);

	if (r < 0)
		return r;
	r = layout_copy(tree, &place, s->dir, err);
	if (r >= 0)
		s->spec = TAKE(place.spec);
	layout_place_release(&place);
	return r < 0 ? r : read_tags(s, err);
}

static int stage_packaging(struct git *g, const struct job *job, struct source *s, struct err *err)
{
	const struct job_git *p = &job->packaging;
	auto_free char *tree = path_join(s->dir, "packaging");
	const char *sub = job->path ? job->path : "";
	int r = git_commit_info(g, p->mirror, p->sha, &s->pack_commit, err);

	if (r < 0 || (r = git_export(g, p->mirror, p->sha, sub, tree, err)) < 0)
		return r;
	if ((r = stage_tree(tree, job, s, err)) < 0)
		return r;
	return fs_remove_tree(tree, err);
}

static bool inside(const char *path)
{
	auto_strv struct strv parts = STRV_INIT;

	strv_split(&parts, path, "/");
	return *path != '/' && !strv_has(&parts, "..");
}

static int stage_directory(const struct job *job, struct source *s, struct err *err)
{
	auto_free char *tree = job->path ? path_join(job->dir, job->path) : xstrdup(job->dir);

	if (job->path && !inside(job->path))
		return err_set(err, ERR_SOURCE, "path '%s' leaves the directory", job->path);
	if (!fs_is_dir(tree))
		return err_set(err, ERR_SOURCE, "'%s' is no directory", tree);
	return stage_tree(tree, job, s, err);
}

/* The tree itself is only needed where something in it may be asked for the version. */
static int stage_upstream(struct git *g, const struct job *job, struct source *s, struct err *err)
{
	const struct job_git *u = &job->upstream;
	auto_strv struct strv names = STRV_INIT;
	int r = git_commit_info(g, u->mirror, u->sha, &s->up_commit, err);

	if (r < 0 || job->declare || str_eq(policy(job), "keep") ||
		(r = git_ls_tree(g, u->mirror, u->sha, "", &names, err)) < 0)
		return r;
	if (!source_may_declare(&names))
		return 0;
	auto_free char *tree = path_join(s->dir, "upstream");
	r = git_export(g, u->mirror, u->sha, "", tree, err);
	if (r < 0)
		return r;
	s->upstream = TAKE(tree);
	if (!source_wants_history(s))
		return 0;
	auto_free char *git_dir = path_join(s->upstream, ".git");
	return source_history(u->mirror, u->sha, git_dir, err);
}

static int stage(struct git *g, const struct job *job, struct source *s, struct err *err)
{
	int r;

	if (job->layout == LAYOUT_SRPM)
		return stage_srpm(job, s, err);
	if (job->layout == LAYOUT_STANDARD && !job->packaging.mirror)
		return stage_directory(job, s, err);
	r = stage_packaging(g, job, s, err);
	if (r < 0)
		return err_wrap(err, "packaging");
	if (job->layout == LAYOUT_TWO_GIT && (r = stage_upstream(g, job, s, err)) < 0)
		return err_wrap(err, "upstream");
	return 0;
}

int source_stage(
	struct git *g, const struct job *job, const char *dir, struct source *ret, struct err *err)
{
	struct source s = {.dir = xstrdup(dir)};
	int r = fs_mkdirs(dir, 0755, err);

	if (r >= 0)
		r = stage(g, job, &s, err);
	if (r < 0) {
		source_release(&s);
		return r;
	}
	*ret = s;
	return 0;
}

int source_describe(struct git *g, const struct job *job, bool (*accept)(const char *tag),
	struct source *s, struct err *err)
{
	const struct job_git *from = job->upstream.mirror ? &job->upstream : &job->packaging;

	if (!from->mirror)
		return 0;
	return git_describe(g, from->mirror, from->sha, accept, &s->tag, &s->commits, err);
}

/* Suffixes that git_archive can make. */
bool source_is_tarball(const char *name)
{
	static const char *const all[] = {
		".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"};

	for (size_t i = 0; i < COUNTOF(all); i++) {
		if (str_ends(name, all[i]) && strlen(name) > strlen(all[i]))
			return true;
	}
	return false;
}

/* Where a version is written out in a file name: foo-1.2.tar.gz; NULL when it is not. */
static const char *version_in(const char *name, const char *version)
{
	size_t n = strlen(version);

	for (const char *p = strstr(name, version); n && p; p = strstr(p + 1, version)) {
		if (p > name && strchr("-_", p[-1]) && strchr(".-_", p[n]) &&
			!(p[n] == '.' && p[n + 1] >= '0' && p[n + 1] <= '9'))
			return p;
	}
	return NULL;
}

/*
 * Source0 where it cannot stay: an archive that is no tarball, or a file name with the old version
 * written out, which would then hold another version. NULL: it can.
 */
static char *new_source0(const char *text, const char *old, const char *version)
{
	auto_free char *source = spec_tag(text, "Source0");
	const char *base, *at;

	if (!source || !version || str_eq_null(old, version))
		return NULL;
	base = strrchr(source, '/') ? strrchr(source, '/') + 1 : source;
	if (!source_is_tarball(base) && !strchr(base, '%'))
		return xstrdup("%{name}-%{version}.tar.gz");
	at = str_empty(old) || strchr(old, '%') ? NULL : version_in(base, old);
	if (!at)
		return NULL;
	return xasprintf("%.*s%%{version}%s", (int)(at - source), source, at + strlen(old));
}

int source_apply(struct source *s, const struct job *job, const char *version, const char *release,
	const char *upstream_version, char **ret_diff, struct err *err)
{
	struct spec_edit e = {.version = version, .release = release};
	auto_free char *text = NULL, *edited = NULL, *diff = NULL, *path = NULL, *source0 = NULL;
	int r;

	if (!s->spec)
		return err_set(err, ERR_SOURCE, "a source package is built as it is");
	if ((r = source_read_spec(s, &text, err)) < 0)
		return r;
	if (job->layout == LAYOUT_TWO_GIT && !str_eq(policy(job), "keep")) {
		e.upstream_version = upstream_version;
		e.dlrn = str_eq(policy(job), "dlrn");
		e.source0 = source0 = new_source0(text, s->spec_version, version);
	}
	if ((r = spec_apply(text, s->spec, &e, &edited, &diff, err)) < 0)
		return r;
	path = source_spec_path(s);
	if ((r = fs_write(path, edited, strlen(edited), 0644, err)) < 0)
		return r;
	*ret_diff = TAKE(diff);
	return 0;
}
