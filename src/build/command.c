/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.c - the words with which rpm programs are called: by a build, and by who repeats it. */
#include "base/fs.h"
#include "build/steps.h"

/* Settings of DESIGN decision 13 that make rpms the same bits each time, and the target's own. */
void command_defines(const struct target *t, struct strv *ret)
{
	strv_addl(ret, "_topdir /builddir", "_buildhost packmill",
		"use_source_date_epoch_as_buildtime 1", "clamp_mtime_to_source_date_epoch 1", NULL);
	if (t->host)
		strv_add(ret, "_dbpath /var/lib/rpm");
	strv_addf(ret, "dist %s", *t->dist ? t->dist : "%{nil}");
	vec_foreach (&t->macros, m)
		strv_addf(ret, "%s %s", m->name, m->value);
}

char *command_date(int64_t date, struct strv *defines)
{
	strv_add(defines, "source_date_epoch_from_changelog 0");
	return xasprintf("SOURCE_DATE_EPOCH=%lld", (long long)date);
}

void command_rebuild(const struct strv *defines, const char *srpm, struct strv *ret)
{
	strv_addl(ret, "rpmbuild", "--rebuild", NULL);
	strv_foreach (defines, d)
		strv_addl(ret, "--define", *d, NULL);
	strv_add(ret, srpm);
}

void build_install_command(const struct target *t, const struct strv *files, struct strv *ret_argv)
{
	/* the set was chosen and checked before; rpm checks it again, scriptlets run */
	strv_addl(ret_argv, "rpm", "-U", "--oldpackage", "--replacepkgs", "--nosignature",
		"--noplugins", NULL);
	if (t->host)
		strv_addl(ret_argv, "--define", "_dbpath /var/lib/rpm", NULL);
	strv_foreach (files, f)
		strv_addf(ret_argv, "/in/%s", path_base(*f));
}

void build_command(const struct target *t, int64_t date, const char *srpm, struct strv *ret_argv,
	char **ret_env)
{
	auto_strv struct strv defines = STRV_INIT;

	command_defines(t, &defines);
	*ret_env = date ? command_date(date, &defines) : NULL;
	command_rebuild(&defines, srpm, ret_argv);
}
