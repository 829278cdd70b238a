/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a commit can be looked at: the page of a forge, from the url it was cloned by. */
#include "report/internal.h"

/* What comes between a repository's page and the commit. */
static const struct forge {
	const char *host;   /* whole host, or with a trailing dot the beginning of it */
	const char *prefix; /* put before the path, NULL none */
	const char *commit;
	bool keep_git; /* the path keeps its .git */
} forges[] = {
	{"github.com", NULL, "/commit/", false},
	{"gitlab.", NULL, "/-/commit/", false},
	{"salsa.debian.org", NULL, "/-/commit/", false},
	{"invent.kde.org", NULL, "/-/commit/", false},
	{"code.videolan.org", NULL, "/-/commit/", false},
	{"opendev.org", NULL, "/commit/", false},
	{"codeberg.org", NULL, "/commit/", false},
	{"gitea.", NULL, "/commit/", false},
	{"forgejo.", NULL, "/commit/", false},
	{"pagure.io", NULL, "/c/", false},
	{"src.fedoraproject.org", NULL, "/c/", false},
	{"git.centos.org", NULL, "/c/", false},
	{"git.sr.ht", NULL, "/commit/", false},
	{"bitbucket.org", NULL, "/commits/", false},
	{"git.kernel.org", NULL, "/commit/?id=", true},
	{"git.zx2c4.com", NULL, "/commit/?id=", false},
	{"git.savannah.gnu.org", "/cgit", "/commit/?id=", true},
	{"cgit.", NULL, "/commit/?id=", true},
};

static const struct forge *find(const char *host, size_t n)
{
	for (size_t i = 0; i < COUNTOF(forges); i++) {
		size_t len = strlen(forges[i].host);
		bool start = forges[i].host[len - 1] == '.';

		if ((start ? n > len : n == len) && strncasecmp(host, forges[i].host, len) == 0)
			return &forges[i];
	}
	return NULL;
}

/* The path with its own slash, without trailing ones; savannah serves git below /git. */
static char *path_of(const struct forge *f, const char *path)
{
	auto_free char *p = xstrdup(path);
	size_t n;

	p[strcspn(p, "?#")] = '\0';
	n = strlen(p);
	while (n && p[n - 1] == '/')
		p[--n] = '\0';
	if (!f->keep_git && str_ends(p, ".git"))
		p[n - 4] = '\0';
	if (f->prefix && str_starts(p, "/git/"))
		return xasprintf("%s%s", f->prefix, p + 4);
	return TAKE(p);
}

static char *guess(const char *url, const char *sha)
{
	const char *rest = strstr(url, "://"), *slash, *at;
	auto_free char *path = NULL;
	const struct forge *f;
	size_t n;

	if (!rest || (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0))
		return NULL;
	rest += 3;
	slash = strchr(rest, '/');
	if (!slash || strlen(slash) < 2)
		return NULL;
	/* a name or a password has no business on a page */
	at = memrchr(rest, '@', (size_t)(slash - rest));
	if (at)
		rest = at + 1;
	n = (size_t)(slash - rest);
	f = find(rest, n);
	if (!f)
		return NULL;
	path = path_of(f, slash);
	return xasprintf("%.*s://%.*s%s%s%s", (int)(strstr(url, "://") - url), url, (int)n, rest,
		path, f->commit, sha);
}

char *web_commit(const char *pattern, const char *url, const char *sha)
{
	auto_free char *link = NULL;

	if (str_empty(sha) || sha[strspn(sha, "0123456789abcdef")] != '\0')
		return NULL;
	if (pattern)
		link = str_replace(pattern, "{sha}", sha);
	else if (url)
		link = guess(url, sha);
	return html_url_ok(link) ? TAKE(link) : NULL;
}

char *web_upstream(const struct report *r, const struct store_build *b)
{
	const struct report_project *p = report_project_of(r, b->project);

	return web_commit(p ? p->web_upstream : NULL, b->upstream_url, b->upstream_sha);
}

char *web_packaging(const struct report *r, const struct store_build *b)
{
	const struct report_project *p = report_project_of(r, b->project);

	return web_commit(p ? p->web_packaging : NULL, b->packaging_url, b->packaging_sha);
}
