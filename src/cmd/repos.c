/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/repos.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "repo/repo.h"

static void progress(void *ctx UNUSED, const char *what)
{
	cmd_progress(what);
}

static void warn(void *ctx UNUSED, const char *line)
{
	auto_strbuf struct strbuf clean = STRBUF_INIT;

	text_term(&clean, line, 1000);
	log_warn("%s", sb_str(&clean));
}

char *cmd_own_repository(const char *roots, const struct target *t)
{
	auto_free char *data = path_dir(roots);
	auto_free char *own = repo_current_dir(data, t->name);

	return fs_is_dir(own) ? TAKE(own) : NULL;
}

int cmd_root_source(const struct target *t, const struct repos_args *a, struct root_source **ret,
	struct err *err)
{
	auto_free char *roots = NULL, *cache = NULL, *own = NULL;
	int r;

	if (t->host)
		return err_set(err, ERR_USAGE,
			"target '%s' is this machine: it has no repositories", t->name);
	if ((r = cmd_roots_dir(&roots, &cache, err)) < 0)
		return r;
	own = cmd_own_repository(roots, t);
	return root_source_open(
		&(struct root_source_conf){
			.target = t,
			.roots_dir = roots,
			.cache_dir = cache,
			.own = own,
			.offline = a->offline,
			.refresh = a->refresh,
			.progress = progress,
			.warn = warn,
		},
		ret, err);
}

static int root_of_host(
	const struct target *t, const struct strv *with, struct root **ret, struct err *err)
{
	auto_free char *roots = NULL, *cache = NULL;
	int r;

	if (with && with->n)
		return err_set(err, ERR_USAGE,
			"target '%s' is this machine: install '%s' on it instead", t->name,
			with->v[0]);
	if ((r = cmd_roots_dir(&roots, &cache, err)) < 0)
		return r;
	r = root_host(roots, cmd_progress, ret, err);
	cmd_progress(NULL);
	return r;
}

int cmd_get_root(const struct target *t, const struct repos_args *a, const struct strv *with,
	struct root **ret, struct err *err)
{
	CLEANUP(root_source_freep) struct root_source *s = NULL;
	const struct root_request q = {.install = with};
	auto_strv struct strv why = STRV_INIT;
	auto_free char *text = NULL;
	int r;

	if (t->host)
		return root_of_host(t, with, ret, err);
	if ((r = cmd_root_source(t, a, &s, err)) < 0)
		return r;
	r = with && with->n ? root_source_with(s, &q, ret, &why, err)
			    : root_source_base(s, ret, err);
	cmd_progress(NULL);
	if (r < 0 || !why.n)
		return r;
	text = strv_join(&why, "; ");
	return err_set(err, ERR_NOT_FOUND, "target '%s': %s", t->name, text);
}

int cmd_get_locked_root(const struct target *t, const struct repos_args *a, const struct lock *l,
	struct root **ret, struct err *err)
{
	CLEANUP(root_source_freep) struct root_source *s = NULL;
	int r;

	if (t->host || !l)
		return cmd_get_root(t, a, NULL, ret, err);
	if ((r = cmd_root_source(t, a, &s, err)) < 0)
		return r;
	r = root_source_locked(s, l, ret, err);
	cmd_progress(NULL);
	return r;
}
