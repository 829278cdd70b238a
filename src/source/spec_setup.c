/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spec_setup.c - the directory inside the tarball that %prep expects. `rpmspec -P` prints %setup
 * either as it stands (rpm before 4.15) or as the commands it became:
 *
 *	cd '/builddir/BUILD'
 *	rm -rf 'foo-1'                              (not with -D)
 *	/bin/mkdir -p 'foo-1'                       (with -c, then cd before unpacking)
 *	/usr/lib/rpm/rpmuncompress -x /in/SOURCES/foo-1.tar.gz
 *	cd 'foo-1'
 */
#include "source/spec.h"
#include "source/spec_lex.h"

struct setup {
	char *source0; /* base name */
	char *inside;  /* where commands are, relative; "" at the top */
	char *dir;     /* the answer */
	bool unpacked;
};

/* Words of a line, quotes taken off; good enough for what %setup and rpm itself write. */
static void words(struct strv *ret, const char *s, size_t n)
{
	struct strbuf w = STRBUF_INIT;
	bool any = false;
	char quote = 0;

	for (size_t i = 0; i < n; i++) {
		if (quote ? s[i] == quote : s[i] == '\'' || s[i] == '"') {
			quote = quote ? 0 : s[i];
			any = true;
		} else if (!quote && (s[i] == ' ' || s[i] == '\t')) {
			if (any)
				strv_take(ret, sb_take(&w));
			any = false;
		} else {
			sb_addc(&w, s[i]);
			any = true;
		}
	}
	if (any)
		strv_take(ret, sb_take(&w));
	sb_release(&w);
}

/* The first part of a path, which is what the tarball has at its top. */
static char *top_of(const char *path)
{
	return xstrndup(path, strcspn(path, "/"));
}

/* %setup's options; *ret_dir stays NULL when Source0 is not unpacked by this line. */
static void raw_setup(const struct strv *w, const char *deflt, char **ret_dir)
{
	bool create = false, skip = false, first = false;
	const char *name = deflt;

	for (size_t i = 1; i < w->n; i++) {
		const char *p = w->v[i];

		if (*p != '-' || !p[1])
			continue;
		for (p++; *p; p++) {
			create = create || *p == 'c';
			skip = skip || *p == 'T';
			if (!strchr("nabpS", *p))
				continue;
			const char *arg = p[1] ? p + 1 : i + 1 < w->n ? w->v[++i] : "";
			if (*p == 'n')
				name = arg;
			else if (*p == 'a' || *p == 'b')
				first = first || str_eq(arg, "0");
			break;
		}
	}
	if (!skip || first)
		*ret_dir = create ? xstrdup("") : top_of(name);
}

static bool names_source(const struct strv *w, const char *source0)
{
	strv_foreach (w, it) {
		const char *slash = strrchr(*it, '/');

		if (slash && str_eq(slash + 1, source0))
			return true;
	}
	return false;
}

/* Follow the commands: unpacked inside a directory made before (-c), or entered afterwards. */
static void follow(struct setup *s, const struct strv *w)
{
	if (w->n >= 2 && str_eq(w->v[0], "cd")) {
		bool absolute = *w->v[1] == '/';

		if (s->unpacked && !absolute)
			s->dir = top_of(w->v[1]);
		else
			str_set(&s->inside, absolute ? "" : w->v[1]);
	} else if (s->source0 && !s->unpacked && w->n >= 2 && !str_eq(w->v[0], "echo") &&
		   names_source(w, s->source0)) {
		s->unpacked = true;
		if (*s->inside)
			s->dir = xstrdup("");
	}
}

char *spec_setup_dir(const char *expanded)
{
	auto_free char *name = spec_tag(expanded, "Name"), *version = spec_tag(expanded, "Version");
	auto_free char *source = spec_tag(expanded, "Source0"), *deflt = NULL;
	struct setup st = {.inside = xstrdup("")};
	struct spec_lex lx;
	struct spec_line l;

	if (name && version && !strchr(name, '/') && !strchr(version, '/'))
		deflt = xasprintf("%s-%s", name, version);
	if (source)
		st.source0 = xstrdup(strrchr(source, '/') ? strrchr(source, '/') + 1 : source);
	spec_lex_init(&lx, expanded);
	while (deflt && !st.dir && spec_lex_next(&lx, &l)) {
		auto_strv struct strv w = STRV_INIT;

		if (l.part != SPEC_PREP || l.starts_part)
			continue;
		words(&w, expanded + l.start, l.end - l.start);
		if (!w.n)
			continue;
		if (str_eq(w.v[0], "%setup") || str_eq(w.v[0], "%autosetup"))
			raw_setup(&w, deflt, &st.dir);
		else
			follow(&st, &w);
	}
	if (!st.dir && deflt)
		st.dir = xstrdup(deflt);
	free(st.source0);
	free(st.inside);
	return st.dir;
}
