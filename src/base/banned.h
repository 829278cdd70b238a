/* SPDX-License-Identifier: GPL-3.0-or-later */
/* banned.h - calls that packmill does not make; base/proc, base/str and base/text replace them. */
#pragma once
#include <stdlib.h>
#include <string.h>

#pragma GCC poison system popen atoi atol atoll strtok sprintf vsprintf strcpy strcat strncat
#pragma GCC poison strncpy gets mktemp tmpnam tempnam
