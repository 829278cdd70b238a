/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_demo.c - `packmill demo`: the bundled project from its first commit to an installed program,
 * with the commands and interfaces everybody has. */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "base/time.h"
#include "cmd/common.h"
#include "cmd/demo.h"

static int run(int argc, char **argv, struct err *err);

const struct cmd cmd_demo = {
	.name = "demo",
	.args = "[DIR]",
	.help = "build, publish and install the bundled example, end to end",
	.group = GROUP_LOCAL,
	.run = run,
};

void demo_release(struct demo *d)
{
	free(d->dir);
	free(d->share);
	free(d->first);
	free(d->data);
	free(d->tree);
	free(d->output);
}

static enum err_code code_of(int exit)
{
	switch (exit) {
	case 5:
		return ERR_SYS;
	case 6:
		return ERR_DENIED;
	default:
		return ERR_BUILD;
	}
}

/* `packmill run --once --since FIRST`, as anybody would call it. */
static int run_packmill(const struct demo *d, struct err *err)
{
	const char *const argv[] = {"/proc/self/exe", "-C", d->dir, "run", "--once", "--since",
		d->first, global.quiet ? "-q" : NULL, NULL};
	const struct proc_opts o = {.argv = argv, .out_fd = STDERR_FILENO, .err_fd = STDERR_FILENO};
	struct proc_result res;
	int r = proc_run(&o, NULL, NULL, &res, err);

	if (r < 0)
		return r;
	if (res.exit != 0)
		return err_set(err, code_of(res.exit),
			"'packmill -C %s run --once --since %s' ended with status %d", d->dir,
			d->first, res.exit);
	return 0;
}

/* Report: the builds as the store has them. */

static json_t *build_json(const struct store_build *b, const struct result *steps)
{
	json_t *o = json_object(), *list = json_array();

	json_put_int(o, "build", b->id);
	json_put_str(o, "upstream_sha", b->upstream_sha);
	json_put_str(o, "subject", b->subject);
	json_put_str(o, "nvr", b->nvr);
	json_put_str(o, "repository", b->repo);
	vec_foreach (&steps->steps, s) {
		json_t *step = json_object();

		json_put_str(step, "name", s->name);
		json_object_set_new(step, "seconds", json_real(s->seconds));
		json_array_append_new(list, step);
	}
	json_object_set_new(o, "steps", list);
	return o;
}

/* One row per step, one column per build. */
static int print_times(const json_t *builds, struct err *err)
{
	const char *headings[5] = {"step"};
	size_t n = json_array_size(builds), i;
	const json_t *steps = json_object_get(json_array_get(builds, 0), "steps"), *step;
	struct table *t;

	if (n > COUNTOF(headings) - 2)
		n = COUNTOF(headings) - 2;
	for (i = 0; i < n; i++)
		headings[i + 1] =
			json_string_value(json_object_get(json_array_get(builds, i), "nvr"));
	t = table_new(headings);
	json_array_foreach(steps, i, step)
	{
		char cells[COUNTOF(headings)][16] = {{0}};

		for (size_t k = 0; k < n; k++) {
			const json_t *of = json_object_get(json_array_get(builds, k), "steps");
			const json_t *s = json_object_get(json_array_get(of, i), "seconds");

			snprintf(cells[k], sizeof cells[k], "%7.3f s", json_real_value(s));
		}
		table_row(t, json_string_value(json_object_get(step, "name")), cells[0],
			n > 1 ? cells[1] : NULL, n > 2 ? cells[2] : NULL, NULL);
	}
	return table_print(t, err);
}

static int collect(const struct demo *d, json_t *builds, struct err *err)
{
	const struct store_filter f = {.state = -1, .oldest_first = true};
	CLEANUP(store_closep) struct store *st = NULL;
	struct store_builds all = VEC_INIT;
	int r;

	if ((r = store_open(d->data, true, &st, err)) < 0 ||
		(r = store_builds(st, &f, &all, err)) < 0)
		return r;
	vec_foreach (&all, b) {
		struct result steps = {0};

		if (r >= 0)
			r = store_build_steps(st, b->id, &steps, err);
		if (r >= 0)
			json_array_append_new(builds, build_json(b, &steps));
		result_release(&steps);
	}
	vec_free(&all, store_build_release);
	return r;
}

static int print_text(const struct demo *d, const json_t *builds, struct err *err)
{
	auto_free char *current = path_join(d->data, "repos/host/current");
	auto_free char *file = path_join(current, "demo.repo"), *snippet = NULL;
	auto_strbuf struct strbuf said = STRBUF_INIT;
	auto_strv struct strv lines = STRV_INIT;
	const json_t *b;
	size_t i;
	int r;

	if ((r = fs_read(file, 64 * KIB, &snippet, NULL, err)) < 0)
		return r;
	printf("Each commit has its repository:\n");
	json_array_foreach(builds, i, b) printf("  %s/repos/host/%s\n", d->data,
		json_string_value(json_object_get(b, "repository")));
	printf("\nThe newest of all projects is in:\n  %s\n", current);
	/* as it is: dnf takes an indented line for more of the one before, and says nothing */
	printf("\nFor /etc/yum.repos.d:\n\n%s", snippet);
	printf("\nInstalled by dnf into %s, the program says:\n", d->tree);
	strv_lines(&lines, d->output);
	strv_foreach (&lines, l) {
		sb_truncate(&said, 0);
		text_term(&said, *l, 200);
		printf("  %s\n", sb_str(&said));
	}
	printf("\nWhere the time went:\n");
	return print_times(builds, err);
}

int demo_report(struct demo *d, struct err *err)
{
	auto_json json_t *builds = json_array();
	json_t *j;
	int r = collect(d, builds, err);

	if (r < 0)
		return r;
	if (!global.json)
		return print_text(d, builds, err);
	j = json_object();
	json_put_str(j, "directory", d->dir);
	json_put_str(j, "tree", d->tree);
	json_put_str(j, "output", d->output);
	json_object_set(j, "builds", builds);
	return cmd_print_json(j, err);
}

static int stages(struct demo *d, struct err *err)
{
	static const struct {
		const char *what;
		int (*run)(struct demo *d, struct err *err);
	} table[] = {
		{"making the upstream and the packaging repository", demo_sources},
		{"building and publishing each commit", NULL},
		{"installing the newest with dnf", demo_install},
		{"running the installed program", demo_try},
		{NULL, demo_report},
	};
	double start = time_mono();
	int r = demo_clear(d, err);

	for (size_t i = 0; r >= 0 && i < COUNTOF(table); i++) {
		if (table[i].what)
			log_info("demo: %s", table[i].what);
		r = table[i].run ? table[i].run(d, err) : run_packmill(d, err);
	}
	if (r >= 0)
		log_info("demo: all done in %.1f s", time_mono() - start);
	return r;
}

static int run(int argc, char **argv, struct err *err)
{
	struct demo d = {0};
	int r = cmd_need_args(&cmd_demo, argc, argv, 0, 1, err);

	if (r < 0 || (r = demo_share(&d.share, err)) < 0)
		return r;
	d.dir = path_abs(argc > 0 ? argv[0] : "demo-data");
	d.data = path_join(d.dir, "data");
	d.tree = path_join(d.dir, "tree");
	if (global.dry_run)
		log_info("demo: would make all in %s", d.dir);
	else
		r = stages(&d, err);
	demo_release(&d);
	return r;
}
