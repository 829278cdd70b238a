/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dlrn.h - DLRN's projects.ini and the YAML files of rdoinfo as a packmill.yaml. Nothing of them is
 * executed or fetched. The INI file follows Python's ConfigParser; in the YAML a package is
 * package-default, overridden key by key by its conf, by itself, and by what it says of the tag
 * that projects.ini selects; of several files the later one wins, lists are joined. What could not
 * be taken over is named, line by line, with what packmill does instead.
 */
#pragma once
#include "config/config.h"
#include "config/file.h"

#define DLRN_INFOS 16 /* YAML files of one import */

struct dlrn_import {
	struct config *config; /* the result as our own reader has it */
	char *yaml;
	struct strv left; /* FILE:LINE: 'what': why, what to do; in the order of the files */
};

void dlrn_import_release(struct dlrn_import *i);
/*
 * infos: the YAML files, none is fine. path: where the result will lie, since targets are searched
 * beside it, then in target_dirs; a target that is not found becomes `host`, which is said. input
 * NULL: the file system; else no target files are searched. ERR_NOT_FOUND, ERR_DENIED when a file
 * cannot be read; ERR_CONFIG when nothing comes out (left is filled then, too).
 */
int dlrn_import(const struct config_input *input, const char *ini, const struct strv *infos,
	const char *path, const struct strv *target_dirs, struct dlrn_import *ret, struct err *err);
