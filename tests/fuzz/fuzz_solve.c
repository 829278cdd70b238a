/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metadata of a repository: primary, then (after a line with a single `%`) filelists. Whatever is
 * in it, it is refused or can be solved, and what is chosen is fit for a lock.
 */
#include "base/base.h"
#include "base/fs.h"
#include "solve/solve.h"
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file without a place; the path names its descriptor. */
static char *memory_file(const void *data, size_t n, int *ret_fd)
{
	*ret_fd = memfd_create("fuzz", MFD_CLOEXEC);
	assert(*ret_fd >= 0 && fs_write_all(*ret_fd, data, n, NULL) >= 0);
	return xasprintf("/proc/self/fd/%d", *ret_fd);
}

static void check(const struct solve_result *r)
{
	vec_foreach (&r->packages, p) {
		assert(p->nevra && !strpbrk(p->nevra, " /\n"));
		assert(p->checksum && strlen(p->checksum) >= 64);
		assert(p->location && *p->location != '/' && !strstr(p->location, "/../") &&
			!str_starts(p->location, "../"));
	}
}

static void solve(struct solve *s, const char *what)
{
	struct solve_request q = {0};
	struct solve_result r = {0};

	strv_add(&q.install, what);
	if (solve_run(s, &q, NULL, &r, NULL) >= 0)
		check(&r);
	solve_result_release(&r);
	solve_request_release(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size ? memmem(data, size, "\n%\n", 3) : NULL;
	size_t n = cut ? (size_t)(cut - data) : size;
	auto_close int fd = -1, fd_lists = -1;
	auto_free char *primary = memory_file(data, n, &fd);
	auto_free char *lists = cut ? memory_file(cut + 3, size - n - 3, &fd_lists) : NULL;
	struct solve_conf conf = {.arch = "x86_64"};
	struct solve_repo repo = {.id = "r", .primary = primary, .filelists = lists};
	CLEANUP(solve_freep) struct solve *s = NULL;
	struct solve_result found = {0};
	auto_err struct err err = ERR_INIT;

	assert(solve_new(&conf, &s, NULL) == 0);
	if (solve_add_repo(s, &repo, &err) < 0) {
		assert(err.code == ERR_SOURCE);
		return 0;
	}
	assert(solve_find(s, "*", &found.packages, NULL) >= 0);
	check(&found);
	for (size_t i = 0; i < found.packages.n && i < 8; i++)
		solve(s, found.packages.v[i].nevra);
	solve_result_release(&found);
	solve(s, "(a if b)");
	solve(s, "/usr/share/x");
	return 0;
}
