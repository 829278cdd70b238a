/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host_base.c - the package that says what the machine offers. */
#include "base/base.h"
#include "root/host.h"

char *host_base_spec(const struct host_facts *f, const char *version, const char *release)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	sb_addf(&b,
		"%%global debug_package %%{nil}\n"
		"Name: host-base\n"
		"Version: %s\n"
		"Release: %s\n"
		"Summary: What this machine offers to packages built on it\n"
		"License: GPL-3.0-or-later\n"
		"AutoReqProv: no\n",
		version, release);
	strv_foreach (&f->provides, p)
		sb_addf(&b, "Provides: %s\n", *p);
	sb_addf(&b,
		"\n%%description\n"
		"Stands for the %zu packages of the machine's own package database (%s): its\n"
		"libraries, programs, modules and packages are what this package provides. It has\n"
		"no files.\n"
		"\n%%files\n",
		f->packages.n, f->kind);
	return sb_take(&b);
}
