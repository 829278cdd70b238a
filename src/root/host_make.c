/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_make.c - from the skeleton to a layer. All of it happens inside a sandbox over a bare root
 * whose writable layer is kept: so owners come out right in both modes, and rpmbuild and rpm run
 * under the machine's macros without reaching anything of the machine.
 */
#include "base/base.h"
#include "base/fs.h"
#include "base/text.h"
#include "root/host.h"

#define TOPDIR  "/builddir/host-base"
#define LOG_MAX (64 * KIB)

/* The smallest root in which a program of /usr starts. */
static int bare_root(const char *dir, struct err *err)
{
	static const char *const links[] = {"bin", "lib", "lib32", "lib64", "libx32", "sbin"};
	auto_free char *usr = path_join(dir, "usr");
	int r = fs_mkdirs(usr, 0755, err);

	for (size_t i = 0; i < COUNTOF(links) && r >= 0; i++) {
		auto_free char *path = path_join(dir, links[i]), *host = path_join("/", links[i]);
		auto_free char *target = path_join("usr", links[i]);

		if (fs_exists(host) && symlink(target, path) < 0)
			r = err_errno(err, "cannot make the link '%s'", path);
	}
	return r;
}

/* The last line of what a command said. */
static char *last_words(const char *log)
{
	auto_free char *text = NULL;
	auto_strv struct strv lines = STRV_INIT;

	if (fs_read(log, LOG_MAX, &text, NULL, NULL) < 0)
		return xstrdup("");
	strv_lines(&lines, text);
	while (lines.n && !*lines.v[lines.n - 1])
		free(lines.v[--lines.n]);
	return lines.n ? xasprintf(": %.300s", lines.v[lines.n - 1]) : xstrdup("");
}

struct maker {
	const struct host_plan *plan;
	struct sandbox *sandbox;
	char *in, *log;
	int log_fd;
};

static void maker_release(struct maker *m)
{
	sandbox_free(m->sandbox);
	free(m->in);
	free(m->log);
	if (m->log_fd >= 0)
		(void)close(m->log_fd);
}

static int run_in(
	struct maker *m, const char *const *argv, bool bind, struct strbuf *out, struct err *err)
{
	auto_free char *epoch = xasprintf("SOURCE_DATE_EPOCH=%lld", (long long)m->plan->date);
	const char *const env[] = {epoch, NULL};
	const struct sandbox_cmd cmd = {.argv = argv,
		.env = env,
		.cwd = "/",
		.as_root = true,
		.bind_src = bind ? m->in : NULL,
		.bind_dst = bind ? "/in" : NULL,
		.log_fd = m->log_fd,
		.timeout = 300};
	auto_free char *words = NULL;
	struct sandbox_verdict v;
	int r = sandbox_run(m->sandbox, &cmd, out, &v, err);

	if (r < 0)
		return r;
	if (v.exit == 0)
		return 0;
	words = last_words(m->log);
	return err_set(err, ERR_SYS, "%s ended with status %d%s", argv[0], v.exit, words);
}

static int run(struct maker *m, const char *const *argv, struct err *err)
{
	return run_in(m, argv, true, NULL, err);
}

/* Each of them is `argv` run as root inside. */
static const char *const settle[][16] = {
	{"cp", "-RP", "--preserve=mode,links", "-t", "/", "/in/skel/.", NULL},
	{"chmod", "0755", "/", NULL},
	{"chmod", "0700", "/root", NULL},
	{"chmod", "0640", "/etc/shadow", "/etc/gshadow", NULL},
	{"chown", "1000:1000", "/builddir", NULL},
};

static const char *const package[][16] = {
	{"rpmbuild", "-bb", "--quiet", "--define", "_topdir " TOPDIR, "--define",
		"_buildhost packmill", "--define", "use_source_date_epoch_as_buildtime 1",
		"--define", "source_date_epoch_from_changelog 0", "/in/host-base.spec", NULL},
	{"mkdir", "-p", "/var/lib/rpm", NULL},
};

static int run_all(
	struct maker *m, const char *const (*cmds)[16], size_t n, const char *what, struct err *err)
{
	if (m->plan->progress)
		m->plan->progress(what);
	for (size_t i = 0; i < n; i++) {
		int r = run(m, cmds[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int install(struct maker *m, char **ret_rpm, struct err *err)
{
	auto_strv struct strv files = STRV_INIT;
	auto_free char *inside = NULL, *rpms = xasprintf(TOPDIR "/RPMS/%s", target_host_arch());
	const char *argv[] = {"rpm", "-i", "--justdb", "--nodeps", "--force-debian", NULL, NULL};
	const char *const clean[] = {"rm", "-rf", TOPDIR, "/in", NULL};
	int r = sandbox_collect(
		m->sandbox, rpms, "host-base-*.rpm", false, m->plan->dir, &files, err);

	if (r < 0)
		return r;
	if (files.n != 1)
		return err_set(err, ERR_SYS, "rpmbuild made %zu packages of host-base", files.n);
	inside = xasprintf("%s/%s", rpms, files.v[0]);
	argv[COUNTOF(argv) - 2] = inside;
	if ((r = run(m, argv, err)) < 0 || (r = run_in(m, clean, false, NULL, err)) < 0)
		return r;
	*ret_rpm = xstrdup(files.v[0]);
	return 0;
}

static int usr_layer(struct maker *m, struct err *err)
{
	static const char *const argv[] = {"stat", "-c", "%u", "/usr/bin", NULL};
	auto_free char *dir = path_join(m->plan->dir, "usr");
	auto_strbuf struct strbuf out = STRBUF_INIT;
	int r = run_in(m, argv, false, &out, err);

	if (r < 0)
		return r;
	return str_eq(sb_str(&out), "0\n") ? host_usr_hide(dir, err) : host_usr_dirs(dir, err);
}

int host_make(const struct host_plan *p, char **ret_rpm, struct err *err)
{
	CLEANUP(maker_release) struct maker m = {.plan = p, .log_fd = -1};
	auto_free char *bare = path_join(p->dir, "bare"), *layer = path_join(p->dir, "layer");
	auto_free char *state = path_join(p->dir, "state");
	const char *const root_layers[] = {bare}, *const usr_layers[] = {"/usr"};
	const struct sandbox_mount mounts[] = {
		{.at = "/", .layers = root_layers, .n_layers = 1},
		{.at = "/usr", .layers = usr_layers, .n_layers = 1},
	};
	const struct sandbox_conf conf = {.mounts = mounts,
		.n_mounts = COUNTOF(mounts),
		.state = state,
		.keep_upper = layer,
		.limits = LIMITS_DEFAULT};
	int r = bare_root(bare, err);

	if (r < 0)
		return r;
	m.in = path_join(p->dir, "in");
	m.log = path_join(p->dir, "make.log");
	m.log_fd = open(m.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (m.log_fd < 0)
		return err_errno(err, "cannot write '%s'", m.log);
	if ((r = sandbox_open(&conf, &m.sandbox, err)) < 0 ||
		(r = run_all(&m, settle, COUNTOF(settle), "writing the skeleton", err)) < 0 ||
		(r = run_all(&m, package, COUNTOF(package), "making host-base", err)) < 0 ||
		(r = usr_layer(&m, err)) < 0)
		return r;
	return install(&m, ret_rpm, err);
}
