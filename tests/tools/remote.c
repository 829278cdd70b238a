/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The repositories of a target without solving, for tests:
 *	tool_remote [-o] [-f] [-s SECONDS] CACHE TARGET.json refresh     a line for each repository
 *	tool_remote … CACHE TARGET.json files | fetch | stamp | cached
 *	tool_remote CACHE - expire SECONDS
 * -o offline, -f ask anew, -s end transfers that stall. fetch reads lines "NEVRA CHECKSUM REPO
 * LOCATION SIZE" from stdin and prints the paths; it refreshes before unless -n.
 */
#include "remote/remote.h"
#include "base/base.h"
#include "base/fs.h"
#include "base/sig.h"
#include "base/time.h"
#include <inttypes.h>

static void die(const struct err *e)
{
	fprintf(stderr, "%s\n", e->msg);
	exit(err_exit_status(e));
}

static void on_warn(UNUSED void *ctx, const char *line)
{
	fprintf(stderr, "warning: %s\n", line);
}

static void on_progress(UNUSED void *ctx, const char *what)
{
	fprintf(stderr, "progress: %s\n", what);
}

static void show(const struct remote *r)
{
	for (size_t i = 0; i < remote_count(r); i++) {
		const struct remote_repo *p = remote_at(r, i);

		printf("%s %.8s revision %" PRId64 " bases %zu first %s\n", p->conf->id,
			p->checksum, p->revision, p->bases.n, p->bases.v[0]);
		printf("primary %s\n", p->primary);
		if (p->modules)
			printf("modules %s\n", p->modules);
		if (p->filelists)
			printf("filelists %s\n", p->filelists);
	}
}

static void read_packages(struct lock_packages *v)
{
	auto_free char *text = NULL;
	auto_strv struct strv lines = STRV_INIT;
	auto_err struct err e = ERR_INIT;

	if (fs_read_fd(0, 1 << 24, &text, NULL, &e) < 0)
		die(&e);
	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		auto_strv struct strv f = STRV_INIT;
		struct lock_package *p;
		uint64_t size;

		strv_split(&f, *l, " ");
		if (f.n < 5)
			continue;
		p = vec_push(v);
		*p = (struct lock_package){.nevra = xstrdup(f.v[0]),
			.checksum = xstrdup(f.v[1]),
			.repo = xstrdup(f.v[2]),
			.location = xstrdup(f.v[3]),
			.size = str_u64(f.v[4], &size) ? size : 0};
	}
}

static int fetch(struct remote *r, struct err *err)
{
	struct lock_packages v = VEC_INIT;
	int rc;

	read_packages(&v);
	rc = remote_fetch(r, &v, err);
	vec_foreach (&v, p) {
		if (p->path)
			printf("%s\n", p->path);
	}
	lock_packages_release(&v);
	return rc;
}

static int run(const struct remote_conf *conf, const struct target *t, const char *what, bool asked,
	struct err *err)
{
	CLEANUP(remote_freep) struct remote *r = NULL;
	char stamp[65];
	int rc = remote_open(conf, t, &r, err);

	if (rc < 0 || (asked && (rc = remote_refresh(r, err)) < 0))
		return rc;
	if (str_eq(what, "fetch"))
		return fetch(r, err);
	for (size_t i = 0; i < remote_count(r) && str_eq(what, "files"); i++) {
		if ((rc = remote_filelists(r, i, err)) < 0)
			return rc;
	}
	remote_stamp(r, stamp);
	if (str_eq(what, "stamp"))
		printf("%s\n", stamp);
	else
		show(r);
	return 0;
}

static int expire(const char *cache, const char *seconds, struct err *err)
{
	uint64_t n = 0, bytes = 0;
	int rc;

	if (!str_u64(seconds, &n))
		return err_set(err, ERR_USAGE, "expire SECONDS");
	rc = remote_expire(cache, time_now() - (int64_t)n + 1, false, &bytes, err);
	if (rc >= 0)
		printf("%s\n", bytes ? "freed" : "nothing");
	return rc;
}

int main(int argc, char **argv)
{
	struct remote_conf conf = {
		.warn = on_warn, .progress = on_progress, .http = {.retries = -1}};
	auto_err struct err err = ERR_INIT;
	auto_json json_t *j = NULL;
	CLEANUP(target_freep) struct target *t = NULL;
	bool asked = true;
	char stamp[65];
	uint64_t n;
	int c;

	sig_init();
	while ((c = getopt(argc, argv, "ofns:")) != -1) {
		conf.offline = conf.offline || c == 'o';
		conf.refresh = conf.refresh || c == 'f';
		asked = asked && c != 'n';
		if (c == 's' && str_u64(optarg, &n))
			conf.http.stall_secs = (unsigned)n;
	}
	argv += optind;
	if (argc - optind < 3)
		return 2;
	conf.cache = argv[0];
	if (str_eq(argv[2], "expire") && argv[3]) {
		if (expire(argv[0], argv[3], &err) < 0)
			die(&err);
		return 0;
	}
	if (json_read(argv[1], &j, &err) < 0 || target_from_json(j, &t, &err) < 0)
		die(&err);
	if (str_eq(argv[2], "cached")) {
		printf("%s\n", remote_stamp_cached(&conf, t, stamp) ? stamp : "ask");
		return 0;
	}
	if (run(&conf, t, argv[2], asked, &err) < 0)
		die(&err);
	return 0;
}
