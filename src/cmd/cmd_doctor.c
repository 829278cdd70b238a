/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_doctor.c - `packmill doctor`: what this machine can do, what it lacks, how to get it. */
#include "base/base.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/proc.h"
#include "cmd/common.h"
#include "root/root.h"

#define STATUS_LACKING 6 /* as for what is not permitted: this machine does not allow builds */

static int run(int argc, char **argv, struct err *err);

const struct cmd cmd_doctor = {
	.name = "doctor",
	.help = "say what this machine can do, what is missing and how to get it",
	.group = GROUP_LOCAL,
	.run = run,
};

static void program(struct sandbox_checks *ret, const char *name, const char *purpose,
	const char *package, bool needed)
{
	struct sandbox_check *c = vec_push(ret);

	*c = (struct sandbox_check){.name = xstrdup(name), .needed = needed};
	c->ok = proc_which(name, &c->detail);
	if (c->ok)
		return;
	str_set(&c->detail, NULL);
	c->detail = xasprintf("missing: %s", purpose);
	c->fix = fs_exists("/usr/bin/apt-get") ? xasprintf("apt-get install %s", package)
					       : xasprintf("install %s", package);
}

static void programs(struct sandbox_checks *ret)
{
	program(ret, "git", "fetches upstream and packaging repositories", "git", true);
	program(ret, "ssh", "fetches over ssh", "openssh-client", false);
	program(ret, "rpm", "installs build roots from repositories", "rpm", false);
	program(ret, "gpg", "checks signatures of repositories", "gpg", false);
	program(ret, "strace", "shows what a build does", "strace", false);
}

static json_t *to_json(const struct sandbox_checks *checks, const char *group)
{
	json_t *list = json_array();

	vec_foreach (checks, c) {
		json_t *o = json_object();

		json_put_str(o, "group", group);
		json_put_str(o, "name", c->name);
		json_put_bool(o, "ok", c->ok);
		json_put_bool(o, "needed", c->needed);
		json_put_str(o, "detail", c->detail);
		json_put_str(o, "fix", c->fix);
		json_array_append_new(list, o);
	}
	return list;
}

struct report {
	struct table *table; /* NULL: JSON */
	json_t *items;
	bool lacking;
};

static void add(struct report *r, struct sandbox_checks *checks, const char *group)
{
	json_t *list = to_json(checks, group);

	json_array_extend(r->items, list);
	json_decref(list);
	vec_foreach (checks, c) {
		const char *verdict = c->ok ? "ok" : c->needed ? "MISSING" : "lacking";

		if (r->table)
			table_row(r->table, group, c->name, verdict, c->detail ? c->detail : "",
				c->ok || !c->fix ? "" : c->fix, NULL);
		r->lacking |= !c->ok && c->needed;
	}
	vec_free(checks, sandbox_check_release);
}

static int finish(struct report *r, struct err *err)
{
	json_t *whole;
	int rc;

	if (r->lacking)
		cmd_set_status(STATUS_LACKING);
	if (!r->table) {
		whole = json_object();
		json_put_bool(whole, "ok", !r->lacking);
		json_put(whole, "checks", r->items);
		return cmd_print_json(whole, err);
	}
	json_decref(r->items);
	if ((rc = table_print(r->table, err)) < 0)
		return rc;
	printf("\n%s\n", r->lacking ? "Builds cannot run here: see what is MISSING."
				    : "Builds can run here.");
	return cmd_flush(err);
}

static int run(int argc, char **argv, struct err *err)
{
	static const char *const headings[] = {
		"part", "check", "verdict", "detail", "how to get it", NULL};
	struct sandbox_checks checks = VEC_INIT;
	struct report report = {0};
	int r = cmd_need_args(&cmd_doctor, argc, argv, 0, 0, err);

	if (r < 0 || (r = sandbox_probe(&checks, err)) < 0)
		return r;
	report.items = json_array();
	report.table = global.json ? NULL : table_new(headings);
	add(&report, &checks, "sandbox");
	r = root_host_probe(&checks, err);
	add(&report, &checks, "host");
	programs(&checks);
	add(&report, &checks, "tools");
	if (r < 0) {
		json_decref(report.items);
		return r;
	}
	return finish(&report, err);
}
