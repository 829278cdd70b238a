/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cgroup.c - limits of memory, processes and processor time: v1, v2 or both side by side. All of
 * it is best effort; sandbox_probe says what could not be had.
 *
 * Our groups are called packmill.<pid namespace>.<pid>.<start time>.<n> after the process that made
 * them, so that a later sweep knows whose they were. Each controller is in one version only, and
 * hybrid machines have some in each. They lie below our own group where that is allowed. In v2 a
 * group with processes cannot hand controllers down (the root group can), so there the nearest
 * ancestor that already hands them down and lets us make a group is taken.
 */
#include "sandbox/cgroup.h"
#include "base/fs.h"
#include "base/log.h"
#include "sandbox/internal.h"
#include <inttypes.h>
#include <sys/xattr.h>
#include <time.h>

#define CGROUP_FILE (64 * KIB)
#define GROUP_NAME  "packmill."

static int put(const char *dir, const char *file, const char *value)
{
	auto_free char *path = path_join(dir, file);
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	return write(fd, value, strlen(value)) < 0 ? -1 : 0;
}

static int put_u64(const char *dir, const char *file, uint64_t value)
{
	auto_free char *text = xasprintf("%" PRIu64, value);

	return put(dir, file, text);
}

static char *get(const char *dir, const char *file)
{
	auto_free char *path = path_join(dir, file);
	char *text = NULL;

	return fs_read(path, CGROUP_FILE, &text, NULL, NULL) < 0 ? NULL : text;
}

/* The number after `key` and a space at the start of a line; the whole file when key is "". */
static uint64_t get_number(const char *dir, const char *file, const char *key)
{
	auto_free char *text = get(dir, file);
	size_t n = strlen(key);

	for (const char *s = text; s && *s; s += strcspn(s, "\n"), s += *s == '\n') {
		if (strncmp(s, key, n) == 0 && (n == 0 || s[n] == ' '))
			return strtoull(s + n, NULL, 10);
	}
	return 0;
}

static bool has_word(const char *list, const char *word, const char *seps)
{
	auto_strv struct strv words = STRV_INIT;

	strv_split(&words, list, seps);
	return strv_has(&words, word);
}

/* Our own group in a hierarchy as a path below its mount root: third field of a line
 * "id:controllers:/path"; controllers are empty in v2. The caller's, or NULL. */
static char *own_path(const char *self, const char *controller)
{
	for (const char *s = self; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		const char *list = strchr(s, ':'), *path = list ? strchr(list + 1, ':') : NULL;
		auto_free char *names = NULL;

		if (!path)
			break;
		names = xstrndup(list + 1, (size_t)(path - list - 1));
		if (*controller ? has_word(names, controller, ",") : !*names)
			return xstrndup(path + 1, strcspn(path + 1, "\n"));
	}
	return NULL;
}

/* One line of mountinfo: "id parent dev root mountpoint options ... - type source superoptions" */
static bool mount_line(const char *line, const char *controller, char **ret_root, char **ret_at)
{
	auto_strv struct strv f = STRV_INIT;
	size_t dash = 6;

	strv_split(&f, line, " ");
	while (dash < f.n && !str_eq(f.v[dash], "-"))
		dash++;
	if (dash + 3 >= f.n)
		return false;
	if (*controller ? !str_eq(f.v[dash + 1], "cgroup") ||
				  !has_word(f.v[dash + 3], controller, ",")
			: !str_eq(f.v[dash + 1], "cgroup2"))
		return false;
	*ret_root = xstrdup(f.v[3]);
	*ret_at = xstrdup(f.v[4]);
	return true;
}

int sb_cgroup_where(const char *mountinfo, const char *self, const char *controller, char **ret_at,
	char **ret_own)
{
	auto_strv struct strv lines = STRV_INIT;
	auto_free char *own = own_path(self, controller);

	strv_lines(&lines, mountinfo);
	strv_foreach (&lines, l) {
		auto_free char *root = NULL, *at = NULL;
		const char *below;

		if (!mount_line(*l, controller, &root, &at))
			continue;
		/* without a cgroup namespace a container's mount shows a part of the tree */
		below = own ? own : "/";
		if (!str_eq(root, "/") && str_starts(below, root))
			below += strlen(root);
		if (str_starts(below, "/.."))
			below = "/";
		*ret_own = str_eq(below, "/") ? xstrdup(at) : xasprintf("%s%s", at, below);
		*ret_at = TAKE(at);
		return 1;
	}
	return 0;
}

static int locate(const char *controller, char **ret_at, char **ret_own)
{
	auto_free char *info = NULL, *self = NULL;

	if (fs_read("/proc/self/mountinfo", 8 * MIB, &info, NULL, NULL) < 0 ||
		fs_read("/proc/self/cgroup", CGROUP_FILE, &self, NULL, NULL) < 0)
		return 0;
	return sb_cgroup_where(info, self, controller, ret_at, ret_own);
}

/* Field 22 of /proc/<pid>/stat: with the pid it names one process for ever; 0 when it is gone. */
static uint64_t start_time(const char *pid)
{
	auto_free char *path = xasprintf("/proc/%s/stat", pid), *text = NULL;
	auto_strv struct strv f = STRV_INIT;
	uint64_t t = 0;
	char *end;

	if (fs_read(path, CGROUP_FILE, &text, NULL, NULL) < 0 || !(end = strrchr(text, ')')))
		return 0;
	strv_split(&f, end + 1, " ");
	return f.n > 19 && str_u64(f.v[19], &t) ? t : 0;
}

/* The number of our pid namespace, 0 where it cannot be told. */
static uintmax_t pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) < 0 ? 0 : (uintmax_t)st.st_ino;
}

static char *group_name(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return xasprintf(GROUP_NAME "%ju.%ld.%" PRIu64 ".%lx%lx", pid_namespace(), (long)getpid(),
		start_time("self"), (unsigned long)t.tv_sec, (unsigned long)t.tv_nsec);
}

/* v1: a group below our own in one hierarchy; NULL where that is not allowed. */
static char *make_v1(const char *controller, const char *name)
{
	auto_free char *at = NULL, *own = NULL;
	auto_free char *dir = NULL;

	if (!locate(controller, &at, &own))
		return NULL;
	dir = path_join(own, name);
	if (mkdir(dir, 0755) < 0)
		return NULL;
	return TAKE(dir);
}

static const char *const v2_wanted[] = {"memory", "pids", "cpu"};

/* v2: whether groups made below dir get all that is needed; tries to switch it on. */
static bool hands_down(const char *dir, const char *needed)
{
	auto_strv struct strv need = STRV_INIT;
	auto_free char *have = NULL;
	size_t n = 0;

	for (size_t i = 0; i < COUNTOF(v2_wanted); i++) {
		auto_free char *on = xasprintf("+%s", v2_wanted[i]);

		if (put(dir, "cgroup.subtree_control", on) < 0) {
			/* on already, or not ours to switch: the file tells */
		}
	}
	have = get(dir, "cgroup.subtree_control");
	strv_split(&need, needed, " ");
	strv_foreach (&need, w)
		n += have && has_word(have, *w, " \n");
	return n == need.n;
}

const char *sb_cgroup_v2_needs(const char *controllers)
{
	bool memory = has_word(controllers, "memory", " \n");
	bool pids = has_word(controllers, "pids", " \n");

	if (memory || pids)
		return memory && pids ? "memory pids" : memory ? "memory" : "pids";
	return has_word(controllers, "cpu", " \n") ? "cpu" : "";
}

static char *make_v2(const char *name)
{
	auto_free char *at = NULL, *dir = NULL, *all = NULL;
	const char *needed;

	if (!locate("", &at, &dir))
		return NULL;
	all = get(at, "cgroup.controllers");
	needed = all ? sb_cgroup_v2_needs(all) : "";
	while (*needed && str_starts(dir, at)) {
		auto_free char *group = path_join(dir, name);

		if (hands_down(dir, needed) && mkdir(group, 0755) == 0)
			return TAKE(group);
		*strrchr(dir, '/') = '\0';
	}
	return NULL;
}

/* As systemd marks what is ours to divide. */
static bool is_delegated(const char *dir)
{
	static const char *const marks[] = {"user.delegate", "trusted.delegate"};
	char c = 0;

	for (size_t i = 0; i < COUNTOF(marks); i++)
		if (getxattr(dir, marks[i], &c, 1) == 1 && c == '1')
			return true;
	return false;
}

void sandbox_use_delegated(void)
{
	auto_free char *at = NULL, *own = NULL, *group = NULL;

	if (!locate("", &at, &own) || !is_delegated(own))
		return;
	group = path_join(own, "supervisor");
	if (mkdir(group, 0755) < 0 && errno != EEXIST)
		return;
	trace("sandbox", "cgroup: %s %s", put(group, "cgroup.procs", "0") < 0 ? "not in" : "in",
		group);
}

static bool has_file(const char *dir, const char *name)
{
	auto_free char *path = path_join(dir, name);

	return fs_exists(path);
}

static void limit_cpu(const struct sb_cgroup *cg, double cpus)
{
	const unsigned period = 100000;
	auto_free char *text = NULL;

	if (cpus <= 0 || !cg->cpu)
		return;
	if (cg->cpu == cg->v2) {
		text = xasprintf("%" PRIu64 " %u", (uint64_t)(cpus * period), period);
		put(cg->cpu, "cpu.max", text);
	} else {
		put_u64(cg->cpu, "cpu.cfs_period_us", period);
		put_u64(cg->cpu, "cpu.cfs_quota_us", (uint64_t)(cpus * period));
	}
}

static void limit_memory(const struct sb_cgroup *cg, uint64_t bytes)
{
	if (!cg->memory || !bytes)
		return;
	if (cg->memory == cg->v2) {
		put_u64(cg->memory, "memory.max", bytes);
		put(cg->memory, "memory.swap.max", "0");
		return;
	}
	put_u64(cg->memory, "memory.limit_in_bytes", bytes);
	/* memory and swap together; not there when swap is not accounted */
	put_u64(cg->memory, "memory.memsw.limit_in_bytes", bytes);
}

/* The group of one controller: the v2 group where that has it, else one in v1. */
static char *group_of(
	const struct sb_cgroup *cg, const char *controller, const char *file, const char *name)
{
	if (cg->v2 && has_file(cg->v2, file))
		return cg->v2;
	return make_v1(controller, name);
}

void sb_cgroup_open(struct sb_cgroup *cg, const struct limits *l, uint64_t extra_memory)
{
	auto_free char *name = group_name();

	*cg = (struct sb_cgroup){.v2 = make_v2(name), .fd = -1};
	if (cg->v2)
		cg->fd = open(cg->v2, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cg->memory = group_of(cg, "memory", "memory.max", name);
	cg->pids = group_of(cg, "pids", "pids.max", name);
	if (l->cpus > 0)
		cg->cpu = group_of(cg, "cpu", "cpu.max", name);
	/* pages of the writable layer on tmpfs are charged to whoever wrote them: memory and
	 * disk share one limit then, and the layer's own size keeps the disk part in its bounds */
	limit_memory(cg, l->memory ? l->memory + extra_memory : 0);
	if (cg->pids && l->pids)
		put_u64(cg->pids, "pids.max", l->pids);
	limit_cpu(cg, l->cpus);
	trace("sandbox", "cgroup: memory %s, pids %s", cg->memory ? cg->memory : "no",
		cg->pids ? cg->pids : "no");
}

static void drop(char **dir)
{
	const struct timespec pause = {.tv_nsec = 2000000};

	/* the last process may still be on its way out */
	for (int i = 0; *dir && i < 50 && rmdir(*dir) < 0 && errno == EBUSY; i++)
		nanosleep(&pause, NULL);
	free(*dir);
	*dir = NULL;
}

void sb_cgroup_close(struct sb_cgroup *cg)
{
	char **dirs[] = {&cg->memory, &cg->pids, &cg->cpu};

	auto_closep(&cg->fd);
	cg->fd = -1;
	for (size_t i = 0; i < COUNTOF(dirs); i++) {
		if (*dirs[i] == cg->v2)
			*dirs[i] = NULL;
		drop(dirs[i]);
	}
	drop(&cg->v2);
}

int sb_cgroup_join(const struct sb_cgroup *cg, struct err *err)
{
	const char *dirs[] = {cg->memory, cg->pids, cg->cpu};

	for (size_t i = 0; i < COUNTOF(dirs); i++) {
		if (dirs[i] && dirs[i] != cg->v2 && put(dirs[i], "cgroup.procs", "0") < 0)
			return err_errno(err, "cannot join the cgroup '%s'", dirs[i]);
	}
	return 0;
}

static uint64_t oom_kills(const struct sb_cgroup *cg)
{
	if (!cg->memory)
		return 0;
	return cg->memory == cg->v2 ? get_number(cg->memory, "memory.events", "oom_kill")
				    : get_number(cg->memory, "memory.oom_control", "oom_kill");
}

static uint64_t pids_refused(const struct sb_cgroup *cg)
{
	return cg->pids ? get_number(cg->pids, "pids.events", "max") : 0;
}

void sb_cgroup_mark(struct sb_cgroup *cg)
{
	cg->oom = oom_kills(cg);
	cg->at_pids = pids_refused(cg);
	if (cg->memory) /* v2 resets since Linux 6.12 only: then it is the sandbox's peak so far */
		put(cg->memory, cg->memory == cg->v2 ? "memory.peak" : "memory.max_usage_in_bytes",
			"0");
}

bool sb_cgroup_oomed(const struct sb_cgroup *cg)
{
	return oom_kills(cg) > cg->oom;
}

bool sb_cgroup_pids_hit(const struct sb_cgroup *cg)
{
	return pids_refused(cg) > cg->at_pids;
}

uint64_t sb_cgroup_peak(const struct sb_cgroup *cg)
{
	if (!cg->memory)
		return 0;
	return get_number(
		cg->memory, cg->memory == cg->v2 ? "memory.peak" : "memory.max_usage_in_bytes", "");
}

/*
 * "packmill.<pid namespace>.<pid>.<start>.<n>" of a process that is gone. Of another namespace (a
 * container that shares our cgroups) nothing can be said: its groups stay.
 */
static bool is_stale(const char *name)
{
	auto_strv struct strv f = STRV_INIT;
	uint64_t start, ns;

	if (!str_starts(name, GROUP_NAME))
		return false;
	strv_split(&f, name, ".");
	return f.n == 5 && str_u64(f.v[1], &ns) && ns == pid_namespace() &&
	       str_u64(f.v[3], &start) && start_time(f.v[2]) != start;
}

static void sweep_dir(const char *dir)
{
	auto_strv struct strv names = STRV_INIT;

	if (fs_list(dir, &names, NULL) < 0)
		return;
	strv_foreach (&names, n) {
		auto_free char *path = path_join(dir, *n);

		if (is_stale(*n) && rmdir(path) == 0)
			trace("sandbox", "swept %s", path);
	}
}

void sb_cgroup_sweep(void)
{
	static const char *const controllers[] = {"", "memory", "pids", "cpu"};

	for (size_t i = 0; i < COUNTOF(controllers); i++) {
		auto_free char *at = NULL, *dir = NULL;

		if (!locate(controllers[i], &at, &dir))
			continue;
		while (str_starts(dir, at)) {
			sweep_dir(dir);
			*strrchr(dir, '/') = '\0';
		}
	}
}
