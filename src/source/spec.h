/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spec.h - line-exact edits of a spec's preamble. Nothing is executed or expanded: a tag is a tag
 * only where rpm's parser would see one (before the first section, outside %if 0 is not judged),
 * so a description that contains "Version:" stays whole.
 */
#pragma once
#include "base/str.h"

struct spec_edit {
	const char *version, *release; /* NULL: keep */
	const char *upstream_version;  /* sets %global upstream_version, NULL: not */
	bool dlrn;                     /* sets %global dlrn 1 */
	const char *source0;           /* new value of Source0 (or Source), NULL: keep */
	bool cut_changelog;
};
/* The edited text (the caller's); *ret_diff a unified diff with file name `name`, "" when equal.
 * ERR_SOURCE: no Version or Release tag in the preamble. CRLF line ends are kept. */
int spec_apply(const char *text, const char *name, const struct spec_edit *edit, char **ret_text,
	char **ret_diff, struct err *err);
/* The value of a preamble tag as written, NULL when missing; the caller's. Tag names compare
 * without case; "Source0" also finds "Source". */
char *spec_tag(const char *text, const char *tag);
/* From `rpmspec -P` output: the directory %setup or %autosetup unpacks (-n, else name-version). */
char *spec_setup_dir(const char *expanded);
