/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source_pack.c - the upstream tree as the tarball that the spec expects. */
#include "base/fs.h"
#include "base/limits.h"
#include "source/parts.h"
#include "source/spec.h"

/* What rpmspec says on stderr goes to the log and, when it fails, also to us behind this line. */
#define ERROR_MARK "packmill-rpmspec-errors:"

/* The commands in the middle get rpmspec's arguments as "$@". */
static const char before[] = "exec 3>&1\n"
			     "e=$({ ";
static const char after[] = "; } 2>&1 >&3 3>&-); rc=$?\n"
			    "[ -z \"$e\" ] || printf '%s\\n' \"$e\" >&2\n"
			    "[ $rc = 0 ] || printf '\\n%s\\n%s\\n' " ERROR_MARK " \"$e\"\n"
			    "exit $rc\n";

/* rpm's first complaint without "error: "; else its last line. The caller's. */
static char *complaint(const char *out)
{
	auto_strv struct strv lines = STRV_INIT;
	const char *mark = strstr(out, ERROR_MARK), *last = "";

	strv_lines(&lines, mark ? mark + strlen(ERROR_MARK) : out);
	strv_foreach (&lines, l) {
		if (str_starts(*l, "error: "))
			return str_replace(*l + strlen("error: "), "/in/SPECS/", "");
		if (**l)
			last = *l;
	}
	return xstrndup(last, strnlen(last, 500));
}

int source_rpmspec(struct runner *r, const struct source *s, const struct strv *defines,
	const char *commands, char **ret_text, struct err *err)
{
	auto_free char *script = xasprintf("%s%s%s", before, commands, after);
	auto_strv struct strv argv = STRV_INIT;
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct runner_cmd cmd = {.bind_src = s->dir, .bind_dst = "/in"};
	struct runner_result res = {0};
	int rc;

	strv_addl(&argv, "sh", "-c", script, "rpmspec", NULL);
	strv_foreach (defines, d)
		strv_addl(&argv, "--define", *d, NULL);
	strv_addl(&argv, "--define", "_sourcedir /in/SOURCES", "--define", "_specdir /in/SPECS",
		NULL);
	strv_addf(&argv, "/in/SPECS/%s", s->spec);
	cmd.argv = (const char *const *)argv.v;
	rc = r->run(r, &cmd, &out, &res, err);
	if (rc < 0)
		return err_wrap(err, "expand %s", s->spec);
	if (res.limit)
		return err_set(err, ERR_SOURCE, "%s: expanding it was ended by the %s limit",
			s->spec, res.limit);
	if (res.exit) {
		auto_free char *why = complaint(sb_str(&out));

		return err_set(err, ERR_SOURCE, "%s: %s", s->spec,
			*why ? why : "rpmspec failed without a word");
	}
	*ret_text = sb_take(&out);
	return 0;
}

/* A macro that is left after expansion is one the root does not know. */
static int check_expanded(
	const struct source *s, const char *what, const char *value, struct err *err)
{
	const char *at = strchr(value, '%');
	size_t n;

	if (!at)
		return 0;
	n = at[1] == '{' ? strcspn(at, "}") + 1 : 1 + strcspn(at + 1, "-./ %");
	return err_set(err, ERR_SOURCE, "%s: %s '%s' has the macro %.*s, which is not defined here",
		s->spec, what, value, (int)(n < 100 ? n : 100), at);
}

/* Nothing that is no plain name in one directory. */
static bool fit(const char *name, bool directory)
{
	if (*name == '-' || str_eq(name, ".") || str_eq(name, "..") || strlen(name) > 200)
		return false;
	for (const char *p = name; *p; p++) {
		if ((unsigned char)*p <= ' ' || *p == 127 || strchr("/\\'\"`$*?<>|&;", *p))
			return false;
	}
	return directory || *name;
}

static int tarball_name(const struct source *s, const char *text, char **ret, struct err *err)
{
	auto_free char *source = spec_tag(text, "Source0");
	const char *base;
	int r;

	if (str_empty(source))
		return err_set(err, ERR_SOURCE,
			"%s has no Source0: nothing names the upstream tarball", s->spec);
	if ((r = check_expanded(s, "Source0", source, err)) < 0)
		return r;
	base = strrchr(source, '/') ? strrchr(source, '/') + 1 : source;
	if (!fit(base, false))
		return err_set(err, ERR_SOURCE, "%s: Source0 '%s' names no file", s->spec, source);
	if (!source_is_tarball(base))
		return err_set(err, ERR_SOURCE,
			"%s: Source0 '%s' is no tarball (.tar, .tar.gz, .tgz, .tar.bz2, .tar.xz, "
			".tar.zst)",
			s->spec, base);
	*ret = xstrdup(base);
	return 0;
}

static int prefix_of(const struct source *s, const char *text, char **ret, struct err *err)
{
	auto_free char *dir = spec_setup_dir(text);
	int r;

	if (!dir)
		return err_set(err, ERR_SOURCE, "%s has no Name or no Version", s->spec);
	if ((r = check_expanded(s, "%setup -n", dir, err)) < 0)
		return r;
	if (!fit(dir, true))
		return err_set(
			err, ERR_SOURCE, "%s: %%setup -n '%s' is no directory name", s->spec, dir);
	*ret = *dir ? xasprintf("%s/", dir) : xstrdup("");
	return 0;
}

int source_pack(struct git *g, struct runner *r, const struct job *job, struct source *s,
	const struct strv *defines, struct err *err)
{
	auto_free char *text = NULL, *name = NULL, *prefix = NULL, *out = NULL;
	int rc = source_rpmspec(r, s, defines, "rpmspec -P \"$@\"", &text, err);

	if (rc < 0 || (rc = tarball_name(s, text, &name, err)) < 0 ||
		(rc = prefix_of(s, text, &prefix, err)) < 0)
		return rc;
	out = xasprintf("%s/SOURCES/%s", s->dir, name);
	(void)unlink(out); /* an old one that lay in the packaging */
	rc = git_archive(g, job->upstream.mirror, job->upstream.sha, prefix, out, err);
	return rc < 0 ? err_wrap(err, "upstream tarball") : 0;
}
