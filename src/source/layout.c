/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layout.c - find and copy the spec and the sources of a packaging tree. */
#include "source/layout.h"
#include "base/fs.h"
#include <ctype.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#define LIMIT_SOURCES 20000 /* files of one source package */

void layout_place_release(struct layout_place *p)
{
	free(p->specs);
	free(p->sources);
	free(p->spec);
}

/* Links may point about inside the tree, never out of it. */
static int open_inside(int tree, const char *path, int flags)
{
	struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, tree, *path ? path : ".", &how, sizeof how);
}

static int open_tree(const char *tree, struct err *err)
{
	int fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_errno(err, "cannot open '%s'", tree) : fd;
}

static char *join(const char *dir, const char *name)
{
	return *dir ? path_join(dir, name) : xstrdup(name);
}

/* Names in a directory of the tree; false when it is none. */
static bool list(int tree, const char *dir, struct strv *ret)
{
	auto_close int fd = open_inside(tree, dir, O_RDONLY | O_DIRECTORY);
	char path[64];

	if (fd < 0)
		return false;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return fs_list(path, ret, NULL) >= 0;
}

static void list_specs(int tree, const char *dir, struct strv *ret)
{
	auto_strv struct strv names = STRV_INIT;

	if (!list(tree, dir, &names))
		return;
	strv_foreach (&names, n) {
		auto_free char *path = join(dir, *n);
		auto_close int fd = str_ends(*n, ".spec") ? open_inside(tree, path, O_RDONLY) : -1;
		struct stat st;

		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
			strv_add(ret, *n);
	}
}

/* Lower-case letters and digits only, so that centos-7, CentOS7 and centos7 are one. */
static char *plain(const char *s)
{
	struct strbuf b = STRBUF_INIT;

	for (; *s; s++) {
		if (isalnum((unsigned char)*s))
			sb_addc(&b, (char)tolower((unsigned char)*s));
	}
	return sb_take(&b);
}

/* centos7 begins centos7x8664, but does not begin centos79. */
static bool begins(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	return n && str_starts(name, dir) &&
	       !(isdigit((unsigned char)dir[n - 1]) && isdigit((unsigned char)name[n]));
}

const char *layout_choose(const struct strv *names, const struct target *t)
{
	auto_free char *name = plain(t->name ? t->name : ""), *dist = plain(t->dist ? t->dist : "");
	auto_free char *word = xstrndup(name, strspn(name, "abcdefghijklmnopqrstuvwxyz"));
	auto_free char *first = xstrndup(t->name ? t->name : "", strcspn(t->name ?: "", "-_."));
	auto_free char *first_plain = plain(first);
	auto_free char *numbered =
		xasprintf("%s%s", first_plain, dist + strcspn(dist, "0123456789"));
	const char *best = NULL;
	size_t best_n = 0;

	strv_foreach (names, it) {
		auto_free char *dir = plain(*it);
		bool fits = begins(dir, name) || str_eq(dir, numbered) ||
			    (*dist && str_eq(dir, dist)) || str_eq(dir, word);

		if (fits && strlen(dir) > best_n) {
			best = *it;
			best_n = strlen(dir);
		}
	}
	return best ? best : names->n == 1 ? names->v[0] : NULL;
}

/* Directories that have rpm/SPECS with a spec in it. */
static void build_targets(int tree, struct strv *ret)
{
	auto_strv struct strv names = STRV_INIT;

	(void)list(tree, "", &names);
	strv_foreach (&names, n) {
		auto_free char *dir = xasprintf("%s/rpm/SPECS", *n);
		auto_strv struct strv specs = STRV_INIT;

		if (**n != '.')
			list_specs(tree, dir, &specs);
		if (specs.n)
			strv_add(ret, *n);
	}
}

static int find_dirs(int tree, const struct target *t, struct layout_place *ret, struct err *err)
{
	static const char *const pairs[][2] = {
		{"", ""}, {"SPECS", "SOURCES"}, {"rpm/SPECS", "rpm/SOURCES"}};
	auto_strv struct strv targets = STRV_INIT;
	const char *chosen;

	for (size_t i = 0; i < COUNTOF(pairs); i++) {
		auto_strv struct strv specs = STRV_INIT;

		list_specs(tree, pairs[i][0], &specs);
		if (specs.n) {
			ret->specs = xstrdup(pairs[i][0]);
			ret->sources = xstrdup(pairs[i][1]);
			return 0;
		}
	}
	build_targets(tree, &targets);
	if (!targets.n)
		return err_set(err, ERR_SOURCE,
			"no spec: neither at the top nor in SPECS/, rpm/SPECS/ or "
			"<build target>/rpm/SPECS/");
	chosen = layout_choose(&targets, t);
	if (!chosen) {
		auto_free char *all = strv_join(&targets, ", ");

		return err_set(err, ERR_SOURCE,
			"none of the build targets %s is that of target '%s'", all, t->name);
	}
	ret->specs = xasprintf("%s/rpm/SPECS", chosen);
	ret->sources = xasprintf("%s/rpm/SOURCES", chosen);
	return 0;
}

static int choose_spec(int tree, const char *wanted, struct layout_place *p, struct err *err)
{
	auto_strv struct strv specs = STRV_INIT;

	list_specs(tree, p->specs, &specs);
	if (!specs.n)
		return err_set(err, ERR_SOURCE, "no spec in '%s'", p->specs);
	auto_free char *all = strv_join(&specs, ", ");
	if (wanted && !strv_has(&specs, wanted))
		return err_set(
			err, ERR_SOURCE, "spec '%s' is not there (there is %s)", wanted, all);
	if (!wanted && specs.n > 1)
		return err_set(
			err, ERR_SOURCE, "several specs: %s (say which one with 'spec')", all);
	p->spec = xstrdup(wanted ? wanted : specs.v[0]);
	auto_free char *name = xstrndup(p->spec, strlen(p->spec) - strlen(".spec"));
	if (!str_is_name(name))
		return err_set(err, ERR_SOURCE, "'%s' is no fit name for a spec", p->spec);
	return 0;
}

/* A spec given with its directory (centos7/rpm/SPECS/x.spec) needs no search. */
static void given_dirs(const char *spec, struct layout_place *p)
{
	auto_free char *dir = path_dir(spec);

	p->specs = xstrdup(dir);
	if (str_eq(path_base(dir), "SPECS"))
		p->sources = xasprintf("%.*sSOURCES", (int)(path_base(dir) - dir), dir);
	else
		p->sources = xstrdup(dir);
}

int layout_find(const char *tree, const struct target *t, const char *spec,
	struct layout_place *ret, struct err *err)
{
	auto_close int fd = open_tree(tree, err);
	struct layout_place p = {0};
	int r = 0;

	if (fd < 0)
		return fd;
	if (spec && strchr(spec, '/'))
		given_dirs(spec, &p);
	else
		r = find_dirs(fd, t, &p, err);
	if (r >= 0)
		r = choose_spec(fd, spec ? path_base(spec) : NULL, &p, err);
	if (r < 0) {
		layout_place_release(&p);
		return r;
	}
	*ret = p;
	return 0;
}

static int copy_file(int fd, const char *to, const struct stat *st, struct err *err)
{
	struct timespec times[2] = {st->st_mtim, st->st_mtim};
	char from[64];
	int r;

	(void)snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
	r = fs_copy(from, to, st->st_mode & 0111 ? 0755 : 0644, err);
	if (r >= 0 && utimensat(AT_FDCWD, to, times, 0) < 0)
		r = err_errno(err, "cannot set the time of '%s'", to);
	return r;
}

/* Regular files only: directories and built packages are no sources. */
static int copy_one(int tree, const char *path, const char *to, struct err *err)
{
	auto_close int fd = open_inside(tree, path, O_RDONLY);
	struct stat st;

	if (fd < 0 && (errno == EXDEV || errno == ELOOP || errno == ENOENT))
		return err_set(err, ERR_SOURCE,
			"'%s' is a link that leaves the packaging tree or leads nowhere", path);
	if (fd < 0 && errno == ENXIO)
		return err_set(err, ERR_SOURCE, "'%s' is a socket or device", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, "cannot open '%s'", path);
	if (S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && str_ends(path, ".rpm")))
		return 0;
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_SOURCE, "'%s' is no regular file", path);
	if ((uint64_t)st.st_size > LIMIT_TARBALL)
		return err_set(err, ERR_SOURCE, "'%s' is too large", path);
	return copy_file(fd, to, &st, err);
}

int layout_copy(const char *tree, const struct layout_place *p, const char *dir, struct err *err)
{
	auto_free char *specs = path_join(dir, "SPECS"), *sources = path_join(dir, "SOURCES");
	auto_free char *spec_from = join(p->specs, p->spec), *spec_to = path_join(specs, p->spec);
	auto_close int fd = open_tree(tree, err);
	auto_strv struct strv names = STRV_INIT;
	int r;

	if (fd < 0)
		return fd;
	if ((r = fs_mkdirs(specs, 0755, err)) < 0 || (r = fs_mkdirs(sources, 0755, err)) < 0 ||
		(r = copy_one(fd, spec_from, spec_to, err)) < 0)
		return r;
	(void)list(fd, p->sources, &names); /* no SOURCES: a spec without sources */
	if (names.n > LIMIT_SOURCES)
		return err_set(err, ERR_SOURCE, "%zu files beside the spec are too many", names.n);
	strv_foreach (&names, n) {
		auto_free char *from = join(p->sources, *n), *to = path_join(sources, *n);

		if (str_eq(from, spec_from) || str_eq(*n, ".git"))
			continue;
		if ((r = copy_one(fd, from, to, err)) < 0)
			return r;
	}
	return 0;
}
