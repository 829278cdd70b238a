/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpm_tool.c - this machine's rpm run in a tree that has none yet. The machine's /usr is shown at
 * RPM_HOST; the loader that rpm asks for is started by its name there and told where the machine's
 * libraries are, so rpm needs nothing of the tree and the tree nothing of the machine.
 */
#include "base/base.h"
#include "base/fs.h"
#include "base/proc.h"
#include "root/rpm_make.h"
#include <elf.h>
#include <link.h>

#define INTERP_MAX 4096

/* A path of the machine's, links followed; "" unless it is in /usr. */
static char *in_usr(const char *path)
{
	auto_free char *real = realpath(path, NULL);

	return real && str_starts(real, "/usr/") ? TAKE(real) : xstrdup("");
}

/* The program interpreter that an ELF file names. */
static char *interpreter(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ElfW(Ehdr) eh;

	if (fd < 0 || pread(fd, &eh, sizeof eh, 0) != sizeof eh ||
		memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 || eh.e_phentsize != sizeof(ElfW(Phdr)))
		return NULL;
	for (unsigned i = 0; i < eh.e_phnum; i++) {
		const off_t at = (off_t)(eh.e_phoff + (size_t)i * sizeof(ElfW(Phdr)));
		ElfW(Phdr) ph;

		if (pread(fd, &ph, sizeof ph, at) != sizeof ph)
			return NULL;
		if (ph.p_type == PT_INTERP && ph.p_filesz > 1 && ph.p_filesz < INTERP_MAX) {
			auto_free char *s = xcalloc(1, ph.p_filesz + 1);

			if (pread(fd, s, ph.p_filesz, (off_t)ph.p_offset) != (ssize_t)ph.p_filesz)
				return NULL;
			return TAKE(s);
		}
	}
	return NULL;
}

int rpm_tool(struct strv *ret, struct err *err)
{
	auto_free char *found = NULL, *rpm = NULL, *interp = NULL, *loader = NULL, *libc = NULL;

	if (!proc_which("rpm", &found) || !*(rpm = in_usr(found)))
		return err_set(err, ERR_NOT_FOUND,
			"making roots needs rpm in /usr/bin of this machine (packmill doctor says "
			"how to get it)");
	interp = interpreter(rpm);
	loader = in_usr(interp ? interp : "");
	if (!*loader)
		return err_set(err, ERR_NOT_FOUND, "cannot find the loader of '%s' in /usr", rpm);
	libc = path_dir(loader);
	strv_addf(ret, RPM_HOST "%s", loader);
	/* the tree's own cache names the tree's own libraries; musl knows no such option */
	if (!strstr(loader, "ld-musl"))
		strv_add(ret, "--inhibit-cache");
	strv_add(ret, "--library-path");
	strv_addf(ret, RPM_HOST "%s:" RPM_HOST "/usr/lib64:" RPM_HOST "/usr/lib", libc);
	strv_addf(ret, RPM_HOST "%s", rpm);
	return 0;
}
