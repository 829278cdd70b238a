/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim.c - in user mode a layer like the machine's own /usr belongs to real root, whom no id
 * range of an ordinary user holds: root inside sees "nobody" and may not install anything into it.
 * Before the first command as root every directory of such a layer is therefore made anew in the
 * writable layer, as root's own. The overlay merges both; files stay what they are, and can be
 * replaced.
 */
#include "base/fs.h"
#include "sandbox/internal.h"
#include "sandbox/sys.h"
#include <dirent.h>
#include <inttypes.h>

#define DEPTH_MAX 64
#define NOBODY    65534 /* how the kernel shows ids that are not mapped */

struct claim {
	dev_t dev; /* of the overlay: others mounted on it are claimed by themselves */
	uint64_t made;
};

static void claim_dir(struct claim *c, int merged, int upper, unsigned depth);

/* Takes neither descriptor. What cannot be claimed stays as it is: the command that wants to
 * write there will say so. */
static void claim_entry(struct claim *c, int merged, int upper, const char *name, unsigned depth)
{
	int from = openat(merged, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), to = -1;
	struct stat st;

	if (from >= 0 && fstat(from, &st) == 0 && st.st_dev == c->dev) {
		c->made += mkdirat(upper, name, st.st_mode & 07777) == 0;
		to = openat(upper, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (to >= 0)
		claim_dir(c, from, to, depth + 1);
	auto_closep(&from);
	auto_closep(&to);
}

static void claim_dir(struct claim *c, int merged, int upper, unsigned depth)
{
	int fd = depth < DEPTH_MAX ? openat(merged, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (!d) {
		auto_closep(&fd);
		return;
	}
	while ((e = readdir(d))) {
		if (e->d_type == DT_DIR && !str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			claim_entry(c, merged, upper, e->d_name, depth);
	}
	closedir(d);
}

/* Whether one of the layers belongs to somebody whom we cannot be. */
static bool is_foreign(const struct sb_mount *m)
{
	for (size_t i = 0; i < m->n_layers; i++) {
		auto_free char *layer = xasprintf("l%zu", m->first_layer + i);
		struct stat st;

		if (stat(layer, &st) == 0 && (st.st_uid == NOBODY || st.st_gid == NOBODY))
			return true;
	}
	return false;
}

/* What was made here is not the build's: it comes on top of its limit. */
static int allow_inodes(const struct sandbox *sb, uint64_t more, struct err *err)
{
	auto_free char *opt = xasprintf("nr_inodes=%" PRIu64, sb->limits.inodes + more);

	if (!sb->tmpfs || !sb->limits.inodes)
		return 0;
	if (sys_mount(NULL, "w", NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, opt) < 0)
		return err_errno(err, "cannot resize the writable layer");
	return 0;
}

static int claim_all(struct sandbox *sb, struct claim *c, struct err *err)
{
	int r = sb_act_as(sb, 0, err);

	for (size_t i = 0; i < sb->n_mounts && r >= 0; i++) {
		const struct sb_mount *m = &sb->mounts[i];
		struct stat st;

		/* a kept layer must hold what was written into it and nothing else */
		if ((i == 0 && sb->keep) || !is_foreign(m))
			continue;
		if (fstat(m->merged, &st) < 0)
			return err_errno(err, "cannot look at '%s'", m->at);
		c->dev = st.st_dev;
		claim_dir(c, m->merged, m->upper, 0);
	}
	return sb_act_as_self(r, err);
}

static int claim_fn(struct sandbox *sb, UNUSED void *arg, UNUSED int sock, struct err *err)
{
	struct claim c = {0};
	int r;

	if ((r = allow_inodes(sb, LIMIT_FILES, err)) < 0 || (r = claim_all(sb, &c, err)) < 0)
		return r;
	sb->claimed_inodes = c.made;
	return allow_inodes(sb, c.made, err);
}

int sb_claim(struct sandbox *sb, struct err *err)
{
	int r = 0;

	if (sb->mode == SANDBOX_USER && !sb->claimed)
		r = sb_stage_change(sb, claim_fn, err);
	sb->claimed = true;
	return r;
}
