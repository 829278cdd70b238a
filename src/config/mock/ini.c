/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ini.c - dnf.conf as sections and options; lines that begin with blanks continue the last. */
#include "config/mock/internal.h"

static void entry_release(struct ini_entry *e)
{
	free(e->key);
	free(e->value);
}

static void section_release(struct ini_section *s)
{
	free(s->name);
	vec_free(&s->entries, entry_release);
}

void ini_release(struct ini *ini)
{
	vec_free(ini, section_release);
}

const struct ini_entry *ini_get(const struct ini_section *s, const char *key)
{
	const struct ini_entry *hit = NULL;

	vec_foreach (&s->entries, e) /* the last one counts */
		if (str_eq(e->key, key))
			hit = e;
	return hit;
}

static struct ini_section *section(struct ini *ini, const char *name, struct mark at)
{
	struct ini_section *s;

	vec_foreach (ini, old)
		if (str_eq(old->name, name))
			return old;
	s = vec_push(ini);
	s->name = xstrdup(name);
	s->file = at.file;
	s->line = at.line;
	return s;
}

static void option(struct mock *m, struct ini_section *s, const char *line, struct mark at)
{
	size_t n = strcspn(line, "=:");
	auto_free char *key = xstrndup(line, n), *trimmed = str_trim(key);
	struct ini_entry *e;

	if (!line[n] || !*trimmed) {
		mock_leave(m, at.file, at.line, line, "no option of dnf.conf (KEY=VALUE)");
		return;
	}
	if (!s) {
		mock_leave(m, at.file, at.line, line, "it stands before the first [section]");
		return;
	}
	e = vec_push(&s->entries);
	*e = (struct ini_entry){TAKE(trimmed), str_trim(line + n + 1), at.file, at.line};
}

static void go_on(struct ini_entry *e, const char *more)
{
	char *joined = xasprintf("%s %s", e->value, more);

	free(e->value);
	e->value = joined;
}

void mock_ini(struct mock *m, const struct mtext *t, struct ini *ret)
{
	const char *text = sb_str(&t->b), *p = text;
	struct ini_section *s = NULL;

	while (*p) {
		size_t n = strcspn(p, "\n");
		auto_free char *line = xstrndup(p, n), *bare = str_trim(line);
		struct mark at = mtext_where(t, (size_t)(p - text));

		if (!*bare || *bare == '#' || *bare == ';') {
			/* a comment */
		} else if (*bare == '[' && strchr(bare, ']')) {
			*strchr(bare, ']') = '\0';
			s = section(ret, bare + 1, at);
		} else if ((*line == ' ' || *line == '\t') && s && s->entries.n &&
			   mock_spend(m, strlen(s->entries.v[s->entries.n - 1].value) + n)) {
			go_on(&s->entries.v[s->entries.n - 1], bare);
		} else {
			option(m, s, bare, at);
		}
		p += n + (p[n] == '\n');
	}
}

int mock_bool(const char *s)
{
	static const char *const yes[] = {"1", "yes", "true", "on", "True", "Yes"};
	static const char *const no[] = {"0", "no", "false", "off", "False", "No"};

	for (size_t i = 0; i < COUNTOF(yes); i++) {
		if (str_eq(s, yes[i]))
			return 1;
		if (str_eq(s, no[i]))
			return 0;
	}
	return -1;
}
