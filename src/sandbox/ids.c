/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ids.c - ranges of user and group ids, and the maps of user namespaces. */
#include "base/fs.h"
#include "base/proc.h"
#include "sandbox/internal.h"
#include <linux/capability.h>
#include <pwd.h>
#include <sys/file.h>

/*
 * Ranges of subuid mode lie above everything that systemd hands out (its containers end at
 * 0x6fffffff) and below 2^31, where programs with signed ids start to fail. The n-th open sandbox
 * of the machine takes the n-th range; a locked file says that it is taken.
 */
#define RANGE_BASE  UINT32_C(0x70000000)
#define RANGE_COUNT 4096
#define RANGE_DIR   "/run/packmill/ids"

static bool next_field(const char **s, char end, char *buf, size_t n)
{
	size_t len = strcspn(*s, ":\n");

	if ((*s)[len] != end && !(end == '\n' && !(*s)[len]))
		return false;
	if (len >= n)
		return false;
	memcpy(buf, *s, len);
	buf[len] = '\0';
	*s += len + ((*s)[len] != '\0');
	return true;
}

/* One line "owner:first:count"; false when it is something else. */
static bool subid_line(const char *line, char owner[64], uint64_t *ret_first, uint64_t *ret_n)
{
	char first[24], count[24];

	return next_field(&line, ':', owner, 64) && next_field(&line, ':', first, sizeof first) &&
	       next_field(&line, '\n', count, sizeof count) && str_u64(first, ret_first) &&
	       str_u64(count, ret_n) && *ret_first <= UINT32_MAX && *ret_n <= UINT32_MAX;
}

int sb_subid_find(const char *text, const char *name, uint32_t uid, uint32_t need,
	uint32_t *ret_base, uint32_t *ret_largest)
{
	auto_free char *number = xasprintf("%u", uid);
	uint64_t first, n;
	char owner[64];

	*ret_largest = 0;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (!subid_line(line, owner, &first, &n))
			continue;
		if (!str_eq(owner, number) && !str_eq_null(owner, name))
			continue;
		if (n > *ret_largest)
			*ret_largest = (uint32_t)n;
		if (n < need || first == 0)
			continue;
		*ret_base = (uint32_t)first;
		return 1;
	}
	return 0;
}

uint32_t sb_subid_free(const char *text)
{
	uint64_t first, n, end = 100000;
	char owner[64];

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (subid_line(line, owner, &first, &n) && first + n > end &&
			first + n <= UINT32_MAX)
			end = first + n;
	}
	return (uint32_t)end;
}

/* Whether somebody's subordinate ids lie in [base, base + SB_IDS). */
static bool subid_overlaps(const char *text, uint32_t base)
{
	uint64_t first, n;
	char owner[64];

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (subid_line(line, owner, &first, &n) && first < (uint64_t)base + SB_IDS &&
			base < first + n)
			return true;
	}
	return false;
}

static char *read_or_empty(const char *path)
{
	char *text = NULL;

	if (fs_read(path, LIMIT_CONFIG_FILE, &text, NULL, NULL) < 0)
		return xstrdup("");
	return text;
}

int sb_range_take(struct sb_range *ret, const char *fallback_dir, struct err *err)
{
	auto_free char *uids = read_or_empty("/etc/subuid"), *gids = read_or_empty("/etc/subgid");
	const char *dir = fs_mkdirs(RANGE_DIR, 0700, NULL) >= 0 ? RANGE_DIR : fallback_dir;

	for (uint32_t i = 0; i < RANGE_COUNT; i++) {
		uint32_t base = RANGE_BASE + i * SB_IDS;
		auto_free char *path = xasprintf("%s/%u", dir, base);
		auto_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return err_errno(err, "cannot open '%s'", path);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK)
				continue;
			return err_errno(err, "cannot lock '%s'", path);
		}
		if (subid_overlaps(uids, base) || subid_overlaps(gids, base))
			continue;
		*ret = (struct sb_range){.base = base, .lock = take_fd(&fd)};
		return 0;
	}
	return err_set(err, ERR_SYS, "no id range is free: %d sandboxes are open", RANGE_COUNT);
}

static int write_map(int pid, const char *which, const char *text, struct err *err)
{
	auto_free char *path = xasprintf("/proc/%d/%s", pid, which);
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return err_errno(err, "cannot write %s of the sandbox", which);
	return 0;
}

int sb_inner_map(int pid, uint32_t base, struct err *err)
{
	auto_free char *map = xasprintf("0 %u %u\n", base, SB_IDS);
	int r = write_map(pid, "uid_map", map, err);

	return r < 0 ? r : write_map(pid, "gid_map", map, err);
}

static int user_range(const char *file, const char *name, uint32_t *ret_base, struct err *err)
{
	auto_free char *text = read_or_empty(file);
	auto_free char *who = name ? xstrdup(name) : xasprintf("%u", (unsigned)getuid());
	uint32_t largest;

	if (sb_subid_find(text, name, getuid(), SB_IDS, ret_base, &largest))
		return 0;
	if (largest)
		return err_set(err, ERR_DENIED,
			"user %s has only %u ids in %s, %u are needed: make the line '%s:%u:%u'",
			who, largest, file, SB_IDS, who, sb_subid_free(text), SB_IDS);
	return err_set(err, ERR_DENIED, "user %s has no line in %s: add the line '%s:%u:%u'", who,
		file, who, sb_subid_free(text), SB_IDS);
}

int sb_user_range(uint32_t *ret_uid_base, uint32_t *ret_gid_base, struct err *err)
{
	const struct passwd *pw = getpwuid(getuid());
	auto_free char *name = xstrdup_null(pw ? pw->pw_name : NULL);
	int r = user_range("/etc/subuid", name, ret_uid_base, err);

	/* newgidmap goes by the user's name, so does /etc/subgid */
	return r < 0 ? r : user_range("/etc/subgid", name, ret_gid_base, err);
}

int sb_user_map(int pid, struct err *err)
{
	auto_free char *who = xasprintf("%d", pid), *range = xasprintf("%u", SB_IDS);
	uint32_t base[2];
	int r = sb_user_range(&base[0], &base[1], err);

	for (int i = 0; i < 2 && r >= 0; i++) {
		auto_free char *first = xasprintf("%u", base[i]);
		auto_free char *own = xasprintf("%u", (unsigned)(i ? getgid() : getuid()));
		const char *argv[] = {i ? "newgidmap" : "newuidmap", who, "0", first, range, range,
			own, "1", NULL};
		struct proc_opts o = {.argv = argv, .timeout = 30};

		r = proc_check(&o, NULL, ERR_DENIED, err);
	}
	return r;
}

static bool have_cap(int cap)
{
	return (sb_caps_permitted() >> cap) & 1;
}

/* Whether the range of subuid mode exists here: in a container with a map of its own it may not. */
static bool range_mapped(void)
{
	auto_free char *map = read_or_empty("/proc/self/uid_map");
	unsigned first, host, n;

	for (const char *s = map; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		if (sscanf(s, "%u %u %u", &first, &host, &n) == 3 && first <= RANGE_BASE &&
			(uint64_t)first + n >= (uint64_t)RANGE_BASE + SB_IDS)
			return true;
	}
	return false;
}

int sandbox_mode(enum sandbox_mode *ret, struct err *err)
{
	uint32_t uids, gids;
	int r;

	if (geteuid() == 0) {
		if (!have_cap(CAP_SYS_ADMIN) || !have_cap(CAP_SETUID) || !have_cap(CAP_SETGID))
			return err_set(err, ERR_DENIED,
				"root without CAP_SYS_ADMIN, CAP_SETUID or CAP_SETGID (in a "
				"container?): run it with these, or as an ordinary user with "
				"subordinate ids");
		if (!range_mapped())
			return err_set(err, ERR_DENIED,
				"ids from %u on do not exist in this user namespace: run packmill "
				"outside of it, or as an ordinary user with subordinate ids",
				RANGE_BASE);
		*ret = SANDBOX_SUBUID;
		return 0;
	}
	if ((r = sb_user_range(&uids, &gids, err)) < 0)
		return r;
	if (!proc_which("newuidmap", NULL) || !proc_which("newgidmap", NULL))
		return err_set(err, ERR_DENIED,
			"newuidmap and newgidmap are not installed: install the package uidmap "
			"(shadow-utils on Fedora), or run as root");
	*ret = SANDBOX_USER;
	return 0;
}
