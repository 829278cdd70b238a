/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launch.c - start pid 1 of one command. The launcher is a child that joins the cgroup and the
 * stage, clones pid 1 as the supervisor's child (CLONE_PARENT) into fresh namespaces, writes its
 * id maps and exits.
 */
#include "sandbox/launch.h"
#include "base/fs.h"
#include "sandbox/sys.h"
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Without a pids controller: the same number as a process limit of the user namespace, which is
 * taken from our own limit when that namespace is made. */
static void limit_processes(const struct sandbox *sb)
{
	struct rlimit l;

	if (sb->cg.pids || !sb->limits.pids || getrlimit(RLIMIT_NPROC, &l) < 0)
		return;
	if (l.rlim_max == RLIM_INFINITY || l.rlim_max > sb->limits.pids)
		l.rlim_max = sb->limits.pids;
	l.rlim_cur = l.rlim_max;
	(void)setrlimit(RLIMIT_NPROC, &l);
}

/* When the machine runs out of memory, a build goes before the rest. */
static void offer_to_oom(void)
{
	(void)fs_write("/proc/self/oom_score_adj", "300", 3, 0, NULL);
}

static int enter_stage(const struct sandbox *sb, struct err *err)
{
	int r = sb_outer_enter(sb, err);

	if (r < 0)
		return r;
	/* the change of ids made us, and would make pid 1, something whose /proc files belong to
	 * real root: then we could not write its maps */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return sb_stage_enter(sb, err);
}

/* A detached read-only clone of the caller's directory. */
static int clone_bind(const struct sandbox_cmd *cmd, int *ret, struct err *err)
{
	struct mount_attr a = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};

	*ret = -1;
	if (!cmd->bind_src)
		return 0;
	*ret = sys_open_tree(AT_FDCWD, cmd->bind_src, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (*ret < 0 || sys_mount_setattr(*ret, &a) < 0)
		return err_errno(err, "cannot show '%s' inside", cmd->bind_src);
	return 0;
}

/*
 * The kernel counts what is made in a user namespace (inotify instances, namespaces, queued
 * signals) for whoever made it, too. Real root must not be that one: a build could use up what
 * the machine's own services need. So it is root of the range.
 */
static int leave_root(const struct sandbox *sb, struct err *err)
{
	if (sb->mode != SANDBOX_SUBUID)
		return 0;
	if (setresuid((uid_t)-1, sb_outer_id(sb, 0), (uid_t)-1) < 0 ||
		sb_caps_set(sb_caps_permitted()) < 0)
		return err_errno(err, "cannot become root of the id range");
	/* cleared by the change of ids */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return 0;
}

static int spawn(struct sb_inside *in, int go[2], struct err *err)
{
	const struct sandbox *sb = in->sb;
	struct clone_args ca = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
			 CLONE_NEWCGROUP | CLONE_PARENT,
	};
	int pid;

	if (!sb->network)
		ca.flags |= CLONE_NEWNET;
	if (sb->cg.fd >= 0) {
		ca.flags |= CLONE_INTO_CGROUP;
		ca.cgroup = (uint64_t)sb->cg.fd;
	}
	pid = sys_clone3(&ca);
	if (pid < 0)
		return err_errno(err, "cannot make the namespaces");
	if (pid == 0) {
		close(go[1]);
		in->go = go[0];
		sb_inside_main(in);
	}
	return pid;
}

static int launch(struct sb_inside *in, struct err *err)
{
	struct sb_msg started = {.type = SB_MSG_STARTED};
	uint32_t base = sb_outer_id(in->sb, 0);
	int go[2], pid, r;

	if ((r = sb_cgroup_join(&in->sb->cg, err)) < 0)
		return r;
	offer_to_oom();
	limit_processes(in->sb);
	if ((r = enter_stage(in->sb, err)) < 0 || (r = clone_bind(in->cmd, &in->bind, err)) < 0)
		return r;
	if (pipe2(go, O_CLOEXEC) < 0)
		return err_errno(err, "cannot make a pipe");
	if ((r = leave_root(in->sb, err)) < 0)
		return r;
	pid = spawn(in, go, err);
	if (pid < 0)
		return pid;
	if ((r = sb_inner_map(pid, base, err)) < 0) {
		/* it reads the end of our pipe and exits; the supervisor reaps it all the same */
		started.b = 1;
	}
	started.a = pid;
	sb_send(in->sock, &started, -1);
	if (r >= 0 && write(go[1], "x", 1) != 1)
		r = err_errno(err, "cannot start the sandbox");
	return r;
}

int sb_launch(struct sb_inside *in, int parent_sock, int *ret_pid, struct err *err)
{
	struct err mine = ERR_INIT;
	struct sb_msg m;
	int self = getpid(), pid = fork(), r;

	if (pid < 0)
		return err_errno(err, "cannot fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		close(parent_sock);
		if (getppid() != self)
			_exit(1);
		r = launch(in, &mine);
		if (r < 0)
			sb_send_err(in->sock, &mine);
		_exit(r < 0 ? 1 : 0);
	}
	/* ours must be closed, or we would never see the end of it */
	close(in->sock);
	r = sb_expect(parent_sock, SB_MSG_STARTED, &m, NULL, err);
	sb_outer_end(pid);
	if (r < 0)
		return r;
	*ret_pid = (int)m.a;
	return 0;
}
