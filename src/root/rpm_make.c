/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpm_make.c - a layer made by rpm, in a sandbox whose writable layer is kept. A base layer: `/` is
 * empty, this machine's rpm fills it. A layer on a base: the root's own rpm adds to it, and nothing
 * of this machine is there. Either way no more may be done than in any build.
 */
#include "root/rpm_make.h"
#include "base/base.h"
#include "base/fs.h"
#include "root/cache.h"
#include "root/host.h"

#define IN      "/in"
#define LOG_MAX (8 * MIB) /* of one command: all of it is read */
#define SECONDS 3600      /* of one transaction */

struct maker {
	const struct rpm_make *m;
	struct sandbox *sandbox;
	char *in, *log, *layer;
	int log_fd;
	bool no_owner;     /* rpm said so */
	struct strv files; /* of the packages, inside */
};

static void maker_release(struct maker *k)
{
	sandbox_free(k->sandbox);
	free(k->in);
	free(k->log);
	free(k->layer);
	strv_release(&k->files);
	auto_closep(&k->log_fd);
}

static void say(const struct maker *k, const char *what)
{
	if (k->m->progress)
		k->m->progress(k->m->ctx, what);
}

/* The kind of a failure of packages; of the machine's it is worth a retry. */
static int fault(const struct maker *k, const struct sandbox_verdict *v, const struct strv *argv,
	struct rpm_words *w, struct err *err)
{
	const char *what = k->m->base ? "installing what is needed" : "installing the base set";
	const char *limit = sandbox_limit_name(v->limit);
	const char *program = str_starts(argv->v[0], RPM_HOST) ? "rpm" : argv->v[0];

	if (limit)
		return err_set(err, ERR_SYS, "%s ran into the limit of %s", what, limit);
	if (w->failed)
		return err_set(err, ERR_BUILD, "%s: %s", what, w->failed);
	if (w->error &&
		(strstr(w->error, "No space left") || strstr(w->error, " more space on the ") ||
			strstr(w->error, " inodes on the ")))
		return err_set_(err, ERR_SYS, ENOSPC, "%s: %s", what, w->error);
	if (v->exit == 127)
		return err_set(err, ERR_BUILD, "%s: the root has no program '%s'%s", what,
			argv->v[0],
			str_eq(argv->v[0], "rpm") ? " (root.packages needs rpm-build)" : "");
	return err_set(err, ERR_BUILD, "%s: %s ended with status %d%s%s", what, program, v->exit,
		w->error ? ": " : "", w->error ? w->error : "");
}

/* What the log got since; packages may print anything, a NUL must not hide what follows it. */
static void read_words(const struct maker *k, off_t since, struct rpm_words *w)
{
	auto_free char *text = xcalloc(1, LOG_MAX + 4096);
	ssize_t n = since < 0 ? -1 : pread(k->log_fd, text, LOG_MAX + 4095, since);

	for (ssize_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
	rpm_words_read(w, text);
}

/* Run as root inside. What it says goes to the log. */
static int run(
	struct maker *k, const struct strv *argv, bool bind, struct strbuf *out, struct err *err)
{
	/* no byte code that nobody owns, no waiting for a service manager that is not there */
	static const char *const env[] = {"PYTHONDONTWRITEBYTECODE=1", "SYSTEMD_OFFLINE=1",
		"RPM_CONFIGDIR=" RPM_HOST "/usr/lib/rpm", NULL};
	const bool own = !str_starts(argv->v[0], RPM_HOST);
	static const char *const env_own[] = {
		"PYTHONDONTWRITEBYTECODE=1", "SYSTEMD_OFFLINE=1", NULL};
	const struct sandbox_cmd cmd = {.argv = (const char *const *)argv->v,
		.env = own ? env_own : env,
		.cwd = "/",
		.as_root = true,
		.bind_src = bind ? k->in : NULL,
		.bind_dst = bind ? IN : NULL,
		.log_fd = k->log_fd,
		.timeout = SECONDS};
	const off_t before = lseek(k->log_fd, 0, SEEK_END);
	CLEANUP(rpm_words_release) struct rpm_words w = {.failed = NULL};
	struct sandbox_verdict v;
	int r = sandbox_run(k->sandbox, &cmd, out, &v, err);

	if (r < 0)
		return r;
	read_words(k, before, &w);
	k->no_owner |= w.no_owner;
	strv_foreach (&w.shown, s) {
		auto_free char *line = xasprintf("rpm: %s", *s);

		say(k, line);
	}
	if (v.exit != 0)
		return fault(k, &v, argv, &w, err);
	/* as rpm and dnf: the package is installed all the same; but it is not forgotten */
	if (w.failed)
		strv_add(k->m->ret_warnings, w.failed);
	/* who floods the log may hide that a scriptlet failed */
	else if (v.log_cut)
		strv_addf(k->m->ret_warnings,
			"scriptlets printed more than %d MiB, not all of it was read",
			(int)(LOG_MAX / MIB));
	return 0;
}

/* Packages where rpm will see them, by names that mean nothing to it. */
static int offer(struct maker *k, struct err *err)
{
	size_t n = 0;
	int r;

	if (mkdir(k->in, 0755) < 0 || chmod(k->in, 0755) < 0)
		return err_errno(err, "cannot make directory '%s'", k->in);
	vec_foreach (k->m->packages, p) {
		auto_free char *name = xasprintf("%05zu-%s.rpm", n++, p->nevra), *to = NULL;
		struct stat st;

		for (char *c = name; *c; c++)
			if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "._+-~^",
				    *c))
				*c = '_';
		to = path_join(k->in, name);
		if (stat(p->path, &st) < 0)
			return err_errno(err, "package '%s'", p->path);
		/* root inside is nobody special to a file of ours */
		r = st.st_mode & S_IROTH ? fs_link_or_copy(p->path, to, err)
					 : fs_copy(p->path, to, 0644, err);
		if (r < 0)
			return r;
		strv_addf(&k->files, IN "/%s", name);
	}
	return 0;
}

/*
 * The packages were verified when they were fetched; files are checked against their digests as
 * they are unpacked, still. What is mounted in every sandbox is left alone.
 */
static void transaction(struct strv *argv, const struct maker *k)
{
	strv_addl(argv, "-U", "--nosignature", "--nodigest", "--noplugins", "--ignorearch",
		"--define", "_netsharedpath /dev:/proc:/sys", NULL);
	strv_copy(argv, &k->files);
}

static int count(struct maker *k, struct err *err)
{
	auto_strv struct strv argv = STRV_INIT, have = STRV_INIT, want = STRV_INIT;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	int r;

	strv_addl(&argv, "rpm", "-qa", "--qf", RPM_QA, NULL);
	if ((r = run(k, &argv, false, &out, err)) < 0)
		return r;
	rpm_installed(sb_str(&out), &have);
	if (k->m->base) {
		vec_foreach (&k->m->base->lock->base, p)
			strv_add(&want, p->nevra);
	}
	vec_foreach (k->m->packages, p)
		strv_add(&want, p->nevra);
	strv_sort(&want);
	for (size_t i = 0; i < have.n && i < want.n; i++)
		if (!str_eq(have.v[i], want.v[i]))
			return err_set(err, ERR_BUILD,
				"the root has other packages than it should: '%s', not '%s'",
				have.v[i], want.v[i]);
	return have.n == want.n
		       ? 0
		       : err_set(err, ERR_BUILD, "the root's own rpm sees %zu packages, not %zu",
				 have.n, want.n);
}

static int finish(struct maker *k, const char *dbpath, struct err *err)
{
	auto_strv struct strv argv = STRV_INIT;

	strv_addl(&argv, "sh", "-c", rpm_finish_script, "sh", dbpath, NULL);
	return run(k, &argv, false, NULL, err);
}

/* Where the root's own rpm has its database, and of what format: "" for unknown. */
static int ask(struct maker *k, char **ret_dbpath, char **ret_format, struct err *err)
{
	auto_strv struct strv argv = STRV_INIT, lines = STRV_INIT;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	int r;

	strv_addl(&argv, "rpm", "-E", "%{_dbpath}\n%{?_db_backend}", NULL);
	if ((r = run(k, &argv, false, &out, err)) < 0)
		return r;
	strv_lines(&lines, sb_str(&out));
	if (!lines.n || lines.v[0][0] != '/' || strstr(lines.v[0], "/../"))
		return err_set(err, ERR_BUILD, "the root's own rpm has no fit %%_dbpath");
	*ret_dbpath = xstrdup(lines.v[0]);
	*ret_format = xstrdup(lines.n > 1 ? lines.v[1] : "");
	return 0;
}

/* Another format: the root's own rpm writes what it would have written. */
static int rewrite(struct maker *k, const char *dbpath, struct err *err)
{
	auto_strv struct strv argv = STRV_INIT;
	int r;

	say(k, "writing the root's package database by its own rpm");
	strv_addl(&argv, "mkdir", "-p", dbpath, NULL);
	if ((r = run(k, &argv, false, NULL, err)) < 0)
		return r;
	strv_release(&argv);
	argv = (struct strv)STRV_INIT;
	strv_addl(&argv, "rpm", "--justdb", "--nodeps", "--noscripts", "--notriggers",
		"--ignoresize", NULL);
	transaction(&argv, k);
	return run(k, &argv, true, NULL, err);
}

/*
 * Packages may leave it to rpm to make their accounts ("Provides: user(x) = <a line for
 * sysusers>"), which it does since 4.19. Where this machine's does not, the root's own programs do
 * it afterwards.
 */
static int owners(struct maker *k, struct err *err)
{
	auto_strv struct strv argv = STRV_INIT;

	if (k->m->base || !k->no_owner)
		return 0;
	say(k, "making accounts that packages ask for");
	strv_addl(&argv, "sh", "-c", rpm_owners_script, NULL);
	return run(k, &argv, false, NULL, err);
}

static int database(struct maker *k, struct err *err)
{
	auto_free char *dbpath = NULL, *format = NULL;
	int r = ask(k, &dbpath, &format, err);

	if (r < 0)
		return r;
	if (str_eq(format, "sqlite")) /* as ours; else what we wrote is not moved but dropped */
		return finish(k, dbpath, err);
	r = rewrite(k, dbpath, err);
	return r < 0 ? r : finish(k, "", err);
}

static int install(struct maker *k, struct err *err)
{
	auto_strv struct strv argv = STRV_INIT;
	const size_t n = k->m->packages->n;
	auto_free char *what = xasprintf("installing %zu package%s", n, n == 1 ? "" : "s");
	int r;

	say(k, what);
	if (k->m->base) {
		strv_add(&argv, "rpm");
		transaction(&argv, k);
		return run(k, &argv, true, NULL, err);
	}
	if ((r = rpm_tool(&argv, err)) < 0)
		return r;
	strv_addl(&argv, "--dbpath", RPM_NEW_DB, "--define", "_db_backend sqlite", NULL);
	transaction(&argv, k);
	return run(k, &argv, true, NULL, err);
}

/* /in was only mounted on. */
static int tidy(struct maker *k, struct err *err)
{
	auto_strv struct strv argv = STRV_INIT;

	strv_addl(&argv, "rmdir", IN, NULL);
	return run(k, &argv, false, NULL, err);
}

static int work(struct maker *k, const struct sandbox_conf *conf, struct err *err)
{
	int r = sandbox_open(conf, &k->sandbox, err);

	if (r < 0 || (r = install(k, err)) < 0 ||
		(r = k->m->base ? tidy(k, err) : database(k, err)) < 0 ||
		(r = owners(k, err)) < 0 || (r = count(k, err)) < 0)
		return r;
	say(k, "writing the root to disk");
	sandbox_free(TAKE(k->sandbox)); /* syncs */
	return 0;
}

static int over_base(struct maker *k, struct sandbox_conf *conf, struct err *err)
{
	const struct strv *layers = &k->m->base->mounts.v[0].layers;
	const struct sandbox_mount mount = {
		.at = "/", .layers = (const char *const *)layers->v, .n_layers = layers->n};

	conf->mounts = &mount;
	conf->n_mounts = 1;
	return work(k, conf, err);
}

static int over_nothing(struct maker *k, struct sandbox_conf *conf, struct err *err)
{
	auto_free char *hide = path_join(k->m->dir, "hide"),
		       *left = path_join(k->layer, &RPM_HOST[1]);
	const char *const usr[] = {hide, "/usr"};
	struct sandbox_mount mounts[] = {{.at = "/"}, {.at = RPM_HOST "/usr", .layers = usr}};
	int r;

	if ((r = fs_mkdirs(hide, 0755, err)) < 0 || (r = host_usr_hide(hide, err)) < 0)
		return r;
	mounts[1].n_layers = COUNTOF(usr);
	conf->mounts = mounts;
	conf->n_mounts = COUNTOF(mounts);
	if ((r = work(k, conf, err)) < 0 || (r = sandbox_remove_tree(left, err)) < 0)
		return r;
	return fs_remove_tree(hide, err);
}

int rpm_make_layer(const struct rpm_make *m, struct err *err)
{
	CLEANUP(maker_release) struct maker k = {.m = m, .log_fd = -1};
	auto_free char *state = path_join(m->dir, "state");
	struct sandbox_conf conf = {.state = state, .limits = LIMITS_DEFAULT};
	int r;

	k.in = path_join(m->dir, "in");
	k.log = path_join(m->dir, "make.log");
	k.layer = path_join(m->dir, "layer");
	conf.keep_upper = k.layer;
	conf.limits.time = SECONDS;
	conf.limits.log = LOG_MAX;
	conf.limits.disk = 32 * GIB;
	k.log_fd = open(k.log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (k.log_fd < 0)
		return err_errno(err, "cannot write '%s'", k.log);
	if ((r = offer(&k, err)) < 0)
		return r;
	r = m->base ? over_base(&k, &conf, err) : over_nothing(&k, &conf, err);
	return r < 0 ? r : fs_remove_tree(k.in, err);
}
