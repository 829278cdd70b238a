/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cmd.h"

/* One line per command, in the order of `packmill help`. */
#define CMDS(X)                                                                                    \
	X(build)                                                                                   \
	X(source)                                                                                  \
	X(shell)                                                                                   \
	X(root)                                                                                    \
	X(solve)                                                                                   \
	X(target)                                                                                  \
	X(import)                                                                                  \
	X(version)                                                                                 \
	X(doctor)                                                                                  \
	X(demo)                                                                                    \
	X(init)                                                                                    \
	X(config)                                                                                  \
	X(run)                                                                                     \
	X(plan)                                                                                    \
	X(status)                                                                                  \
	X(list)                                                                                    \
	X(show)                                                                                    \
	X(log)                                                                                     \
	X(why)                                                                                     \
	X(queue)                                                                                   \
	X(recheck)                                                                                 \
	X(report)                                                                                  \
	X(cancel)                                                                                  \
	X(poll)                                                                                    \
	X(pin)                                                                                     \
	X(notify)                                                                                  \
	X(reproduce)                                                                               \
	X(bisect)                                                                                  \
	X(gc)                                                                                      \
	X(fsck)                                                                                    \
	X(help)                                                                                    \
	X(generate)

#define X(verb) extern const struct cmd cmd_##verb;
CMDS(X)
#undef X

const struct cmd *const cmds[] = {
#define X(verb) &cmd_##verb,
	CMDS(X)
#undef X
		NULL,
};

const struct cmd *cmd_find(const char *name)
{
	for (const struct cmd *const *c = cmds; *c; c++)
		if (str_eq((*c)->name, name))
			return *c;
	return NULL;
}

const struct cmd *cmd_lookup(const char *name, struct err *err)
{
	const struct cmd *cmd = cmd_find(name);
	const char *names[COUNTOF(cmds)];
	const char *near;
	size_t n = 0;

	if (cmd)
		return cmd;
	for (const struct cmd *const *c = cmds; *c; c++)
		if ((*c)->group)
			names[n++] = (*c)->name;
	near = str_nearest(name, names, n);
	if (near)
		err_set_(
			err, ERR_USAGE, 0, "unknown command '%s' (did you mean '%s'?)", name, near);
	else
		err_set_(err, ERR_USAGE, 0, "unknown command '%s' (see 'packmill help')", name);
	return NULL;
}
