/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_config.c - `packmill config check` and `config show`. */
#include "base/base.h"
#include "base/json.h"
#include "base/log.h"
#include "cmd/common.h"

static int run(int argc, char **argv, struct err *err);
static const char *const subcommands[] = {"check", "show", NULL};

const struct cmd cmd_config = {
	.name = "config",
	.args = "check | show",
	.help = "check the configuration, or show what it comes to",
	.group = GROUP_INSTANCE,
	.subcommands = subcommands,
	.run = run,
};

static int show(struct err *err)
{
	CLEANUP(config_freep) struct config *c = NULL;
	auto_free char *text = NULL;
	int r = cmd_load_config(&c, err);

	if (r < 0)
		return r;
	if (global.json)
		return cmd_print_json(config_to_json(c), err);
	text = config_to_yaml(c);
	fputs(text, stdout);
	return cmd_flush(err);
}

/* With --json the lines are the result, also when they say what is wrong. */
static int check_json(struct err *err)
{
	CLEANUP(config_freep) struct config *c = NULL;
	auto_strv struct strv dirs = STRV_INIT, errors = STRV_INIT;
	json_t *j = json_object();
	int r, out;

	cmd_target_dirs(&dirs);
	r = config_load(global.config ? global.config : "packmill.yaml", &dirs, &c, &errors, err);
	json_put_bool(j, "ok", r >= 0);
	json_put_strv(j, "errors", &errors);
	if (c) {
		json_put_strv(j, "warnings", &c->warnings);
		json_put_int(j, "targets", (int64_t)c->targets.n);
		json_put_int(j, "projects", (int64_t)c->projects.n);
	}
	out = cmd_print_json(j, r < 0 ? NULL : err);
	if (r < 0)
		cmd_set_reported();
	return r < 0 ? r : out;
}

static int check(struct err *err)
{
	CLEANUP(config_freep) struct config *c = NULL;
	int r = cmd_load_config(&c, err);

	if (r < 0)
		return r;
	if (!global.quiet)
		printf("%s: ok, %zu project%s, %zu target%s\n",
			global.config ? global.config : "packmill.yaml", c->projects.n,
			c->projects.n == 1 ? "" : "s", c->targets.n, c->targets.n == 1 ? "" : "s");
	return cmd_flush(err);
}

static int run(int argc, char **argv, struct err *err)
{
	int r = cmd_need_args(&cmd_config, argc, argv, 1, 1, err);

	if (r < 0)
		return r;
	if (str_eq(argv[0], "show"))
		return show(err);
	if (str_eq(argv[0], "check"))
		return global.json ? check_json(err) : check(err);
	return err_set(
		err, ERR_USAGE, "unknown subcommand '%s' (check and show are known)", argv[0]);
}
