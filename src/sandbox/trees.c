/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trees.c - trees of the id range outside of any sandbox: remove them, hand them over, sweep. */
#include "base/fs.h"
#include "base/log.h"
#include "sandbox/internal.h"
#include <ftw.h>
#include <sys/file.h>

/* A sandbox that is nothing but an id range, to act on trees with. */
static int bare(struct sandbox *sb, struct err *err)
{
	int r;

	*sb = (struct sandbox){.userns = -1};
	if ((r = sandbox_mode(&sb->mode, err)) < 0)
		return r;
	return sb->mode == SANDBOX_USER ? sb_userns_make(sb, &sb->userns, err) : 0;
}

int sandbox_remove_tree(const char *path, struct err *err)
{
	struct sandbox sb;
	int r;

	if (geteuid() == 0 || !fs_exists(path))
		return fs_remove_tree(path, err);
	if ((r = bare(&sb, err)) < 0)
		return r;
	r = sb_outer_remove(&sb, path, err);
	auto_closep(&sb.userns);
	return r;
}

/* In the outer user namespace our own id comes right after the range. */
static int own_one(const char *path, const struct stat *st, UNUSED int type, UNUSED struct FTW *f)
{
	uid_t uid = st->st_uid == SB_IDS ? 0 : (uid_t)-1;
	gid_t gid = st->st_gid == SB_IDS ? 0 : (gid_t)-1;

	if (lchown(path, uid, gid) < 0)
		return -1;
	/* a change of owner takes setuid bits off */
	return S_ISLNK(st->st_mode) || chmod(path, st->st_mode & 07777) == 0 ? 0 : -1;
}

static int own_fn(UNUSED struct sandbox *sb, void *arg, int sock, struct err *err)
{
	struct sb_msg done = {.type = SB_MSG_DONE};

	if (nftw(arg, own_one, 64, FTW_PHYS) != 0)
		return err_errno(err, "cannot hand '%s' over to the id range", (char *)arg);
	sb_send(sock, &done, -1);
	return 0;
}

int sandbox_own_tree(const char *path, struct err *err)
{
	auto_free char *copy = xstrdup(path);
	struct sandbox sb;
	int r = bare(&sb, err);

	if (r < 0 || sb.mode == SANDBOX_SUBUID)
		return r;
	r = sb_outer_call(&sb, own_fn, copy, err);
	auto_closep(&sb.userns);
	return r;
}

/* The lock of a scratch directory whose owner is dead: nobody held it. It is kept while the
 * directory is removed, so that nobody moves in meanwhile. -1: somebody's, or no scratch. */
static int lock_stale(const char *dir)
{
	auto_free char *lock = path_join(dir, SB_LOCK);
	auto_close int fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 ? take_fd(&fd) : -1;
}

int sandbox_sweep(const char *state_parent, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r, worst = 0;

	sb_cgroup_sweep();
	if (!fs_exists(state_parent))
		return 0;
	if ((r = fs_list(state_parent, &names, err)) < 0)
		return r;
	strv_foreach (&names, n) {
		auto_free char *dir = path_join(state_parent, *n);
		auto_close int lock = lock_stale(dir);

		if (lock < 0)
			continue;
		/* one that cannot be removed does not keep the others */
		r = sandbox_remove_tree(dir, worst < 0 ? NULL : err);
		if (r < 0 && worst == 0)
			worst = err_wrap(err, "cannot sweep '%s'", dir);
		trace("sandbox", "swept %s", dir);
	}
	return worst;
}
