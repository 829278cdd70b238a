/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tree.c - names in a tree. */
#include "base/text.h"
#include "git/internal.h"

char *git_utf8(const char *s, size_t max)
{
	struct strbuf b = STRBUF_INIT;

	while (*s) {
		size_t n = text_utf8(s, NULL), add = n ? n : 3;

		if (b.n + add > max)
			break;
		sb_addn(&b, n ? s : "\xef\xbf\xbd", add);
		s += n ? n : 1;
	}
	return sb_take(&b);
}

int git_ls_tree(struct git *g, const char *mirror, const char *sha, const char *sub,
	struct strv *ret, struct err *err)
{
	auto_free char *clean = NULL, *tree = NULL;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	const char *args[] = {"ls-tree", "-z", "--full-tree", NULL, NULL};
	struct git_call c = {.objects = mirror, .sha = sha, .args = args};
	int r = git_check_sha(sha, err);

	if (r < 0 || (r = git_clean_sub(sub, &clean, err)) < 0)
		return r;
	args[3] = tree = *clean ? xasprintf("%s:%s", sha, clean) : xstrdup(sha);
	r = git_check(g, &c, &out, err);
	if (r < 0)
		return *clean ? err_set(err, r == -ERR_SOURCE ? ERR_SOURCE : err->code,
					"no directory '%s' in commit %.12s", clean, sha)
			      : r;
	for (const char *p = sb_str(&out), *end = p + out.n; p < end; p += strlen(p) + 1) {
		const char *name = strchr(p, '\t');
		bool dir = str_starts(p, "040000 ") || str_starts(p, "160000 ");

		if (name)
			strv_addf(ret, "%s%s", name + 1, dir ? "/" : "");
	}
	return 0;
}
