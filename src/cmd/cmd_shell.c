/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_shell.c - `packmill shell`: a shell or one command in a build root. */
#include "base/base.h"
#include "base/fs.h"
#include "base/log.h"
#include "cmd/enter.h"
#include "cmd/repos.h"

static const char *target_name, *build;
static bool as_root, network;
static struct repos_args repos;
static struct strv with;

static int run(int argc, char **argv, struct err *err);

static const struct opt opts[] = {
	{'t', "target", OPT_STRING, "TARGET", "whose root (default: host)", &target_name},
	{0, "with", OPT_LIST, "PACKAGE", "with these packages, too (as BuildRequires)", &with},
	{0, "build", OPT_STRING, "N", "the root of build N of the instance", &build},
	{0, "root", OPT_FLAG, NULL, "as root of the root, not as the user builder", &as_root},
	{0, "network", OPT_FLAG, NULL, "with the network of this machine", &network},
	REPOS_OPTS(repos),
	OPT_END,
};

const struct cmd cmd_shell = {
	.name = "shell",
	.args = "[COMMAND [ARGUMENT]...]",
	.help = "start a shell or a command in a build root",
	.group = GROUP_LOCAL,
	.command = true,
	.opts = opts,
	.run = run,
};

/* Exactly what the build had; a build that did not come so far has its target's base. */
static int locked_root(const struct target *t, const char *dir, struct root **ret, struct err *err)
{
	CLEANUP(lock_freep) struct lock *l = NULL;
	auto_free char *path = path_join(dir, LOCK_FILE);
	int r = fs_exists(path) ? lock_read(path, &l, err) : 0;

	return r < 0 ? r : cmd_get_locked_root(t, &repos, l, ret, err);
}

static int root_of_build(struct root **ret, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	CLEANUP(job_freep) struct job *job = NULL;
	auto_free char *dir = NULL, *path = NULL;
	auto_json json_t *j = NULL;
	int64_t id;
	int r;

	if (target_name || with.n)
		return err_set(err, ERR_USAGE, "--build has its target and packages already");
	if ((r = cmd_build_number(build, &id, err)) < 0 || (r = cmd_load_config(&cfg, err)) < 0)
		return r;
	dir = xasprintf("%s/builds/%lld", cfg->data, (long long)id);
	path = path_join(dir, "job.json");
	if (!fs_exists(path))
		return err_set(err, ERR_NOT_FOUND, "no build %lld, or nothing is left of it",
			(long long)id);
	if ((r = json_read(path, &j, err)) < 0 || (r = job_from_json(j, &job, err)) < 0)
		return r;
	return locked_root(job->target, dir, ret, err);
}

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(target_freep) struct target *t = NULL;
	CLEANUP(root_freep) struct root *root = NULL;
	auto_free char *roots = NULL, *cache = NULL;
	struct enter_opts o = {.argv = argc ? (const char *const *)argv : NULL,
		.as_root = as_root,
		.network = network};
	int r;

	if (!build && (r = cmd_load_target(target_name ? target_name : "host", &t, err)) < 0)
		return r;
	if (global.dry_run) {
		log_info("would start %s in the root of %s %s", argc ? argv[0] : "a shell",
			build ? "build" : "target", build ? build : t->name);
		return 0;
	}
	r = build ? root_of_build(&root, err) : cmd_get_root(t, &repos, &with, &root, err);
	if (r < 0 || (r = cmd_roots_dir(&roots, &cache, err)) < 0)
		return r;
	return enter_root(root, cache, &o, err);
}
