/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tool_rpmroot - build roots from package files, without repositories, for the tests:
 *
 *	tool_rpmroot -w LOCK [-b FILE]... [-a FILE]...	write the lock: base set, packages on top
 *	tool_rpmroot -l LOCK -r ROOTS [-t TIMES] [-- COMMAND...]
 *		make or find its root; its key and the time that took go to stdout; COMMAND runs in
 *		it as root (-u: as the builder)
 */
#include "base/fs.h"
#include "base/sig.h"
#include "base/time.h"
#include "format/rpm/rpm.h"
#include "root/rpm.h"
#include <getopt.h>

struct args {
	const char *write, *lock, *roots;
	struct strv base, added;
	bool builder;
};

static int add(struct lock_packages *v, const struct strv *files, struct err *err)
{
	strv_foreach (files, f) {
		struct package p = {0};
		int r = rpm_read(*f, &p, err);

		if (r < 0)
			return r;
		*vec_push(v) = (struct lock_package){.nevra = xstrdup(p.nevra),
			.checksum = xstrdup(p.sha256),
			.repo = xstrdup(LOCK_OWN),
			.location = path_abs(*f),
			.size = p.size};
		package_release(&p);
	}
	return 0;
}

static int write_lock(const struct args *a, struct err *err)
{
	CLEANUP(lock_freep) struct lock *l = xcalloc(1, sizeof *l);
	int r = rpm_init(err);

	l->target = xstrdup("test");
	l->arch = xstrdup(target_host_arch());
	if (r < 0 || (r = add(&l->base, &a->base, err)) < 0 ||
		(r = add(&l->build, &a->added, err)) < 0)
		return r;
	return lock_write(a->write, l, err);
}

static int fetch(void *ctx, struct lock_packages *v, struct err *err)
{
	(void)ctx;
	(void)err;
	vec_foreach (v, p)
		str_set(&p->path, p->location);
	return 0;
}

static void progress(void *ctx, const char *what)
{
	(void)ctx;
	fprintf(stderr, "%.2f %s\n", time_mono(), what);
}

static int command(const struct args *a, struct root *root, char **argv, struct err *err)
{
	CLEANUP(sandbox_freep) struct sandbox *sb = NULL;
	auto_free char *state = xasprintf("%s/../state.%d", a->roots, (int)getpid());
	struct sandbox_conf conf = {.state = state, .limits = LIMITS_DEFAULT};
	const struct sandbox_cmd cmd = {
		.argv = (const char *const *)argv, .as_root = !a->builder, .log_fd = STDERR_FILENO};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct sandbox_verdict v;
	int r;

	root_mounts(root, &conf);
	if ((r = sandbox_open(&conf, &sb, err)) < 0 ||
		(r = sandbox_run(sb, &cmd, &out, &v, err)) < 0)
		return r;
	fputs(sb_str(&out), stdout);
	return v.exit;
}

static int get(const struct args *a, char **argv, struct err *err)
{
	CLEANUP(lock_freep) struct lock *l = NULL;
	CLEANUP(root_freep) struct root *root = NULL;
	auto_free char *name = xstrdup("test"), *arch = xstrdup(target_host_arch());
	struct target t = {.name = name, .arch = arch};
	const struct rpm_root_conf conf = {
		.target = &t, .roots_dir = a->roots, .fetch = fetch, .progress = progress};
	double start;
	int r = lock_read(a->lock, &l, err);

	if (r < 0)
		return r;
	start = time_mono();
	if ((r = rpm_root_get(&conf, l, &root, err)) < 0)
		return r;
	if (*argv)
		return command(a, root, argv, err);
	printf("%s %.4f\n", root->key, time_mono() - start);
	return 0;
}

int main(int argc, char **argv)
{
	struct args a = {.builder = false};
	struct err err = ERR_INIT;
	int o, r = 2;

	sig_init();
	while ((o = getopt(argc, argv, "+w:l:r:b:a:u")) > 0) {
		if (o == 'w')
			a.write = optarg;
		else if (o == 'l')
			a.lock = optarg;
		else if (o == 'r')
			a.roots = optarg;
		else if (o == 'b')
			strv_add(&a.base, optarg);
		else if (o == 'a')
			strv_add(&a.added, optarg);
		else if (o == 'u')
			a.builder = true;
		else
			return 2;
	}
	if (a.write)
		r = write_lock(&a, &err);
	else if (a.lock && a.roots)
		r = get(&a, argv + optind, &err);
	if (r < 0) {
		fprintf(stderr, "error %s: %s\n", err_name(err.code), err.msg);
		r = err_exit_status(&err);
	}
	err_clear(&err);
	strv_release(&a.base);
	strv_release(&a.added);
	return r;
}
