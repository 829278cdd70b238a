/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox.c - how long a fresh sandbox takes, beside what it is made of and what others offer.
 * usage: bench_sandbox SCRATCH RUNS -- prints lines "median seconds<TAB>what". */
#include "sandbox/sandbox.h"
#include "base/base.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/sig.h"
#include "base/time.h"
#include "config/config.h"
#include "root/root.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

struct bench {
	const char *scratch;
	struct root *root;
	struct sandbox *open; /* for once_more */
	char *overlay;        /* mount options */
	char *at;
};

static int run_true(struct sandbox *sb, struct err *err)
{
	static const char *const argv[] = {"/usr/bin/true", NULL};
	const struct sandbox_cmd cmd = {.argv = argv};
	struct sandbox_verdict v = {0};
	int r = sandbox_run(sb, &cmd, NULL, &v, err);

	if (r >= 0 && v.exit != 0)
		return err_set(err, ERR_BUILD, "true ended with %d", v.exit);
	return r;
}

static int open_sandbox(struct bench *b, const char *name, struct sandbox **ret, struct err *err)
{
	auto_free char *state = path_join(b->scratch, name);
	struct sandbox_conf conf = {.state = state, .limits = LIMITS_DEFAULT};

	root_mounts(b->root, &conf);
	return sandbox_open(&conf, ret, err);
}

static int fresh(struct bench *b, struct err *err)
{
	CLEANUP(sandbox_freep) struct sandbox *sb = NULL;
	int r = open_sandbox(b, "fresh", &sb, err);

	return r < 0 ? r : run_true(sb, err);
}

static int once_more(struct bench *b, struct err *err)
{
	return run_true(b->open, err);
}

static int overlay(struct bench *b, struct err *err)
{
	if (mount("overlay", b->at, "overlay", 0, b->overlay) < 0)
		return err_errno(err, "mount an overlay");
	if (umount2(b->at, 0) < 0)
		return err_errno(err, "unmount it");
	return 0;
}

static int spawn(const char *const *argv, struct err *err)
{
	const struct proc_opts o = {.argv = argv};

	return proc_check(&o, NULL, ERR_SYS, err);
}

static int plain(struct bench *b UNUSED, struct err *err)
{
	static const char *const argv[] = {"/usr/bin/true", NULL};

	return spawn(argv, err);
}

static int bwrap(struct bench *b UNUSED, struct err *err)
{
	static const char *const argv[] = {"bwrap", "--unshare-all", "--die-with-parent",
		"--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib",
		"/lib", "--symlink", "usr/lib64", "/lib64", "--tmpfs", "/tmp", "--proc", "/proc",
		"--dev", "/dev", "/usr/bin/true", NULL};

	return spawn(argv, err);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int measure(struct bench *b, const char *what, int (*run)(struct bench *b, struct err *err),
	size_t n, struct err *err)
{
	auto_free double *t = xcalloc(n, sizeof *t);
	int r;

	for (size_t i = 0; i < n; i++) {
		double start = time_mono();

		if ((r = run(b, err)) < 0)
			return err_wrap(err, "%s", what);
		t[i] = time_mono() - start;
	}
	qsort(t, n, sizeof *t, by_size);
	printf("%.6f\t%s\n", t[n / 2], what);
	return 0;
}

static int prepare_overlay(struct bench *b, struct err *err)
{
	auto_free char *up = path_join(b->scratch, "up"), *work = path_join(b->scratch, "work");
	int r;

	b->at = path_join(b->scratch, "at");
	b->overlay = xasprintf("lowerdir=/usr,upperdir=%s,workdir=%s", up, work);
	if ((r = fs_mkdirs(up, 0755, err)) < 0 || (r = fs_mkdirs(work, 0755, err)) < 0 ||
		(r = fs_mkdirs(b->at, 0755, err)) < 0)
		return r;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_errno(err, "a mount namespace");
	return 0;
}

static int bench(struct bench *b, size_t n, struct err *err)
{
	auto_free char *roots = path_join(b->scratch, "roots");
	int r;

	if ((r = root_host(roots, NULL, &b->root, err)) < 0 ||
		(r = open_sandbox(b, "open", &b->open, err)) < 0 ||
		(r = measure(b, "fork and exec of true", plain, n, err)) < 0 ||
		(r = measure(b, "packmill: fresh sandbox, true, all removed", fresh, n, err)) < 0 ||
		(r = measure(b, "packmill: one more command in a sandbox", once_more, n, err)) < 0)
		return r;
	if (proc_which("bwrap", NULL) &&
		(r = measure(b, "bwrap --unshare-all, true (no overlay, limits, filter)", bwrap, n,
			 err)) < 0)
		return r;
	if (geteuid() != 0)
		return 0;
	if ((r = prepare_overlay(b, err)) < 0)
		return r;
	return measure(b, "bare overlay mount and unmount", overlay, n, err);
}

int main(int argc, char **argv)
{
	auto_err struct err err = ERR_INIT;
	struct bench b = {0};
	uint64_t n;
	int r;

	if (argc != 3 || !str_u64(argv[2], &n) || !n) {
		fprintf(stderr, "usage: bench_sandbox SCRATCH RUNS\n");
		return 2;
	}
	b.scratch = argv[1];
	sig_init();
	r = bench(&b, n, &err);
	sandbox_free(b.open);
	root_free(b.root);
	free(b.overlay);
	free(b.at);
	if (r >= 0)
		return 0;
	fprintf(stderr, "bench_sandbox: %s\n", err.msg);
	return 1;
}
