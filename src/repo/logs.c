/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repo/logs.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "repo/repo.h"
#include <zlib.h>

#define SMALL (16 * 1024)
#define CHUNK ((size_t)256 * 1024)
#define LINKS 3 /* directories that may have links to its logs */

int repo_log_path(const char *dir, const char *name, char **ret, struct err *err)
{
	auto_free char *plain = path_join(dir, name), *packed = xasprintf("%s.gz", plain);

	if (fs_exists(plain))
		*ret = TAKE(plain);
	else if (fs_exists(packed))
		*ret = TAKE(packed);
	else
		return err_set(err, ERR_NOT_FOUND, "there is no file '%s'", plain);
	return 0;
}

/* One build's directory. It may be removed meanwhile, or its logs moved away for another try:
 * everything goes through the descriptor, and a log that is not there any more is left alone. */
struct packing {
	int fd;
	const char *data, *dir; /* of a build; NULL: of an attempt, whose logs are served nowhere */
	char *links[LINKS];     /* where its logs may be served */
	size_t n;
	bool looked; /* links are known */
	uint64_t saved;
};

static int copy_packed(int in, int out, struct err *err)
{
	auto_free char *buf = xmalloc(CHUNK);
	int fd = fcntl(out, F_DUPFD_CLOEXEC, 3);
	gzFile f = fd < 0 ? NULL : gzdopen(fd, "w6");
	bool bad = false;
	ssize_t n = 0;

	if (!f)
		return err_errno(err, "cannot pack a log");
	while (!bad && (n = read(in, buf, CHUNK)) > 0)
		bad = gzwrite(f, buf, (unsigned)n) != n;
	if (gzclose_w(f) != Z_OK || bad || n < 0)
		return err_errno(err, "cannot pack a log");
	return fsync(out) < 0 ? err_errno(err, "cannot pack a log") : 0;
}

/* Put the packed log beside the other name of the log, then take that away. */
static int replace_link(const struct packing *p, const char *dir, const char *name,
	const char *packed, ino_t ino, struct err *err)
{
	auto_free char *log = path_join(dir, name), *gz = path_join(dir, packed);
	struct stat st;

	if (lstat(log, &st) < 0 || st.st_ino != ino)
		return 0;
	(void)unlink(gz);
	if (linkat(p->fd, packed, AT_FDCWD, gz, 0) < 0)
		return err_errno(err, "cannot create '%s'", gz);
	if (unlink(log) < 0 && errno != ENOENT)
		return err_errno(err, "cannot remove '%s'", log);
	return 0;
}

static bool is_same(int dir, const char *name, const struct stat *st)
{
	struct stat now;

	return fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_ino == st->st_ino &&
	       now.st_dev == st->st_dev;
}

/* Packed under another name, then renamed: a name that ends in .gz is always whole. */
static int make_packed(
	int dir, int in, const struct stat *st, const char *name, off_t *ret_size, struct err *err)
{
	auto_free char *packed = xasprintf("%s.gz", name), *tmp = xasprintf(".%s.new", packed);
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	auto_close int out = -1;
	struct stat now;
	int r;

	(void)unlinkat(dir, tmp, 0);
	out = openat(dir, tmp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (out < 0)
		return err_errno(err, "cannot create '%s'", tmp);
	r = copy_packed(in, out, err);
	if (r >= 0 && (fchmod(out, 0644) < 0 || futimens(out, times) < 0 || fstat(out, &now) < 0))
		r = err_errno(err, "cannot set the time of '%s'", tmp);
	if (r >= 0 && (now.st_size >= st->st_size || !is_same(dir, name, st))) {
		*ret_size = st->st_size;
		(void)unlinkat(dir, tmp, 0);
		return 0;
	}
	if (r >= 0 && renameat(dir, tmp, dir, packed) < 0)
		r = err_errno(err, "cannot create '%s'", packed);
	if (r < 0)
		(void)unlinkat(dir, tmp, 0);
	else
		*ret_size = now.st_size;
	return r;
}

static char *sha_of(const json_t *j, const char *key)
{
	return xstrdup_null(json_get_str(json_object_get(j, key), "sha"));
}

/* Its commit directory, by what the job says (the store is another process's), and the one beside
 * its page for a build that has no other. */
static void find_links(struct packing *p)
{
	auto_free char *path = path_join(p->dir, "job.json"), *repos = NULL;
	auto_json json_t *j = NULL;
	struct store_build b = {0};
	const char *target;

	p->looked = true;
	if (json_read(path, &j, NULL) < 0)
		return;
	target = json_get_str(json_object_get(j, "target"), "name");
	b.project = xstrdup_null(json_get_str(j, "project"));
	b.rebuild = json_get_int(j, "rebuild");
	b.packaging_sha = sha_of(j, "packaging");
	b.upstream_sha = sha_of(j, "upstream");
	if (!b.upstream_sha)
		b.upstream_sha = xstrdup_null(b.packaging_sha);
	if (target && b.project && b.packaging_sha) {
		repos = repo_dir(p->data, target);
		for (int shared = 0; shared < 2; shared++) {
			auto_free char *rel = repo_commit_dir(&b, shared != 0);

			p->links[p->n++] = path_join(repos, rel);
		}
		p->links[p->n++] = xasprintf("%s/builds/%s", repos, path_base(p->dir));
	}
	store_build_release(&b);
}

/* 1: packed. */
static int pack(struct packing *p, const char *name, struct err *err)
{
	auto_close int in = openat(p->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	auto_free char *packed = xasprintf("%s.gz", name);
	struct stat st;
	off_t size = 0;
	int r;

	if (in < 0 || fstat(in, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < SMALL)
		return 0;
	r = make_packed(p->fd, in, &st, name, &size, err);
	if (r < 0 || size == st.st_size)
		return r;
	/* most builds have nothing left to pack: only then they are asked for */
	if (p->dir && !p->looked)
		find_links(p);
	for (size_t i = 0; r >= 0 && i < p->n; i++)
		r = replace_link(p, p->links[i], name, packed, st.st_ino, err);
	if (r < 0)
		return r;
	if (is_same(p->fd, name, &st) && unlinkat(p->fd, name, 0) < 0)
		return err_errno(err, "cannot remove '%s'", name);
	p->saved += (uint64_t)(st.st_size - size);
	return 1;
}

/* Its own logs and those of its attempts. */
static int pack_all(struct packing *p, const char *dir, size_t *ret_n, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int r = fs_list(dir, &names, err);

	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		if (str_ends(names.v[i], ".log") && names.v[i][0] != '.') {
			r = pack(p, names.v[i], err);
			*ret_n += r > 0;
		} else if (str_starts(names.v[i], "attempt-")) {
			auto_free char *sub = path_join(dir, names.v[i]);
			struct packing a = {
				.fd = openat(p->fd, names.v[i],
					O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};

			if (a.fd < 0)
				continue;
			r = pack_all(&a, sub, ret_n, err);
			close(a.fd);
			p->saved += a.saved;
		}
	}
	return r;
}

/* A number of logs that were packed. */
static int pack_build(const char *data, const char *dir, int64_t before, size_t *ret_n,
	uint64_t *ret_saved, struct err *err)
{
	struct packing p = {.fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
		.data = data,
		.dir = dir};
	auto_close int fd = p.fd;
	struct stat st;
	int r;

	if (fd < 0 || fstatat(fd, "result.json", &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		st.st_mtim.tv_sec >= before)
		return 0;
	r = pack_all(&p, dir, ret_n, err);
	for (size_t i = 0; i < p.n; i++)
		free(p.links[i]);
	*ret_saved += p.saved;
	/* removed or made anew meanwhile */
	if (r < 0 && fstat(fd, &st) == 0 && !st.st_nlink) {
		if (err)
			err_clear(err);
		return 0;
	}
	return r < 0 ? err_wrap(err, "%s", dir) : 0;
}

int repo_logs_compress(const char *data, int64_t before, size_t max, size_t *ret_n,
	uint64_t *ret_saved, struct err *err)
{
	auto_free char *builds = path_join(data, "builds");
	auto_strv struct strv names = STRV_INIT;
	size_t n = 0, done = 0;
	uint64_t saved = 0, number;
	int r = fs_is_dir(builds) ? fs_list(builds, &names, err) : 0;

	for (size_t i = 0; r >= 0 && i < names.n && (!max || done < max); i++) {
		auto_free char *dir = path_join(builds, names.v[i]);
		size_t packed = n;

		if (!str_u64(names.v[i], &number))
			continue;
		r = pack_build(data, dir, before, &n, &saved, err);
		done += n > packed;
	}
	if (r < 0)
		return err_wrap(err, "cannot pack old logs");
	*ret_n = n;
	*ret_saved = saved;
	return 0;
}
