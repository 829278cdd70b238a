/* SPDX-License-Identifier: GPL-3.0-or-later */
/* payload.c - the last steps before foreign code: capabilities, filter, ids, environment. */
#include "base/text.h"
#include "sandbox/internal.h"
#include "sandbox/sys.h"
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

/* What installers and builds need over their own files and users. Device nodes, mounts, raw
 * network, tracing of others and the like are not among it. */
static const int keep[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETUID,
	CAP_SETGID, CAP_SETPCAP, CAP_SETFCAP, CAP_SYS_CHROOT, CAP_KILL, CAP_NET_BIND_SERVICE};

static NORETURN void fail(const char *what, const char *arg)
{
	auto_strbuf struct strbuf text = STRBUF_INIT;
	int sys = errno;

	sb_add(&text, "packmill: cannot ");
	sb_add(&text, what);
	if (arg) {
		sb_add(&text, " '");
		text_term(&text, arg, 200);
		sb_add(&text, "'");
	}
	sb_addf(&text, ": %s\n", strerror(sys));
	if (write(STDERR_FILENO, text.s, text.n) < 0) {
		/* then the exit status has to tell it alone */
	}
	_exit(sys == ENOENT ? 127 : 126);
}

static uint64_t caps_wanted(bool nested)
{
	uint64_t m = 0;

	if (nested)
		return ~UINT64_C(0);
	for (size_t i = 0; i < COUNTOF(keep); i++)
		m |= UINT64_C(1) << keep[i];
	return m;
}

static void drop_bounding(uint64_t wanted)
{
	for (int i = 0; i < 64; i++) {
		if (!(wanted >> i & 1) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			break; /* past the last capability of this kernel */
	}
}

static void load_filter(const struct sandbox *sb)
{
	struct sock_fprog prog = {.len = (unsigned short)sb->n_filter, .filter = sb->filter};

	/* with nesting, a setuid newuidmap must still work inside */
	if (!sb->nested && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fail("give up new privileges", NULL);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		fail("load the seccomp filter", NULL);
}

static void become(const struct sb_inside *in)
{
	uint64_t wanted = caps_wanted(in->sb->nested) & sb_caps_permitted();

	drop_bounding(wanted);
	load_filter(in->sb);
	if (in->cmd->as_root) {
		if (sb_caps_set(wanted) < 0)
			fail("drop capabilities", NULL);
		return;
	}
	if (setgroups(0, NULL) < 0 ||
		setresgid(SANDBOX_BUILDER, SANDBOX_BUILDER, SANDBOX_BUILDER) < 0 ||
		setresuid(SANDBOX_BUILDER, SANDBOX_BUILDER, SANDBOX_BUILDER) < 0)
		fail("become the builder", NULL);
}

static void open_streams(const struct sb_inside *in, int tty)
{
	int null, out, errs;

	/* above 2, also when the caller came with its own streams closed */
	do {
		null = open("/dev/null", O_RDWR);
	} while (null >= 0 && null < 3);
	out = in->out_fd >= 0 ? in->out_fd : null;
	errs = in->err_fd >= 0 ? in->err_fd : null;
	if (tty >= 0) {
		if (ioctl(tty, TIOCSCTTY, 0) < 0)
			_exit(126);
		null = out = errs = tty;
	}
	if (null < 0 || dup2(errs, STDERR_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
		dup2(null, STDIN_FILENO) < 0)
		_exit(126);
	sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
}

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == '=';
}

/* Later entries win over earlier ones of the same name. */
static void add_env(struct strv *env, const char *entry)
{
	strv_foreach (env, e) {
		if (same_name(entry, *e)) {
			str_set(e, entry);
			return;
		}
	}
	strv_add(env, entry);
}

static void make_env(const struct sb_inside *in, struct strv *env)
{
	const char *term = in->cmd->tty ? getenv("TERM") : NULL;
	bool root = in->cmd->as_root;

	strv_add(env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	strv_addf(env, "HOME=%s", root ? "/root" : "/builddir");
	strv_add(env, "LANG=C.UTF-8");
	strv_addf(env, "TERM=%s", term ? term : "dumb");
	strv_addf(env, "USER=%s", root ? "root" : "builder");
	strv_addf(env, "LOGNAME=%s", root ? "root" : "builder");
	strv_add(env, "SHELL=/bin/sh");
	for (const char *const *e = in->cmd->env; e && *e; e++)
		add_env(env, *e);
}

void sb_payload_main(const struct sb_inside *in, int tty)
{
	const char *cwd = in->cmd->cwd;
	auto_strv struct strv env = STRV_INIT;
	auto_free char **argv = NULL;
	size_t n = 0;

	setsid();
	open_streams(in, tty);
	make_env(in, &env);
	while (in->cmd->argv[n])
		n++;
	argv = xcalloc(n + 1, sizeof *argv);
	for (size_t i = 0; i < n; i++)
		argv[i] = xstrdup(in->cmd->argv[i]);
	become(in);
	if (!cwd)
		cwd = in->cmd->as_root ? "/root" : "/builddir";
	if (chdir(cwd) < 0)
		fail("change to the directory", cwd);
	environ = env.v; /* its PATH is the one to search */
	execvp(argv[0], argv);
	fail("run", argv[0]);
}
