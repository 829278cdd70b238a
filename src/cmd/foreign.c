/* SPDX-License-Identifier: GPL-3.0-or-later */
/* foreign.c - options that users of DLRN have in their fingers. */
#include "base/base.h"
#include "cmd/cmd.h"

static const struct {
	const char *name;
	const char *ours; /* means the same where the command has it */
	const char *say;
} foreign[] = {
	{"package-name", "project", "belongs to commands: packmill run --project NAME"},
	{"project-name", "project", "belongs to commands: packmill run --project NAME"},
	{"head-only", NULL, "belongs to a command: packmill run --head-only"},
	{"order", NULL, "is always so: builds wait for what they BuildRequire (packmill plan)"},
	{"sequential", NULL, "is a setting here: limits: {jobs: 1} in packmill.yaml"},
	{"status", NULL, "is a command here: packmill status"},
	{"recheck", NULL, "is a command here: packmill recheck PROJECT"},
	{"force-recheck", NULL, "is a command here: packmill recheck PROJECT builds again always"},
	{"use-public", NULL,
		"is not needed: a build and its install test see what is published ('current')"},
	{"log-commands", NULL, "is PACKMILL_TRACE=proc in the environment here"},
	{"run", NULL,
		"starts nothing in place of a build here: packmill shell -t TARGET -- CMD runs CMD "
		"in a root, notify.hook a program for each event"},
	{"stop", NULL,
		"is not needed: a failure stops no other project, and packmill run --once then "
		"ends with status 4"},
	{"dev", NULL,
		"is a command here: packmill build DIR -t TARGET -o DIR builds what lies there"},
	{"local", NULL,
		"is a setting here: upstream: {url: ./git/NAME} follows a local repository"},
	{"config-override", NULL, "is a file here: packmill -c FILE takes another packmill.yaml"},
	{"build-env", NULL,
		"does not exist: a build sees no environment; macros of the target file reach it"},
	{"no-repo", NULL, "is a command here: packmill build makes packages and publishes nothing"},
	{"config-file", NULL,
		"is read once: packmill import dlrn projects.ini makes a packmill.yaml (-c FILE)"},
	{"info-repo", NULL,
		"is read once: packmill import dlrn projects.ini rdo.yml makes a packmill.yaml"},
	{"verbose-build", NULL, "is a command here: packmill log N -f follows a build"},
};

static size_t find(const char *name, size_t n)
{
	size_t i = 0;

	while (i < COUNTOF(foreign) &&
		(strlen(foreign[i].name) != n || memcmp(foreign[i].name, name, n) != 0))
		i++;
	return i;
}

const char *foreign_ours(const char *name, size_t n)
{
	size_t i = find(name, n);

	return i < COUNTOF(foreign) ? foreign[i].ours : NULL;
}

const char *foreign_say(const char *name, size_t n)
{
	size_t i = find(name, n);

	return i < COUNTOF(foreign) ? foreign[i].say : NULL;
}
