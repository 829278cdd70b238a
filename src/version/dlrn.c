/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dlrn.c - the numbering of DLRN's users: the Version that the next release will have, and a
 * Release that grows with the date.
 */
#include "base/time.h"
#include "version/internal.h"

#define NO_VERSION "0.0.1"

/* "0.date.hash" and so on: what stands before the date. */
static int release_head(
	const char *numbering, const struct version_facts *f, char **ret, struct err *err)
{
	const char *const *all = version_numberings();
	size_t n = 0;
	const char *near;

	while (all[n])
		n++;
	if (!numbering || str_eq(numbering, "0.date.hash"))
		*ret = xstrdup("0");
	else if (str_eq(numbering, "0.1.date.hash"))
		*ret = xstrdup("0.1");
	else if (str_eq(numbering, "minor.date.hash") && f->minor >= 0)
		*ret = xasprintf("%lld", (long long)f->minor);
	else if (str_eq(numbering, "minor.date.hash"))
		return err_set(err, ERR_CONFIG, "the minor number must not be negative");
	else {
		near = str_nearest(numbering, all, n);
		return err_set(err, ERR_CONFIG, "unknown numbering '%s' (%s %s)", numbering,
			near ? "did you mean" : "there is", near ? near : "0.date.hash");
	}
	return 0;
}

/* Where the version ends for rpm. */
static size_t cut_length(const char *version)
{
	static const char *const marks[] = {"-", ".0rc", ".0b", ".0a", ".dev", ".g", ".pre"};
	size_t n = strlen(version);

	for (size_t i = 0; i < COUNTOF(marks); i++) {
		const char *p = strstr(version, marks[i]);

		if (p && (size_t)(p - version) < n)
			n = (size_t)(p - version);
	}
	return n;
}

/* 1.1.0 -> 1.1.1: the last number of what the cuts will leave. */
static char *bump(const char *version)
{
	size_t end = cut_length(version), start;
	auto_free char *digits = NULL;
	bool carry = true;

	while (end && (version[end - 1] < '0' || version[end - 1] > '9'))
		end--;
	start = end;
	while (start && version[start - 1] >= '0' && version[start - 1] <= '9')
		start--;
	if (start == end)
		return xstrdup(version);
	digits = xstrndup(version + start, end - start);
	for (size_t i = strlen(digits); i-- > 0 && carry;) {
		carry = digits[i] == '9';
		digits[i] = carry ? '0' : (char)(digits[i] + 1);
	}
	return xasprintf(
		"%.*s%s%s%s", (int)start, version, carry ? "1" : "", digits, version + end);
}

static char *from_tag(const struct version_facts *f, struct version *v)
{
	const char *tag = version_of_tag(f->tag);

	if (!tag) {
		strv_addf(&v->explain, "rule: no version tag: %s", NO_VERSION);
		return xstrdup(NO_VERSION);
	}
	if (f->commits <= 0) {
		strv_add(&v->explain, "rule: exactly the tag");
		return xstrdup(tag);
	}
	if (version_is_pre(tag)) {
		strv_add(&v->explain, "rule: after a pre-release: on the way to that version");
		return xstrdup(tag);
	}
	strv_add(&v->explain, "rule: commits after the tag: last number + 1");
	return bump(tag);
}

/* The version before cutting. */
static char *base_version(const struct version_facts *f, struct version *v)
{
	auto_free char *declared = f->declared ? str_trim(f->declared) : NULL;
	const char *s = declared;

	if (str_empty(s))
		return from_tag(f, v);
	if (version_is_hash(s, f->sha)) {
		strv_addf(&v->explain, "rule: what is declared is a bare hash: %s", NO_VERSION);
		return xstrdup(NO_VERSION);
	}
	if (strchr("vVrR", *s))
		s++;
	if (*s < '0' || *s > '9' || strpbrk(s, " \t\r\n")) {
		strv_add(&v->explain, "rule: what is declared is no version: the tag decides");
		return from_tag(f, v);
	}
	strv_add(&v->explain, "rule: what the upstream declares");
	return xstrdup(s);
}

int version_dlrn(
	const char *numbering, const struct version_facts *f, struct version *v, struct err *err)
{
	auto_free char *head = NULL, *base = NULL, *cut = NULL, *release = NULL;
	char date[15], sha[8];
	int r = release_head(numbering, f, &head, err);

	if (r < 0)
		return r;
	if (str_empty(f->sha))
		return err_set(err, ERR_SOURCE, "policy 'dlrn' needs a git commit");
	base = base_version(f, v);
	cut = xstrndup(base, cut_length(base));
	v->version = version_clean(cut, false);
	v->upstream = version_clean(base, true);
	r = version_check(v->version, err);
	if (r < 0)
		return r;
	if (!str_eq(base, v->version))
		strv_addf(&v->explain, "rule: cut to %s", v->version);
	time_compact(f->date, date);
	version_short(f->sha, sha);
	release = xasprintf("%s.%s.%s%%{?dist}", head, date, sha);
	v->release = version_rebuilt(release, f->rebuild);
	v->edits = true;
	return 0;
}
