/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_solve.c - `packmill solve`: what would be in a root, and where it comes from. */
#include "base/log.h"
#include "base/time.h"
#include "cmd/repos.h"

static const char *target_name, *testcase;
static struct repos_args repos;
static bool all;

static int run(int argc, char **argv, struct err *err);

static const struct opt opts[] = {
	{'t', "target", OPT_STRING, "TARGET", "whose repositories", &target_name},
	{'a', "all", OPT_FLAG, NULL, "the target's base set, too", &all},
	REPOS_OPTS(repos),
	{0, "testcase", OPT_STRING, "DIR", "where libsolv's test case goes when it fails",
		&testcase},
	OPT_END,
};

const struct cmd cmd_solve = {
	.name = "solve",
	.args = "[PACKAGE]...",
	.help = "say which packages a root would have, and from where",
	.group = GROUP_LOCAL,
	.opts = opts,
	.run = run,
};

static void add_rows(struct table *t, const struct lock_packages *v, const char *part)
{
	vec_foreach (v, p) {
		char size[32];

		size_format(p->size, size, sizeof size);
		table_row(t, p->nevra, p->repo, part, size, NULL);
	}
}

static int print(const struct lock *l, bool base, struct err *err)
{
	static const char *const headings[] = {"package", "repository", "part", "size", NULL};
	struct table *t;

	if (global.json)
		return cmd_print_json(lock_to_json(l), err);
	if (!base && !l->build.n) {
		log_info("nothing to add: the base set of '%s' has it all", l->target);
		return 0;
	}
	t = table_new(headings);
	if (base)
		add_rows(t, &l->base, "base");
	add_rows(t, &l->build, "added");
	return table_print(t, err);
}

static int unsolved(const struct target *t, const struct strv *why, struct err *err)
{
	cmd_report_lines(why);
	return err_set(err, ERR_NOT_FOUND, "target '%s': %zu problems", t->name, why->n);
}

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(root_source_freep) struct root_source *s = NULL;
	CLEANUP(target_freep) struct target *t = NULL;
	CLEANUP(lock_freep) struct lock *l = NULL;
	auto_strv struct strv want = STRV_INIT, why = STRV_INIT;
	const struct root_request q = {.install = &want, .testcase = testcase};
	int r;

	if (!target_name)
		return err_set(err, ERR_USAGE, "-t TARGET is needed: whose repositories");
	for (int i = 0; i < argc; i++)
		strv_add(&want, argv[i]);
	if ((r = cmd_load_target(target_name, &t, err)) < 0 ||
		(r = cmd_root_source(t, &repos, &s, err)) < 0)
		return r;
	r = root_source_lock(s, &q, &l, &why, err);
	cmd_progress(NULL);
	if (r < 0)
		return r;
	if (!l)
		return unsolved(t, &why, err);
	return print(l, all || !want.n, err);
}
