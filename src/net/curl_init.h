/* SPDX-License-Identifier: GPL-3.0-or-later */
/* curl_init.h - private to net/: libcurl's global state, set up once in a process. */
#pragma once
#include "base/err.h"

int curl_init(struct err *err);
