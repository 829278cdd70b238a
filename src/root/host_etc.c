/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_etc.c - the skeleton: what stands in the place of the machine's `/`. Accounts, names and
 * macros are written new; of /etc only what is listed here is taken, and of that only what every
 * user of the machine may read, so that no secret can come along.
 */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "root/host.h"

#define ETC_FILE  (16 * MIB) /* one file of /etc */
#define ETC_FILES 50000
#define ETC_DEPTH 24

/* Names in /etc; a `*` at the end: all that begin so. */
static const char *const taken[] = {"alternatives", "adduser.conf", "ca-certificates.conf",
	"ca-certificates", "crypto-policies", "debian_version", "default/useradd", "deluser.conf",
	"dictionaries-common", "dpkg/origins", "emacs", "ethertypes", "fedora-release",
	"redhat-release", "system-release", "fonts", "fpc*.cfg", "ghc*", "glvnd", "gnucobol",
	"groff", "gtk-*", "host.conf", "java*", "jvm*", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
	"libpaper.d", "locale.alias", "locale.gen", "login.defs", "lsb-release", "magic",
	"magic.mime", "man_db.conf", "manpath.config", "maven", "mime.types", "netconfig",
	"networks", "ocaml*", "openal", "os-release", "papersize", "perl", "php*", "pki/ca-trust",
	"pki/java", "pki/tls/cert.pem", "pki/tls/certs", "pki/tls/openssl.cnf", "protocols",
	"python3*", "rpc", "rpmlint", "services", "sgml", "shells", "ssl", "terminfo", "texmf",
	"tidy.conf", "vulkan", "X11", "xattr.conf", "xdg", "xml"};

/* Never taken, wherever they lie below a name above. */
static const char *const left[] = {"private", "settings.xml", "settings-security.xml", "opasswd"};

struct skel {
	const char *dir; /* skeleton */
	struct sha256 *hash;
	size_t files;
};

static int put(struct skel *s, const char *path, const char *text, mode_t mode, struct err *err)
{
	auto_free char *to = path_join(s->dir, path), *parent = path_dir(to);
	int r = fs_mkdirs(parent, 0755, err);

	if (r < 0 || (r = fs_write(to, text, strlen(text), mode, err)) < 0)
		return r;
	if (chmod(to, mode) < 0)
		return err_errno(err, "cannot set the mode of '%s'", to);
	sha256_add_str(s->hash, path);
	sha256_add(s->hash, &mode, sizeof mode);
	sha256_add_str(s->hash, text);
	return 0;
}

static int make_dir(struct skel *s, const char *path, mode_t mode, struct err *err)
{
	auto_free char *to = path_join(s->dir, path);
	int r = fs_mkdirs(to, 0755, err);

	if (r < 0)
		return r;
	if (chmod(to, mode) < 0)
		return err_errno(err, "cannot set the mode of '%s'", to);
	sha256_add_str(s->hash, path);
	sha256_add(s->hash, &mode, sizeof mode);
	return 0;
}

static int make_link(struct skel *s, const char *path, const char *target, struct err *err)
{
	auto_free char *to = path_join(s->dir, path), *parent = path_dir(to);
	int r = fs_mkdirs(parent, 0755, err);

	if (r < 0)
		return r;
	if (symlink(target, to) < 0)
		return err_errno(err, "cannot make the link '%s'", to);
	sha256_add_str(s->hash, path);
	sha256_add_str(s->hash, target);
	return 0;
}

static int take_link(struct skel *s, const char *from, const char *path, struct err *err)
{
	char target[4096];
	ssize_t n = readlink(from, target, sizeof target - 1);

	if (n < 0)
		return 0; /* gone meanwhile */
	target[n] = '\0';
	return make_link(s, path, target, err);
}

static int take_file(
	struct skel *s, const char *from, const struct stat *st, const char *path, struct err *err)
{
	auto_free char *text = NULL, *to = path_join(s->dir, path), *parent = path_dir(to);
	const mode_t mode = st->st_mode & 0111 ? 0755 : 0644;
	size_t n;
	int r;

	if (!(st->st_mode & S_IROTH) || (uint64_t)st->st_size > ETC_FILE)
		return 0;
	if ((r = fs_mkdirs(parent, 0755, err)) < 0)
		return r;
	if (fs_read(from, ETC_FILE, &text, &n, NULL) < 0)
		return 0;
	if ((r = fs_write(to, text, n, mode, err)) < 0)
		return r;
	sha256_add_str(s->hash, path);
	sha256_add(s->hash, &mode, sizeof mode);
	sha256_add(s->hash, text, n);
	return 0;
}

static bool is_left(const char *name)
{
	for (size_t i = 0; i < COUNTOF(left); i++)
		if (str_eq(name, left[i]))
			return true;
	return str_ends(name, "-") || str_ends(name, "~");
}

/* A file, link or tree of the machine's /etc; what is not there or not for all is passed over. */
static int take(struct skel *s, const char *from, const char *path, unsigned depth, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	struct stat st;
	int r;

	if (is_left(path_base(path)) || lstat(from, &st) < 0)
		return 0;
	if (++s->files > ETC_FILES || depth > ETC_DEPTH)
		return err_set(err, ERR_SYS, "'%s': more files than a skeleton may have", from);
	if (S_ISLNK(st.st_mode))
		return take_link(s, from, path, err);
	if (S_ISREG(st.st_mode))
		return take_file(s, from, &st, path, err);
	if (!S_ISDIR(st.st_mode) || (st.st_mode & (S_IROTH | S_IXOTH)) != (S_IROTH | S_IXOTH) ||
		fs_list(from, &names, NULL) < 0)
		return 0;
	if ((r = make_dir(s, path, 0755, err)) < 0)
		return r;
	strv_foreach (&names, n) {
		auto_free char *f = path_join(from, *n), *p = path_join(path, *n);

		if ((r = take(s, f, p, depth + 1, err)) < 0)
			return r;
	}
	return 0;
}

static int take_pattern(
	struct skel *s, const char *etc, const char *pattern, const char *star, struct err *err)
{
	auto_free char *prefix = xstrndup(pattern, (size_t)(star - pattern));
	auto_strv struct strv names = STRV_INIT;
	int r;

	if ((r = fs_list(etc, &names, err)) < 0)
		return r;
	strv_foreach (&names, n) {
		auto_free char *from = path_join(etc, *n), *path = path_join("etc", *n);

		if (str_starts(*n, prefix) && str_ends(*n, star + 1) &&
			(r = take(s, from, path, 0, err)) < 0)
			return r;
	}
	return 0;
}

static int take_etc(struct skel *s, const char *etc, struct err *err)
{
	for (size_t i = 0; i < COUNTOF(taken); i++) {
		auto_free char *from = path_join(etc, taken[i]);
		auto_free char *path = path_join("etc", taken[i]);
		const char *star = strchr(taken[i], '*');
		int r = star ? take_pattern(s, etc, taken[i], star, err)
			     : take(s, from, path, 0, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Accounts: the fixed ones of the distribution (below 100, and nobody), without passwords, and
 * the builder. Those that the machine gave to its own services would only say what it runs.
 */
static bool fixed_id(const struct strv *fields, size_t at)
{
	uint64_t id;

	return fields->n > at && str_u64(fields->v[at], &id) && (id < 100 || id == 65534) &&
	       !str_eq(fields->v[0], "builder");
}

/* Like strv_split, but keeps empty fields. */
static void split_fields(struct strv *out, const char *line)
{
	for (;; line++) {
		size_t n = strcspn(line, ":");

		strv_addn(out, line, n);
		line += n;
		if (!*line)
			return;
	}
}

static int read_lines(const char *etc, const char *name, struct strv *ret, struct err *err)
{
	auto_free char *path = path_join(etc, name), *text = NULL;
	int r = fs_read(path, LIMIT_OUTPUT, &text, NULL, err);

	if (r >= 0)
		strv_lines(ret, text);
	return r < 0 ? r : 0;
}

static int put_users(struct skel *s, const char *etc, struct err *err)
{
	auto_strbuf struct strbuf passwd = STRBUF_INIT, shadow = STRBUF_INIT;
	auto_strv struct strv lines = STRV_INIT;
	int r = read_lines(etc, "passwd", &lines, err);

	if (r < 0)
		return r;
	sb_add(&passwd, "root:x:0:0:root:/root:/bin/bash\n");
	sb_add(&shadow, "root:*:19000:0:99999:7:::\n");
	strv_foreach (&lines, l) {
		auto_strv struct strv f = STRV_INIT;

		split_fields(&f, *l);
		if (f.n != 7 || !fixed_id(&f, 2) || str_eq(f.v[0], "root"))
			continue;
		sb_addf(&passwd, "%s:x:%s:%s:%s:%s:%s\n", f.v[0], f.v[2], f.v[3], f.v[0], f.v[5],
			f.v[6]);
		sb_addf(&shadow, "%s:*:19000:0:99999:7:::\n", f.v[0]);
	}
	sb_addf(&passwd, "builder:x:%d:%d:builder:/builddir:/bin/bash\n", SANDBOX_BUILDER,
		SANDBOX_BUILDER);
	sb_add(&shadow, "builder:*:19000:0:99999:7:::\n");
	r = put(s, "etc/passwd", sb_str(&passwd), 0644, err);
	return r < 0 ? r : put(s, "etc/shadow", sb_str(&shadow), 0644, err);
}

static int put_groups(struct skel *s, const char *etc, struct err *err)
{
	auto_strbuf struct strbuf group = STRBUF_INIT, gshadow = STRBUF_INIT;
	auto_strv struct strv lines = STRV_INIT;
	int r = read_lines(etc, "group", &lines, err);

	if (r < 0)
		return r;
	strv_foreach (&lines, l) {
		auto_strv struct strv f = STRV_INIT;

		split_fields(&f, *l);
		if (f.n != 4 || !fixed_id(&f, 2))
			continue;
		/* members are people of the machine */
		sb_addf(&group, "%s:x:%s:\n", f.v[0], f.v[2]);
		sb_addf(&gshadow, "%s:*::\n", f.v[0]);
	}
	sb_addf(&group, "builder:x:%d:\n", SANDBOX_BUILDER);
	sb_add(&gshadow, "builder:*::\n");
	r = put(s, "etc/group", sb_str(&group), 0644, err);
	return r < 0 ? r : put(s, "etc/gshadow", sb_str(&gshadow), 0644, err);
}

static const struct {
	const char *path, *text;
} written[] = {
	{"etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"},
	{"etc/hostname", "localhost\n"},
	{"etc/resolv.conf", ""},
	{"etc/fstab", ""},
	{"etc/environment", ""},
	{"etc/subuid", ""},
	{"etc/subgid", ""},
	{"etc/motd", ""},
	{"etc/timezone", "Etc/UTC\n"},
	{"etc/machine-id", "00000000000000000000000000000001\n"},
	{"etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\ngshadow: files\n"
			      "hosts: files dns\nnetworks: files\nprotocols: files\n"
			      "services: files\nethers: files\nrpc: files\n"},
	/* every program's: root may, others may not become somebody; su and useradd need no more */
	{"etc/pam.d/other", "auth sufficient pam_rootok.so\nauth required pam_deny.so\n"
			    "account required pam_permit.so\npassword required pam_unix.so\n"
			    "session required pam_permit.so\n"},
	{"etc/security/limits.conf", ""},
	{"etc/security/pam_env.conf", ""},
	{"etc/profile", "umask 022\nPS1='\\u@\\h:\\w\\$ '\n"},
	{"etc/bash.bashrc", "PS1='\\u@\\h:\\w\\$ '\n"},
	{"etc/inputrc", ""},
};

static const struct {
	const char *path;
	mode_t mode;
} dirs[] = {
	{"builddir", 0755},
	{"boot", 0755},
	{"etc/skel", 0755},
	{"home", 0755},
	{"media", 0755},
	{"mnt", 0755},
	{"opt", 0755},
	{"root", 0755},
	{"run", 0755},
	{"run/lock", 01777},
	{"srv", 0755},
	{"tmp", 01777},
	{"usr", 0755},
	{"var/cache", 0755},
	{"var/lib", 0755},
	{"var/lib/misc", 0755},
	{"var/lib/rpm", 0755},
	{"var/local", 0755},
	{"var/log", 0755},
	{"var/mail", 0775},
	{"var/opt", 0755},
	{"var/spool", 0755},
	{"var/tmp", 01777},
};

static const char *const links[][2] = {
	{"etc/localtime", "../usr/share/zoneinfo/Etc/UTC"},
	{"etc/mtab", "../proc/self/mounts"},
	{"var/run", "../run"},
	{"var/lock", "../run/lock"},
	{"var/spool/mail", "../mail"},
};

static int put_fixed(struct skel *s, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < COUNTOF(dirs) && r >= 0; i++)
		r = make_dir(s, dirs[i].path, dirs[i].mode, err);
	for (size_t i = 0; i < COUNTOF(written) && r >= 0; i++)
		r = put(s, written[i].path, written[i].text, 0644, err);
	for (size_t i = 0; i < COUNTOF(links) && r >= 0; i++)
		r = make_link(s, links[i][0], links[i][1], err);
	return r;
}

/* bin -> usr/bin and its like, as the machine has them. */
static int put_merge_links(struct skel *s, struct err *err)
{
	static const char *const names[] = {"bin", "lib", "lib32", "lib64", "libx32", "sbin"};

	for (size_t i = 0; i < COUNTOF(names); i++) {
		auto_free char *path = xasprintf("/%s", names[i]);
		auto_free char *target = xasprintf("usr/%s", names[i]);
		struct stat st;
		int r;

		if (lstat(path, &st) < 0)
			continue;
		if (!S_ISLNK(st.st_mode))
			return err_set(err, ERR_NOT_FOUND,
				"'%s' is no link into /usr: the host target needs a merged /usr "
				"(on Debian: apt-get install usrmerge)",
				path);
		if ((r = make_link(s, names[i], target, err)) < 0)
			return r;
	}
	return 0;
}

static int put_all(struct skel *s, const char *etc, struct err *err)
{
	auto_free char *macros = host_macros();
	int r = put_fixed(s, err);

	if (r < 0 || (r = put_merge_links(s, err)) < 0 || (r = take_etc(s, etc, err)) < 0 ||
		(r = put_users(s, etc, err)) < 0 || (r = put_groups(s, etc, err)) < 0)
		return r;
	return put(s, "etc/rpm/macros", macros, 0644, err);
}

int host_skeleton(const char *dir, const char *etc, struct sha256 *h, struct err *err)
{
	struct skel s = {.dir = dir, .hash = h};
	mode_t old = umask(022); /* inside, others than we must read it */
	int r = put_all(&s, etc, err);

	(void)umask(old);
	return r < 0 ? err_wrap(err, "writing the skeleton of the host root") : 0;
}
