/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demo_install.c - what a user of the repository does: install with dnf, run. */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/proc.h"
#include "cmd/common.h"
#include "cmd/demo.h"
#include "root/root.h"
#include "sandbox/sandbox.h"

#define DBPATH "%_dbpath /var/lib/rpm\n"

/* The text of the .repo file that packmill published in a directory below data. */
static int add_repo_file(
	const struct demo *d, const char *sub, struct strbuf *conf, struct err *err)
{
	auto_free char *dir = path_join(d->data, sub);
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(dir, &names, err);

	if (r < 0)
		return r;
	strv_foreach (&names, n) {
		auto_free char *path = path_join(dir, *n), *text = NULL;

		if (!str_ends(*n, ".repo"))
			continue;
		if ((r = fs_read(path, MIB, &text, NULL, err)) < 0)
			return r;
		sb_addf(conf, "\n%s", text);
		return 0;
	}
	return err_set(err, ERR_NOT_FOUND, "no .repo file in '%s'", dir);
}

/* A configuration of its own: this machine's repositories and plugins have no part in it. */
static int write_dnf_conf(const struct demo *d, const char *path, struct err *err)
{
	auto_strbuf struct strbuf conf = STRBUF_INIT;
	static const char *const dirs[] = {"cachedir", "logdir", "varsdir"};
	int r;

	sb_addf(&conf,
		"[main]\ninstallroot=%s\nreposdir=/nonexistent\nplugins=0\n"
		"install_weak_deps=0\n",
		d->tree);
	for (size_t i = 0; i < COUNTOF(dirs); i++)
		sb_addf(&conf, "%s=%s/dnf/%s\n", dirs[i], d->dir, dirs[i]);
	if ((r = add_repo_file(d, "repos/host/current", &conf, err)) < 0)
		return r;
	return fs_write(path, conf.s, conf.n, 0644, err);
}

int demo_install(struct demo *d, struct err *err)
{
	auto_free char *dir = path_join(d->dir, "dnf");
	auto_free char *conf = path_join(dir, "dnf.conf");
	auto_free char *macros = path_join(dir, ".rpmmacros");
	auto_strv struct strv argv = STRV_INIT, env = STRV_INIT;
	struct proc_opts o = {.timeout = 120};
	int r;

	/* rpm keeps its database where distributions of rpm packages do, not at home as Debian's */
	if ((r = fs_mkdirs(d->tree, 0755, err)) < 0 || (r = fs_mkdirs(dir, 0755, err)) < 0 ||
		(r = write_dnf_conf(d, conf, err)) < 0 ||
		(r = fs_write(macros, DBPATH, strlen(DBPATH), 0644, err)) < 0)
		return r;
	for (const char *const *e = proc_env_default(); *e; e++)
		if (!str_starts(*e, "HOME="))
			strv_add(&env, *e);
	strv_addf(&env, "HOME=%s", dir);
	o.env = (const char *const *)env.v;
	/* dnf wants to be root; of its own tree it can be */
	if (geteuid() != 0)
		strv_addl(&argv, "unshare", "--user", "--map-root-user", "--", NULL);
	strv_addl(&argv, "dnf", "-q", "-y", "-c", conf, "--releasever=/", "--noplugins", "install",
		"quern", NULL);
	o.argv = (const char *const *)argv.v;
	r = proc_check(&o, NULL, ERR_BUILD, err);
	return r < 0 ? err_wrap(err, "install quern with dnf") : 0;
}

/* /usr of the root with the installed tree's on top. */
static int run_over_host(struct demo *d, struct root *root, struct strbuf *out,
	struct sandbox_verdict *v, struct err *err)
{
	static const char *const argv[] = {"quern", "84", "97", "4294967291", NULL};
	auto_free char *usr = path_join(d->tree, "usr"), *state = path_join(d->dir, "try");
	CLEANUP(sandbox_freep) struct sandbox *sb = NULL;
	struct sandbox_conf conf = {.state = state, .limits = LIMITS_DEFAULT};
	struct sandbox_cmd cmd = {.argv = argv};
	auto_free struct sandbox_mount *mounts = NULL;
	auto_free const char **layers = NULL;
	int r;

	root_mounts(root, &conf);
	mounts = xcalloc(conf.n_mounts, sizeof *mounts);
	for (size_t i = 0; i < conf.n_mounts; i++) {
		mounts[i] = conf.mounts[i];
		if (!str_eq(mounts[i].at, "/usr"))
			continue;
		layers = xcalloc(mounts[i].n_layers + 1, sizeof *layers);
		layers[0] = usr;
		for (size_t k = 0; k < mounts[i].n_layers; k++)
			layers[k + 1] = mounts[i].layers[k];
		mounts[i].layers = layers;
		mounts[i].n_layers++;
	}
	conf.mounts = mounts;
	if ((r = sandbox_open(&conf, &sb, err)) < 0)
		return r;
	return sandbox_run(sb, &cmd, out, v, err);
}

int demo_try(struct demo *d, struct err *err)
{
	auto_free char *roots = path_join(d->data, "roots");
	CLEANUP(root_freep) struct root *root = NULL;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct sandbox_verdict v = {0};
	int r;

	if ((r = root_host(roots, NULL, &root, err)) < 0 ||
		(r = run_over_host(d, root, &out, &v, err)) < 0)
		return err_wrap(err, "run the installed program");
	if (v.exit != 0)
		return err_set(
			err, ERR_BUILD, "the installed program ended with status %d", v.exit);
	d->output = sb_take(&out);
	return 0;
}
