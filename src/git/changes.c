/* SPDX-License-Identifier: GPL-3.0-or-later */
/* changes.c - how two commits are related, and what one changed. */
#include "git/internal.h"

#define PATH_MAX_BYTES 1000

int git_merge_base(struct git *g, const char *mirror, const char *a, const char *b,
	char ret_sha[GIT_SHA], struct err *err)
{
	const char *args[] = {"merge-base", a, b, NULL};
	struct git_call c = {.objects = mirror, .sha = a, .args = args};
	auto_strbuf struct strbuf out = STRBUF_INIT, errs = STRBUF_INIT;
	auto_free char *why = NULL;
	int exit, r;
	size_t n;

	if ((r = git_check_sha(a, err)) < 0 || (r = git_check_sha(b, err)) < 0 ||
		(r = git_call(g, &c, &out, &errs, &exit, err)) < 0)
		return r;
	n = strcspn(sb_str(&out), "\n");
	if (exit == 0 && n < GIT_SHA) {
		memcpy(ret_sha, sb_str(&out), n);
		ret_sha[n] = '\0';
		return 0;
	}
	if (exit == 1 && !errs.n) {
		*ret_sha = '\0';
		return 0;
	}
	why = git_why(sb_str(&errs));
	return err_set(err, ERR_SOURCE, "git merge-base: %s", why);
}

void git_change_release(struct git_change *c)
{
	free(c->path);
}

/* A number and the tab behind it; "-" is -1. */
static bool parse_count(const char **p, int64_t *ret)
{
	size_t n = strcspn(*p, "\t");
	auto_free char *word = xstrndup(*p, n);
	uint64_t v = 0;

	if ((*p)[n] != '\t' || (!str_eq(word, "-") && (!str_u64(word, &v) || v > INT64_MAX)))
		return false;
	*ret = str_eq(word, "-") ? -1 : (int64_t)v;
	*p += n + 1;
	return true;
}

void git_parse_numstat(const char *text, size_t n, struct git_changes *ret)
{
	for (const char *p = text, *end = text + n; p < end; p += strlen(p) + 1) {
		int64_t added, removed;

		/* the commit's own line end comes before the first */
		while (*p == '\n')
			p++;
		if (!parse_count(&p, &added) || !parse_count(&p, &removed) || !*p)
			continue;
		*vec_push(ret) = (struct git_change){
			.path = git_utf8(p, PATH_MAX_BYTES), .added = added, .removed = removed};
	}
}

int git_changes(struct git *g, const char *mirror, const char *sha, struct git_changes *ret,
	struct err *err)
{
	const char *args[] = {"log", "-1", "--format=", "--numstat", "-z", "--first-parent", "-m",
		"--root", "--no-renames", "--no-ext-diff", "--no-textconv", sha, "--", NULL};
	struct git_call c = {.objects = mirror, .sha = sha, .args = args};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	int r;

	if ((r = git_check_sha(sha, err)) < 0 || (r = git_check(g, &c, &out, err)) < 0)
		return r;
	git_parse_numstat(sb_str(&out), out.n, ret);
	return 0;
}
