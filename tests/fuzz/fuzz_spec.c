/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Editing a spec twice is editing it once, and only tags and definitions of the preamble change. */
#include "base/base.h"
#include "source/spec.h"
#include "source/spec_lex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool may_change(const struct spec_lex *lx, const struct spec_line *l)
{
	size_t at;

	return l->part == SPEC_PREAMBLE &&
	       (spec_line_tag(lx, l, "Version", &at) || spec_line_tag(lx, l, "Release", &at) ||
		       spec_line_source(lx, l, &at) != -2 ||
		       spec_line_global(lx, l, "upstream_version") ||
		       spec_line_global(lx, l, "dlrn"));
}

/* All that must be the same before and after. */
static char *rest(const char *text)
{
	struct strbuf out = STRBUF_INIT;
	struct spec_lex lx;
	struct spec_line l;

	spec_lex_init(&lx, text);
	while (spec_lex_next(&lx, &l)) {
		assert(l.start <= l.end && l.end <= l.next && l.start < l.next);
		if (!may_change(&lx, &l))
			sb_addn(&out, text + l.start, l.next - l.start);
	}
	return sb_take(&out);
}

static void edit(const char *text, const struct spec_edit *e)
{
	auto_free char *once = NULL, *diff = NULL, *twice = NULL, *none = NULL;

	if (spec_apply(text, "f.spec", e, &once, &diff, NULL) < 0)
		return;
	assert(str_eq(once, text) == str_eq(diff, ""));
	assert(spec_apply(once, "f.spec", e, &twice, &none, NULL) >= 0);
	assert(str_eq(once, twice) && str_eq(none, ""));
	auto_free char *before = rest(text), *after = rest(once);
	assert(str_eq(before, after));
	auto_free char *version = spec_tag(once, "Version"), *release = spec_tag(once, "Release");
	assert(version && release);
	assert(!e->version || str_eq(version, e->version));
	assert(!e->release || str_eq(release, e->release));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct spec_edit edits[] = {
		{.version = "9.9~f", .release = "7%{?dist}"},
		{.version = "9.9",
			.release = "7",
			.upstream_version = "9.9.dev1",
			.dlrn = true,
			.source0 = "new.tar.gz"},
		{.upstream_version = "1", .dlrn = true},
	};
	auto_free char *s = xmalloc(size + 1);

	if (size)
		memcpy(s, data, size);
	s[size] = '\0';
	for (size_t i = 0; i < COUNTOF(edits); i++)
		edit(s, &edits[i]);
	auto_free char *dir = spec_setup_dir(s), *source = spec_tag(s, "Source0");
	assert(!dir || !strchr(dir, '/'));
	assert(!source || !strchr(source, '\n') || strchr(s, '\n'));
	assert(!source || !strchr(source, '\n'));
	return 0;
}
