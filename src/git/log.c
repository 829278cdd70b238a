/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log.c - hashes of refs, new commits, what a commit says of itself. */
#include "base/limits.h"
#include "git/internal.h"

#define NAME_MAX_BYTES    256
#define SUBJECT_MAX_BYTES 500
#define TIME_MAX          (INT64_C(1) << 33)
#define NEAR_MAX          5

static bool is_hex(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef");

	return !s[n] && n >= 4 && n <= 64;
}

/* What to try, best first; a branch comes before a tag of its name. */
static char *candidates(const char *ref)
{
	struct strbuf b = STRBUF_INIT;

	if (!ref) {
		sb_add(&b, "refs/packmill/head^{commit}\nHEAD^{commit}\n");
		return sb_take(&b);
	}
	sb_addf(&b, "refs/heads/%s^{commit}\nrefs/tags/%s^{commit}\nrefs/%s^{commit}\n", ref, ref,
		ref);
	if (str_starts(ref, "refs/") || is_hex(ref))
		sb_addf(&b, "%s^{commit}\n", ref);
	return sb_take(&b);
}

static bool is_near(const char *name, const char *want)
{
	size_t n = strlen(want), d = str_distance(name, want);

	return d <= 1 + n / 4 || (n >= 3 && strstr(name, want)) ||
	       (strlen(name) >= 3 && strstr(want, name));
}

static void list_names(const struct strv *names, const char *want, struct strv *ret)
{
	strv_foreach (names, n)
		if (ret->n <= NEAR_MAX && (!want || is_near(*n, want)))
			strv_add(ret, *n);
	if (ret->n > NEAR_MAX) {
		free(ret->v[NEAR_MAX]);
		ret->v[NEAR_MAX] = xstrdup("…");
	}
}

static int missing(struct git *g, const char *mirror, const char *ref, struct err *err)
{
	const char *args[] = {
		"for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/", "refs/tags/", NULL};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	auto_strv struct strv names = STRV_INIT, near = STRV_INIT;
	auto_free char *list = NULL;
	int r = git_check(g, &(struct git_call){.gitdir = mirror, .args = args}, &out, err);
	bool slip;

	if (r < 0)
		return r;
	strv_lines(&names, sb_str(&out));
	if (!names.n)
		return err_set(
			err, ERR_SOURCE, "the repository is empty: it has no branch and no tag");
	if (ref)
		list_names(&names, ref, &near);
	slip = near.n > 0;
	if (!slip)
		list_names(&names, NULL, &near);
	list = strv_join(&near, ", ");
	if (!ref)
		return err_set(err, ERR_SOURCE,
			"the repository's HEAD names no branch that exists; name one: %s", list);
	if (git_is_sha(ref))
		return err_set(err, ERR_SOURCE,
			"no commit %s in the repository, nor was it fetched before it was "
			"rewritten",
			ref);
	return err_set(err, ERR_SOURCE, "no branch, tag or commit '%s' (%s: %s)", ref,
		slip ? "did you mean" : "there are", list);
}

/* First "<sha> commit <size>" line of cat-file --batch-check. */
static bool first_commit(const char *text, char ret_sha[GIT_SHA], bool *ret_ambiguous)
{
	auto_strv struct strv lines = STRV_INIT;

	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		size_t n = strcspn(*l, " ");

		if (str_ends(*l, " ambiguous"))
			*ret_ambiguous = true;
		if (n < GIT_SHA && n >= 40 && str_starts(*l + n, " commit ")) {
			memcpy(ret_sha, *l, n);
			ret_sha[n] = '\0';
			return true;
		}
	}
	return false;
}

int git_resolve(
	struct git *g, const char *mirror, const char *ref, char ret_sha[GIT_SHA], struct err *err)
{
	const char *args[] = {"cat-file", "--batch-check", NULL};
	auto_free char *input = NULL;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	bool ambiguous = false;
	int r = ref ? git_check_ref(ref, err) : 0;

	if (r < 0)
		return r;
	input = candidates(ref);
	r = git_check(
		g, &(struct git_call){.gitdir = mirror, .args = args, .input = input}, &out, err);
	if (r < 0)
		return r;
	if (first_commit(sb_str(&out), ret_sha, &ambiguous))
		return 0;
	if (ambiguous)
		return err_set(err, ERR_SOURCE, "hash '%s' is ambiguous: write more digits", ref);
	return missing(g, mirror, ref, err);
}

static int is_ancestor(struct git *g, const char *mirror, const char *last, const char *head,
	bool *ret, struct err *err)
{
	const char *args[] = {"merge-base", "--is-ancestor", last, head, NULL};
	struct git_call c = {.objects = mirror, .sha = head, .args = args};
	int exit, r = git_call(g, &c, NULL, NULL, &exit, err);

	if (r < 0)
		return r;
	*ret = exit == 0;
	return 0;
}

static int parse_commits(const char *text, struct strv *ret, char **ret_parent, struct err *err)
{
	auto_strv struct strv lines = STRV_INIT;

	strv_lines(&lines, text);
	if (lines.n > LIMIT_COMMITS)
		return err_set(err, ERR_SOURCE, "more than %d new commits: name a later first one",
			LIMIT_COMMITS);
	strv_foreach (&lines, l) {
		size_t n = strcspn(*l, " ");

		if (!ret->n && (*l)[n])
			*ret_parent = xstrndup(*l + n + 1, strcspn(*l + n + 1, " "));
		strv_addn(ret, *l, n);
	}
	return 0;
}

/* False when git does not have `last` any more. */
static int list_commits(struct git *g, const char *mirror, const char *last, const char *head,
	struct strv *ret, char **ret_parent, struct err *err)
{
	auto_free char *not_last = xasprintf("^%s", last), *max = NULL, *why = NULL;
	auto_strbuf struct strbuf out = STRBUF_INIT, errs = STRBUF_INIT;
	const char *args[] = {
		"rev-list", "--first-parent", "--reverse", "--parents", NULL, head, not_last, NULL};
	struct git_call c = {.objects = mirror, .sha = head, .args = args};
	int exit, r;

	args[4] = max = xasprintf("--max-count=%d", LIMIT_COMMITS + 1);
	r = git_call(g, &c, &out, &errs, &exit, err);
	if (r < 0)
		return r;
	if (exit == 0)
		return parse_commits(sb_str(&out), ret, ret_parent, err) < 0 ? -ERR_SOURCE : 1;
	if (strstr(sb_str(&errs), last) && !strstr(sb_str(&errs), head))
		return 0;
	why = git_why(sb_str(&errs));
	return err_set(err, ERR_SOURCE, "git rev-list: %s", why);
}

int git_new_commits(struct git *g, const char *mirror, const char *last, const char *head,
	struct strv *ret_shas, bool *ret_rewritten, struct err *err)
{
	auto_strv struct strv found = STRV_INIT;
	auto_free char *parent = NULL;
	bool ancestor = true;
	int r = git_check_sha(head, err);

	if (r < 0 || (*last && (r = git_check_sha(last, err)) < 0))
		return r;
	if (*last && !str_eq(last, head)) {
		r = list_commits(g, mirror, last, head, &found, &parent, err);
		if (r < 0)
			return r;
		ancestor = r > 0 && found.n;
		if (ancestor && !str_eq_null(parent, last) &&
			(r = is_ancestor(g, mirror, last, head, &ancestor, err)) < 0)
			return r;
	}
	if (ret_rewritten)
		*ret_rewritten = !ancestor;
	if (!*last || !ancestor)
		strv_add(ret_shas, head);
	else
		strv_foreach (&found, sha)
			strv_add(ret_shas, *sha);
	return 0;
}

void git_commit_release(struct git_commit *c)
{
	free(c->author_name);
	free(c->author_email);
	free(c->subject);
	*c = (struct git_commit){0};
}

/* git prints nothing for a date that it cannot read, and huge numbers for odd ones. */
static int64_t parse_time(const char *s)
{
	uint64_t v;

	if (!str_u64(s, &v))
		return strspn(s, "0123456789") == strlen(s) && *s ? TIME_MAX : 0;
	return v > (uint64_t)TIME_MAX ? TIME_MAX : (int64_t)v;
}

/* The fields between NULs; false when there are not n. */
static bool split_fields(const struct strbuf *b, const char **fields, size_t n)
{
	const char *p = sb_str(b), *end = p + b->n;

	for (size_t i = 0; i < n; i++) {
		if (p > end)
			return false;
		fields[i] = p;
		p += strlen(p) + 1;
	}
	return true;
}

int git_commit_info(
	struct git *g, const char *mirror, const char *sha, struct git_commit *ret, struct err *err)
{
	const char *args[] = {"log", "-1", "--no-color", "--encoding=UTF-8",
		"--format=%at%x00%ct%x00%an%x00%ae%x00%s%x00", sha, NULL};
	struct git_call c = {.objects = mirror, .sha = sha, .args = args};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	const char *f[5];
	int r = git_check_sha(sha, err);

	if (r < 0 || (r = git_check(g, &c, &out, err)) < 0)
		return r;
	if (!split_fields(&out, f, COUNTOF(f)))
		return err_set(err, ERR_SOURCE, "commit %s cannot be read", sha);
	*ret = (struct git_commit){
		.author_time = parse_time(f[0]),
		.commit_time = parse_time(f[1]),
		.author_name = git_utf8(f[2], NAME_MAX_BYTES),
		.author_email = git_utf8(f[3], NAME_MAX_BYTES),
		.subject = git_utf8(f[4], SUBJECT_MAX_BYTES),
	};
	memcpy(ret->sha, sha, strlen(sha) + 1);
	return 0;
}
