/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "build/cause.h"
#include "base/text.h"
#include "base/vec.h"

#define MESSAGE_MAX 300

enum phase { PHASE_ANY, PHASE_COMPILE, PHASE_CHECK, PHASE_PREP };

/* What tells, best first; a line matches when all of its parts occur in this order. */
static const struct pattern {
	enum phase phase;
	const char *parts[3];
} patterns[] = {
	{PHASE_PREP, {"error: Bad source"}},
	{PHASE_PREP, {"error: Bad file: "}},
	{PHASE_PREP, {"Hunk #", "FAILED"}},
	{PHASE_PREP, {"can't find file to patch"}},
	{PHASE_PREP, {"tar: ", "rror"}},
	{PHASE_COMPILE, {": fatal error: "}},
	{PHASE_COMPILE, {": error: "}},
	{PHASE_COMPILE, {"undefined reference to"}},
	{PHASE_COMPILE, {"ld: cannot find"}},
	{PHASE_COMPILE, {"multiple definition of"}},
	{PHASE_COMPILE, {"configure: error:"}},
	{PHASE_COMPILE, {"CMake Error"}},
	{PHASE_COMPILE, {"meson.build:", "ERROR:"}},
	{PHASE_COMPILE, {"error[E"}},
	{PHASE_COMPILE, {"ModuleNotFoundError:"}},
	{PHASE_COMPILE, {"ImportError:"}},
	{PHASE_COMPILE, {"SyntaxError:"}},
	{PHASE_CHECK, {"FAILED ", "::"}},
	{PHASE_CHECK, {"FAIL: "}},
	{PHASE_CHECK, {"not ok "}},
	{PHASE_CHECK, {"ERROR: test"}},
	{PHASE_CHECK, {"AssertionError"}},
	{PHASE_CHECK, {"Assertion ", " failed"}},
	{PHASE_CHECK, {"FAIL", ""}},
	{PHASE_ANY, {"command not found"}},
	{PHASE_ANY, {"sh: ", ": not found"}},
	{PHASE_ANY, {"No rule to make target"}},
	{PHASE_ANY, {"No such file or directory"}},
	{PHASE_ANY, {"Permission denied"}},
	{PHASE_ANY, {"No space left on device"}},
	{PHASE_ANY, {"Network is unreachable"}},
	{PHASE_ANY, {"emporary failure in name resolution"}},
	{PHASE_ANY, {"Error: "}},
	{PHASE_ANY, {"error: "}},
	{PHASE_ANY, {"*** [", "Error "}},
	{PHASE_ANY, {"make: ***"}},
};

void cause_release(struct cause *c)
{
	free(c->step);
	free(c->message);
	*c = (struct cause){0};
}

static bool matches(const struct pattern *p, const char *line)
{
	const char *at = line;

	for (size_t i = 0; i < COUNTOF(p->parts) && p->parts[i]; i++) {
		at = strstr(at, p->parts[i]);
		if (!at)
			return false;
		at += strlen(p->parts[i]);
	}
	return true;
}

static void set_message(struct cause *c, const char *text, int64_t line)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_free char *trimmed = str_trim(text);

	text_term(&b, trimmed, MESSAGE_MAX);
	free(c->message);
	c->message = sb_take(&b);
	c->line = line;
}

/* "error: Bad exit status from /var/tmp/rpm-tmp.XXXXXX (%build)": the section in parentheses. */
static char *failed_section(const struct strv *lines, size_t *ret_index)
{
	for (size_t i = 0; i < lines->n; i++) {
		const char *l = lines->v[i], *open;

		if (!str_starts(l, "error: Bad exit status from "))
			continue;
		open = strrchr(l, '(');
		if (!open || !strchr(open, ')'))
			continue;
		*ret_index = i;
		return xstrndup(open + 1, strcspn(open + 1, ")"));
	}
	return NULL;
}

/* Where the output of a section begins: "Executing(%build): /bin/sh -e ..." */
static size_t section_start(const struct strv *lines, const char *section, size_t end)
{
	auto_free char *mark = xasprintf("Executing(%s):", section);

	for (size_t i = end; i-- > 0;)
		if (strstr(lines->v[i], mark))
			return i + 1;
	return 0;
}

/* A header line of rpmbuild whose detail follows on indented lines. */
static bool find_list(
	const struct strv *lines, const char *head, const char *what, struct cause *ret)
{
	for (size_t i = 0; i < lines->n; i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		if (!strstr(lines->v[i], head))
			continue;
		sb_add(&b, what);
		for (size_t k = i + 1; k < lines->n && k < i + 20; k++) {
			auto_free char *item = str_trim(lines->v[k]);
			char *by = strstr(item, " is needed by ");

			if (lines->v[k][0] != ' ' && lines->v[k][0] != '\t')
				break;
			if (by)
				*by = '\0';
			sb_addf(&b, "%s%s", k > i + 1 ? ", " : "", item);
		}
		set_message(ret, b.s, (int64_t)i + 1);
		return true;
	}
	return false;
}

static bool find_rpm_error(const struct strv *lines, struct cause *ret)
{
	if (find_list(lines, "error: Failed build dependencies:", "missing BuildRequires: ", ret)) {
		ret->kind = CAUSE_DEPENDENCY;
		ret->step = xstrdup("BuildRequires");
		return true;
	}
	if (find_list(lines, "Installed (but unpackaged) file(s) found:",
		    "installed but unpackaged files: ", ret)) {
		ret->step = xstrdup("%files");
		return true;
	}
	for (size_t i = 0; i < lines->n; i++) {
		const char *l = lines->v[i];
		const char *e = strstr(l, "error: ");

		if (e != l || str_starts(e, "error: Bad exit status"))
			continue;
		if (str_starts(e, "error: File not found") ||
			str_starts(e, "error: Directory not found") ||
			str_starts(e, "error: Arch dependent binaries"))
			ret->step = xstrdup("%files");
		else
			ret->kind = CAUSE_SOURCE;
		set_message(ret, e + strlen("error: "), (int64_t)i + 1);
		return true;
	}
	return false;
}

static enum phase phase_of(const char *section)
{
	if (!section)
		return PHASE_COMPILE;
	if (str_eq(section, "%prep"))
		return PHASE_PREP;
	if (str_eq(section, "%check"))
		return PHASE_CHECK;
	return PHASE_COMPILE;
}

static bool find_in(
	const struct strv *lines, size_t from, size_t to, enum phase phase, struct cause *ret)
{
	for (size_t p = 0; p < COUNTOF(patterns); p++) {
		if (patterns[p].phase != phase && patterns[p].phase != PHASE_ANY)
			continue;
		for (size_t i = from; i < to; i++) {
			/* "+ command" is the shell's trace of what ran, not its output */
			if (str_starts(lines->v[i], "+ ") || !matches(&patterns[p], lines->v[i]))
				continue;
			set_message(ret, lines->v[i], (int64_t)i + 1);
			return true;
		}
	}
	return false;
}

/* Nothing we know: the last line the section printed, else rpmbuild's own summary. */
static void find_last(const struct strv *lines, size_t from, size_t to, struct cause *ret)
{
	size_t i = to;

	while (i > from && (!*lines->v[i - 1] || str_starts(lines->v[i - 1], "error: ") ||
				   str_starts(lines->v[i - 1], "+ ")))
		i--;
	if (i > from)
		set_message(ret, lines->v[i - 1], (int64_t)i);
	else if (to < lines->n)
		set_message(ret, lines->v[to], (int64_t)to + 1);
}

void cause_find(const char *log, int64_t first_line, struct cause *ret)
{
	auto_strv struct strv lines = STRV_INIT;
	auto_free char *section = NULL;
	size_t end = 0, from;
	enum phase phase;

	*ret = (struct cause){.kind = CAUSE_BUILD};
	strv_lines(&lines, log);
	section = failed_section(&lines, &end);
	if (!section && find_rpm_error(&lines, ret))
		goto out;
	if (!section)
		end = lines.n;
	phase = phase_of(section);
	if (phase == PHASE_CHECK)
		ret->kind = CAUSE_TEST;
	from = section ? section_start(&lines, section, end) : 0;
	if (!find_in(&lines, from, end, phase, ret) &&
		!(phase == PHASE_CHECK && find_in(&lines, from, end, PHASE_COMPILE, ret)))
		find_last(&lines, from, end, ret);
	ret->step = TAKE(section);
out:
	if (ret->line)
		ret->line += first_line - 1;
}
