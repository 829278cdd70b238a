/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe.c - what this machine and this user can do, by trying it. */
#include "base/fs.h"
#include "base/time.h"
#include "sandbox/internal.h"
#include "sandbox/sys.h"
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

void sandbox_check_release(struct sandbox_check *c)
{
	free(c->name);
	free(c->detail);
	free(c->fix);
}

/* detail is taken over; fix (borrowed) counts only where it is not ok. */
static void add(struct sandbox_checks *v, const char *name, bool ok, bool needed, char *detail,
	const char *fix)
{
	*vec_push(v) = (struct sandbox_check){.name = xstrdup(name),
		.detail = detail,
		.fix = ok ? NULL : xstrdup(fix),
		.ok = ok,
		.needed = needed};
}

static void check_userns(struct sandbox_checks *v)
{
	struct clone_args ca = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	int pid = sys_clone3(&ca), sys = errno;

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		sb_outer_end(pid);
	add(v, "user namespaces", pid > 0, true, xstrdup(pid > 0 ? "can be made" : strerror(sys)),
		"set the sysctls user.max_user_namespaces (not 0) and, where they exist, "
		"kernel.unprivileged_userns_clone=1, "
		"kernel.apparmor_restrict_unprivileged_userns=0");
}

static bool check_mode(struct sandbox_checks *v, enum sandbox_mode *ret)
{
	auto_err struct err err = ERR_INIT;
	uint32_t uids, gids;
	char *detail;

	if (sandbox_mode(ret, &err) < 0) {
		add(v, "ids", false, true, xstrdup("no range of ids for root inside"), err.msg);
		return false;
	}
	if (*ret == SANDBOX_SUBUID)
		detail = xstrdup("root: every sandbox gets a range of its own");
	else if (sb_user_range(&uids, &gids, NULL) >= 0)
		detail = xasprintf("ordinary user: all sandboxes share ids from %u on", uids);
	else
		detail = xstrdup("ordinary user");
	add(v, "ids", true, true, detail, NULL);
	return true;
}

static const char *version_of(const struct sb_cgroup *cg, const char *dir)
{
	return dir == cg->v2 ? "cgroup v2" : "cgroup v1";
}

static void check_cgroups(struct sandbox_checks *v)
{
	static const char fix[] =
		"run packmill as root, or in a cgroup handed to the user (systemd-run --user "
		"--scope -p Delegate=yes packmill ...)";
	struct limits l = {.memory = 64 * MIB, .pids = 100, .cpus = 1};
	struct sb_cgroup cg;

	sb_cgroup_open(&cg, &l, 0);
	add(v, "memory limit", cg.memory, false,
		xstrdup(cg.memory ? version_of(&cg, cg.memory) : "a build can use all memory"),
		fix);
	add(v, "process limit", true, false,
		xstrdup(cg.pids ? version_of(&cg, cg.pids)
				: "by the process limit of the user namespace"),
		NULL);
	add(v, "processor limit", cg.cpu, false,
		xstrdup(cg.cpu ? version_of(&cg, cg.cpu) : "a build can use all processors"), fix);
	sb_cgroup_close(&cg);
}

static int make_skeleton(const char *dir, struct err *err)
{
	static const char *const links[] = {"bin", "sbin", "lib", "lib64"};

	for (size_t i = 0; i < COUNTOF(links); i++) {
		auto_free char *at = path_join(dir, links[i]), *to = xasprintf("usr/%s", links[i]);

		if (symlink(to, at) < 0)
			return err_errno(err, "cannot make '%s'", at);
	}
	return 0;
}

/* The whole thing over this machine's /usr. */
static int try_sandbox(struct sandbox_checks *v, const char *tmp, struct err *err)
{
	auto_free char *skel = path_join(tmp, "skel"), *state = path_join(tmp, "state");
	const char *root[] = {skel}, *usr[] = {"/usr"}, *argv[] = {"/usr/bin/true", NULL};
	const struct sandbox_mount mounts[] = {{"/", root, 1}, {"/usr", usr, 1}};
	struct sandbox_conf conf = {.mounts = mounts,
		.n_mounts = 2,
		.state = state,
		.limits = {.disk = 64 * MIB, .inodes = 10000, .time = 30}};
	struct sandbox_cmd cmd = {.argv = argv, .cwd = "/"};
	CLEANUP(sandbox_freep) struct sandbox *sb = NULL;
	struct sandbox_verdict verdict;
	double t = time_mono();
	int r;

	if ((r = fs_mkdirs(skel, 0755, err)) < 0 || (r = make_skeleton(skel, err)) < 0 ||
		(r = sandbox_open(&conf, &sb, err)) < 0 ||
		(r = sandbox_run(sb, &cmd, NULL, &verdict, err)) < 0)
		return r;
	if (verdict.exit != 0)
		return err_set(err, ERR_SYS, "/usr/bin/true ended with status %d", verdict.exit);
	add(v, "sandbox", true, true,
		xasprintf("a command in a fresh root took %.1f ms", (time_mono() - t) * 1000),
		NULL);
	add(v, "layers in memory", sb->tmpfs, false,
		xstrdup(sb->tmpfs ? "small writable layers lie in a tmpfs"
				  : "writable layers lie on disk and are measured while a build "
				    "runs"),
		"as an ordinary user this takes Linux 6.6 (user.* attributes on tmpfs)");
	if (sb->mode == SANDBOX_SUBUID)
		add(v, "idmapped mounts", sb->plain_layers == 0, false,
			xstrdup(sb->plain_layers ? "files of the machine belong to nobody inside"
						 : "layers show their owners"),
			"keep data and /usr on ext4, xfs, btrfs or f2fs");
	return 0;
}

static void check_sandbox(struct sandbox_checks *v)
{
	const char *base = getenv("TMPDIR");
	auto_free char *prefix = xasprintf("%s/packmill-probe-", base ? base : "/tmp");
	auto_free char *tmp = NULL;
	auto_err struct err err = ERR_INIT;
	int r = fs_tmpdir(prefix, &tmp, &err);

	if (r >= 0)
		r = try_sandbox(v, tmp, &err);
	if (r < 0)
		add(v, "sandbox", false, true, xstrdup(err.msg),
			"in a container, allow it user namespaces and mounts (an unconfined "
			"seccomp "
			"and AppArmor profile, an unmasked /proc); overlay and seccomp must be "
			"compiled into the kernel");
	if (tmp)
		fs_remove_tree(tmp, NULL);
}

int sandbox_probe(struct sandbox_checks *ret, UNUSED struct err *err)
{
	enum sandbox_mode mode;

	check_userns(ret);
	check_cgroups(ret);
	if (check_mode(ret, &mode))
		check_sandbox(ret);
	return 0;
}
