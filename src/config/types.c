/* SPDX-License-Identifier: GPL-3.0-or-later */
/* types.c - the types a value can have: what is allowed, and how it becomes a struct's member. */
#include "base/fs.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "config/schema.h"

static bool check_any(const struct key *k UNUSED, const char *s UNUSED, struct strbuf *want UNUSED)
{
	return true;
}

static void put_text(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	str_set(to, n->text);
}

static void put_subst(const struct node *n, const struct subst *subst, void *to)
{
	char **p = to;

	free(*p);
	*p = subst_text(subst, n->text);
}

static bool check_name(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	sb_addf(want,
		"a name (letters, digits and . _ + -, beginning with a letter or digit, at most "
		"%d)",
		LIMIT_NAME);
	return str_is_name(s);
}

/* A name, or the path of a file; host-base is a directory beside the targets' repositories. */
static bool check_target(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	if (str_eq(s, "host-base")) {
		sb_add(want, "another name (this one is taken by packmill itself)");
		return false;
	}
	sb_add(want, "a target's name (letters, digits and . _ + -) or the path of its file");
	return strchr(s, '/') ? *s != '-' : str_is_name(s);
}

static void put_target(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	char **p = to;

	free(*p);
	*p = strchr(n->text, '/') ? node_path(n, n->text) : xstrdup(n->text);
}

static bool check_word(const struct key *k, const char *s, struct strbuf *want)
{
	for (size_t i = 0; k->words[i]; i++) {
		if (str_eq(k->words[i], s))
			return true;
		sb_addf(want, "%s%s", i == 0 ? "" : k->words[i + 1] ? ", " : " or ", k->words[i]);
	}
	return false;
}

static bool check_number(const struct key *k, const char *s, struct strbuf *want)
{
	uint64_t v;

	if (k->max == INT64_MAX)
		sb_addf(want, "a whole number, at least %jd", (intmax_t)k->min);
	else
		sb_addf(want, "a whole number from %jd to %jd", (intmax_t)k->min, (intmax_t)k->max);
	return str_u64(s, &v) && v <= INT64_MAX && (int64_t)v >= k->min && (int64_t)v <= k->max;
}

static uint64_t number_of(const struct node *n)
{
	uint64_t v = 0;

	(void)str_u64(n->text, &v);
	return v;
}

static void put_unsigned(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	*(unsigned *)to = (unsigned)number_of(n);
}

static void put_int(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	*(int *)to = (int)number_of(n);
}

static void put_number(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	*(int64_t *)to = (int64_t)number_of(n);
}

static void put_count(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	*(uint64_t *)to = number_of(n);
}

static bool check_size(const struct key *k, const char *s, struct strbuf *want)
{
	uint64_t v;
	char least[32];

	if (!size_parse(s, &v)) {
		sb_add(want, "a size such as 512M or 4G (units K, M, G, T; 0: no limit)");
		return false;
	}
	size_format((uint64_t)k->min, least, sizeof least);
	sb_addf(want, "at least %s (or 0: no limit)", least);
	return v == 0 || v >= (uint64_t)k->min;
}

static void put_size(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	(void)size_parse(n->text, to);
}

static bool check_time(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	uint64_t v;

	sb_add(want, "a time such as 90s, 15m, 2h or 1d (0: no limit), at most a year");
	return time_parse_duration(s, &v) && v <= UINT64_C(366) * 86400;
}

static void put_time(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	(void)time_parse_duration(n->text, to);
}

static bool check_interval(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	uint64_t v;

	sb_add(want, "a time such as 90s, 15m, 2h or 1d, at least a second and at most a year");
	return time_parse_duration(s, &v) && v >= 1 && v <= UINT64_C(366) * 86400;
}

static bool check_signed(const struct key *k, const char *s, struct strbuf *want)
{
	bool minus = *s == '-';
	uint64_t v;

	sb_addf(want, "a whole number from %jd to %jd", (intmax_t)k->min, (intmax_t)k->max);
	return str_u64(s + minus, &v) && v <= (uint64_t)(minus ? -k->min : k->max);
}

static void put_signed(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	bool minus = *n->text == '-';
	uint64_t v = 0;

	(void)str_u64(n->text + minus, &v);
	*(int64_t *)to = minus ? -(int64_t)v : (int64_t)v;
}

/* Digits with at most one point: strtod would go by the locale and take inf, nan and 0x. */
static bool parse_decimal(const char *s, double *ret)
{
	double v = 0, scale = 0;

	if (!*s || strlen(s) > 9)
		return false;
	for (; *s; s++) {
		if (*s == '.' && scale == 0 && s[1]) {
			scale = 1;
			continue;
		}
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (*s - '0');
		scale *= 10;
	}
	*ret = scale > 0 ? v / scale : v;
	return true;
}

static bool check_cpus(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	double v;

	sb_add(want, "a number of processors such as 2 or 0.5 (0: no limit)");
	return parse_decimal(s, &v) && v <= 4096 && (v == 0 || v >= 0.01);
}

static void put_cpus(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	(void)parse_decimal(n->text, to);
}

static bool check_bool(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	sb_add(want, "true or false");
	return str_eq(s, "true") || str_eq(s, "false") || str_eq(s, "yes") || str_eq(s, "no");
}

static void put_bool(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	*(bool *)to = str_eq(n->text, "true") || str_eq(n->text, "yes");
}

static bool check_path(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	sb_add(want, *s == '~' ? "a whole path ('~' is not expanded here)" : "a path");
	return *s != '~' && *s != '-';
}

static void put_path(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	char **p = to;

	free(*p);
	*p = node_path(n, n->text);
}

static bool check_subpath(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	auto_strv struct strv parts = STRV_INIT;

	sb_add(want, "a directory inside the packaging repository (relative, without '..')");
	strv_split(&parts, s, "/");
	return *s != '/' && *s != '-' && !strv_has(&parts, "..");
}

static bool check_spec(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	sb_add(want, "a file name that ends in .spec");
	return !strchr(s, '/') && *s != '-' && *s != '.' && str_ends(s, ".spec");
}

/* git's rule: a colon before the first slash, as in scheme://host/path and host:path. */
static bool is_remote(const char *url)
{
	size_t colon = strcspn(url, ":");

	return url[colon] && colon < strcspn(url, "/");
}

/* What else makes an URL, git/ says when it is used. */
static bool check_git_url(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	static const char *const schemes[] = {
		"https://", "http://", "ssh://", "git://", "file:///"};
	const char *colon = strchr(s, ':');
	bool known = false;

	if (is_remote(s) && colon && (str_starts(colon, "://") || str_starts(colon, "::"))) {
		for (size_t i = 0; i < COUNTOF(schemes); i++)
			known = known || str_starts(s, schemes[i]);
		sb_add(want,
			"an URL with https://, http://, ssh://, git:// or file:///, host:path or a "
			"path");
		if (!known)
			return false;
		sb_truncate(want, 0);
	}
	if (*s == '~')
		sb_add(want, "a whole path ('~' is not expanded here)");
	else
		sb_add(want, "an URL or a path, without blanks and not beginning with '-'");
	return *s != '~' && *s != '-' && (!is_remote(s) || !strchr(s, ' '));
}

static void put_git_url(const struct node *n, const struct subst *subst, void *to)
{
	auto_free char *url = subst_text(subst, n->text);
	char **p = to;

	free(*p);
	*p = is_remote(url) ? TAKE(url) : node_path(n, url);
}

/* It becomes a link in a page that others read: nothing but http(s), nothing to be quoted. */
static bool check_commit_url(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	size_t scheme = str_starts(s, "https://") ? 8 : str_starts(s, "http://") ? 7 : 0;
	const char *path = s + scheme + strcspn(s + scheme, "/?#");

	sb_add(want, "an URL with https:// or http://");
	if (!scheme || path == s + scheme || strpbrk(s, " \"'<>\\`|^"))
		return false;
	sb_truncate(want, 0);
	sb_add(want, "an URL with {sha} where the commit belongs");
	return strstr(path, "{sha}") != NULL;
}

static bool check_ref(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	sb_add(want, "a branch, tag or commit without blanks, not beginning with '-'");
	return *s != '-' && !strpbrk(s, " ~^:?*[\\");
}

static bool is_web_url(const char *s)
{
	static const char *const schemes[] = {"https://", "http://", "file:///"};

	for (size_t i = 0; i < COUNTOF(schemes); i++)
		if (str_starts(s, schemes[i]) && s[strlen(schemes[i])])
			return !strpbrk(s, " \"'<>\\`{}|^");
	return false;
}

static bool check_web_url(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	sb_add(want, "an URL with https://, http:// or file:///");
	return is_web_url(s);
}

static void put_web_url(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	size_t len = strlen(n->text);
	char **p = to;

	while (len && n->text[len - 1] == '/')
		len--;
	free(*p);
	*p = xstrndup(n->text, len);
}

static bool check_repo_url(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	sb_add(want, "an URL with https://, http:// or file:///, or a path");
	return strstr(s, "://") ? is_web_url(s) : *s != '~' && *s != '-';
}

static void put_repo_url(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	char **p = to;

	free(*p);
	if (strstr(n->text, "://")) {
		*p = xstrdup(n->text);
	} else {
		auto_free char *path = node_path(n, n->text);

		*p = xasprintf("file://%s", path);
	}
}

/* After '#': full fingerprints, 40 digits or 64 for the newer kind. */
static bool are_fingerprints(const char *s)
{
	auto_strv struct strv list = STRV_INIT;

	strv_split(&list, s, ",");
	strv_foreach (&list, f) {
		size_t n = strlen(*f);

		if ((n != 40 && n != 64) || (*f)[strspn(*f, "0123456789abcdefABCDEF")])
			return false;
	}
	return list.n > 0;
}

static bool check_key_url(const struct key *k, const char *s, struct strbuf *want)
{
	const char *hash = strchr(s, '#');

	if (hash && !are_fingerprints(hash + 1)) {
		sb_add(want,
			"an URL or a path, with '#' and full fingerprints (40 or 64 hexadecimal "
			"digits, commas between them) when only these keys of it count");
		return false;
	}
	return s != hash && check_repo_url(k, s, want);
}

static void put_key_url(const struct node *n, const struct subst *subst UNUSED, void *to)
{
	char **p = to;

	free(*p);
	*p = strstr(n->text, "://") ? xstrdup(n->text) : node_path(n, n->text);
}

static bool is_mail(const char *s)
{
	const char *at = strchr(s, '@');

	return at && at != s && at[1] && !strchr(at + 1, '@') && !strpbrk(s, " \t<>,;:\"()\\") &&
	       *s != '-';
}

static bool check_mail(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	sb_add(want, "a mail address such as team@example.org");
	return is_mail(s);
}

static bool check_sender(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	auto_free char *name = NULL, *address = NULL;

	sb_add(want, "a mail address such as team@example.org or Team <team@example.org>");
	text_mailbox(s, &name, &address);
	return is_mail(address) && !strpbrk(name, "<>");
}

static bool check_host_port(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	const char *colon = strrchr(s, ':'), *end = *s == '[' ? strchr(s, ']') : NULL;
	uint64_t port;

	sb_add(want, "a host and port such as mail.example.org:25");
	if (*s == '[') {
		if (!end || (end[1] && end[1] != ':'))
			return false;
		colon = end[1] ? end + 1 : NULL;
	} else if (strpbrk(s, "/@ []") || *s == ':' || *s == '-' || strchr(s, ':') != colon) {
		return false;
	}
	return !colon || (str_u64(colon + 1, &port) && port >= 1 && port <= 65535);
}

static bool check_dist(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	sb_add(want, "a dist tag such as .el9");
	return *s == '.' && s[1] &&
	       !s[strspn(s, "._+~^0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static bool check_package(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	sb_add(want, "a package name without blanks, not beginning with '-'");
	return *s != '-' && !strpbrk(s, " \t,;");
}

static bool check_module(const struct key *k UNUSED, const char *s, struct strbuf *want)
{
	const char *colon = strchr(s, ':');

	sb_add(want, "a module and its stream such as nodejs:18");
	return colon && colon != s && colon[1] && *s != '-' && !strpbrk(s, " \t,;/");
}

const struct type type_text = {check_any, put_text, .empty = false};
const struct type type_name = {check_name, put_text};
const struct type type_target = {check_target, put_target};
const struct type type_word = {check_word, put_text};
const struct type type_unsigned = {check_number, put_unsigned};
const struct type type_int = {check_number, put_int};
const struct type type_number = {check_number, put_number};
const struct type type_count = {check_number, put_count};
const struct type type_size = {check_size, put_size};
const struct type type_time = {check_time, put_time};
const struct type type_interval = {check_interval, put_time};
const struct type type_signed = {check_signed, put_signed};
const struct type type_cpus = {check_cpus, put_cpus};
const struct type type_bool = {check_bool, put_bool};
const struct type type_path = {check_path, put_path};
const struct type type_subpath = {check_subpath, put_subst, .placeholders = true};
const struct type type_spec = {check_spec, put_subst, .placeholders = true};
const struct type type_git_url = {check_git_url, put_git_url, .placeholders = true};
const struct type type_commit_url = {
	check_commit_url, put_subst, .placeholders = true, .sha = true};
const struct type type_ref = {check_ref, put_text};
const struct type type_web_url = {check_web_url, put_web_url};
const struct type type_repo_url = {check_repo_url, put_repo_url};
const struct type type_key_url = {check_key_url, put_key_url};
const struct type type_mail = {check_mail, put_text};
const struct type type_sender = {check_sender, put_text};
const struct type type_host_port = {check_host_port, put_text};
const struct type type_dist = {check_dist, put_text, .empty = true};
const struct type type_package = {check_package, put_text};
const struct type type_module = {check_module, put_text};
const struct type type_macro = {check_any, put_text, .empty = true};
