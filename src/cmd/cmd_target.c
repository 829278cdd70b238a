/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_target.c - `packmill target list`, `show NAME` and `check FILE`. */
#include "base/base.h"
#include "base/fs.h"
#include "base/json.h"
#include "cmd/common.h"

static int run(int argc, char **argv, struct err *err);
static const char *const subcommands[] = {"check", "list", "show", NULL};

const struct cmd cmd_target = {
	.name = "target",
	.args = "list | show NAME | check FILE",
	.help = "targets: what packages are built for",
	.group = GROUP_LOCAL,
	.subcommands = subcommands,
	.run = run,
};

/* One target of the list; a broken file is listed with what is wrong. */
struct entry {
	struct target *target;
	char *why; /* not usable here, NULL: it is */
};

static void look_at(const char *name, const struct strv *dirs, struct entry *e)
{
	auto_strv struct strv errors = STRV_INIT;
	auto_err struct err why = ERR_INIT;

	if (config_target_find(name, dirs, &e->target, &errors, &why) < 0 ||
		config_target_usable(e->target, &why) < 0)
		e->why = xstrdup(why.msg);
}

static json_t *entry_to_json(const char *name, const struct entry *e)
{
	json_t *o = json_object();

	json_put_str(o, "name", name);
	json_put_str(o, "format", e->target ? e->target->format : NULL);
	json_put_str(o, "arch", e->target ? e->target->arch : NULL);
	json_put_str(o, "file", e->target && *e->target->file ? e->target->file : NULL);
	json_put_bool(o, "usable", e->why == NULL);
	json_put_str(o, "reason", e->why);
	return o;
}

static int list(struct err *err)
{
	static const char *const headings[] = {"target", "format", "arch", "from", "usable", NULL};
	auto_strv struct strv dirs = STRV_INIT, names = STRV_INIT;
	json_t *j = json_array(), *whole;
	struct table *t;
	int r;

	cmd_target_dirs(&dirs);
	if ((r = config_target_names(&dirs, &names, err)) < 0) {
		json_decref(j);
		return r;
	}
	t = global.json ? NULL : table_new(headings);
	strv_foreach (&names, name) {
		struct entry e = {0};

		look_at(*name, &dirs, &e);
		if (t)
			table_row(t, *name, e.target ? e.target->format : "-",
				e.target ? e.target->arch : "-",
				!e.target         ? "-"
				: *e.target->file ? e.target->file
						  : "built in",
				e.why ? e.why : "yes", NULL);
		else
			json_array_append_new(j, entry_to_json(*name, &e));
		target_free(e.target);
		free(e.why);
	}
	if (t) {
		json_decref(j);
		return table_print(t, err);
	}
	whole = json_object();
	json_put(whole, "targets", j);
	return cmd_print_json(whole, err);
}

static int show(const char *name, struct err *err)
{
	auto_strv struct strv dirs = STRV_INIT, errors = STRV_INIT;
	CLEANUP(target_freep) struct target *t = NULL;
	auto_free char *text = NULL;
	int r;

	cmd_target_dirs(&dirs);
	r = config_target_find(name, &dirs, &t, &errors, err);
	if (r < 0) {
		cmd_report_lines(&errors);
		return r;
	}
	if (global.json)
		return cmd_print_json(target_to_json(t), err);
	text = config_target_to_yaml(t);
	fputs(text, stdout);
	return cmd_flush(err);
}

static int check(const char *file, struct err *err)
{
	auto_strv struct strv errors = STRV_INIT;
	auto_err struct err why = ERR_INIT;
	CLEANUP(target_freep) struct target *t = NULL;
	int r = config_target_load(file, &t, &errors, err);
	bool usable = r >= 0 && config_target_usable(t, &why) >= 0;

	if (global.json) {
		json_t *j = json_object();

		json_put_bool(j, "ok", r >= 0);
		json_put_strv(j, "errors", &errors);
		json_put_str(j, "target", t ? t->name : NULL);
		json_put_bool(j, "usable", usable);
		json_put_str(j, "reason", why.msg);
		if (cmd_print_json(j, r < 0 ? NULL : err) < 0 && r >= 0)
			return -(int)err->code;
		if (r < 0)
			cmd_set_reported();
		return r;
	}
	if (r < 0) {
		cmd_report_lines(&errors);
		return r;
	}
	if (!global.quiet)
		printf("%s: ok, target %s%s%s\n", file, t->name,
			usable ? "" : ", not usable here: ", usable ? "" : why.msg);
	return cmd_flush(err);
}

static int run(int argc, char **argv, struct err *err)
{
	int want = argc > 0 && str_eq(argv[0], "list") ? 1 : 2;
	int r = cmd_need_args(&cmd_target, argc, argv, 1, want, err);

	if (r < 0)
		return r;
	if (str_eq(argv[0], "list"))
		return list(err);
	if (!str_eq(argv[0], "show") && !str_eq(argv[0], "check"))
		return err_set(err, ERR_USAGE,
			"unknown subcommand '%s' (list, show and check are known)", argv[0]);
	if ((r = cmd_need_args(&cmd_target, argc, argv, 2, 2, err)) < 0)
		return r;
	return str_eq(argv[0], "show") ? show(argv[1], err) : check(argv[1], err);
}
