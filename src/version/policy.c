/* SPDX-License-Identifier: GPL-3.0-or-later */
/* policy.c - the table of policies, the small ones, and --explain. */
#include "base/text.h"
#include "base/time.h"
#include "version/internal.h"

static const char *const policies[] = {"dlrn", "keep", "describe", NULL};
static const char *const numberings[] = {"0.date.hash", "0.1.date.hash", "minor.date.hash", NULL};

const char *const *version_policies(void)
{
	return policies;
}

const char *const *version_numberings(void)
{
	return numberings;
}

void version_release(struct version *v)
{
	free(v->version);
	free(v->release);
	free(v->upstream);
	strv_release(&v->explain);
	*v = (struct version){0};
}

/* The spec's own, untouched but for a rebuild. */
int version_keep(const struct version_facts *f, struct version *v, struct err *err)
{
	v->version = xstrdup_null(f->spec_version);
	v->upstream = xstrdup_null(f->spec_version);
	v->edits = f->rebuild > 0;
	strv_add(&v->explain, "rule: the spec's own");
	if (!v->edits) {
		v->release = xstrdup_null(f->spec_release);
		return 0;
	}
	if (!f->spec_release)
		return err_set(
			err, ERR_SOURCE, "a rebuild needs the spec's Release, and it has none");
	v->release = version_rebuilt(f->spec_release, f->rebuild);
	return 0;
}

/* Where the mark of a pre-release begins, 0 when there is none. */
static size_t mark_offset(const char *version)
{
	static const char *const marks[] = {
		"alpha", "beta", "preview", "pre", "rc", "dev", "a", "b"};

	for (size_t i = 0; i < COUNTOF(marks); i++) {
		const char *p = strstr(version, marks[i]);
		size_t n = strlen(marks[i]);

		if (p && p > version && strchr("0123456789.-_", p[-1]) &&
			strchr("0123456789.-_", p[n]))
			return (size_t)(p - version);
	}
	return 0;
}

/*
 * 1.0rc1, 1.0-rc1, 1.0.rc1 -> 1.0~rc1: it sorts before 1.0. The fourth number of 1.0.0.0rc1 belongs
 * to the mark: 1.0.0~rc1.
 */
static char *tilde(const char *version)
{
	size_t mark = mark_offset(version), end = mark, dots = 0;

	if (!mark)
		return xstrdup(version);
	for (size_t i = 0; i < mark; i++)
		dots += version[i] == '.';
	if (dots >= 3 && version[mark - 1] == '0' && version[mark - 2] == '.')
		end -= 2;
	while (end && strchr(".-_", version[end - 1]))
		end--;
	return xasprintf("%.*s~%s", (int)end, version, version + mark);
}

/*
 * As git describe, in characters that rpm takes: v1.1.0-5-gabc1234 -> 1.1.0^5.gabc1234. A caret,
 * because with a plus 1.0 and ten commits would sort above 1.0.1.
 */
int version_describe(const struct version_facts *f, struct version *v, struct err *err)
{
	const char *tag = version_of_tag(f->tag);
	auto_free char *base = tag ? tilde(tag) : xstrdup("0"), *text = NULL;
	const char *release = f->spec_release ? f->spec_release : "";
	char sha[8];

	if (str_empty(f->sha))
		return err_set(err, ERR_SOURCE, "policy 'describe' needs a git commit");
	/* a placeholder (@release@) is no release */
	if (!*release || !strchr("0123456789%", *release))
		release = "1%{?dist}";
	version_short(f->sha, sha);
	if (tag && f->commits <= 0)
		text = xstrdup(base);
	else
		text = xasprintf("%s^%lld.g%s", base, (long long)f->commits, sha);
	strv_add(
		&v->explain, tag ? "rule: tag, commits since it, hash" : "rule: no version tag: 0");
	v->version = version_clean(text, false);
	v->upstream = xstrdup(v->version);
	v->release = version_rebuilt(release, f->rebuild);
	v->edits = true;
	return version_check(v->version, err);
}

static void explain_text(struct strv *ret, const char *name, const char *value)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	if (!value)
		return;
	text_term(&b, value, 200);
	strv_addf(ret, "%s: %s", name, sb_str(&b));
}

static void explain_facts(const struct version_facts *f, struct strv *ret)
{
	char date[15];

	explain_text(ret, "declared", f->declared);
	explain_text(ret, "tag", f->tag ? f->tag : "none");
	strv_addf(ret, "commits: %lld", (long long)f->commits);
	explain_text(ret, "sha", f->sha);
	time_compact(f->date, date);
	strv_addf(ret, "date: %s", date);
	explain_text(ret, "branch", f->branch);
	explain_text(ret, "spec.version", f->spec_version);
	explain_text(ret, "spec.release", f->spec_release);
	if (f->rebuild > 0)
		strv_addf(ret, "rebuild: %lld", (long long)f->rebuild);
}

int version_compute(const char *policy, const char *numbering, const struct version_facts *f,
	struct version *ret, struct err *err)
{
	CLEANUP(version_release) struct version v = {0};
	const char *near;
	int r;

	strv_addf(&v.explain, "policy: %s", policy);
	explain_facts(f, &v.explain);
	if (str_eq(policy, "dlrn")) {
		r = version_dlrn(numbering, f, &v, err);
	} else if (str_eq(policy, "keep")) {
		r = version_keep(f, &v, err);
	} else if (str_eq(policy, "describe")) {
		r = version_describe(f, &v, err);
	} else {
		near = str_nearest(policy, policies, COUNTOF(policies) - 1);
		return err_set(err, ERR_CONFIG, "unknown version policy '%s' (%s)", policy,
			near ? near : "dlrn, keep, describe");
	}
	if (r < 0)
		return r;
	strv_addf(&v.explain, "version: %s", v.version ? v.version : "the spec's");
	strv_addf(&v.explain, "release: %s", v.release ? v.release : "the spec's");
	*ret = v;
	v = (struct version){0};
	return 0;
}
