/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * overlay.c - mount the overlays of a sandbox, in the stage's process and namespace.
 *
 * The scratch directory <state>/mnt is a small tmpfs there:
 *   l0, l1, ...  read-only layers: idmapped clones (subuid) or links (user); short names, because
 *                all of them must fit into the one page of options that mount(2) takes
 *   w            the writable layer: a tmpfs of the right size, or a link to <state>/layer
 *   k            with keep_upper: the directory that holds it, idmapped in subuid mode
 *   m            the root, with the other overlays on it
 */
#include "base/fs.h"
#include "base/log.h"
#include "sandbox/layer.h"
#include "sandbox/sys.h"
#include <inttypes.h>
#include <sys/sysinfo.h>
#include <sys/xattr.h>

struct stage {
	struct sandbox *sb;
	const struct sandbox_conf *conf;
	int idmap; /* subuid: a user namespace with the range as its map, else -1 */
	size_t n_lowers;
};

static int attach_idmapped(int idmap, const char *src, const char *name, uint64_t attrs)
{
	struct mount_attr a = {.attr_set = MOUNT_ATTR_IDMAP | attrs, .userns_fd = (uint64_t)idmap};
	auto_close int fd = sys_open_tree(AT_FDCWD, src, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 || sys_mount_setattr(fd, &a) < 0)
		return -1;
	if (mkdir(name, 0755) < 0 && errno != EEXIST)
		return -1;
	return sys_attach(fd, name);
}

/*
 * Give a layer its short name. Where the file system cannot be idmapped its files belong to
 * "nobody" inside: enough to read, so a layer goes without; as in user mode anyway.
 */
static int add_lower(struct stage *s, const char *path, struct err *err)
{
	auto_free char *name = xasprintf("l%zu", s->n_lowers++);

	if (s->idmap >= 0) {
		if (attach_idmapped(s->idmap, path, name, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV) ==
			0)
			return 0;
		if (errno != EINVAL && errno != EPERM)
			return err_errno(err, "cannot map the ids of layer '%s'", path);
		s->sb->plain_layers++;
		rmdir(name);
	}
	return symlink(path, name) < 0 ? err_errno(err, "cannot link layer '%s'", path) : 0;
}

static bool takes_user_xattr(const char *dir)
{
	return setxattr(dir, "user.overlay.probe", "y", 1, 0) == 0 &&
	       removexattr(dir, "user.overlay.probe") == 0;
}

/* Memory is taken from the machine: at most half of it for one layer. */
static bool fits_memory(uint64_t disk)
{
	struct sysinfo si;

	return disk && sysinfo(&si) == 0 && disk <= (uint64_t)si.totalram * si.mem_unit / 2;
}

/* False when a tmpfs will not do: too big for it, or it lacks what an overlay needs (an overlay
 * in a user namespace keeps its notes in user.* attributes, which tmpfs has since Linux 6.6). */
static bool layer_on_tmpfs(struct stage *s)
{
	const struct limits *l = &s->sb->limits;
	auto_free char *opt = NULL;

	if (!fits_memory(l->disk) || mkdir("w", 0755) < 0)
		return false;
	opt = xasprintf("size=%" PRIu64 ",nr_inodes=%" PRIu64 ",mode=755", l->disk, l->inodes);
	if (sys_mount("tmpfs", "w", "tmpfs", MS_NOSUID | MS_NODEV, opt) == 0) {
		if (s->sb->mode == SANDBOX_SUBUID || takes_user_xattr("w"))
			return true;
		sys_umount("w", SYS_DETACH);
	}
	rmdir("w");
	return false;
}

static int make_layer(struct stage *s, struct err *err)
{
	auto_free char *disk = path_join(s->sb->state, "layer");
	int r;

	if (s->sb->keep && s->conf->n_mounts == 1)
		return 0;
	s->sb->tmpfs = layer_on_tmpfs(s);
	if (s->sb->tmpfs)
		return 0;
	/* what somebody left who was killed here before */
	if ((r = fs_remove_tree(disk, err)) < 0)
		return r;
	if (mkdir(disk, 0755) < 0 || symlink(disk, "w") < 0)
		return err_errno(err, "cannot make the writable layer '%s'", disk);
	return 0;
}

/* The directories of the layer itself, before an overlay is mounted on it. */
static int make_owned(const char *path, uint32_t id, struct err *err)
{
	if (mkdir(path, 0755) < 0 || chown(path, id, id) < 0)
		return err_errno(err, "cannot make directory '%s'", path);
	return 0;
}

char *sb_keep_work(const struct sandbox *sb)
{
	auto_free char *dir = path_dir(sb->keep);

	return xasprintf("%s/.%s.work", dir, path_base(sb->keep));
}

/* The kept layer. Upper and work directory must lie on one mount, so it is the directory above
 * them that is idmapped. */
static int keep_dirs(struct stage *s, struct err *err)
{
	struct sandbox *sb = s->sb;
	auto_free char *dir = path_dir(sb->keep), *work = sb_keep_work(sb);
	int r;

	if ((r = fs_remove_tree(work, err)) < 0 || (r = fs_mkdirs(work, 0755, err)) < 0)
		return r;
	if (chown(work, 0, 0) < 0 || chown(sb->keep, 0, 0) < 0 || chmod(sb->keep, 0755) < 0)
		return err_errno(err, "cannot give '%s' its owner", sb->keep);
	if (s->idmap >= 0 ? attach_idmapped(s->idmap, dir, "k", 0) < 0 : symlink(dir, "k") < 0)
		return err_errno(err, "cannot map the ids of '%s'", dir);
	return 0;
}

/* Paths of mount i below the scratch directory. */
static char *upper_path(const struct sandbox *sb, size_t i)
{
	if (i == 0 && sb->keep)
		return xasprintf("k/%s", path_base(sb->keep));
	return xasprintf("w/u%zu", i);
}

static char *work_path(const struct sandbox *sb, size_t i)
{
	if (i == 0 && sb->keep)
		return xasprintf("k/.%s.work", path_base(sb->keep));
	return xasprintf("w/w%zu", i);
}

static int prepare(struct stage *s, size_t i, struct err *err)
{
	const struct sandbox_mount *conf = &s->conf->mounts[i];
	auto_free char *upper = upper_path(s->sb, i), *work = work_path(s->sb, i);
	uint32_t root = sb_outer_id(s->sb, 0);
	int r;

	for (size_t j = 0; j < conf->n_layers; j++) {
		if ((r = add_lower(s, conf->layers[j], err)) < 0)
			return r;
	}
	if (i == 0 && s->sb->keep)
		return keep_dirs(s, err);
	r = make_owned(upper, root, err);
	return r < 0 ? r : make_owned(work, root, err);
}

static char *lowers_text(const struct sb_mount *m)
{
	struct strbuf b = STRBUF_INIT;

	for (size_t j = 0; j < m->n_layers; j++)
		sb_addf(&b, "%sl%zu", j ? ":" : "", m->first_layer + j);
	if (!m->n_layers)
		sb_add(&b, "none");
	return sb_take(&b);
}

/* The directory to mount on, as a path that no link in a layer can lead astray. */
static int mountpoint(struct sandbox *sb, size_t i, int *ret_fd, char **ret_path, struct err *err)
{
	int r = 0;

	if (i == 0) {
		*ret_path = xstrdup("m");
		return 0;
	}
	r = sb_make_dirs(sb->mounts[0].merged, sb->mounts[i].at, true, ret_fd, err);
	if (r >= 0)
		*ret_path = xasprintf("/proc/self/fd/%d", *ret_fd);
	return r;
}

static int mount_one(struct sandbox *sb, size_t i, struct err *err)
{
	struct sb_mount *m = &sb->mounts[i];
	auto_free char *upper = upper_path(sb, i), *work = work_path(sb, i);
	auto_free char *lowers = lowers_text(m), *at = NULL, *merged = NULL;
	/* The options say what we rely on, whatever the kernel was configured to: an upper layer
	 * that is complete in itself. volatile: nothing in a build root is worth an fsync. */
	auto_free char *opt = xasprintf("lowerdir=%s,upperdir=%s,workdir=%s,"
					"redirect_dir=nofollow,metacopy=off,index=off,volatile%s",
		lowers, upper, work, sb->mode == SANDBOX_USER ? ",userxattr" : "");
	auto_close int point = -1;
	int r = mountpoint(sb, i, &point, &at, err);

	if (r < 0)
		return r;
	if (sys_mount("overlay", at, "overlay", MS_NODEV, opt) < 0)
		return err_errno(err, "cannot mount an overlay (%s) at '%s'", opt, m->at);
	/* checked just now: its way leads through plain directories only */
	merged = xasprintf("m%s", i ? m->at : "");
	m->upper = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	m->merged = open(merged, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->upper < 0 || m->merged < 0)
		return err_errno(err, "cannot open the overlay at '%s'", m->at);
	return 0;
}

static int attach_all(struct sandbox *sb, struct err *err)
{
	/* the mounter's ids go into what the overlay itself makes (work directory, whiteouts),
	 * and an idmapped layer holds none but those of the range */
	int r = sb_act_as(sb, 0, err);

	for (size_t i = 0; i < sb->n_mounts && r >= 0; i++)
		r = mount_one(sb, i, err);
	return sb_act_as_self(r, err);
}

/*
 * Directories that a root needs to be entered and built in, made beneath it: a layer may hold
 * links, and we are root here. Where /var is one, or belongs to somebody whom the id range does not
 * hold, the layers have to bring what is below it.
 */
static int base_dirs(struct stage *s, struct err *err)
{
	static const struct {
		const char *name;
		uint32_t id;
		mode_t mode;
	} dirs[] = {{"proc", 0, 0755}, {"sys", 0, 0755}, {"dev", 0, 0755}, {"run", 0, 0755},
		{"tmp", 0, 01777}, {"root", 0, 0700}, {"var", 0, 0755},
		{"builddir", SANDBOX_BUILDER, 0755}};
	int root = s->sb->mounts[0].merged, r = 0;
	auto_close int var = -1;

	for (size_t i = 0; i < COUNTOF(dirs) && r >= 0; i++) {
		r = sb_act_as(s->sb, dirs[i].id, err);
		if (r >= 0 && mkdirat(root, dirs[i].name, dirs[i].mode) < 0 && errno != EEXIST)
			r = err_errno(err, "cannot make '/%s'", dirs[i].name);
	}
	var = fs_open_beneath(root, "var", O_PATH | O_DIRECTORY, NULL);
	if (r >= 0 && var >= 0 && (r = sb_act_as(s->sb, 0, err)) >= 0)
		(void)mkdirat(var, "tmp", 01777);
	return sb_act_as_self(r, err);
}

static int mount_all(struct stage *s, struct err *err)
{
	auto_free char *scratch = path_join(s->sb->state, SB_SCRATCH);
	int r;

	if (mkdir(scratch, 0755) < 0 && errno != EEXIST)
		return err_errno(err, "cannot make directory '%s'", scratch);
	if (sys_mount("tmpfs", scratch, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755") < 0)
		return err_errno(err, "cannot mount a tmpfs at '%s'", scratch);
	if (chdir(scratch) < 0 || mkdir("none", 0755) < 0 || mkdir("m", 0755) < 0)
		return err_errno(err, "cannot use '%s'", scratch);
	if ((r = make_layer(s, err)) < 0)
		return r;
	for (size_t i = 0; i < s->conf->n_mounts; i++) {
		if ((r = prepare(s, i, err)) < 0)
			return r;
	}
	r = attach_all(s->sb, err);
	return r < 0 ? r : base_dirs(s, err);
}

int sb_overlays_mount(struct sandbox *sb, const struct sandbox_conf *conf, struct err *err)
{
	struct stage s = {.sb = sb, .conf = conf, .idmap = -1};
	int r = 0;

	if (sb->mode == SANDBOX_SUBUID)
		r = sb_userns_make(sb, &s.idmap, err);
	if (r >= 0)
		r = mount_all(&s, err);
	auto_closep(&s.idmap);
	return r;
}
