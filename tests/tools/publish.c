/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Publishing without building, for tests and benchmarks:
 *	tool_publish publish DATA TARGET PROJECT SHA LOGS RPM...   as one build's result
 *	tool_publish fail DATA TARGET PROJECT SHA LOGS
 *	tool_publish consistent DATA TARGET
 *	tool_publish host-base DATA RPM
 *	tool_publish fill DATA TARGET PER RPM...     PER packages a project, pool and store only
 * TIMES=1: milliseconds of the library call on stdout; BASEURL: where repos/ is reachable.
 */
#include "base/base.h"
#include "base/sig.h"
#include "base/time.h"
#include "repo/internal.h"

static void die(const struct err *e)
{
	fprintf(stderr, "%s\n", e->msg);
	exit(err_exit_status(e));
}

static const char *base_url(const char *data)
{
	static char buf[4096];
	const char *url = getenv("BASEURL");

	if (url)
		return url;
	snprintf(buf, sizeof buf, "file://%s/repos", data);
	return buf;
}

static enum package_kind kind_of(const char *name, const char *arch)
{
	if (str_eq(arch, "src"))
		return PACKAGE_SOURCE;
	if (str_ends(name, "-debuginfo"))
		return PACKAGE_DEBUGINFO;
	return str_ends(name, "-debugsource") ? PACKAGE_DEBUGSOURCE : PACKAGE_MAIN;
}

static void add_package(struct result *res, const char *path)
{
	CLEANUP(fragment_release) struct fragment f = {0};
	struct package *p = vec_push(&res->artifacts);
	auto_err struct err e = ERR_INIT;
	struct stat st;

	if (fragment_make(path, "x", &f, &e) < 0)
		die(&e);
	package_set_nevra(p, f.nevra);
	p->path = xstrdup(path);
	p->file = xstrdup(path_base(path));
	p->kind = kind_of(p->name, p->arch);
	memcpy(p->sha256, f.sha256, SHA256_HEX);
	if (stat(path, &st) == 0)
		p->size = (uint64_t)st.st_size;
}

static int64_t add_build(struct store *st, struct store_build *b)
{
	auto_err struct err e = ERR_INIT;

	if (store_build_add(st, b, &b->id, NULL, &e) < 0 || store_build_start(st, b->id, &e) < 0)
		die(&e);
	return b->id;
}

static void name_result(struct result *res, struct store_build *b, char *project)
{
	res->name = xstrdup(project);
	if (!res->artifacts.n)
		return;
	res->version = xstrdup(res->artifacts.v[0].version);
	res->release = xstrdup(res->artifacts.v[0].release);
	b->nvr = xasprintf("%s-%s-%s", project, res->version, res->release);
}

static int publish(char **a, int n, bool good)
{
	CLEANUP(store_closep) struct store *st = NULL;
	CLEANUP(repo_closep) struct repo *r = NULL;
	CLEANUP(result_freep) struct result *res = xcalloc(1, sizeof *res);
	auto_err struct err e = ERR_INIT;
	auto_free char *dir = NULL;
	char url[] = "https://example.org/u,\"x\"", author[] = "A";
	struct store_build b = {.target = a[1],
		.project = a[2],
		.upstream_sha = a[3],
		.packaging_sha = a[3],
		.upstream_url = url,
		.packaging_url = url,
		.author = author};
	struct repo_commit c = {.build = &b, .packages = &res->artifacts, .reponame = "trunk"};
	double t;
	int rc;

	if (store_open(a[0], false, &st, &e) < 0 || repo_open(a[0], a[1], &r, &e) < 0)
		die(&e);
	for (int i = 5; i < n; i++)
		add_package(res, a[i]);
	name_result(res, &b, a[2]);
	res->status = good ? STATUS_SUCCESS : STATUS_FAILED;
	res->cause = good ? CAUSE_NONE : CAUSE_BUILD;
	str_set(&res->cause_message, good ? NULL : "broken: \"quoted\"");
	b.message = res->cause_message;
	b.state = good ? BUILD_SUCCESS : BUILD_FAILED;
	add_build(st, &b);
	b.finished = time_now();
	c.logs = *a[4] ? a[4] : NULL;
	c.baseurl = base_url(a[0]);
	t = time_mono();
	rc = good ? repo_publish(r, st, &c, &dir, &e) : repo_record_failure(r, st, &c, &dir, &e);
	t = time_mono() - t;
	if (rc < 0)
		die(&e);
	if (store_begin(st, &e) < 0 || store_build_finish(st, b.id, res, &e) < 0 ||
		(good && store_build_published(st, b.id, dir, &e) < 0) ||
		store_commit(st, &e) < 0 || repo_update_versions(r, st, &e) < 0)
		die(&e);
	if (getenv("TIMES"))
		printf("%.2f\n", t * 1e3);
	else
		printf("%s\n", dir);
	free(b.nvr);
	return 0;
}

static int consistent(char **a)
{
	CLEANUP(repo_closep) struct repo *r = NULL;
	auto_err struct err e = ERR_INIT;

	if (repo_open(a[0], a[1], &r, &e) < 0 || repo_move_consistent(r, &e) < 0)
		die(&e);
	return 0;
}

static int fill(char **a, int n)
{
	CLEANUP(store_closep) struct store *st = NULL;
	CLEANUP(repo_closep) struct repo *r = NULL;
	auto_err struct err e = ERR_INIT;
	uint64_t per = 1;

	if (!str_u64(a[2], &per) || store_open(a[0], false, &st, &e) < 0 ||
		repo_open(a[0], a[1], &r, &e) < 0 || stage_begin(r, &e) < 0 ||
		store_begin(st, &e) < 0)
		die(&e);
	for (int i = 3; i < n; i += (int)per) {
		CLEANUP(result_freep) struct result *res = xcalloc(1, sizeof *res);
		auto_free char *project = xasprintf("fill-%s", path_base(a[i]));
		char sha[SHA256_HEX];
		struct store_build b = {.target = a[1],
			.project = project,
			.upstream_sha = sha,
			.packaging_sha = sha};

		sha256_buf(project, strlen(project), sha);
		sha[40] = '\0';
		for (int k = i; k < n && k < i + (int)per; k++)
			add_package(res, a[k]);
		name_result(res, &b, project);
		vec_foreach (&res->artifacts, p)
			if (pool_put(r, p, &e) < 0)
				die(&e);
		add_build(st, &b);
		if (store_build_finish(st, b.id, res, &e) < 0 ||
			store_build_published(st, b.id, "x/y/z", &e) < 0)
			die(&e);
		free(b.nvr);
	}
	if (store_commit(st, &e) < 0)
		die(&e);
	return 0;
}

int main(int argc, char **argv)
{
	auto_err struct err e = ERR_INIT;
	const char *verb = argc > 3 ? argv[1] : "";

	if (str_eq(verb, "publish") && argc > 7)
		return publish(argv + 2, argc - 2, true);
	if (str_eq(verb, "fail") && argc == 7)
		return publish(argv + 2, argc - 2, false);
	if (str_eq(verb, "consistent") && argc == 4)
		return consistent(argv + 2);
	if (str_eq(verb, "fill") && argc > 5)
		return fill(argv + 2, argc - 2);
	if (str_eq(verb, "host-base") && argc == 4) {
		if (repo_publish_host_base(argv[2], argv[3], base_url(argv[2]), &e) < 0)
			die(&e);
		return 0;
	}
	fprintf(stderr, "usage: tool_publish publish|fail|consistent|fill|host-base ...\n");
	return 2;
}
