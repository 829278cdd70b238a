/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * collect.c - copy artifacts out of a writable layer. An outer helper finds and opens the files
 * and hands over descriptors; the supervisor copies them into fresh files.
 */
#include "base/fs.h"
#include "sandbox/layer.h"
#include <dirent.h>
#include <fnmatch.h>
#include <inttypes.h>

#define COPY_CHUNK  ((size_t)1 << 20)
#define DEPTH_MAX   32
#define ENTRIES_MAX 100000 /* names looked at */

struct collect {
	const char *dir, *glob;
	bool recurse;
	size_t seen;
	int sock;
};

bool sb_artifact_name(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > LIMIT_ARTIFACT_NAME || *s == '.' || *s == '-' || strstr(s, ".."))
		return false;
	return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+~^-") ==
	       n;
}

static int send_file(struct collect *c, int dirfd, const char *name, struct err *err)
{
	struct sb_msg m = {.type = SB_MSG_FD};
	auto_close int fd = -1;
	struct stat st;

	if (!sb_artifact_name(name))
		return err_set(err, ERR_BUILD, "the name '%s' is refused", name);
	fd = sb_layer_open(dirfd, name, &st, err);
	if (fd < 0)
		return fd;
	m.a = st.st_size;
	snprintf(m.text, sizeof m.text, "%s", name);
	return sb_send(c->sock, &m, fd) < 0 ? err_set(err, ERR_SYS, "the caller is gone") : 0;
}

/* What an overlay puts where a file of a lower layer was removed. */
static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

static int walk(struct collect *c, int dirfd, unsigned depth, struct err *err);

static int entry(struct collect *c, int dirfd, const char *name, unsigned depth, struct err *err)
{
	struct stat st;
	int sub;

	if (++c->seen > ENTRIES_MAX)
		return err_set(err, ERR_BUILD, "more than %d files in '%s'", ENTRIES_MAX, c->dir);
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, "cannot look at '%s'", name);
	if (is_whiteout(&st))
		return 0;
	if (!S_ISDIR(st.st_mode))
		return fnmatch(c->glob, name, FNM_PERIOD) == 0 ? send_file(c, dirfd, name, err) : 0;
	if (!c->recurse)
		return 0;
	if (depth >= DEPTH_MAX)
		return err_set(err, ERR_BUILD, "directories nested too deep in '%s'", c->dir);
	sub = fs_open_beneath(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, err);
	return sub < 0 ? sub : walk(c, sub, depth + 1, err);
}

/* Takes dirfd. */
static int walk(struct collect *c, int dirfd, unsigned depth, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	auto_free char *path = xasprintf("/proc/self/fd/%d", dirfd);
	int r = fs_list(path, &names, err);

	for (size_t i = 0; i < names.n && r >= 0; i++)
		r = entry(c, dirfd, names.v[i], depth, err);
	close(dirfd);
	return r;
}

static int collect_fn(struct sandbox *sb, void *arg, int sock, struct err *err)
{
	struct sb_msg done = {.type = SB_MSG_DONE};
	struct err mine = ERR_INIT;
	struct collect *c = arg;
	const char *rel;
	const struct sb_mount *m = sb_find_mount(sb, c->dir, &rel);
	int r, fd = fs_open_beneath(m->upper, rel, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, &mine);

	c->sock = sock;
	if (fd < 0) {
		/* links where directories should be are an attack, or as bad as one */
		if (mine.sys == ELOOP || mine.sys == ENOTDIR || mine.sys == EXDEV)
			return err_set(
				err, ERR_BUILD, "'%s' is refused: not a plain directory", c->dir);
		if (mine.code != ERR_NOT_FOUND)
			return err_move(err, &mine);
	} else if ((r = walk(c, fd, 0, err)) < 0) {
		return r;
	}
	sb_send(sock, &done, -1);
	return 0;
}

/* By descriptor: in user mode only the helper could open the file again. */
static int copy_data(int from, int to, struct err *err)
{
	auto_free char *buf = NULL;
	uint64_t total = 0;
	ssize_t n;

	while ((n = copy_file_range(from, NULL, to, NULL, COPY_CHUNK, 0)) > 0)
		total += (uint64_t)n;
	if (n == 0 && total)
		return 0;
	/* between these file systems it has to go through us */
	buf = xmalloc(COPY_CHUNK);
	while ((n = read(from, buf, COPY_CHUNK)) > 0) {
		int r = fs_write_all(to, buf, (size_t)n, err);

		if (r < 0)
			return r;
	}
	return n < 0 ? err_errno(err, "cannot read it") : 0;
}

static int save(int fd, const struct sb_msg *m, const char *out_dir, struct err *err)
{
	auto_free char *dst = path_join(out_dir, m->text);
	auto_close int to = -1;
	int r;

	/* the helper is ours, but the name is foreign: look again on this side */
	if (!sb_artifact_name(m->text))
		return err_set(err, ERR_BUILD, "the name '%s' is refused", m->text);
	to = open(dst, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (to < 0 && errno == EEXIST)
		return err_set(err, ERR_BUILD, "there are two files named '%s'", m->text);
	if (to < 0)
		return err_errno(err, "cannot make '%s'", dst);
	r = copy_data(fd, to, err);
	if (r >= 0 && fchmod(to, 0644) < 0)
		r = err_errno(err, "cannot make '%s'", dst);
	return r < 0 ? err_wrap(err, "cannot copy '%s'", m->text) : 0;
}

static int receive(int sock, const char *out_dir, struct strv *files, struct err *err)
{
	for (;;) {
		auto_close int fd = -1;
		struct sb_msg m;
		int r = sb_recv(sock, &m, &fd, err);

		if (r < 0)
			return r;
		if (r == 0)
			return err_set(err, ERR_SYS, "a helper of the sandbox died");
		if (m.type == SB_MSG_ERR)
			return sb_msg_err(&m, err);
		if (m.type == SB_MSG_DONE)
			return 0;
		if (m.type != SB_MSG_FD || fd < 0)
			return err_set(err, ERR_BUG, "message %d from the sandbox", (int)m.type);
		if (files->n >= LIMIT_ARTIFACTS)
			return err_set(err, ERR_BUILD, "more than %d files", LIMIT_ARTIFACTS);
		if ((r = save(fd, &m, out_dir, err)) < 0)
			return r;
		strv_add(files, m.text);
	}
}

int sandbox_collect(struct sandbox *sb, const char *dir, const char *glob, bool recurse,
	const char *out_dir, struct strv *ret_files, struct err *err)
{
	struct collect c = {.dir = dir, .glob = glob, .recurse = recurse};
	auto_strv struct strv files = STRV_INIT;
	auto_close int sock = -1;
	int pid, r;

	if ((r = sb_outer_start(sb, collect_fn, &c, &pid, &sock, err)) < 0)
		return r;
	r = receive(sock, out_dir, &files, err);
	auto_closep(&sock);
	sock = -1;
	sb_outer_end(pid);
	if (r < 0)
		return err_wrap(err, "cannot collect '%s/%s'", dir, glob);
	strv_foreach (&files, f)
		strv_add(ret_files, *f);
	return 0;
}
