/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "base/fs.h"
#include "sandbox/cgroup.h"
#include "sandbox/internal.h"
#include "sandbox/layer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

static void subid_lines(UNUSED void **state)
{
	static const struct {
		const char *text;
		int found;
		uint32_t base, largest;
	} rows[] = {
		{"", 0, 0, 0},
		{"alice:100000:65536\n", 1, 100000, 65536},
		{"alice:100000:65536", 1, 100000, 65536},
		{"bob:100000:65536\n", 0, 0, 0},
		{"bob:1:65536\nalice:200000:65536\n", 1, 200000, 65536},
		{"1234:300000:65536\n", 1, 300000, 65536},
		{"12345:300000:65536\n", 0, 0, 0},
		{"alice:100000:1000\nalice:400000:70000\n", 1, 400000, 70000},
		{"alice:100000:1000\n", 0, 0, 1000},
		{"alice:100000\nalice::\nalice:x:65536\nalice\n", 0, 0, 0},
		{"alice:100000:65536:7\n", 0, 0, 0},
		{"alice:0:65536\n", 0, 0, 65536},
		{"alice:99999999999:65536\n", 0, 0, 0},
		{"# alice:100000:65536\n\nalice:500000:65536\n", 1, 500000, 65536},
	};

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		uint32_t base = 0, largest;
		int r = sb_subid_find(rows[i].text, "alice", 1234, SB_IDS, &base, &largest);

		assert_int_equal(r, rows[i].found);
		assert_int_equal(base, rows[i].base);
		assert_int_equal(largest, rows[i].largest);
	}
}

static void subid_proposal(UNUSED void **state)
{
	assert_int_equal(sb_subid_free(""), 100000);
	assert_int_equal(sb_subid_free("a:100000:65536\nb:165536:65536\n"), 231072);
	assert_int_equal(sb_subid_free("a:1000:10\n"), 100000);
	assert_int_equal(sb_subid_free("a:4294967295:65536\n"), 100000);
}

/* What a log of `limit` bytes keeps of `text`, written in pieces. */
static char *capped(uint64_t limit, const char *text, size_t piece, bool *ret_cut)
{
	int fd = memfd_create("log", MFD_CLOEXEC);
	size_t n = strlen(text);
	struct sb_logcap c;
	char *out = NULL;

	sb_logcap_init(&c, fd, limit);
	for (size_t i = 0; i < n; i += piece)
		sb_logcap_add(&c, text + i, n - i < piece ? n - i : piece);
	*ret_cut = sb_logcap_end(&c);
	sb_logcap_release(&c);
	lseek(fd, 0, SEEK_SET);
	assert_true(fs_read_fd(fd, 1 * MIB, &out, NULL, NULL) >= 0);
	close(fd);
	return out;
}

static void log_cap(UNUSED void **state)
{
	static const struct {
		uint64_t limit;
		const char *text, *want;
		bool cut;
	} rows[] = {
		{0, "all of it", "all of it", false},
		{20, "", "", false},
		{20, "short", "short", false},
		{10, "0123456789", "0123456789", false},
		{10, "0123456789X", "01234\n[... 1 bytes of log cut here ...]\n6789X", true},
		{10, "aaaaabbbbbbbbbb\nz\n", "aaaaa\n[... 11 bytes of log cut here ...]\nz\n",
			true},
		{1, "ab", "a", true},
	};

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		for (size_t piece = 1; piece < 20; piece += 3) {
			bool cut;
			auto_free char *got = capped(rows[i].limit, rows[i].text, piece, &cut);

			assert_string_equal(got, rows[i].want);
			assert_int_equal(cut, rows[i].cut);
		}
	}
}

static void log_disk_full(UNUSED void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct sb_logcap c;

	sb_logcap_init(&c, fd, 0);
	sb_logcap_add(&c, "x", 1);
	assert_int_equal(c.failed, ENOSPC);
	sb_logcap_end(&c);
	sb_logcap_release(&c);
	close(fd);
}

static void artifact_names(UNUSED void **state)
{
	static const char *const good[] = {"a.rpm",
		"hello-2.10-1.20150102034455.a5f0e3c.x86_64.rpm", "a-1.0~rc1^2-1.noarch.rpm",
		"libstdc++-devel.rpm", "_x"};
	static const char *const bad[] = {"", ".", "..", ".hidden", "-x.rpm", "a b", "a/b", "a..b",
		"x\ny", "x\033[0m", "<script>", "a\"b", "\xc3\xa9", "a:b", "a%2fb"};
	char name[LIMIT_ARTIFACT_NAME + 2];

	for (size_t i = 0; i < COUNTOF(good); i++)
		assert_true(sb_artifact_name(good[i]));
	for (size_t i = 0; i < COUNTOF(bad); i++)
		assert_false(sb_artifact_name(bad[i]));
	memset(name, 'a', sizeof name);
	name[LIMIT_ARTIFACT_NAME] = '\0';
	assert_true(sb_artifact_name(name));
	name[LIMIT_ARTIFACT_NAME] = 'a';
	name[LIMIT_ARTIFACT_NAME + 1] = '\0';
	assert_false(sb_artifact_name(name));
}

static void cgroup_places(UNUSED void **state)
{
	static const char v1[] =
		"30 24 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup "
		"rw,cpu,cpuacct\n"
		"31 24 0:27 / /sys/fs/cgroup/memory rw,relatime shared:5 - cgroup cgroup "
		"rw,memory\n"
		"32 24 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n";
	static const char container[] = "31 24 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup "
					"cgroup rw,memory\n";
	static const char v2[] = "32 24 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
	static const char self[] =
		"5:cpu,cpuacct:/a\n4:memory:/b/c\n1:name=systemd:/x\n0::/user.slice/s\n";
	static const struct {
		const char *info, *self, *controller, *at, *own;
	} rows[] = {
		{v1, self, "memory", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/b/c"},
		{v1, self, "cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/a"},
		{v1, self, "", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/unified/user.slice/s"},
		{v1, self, "pids", NULL, NULL},
		{v1, "4:memory:/\n", "memory", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory"},
		{container, "4:memory:/docker/abc/d\n", "memory", "/sys/fs/cgroup/memory",
			"/sys/fs/cgroup/memory/d"},
		{v2, "0::/../outside\n", "", "/sys/fs/cgroup", "/sys/fs/cgroup"},
		{v2, "0::/user.slice/a\n", "", "/sys/fs/cgroup", "/sys/fs/cgroup/user.slice/a"},
		{v2, "0::/user.slice/a\n", "memory", NULL, NULL},
		{"nonsense\n\n - \n", self, "memory", NULL, NULL},
		{v2, "", "", "/sys/fs/cgroup", "/sys/fs/cgroup"},
	};

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_free char *at = NULL, *own = NULL;
		int r = sb_cgroup_where(rows[i].info, rows[i].self, rows[i].controller, &at, &own);

		assert_int_equal(r, rows[i].at != NULL);
		if (!rows[i].at)
			continue;
		assert_string_equal(at, rows[i].at);
		assert_string_equal(own, rows[i].own);
	}
}

/* Hybrid machines have some controllers in each version. */
static void cgroup_versions(void **state UNUSED)
{
	static const char *const rows[][2] = {
		{"cpuset cpu io memory hugetlb pids\n", "memory pids"}, {"cpu pids\n", "pids"},
		{"memory\n", "memory"}, {"cpu\n", "cpu"}, {"hugetlb\n", ""}, {"cpuset\n", ""},
		{"\n", ""}, {"", ""}};

	for (size_t i = 0; i < COUNTOF(rows); i++)
		assert_string_equal(sb_cgroup_v2_needs(rows[i][0]), rows[i][1]);
}

static void mounts_of_paths(UNUSED void **state)
{
	char root[] = "/", usr[] = "/usr", local[] = "/usr/local";
	struct sandbox sb = {.mounts = {{.at = root}, {.at = usr}, {.at = local}}, .n_mounts = 3};
	static const struct {
		const char *path;
		size_t mount;
		const char *rel;
	} rows[] = {{"/", 0, "."}, {"/etc/passwd", 0, "etc/passwd"}, {"//etc", 0, "etc"},
		{"/usr", 1, "."}, {"/usr/", 1, "."}, {"/usr/bin/x", 1, "bin/x"},
		{"/usrlocal", 0, "usrlocal"}, {"/usr/local/x", 2, "x"},
		{"/usr/locale", 1, "locale"}};

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		const char *rel;

		assert_ptr_equal(sb_find_mount(&sb, rows[i].path, &rel), &sb.mounts[rows[i].mount]);
		assert_string_equal(rel, rows[i].rel);
	}
}

static void filters(UNUSED void **state)
{
	size_t plain = 0, nested = 0;
	struct sock_filter *a = NULL, *b = NULL;

	assert_true(sb_filter_make(false, &a, &plain, NULL) >= 0);
	assert_true(sb_filter_make(true, &b, &nested, NULL) >= 0);
	assert_true(plain > nested && nested > 50);
	free(a);
	free(b);
}

static void limit_names(UNUSED void **state)
{
	assert_null(sandbox_limit_name(SANDBOX_LIMIT_NONE));
	assert_string_equal(sandbox_limit_name(SANDBOX_LIMIT_TIME), "time");
	assert_string_equal(sandbox_limit_name(SANDBOX_LIMIT_MEMORY), "memory");
	assert_string_equal(sandbox_limit_name(SANDBOX_LIMIT_PIDS), "pids");
	assert_string_equal(sandbox_limit_name(SANDBOX_LIMIT_DISK), "disk");
	assert_string_equal(sandbox_limit_name(SANDBOX_LIMIT_INODES), "inodes");
}

/* What layers refuse, without a sandbox: the same function looks at a directory of ours. */
static void layer_files(UNUSED void **state)
{
	auto_free char *dir = NULL;
	auto_close int fd = -1;
	struct stat st;
	int f;

	assert_true(fs_tmpdir("/tmp/packmill-unit-", &dir, NULL) >= 0);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f = openat(fd, "plain", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	close(f);
	assert_int_equal(symlinkat("plain", fd, "link"), 0);
	assert_int_equal(mkfifoat(fd, "fifo", 0600), 0);
	f = openat(fd, "sparse", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	assert_int_equal(ftruncate(f, 100 * 1024 * 1024), 0);
	close(f);
	f = sb_layer_open(fd, "plain", &st, NULL);
	assert_true(f >= 0);
	close(f);
	assert_int_equal(sb_layer_open(fd, "link", &st, NULL), -ERR_BUILD);
	assert_int_equal(sb_layer_open(fd, "fifo", &st, NULL), -ERR_BUILD);
	assert_int_equal(sb_layer_open(fd, "sparse", &st, NULL), -ERR_BUILD);
	assert_int_equal(sb_layer_open(fd, ".", &st, NULL), -ERR_BUILD);
	assert_int_equal(sb_layer_open(fd, "gone", &st, NULL), -ERR_NOT_FOUND);
	assert_true(sb_layer_open(fd, "../etc/passwd", &st, NULL) < 0);
	assert_int_equal(linkat(fd, "plain", fd, "second", 0), 0);
	assert_int_equal(sb_layer_open(fd, "plain", &st, NULL), -ERR_BUILD);
	assert_true(fs_remove_tree(dir, NULL) >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subid_lines),
		cmocka_unit_test(subid_proposal),
		cmocka_unit_test(log_cap),
		cmocka_unit_test(log_disk_full),
		cmocka_unit_test(artifact_names),
		cmocka_unit_test(cgroup_places),
		cmocka_unit_test(cgroup_versions),
		cmocka_unit_test(mounts_of_paths),
		cmocka_unit_test(filters),
		cmocka_unit_test(limit_names),
		cmocka_unit_test(layer_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
