/* SPDX-License-Identifier: GPL-3.0-or-later */
/* web.h - pages of commits at the forge they come from. */
#pragma once
#include "base/base.h"

/* pattern with {sha}, else guessed from the clone url; NULL: none. The caller's; http(s) without a
 * user and without anything that would have to be quoted (html_url_ok). */
char *web_commit(const char *pattern, const char *url, const char *sha);
