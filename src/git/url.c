/* SPDX-License-Identifier: GPL-3.0-or-later */
/* url.c - what may be handed to git: decided here, before git sees it. */
#include "base/fs.h"
#include "base/text.h"
#include "git/internal.h"

#define URL_MAX 4096
#define REF_MAX 1024

static const char *const schemes[] = {"https", "http", "ssh", "git", "file"};

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static size_t scheme_length(const char *url)
{
	return strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
}

/* git's own rule: no colon, or a slash before the first colon, is a path. */
static bool is_path(const char *url)
{
	const char *colon = strchr(url, ':'), *slash = strchr(url, '/');

	return !colon || (slash && slash < colon);
}

/* Host of "user@host:port/…" or "[v6]…" of length n: must be there and be no option to ssh. */
static int check_host(const char *url, const char *authority, size_t n, struct err *err)
{
	const char *at = memrchr(authority, '@', n);
	const char *host = at ? at + 1 : authority;

	if (host == authority + n || *host == ':' || *host == '/')
		return err_set(err, ERR_CONFIG, "git url '%s' has no host", url);
	if (*host == '-' || *authority == '-')
		return err_set(
			err, ERR_CONFIG, "git url '%s': a host must not begin with '-'", url);
	return 0;
}

static int check_scheme(const char *url, size_t n, struct err *err)
{
	const char *rest = url + n + 3;
	auto_free char *scheme = xstrndup(url, n);
	bool known = false;

	for (size_t i = 0; i < COUNTOF(schemes); i++)
		known = known || str_eq(schemes[i], scheme);
	if (!known)
		return err_set(err, ERR_CONFIG,
			"git url '%s': transport '%s' is not allowed (https, http, ssh, git, or a "
			"local path)",
			url, scheme);
	if (!str_eq(scheme, "file"))
		return check_host(url, rest, strcspn(rest, "/"), err);
	if (*rest != '/' && !str_starts(rest, "localhost/"))
		return err_set(err, ERR_CONFIG,
			"git url '%s': write file:///path with three slashes", url);
	return 0;
}

static int check_scp(const char *url, struct err *err)
{
	const char *end = *url == '[' ? strchr(url, ']') : url, *path;
	int r;

	end = strchr(end ? end : url, ':');
	if (!end)
		return err_set(err, ERR_CONFIG, "git url '%s' has no path", url);
	r = check_host(url, url, (size_t)(end - url), err);
	if (r < 0)
		return r;
	path = end + 1;
	if (!*path || *path == '-')
		return err_set(err, ERR_CONFIG, "git url '%s': the path is %s", url,
			*path ? "an option" : "missing");
	return 0;
}

static int check_url(const char *url, struct err *err)
{
	size_t n = scheme_length(url);

	if (!*url)
		return err_set(err, ERR_CONFIG, "git url is empty");
	if (*url == '-')
		return err_set(err, ERR_CONFIG, "git url '%s' must not begin with '-'", url);
	if (strlen(url) > URL_MAX)
		return err_set(err, ERR_CONFIG, "git url is longer than %d bytes", URL_MAX);
	if (has_control(url))
		return err_set(err, ERR_CONFIG, "git url contains a control character");
	if (n && str_starts(url + n, "::"))
		return err_set(err, ERR_CONFIG,
			"git url '%s': remote helper '%.*s::' is not allowed", url, (int)n, url);
	if (n && str_starts(url + n, "://"))
		return check_scheme(url, n, err);
	return is_path(url) ? 0 : check_scp(url, err);
}

int git_check_url(const char *url, struct err *err)
{
	auto_free char *shown = git_url_shown(url);
	auto_err struct err e = ERR_INIT;
	int r = check_url(url, &e);

	/* the message quotes what was checked; never a password */
	if (r < 0 && e.msg && !str_eq(shown, url)) {
		char *msg = str_replace(e.msg, url, shown);

		free(e.msg);
		e.msg = msg;
	}
	return r < 0 ? err_move(err, &e) : 0;
}

char *git_url_shown(const char *url)
{
	return text_url_shown(url);
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *p;

	p = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
	return p ? (int)(p - digits) : -1;
}

static char *percent_decode(const char *s)
{
	struct strbuf b = STRBUF_INIT;

	while (*s) {
		int high = *s == '%' ? hex_digit(s[1]) : -1;
		int low = high >= 0 ? hex_digit(s[2]) : -1;

		if (low >= 0 && high * 16 + low) {
			sb_addc(&b, (char)(high * 16 + low));
			s += 3;
		} else {
			sb_addc(&b, *s++);
		}
	}
	return sb_take(&b);
}

bool git_url_is_local(const char *url, char **ret_path)
{
	auto_free char *path = NULL;
	size_t n = scheme_length(url);

	if (str_starts(url, "file://"))
		path = percent_decode(url + (str_starts(url + 7, "localhost/") ? 16 : 7));
	else if (is_path(url) && !(n && url[n] == ':'))
		path = xstrdup(url);
	if (!path || !*path)
		return false;
	if (ret_path)
		*ret_path = path_abs(path);
	return true;
}

static bool component_is_bad(const char *s, size_t n)
{
	return n == 0 || *s == '.' || (n >= 5 && strncmp(s + n - 5, ".lock", 5) == 0);
}

/* git check-ref-format, as far as a short name goes. */
int git_check_ref(const char *ref, struct err *err)
{
	const char *why = NULL;
	size_t n = strlen(ref);

	if (!n || n > REF_MAX)
		why = n ? "it is too long" : "it is empty";
	else if (*ref == '-')
		why = "it begins with '-'";
	else if (has_control(ref) || strpbrk(ref, " ~^:?*[\\"))
		why = "a character in it is not allowed";
	else if (strstr(ref, "..") || strstr(ref, "@{") || str_eq(ref, "@") || ref[n - 1] == '.')
		why = "it is an expression, not a name";
	for (const char *p = ref; !why; p++) {
		size_t len = strcspn(p, "/");

		if (component_is_bad(p, len))
			why = "git does not allow such a name";
		p += len;
		if (!*p)
			break;
	}
	if (why)
		return err_set(err, ERR_CONFIG, "'%.200s' is no branch, tag or hash: %s",
			has_control(ref) ? "?" : ref, why);
	return 0;
}

bool git_is_sha(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef");

	return !s[n] && (n == 40 || n == 64);
}

int git_check_sha(const char *sha, struct err *err)
{
	return git_is_sha(sha) ? 0 : err_set(err, ERR_BUG, "'%s' is no full git hash", sha);
}

int git_clean_sub(const char *sub, char **ret, struct err *err)
{
	auto_strv struct strv parts = STRV_INIT, keep = STRV_INIT;

	if (sub && *sub == '/')
		return err_set(err, ERR_CONFIG,
			"'%s' must be a path inside the repository, not an absolute one", sub);
	if (sub)
		strv_split(&parts, sub, "/");
	strv_foreach (&parts, p) {
		if (str_eq(*p, ".."))
			return err_set(
				err, ERR_CONFIG, "'%s' must not lead out of the repository", sub);
		if (!str_eq(*p, "."))
			strv_add(&keep, *p);
	}
	*ret = keep.n ? strv_join(&keep, "/") : xstrdup("");
	return 0;
}
