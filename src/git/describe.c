/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * describe.c - the nearest tag. Not by `git describe`: it prints the name that the tag object
 * claims, not that of the ref, picks one of two tags on a commit by date, and its count can be off
 * where clocks were. Here: all tags that can be reached, then the commits that none of them
 * contains; the tags at their edge are the candidates, usually one.
 */
#include "git/internal.h"

#define CANDIDATES_MAX 16

struct tag {
	char *name;
	char sha[GIT_SHA]; /* of the commit */
};
VEC_TYPE(tags, struct tag);

static void tag_release(struct tag *t)
{
	free(t->name);
}

static void tags_release(struct tags *t)
{
	vec_free(t, tag_release);
}

/* Words that make what follows older than the version without them. */
static bool is_pre(const char *s, size_t n)
{
	static const char *const words[] = {
		"a", "b", "c", "rc", "alpha", "beta", "dev", "pre", "preview", "snapshot", "m"};

	for (size_t i = 0; i < COUNTOF(words); i++)
		if (strlen(words[i]) == n && strncasecmp(s, words[i], n) == 0)
			return true;
	return false;
}

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* The next run of digits or letters; 0 at the end. */
static size_t segment(const char **s)
{
	*s += strcspn(*s, DIGITS LETTERS);
	return **s ? strspn(*s, strchr(DIGITS, **s) ? DIGITS : LETTERS) : 0;
}

/* Whether the rest of a longer version makes it older (".0rc1") or newer (".1"). */
static int rest_sign(const char *s)
{
	size_t n;

	while ((n = segment(&s)) > 0) {
		if (is_pre(s, n))
			return -1;
		s += n;
	}
	return 1;
}

static int compare_segment(const char *a, size_t na, const char *b, size_t nb)
{
	bool da = strchr(DIGITS, *a) != NULL, db = strchr(DIGITS, *b) != NULL;
	int c;

	if (da != db)
		return da ? 1 : -1;
	for (; da && na > 1 && *a == '0'; na--)
		a++;
	for (; db && nb > 1 && *b == '0'; nb--)
		b++;
	if (da && na != nb)
		return na < nb ? -1 : 1;
	c = strncmp(a, b, na < nb ? na : nb);
	return c ? c : (na > nb) - (na < nb);
}

static int compare_versions(const char *a, const char *b)
{
	a += strcspn(a, DIGITS);
	b += strcspn(b, DIGITS);
	for (;;) {
		size_t na = segment(&a), nb = segment(&b);
		int c;

		if (!na && !nb)
			return 0;
		if (!na)
			return -rest_sign(b);
		if (!nb)
			return rest_sign(a);
		c = compare_segment(a, na, b, nb);
		if (c)
			return c;
		a += na;
		b += nb;
	}
}

/* A tag may name a tag. */
static int peel(struct git *g, const char *mirror, struct tag *t, struct err *err)
{
	const char *args[] = {"cat-file", "--batch-check", NULL};
	auto_free char *input = xasprintf("%s^{commit}\n", t->sha);
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct git_call c = {.objects = mirror, .sha = t->sha, .args = args, .input = input};
	int r = git_check(g, &c, &out, err);

	if (r >= 0 && str_starts(sb_str(&out) + strcspn(sb_str(&out), " "), " commit "))
		memcpy(t->sha, out.s, strlen(t->sha));
	return r;
}

/* "<type> <sha> refs/tags/<name>" of each tag that is reachable and accepted. */
static int list_tags(struct git *g, const char *mirror, const char *sha,
	bool (*accept)(const char *tag), struct tags *ret, struct err *err)
{
	auto_free char *merged = xasprintf("--merged=%s", sha);
	auto_strbuf struct strbuf out = STRBUF_INIT;
	auto_strv struct strv lines = STRV_INIT;
	const char *args[] = {"for-each-ref", merged,
		"--format=%(if)%(*objectname)%(then)%(*objecttype) %(*objectname)%(else)"
		"%(objecttype) %(objectname)%(end) %(refname)",
		"refs/tags/", NULL};
	int r = git_check(g, &(struct git_call){.gitdir = mirror, .args = args}, &out, err);

	if (r < 0)
		return r;
	strv_lines(&lines, sb_str(&out));
	strv_foreach (&lines, l) {
		const char *hash = *l + strcspn(*l, " "), *ref;
		struct tag *t;
		size_t n;

		if (!*hash)
			continue;
		n = strcspn(++hash, " ");
		ref = hash + n;
		if (n < 40 || n >= GIT_SHA || !str_starts(ref, " refs/tags/"))
			continue;
		ref += strlen(" refs/tags/");
		if (accept && !accept(ref))
			continue;
		t = vec_push(ret);
		t->name = xstrdup(ref);
		memcpy(t->sha, hash, n);
		if (str_starts(*l, "tag ") && (r = peel(g, mirror, t, err)) < 0)
			return r;
	}
	return 0;
}

static const struct tag *highest_at(const struct tags *tags, const char *sha)
{
	const struct tag *best = NULL;

	for (size_t i = 0; i < tags->n; i++) {
		const struct tag *t = &tags->v[i];

		if (str_eq(t->sha, sha) && (!best || compare_versions(t->name, best->name) > 0))
			best = t;
	}
	return best;
}

static int count_since(struct git *g, const char *mirror, const char *sha, const char *tag,
	int64_t *ret, struct err *err)
{
	auto_free char *not_tag = tag ? xasprintf("^%s", tag) : NULL, *number = NULL;
	const char *args[] = {"rev-list", "--count", sha, not_tag, NULL};
	struct git_call c = {.objects = mirror, .sha = sha, .args = args};
	auto_strbuf struct strbuf out = STRBUF_INIT;
	uint64_t n;
	int r = git_check(g, &c, &out, err);

	if (r < 0)
		return r;
	number = str_trim(sb_str(&out));
	if (!str_u64(number, &n) || n > INT32_MAX)
		return err_set(err, ERR_SOURCE, "git rev-list: no number but '%.40s'", number);
	*ret = (int64_t)n;
	return 0;
}

/* Commits that no tag contains, and at their edge ("-<sha>") the commits that one does. */
static int walk(struct git *g, const char *mirror, const char *sha, const struct tags *tags,
	struct strv *ret_edge, int64_t *ret_n, struct err *err)
{
	const char *args[] = {"rev-list", "--boundary", "--stdin", NULL};
	auto_strbuf struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;
	auto_strv struct strv lines = STRV_INIT;
	struct git_call c = {.objects = mirror, .sha = sha, .args = args};
	int r;

	sb_addf(&in, "%s\n", sha);
	for (size_t i = 0; i < tags->n; i++)
		sb_addf(&in, "^%s\n", tags->v[i].sha);
	c.input = in.s;
	r = git_check(g, &c, &out, err);
	if (r < 0)
		return r;
	strv_lines(&lines, sb_str(&out));
	strv_foreach (&lines, l) {
		if (**l != '-')
			++*ret_n;
		else if (highest_at(tags, *l + 1) && ret_edge->n < CANDIDATES_MAX)
			strv_add(ret_edge, *l + 1);
	}
	return 0;
}

static int nearest(struct git *g, const char *mirror, const char *sha, const struct tags *tags,
	const struct tag **ret, int64_t *ret_n, struct err *err)
{
	auto_strv struct strv edge = STRV_INIT;
	int64_t n = 0;
	int r = walk(g, mirror, sha, tags, &edge, &n, err);

	if (r < 0)
		return r;
	if (edge.n == 1) {
		*ret = highest_at(tags, edge.v[0]);
		*ret_n = n;
		return 0;
	}
	strv_foreach (&edge, e) {
		const struct tag *t = highest_at(tags, *e);

		r = count_since(g, mirror, sha, *e, &n, err);
		if (r < 0)
			return r;
		if (!*ret || n < *ret_n ||
			(n == *ret_n && compare_versions(t->name, (*ret)->name) > 0)) {
			*ret = t;
			*ret_n = n;
		}
	}
	return 0;
}

int git_describe(struct git *g, const char *mirror, const char *sha,
	bool (*accept)(const char *tag), char **ret_tag, int64_t *ret_commits, struct err *err)
{
	CLEANUP(tags_release) struct tags tags = VEC_INIT;
	const struct tag *best;
	int64_t n = 0;
	int r = git_check_sha(sha, err);

	if (r < 0 || (r = list_tags(g, mirror, sha, accept, &tags, err)) < 0)
		return r;
	best = highest_at(&tags, sha);
	if (!best && tags.n)
		r = nearest(g, mirror, sha, &tags, &best, &n, err);
	else if (!best)
		r = count_since(g, mirror, sha, NULL, &n, err);
	if (r < 0)
		return r;
	if (best && ret_tag)
		*ret_tag = xstrdup(best->name);
	else if (ret_tag)
		*ret_tag = NULL;
	*ret_commits = n;
	return 0;
}
