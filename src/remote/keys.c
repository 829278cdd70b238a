/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keys.c - a repository's keys: files of this machine, or fetched once and kept. */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/text.h"
#include "format/rpm/rpm.h"
#include "remote/internal.h"

/* "URL#FPR,FPR" in its parts. */
static char *split(const char *entry, struct strv *fingerprints)
{
	const char *hash = strchr(entry, '#');

	if (!hash)
		return xstrdup(entry);
	strv_split(fingerprints, hash + 1, ", ");
	return xstrndup(entry, (size_t)(hash - entry));
}

static int fetch_key(struct remote *r, struct repo *repo, const char *url, bool pinned,
	const char *path, struct err *err)
{
	auto_free char *what = xasprintf("%s: key", repo->pub.conf->id);
	struct http_get g = {.path = xstrdup(path), .max = LIMIT_KEY_FILE};
	int ret;

	if (r->conf.offline)
		return err_set(err, ERR_NET, "it is not in the cache, and we are offline");
	strv_add(&g.urls, url);
	ret = remote_http(r, what, &g, 1, err);
	http_get_release(&g);
	if (ret >= 0 && str_starts(url, "http://") && !pinned)
		remote_warn(r, repo,
			"its key came by http, anybody on the way could have put another there: "
			"give its fingerprint (gpgkey: URL#FINGERPRINT)");
	return ret;
}

/* The file that holds it on this machine; keys from elsewhere are kept until --refresh. */
static int key_file(struct remote *r, struct repo *repo, const char *url, bool pinned,
	char **ret_path, struct err *err)
{
	bool again = r->conf.refresh && !r->conf.offline && !repo->keys_asked;
	char sum[SHA256_HEX];
	int rc = 0;

	if (*url == '/') {
		*ret_path = xstrdup(url);
		return 0;
	}
	if (url_is_file(url)) {
		*ret_path = url_file_path(url);
		return *ret_path ? 0 : err_set(err, ERR_CONFIG, "it is no file of this machine");
	}
	if (!url_is_remote(url))
		return err_set(err, ERR_CONFIG, "it is neither a file nor http nor https");
	sha256_buf(url, strlen(url), sum);
	auto_free char *path = xasprintf("%s/key-%.16s", repo->pub.dir, sum);
	if (again || !fs_exists(path))
		rc = fetch_key(r, repo, url, pinned, path, err);
	if (rc >= 0)
		*ret_path = TAKE(path);
	return rc;
}

static int add_key(struct remote *r, struct repo *repo, const char *entry, struct err *err)
{
	auto_strv struct strv fingerprints = STRV_INIT;
	auto_free char *url = split(entry, &fingerprints), *path = NULL, *text = NULL;
	size_t n = 0;
	int rc;

	if ((rc = key_file(r, repo, url, fingerprints.n > 0, &path, err)) >= 0 &&
		(rc = fs_read(path, LIMIT_KEY_FILE, &text, &n, err)) >= 0)
		rc = rpm_keys_add(repo->keys, text, n, &fingerprints, err);
	if (rc >= 0)
		return 0;
	auto_free char *shown = text_url_shown(url);
	return err_wrap(err, "gpgkey '%s'", shown);
}

int keys_load(struct remote *r, struct repo *repo, struct err *err)
{
	int rc;

	if (repo->keys)
		return 0;
	if ((rc = rpm_init(err)) < 0)
		return rc;
	repo->keys = rpm_keys_new();
	strv_foreach (&repo->gpgkeys, k) {
		if ((rc = add_key(r, repo, *k, err)) >= 0)
			continue;
		rpm_keys_free(TAKE(repo->keys));
		/* no mirror's fault: what the target says is not so */
		if (rc != -ERR_NOT_FOUND && rc != -ERR_DENIED && rc != -ERR_SOURCE)
			return rc;
		if (err)
			err->code = ERR_CONFIG;
		return -ERR_CONFIG;
	}
	repo->keys_asked = true;
	return 0;
}
