/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keys.h - the tables: every key of packmill.yaml and of a target file. */
#pragma once
#include "config/schema.h"

extern const struct schema schema_main;     /* -> struct config */
extern const struct schema schema_included; /* a file that `include` names */
extern const struct schema schema_project;  /* -> struct config_project */
extern const struct schema schema_target;   /* -> struct target */
extern const struct schema schema_repo;     /* -> struct target_repo */

extern const char *const key_policies[], *const key_numberings[];
