/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * solve.c - usage: bench_solve REPO CACHE BASE… -- DELTA…
 * Milliseconds of each phase over one repository: load (from the cache when there), solve the base
 * set, solve what is added to it.
 * usage: bench_solve floor FILE.solv
 * The same for libsolv alone: reading its own cache of the whole metadata, then indexing it.
 */
#include "solve/solve.h"
#include "base/base.h"
#include "base/fs.h"
#include <solv/pool.h>
#include <solv/repo.h>
#include <solv/repo_solv.h>
#include <time.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const struct err *err)
{
	(void)fprintf(stderr, "bench_solve: %s\n", err->msg);
	exit(1);
}

static void solve(struct solve *s, const struct strv *install, const struct lock_packages *have,
	struct solve_result *ret, const char *what)
{
	struct solve_request q = {.install = *install, .installed = have};
	struct err err = ERR_INIT;
	double a = now();

	if (solve_run(s, &q, NULL, ret, &err) < 0)
		die(&err);
	(void)printf("%s %.2f %zu\n", what, now() - a, ret->packages.n);
	vec_foreach (&ret->problems, p)
		(void)printf("# %s\n", p->text);
	if (ret->needs_files.n)
		(void)printf("# needs file lists\n");
}

static int floor_of(const char *path)
{
	double a = now(), b;
	FILE *f = fopen(path, "re");
	Pool *pool = pool_create();
	Repo *repo = repo_create(pool, "floor");

	pool_setdisttype(pool, DISTTYPE_RPM);
	pool_setarch(pool, "x86_64");
	if (!f || repo_add_solv(repo, f, 0))
		return 1;
	b = now();
	pool_addfileprovides(pool);
	pool_createwhatprovides(pool);
	(void)printf("read %.2f\nindex %.2f\n", b - a, now() - b);
	(void)fclose(f);
	pool_free(pool);
	return 0;
}

int main(int argc, char **argv)
{
	auto_strv struct strv base = STRV_INIT, delta = STRV_INIT;
	struct strv *to = &base;
	struct solve_result first = {0}, second = {0};
	struct err err = ERR_INIT;
	bool lists = getenv("LISTS") != NULL;

	if (argc == 3 && str_eq(argv[1], "floor"))
		return floor_of(argv[2]);
	if (argc < 4)
		return 2;
	for (int i = 3; i < argc; i++) {
		if (str_eq(argv[i], "--"))
			to = &delta;
		else
			strv_add(to, argv[i]);
	}
	auto_free char *primary = path_join(argv[1], "repodata/primary.xml.gz");
	auto_free char *filelists = path_join(argv[1], "repodata/filelists.xml.gz");
	struct solve_conf conf = {.arch = "x86_64", .cache = argv[2]};
	struct solve_repo repo = {.id = "debian",
		.primary = primary,
		.filelists = lists ? filelists : NULL,
		.checksum = "bench"};
	CLEANUP(solve_freep) struct solve *s = NULL;
	double a = now();

	if (solve_new(&conf, &s, &err) < 0 || solve_add_repo(s, &repo, &err) < 0)
		die(&err);
	(void)printf("load %.2f %zu\n", now() - a, solve_count(s));
	solve(s, &base, NULL, &first, "base");
	solve(s, &delta, &first.packages, &second, "delta");
	(void)printf("all %.2f\n", now() - a);
	solve_result_release(&first);
	solve_result_release(&second);
	return 0;
}
