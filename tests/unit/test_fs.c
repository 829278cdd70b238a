/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "base/disk.h"
#include "base/fs.h"
#include "base/json.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

static char *tmp; /* the scratch directory of one test */

static int setup(void **state)
{
	auto_err struct err e = ERR_INIT;
	const char *base = getenv("TMPDIR");
	auto_free char *prefix = path_join(base && *base ? base : "/tmp", "packmill-test-fs.");

	(void)state;
	return fs_tmpdir(prefix, &tmp, &e);
}

static int teardown(void **state)
{
	auto_err struct err e = ERR_INIT;
	int r = getenv("KEEP_TMP") ? 0 : fs_remove_tree(tmp, &e);

	(void)state;
	free(tmp);
	tmp = NULL;
	return r;
}

/* A path in the scratch directory; the caller's. */
static char *in_tmp(const char *name)
{
	return path_join(tmp, name);
}

static void put(const char *path, const char *text)
{
	assert_int_equal(fs_write(path, text, strlen(text), 0644, NULL), 0);
}

static void expect(const char *path, const char *text)
{
	auto_free char *s = NULL;

	assert_int_equal(fs_read(path, 1000, &s, NULL, NULL), 0);
	assert_string_equal(s, text);
}

static int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

static void check_path(char *got, const char *want)
{
	assert_string_equal(got, want);
	free(got);
}

static void paths(void **state)
{
	auto_free char *cwd = getcwd(NULL, 0), *there = xasprintf("%s/a/../b", cwd);

	(void)state;
	check_path(path_join("a", "b"), "a/b");
	check_path(path_join("a/", "b"), "a/b");
	check_path(path_join("/", "b"), "/b");
	check_path(path_join("", "b"), "b");
	check_path(path_join("a", "/b"), "/b");
	check_path(path_dir("a/b"), "a");
	check_path(path_dir("/a"), "/");
	check_path(path_dir("a"), ".");
	check_path(path_abs("/a//./b/"), "/a/b");
	check_path(path_abs("/"), "/");
	check_path(path_abs("./a/../b"), there);
	assert_string_equal(path_base("a/b"), "b");
	assert_string_equal(path_base("b"), "b");
}

static void mkdirs(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_free char *deep = in_tmp("a//b/c/"), *file = in_tmp("file"),
		       *under = in_tmp("file/x/y");

	(void)state;
	assert_int_equal(fs_mkdirs(deep, 0755, &e), 0);
	assert_int_equal(fs_mkdirs(deep, 0755, &e), 0);
	assert_true(fs_is_dir(deep));
	put(file, "");
	assert_int_equal(fs_mkdirs(file, 0755, &e), -ERR_SYS);
	assert_int_equal(fs_mkdirs(under, 0755, &e), -ERR_SYS);
	assert_int_equal(e.sys, ENOTDIR);
	assert_true(fs_exists(file));
	assert_false(fs_is_dir(file));
	assert_false(fs_exists(under));
}

static void read_write(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_free char *f = in_tmp("f"), *s = NULL, *none = in_tmp("none/f");
	auto_strv struct strv names = STRV_INIT;
	struct stat st;
	size_t n = 0;

	(void)state;
	assert_int_equal(fs_write(f, "a\0b", 3, 0600, &e), 0);
	assert_int_equal(fs_read(f, 3, &s, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_memory_equal(s, "a\0b\0", 4);
	free(TAKE(s));
	assert_int_equal(fs_read(f, 2, &s, &n, &e), -ERR_CORRUPT);
	assert_int_equal(e.sys, EFBIG);
	assert_null(s);
	assert_int_equal(fs_write_atomic(f, "new", 3, 0640, &e), 0);
	expect(f, "new");
	assert_int_equal(stat(f, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(fs_write_atomic(none, "x", 1, 0644, &e), -ERR_NOT_FOUND);
	assert_int_equal(fs_write_atomic(tmp, "x", 1, 0644, &e), -ERR_SYS);
	assert_int_equal(fs_read(none, 10, &s, &n, &e), -ERR_NOT_FOUND);
	assert_int_equal(fs_fsync_dir(tmp, &e), 0);
	assert_int_equal(fs_list(tmp, &names, &e), 0);
	assert_int_equal(names.n, 1); /* no temporary file is left */
}

static void read_big(void **state)
{
	auto_free char *f = in_tmp("big"), *copy = in_tmp("copy"), *s = NULL;
	const size_t size = 3000000;
	auto_free char *data = xmalloc(size);
	size_t n = 0;

	(void)state;
	memset(data, 'x', size);
	assert_int_equal(fs_write(f, data, size, 0644, NULL), 0);
	assert_int_equal(fs_copy(f, copy, 0600, NULL), 0);
	assert_int_equal(fs_read(copy, size, &s, &n, NULL), 0);
	assert_int_equal(n, size);
	assert_memory_equal(s, data, size);
}

static void copies(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_free char *f = in_tmp("f"), *g = in_tmp("g"), *h = in_tmp("h"), *p = in_tmp("proc");
	auto_free char *fifo = in_tmp("fifo");
	struct stat a, b;

	(void)state;
	put(f, "text");
	assert_int_equal(fs_copy(f, g, 0600, &e), 0);
	expect(g, "text");
	assert_int_equal(fs_copy(f, g, 0600, &e), -ERR_SYS);
	assert_int_equal(e.sys, EEXIST);
	assert_int_equal(fs_link_or_copy(f, h, &e), 0);
	assert_int_equal(stat(f, &a), 0);
	assert_int_equal(stat(h, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(fs_link_or_copy(f, h, &e), -ERR_SYS);
	assert_int_equal(fs_link_or_copy(tmp, p, &e), -ERR_SYS);
	/* size 0 by its own word, another file system */
	assert_int_equal(fs_link_or_copy("/proc/self/status", p, &e), 0);
	assert_int_equal(stat(p, &a), 0);
	assert_true(a.st_size > 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	(void)unlink(g);
	assert_int_equal(fs_copy(fifo, g, 0600, &e), -ERR_SYS);
	assert_false(fs_exists(g));
}

static void lists(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_strv struct strv v = STRV_INIT;
	auto_free char *a = in_tmp("b"), *b = in_tmp("a"), *c = in_tmp(".c"),
		       *none = in_tmp("none");
	auto_free char *joined = NULL;

	(void)state;
	put(a, "");
	put(b, "");
	put(c, "");
	assert_int_equal(fs_list(tmp, &v, &e), 0);
	joined = strv_join(&v, " ");
	assert_string_equal(joined, ".c a b");
	assert_int_equal(fs_list(none, &v, &e), -ERR_NOT_FOUND);
}

static void beneath(void **state)
{
	static const char *const bad[] = {"../x", "/etc/passwd", "out", "loop", "out/passwd", "in"};
	auto_err struct err e = ERR_INIT;
	auto_free char *f = in_tmp("f"), *out = in_tmp("out"), *loop = in_tmp("loop");
	auto_free char *in = in_tmp("in");
	auto_close int dir = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;

	(void)state;
	put(f, "x");
	assert_int_equal(symlink("/etc", out), 0);
	assert_int_equal(symlink("loop", loop), 0);
	assert_int_equal(symlink("f", in), 0);
	for (size_t i = 0; i < COUNTOF(bad); i++)
		assert_true(fs_open_beneath(dir, bad[i], O_RDONLY, &e) < 0);
	fd = fs_open_beneath(dir, "f", O_RDONLY, &e);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void remove_links(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_free char *keep = in_tmp("keep"), *file = in_tmp("keep/file"), *tree = in_tmp("tree");
	auto_free char *dir = in_tmp("tree/dir"), *link = in_tmp("tree/dir/link"),
		       *top = in_tmp("top");
	auto_free char *slashed = in_tmp("tree//");

	(void)state;
	assert_int_equal(fs_mkdirs(keep, 0755, &e), 0);
	put(file, "kept");
	assert_int_equal(fs_mkdirs(dir, 0755, &e), 0);
	assert_int_equal(symlink(keep, link), 0);
	assert_int_equal(symlink(keep, top), 0);
	assert_int_equal(fs_remove_tree(top, &e), 0);
	assert_int_equal(fs_remove_tree(slashed, &e), 0);
	assert_false(fs_exists(tree) || fs_exists(top));
	expect(file, "kept");
	assert_int_equal(fs_remove_tree(file, &e), 0);
	assert_false(fs_exists(file));
	assert_int_equal(fs_remove_tree(file, &e), 0);
	assert_int_equal(fs_remove_tree("/nowhere/at/all", &e), 0);
	assert_int_equal(fs_remove_tree("/", &e), -ERR_BUG);
	assert_int_equal(fs_remove_tree("", &e), -ERR_BUG);
	assert_int_equal(fs_remove_tree("a/..", &e), -ERR_BUG);
	assert_int_equal(fs_remove_tree(".", &e), -ERR_BUG);
}

/* Runs f in a child that is not root, where it must return 0. */
static void as_nobody(int (*f)(void))
{
	int status = 0;
	pid_t pid;

	if (geteuid() == 0)
		assert_int_equal(chown(tmp, 65534, 65534), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(99);
		_exit(f());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int remove_locked(void)
{
	static const mode_t modes[] = {0, 0100, 0200, 0300, 0400, 0500, 0600};
	auto_err struct err e = ERR_INIT;
	auto_free char *tree = in_tmp("tree");

	for (size_t i = 0; i < COUNTOF(modes); i++) {
		auto_free char *d = xasprintf("%s/tree/d%zu/sub", tmp, i);
		auto_free char *f = path_join(d, "file"), *up = path_dir(d);

		if (fs_mkdirs(d, 0755, &e) < 0 || fs_write(f, "x", 1, 0, &e) < 0)
			return 1;
		if (chmod(d, modes[i]) < 0 || chmod(up, modes[i]) < 0)
			return 2;
	}
	if (chmod(tree, 0) < 0)
		return 3;
	if (fs_remove_tree(tree, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 4;
	}
	return fs_exists(tree) ? 5 : 0;
}

static void remove_without_permission(void **state)
{
	(void)state;
	as_nobody(remove_locked);
}

/* dirs nested directories below `path`, each with a file; longer together than any path may be. */
static void nest(const char *path, int dirs)
{
	static const char name[] = "a directory's name";
	int fd;

	assert_int_equal(mkdir(path, 0755), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < dirs; i++) {
		int next;

		assert_int_equal(mkdirat(fd, name, 0755), 0);
		next = openat(fd, "a file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		assert_true(next >= 0);
		(void)close(next);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		(void)close(fd);
		fd = next;
	}
	(void)close(fd);
}

static void remove_deep(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_free char *tree = in_tmp("tree");
	struct rlimit old, few = {.rlim_cur = 100, .rlim_max = 0};
	int before = open_fds(), r;

	(void)state;
	assert_true(300 * strlen("a directory's name") > PATH_MAX);
	nest(tree, 300);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = fs_remove_tree(tree, &e);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(r, 0);
	assert_false(fs_exists(tree));
	assert_int_equal(open_fds(), before);
}

/* Side branches at every level: going up into closed directories must find the rest of them. */
static void remove_bushy(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_free char *tree = in_tmp("tree"), *at = xstrdup(tree);

	(void)state;
	for (int i = 0; i < 75; i++) {
		auto_free char *next = path_join(at, "m");

		for (int k = 0; k < 6; k++) {
			auto_free char *side = xasprintf("%s/%c%d/x", at, k % 2 ? 'a' : 'z', k);

			assert_int_equal(fs_mkdirs(side, 0755, &e), 0);
		}
		assert_int_equal(fs_mkdirs(next, 0755, &e), 0);
		str_set(&at, next);
	}
	assert_int_equal(fs_remove_tree(tree, &e), 0);
	assert_false(fs_exists(tree));
}

static void remove_many(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_free char *tree = in_tmp("tree");

	(void)state;
	assert_int_equal(fs_mkdirs(tree, 0755, &e), 0);
	/* much more than one read of the directory gives */
	for (int i = 0; i < 1000; i++) {
		auto_free char *f = xasprintf("%s/%0150d", tree, i);

		if (i % 3)
			put(f, "");
		else
			assert_int_equal(mkdir(f, 0755), 0);
	}
	assert_int_equal(fs_remove_tree(tree, &e), 0);
	assert_false(fs_exists(tree));
}

static void remove_stops_at_mounts(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_free char *keep = in_tmp("keep"), *file = in_tmp("keep/file"), *at = in_tmp("tree/at");
	auto_free char *tree = in_tmp("tree");
	int r;

	(void)state;
	assert_int_equal(fs_mkdirs(keep, 0755, &e), 0);
	put(file, "kept");
	assert_int_equal(fs_mkdirs(at, 0755, &e), 0);
	if (mount(keep, at, NULL, MS_BIND, NULL) < 0) {
		print_message("bind mounts need privileges: %s\n", strerror(errno));
		skip();
	}
	r = fs_remove_tree(tree, &e);
	assert_int_equal(umount2(at, MNT_DETACH), 0);
	assert_int_equal(r, -ERR_SYS);
	assert_non_null(strstr(e.msg, "is a mount point"));
	expect(file, "kept");
}

static void locks(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_free char *f = in_tmp("lock"), *want = NULL;
	int fd = -1, other = -1;
	struct stat st;

	(void)state;
	put(f, "a longer old text\n");
	assert_int_equal(fs_lock(f, &fd, &e), 0);
	/* who can read a file can flock it: other users must not */
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	want = xasprintf("%ld\n", (long)getpid());
	expect(f, want);
	assert_int_equal(fs_lock(f, &other, &e), -ERR_LOCKED);
	assert_int_equal(other, -1);
	free(TAKE(want));
	want = xasprintf("'%s' is locked by process %ld", f, (long)getpid());
	assert_string_equal(e.msg, want);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(fs_lock(f, &other, &e), -ERR_LOCKED);
	assert_non_null(strstr(e.msg, "another process"));
	(void)close(fd);
	assert_int_equal(fs_lock(f, &fd, &e), 0);
	(void)close(fd);
}

static void json_files(void **state)
{
	auto_err struct err e = ERR_INIT;
	auto_free char *f = in_tmp("j.json");
	auto_json json_t *a = json_object(), *b = NULL;

	(void)state;
	json_put_int(a, "schema", 1);
	assert_int_equal(json_write_atomic(f, a, &e), 0);
	expect(f, "{\n  \"schema\": 1\n}\n");
	assert_int_equal(json_read(f, &b, &e), 0);
	assert_int_equal(json_get_int(b, "schema"), 1);
	put(f, "{");
	assert_int_equal(json_read(f, &b, &e), -ERR_CORRUPT);
	assert_true(str_starts(e.msg, f));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* A disk that is well; the others are in tests/e2e/full.sh. */
static void disk(void **state)
{
	static const int faults[] = {ENOSPC, EDQUOT, EROFS, EIO},
			 others[] = {0, ENOENT, EACCES, EFBIG};
	auto_free char *gone = in_tmp("gone");
	auto_err struct err e = ERR_INIT;
	auto_strv struct strv names = STRV_INIT;

	(void)state;
	for (size_t i = 0; i < COUNTOF(faults); i++) {
		assert_true(disk_fault(faults[i]));
		assert_false(disk_fault(others[i]));
	}
	assert_int_equal(disk_look(gone, 4, &e), 0);
	assert_int_equal(disk_try(gone, 4, &e), 0);
	assert_int_equal(disk_try(tmp, 0, &e), 0);
	assert_int_equal(fs_list(tmp, &names, &e), 0);
	assert_int_equal(names.n, 0);
	/* nothing has so much room */
	assert_int_equal(disk_look(tmp, 1U << 28, &e), -ERR_SYS);
	assert_int_equal(e.sys, ENOSPC);
	assert_false(disk_is_low(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(paths),
		TEST(mkdirs),
		TEST(read_write),
		TEST(read_big),
		TEST(copies),
		TEST(lists),
		TEST(beneath),
		TEST(remove_links),
		TEST(remove_without_permission),
		TEST(remove_deep),
		TEST(remove_bushy),
		TEST(remove_many),
		TEST(remove_stops_at_mounts),
		TEST(locks),
		TEST(json_files),
		TEST(disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
