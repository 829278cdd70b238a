/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reproduce_shell.c - look around where a build was: its root, its source package, its command. */
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "build/build.h"
#include "cmd/enter.h"
#include "cmd/reproduce.h"

#define SCRIPT     "/builddir/rebuild"
#define MAX_SOURCE GIB /* it passes through memory */

struct scene {
	const struct record *rec;
	char *source; /* on this machine */
	char *script;
	char *own; /* directory with packages of the instance that must be installed; NULL none */
};

static void scene_release(struct scene *s)
{
	free(s->source);
	free(s->script);
	free(s->own);
}

static void add_word(struct strbuf *sb, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-+=:,./@^";
	auto_free char *quoted = NULL;

	if (sb->n)
		sb_addc(sb, ' ');
	if (*word && !word[strspn(word, plain)]) {
		sb_add(sb, word);
		return;
	}
	quoted = str_replace(word, "'", "'\\''");
	sb_addf(sb, "'%s'", quoted);
}

/* As the build called rpmbuild, in words of a shell; the caller's. */
static char *command_line(const struct record *rec, const char *source)
{
	auto_free char *inside = path_join("/builddir", path_base(source)), *env = NULL;
	auto_strbuf struct strbuf sb = STRBUF_INIT;
	auto_strv struct strv argv = STRV_INIT;

	build_command(rec->job->target, rec->date, inside, &argv, &env);
	if (env)
		sb_add(&sb, env);
	strv_foreach (&argv, w)
		add_word(&sb, *w);
	return sb_take(&sb);
}

/* On this machine's root, what the build took from the instance was installed on top. */
static int install_own(const struct scene *s, struct sandbox *sb, struct err *err)
{
	auto_strv struct strv argv = STRV_INIT, names = STRV_INIT;
	struct sandbox_cmd cmd = {.as_root = true,
		.bind_src = s->own,
		.bind_dst = "/in",
		.cwd = "/",
		.log_fd = STDERR_FILENO};
	struct sandbox_verdict v;
	int r;

	if ((r = fs_list(s->own, &names, err)) < 0)
		return r;
	build_install_command(s->rec->job->target, &names, &argv);
	cmd.argv = (const char *const *)argv.v;
	if ((r = sandbox_run(sb, &cmd, NULL, &v, err)) < 0)
		return r;
	if (v.exit)
		return err_set(err, ERR_BUILD, "installing BuildRequires: rpm ended with status %d",
			v.exit);
	return 0;
}

static int fill(void *ctx, struct sandbox *sb, struct err *err)
{
	const struct scene *s = ctx;
	auto_free char *inside = path_join("/builddir", path_base(s->source)), *data = NULL;
	size_t n;
	int r;

	if ((r = fs_read(s->source, MAX_SOURCE, &data, &n, err)) < 0 ||
		(r = sandbox_put_file(sb, inside, data, n, 0644, err)) < 0 ||
		(r = sandbox_put_file(sb, SCRIPT, s->script, strlen(s->script), 0755, err)) < 0)
		return r;
	return s->own ? install_own(s, sb, err) : 0;
}

static int gather_own(const struct record *rec, const char *scratch, char **ret, struct err *err)
{
	auto_free char *dir = path_join(scratch, "own");
	int r;

	if (!rec->lock->build.n)
		return 0;
	if ((r = fs_mkdirs(dir, 0755, err)) < 0)
		return r;
	vec_foreach (&rec->lock->build, p) {
		auto_free char *to = path_join(dir, path_base(p->location));

		if ((r = fs_link_or_copy(p->location, to, err)) < 0)
			return err_wrap(err, "package '%s' of the root", p->nevra);
	}
	*ret = TAKE(dir);
	return 0;
}

static void tell_root(const struct record *rec, const struct root *root)
{
	CLEANUP(root_diff_release) struct root_diff d = {0};
	struct lock then = *rec->lock; /* borrowed */

	if (global.quiet || !root->lock)
		return;
	if (rec->job->target->host) /* they are installed on top */
		then.build = (struct lock_packages){0};
	root_diff(&then, root->lock, &d);
	root_diff_print(&d, stderr);
}

int reproduce_shell(
	const struct record *rec, const struct shell_args *a, const char *scratch, struct err *err)
{
	CLEANUP(scene_release) struct scene scene = {.rec = rec, .source = record_source(rec)};
	struct enter_opts o = {.argv = a->argv, .fill = fill, .ctx = &scene};
	CLEANUP(root_freep) struct root *root = NULL;
	auto_strbuf struct strbuf shown = STRBUF_INIT;
	auto_free char *line = NULL;
	int r;

	if (!scene.source)
		return err_set(err, ERR_NOT_FOUND,
			"build %lld has no source package any more, or never had one",
			(long long)rec->id);
	line = command_line(rec, scene.source);
	scene.script = xasprintf("#!/bin/sh\n# as build %lld did\n%s\n", (long long)rec->id, line);
	if ((r = cmd_get_locked_root(rec->job->target, &a->repos, rec->lock, &root, err)) < 0)
		return r;
	if (rec->job->target->host && (r = gather_own(rec, scratch, &scene.own, err)) < 0)
		return r;
	tell_root(rec, root);
	text_term(&shown, line, 0);
	log_info("%s, which does: %s", SCRIPT, sb_str(&shown));
	return enter_root(root, rec->job->cache, &o, err);
}
