/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_import.c - `packmill import mock FILE`: another tool's configuration as ours. */
#include "base/base.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/common.h"
#include "config/mock/mock.h"

static int run(int argc, char **argv, struct err *err);

static const char *output;
static bool force, strict;
static const struct opt opts[] = {
	{'o', "output", OPT_STRING, "FILE", "write the target file here (default: stdout)",
		&output},
	{0, "force", OPT_FLAG, NULL, "replace the output file when it exists", &force},
	{0, "strict", OPT_FLAG, NULL, "exit status 3 when anything was left", &strict},
	OPT_END,
};
static const char *const subcommands[] = {"mock", NULL};

const struct cmd cmd_import = {
	.name = "import",
	.args = "mock FILE",
	.help = "make a target file of a configuration of mock",
	.group = GROUP_LOCAL,
	.opts = opts,
	.subcommands = subcommands,
	.run = run,
};

/* Not errors: the target comes out all the same. */
static void print_left(const struct strv *left)
{
	strv_foreach (left, l) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		text_term(&b, *l, 0);
		fprintf(stderr, "%s\n", sb_str(&b));
	}
}

static int write_file(const struct mock_import *i, struct err *err)
{
	auto_free char *name = xasprintf("%s.yaml", i->target->name);
	int r;

	if (!force && fs_exists(output))
		return err_set(err, ERR_CONFLICT,
			"'%s' exists already and stays as it is (--force replaces it)", output);
	if (!global.dry_run &&
		(r = fs_write_atomic(output, i->yaml, strlen(i->yaml), 0644, err)) < 0)
		return r;
	if (!str_eq(path_base(output), name))
		log_info("the target is named '%s': to be found by that name, the file must be %s",
			i->target->name, name);
	return 0;
}

static int print(const struct mock_import *i, struct err *err)
{
	if (global.json) {
		json_t *j = json_object(), *t = target_to_json(i->target);

		json_put(j, "target", t);
		json_put_strv(j, "left", &i->left);
		json_put_str(j, "output", output);
		return cmd_print_json(j, err);
	}
	if (!output)
		fputs(i->yaml, stdout);
	return cmd_flush(err);
}

static int import(const char *file, struct err *err)
{
	struct mock_import i = {0};
	int r = mock_import(NULL, file, &i, err);

	if (!global.json || r < 0)
		print_left(&i.left);
	if (r >= 0 && output)
		r = write_file(&i, err);
	if (r >= 0)
		r = print(&i, err);
	if (r >= 0 && strict && i.left.n)
		r = err_set(err, ERR_CONFIG, "%zu lines of '%s' could not be taken over", i.left.n,
			file);
	mock_import_release(&i);
	return r;
}

static int run(int argc, char **argv, struct err *err)
{
	int r = cmd_need_args(&cmd_import, argc, argv, 2, 2, err);

	if (r < 0)
		return r;
	if (!str_eq(argv[0], "mock"))
		return err_set(err, ERR_USAGE, "cannot import '%s' (mock is known)", argv[0]);
	return import(argv[1], err);
}
