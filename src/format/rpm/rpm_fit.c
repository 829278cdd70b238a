/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpm_fit.c - what a package of ours may say of itself. Its metadata will stand in one file with
 * that of all others, and a reader refuses the file for one entry that is beyond its bounds: what
 * no reader would take must not be published. The bounds are those of our own solver, halved.
 */
#include "base/limits.h"
#include "format/rpm/rpm_lib.h"

#define TEXT_MAX (LIMIT_XML_PIECE / 2)
#define TAG_MAX  (LIMIT_XML_TAG / 2)

/* As XML has it. */
static size_t xml_length(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += strchr("<>&'\"", *s) ? 6 : 1;
	return n;
}

static size_t parens(const char *s)
{
	size_t n = 0;

	for (; (s = strchr(s, '(')); s++)
		n++;
	return n;
}

/* XML cannot say these, and createrepo_c says nothing of a package that has them. */
static bool has_control(const char *s)
{
	for (; *s; s++)
		if (((unsigned char)*s < ' ' && !strchr("\t\n\r", *s)) || *s == 0x7f)
			return true;
	return false;
}

struct rule {
	rpmTagVal tag;
	size_t max;
	bool dependency;
	const char *what;
};
static const struct rule rules[] = {
	{RPMTAG_SUMMARY, TEXT_MAX, false, "summary"},
	{RPMTAG_DESCRIPTION, TEXT_MAX, false, "description"},
	{RPMTAG_LICENSE, TAG_MAX, false, "license"},
	{RPMTAG_URL, TAG_MAX, false, "URL"},
	{RPMTAG_GROUP, TAG_MAX, false, "group"},
	{RPMTAG_VENDOR, TAG_MAX, false, "vendor"},
	{RPMTAG_PACKAGER, TAG_MAX, false, "packager"},
	{RPMTAG_BUILDHOST, TAG_MAX, false, "build host"},
	{RPMTAG_SOURCERPM, TAG_MAX, false, "source package"},
	{RPMTAG_CHANGELOGNAME, SIZE_MAX, false, "changelog"},
	{RPMTAG_CHANGELOGTEXT, SIZE_MAX, false, "changelog"},
	{RPMTAG_FILENAMES, LIMIT_DEP, false, "path"},
	{RPMTAG_PROVIDENAME, LIMIT_DEP, true, "provided name"},
	{RPMTAG_PROVIDEVERSION, LIMIT_DEP, false, "provided version"},
	{RPMTAG_REQUIRENAME, LIMIT_DEP, true, "dependency"},
	{RPMTAG_REQUIREVERSION, LIMIT_DEP, false, "version of a dependency"},
	{RPMTAG_CONFLICTNAME, LIMIT_DEP, true, "conflict"},
	{RPMTAG_CONFLICTVERSION, LIMIT_DEP, false, "version of a conflict"},
	{RPMTAG_OBSOLETENAME, LIMIT_DEP, true, "obsoleted name"},
	{RPMTAG_OBSOLETEVERSION, LIMIT_DEP, false, "obsoleted version"},
	{RPMTAG_RECOMMENDNAME, LIMIT_DEP, true, "recommendation"},
	{RPMTAG_RECOMMENDVERSION, LIMIT_DEP, false, "version of a recommendation"},
	{RPMTAG_SUGGESTNAME, LIMIT_DEP, true, "suggestion"},
	{RPMTAG_SUGGESTVERSION, LIMIT_DEP, false, "version of a suggestion"},
	{RPMTAG_SUPPLEMENTNAME, LIMIT_DEP, true, "supplement"},
	{RPMTAG_SUPPLEMENTVERSION, LIMIT_DEP, false, "version of a supplement"},
	{RPMTAG_ENHANCENAME, LIMIT_DEP, true, "enhancement"},
	{RPMTAG_ENHANCEVERSION, LIMIT_DEP, false, "version of an enhancement"},
};

int rpm_check_fit(Header h, const char *file, struct err *err)
{
	for (size_t i = 0; i < COUNTOF(rules); i++) {
		const struct rule *rule = &rules[i];
		struct rpmtd_s td;
		const char *s;
		int r = 0;

		if (!headerGet(h, rule->tag, &td, HEADERGET_EXT))
			continue;
		while (r >= 0 && (s = rpmtdNextString(&td))) {
			if (xml_length(s) > rule->max)
				r = err_set(err, ERR_BUILD, "'%s' has a %s of absurd length", file,
					rule->what);
			else if (has_control(s))
				r = err_set(err, ERR_BUILD, "'%s' has a %s with control characters",
					file, rule->what);
			else if (rule->dependency && parens(s) > LIMIT_DEP_PARENS)
				r = err_set(err, ERR_BUILD, "'%s' has a %s of absurd nesting", file,
					rule->what);
		}
		rpmtdFreeData(&td);
		if (r < 0)
			return r;
	}
	return 0;
}
