/* SPDX-License-Identifier: GPL-3.0-or-later */
/* git.c - the hard environment that git runs in. */
#include "base/fs.h"
#include "base/limits.h"
#include "git/internal.h"

#define DIR_NAME ".packmill" /* not a project's name */

/*
 * All of git's configuration. No fsckObjects: it refuses old but harmless history (zero-padded
 * modes, odd dates), and what it guards against - a checkout - never happens here. The commit
 * graph makes walks over long histories cheap.
 */
static const char config_text[] =
	"[core]\n\thooksPath = /dev/null\n\tattributesFile = /dev/null\n"
	"\texcludesFile = /dev/null\n\tfsmonitor = false\n\tautocrlf = false\n\teol = lf\n"
	"\tabbrev = no\n\tpager = cat\n\taskPass = /bin/false\n"
	"[safe]\n\tbareRepository = explicit\n"
	"[init]\n\tdefaultBranch = master\n\ttemplateDir =\n"
	"[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"
	"[fetch]\n\trecurseSubmodules = false\n\twriteCommitGraph = true\n"
	"[submodule]\n\trecurse = false\n"
	"[credential]\n\thelper =\n"
	"[transfer]\n\tfsckObjects = false\n"
	"[http]\n\tlowSpeedLimit = 500\n\tlowSpeedTime = 60\n"
	"[tar]\n\tumask = 0022\n"
	"[log]\n\tshowSignature = false\n\tmailmap = false\n"
	"[gpg]\n\tprogram = /bin/false\n[gpg \"ssh\"]\n\tprogram = /bin/false\n"
	"[gpg \"x509\"]\n\tprogram = /bin/false\n"
	"[advice]\n\tdetachedHead = false\n";

/* Names of ours that git and ssh may see: proxies, certificates, the agent. */
static const char *const passed[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy",
	"NO_PROXY", "all_proxy", "ALL_PROXY", "SSH_AUTH_SOCK"};

static void make_env(struct git *g, const char *config)
{
	for (const char *const *e = proc_env_default(); *e; e++)
		if (!str_starts(*e, "HOME=") && !str_starts(*e, "LANG="))
			strv_add(&g->env, *e);
	for (size_t i = 0; i < COUNTOF(passed); i++) {
		const char *v = getenv(passed[i]);

		if (v)
			strv_addf(&g->env, "%s=%s", passed[i], v);
	}
	strv_addf(&g->env, "HOME=%s", g->dir);
	strv_addf(&g->env, "XDG_CONFIG_HOME=%s", g->dir);
	strv_addf(&g->env, "GIT_CONFIG_GLOBAL=%s", config);
	strv_addl(&g->env, "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false", "SSH_ASKPASS=/bin/false",
		"SSH_ASKPASS_REQUIRE=never",
		"GIT_SSH_COMMAND=ssh -oBatchMode=yes -oConnectTimeout=30 "
		"-oServerAliveInterval=30",
		"GIT_SSH_VARIANT=ssh", "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_LITERAL_PATHSPECS=1", "GIT_OPTIONAL_LOCKS=0", "GIT_DEFAULT_REF_FORMAT=files",
		NULL);
}

static void quote_config(struct strbuf *b, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\' || *s == '"')
			sb_addc(b, '\\');
		if (*s == '\n')
			sb_add(b, "\\n");
		else
			sb_addc(b, *s);
	}
}

static void add_local(struct git *g, const char *path)
{
	auto_free char *abs = path_abs(path), *real = realpath(abs, NULL);

	if (!strv_has(&g->local, abs))
		strv_add(&g->local, abs);
	if (real && !strv_has(&g->local, real))
		strv_add(&g->local, real);
}

/* Written anew only when it is not what it should be; it can be made again, so no fsync. */
static int put_file(const char *dir, const char *name, const char *text, struct err *err)
{
	auto_free char *path = path_join(dir, name), *have = NULL, *tmp = NULL;
	int r;

	if (fs_read(path, LIMIT_CONFIG_FILE, &have, NULL, NULL) >= 0 && str_eq(have, text))
		return 0;
	tmp = xasprintf("%s.%ld", path, (long)getpid());
	r = fs_write(tmp, text, strlen(text), 0644, err);
	if (r < 0)
		return r;
	if (rename(tmp, path) < 0)
		return err_errno(err, "cannot write '%s'", path);
	return 0;
}

int git_make_repo(const char *dir, bool sha256, struct err *err)
{
	const char *config = sha256 ? "[core]\n\tbare = true\n\trepositoryFormatVersion = 1\n"
				      "[extensions]\n\tobjectFormat = sha256\n"
				    : "[core]\n\tbare = true\n";
	auto_free char *refs = path_join(dir, "refs"), *objects = path_join(dir, "objects");
	int r;

	if ((r = fs_mkdirs(refs, 0755, err)) < 0 || (r = fs_mkdirs(objects, 0755, err)) < 0 ||
		(r = put_file(dir, "config", config, err)) < 0)
		return r;
	return put_file(dir, "HEAD", "ref: refs/heads/none\n", err);
}

static int setup(struct git *g, struct err *err)
{
	auto_strbuf struct strbuf conf = STRBUF_INIT;
	int r;

	sb_add(&conf, config_text);
	sb_add(&conf, "[safe]\n");
	strv_foreach (&g->local, p) {
		sb_add(&conf, "\tdirectory = \"");
		quote_config(&conf, *p);
		sb_add(&conf, "\"\n\tdirectory = \"");
		quote_config(&conf, *p);
		sb_add(&conf, "/.git\"\n");
	}
	if ((r = fs_mkdirs(g->dir, 0755, err)) < 0 ||
		(r = put_file(g->dir, "gitconfig", sb_str(&conf), err)) < 0)
		return r;
	for (int sha256 = 0; sha256 < 2 && r >= 0; sha256++) {
		auto_free char *dir = path_join(g->dir, sha256 ? "sha256.git" : "sha1.git");

		r = git_make_repo(dir, sha256, err);
	}
	return r;
}

int git_open(
	const char *state_dir, const struct strv *local_paths, struct git **ret, struct err *err)
{
	struct git *g = xcalloc(1, sizeof *g);
	auto_free char *abs = path_abs(state_dir), *config = NULL;
	int r;

	g->dir = path_join(abs, DIR_NAME);
	config = path_join(g->dir, "gitconfig");
	if (local_paths)
		strv_foreach (local_paths, p)
			add_local(g, *p);
	r = setup(g, err);
	if (r < 0) {
		git_free(g);
		return err_wrap(err, "git");
	}
	make_env(g, config);
	*ret = g;
	return 0;
}

void git_free(struct git *g)
{
	if (!g)
		return;
	free(g->dir);
	strv_release(&g->env);
	strv_release(&g->local);
	free(g);
}
