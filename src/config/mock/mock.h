/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mock.h - a configuration of mock as a target. The file is read, never executed: of its Python,
 * assignments to config_opts and include() with literal values count; of the Jinja in the values,
 * names, comparisons and if. What could not be taken over is named, line by line.
 *
 * Files are included from below the directory of the first file and from /etc/mock only, and only
 * *.cfg and *.tpl. The result passes what `packmill target check` checks.
 */
#pragma once
#include "config/file.h"
#include "model/target.h"

struct mock_import {
	struct target *target;
	char *yaml;       /* the target file, with comments */
	struct strv left; /* FILE:LINE: text: why, what to do; in the order of the files */
};

void mock_import_release(struct mock_import *i);
/* ERR_NOT_FOUND, ERR_DENIED when the file cannot be read; ERR_CONFIG when no target comes out (left
 * is filled then, too). input NULL: the file system. shown: the file's name in messages. */
int mock_import(const struct config_input *input, const char *path, struct mock_import *ret,
	struct err *err);
