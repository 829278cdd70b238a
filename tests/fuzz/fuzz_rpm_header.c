/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a package file: an error or a package, nothing else. */
#include "base/base.h"
#include "base/fs.h"
#include "format/rpm/rpm.h"
#include "format/rpm/rpm_diff.h"
#include "format/rpm/rpm_learn.h"
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_close int fd = memfd_create("fuzz.rpm", MFD_CLOEXEC);
	auto_strv struct strv requires = STRV_INIT, provides = STRV_INIT, files = STRV_INIT;
	auto_free char *content = NULL;
	struct rpm_differences differences = VEC_INIT;
	struct package p = {0};
	auto_err struct err err = ERR_INIT;
	char path[64];

	if (rpm_init(NULL) < 0 || fs_write_all(fd, data, size, NULL) < 0)
		return 0;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (rpm_read(path, &p, &err) >= 0)
		assert(p.name && p.nevra && p.arch && p.size == size);
	else
		assert(err.msg);
	package_release(&p);
	(void)rpm_build_requires(path, &requires, NULL);
	strv_add(&files, path);
	if (rpm_learn(&files, NULL, &provides, &requires, &content, NULL) >= 0)
		assert(content);
	(void)rpm_diff(path, path, &differences, NULL);
	rpm_differences_release(&differences);
	return 0;
}
