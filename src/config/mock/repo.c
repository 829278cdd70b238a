/* SPDX-License-Identifier: GPL-3.0-or-later */
/* repo.c - the repositories of a dnf.conf. */
#include "base/fs.h"
#include "base/text.h"
#include "base/time.h"
#include "config/mock/internal.h"

struct reading {
	struct mock *m;
	struct target *t;
	const struct ini_section *main;
};

/* Options that change nothing about which packages come from where, or are as packmill does it. */
static const char *const harmless[] = {"name", "enabled", "gpgcheck", "countme", "type",
	"failovermethod", "fastestmirror", "retries", "obsoletes", "best", "assumeyes", "keepcache",
	"debuglevel", "errorlevel", "reposdir", "logfile", "syslog_ident", "syslog_device",
	"mdpolicy", "protected_packages", "user_agent", "module_platform_id", "deltarpm",
	"max_parallel_downloads", "timeout", "minrate", "ip_resolve", "cachedir", "plugins",
	"installonly_limit", "clean_requirements_on_remove", "metadata_timer_sync",
	"install_weak_deps", "metadata_expire", "repo_gpgcheck", "exclude", "excludepkgs",
	"includepkgs", "module_hotfixes", "fastestmirror", "http_caching", "exactarch", "tolerant",
	"check_config_file_age", "persistdir", "varsdir", "releasever", "arch", "basearch",
	"log_size", "zchunk", "color", "strict", "group_package_types", "multilib_policy"};
/* Taken over from a repository only. */
static const char *const taken[] = {
	"baseurl", "metalink", "mirrorlist", "gpgkey", "priority", "cost"};
/* What is said of others. */
static const char *const said[][2] = {
	{"sslverify", "certificates of https are always checked"},
	{"sslcacert", "authorities are the system's; add it there"},
	{"sslclientcert", "certificates of clients are not supported"},
	{"sslclientkey", "certificates of clients are not supported"},
	{"proxy", "set https_proxy where packmill runs"},
	{"username", "passwords for repositories are not supported"},
	{"password", "passwords for repositories are not supported"},
	{"tsflags", "packages are always installed whole"},
};

static bool is_one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(s, list[i]))
			return true;
	return false;
}

static void leave_option(
	struct reading *r, const struct ini_section *s, const struct ini_entry *e, const char *why)
{
	auto_free char *shown = text_url_shown(e->value);
	auto_free char *what = xasprintf(
		"[%s] %s=%s", s->name, e->key, str_eq(e->key, "password") ? "***" : shown);

	mock_leave(r->m, e->file, e->line, what, "%s", why);
}

static void leave_others(struct reading *r, const struct ini_section *s, bool repo)
{
	vec_foreach (&s->entries, e) {
		const char *why =
			"not known here; leave it out, or say in another way what it was for";

		if (is_one_of(e->key, harmless, COUNTOF(harmless)) ||
			(repo && is_one_of(e->key, taken, COUNTOF(taken))) || !*e->value)
			continue;
		if (str_eq(e->key, "skip_if_unavailable")) {
			if (mock_bool(e->value) == 1)
				leave_option(r, s, e,
					"a repository that cannot be reached is always an error");
			continue;
		}
		if (str_eq(e->key, "sslverify") && mock_bool(e->value) == 1)
			continue;
		for (size_t i = 0; i < COUNTOF(said); i++)
			if (str_eq(said[i][0], e->key))
				why = said[i][1];
		leave_option(r, s, e, why);
	}
}

static bool flag(struct reading *r, const struct ini_section *s, const char *key, bool unset)
{
	const struct ini_entry *e = ini_get(s, key);
	int v = e ? mock_bool(e->value) : unset;

	if (v < 0)
		leave_option(r, s, e, "neither 1 nor 0");
	return v < 0 ? unset : v > 0;
}

/* $releasever_major and what dnf_vars sets; NULL: a variable that nobody knows. */
static char *variables(struct reading *r, const char *s, bool all)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				      "0123456789";
	const struct mval *vars = mval_get(r->m->opts, "dnf_vars");
	auto_strbuf struct strbuf b = STRBUF_INIT;

	while (*s) {
		bool braces = s[0] == '$' && s[1] == '{';
		size_t skip = braces ? 2 : 1, n = strspn(s + (*s == '$' ? skip : 0), letters);
		auto_free char *name = NULL;
		const struct mval *v;

		if (*s != '$') {
			sb_addc(&b, *s++);
			continue;
		}
		name = xstrndup(s + skip, n);
		s += skip + n + (braces && s[skip + n] == '}');
		v = vars ? mval_get(vars, name) : NULL;
		if (v)
			sb_add(&b, mval_str(v));
		else if (str_eq(name, "releasever_major"))
			sb_addn(&b, r->t->releasever, strcspn(r->t->releasever, "."));
		else if (str_eq(name, "releasever"))
			sb_add(&b, all ? r->t->releasever : "$releasever");
		else if (str_eq(name, "basearch") || str_eq(name, "arch"))
			sb_addf(&b, "%s%s", all ? "" : "$", all ? r->t->arch : name);
		else
			return NULL;
	}
	return sb_take(&b);
}

/* The words of an option that packmill's configuration takes. */
static void urls(
	struct reading *r, const struct ini_section *s, const struct ini_entry *e, struct strv *ret)
{
	auto_strv struct strv words = STRV_INIT;

	strv_split(&words, e->value, " ,\t\r");
	strv_foreach (&words, w) {
		bool key = str_eq(e->key, "gpgkey");
		auto_free char *url = variables(r, *w, key);

		if (!url)
			leave_option(r, s, e, "a variable that no file sets");
		else if (!str_starts(url, "https://") && !str_starts(url, "http://") &&
			 !str_starts(url, "file:///"))
			leave_option(r, s, e, "only https, http and file can be read");
		else if (strpbrk(url, "\"'<>\\`{}|^") || !mock_is_plain(url))
			leave_option(r, s, e, "no URL");
		else
			strv_add(ret, url);
	}
}

static void keys(struct reading *r, const struct ini_section *s, struct target_repo *repo)
{
	const struct ini_entry *e = ini_get(s, "gpgkey");
	auto_strv struct strv all = STRV_INIT;

	if (!flag(r, s, "gpgcheck", flag(r, r->main, "gpgcheck", false)))
		return;
	if (e)
		urls(r, s, e, &all);
	strv_foreach (&all, k) {
		if (strchr(*k, '#')) {
			leave_option(r, s, e, "no URL of a key");
		} else if (!str_starts(*k, "file://")) {
			strv_add(&repo->gpgkeys, *k);
		} else if (!str_starts(*k, "file:///usr/share/distribution-gpg-keys/")) {
			leave_option(r, s, e,
				"the file is in mock's root; give it as an URL or a path, best "
				"with "
				"#FINGERPRINT");
		} else {
			strv_add(&repo->gpgkeys, *k + strlen("file://"));
			if (!fs_exists(*k + strlen("file://")))
				leave_option(r, s, e,
					"taken over, but the file is not on this machine: install "
					"distribution-gpg-keys, or give its URL with #FINGERPRINT");
		}
	}
	if (!repo->gpgkeys.n)
		mock_leave(r->m, s->file, s->line, s->name,
			"gpgcheck is on and there is no key: packages are NOT checked until a "
			"'gpgkey' is added");
}

/* One of the three: a metalink has checksums and is taken first. */
static void places(struct reading *r, const struct ini_section *s, struct target_repo *repo)
{
	static const char *const kinds[] = {"metalink", "mirrorlist", "baseurl"};
	bool have = false;

	for (size_t i = 0; i < COUNTOF(kinds); i++) {
		const struct ini_entry *e = ini_get(s, kinds[i]);
		auto_strv struct strv list = STRV_INIT;

		if (!e || !*e->value)
			continue;
		if (have) {
			leave_option(r, s, e, "one of metalink, mirrorlist and baseurl is taken");
			continue;
		}
		urls(r, s, e, &list);
		have = list.n > 0;
		if (!have)
			continue;
		if (i == 2)
			strv_copy(&repo->urls, &list);
		else if (i == 0 || strstr(list.v[0], "metalink")) /* dnf tells them apart so */
			str_set(&repo->metalink, list.v[0]);
		else
			str_set(&repo->mirrorlist, list.v[0]);
		if (i < 2 && list.n > 1)
			leave_option(r, s, e, "only the first is taken");
	}
}

/* dnf also says "never" and has weeks. */
static bool expire(const char *s, int64_t *ret)
{
	size_t n = strlen(s);
	auto_free char *number = xstrndup(s, n ? n - 1 : 0);
	uint64_t v;

	if (str_eq(s, "never") || str_eq(s, "-1")) {
		*ret = INT64_C(366) * 86400;
		return true;
	}
	if (n && s[n - 1] == 'w' && str_u64(number, &v) && v <= 52)
		v *= UINT64_C(7) * 86400;
	else if (!time_parse_duration(s, &v) || v > UINT64_C(366) * 86400)
		return false;
	*ret = (int64_t)v;
	return true;
}

/* mock asks at each build and sets 0 for it; we ask once an hour, or when told to. */
static void expiry(struct reading *r, const struct ini_section *s, struct target_repo *repo)
{
	const struct ini_entry *e = ini_get(s, "metadata_expire");
	const struct ini_section *from = e ? s : r->main;

	if (!e && !(e = ini_get(r->main, "metadata_expire")))
		return;
	if (str_eq(e->value, "0"))
		leave_option(r, from, e, "it is asked once an hour, at once with --refresh");
	else if (!expire(e->value, &repo->metadata_expire))
		leave_option(r, from, e, "no time such as 6h, at most a year");
}

static void numbers(struct reading *r, const struct ini_section *s, struct target_repo *repo)
{
	const struct ini_entry *e = ini_get(s, "priority");
	uint64_t v;

	if (e && str_u64(e->value, &v) && v >= 1 && v <= 9999)
		repo->priority = (int)v;
	else if (e)
		leave_option(r, s, e, "priorities go from 1 to 9999");
	e = ini_get(s, "cost");
	if (e && !str_eq(e->value, "1000"))
		leave_option(r, s, e, "costs are not known; give a 'priority'");
	expiry(r, s, repo);
}

static void package_lists(struct reading *r, const struct ini_section *s, struct target_repo *repo)
{
	static const char *const names[] = {"exclude", "excludepkgs", "includepkgs"};

	for (size_t i = 0; i < COUNTOF(names); i++) {
		const struct ini_entry *e = ini_get(s, names[i]);
		auto_strv struct strv words = STRV_INIT;
		struct strv *to = i == 2 ? &repo->includepkgs : &repo->exclude;

		if (!e)
			continue;
		strv_split(&words, e->value, " ,;\t\r");
		strv_foreach (&words, w) {
			if (**w == '-' || **w == '@' || !mock_is_plain(*w))
				leave_option(r, s, e, "only names and patterns can be left out");
			else if (!strv_has(to, *w))
				strv_add(to, *w);
		}
	}
}

static void repository(struct reading *r, const struct ini_section *s)
{
	struct target_repo *repo;

	if (!flag(r, s, "enabled", true))
		return;
	if (!str_is_name(s->name)) {
		mock_leave(r->m, s->file, s->line, s->name,
			"no id of a repository (letters, digits and . _ + -); rename it");
		return;
	}
	repo = vec_push(&r->t->repos);
	repo->id = xstrdup(s->name);
	repo->class_ = xstrdup("base");
	repo->priority = 99;
	repo->metadata_expire = 3600;
	places(r, s, repo);
	if (!repo->urls.n && !repo->metalink && !repo->mirrorlist) {
		mock_leave(r->m, s->file, s->line, s->name,
			"the repository is left out: nothing says where it is");
		r->t->repos.n--;
		free(repo->id);
		free(repo->class_);
		return;
	}
	keys(r, s, repo);
	repo->repo_gpgcheck = flag(r, s, "repo_gpgcheck", flag(r, r->main, "repo_gpgcheck", false));
	if (repo->repo_gpgcheck && !repo->gpgkeys.n) {
		mock_leave(r->m, s->file, s->line, s->name,
			"repo_gpgcheck is on and there is no key: metadata is NOT checked");
		repo->repo_gpgcheck = false;
	}
	numbers(r, s, repo);
	package_lists(r, s, repo);
	package_lists(r, r->main, repo);
	leave_others(r, s, true);
}

void mock_repos(struct mock *m, const struct mtext *conf, struct target *t)
{
	static const struct ini_section nothing = {0};
	struct reading r = {m, t, &nothing};
	struct ini ini = {0};

	mock_ini(m, conf, &ini);
	vec_foreach (&ini, s)
		if (str_eq(s->name, "main"))
			r.main = s;
	if (r.main->name) {
		leave_others(&r, r.main, false);
		t->weak = flag(&r, r.main, "install_weak_deps", false);
	}
	vec_foreach (&ini, s)
		if (!str_eq(s->name, "main"))
			repository(&r, s);
	ini_release(&ini);
}
