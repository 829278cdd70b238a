/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source_deps.c - what a spec says of dependencies before anything is made of it. */
#include "base/limits.h"
#include "format/rpm/rpm_dep.h"
#include "source/parts.h"

#define SOURCE_MARK "packmill-source-package:"

/* rpmspec parses the spec twice; the second answer is that of the source package. */
static const char commands[] = "rpmspec -q --provides \"$@\" && echo " SOURCE_MARK
			       " && rpmspec -q --srpm --requires \"$@\"";

/* A stranger wrote the lines: what is no dependency is passed over. */
static int add(struct strv *list, const char *line, struct err *err)
{
	CLEANUP(rpm_dep_release) struct rpm_dep d = {0};

	if (!*line || strlen(line) > LIMIT_DEP || str_starts(line, "rpmlib("))
		return 0;
	if (!rpm_dep_is_rich(line) && !rpm_dep_parse(line, &d))
		return 0;
	if (list->n >= LIMIT_DEPS)
		return err_set(err, ERR_SOURCE, "the spec has more than %d dependencies of a kind",
			LIMIT_DEPS);
	strv_add(list, line);
	return 0;
}

int source_deps(struct runner *r, struct source *s, const struct strv *defines,
	struct strv *ret_build_requires, struct strv *ret_provides, struct err *err)
{
	auto_strv struct strv lines = STRV_INIT;
	struct strv *list = ret_provides;
	auto_free char *text = NULL;
	int rc = source_rpmspec(r, s, defines, commands, &text, err);

	if (rc < 0)
		return rc;
	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		auto_free char *t = str_trim(*l);

		if (str_eq(t, SOURCE_MARK))
			list = ret_build_requires;
		else if ((rc = add(list, t, err)) < 0)
			return rc;
	}
	return 0;
}
