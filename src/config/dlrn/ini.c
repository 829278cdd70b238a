/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ini.c - projects.ini by the rules of Python's ConfigParser: # and ; begin a comment only as the
 * first thing of a line, = or : ends a key, deeper indented lines go on with a value, keys know no
 * case. DLRN reads it raw; a %(x)s of an option that exists can still only mean that.
 */
#include "base/text.h"
#include "config/dlrn/internal.h"

struct ini {
	struct dlrn *d;
	char *section;           /* NULL: none yet */
	struct dlrn_option *now; /* whose value may go on; of d->options until the next one comes */
	size_t indent;           /* of its key */
	size_t line;
};

static void lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

static void section(struct ini *ini, const char *line)
{
	size_t n = strcspn(line, "]");
	auto_free char *name = xstrndup(line + 1, n - 1);

	ini->now = NULL;
	ini->d->sections = true;
	vec_foreach (&ini->d->options, o)
		if (str_eq(o->section, name) && !str_eq_null(ini->section, name)) {
			dlrn_leave(ini->d, 0, ini->line, line,
				"the section is there twice (DLRN refuses that); both count");
			break;
		}
	str_set(&ini->section, name);
}

static void option(struct ini *ini, const char *line)
{
	struct dlrn *d = ini->d;
	size_t n = strcspn(line, "=:");
	auto_free char *head = xstrndup(line, n), *key = str_trim(head);
	const struct dlrn_option *twice;

	ini->now = NULL;
	if (!ini->section || !line[n] || !*key) {
		dlrn_leave(d, 0, ini->line, line, "%s",
			!ini->section ? "it stands before the first [section]"
				      : "no option (KEY=VALUE)");
		return;
	}
	if (d->options.n >= DLRN_OPTIONS) {
		dlrn_leave(d, 0, ini->line, line, "more than %d options, the rest is not read",
			DLRN_OPTIONS);
		return;
	}
	lower(key);
	twice = dlrn_option(d, ini->section, key);
	if (twice && str_eq(twice->section, ini->section))
		dlrn_leave(d, 0, twice->line, key,
			"line %zu sets it again (DLRN refuses that); the last one counts",
			ini->line);
	ini->now = vec_push(&d->options);
	*ini->now = (struct dlrn_option){
		xstrdup(ini->section), TAKE(key), str_trim(line + n + 1), ini->line};
}

static void go_on(struct ini *ini, const char *more)
{
	struct dlrn_option *o = ini->now;
	char *joined;

	if (strlen(o->value) + strlen(more) > DLRN_TEXT)
		return; /* too long as it is, and said so when it is used */
	joined = xasprintf("%s\n%s", o->value, more);
	free(o->value);
	o->value = joined;
}

static void read_line(struct ini *ini, const char *line)
{
	auto_free char *bare = str_trim(line);
	size_t indent = strspn(line, " \t");

	if (!*bare || *bare == '#' || *bare == ';')
		return;
	if (ini->now && indent > ini->indent) {
		go_on(ini, bare);
		return;
	}
	ini->indent = indent;
	if (*bare == '[' && strchr(bare, ']') > bare + 1)
		section(ini, bare);
	else
		option(ini, bare);
}

struct dlrn_option *dlrn_option(const struct dlrn *d, const char *section, const char *key)
{
	struct dlrn_option *own = NULL, *outer = NULL;

	vec_foreach (&d->options, o) {
		if (!str_eq(o->key, key))
			continue;
		if (str_eq(o->section, section))
			own = o;
		else if (str_eq(o->section, "DEFAULT"))
			outer = o;
	}
	return own ?: outer;
}

/* NULL, or why it cannot be done. */
static const char *fill_in(
	struct dlrn *d, const struct dlrn_option *at, unsigned depth, struct strbuf *out)
{
	const char *why;

	for (const char *s = at->value; *s; s++) {
		size_t n = s[0] == '%' && s[1] == '(' ? strcspn(s, ")") : 0;
		auto_free char *key = n && s[n] && s[n + 1] == 's' ? xstrndup(s + 2, n - 2) : NULL;
		struct dlrn_option *o;

		if (out->n > DLRN_TEXT || d->steps > DLRN_STEPS)
			return "longer than can be";
		if (!key) {
			sb_addc(out, *s);
			s += s[0] == '%' && s[1] == '%';
			continue;
		}
		lower(key);
		d->steps++;
		o = dlrn_option(d, at->section, key);
		if (!o || depth >= DLRN_DEPTH)
			return o ? "its %(...)s go round in a circle"
				 : "no such option for its %(...)s";
		o->used = true;
		why = fill_in(d, o, depth + 1, out);
		if (why)
			return why;
		s += n + 1;
	}
	return NULL;
}

void dlrn_ini(struct dlrn *d, const char *text)
{
	struct ini ini = {.d = d};
	VEC(char *) filled = {0};

	if (str_starts(text, "\xef\xbb\xbf"))
		text += 3;
	while (*text) {
		size_t n = strcspn(text, "\n");
		auto_free char *line = xstrndup(text, n);

		ini.line++;
		read_line(&ini, line);
		text += n + (text[n] == '\n');
	}
	free(ini.section);
	vec_foreach (&d->options, o) {
		auto_strbuf struct strbuf b = STRBUF_INIT;
		const char *why = fill_in(d, o, 0, &b);

		if (why) {
			auto_free char *shown = text_url_shown(o->value);
			auto_free char *what = xasprintf("%s=%s", o->key, shown);

			dlrn_leave(d, 0, o->line, what, "%s", why);
			sb_truncate(&b, 0);
		}
		*vec_push(&filled) = str_trim(sb_str(&b));
	}
	for (size_t i = 0; i < filled.n; i++) {
		free(d->options.v[i].value);
		d->options.v[i].value = filled.v[i];
	}
	vec_release(&filled);
}
