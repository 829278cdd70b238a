/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usage: bench_pages DIR PROJECTS BUILDS
 * Fills a store with so many builds of so many projects and 200 that wait, writes all lists once
 * and then what 40 more outcomes and 40 changes of the queue touch; prints `name milliseconds`.
 * `record` is the store's part: a build queued, begun and ended, each on its way to the disk.
 */
#include "base/fs.h"
#include "base/time.h"
#include "report/report.h"
#include "store/internal.h"

#define CHANGES 40

NORETURN static void die(const struct err *err)
{
	(void)printf("# %s\n", err->msg);
	exit(1);
}

static double now(void)
{
	return time_mono() * 1000;
}

static void run(struct store *st, struct err *err, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void run(struct store *st, struct err *err, const char *fmt, ...)
{
	auto_free char *sql = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&sql, fmt, ap) < 0 || db_exec(st->db, sql, err) < 0)
		die(err);
	va_end(ap);
}

#define COUNT_TO "with recursive n(i) as (select 1 union all select i + 1 from n where i < %u) "

/* One in seven failed; each project's builds follow each other. */
static void fill(struct store *st, unsigned projects, unsigned builds, struct err *err)
{
	run(st, err, "begin");
	run(st, err, COUNT_TO "insert into project select 'mini', 'p' || (i - 1) from n", projects);
	run(st, err,
		COUNT_TO
		"insert into build (target, project, name, upstream_url, upstream_sha, "
		"packaging_url, packaging_sha, rebuild, state, cause, cause_step, message, log, "
		"evr, nvr, trigger_, author, subject, commit_time, queued, started, finished, "
		"seconds, attempt) select 'mini', 'p' || (i %% %u), 'p' || (i %% %u), "
		"'https://github.com/o/p', printf('%%040x', i), 'https://github.com/o/d', "
		"printf('%%040x', i + 1), 0, 2 + (i %% 7 = 0), iif(i %% 7 = 0, 'build', null), "
		"'build', 'something went wrong here', 'build.log', '1.0-' || i, "
		"'p' || (i %% %u) || '-1.0-' || i, 'commit', 'Some Body', "
		"'Change number ' || i || ' with a subject of ordinary length', 1600000000 + i * "
		"60, "
		"1600000000 + i * 60, 1600000000 + i * 60, 1600000030 + i * 60, 30, 1 from n",
		builds, projects, projects, projects);
	run(st, err,
		"insert or replace into standing select target, project, 2 + (id %% 7 = 0), "
		"max(id), "
		"max(id) - (id %% 7 = 0), finished, iif(id %% 7 = 0, id, 0), finished, 1, 1 from "
		"build "
		"group by target, project");
	run(st, err,
		COUNT_TO
		"insert into build (target, project, upstream_sha, packaging_sha, rebuild, state, "
		"author, subject, queued) select 'mini', 'p' || (i %% %u), printf('%%040x', i), "
		"printf('%%040x', i), 1, 0, 'Some Body', 'What waits', 1700000000 from n",
		200U, projects);
	run(st, err, "commit");
}

static int64_t outcome(struct store *st, unsigned i, unsigned projects, struct err *err)
{
	auto_free char *project = xasprintf("p%u", i * 37 % projects);
	auto_free char *sha = xasprintf("%040x", i + 1);
	char target[] = "mini", author[] = "Some Body";
	struct store_build b = {.target = target,
		.project = project,
		.upstream_sha = sha,
		.packaging_sha = sha,
		.author = author,
		.rebuild = 2};
	struct result res = {.status = i % 5 ? STATUS_SUCCESS : STATUS_FAILED};
	int64_t id = 0;

	str_set(&res.name, project);
	str_set(&res.version, "2");
	str_set(&res.release, "1");
	if (store_build_add(st, &b, &id, NULL, err) < 0 || store_build_start(st, id, err) < 0 ||
		store_build_finish(st, id, &res, err) < 0)
		die(err);
	result_release(&res);
	return id;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void median(const char *name, double *v)
{
	qsort(v, CHANGES, sizeof *v, by_size);
	(void)printf("%s %.3f\n", name, v[CHANGES / 2]);
}

/* As the service does at its start; what holds it up is the longest slice. */
static void start_in_slices(struct report *r, struct err *err)
{
	double begun = now(), longest = 0, took;
	int more = report_begin(r, err);

	(void)printf("begin %.2f\n", now() - begun);
	for (more = more < 0 ? more : 1; more > 0;) {
		begun = now();
		more = report_step(r, 25, err);
		took = now() - begun;
		longest = took > longest ? took : longest;
	}
	if (more < 0)
		die(err);
	(void)printf("slice %.2f\n", longest);
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	CLEANUP(store_closep) struct store *st = NULL;
	CLEANUP(report_closep) struct report *r = NULL;
	auto_strv struct strv targets = STRV_INIT, names = STRV_INIT;
	struct report_projects projects = VEC_INIT;
	unsigned n_projects, n_builds;
	double start, took[CHANGES], kept[CHANGES];

	if (argc != 4)
		return 2;
	n_projects = (unsigned)strtoul(argv[2], NULL, 10);
	n_builds = (unsigned)strtoul(argv[3], NULL, 10);
	if (fs_mkdirs(argv[1], 0755, &err) < 0 || store_open(argv[1], false, &st, &err) < 0)
		die(&err);
	fill(st, n_projects, n_builds, &err);
	strv_add(&targets, "mini");
	for (unsigned i = 0; i < n_projects; i++)
		strv_addf(&names, "p%u", i);
	strv_foreach (&names, name)
		*vec_push(&projects) = (struct report_project){.project = *name};
	struct report_conf conf = {.data = argv[1],
		.name = "bench",
		.baseurl = "https://example.org",
		.targets = &targets,
		.projects = &projects,
		.jobs = 2};

	if (report_open(&conf, st, &r, &err) < 0)
		die(&err);
	start = now();
	start_in_slices(r, &err);
	(void)printf("start %.2f\n", now() - start);
	for (unsigned i = 0; i < CHANGES; i++) {
		int64_t id;

		start = now();
		id = outcome(st, i, n_projects, &err);
		kept[i] = now() - start;
		start = now();
		if (report_build(r, id, &err) < 0)
			die(&err);
		took[i] = now() - start;
	}
	median("record", kept);
	median("build", took);
	for (unsigned i = 0; i < CHANGES; i++) {
		run(st, &err,
			"update build set waits = iif(waits is null, 'p1', null) where state = 0 "
			"and id %% 9 = %u",
			i % 9);
		start = now();
		if (report_queue(r, "mini", &err) < 0)
			die(&err);
		took[i] = now() - start;
	}
	median("queue", took);
	vec_release(&projects);
	return 0;
}
