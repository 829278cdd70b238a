/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Module metadata of a repository of a few packages: refused as what a source says, or the request
 * has an answer or a problem.
 */
#include "base/base.h"
#include "base/fs.h"
#include "solve/solve.h"
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PACKAGE(name, ver)                                                                         \
	"<package type=\"rpm\"><name>" name "</name><arch>noarch</arch><version epoch=\"0\" "      \
	"ver=\"" ver "\" rel=\"1\"/><checksum type=\"sha256\" pkgid=\"YES\">"                      \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</checksum>"              \
	"<location href=\"" name "-" ver ".rpm\"/><format><rpm:provides><rpm:entry name=\"" name   \
	"\" flags=\"EQ\" epoch=\"0\" ver=\"" ver                                                   \
	"\" rel=\"1\"/></rpm:provides></format></package>"

static const char primary[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata "
	"xmlns=\"http://linux.duke.edu/metadata/common\" "
	"xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\" packages=\"4\">\n" PACKAGE("a", "1")
		PACKAGE("a", "2") PACKAGE("b", "1") PACKAGE("c", "1") "</metadata>\n";

static char *memory_file(const void *data, size_t n, int *ret_fd)
{
	*ret_fd = memfd_create("fuzz", MFD_CLOEXEC);
	assert(*ret_fd >= 0 && fs_write_all(*ret_fd, data, n, NULL) >= 0);
	return xasprintf("/proc/self/fd/%d", *ret_fd);
}

static void solve(const char *path, const char *modules, const char *enable)
{
	auto_strv struct strv list = STRV_INIT;
	struct solve_conf conf = {.arch = "x86_64", .modules = &list};
	struct solve_repo repo = {.id = "r", .primary = path, .modules = modules};
	struct solve_request q = {0};
	CLEANUP(solve_freep) struct solve *s = NULL;
	struct solve_result r = {0};
	auto_err struct err err = ERR_INIT;

	strv_split(&list, enable, " ");
	assert(solve_new(&conf, &s, NULL) == 0);
	if (solve_add_repo(s, &repo, &err) < 0) {
		assert(err.code == ERR_SOURCE);
		return;
	}
	strv_addl(&q.install, "a", "b", "c", NULL);
	assert(solve_run(s, &q, NULL, &r, &err) >= 0);
	assert(r.packages.n == 3 || r.problems.n);
	vec_foreach (&r.problems, p)
		assert(p->text && !strchr(p->text, '\n'));
	solve_result_release(&r);
	solve_request_release(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_close int fd = -1, fd_primary = -1;
	auto_free char *modules = memory_file(data, size, &fd);
	auto_free char *path = memory_file(primary, sizeof primary - 1, &fd_primary);

	solve(path, modules, "");
	solve(path, modules, "a:1 b:1");
	return 0;
}
