/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options may stand before or after the command's name and between its arguments. */
#include "base/base.h"
#include "base/time.h"
#include "cmd/cmd.h"

struct global_opts global = {.config = "packmill.yaml"};

const struct opt global_opt_table[] = {
	{'c', "config", OPT_STRING, "FILE", "configuration file (default packmill.yaml)",
		&global.config},
	{'C', "directory", OPT_STRING, "DIR", "change to this directory first", &global.dir},
	{0, "json", OPT_FLAG, NULL, "print the result as JSON", &global.json},
	{'q', "quiet", OPT_FLAG, NULL, "no progress, only results and errors", &global.quiet},
	{'v', "verbose", OPT_COUNT, NULL, "say more of what is done", &global.verbose},
	{'n', "dry-run", OPT_FLAG, NULL, "say what would be done, change nothing", &global.dry_run},
	{0, "timeout", OPT_DURATION, "TIME", "end the whole command after this time (90, 15m, 2h)",
		&global.timeout},
	{0, "version", OPT_FLAG, NULL, "print version and features", &global.version},
	{'h', "help", OPT_FLAG, NULL, "explain the command", &global.help},
	OPT_END,
};

struct parser {
	const struct opt *own; /* NULL: only the global ones */
	const char *cmd;       /* for hints; NULL before the command */
	int argc, at;
	char **argv;
};

static const struct opt *by_name(const struct opt *table, const char *name, size_t n)
{
	for (; table && table->name; table++)
		if (strlen(table->name) == n && memcmp(table->name, name, n) == 0)
			return table;
	return NULL;
}

static const struct opt *by_brief(const struct opt *table, char brief)
{
	for (; table && table->name; table++)
		if (table->brief == brief)
			return table;
	return NULL;
}

static int unknown_option(const struct parser *p, const char *name, size_t n, struct err *err)
{
	auto_free char *typed = xstrndup(name, n);
	const struct opt *tables[] = {p->own, global_opt_table};
	const char *names[64];
	const char *near;
	size_t count = 0;

	if (foreign_say(name, n))
		return err_set(err, ERR_USAGE, "'--%s' %s", typed, foreign_say(name, n));
	for (size_t t = 0; t < COUNTOF(tables); t++)
		for (const struct opt *o = tables[t]; o && o->name && count < COUNTOF(names); o++)
			names[count++] = o->name;
	near = str_nearest(typed, names, count);
	if (near)
		return err_set(err, ERR_USAGE, "unknown option '--%s' (did you mean '--%s'?)",
			typed, near);
	return err_set(err, ERR_USAGE, "unknown option '--%s' (see 'packmill help%s%s')", typed,
		p->cmd ? " " : "", p->cmd ? p->cmd : "");
}

static int set_value(const struct opt *o, const char *value, struct err *err)
{
	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)o->var = true;
		return 0;
	case OPT_COUNT:
		*(uint64_t *)o->var += 1;
		return 0;
	case OPT_STRING:
	case OPT_LIST:
		if (str_empty(value))
			return err_set(err, ERR_USAGE, "option '--%s' has an empty value", o->name);
		if (o->kind == OPT_LIST)
			strv_add(o->var, value);
		else
			*(const char **)o->var = value;
		return 0;
	case OPT_NUMBER:
		if (!str_u64(value, o->var))
			return err_set(err, ERR_USAGE, "option '--%s' wants a number, not '%s'",
				o->name, value);
		return 0;
	case OPT_DURATION:
		if (!time_parse_duration(value, o->var))
			return err_set(err, ERR_USAGE,
				"option '--%s' wants a time like 90, 15m or 2h, not '%s'", o->name,
				value);
		return 0;
	}
	return err_set(err, ERR_BUG, "option '--%s' has no kind", o->name);
}

static bool takes_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_COUNT;
}

/* The argument after the option at p->at. */
static int next_value(
	struct parser *p, const struct opt *o, const char **ret_value, struct err *err)
{
	if (p->at + 1 >= p->argc)
		return err_set(err, ERR_USAGE, "option '--%s' needs a value (%s)", o->name, o->arg);
	*ret_value = p->argv[++p->at];
	return 0;
}

static int parse_long(struct parser *p, const char *name, struct err *err)
{
	size_t n = strcspn(name, "=");
	const struct opt *o = by_name(p->own, name, n);
	const char *value = name[n] ? name + n + 1 : NULL;

	if (!o)
		o = by_name(global_opt_table, name, n);
	if (!o && foreign_ours(name, n))
		o = by_name(p->own, foreign_ours(name, n), strlen(foreign_ours(name, n)));
	if (!o)
		return unknown_option(p, name, n, err);
	if (!takes_value(o) && value)
		return err_set(err, ERR_USAGE, "option '--%s' takes no value", o->name);
	if (takes_value(o) && !value && next_value(p, o, &value, err) < 0)
		return -(int)ERR_USAGE;
	return set_value(o, value, err);
}

static int parse_brief(struct parser *p, const char *letters, struct err *err)
{
	for (; *letters; letters++) {
		const struct opt *o = by_brief(p->own, *letters);
		const char *value = NULL;
		int r;

		if (!o)
			o = by_brief(global_opt_table, *letters);
		if (!o)
			return err_set(err, ERR_USAGE,
				"unknown option '-%c' (see 'packmill help%s%s')", *letters,
				p->cmd ? " " : "", p->cmd ? p->cmd : "");
		if (!takes_value(o)) {
			if ((r = set_value(o, NULL, err)) < 0)
				return r;
			continue;
		}
		if (letters[1])
			value = letters + 1;
		else if (next_value(p, o, &value, err) < 0)
			return -(int)ERR_USAGE;
		return set_value(o, value, err);
	}
	return 0;
}

/* One option at p->at; false when a positional stands there. */
static bool is_option(const struct parser *p)
{
	const char *a = p->argv[p->at];

	return a[0] == '-' && a[1];
}

static int parse_option(struct parser *p, struct err *err)
{
	const char *a = p->argv[p->at];

	return a[1] == '-' ? parse_long(p, a + 2, err) : parse_brief(p, a + 1, err);
}

int opt_parse_front(int argc, char **argv, int *ret_n, struct err *err)
{
	struct parser p = {.argc = argc, .argv = argv};
	int r;

	for (; p.at < argc && is_option(&p) && !str_eq(argv[p.at], "--"); p.at++)
		if ((r = parse_option(&p, err)) < 0)
			return r;
	*ret_n = p.at;
	return 0;
}

int opt_parse(const struct cmd *cmd, int argc, char **argv, struct strv *ret_args, struct err *err)
{
	struct parser p = {.own = cmd->opts, .cmd = cmd->name, .argc = argc, .argv = argv};
	int r;

	for (; p.at < argc; p.at++) {
		if (str_eq(argv[p.at], "--")) {
			for (p.at++; p.at < argc; p.at++)
				strv_add(ret_args, argv[p.at]);
			break;
		}
		if (!is_option(&p) && cmd->command) {
			for (; p.at < argc; p.at++)
				strv_add(ret_args, argv[p.at]);
			break;
		}
		if (!is_option(&p))
			strv_add(ret_args, argv[p.at]);
		else if ((r = parse_option(&p, err)) < 0)
			return r;
	}
	return 0;
}

int cmd_need_args(const struct cmd *cmd, int argc, char **argv, int min, int max, struct err *err)
{
	auto_free char *usage = help_synopsis(cmd);

	/* "all" is said by leaving an argument out, never by a variable that was empty */
	for (int i = 0; i < argc && !cmd->command; i++)
		if (!*argv[i])
			return err_set(
				err, ERR_USAGE, "argument %d is empty; usage: %s", i + 1, usage);
	if (argc >= min && (max < 0 || argc <= max))
		return 0;
	if (argc < min)
		return err_set(err, ERR_USAGE, "missing argument; usage: %s", usage);
	return err_set(err, ERR_USAGE, "unexpected argument '%s'; usage: %s", argv[max], usage);
}
