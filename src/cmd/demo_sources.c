/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demo_sources.c - the demo's repositories: made by git from bundled patches, every time the same
 * to the last bit, so that the versions and hashes a reader sees are those of the manual. */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/proc.h"
#include "cmd/demo.h"
#include "sandbox/sandbox.h"

#define MARK ".packmill-demo" /* says that a directory is ours to empty */

int demo_share(char **ret, struct err *err)
{
	static const char *const places[] = {"../share/demo", "../share/packmill/demo"};
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	auto_free char *dir = NULL;

	if (n < 0)
		return err_errno(err, "read /proc/self/exe");
	exe[n] = '\0';
	dir = path_dir(exe);
	for (size_t i = 0; i < COUNTOF(places); i++) {
		auto_free char *p = path_join(dir, places[i]);
		auto_free char *sign = path_join(p, "packmill.yaml");

		if (!fs_exists(sign))
			continue;
		*ret = TAKE(p);
		return 0;
	}
	return err_set(err, ERR_NOT_FOUND, "the demo's files are neither in %s/%s nor in %s/%s",
		dir, places[0], dir, places[1]);
}

int demo_clear(struct demo *d, struct err *err)
{
	auto_free char *mark = path_join(d->dir, MARK);
	auto_strv struct strv names = STRV_INIT;
	int r;

	if ((r = fs_mkdirs(d->dir, 0755, err)) < 0 || (r = fs_list(d->dir, &names, err)) < 0)
		return r;
	if (names.n > 0 && !fs_exists(mark))
		return err_set(err, ERR_CONFLICT,
			"'%s' is not empty and not from an earlier demo; name another directory",
			d->dir);
	strv_foreach (&names, name) {
		auto_free char *path = path_join(d->dir, *name);

		/* build roots of an ordinary user belong to his range of ids */
		if (!str_eq(*name, MARK) && fs_remove_tree(path, NULL) < 0 &&
			(r = sandbox_remove_tree(path, err)) < 0)
			return r;
	}
	return fs_write(mark, "", 0, 0644, err);
}

/* git in repo, with nobody's configuration and a fixed committer. date NULL: the author's. */
static int git(const char *repo, const char *const *args, const char *date, struct strbuf *ret_out,
	struct err *err)
{
	auto_strv struct strv argv = STRV_INIT, env = STRV_INIT;
	struct proc_opts o = {0};

	strv_addl(&argv, "git", "-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false", "-c",
		"gc.auto=0", "-C", repo, NULL);
	for (; *args; args++)
		strv_add(&argv, *args);
	for (const char *const *e = proc_env_default(); *e; e++)
		strv_add(&env, *e);
	strv_addl(&env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=Pia Packer", "GIT_AUTHOR_EMAIL=pia@example.org",
		"GIT_COMMITTER_NAME=Pia Packer", "GIT_COMMITTER_EMAIL=pia@example.org", NULL);
	if (date) {
		strv_addf(&env, "GIT_AUTHOR_DATE=%s", date);
		strv_addf(&env, "GIT_COMMITTER_DATE=%s", date);
	}
	o.argv = (const char *const *)argv.v;
	o.env = (const char *const *)env.v;
	return proc_check(&o, ret_out, ERR_SOURCE, err);
}
#define GIT(repo, date, out, err, ...)                                                             \
	git((repo), (const char *const[]){__VA_ARGS__, NULL}, (date), (out), (err))

/* Paths of the files of a bundled directory, sorted. */
static int bundled(const struct demo *d, const char *sub, struct strv *ret, struct err *err)
{
	auto_free char *dir = path_join(d->share, sub);
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(dir, &names, err);

	if (r < 0)
		return r;
	strv_foreach (&names, n)
		strv_take(ret, path_join(dir, *n));
	return 0;
}

static int upstream(struct demo *d, struct err *err)
{
	static const char *const tags[] = {"v1.0", "v1.1", NULL};
	auto_free char *repo = path_join(d->dir, "git/quern");
	auto_strbuf struct strbuf out = STRBUF_INIT;
	auto_strv struct strv patches = STRV_INIT;
	int r;

	if ((r = fs_mkdirs(repo, 0755, err)) < 0 ||
		(r = bundled(d, "upstream", &patches, err)) < 0 ||
		(r = GIT(repo, NULL, NULL, err, "init", "-q", "-b", "main")) < 0)
		return r;
	for (size_t i = 0; i < patches.n; i++) {
		if ((r = GIT(repo, NULL, NULL, err, "am", "-q", "--committer-date-is-author-date",
			     patches.v[i])) < 0)
			return r;
		if (i < COUNTOF(tags) && tags[i] &&
			(r = GIT(repo, NULL, NULL, err, "tag", tags[i])) < 0)
			return r;
	}
	if ((r = GIT(repo, NULL, &out, err, "rev-list", "--max-parents=0", "HEAD")) < 0)
		return r;
	d->first = str_trim(sb_str(&out));
	return 0;
}

static int packaging(struct demo *d, struct err *err)
{
	auto_free char *repo = path_join(d->dir, "git/quern-packaging");
	auto_strv struct strv files = STRV_INIT;
	int r;

	if ((r = fs_mkdirs(repo, 0755, err)) < 0 ||
		(r = bundled(d, "packaging", &files, err)) < 0 ||
		(r = GIT(repo, NULL, NULL, err, "init", "-q", "-b", "main")) < 0)
		return r;
	strv_foreach (&files, f) {
		auto_free char *to = path_join(repo, path_base(*f));

		if ((r = fs_copy(*f, to, 0644, err)) < 0)
			return r;
	}
	if ((r = GIT(repo, NULL, NULL, err, "add", "-A")) < 0)
		return r;
	return GIT(
		repo, "2024-03-01T10:00:00+0000", NULL, err, "commit", "-q", "-m", "Package quern");
}

int demo_sources(struct demo *d, struct err *err)
{
	auto_free char *from = path_join(d->share, "packmill.yaml");
	auto_free char *to = path_join(d->dir, "packmill.yaml");
	int r;

	if ((r = upstream(d, err)) < 0 || (r = packaging(d, err)) < 0)
		return err_wrap(err, "make the demo's repositories");
	return fs_copy(from, to, 0644, err);
}
