/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tool_sandbox - a sandbox over this machine's /usr and the layers given with -B, for the tests:
 *
 *	tool_sandbox -s STATE -B LOWEST [-B HIGHER]... [OPTION...] -- COMMAND ARG... [-- COMMAND
 *ARG...]...
 *
 * Each "--" starts another command in the same sandbox. The log goes to stderr; stdout gets
 * captured output (-x), for each command a line "verdict exit=N signal=N limit=NAME cut=0|1
 * seconds=S peak=BYTES", "collected NAME" lines, and "error CODE: TEXT".
 */
#include "sandbox/sandbox.h"
#include "base/fs.h"
#include "base/sig.h"
#include "base/time.h"
#include <getopt.h>

struct drive {
	struct sandbox_conf conf;
	struct sandbox_cmd cmd;
	struct strv bases, env;
	const char *collect, *glob, *out, *put, *read, *sweep;
	bool recurse, capture, probe, own;
};

static int fail(const struct err *err)
{
	printf("error %s: %s\n", err_name(err->code), err->msg);
	return err_exit_status(err);
}

static uint64_t size(const char *s)
{
	uint64_t n;

	if (!size_parse(s, &n)) {
		fprintf(stderr, "sandbox_drive: bad size '%s'\n", s);
		exit(2);
	}
	return n;
}

static void options(struct drive *d, int argc, char **argv)
{
	int o;

	while ((o = getopt(argc, argv, "+s:k:m:d:i:l:p:t:c:rnNb:B:C:g:o:Rw:P:TxG:Z:SOE:")) > 0) {
		switch (o) {
		case 's':
			d->conf.state = optarg;
			break;
		case 'k':
			d->conf.keep_upper = optarg;
			break;
		case 'm':
			d->conf.limits.memory = size(optarg);
			break;
		case 'd':
			d->conf.limits.disk = size(optarg);
			break;
		case 'i':
			d->conf.limits.inodes = size(optarg);
			break;
		case 'l':
			d->conf.limits.log = size(optarg);
			break;
		case 'p':
			d->conf.limits.pids = size(optarg);
			break;
		case 't':
			d->conf.limits.time = size(optarg);
			break;
		case 'c':
			d->conf.limits.cpus = (double)size(optarg) / 10;
			break;
		case 'r':
			d->cmd.as_root = true;
			break;
		case 'n':
			d->conf.network = true;
			break;
		case 'N':
			d->conf.nested = true;
			break;
		case 'b':
			d->cmd.bind_src = optarg;
			break;
		case 'B':
			strv_add(&d->bases, optarg);
			break;
		case 'C':
			d->collect = optarg;
			break;
		case 'g':
			d->glob = optarg;
			break;
		case 'o':
			d->out = optarg;
			break;
		case 'R':
			d->recurse = true;
			break;
		case 'w':
			d->cmd.cwd = optarg;
			break;
		case 'P':
			d->put = optarg;
			break;
		case 'T':
			d->cmd.tty = true;
			break;
		case 'x':
			d->capture = true;
			break;
		case 'G':
			d->read = optarg;
			break;
		case 'Z':
			d->sweep = optarg;
			break;
		case 'S':
			d->probe = true;
			break;
		case 'O':
			d->own = true;
			break;
		case 'E':
			strv_add(&d->env, optarg);
			break;
		default:
			exit(2);
		}
	}
}

static int run_one(struct drive *d, struct sandbox *sb, char **argv, struct err *err)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct sandbox_verdict v;
	int r;

	d->cmd.argv = (const char *const *)argv;
	d->cmd.env = (const char *const *)d->env.v;
	d->cmd.log_fd = STDERR_FILENO;
	r = sandbox_run(sb, &d->cmd, d->capture ? &out : NULL, &v, err);
	if (r < 0)
		return r;
	fputs(sb_str(&out), stdout);
	printf("verdict exit=%d signal=%d limit=%s cut=%d seconds=%.3f peak=%llu\n", v.exit,
		v.signal, sandbox_limit_name(v.limit) ? sandbox_limit_name(v.limit) : "none",
		v.log_cut, v.seconds, (unsigned long long)v.peak_memory);
	fflush(stdout);
	return 0;
}

static int drive(struct drive *d, char **argv, struct err *err)
{
	CLEANUP(sandbox_freep) struct sandbox *sb = NULL;
	auto_strv struct strv files = STRV_INIT;
	int r = sandbox_open(&d->conf, &sb, err);

	if (r >= 0 && d->put)
		r = sandbox_put_file(sb, d->put, "put\n", 4, 0644, err);
	while (r >= 0 && *argv) {
		char **next = argv;

		while (*next && !str_eq(*next, "--"))
			next++;
		if (*next)
			*next++ = NULL;
		r = run_one(d, sb, argv, err);
		argv = next;
	}
	if (r >= 0 && d->collect) {
		r = sandbox_collect(sb, d->collect, d->glob, d->recurse, d->out, &files, err);
		strv_foreach (&files, f)
			printf("collected %s\n", *f);
	}
	if (r >= 0 && d->read) {
		auto_free char *text = NULL;

		r = sandbox_read(sb, d->read, 64 * KIB, &text, NULL, err);
		if (r >= 0)
			printf("read %s", text);
	}
	return r;
}

static int probe(void)
{
	struct sandbox_checks v = VEC_INIT;

	sandbox_probe(&v, NULL);
	vec_foreach (&v, c)
		printf("%s%s %s: %s%s%s\n", c->ok ? "ok" : "missing", c->needed ? " needed" : "",
			c->name, c->detail, c->fix ? "; " : "", c->fix ? c->fix : "");
	vec_free(&v, sandbox_check_release);
	return 0;
}

int main(int argc, char **argv)
{
	struct drive d = {
		.conf = {.limits = LIMITS_DEFAULT}, .cmd = {.bind_dst = "/in"}, .glob = "*"};
	const char *usr[] = {"/usr"}, *layers[64];
	struct sandbox_mount mounts[] = {{"/", NULL, 0}, {"/usr", usr, 1}};
	struct err err = ERR_INIT;
	int r = 0;

	sig_init();
	options(&d, argc, argv);
	for (size_t i = 0; i < d.bases.n && i < COUNTOF(layers); i++)
		layers[d.bases.n - 1 - i] = d.bases.v[i];
	mounts[0].layers = layers;
	mounts[0].n_layers = d.bases.n;
	d.conf.mounts = mounts;
	d.conf.n_mounts = COUNTOF(mounts);
	for (size_t i = 0; i < d.bases.n && d.own && r >= 0; i++)
		r = sandbox_own_tree(d.bases.v[i], &err);
	if (r >= 0 && d.sweep)
		r = sandbox_sweep(d.sweep, &err);
	else if (r >= 0 && d.probe)
		r = probe();
	else if (r >= 0 && d.conf.state)
		r = drive(&d, argv + optind, &err);
	if (r < 0)
		r = fail(&err);
	err_clear(&err);
	strv_release(&d.bases);
	strv_release(&d.env);
	return r;
}
