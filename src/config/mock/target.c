/* SPDX-License-Identifier: GPL-3.0-or-later */
/* target.c - what the options mean for a target. */
#include "config/load.h"
#include "config/mock/internal.h"

/* Options whose work packmill does in its own way whatever they say. */
static const char *const own_way[] = {"description", "package_manager", "bootstrap_image",
	"bootstrap_image_ready", "bootstrap_image_fallback", "use_bootstrap", "use_bootstrap_image",
	"use_bootstrap_container", "legal_host_arches", "mirrored", "koji_primary_repo",
	"releasever_major", "dnf_vars", "package_manager_max_attempts",
	"package_manager_attempt_delay", "useradd", "dnf_install_command", "yum_install_command",
	"system_yum_command", "system_dnf_command", "dnf_common_opts", "yum_common_opts",
	"isolation", "use_nspawn", "cleanup_on_success", "cleanup_on_failure", "nspawn_args",
	"ssl_ca_bundle_path", "rpmbuild_command", "basedir", "cache_topdir", "fedora_release",
	"chroothome", "no_root_shells", "yum_builddep_opts", "dnf_builddep_opts", "user_agent"};

static const char *const said[][2] = {
	{"extra_chroot_dirs", "directories come from packages; a build makes others itself"},
	{"module_install", "enable the stream, and write its packages into root.packages"},
	{"plugin_conf", "plugins of mock are not known; caches need none here"},
	{"plugins", "plugins of mock are not known; caches need none here"},
	{"environment", "builds start without an environment; set it in the spec"},
	{"files", "files of the root come from packages; make a package of it"},
	{"rpmbuild_networking", "builds have no network"},
	{"use_host_resolv", "builds have no network"},
	{"forcearch", "targets are for this machine's architecture"},
	{"rpmbuild_timeout", "set 'limits: {time: ...}' in packmill.yaml"},
	{"more_buildrequires", "say it as BuildRequires in the spec"},
	{"resultdir", "results go to data/repos, or to -o"},
};

/* What Fedora's and its relatives' group of that name holds; LAST is their release package. */
static const char *const buildsys[] = {"bash", "bzip2", "coreutils", "cpio", "diffutils",
	"findutils", "gawk", "glibc-minimal-langpack", "grep", "gzip", "info", "patch",
	"redhat-rpm-config", "rpm-build", "sed", "shadow-utils", "tar", "unzip", "util-linux",
	"which", "xz"};

/* An option as text with its templates filled in; NULL when it is not there or no text. */
static char *text_of(struct mock *m, const char *key)
{
	CLEANUP(mval_freep) struct mval *v = mock_name(m, key, 0);
	const struct mval *raw = mval_get(m->opts, key);

	if (!raw || !v)
		return NULL;
	if (v->kind == M_INT)
		return xasprintf("%jd", (intmax_t)v->i);
	if (v->kind == M_TEXT)
		return xstrdup(mval_str(v));
	if (v->kind != M_NONE)
		mock_leave(m, raw->file, raw->line, key, "it must be a text");
	return NULL;
}

static void leave_text(struct mock *m, const char *key, const char *text, const char *why)
{
	const struct mval *v = mval_get(m->opts, key);
	auto_free char *what = xasprintf("%s: %s", key, text);

	mock_leave(m, v ? v->file : 0, v ? v->line : 1, what, "%s", why);
}

static void take_name(struct mock *m, const char *key, char **to, const char *otherwise)
{
	auto_free char *s = text_of(m, key);
	auto_free char *trimmed = s ? str_trim(s) : NULL;

	if (trimmed && str_is_name(trimmed)) {
		str_set(to, trimmed);
		return;
	}
	if (!str_empty(trimmed))
		leave_text(m, key, trimmed, "it must be letters, digits and . _ + - only");
	str_set(to, str_is_name(otherwise) ? otherwise : "");
}

static bool is_dist(const char *s)
{
	return *s == '.' && s[1] &&
	       !s[strspn(s, "._+~^0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

/* mock's `dist` names a directory only, but there it is what packages of that release carry. */
static void take_dist(struct mock *m, struct target *t)
{
	static const char *const known[] = {"el", "fc", "amzn", "mga", "oe", "an", "azl", "eln"};
	auto_free char *dist = text_of(m, "dist");

	if (!dist || *t->dist)
		return;
	for (size_t i = 0; i < COUNTOF(known); i++) {
		size_t n = strlen(known[i]);
		auto_free char *tag = xasprintf(".%s", dist);

		if (str_starts(dist, known[i]) && dist[n] >= '0' && dist[n] <= '9' &&
			is_dist(tag)) {
			str_set(&t->dist, tag);
			return;
		}
	}
	if (str_eq(dist, "rawhide") && t->releasever[0] >= '1' && t->releasever[0] <= '9') {
		free(t->dist);
		t->dist = xasprintf(".fc%s", t->releasever);
		return;
	}
	leave_text(m, "dist", dist,
		"no dist tag; write 'dist: .tag' if names of packages shall carry one");
}

static void take_macro(struct mock *m, struct target *t, const char *key, const struct mval *v)
{
	static const char letters[] = "_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
				      "XYZ";
	const char *name = *key == '%' ? key + 1 : key, *value = mval_str(v);
	auto_free char *number = NULL;
	struct target_macro *macro;
	size_t n = strlen(name);

	if (v->kind == M_INT || v->kind == M_BOOL)
		value = number = xasprintf("%jd", (intmax_t)v->i);
	else if (v->kind != M_TEXT)
		value = NULL;
	if (!value || !mock_is_plain(value) || strlen(value) > 4096)
		mock_leave(m, v->file, v->line, key, "macros have one line of text");
	else if (str_eq(name, "dist") && (!*value || is_dist(value)))
		str_set(&t->dist, value);
	else if (str_eq(name, "dist"))
		mock_leave(m, v->file, v->line, value, "write 'dist: .tag' as it is to come out");
	else if (n < 3 || n > LIMIT_NAME || name[strspn(name, letters)] ||
		 (*name >= '0' && *name <= '9'))
		mock_leave(m, v->file, v->line, key, "no name of a macro without arguments");
	else {
		macro = vec_push(&t->macros);
		macro->name = xstrdup(name);
		macro->value = xstrdup(value);
	}
}

static void take_macros(struct mock *m, struct target *t)
{
	CLEANUP(mval_freep) struct mval *macros = mock_name(m, "macros", 0);

	for (size_t i = 0; macros && macros->kind == M_DICT && i < macros->keys.n; i++)
		take_macro(m, t, macros->keys.v[i], macros->items.v[i]);
}

static void add_package(struct target *t, const char *name)
{
	if (!strv_has(&t->packages, name))
		strv_add(&t->packages, name);
}

static void add_buildsys(struct target *t, const char *group, struct strv *comments)
{
	const char *release = "system-release";

	if (str_starts(t->name, "fedora"))
		release = "fedora-release-common";
	else if (str_starts(t->name, "centos-stream"))
		release = "centos-stream-release";
	for (size_t i = 0; i < COUNTOF(buildsys); i++)
		add_package(t, buildsys[i]);
	add_package(t, release);
	strv_addf(comments,
		"%s is spelled out in root.packages; compare with the distribution's group", group);
}

static void add_words(struct mock *m, struct target *t, const char *key, const char *text, bool cmd,
	struct strv *comments)
{
	auto_strv struct strv words = STRV_INIT;
	bool group = false;

	strv_split(&words, text, " \t\n\r,");
	if (cmd && words.n && !str_eq(words.v[0], "install") &&
		!str_eq(words.v[0], "groupinstall") && !str_eq(words.v[0], "group")) {
		leave_text(m, key, text, "only 'install PACKAGE...' is understood");
		return;
	}
	for (size_t i = cmd; i < words.n; i++) {
		const char *w = words.v[i];
		const char *name = *w == '@' ? w + 1 : w;

		group = group || (i == 1 && str_eq(w, "install") && str_eq(words.v[0], "group")) ||
			str_eq(words.v[0], "groupinstall");
		if (cmd && i == 1 && str_eq(w, "install"))
			continue;
		if ((*w == '@' || group) &&
			(str_eq(name, "buildsys-build") || str_eq(name, "build")))
			add_buildsys(t, w, comments);
		else if (*w == '@' || group)
			leave_text(m, key, w,
				"groups are not known; write its packages into root.packages");
		else if (*w == '-' || strpbrk(w, ";\"'") || !mock_is_plain(w))
			leave_text(m, key, w, "no name of a package");
		else
			add_package(t, w);
	}
}

static void take_packages(
	struct mock *m, struct target *t, const char *key, bool cmd, struct strv *comments)
{
	CLEANUP(mval_freep) struct mval *v = mock_name(m, key, 0);

	if (!v)
		return;
	if (v->kind == M_TEXT)
		add_words(m, t, key, mval_str(v), cmd, comments);
	for (size_t i = 0; v->kind == M_LIST && i < v->items.n; i++)
		if (!(cmd && i == 0 && str_eq(mval_str(v->items.v[0]), "install")))
			add_words(m, t, key, mval_str(v->items.v[i]), false, comments);
}

static void add_modules(struct mock *m, struct target *t, const char *key, const struct mval *v)
{
	auto_strv struct strv words = STRV_INIT;

	strv_split(&words, mval_str(v), " \t\n\r,");
	strv_foreach (&words, w) {
		const char *colon = strchr(*w, ':');

		if (!colon || colon == *w || !colon[1] || strchr(colon + 1, ':') || **w == '-' ||
			strpbrk(*w, "/;*?[") || !mock_is_plain(*w))
			mock_leave(
				m, v->file, v->line, *w, "%s: only NAME:STREAM is understood", key);
		else if (!strv_has(&t->modules, *w))
			strv_add(&t->modules, *w);
	}
}

/* module_enable is a list of streams, module_setup_commands one of (action, streams). */
static void take_modules(struct mock *m, struct target *t, const char *key, bool commands)
{
	CLEANUP(mval_freep) struct mval *list = mock_name(m, key, 0);

	for (size_t i = 0; list && list->kind == M_LIST && i < list->items.n; i++) {
		const struct mval *v = list->items.v[i];
		bool pair = v->kind == M_LIST && v->items.n == 2;
		const char *action = pair ? mval_str(v->items.v[0]) : "";

		if (!commands)
			add_modules(m, t, key, v);
		else if (str_eq(action, "enable"))
			add_modules(m, t, key, v->items.v[1]);
		else
			mock_leave(m, v->file, v->line, key,
				"of the commands for modules only 'enable' is understood%s%s%s",
				*action ? ", not '" : "", action, *action ? "'" : "");
	}
}

static void take_repos(struct mock *m, struct target *t)
{
	static const char *const files[] = {"dnf.conf", "yum.conf", "dnf5.conf"};
	bool have = false;

	for (size_t i = 0; i < COUNTOF(files); i++) {
		struct mval *raw = mval_get(m->opts, files[i]);
		CLEANUP(mval_freep) struct mval *v = NULL;

		if (!raw || have)
			continue;
		v = mock_name(m, files[i], 0);
		have = v && v->kind == M_TEXT && v->text.b.n;
		if (have)
			mock_repos(m, &v->text, t);
	}
}

/* What nothing above has asked for. */
static void leave_rest(struct mock *m)
{
	for (size_t i = 0; i < m->opts->keys.n; i++) {
		const char *key = m->opts->keys.v[i];
		const struct mval *v = m->opts->items.v[i];
		const char *why =
			"nothing here corresponds to it; leave it out, or say in another way "
			"what it was for";
		bool empty = !mval_true(v) && v->kind != M_BOOL && v->kind != M_INT;
		bool known = v->used || empty;

		for (size_t j = 0; j < COUNTOF(own_way); j++)
			known = known || str_eq(own_way[j], key);
		for (size_t j = 0; j < COUNTOF(said); j++)
			if (str_eq(said[j][0], key)) {
				known = empty;
				why = said[j][1];
			}
		if (!known)
			mock_leave(m, v->file, v->line, key, "%s", why);
	}
}

struct target *mock_target(struct mock *m, const char *fallback_name, struct strv *ret_comments)
{
	struct target *t = target_builtin_host();

	t->host = false;
	take_name(m, "root", &t->name, fallback_name);
	take_name(m, "target_arch", &t->arch, target_host_arch());
	take_name(m, "releasever", &t->releasever, "");
	take_macros(m, t);
	take_dist(m, t);
	take_packages(m, t, "chroot_setup_cmd", true, ret_comments);
	take_packages(m, t, "chroot_additional_packages", false, ret_comments);
	take_modules(m, t, "module_enable", false);
	take_modules(m, t, "module_setup_commands", true);
	take_repos(m, t);
	leave_rest(m);
	return t;
}
