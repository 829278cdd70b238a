/* SPDX-License-Identifier: GPL-3.0-or-later */
/* asked.c - which root answered which question. Only a shortcut: what is lost is solved again. */
#include "base/fs.h"
#include "base/hash.h"
#include "root/source.h"

#define ASKED     ".asked"
#define ASKED_MAX 4096 /* links; when there are more, those to roots that are gone are dropped */

char *asked_key(const char *roots, const char *question)
{
	auto_free char *link = xasprintf("%s/" ASKED "/%s", roots, question);
	char key[SHA256_HEX + 3];
	ssize_t n = readlink(link, key, sizeof key);

	if (n != SHA256_HEX - 1 + 3 || memcmp(key, "../", 3) != 0)
		return NULL;
	return xstrndup(key + 3, SHA256_HEX - 1);
}

static void drop_dangling(const char *dir)
{
	auto_strv struct strv names = STRV_INIT;

	if (fs_list(dir, &names, NULL) < 0 || names.n < ASKED_MAX)
		return;
	strv_foreach (&names, n) {
		auto_free char *link = path_join(dir, *n);

		if (!fs_exists(link))
			(void)unlink(link);
	}
}

void asked_remember(const char *roots, const char *question, const char *key)
{
	auto_free char *dir = path_join(roots, ASKED);
	auto_free char *link = path_join(dir, question), *to = xasprintf("../%s", key);
	auto_free char *tmp = xasprintf("%s/.%s.%ld", dir, question, (long)getpid());

	if (fs_mkdirs(dir, 0755, NULL) < 0)
		return;
	drop_dangling(dir);
	(void)unlink(tmp);
	if (symlink(to, tmp) == 0 && rename(tmp, link) < 0)
		(void)unlink(tmp);
}
