/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host_base.c - the package that says what the machine offers, and the root's rpm settings. */
#include "base/base.h"
#include "base/fs.h"
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

/* Where the machine's linker looks, when that is not rpm's lib64: what is built here runs here. */
static void add_libdir(struct strbuf *b)
{
	static const char *const triplets[] = {"x86_64-linux-gnu", "aarch64-linux-gnu",
		"powerpc64le-linux-gnu", "s390x-linux-gnu", "riscv64-linux-gnu"};

	for (size_t i = 0; i < COUNTOF(triplets); i++) {
		auto_free char *so = xasprintf("/usr/lib/%s/libc.so.6", triplets[i]);

		if (!str_starts(triplets[i], target_host_arch()) || !fs_exists(so))
			continue;
		sb_addf(b, "%%_lib lib/%s\n%%_libdir %%{_prefix}/lib/%s\n", triplets[i],
			triplets[i]);
	}
}

char *host_macros(void)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	/* set here because some rpms have it below the home directory */
	sb_add(&b, "%_dbpath /var/lib/rpm\n");
	add_libdir(&b);
	return sb_take(&b);
}
